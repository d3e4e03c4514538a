//! The engine around the diagnosis: scope, plan, collect, investigate; and the ports.
