//! Evidence read from Prometheus: instant and range queries, bounded.
