//! The audit trail: sealed in the unit that commits it, because only there the entry before is known.
//!
//! ```text
//! audit         stream: NUMBER-0 -> entry (its JSON byte for byte as it was sealed), seal
//! audit:head    string: number and seal of the last entry; whoever adds one must have read the last
//! ```
//!
//! Must never be trimmed: nothing of the trail goes. Start at [`add`].

use midwatch_service::audit::{ChainKey, Entry, GENESIS, Sealed};

use crate::fault::Fault;
use crate::keys::Keys;
use crate::unit::{Cell, Unit};
use crate::value::{json, number, parse};

fn head(keys: &Keys) -> Cell {
    Cell::text(keys.key("audit:head"))
}

pub(crate) fn add(unit: &mut Unit, key: &ChainKey, entry: &Entry) -> Result<(), Fault> {
    let cell = head(unit.keys());
    let last: Option<(u64, String)> = unit.get(&cell)?.map(|text| parse("the end of the trail", &text)).transpose()?;
    let (before, previous) = last.unwrap_or_else(|| (0, GENESIS.to_owned()));
    let number = before + 1;
    let seal = key.seal(&previous, number, entry);
    let audit = unit.keys().key("audit");
    unit.effect(["XADD", &audit, &format!("{number}-0"), "entry", &json(entry)?, "seal", &seal]);
    unit.set(cell, Some(json(&(number, seal))?));
    Ok(())
}

pub(crate) fn page(unit: &mut Unit, after: u64, limit: usize) -> Result<Vec<Sealed>, Fault> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let audit = unit.keys().key("audit");
    let first = format!("{}-0", after.saturating_add(1));
    let count = i64::try_from(limit).unwrap_or(i64::MAX).to_string();
    let words = unit.ask(["XRANGE", &audit, &first, "+", "COUNT", &count])?;
    let sealed = words.chunks(5).map(|words| match words {
        [id, _, entry, _, seal] => Ok(Sealed {
            number: number("number in the trail", id.split('-').next().unwrap_or_default())?,
            entry: parse("an entry of the audit trail", entry)?,
            seal: seal.clone(),
        }),
        _ => Err(Fault::Damaged("an entry of the audit trail is not whole".to_owned())),
    });
    sealed.collect()
}
