//! Evidence read live from a Kubernetes API server, read-only by construction.
