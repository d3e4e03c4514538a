//! Packs that were switched.

use crate::fault::Fault;
use crate::unit::Unit;

pub(crate) fn list(_: &mut Unit) -> Result<Vec<(String, bool)>, Fault> {
    Err(Fault::Damaged("this part is not kept yet".to_owned()))
}

pub(crate) fn switch(unit: &mut Unit, name: &str, enabled: bool) {
    let cell = crate::unit::Cell::field(unit.keys().key("packs"), name);
    unit.set(cell, Some(u8::from(enabled).to_string()));
}
