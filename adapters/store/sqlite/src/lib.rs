//! The embedded store: jobs, outbox, threads, incidents, audit in one SQLite file.
