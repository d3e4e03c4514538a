//! Kubernetes quantities: `250m`, `512Gi`, `1e3`.
//! Format: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.

/// Reads a quantity into its base unit (cores, bytes, pieces). None when it is not one.
pub fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let split = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024f64.powi(2),
        "Gi" => 1024f64.powi(3),
        "Ti" => 1024f64.powi(4),
        "Pi" => 1024f64.powi(5),
        "Ei" => 1024f64.powi(6),
        _ => return text.parse().ok().filter(|v: &f64| v.is_finite()),
    };
    number.parse::<f64>().ok().filter(|v| v.is_finite()).map(|v| v * factor)
}

/// Bytes as a reader says them: `23.4 GiB`.
pub fn bytes(value: f64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = value;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 || value.fract() == 0.0 {
        format!("{value:.0} {}", UNITS[unit])
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for (text, value) in [
            ("250m", 0.25),
            ("512Gi", 549_755_813_888.0),
            ("24581692Ki", 25_171_652_608.0),
            ("1e3", 1000.0),
            ("1E", 1e18),
            ("2", 2.0),
        ] {
            let got = parse(text).unwrap();
            assert!((got - value).abs() < 1e-6 * value, "{text}: {got}");
        }
        for text in ["", "Gi", "12Xi", "inf", "nan", "--"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(bytes(33_554_432.0), "32 MiB");
        assert_eq!(bytes(25_171_652_608.0), "23.4 GiB");
    }
}
