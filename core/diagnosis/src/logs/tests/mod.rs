//! Tests of the log engine as a whole.
