//! What is shipped for operating Midwatch: alert rules, dashboard, chart, manifests, image.
//!
//! The tests are one binary, `tests/it`; `chart/render.go` renders the chart, since Helm is in no Debian package.
