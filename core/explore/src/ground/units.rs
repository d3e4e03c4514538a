//! Units of numbers: what `512Mi`, `250m`, `26 min` and `93 %` come to.
//!
//! A unit may mean several things (`m` is a minute or a thousandth): all are kept, and one has to fit.

/// What a number measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dim {
    /// Pieces, cores, or not said.
    Plain,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// A share of one.
    Share,
}

const KI: f64 = 1024.0;
const MI: f64 = 1_048_576.0;
const GI: f64 = 1_073_741_824.0;
const TI: f64 = 1_099_511_627_776.0;

/// What a unit may mean, and how much of it. Empty for a word that is no unit.
pub(super) fn of(word: &str) -> &'static [(Dim, f64)] {
    match word {
        "Ki" | "KiB" => &[(Dim::Bytes, KI)],
        "Mi" | "MiB" => &[(Dim::Bytes, MI)],
        "Gi" | "GiB" => &[(Dim::Bytes, GI)],
        "Ti" | "TiB" => &[(Dim::Bytes, TI)],
        "m" => &[(Dim::Plain, 1e-3), (Dim::Seconds, 60.0)],
        "k" | "K" => &[(Dim::Plain, 1e3), (Dim::Bytes, 1e3), (Dim::Bytes, KI)],
        "M" => &[(Dim::Plain, 1e6), (Dim::Bytes, 1e6), (Dim::Bytes, MI)],
        "G" => &[(Dim::Plain, 1e9), (Dim::Bytes, 1e9), (Dim::Bytes, GI)],
        "B" => &[(Dim::Bytes, 1.0)],
        "%" => &[(Dim::Share, 0.01)],
        other => in_words(&other.to_lowercase()),
    }
}

fn in_words(word: &str) -> &'static [(Dim, f64)] {
    match word {
        "byte" | "bytes" => &[(Dim::Bytes, 1.0)],
        "kib" => &[(Dim::Bytes, KI)],
        "mib" => &[(Dim::Bytes, MI)],
        "gib" => &[(Dim::Bytes, GI)],
        "tib" => &[(Dim::Bytes, TI)],
        // Written of both.
        "kb" | "kilobytes" => &[(Dim::Bytes, 1e3), (Dim::Bytes, KI)],
        "mb" | "megabytes" => &[(Dim::Bytes, 1e6), (Dim::Bytes, MI)],
        "gb" | "gigabytes" => &[(Dim::Bytes, 1e9), (Dim::Bytes, GI)],
        "tb" | "terabytes" => &[(Dim::Bytes, 1e12), (Dim::Bytes, TI)],
        "ns" | "nanoseconds" => &[(Dim::Seconds, 1e-9)],
        "us" | "µs" | "μs" | "microseconds" => &[(Dim::Seconds, 1e-6)],
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => &[(Dim::Seconds, 1e-3)],
        "s" | "sec" | "secs" | "second" | "seconds" => &[(Dim::Seconds, 1.0)],
        "min" | "mins" | "minute" | "minutes" => &[(Dim::Seconds, 60.0)],
        "h" | "hr" | "hrs" | "hour" | "hours" => &[(Dim::Seconds, 3600.0)],
        "d" | "day" | "days" => &[(Dim::Seconds, 86_400.0)],
        "week" | "weeks" => &[(Dim::Seconds, 604_800.0)],
        "percent" | "pct" => &[(Dim::Share, 0.01)],
        "core" | "cores" | "cpu" | "cpus" | "vcpu" | "vcpus" | "x" | "times" | "fold" => &[(Dim::Plain, 1.0)],
        "millicores" | "millicore" | "mcpu" => &[(Dim::Plain, 1e-3)],
        "thousand" => &[(Dim::Plain, 1e3)],
        "million" => &[(Dim::Plain, 1e6)],
        _ => &[],
    }
}
