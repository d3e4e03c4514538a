//! The standing watch: intake, incidents, jobs, outbox, threads, permissions, audit; and the ports of store and chat.
