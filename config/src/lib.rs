//! Typed settings: file, environment, flags.
