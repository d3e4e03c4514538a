//! Recordings: bounds, damage, and what was never answered.
