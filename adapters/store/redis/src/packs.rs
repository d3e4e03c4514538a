//! Packs that were switched.
//!
//! ```text
//! packs   hash: NAME -> on, off
//! ```

use crate::fault::Fault;
use crate::unit::{Cell, Unit};

pub(crate) fn switch(unit: &mut Unit, name: &str, enabled: bool) {
    let packs = unit.keys().key("packs");
    unit.set(Cell::field(packs, name), Some(if enabled { "on" } else { "off" }.to_owned()));
}

/// By name.
pub(crate) fn list(unit: &mut Unit) -> Result<Vec<(String, bool)>, Fault> {
    let packs = unit.keys().key("packs");
    let fields = unit.ask(["HGETALL", &packs])?;
    let pairs = fields.chunks_exact(2).filter_map(|pair| match pair {
        [name, on] => Some((name.clone(), on == "on")),
        _ => None,
    });
    let mut packs: Vec<(String, bool)> = pairs.collect();
    packs.sort();
    Ok(packs)
}
