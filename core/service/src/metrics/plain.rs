//! The same figures in the older text format of Prometheus, for readers that do not ask for OpenMetrics.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>: the differences that matter here are
//! that a counter's family has the name of its samples, and that there are no units and no end mark. Must never change a
//! sample. Start at [`plain`].

/// Rewrites what [`super::Metrics::encode`] gives.
pub(super) fn plain(open: &str) -> String {
    let mut text = String::with_capacity(open.len());
    let counters: Vec<&str> =
        open.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
    for line in open.lines() {
        if line == "# EOF" || line.starts_with("# UNIT ") {
            continue;
        }
        match described(line) {
            Some((comment, name, rest)) if counters.contains(&name) => {
                text.extend([comment, name, "_total ", rest, "\n"]);
            }
            _ => text.extend([line, "\n"]),
        }
    }
    text
}

/// A line about a family: what it is, the name, and the rest.
fn described(line: &str) -> Option<(&str, &str, &str)> {
    let comment = ["# HELP ", "# TYPE "].into_iter().find(|comment| line.starts_with(comment))?;
    let (name, rest) = line[comment.len()..].split_once(' ')?;
    Some((comment, name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_take_the_name_of_their_samples_and_samples_stay() {
        let open = "# HELP m_jobs Jobs.\n# TYPE m_jobs counter\nm_jobs_total{pack=\"# HELP m_jobs\"} 2\n\
                    # HELP m_wait_seconds Wait.\n# TYPE m_wait_seconds gauge\n# UNIT m_wait_seconds seconds\nm_wait_seconds 0.5\n# EOF\n";
        let expected = "# HELP m_jobs_total Jobs.\n# TYPE m_jobs_total counter\nm_jobs_total{pack=\"# HELP m_jobs\"} 2\n\
                        # HELP m_wait_seconds Wait.\n# TYPE m_wait_seconds gauge\nm_wait_seconds 0.5\n";
        assert_eq!(plain(open), expected);
    }
}
