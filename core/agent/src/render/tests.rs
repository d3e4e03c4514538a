//! Each renderer on a report of each verdict.
