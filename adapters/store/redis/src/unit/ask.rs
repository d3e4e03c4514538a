//! Reading what a plan asked for, and making a unit fit for another run of its plan.

use std::collections::BTreeSet;

use redis::{Cmd, Pipeline, Value};

use super::{Ask, Known, Unit, Was};

impl Unit {
    /// What to read now; it is not wanted any more then.
    pub(super) fn take_wanted(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.wanted).into_iter().collect()
    }

    /// As it was before the plan ran, with everything that was read.
    pub(super) fn begin_anew(&mut self) {
        self.cells.retain(|_, known| known.was.is_read());
        for known in self.cells.values_mut() {
            known.now = known.was.value().map(str::to_owned);
            known.checked = false;
        }
        self.below.clear();
        self.effects.clear();
    }

    /// A unit that knows nothing, and reads at first what this one had read.
    pub(super) fn again(&self) -> Self {
        let cells = self.cells.iter().filter(|(_, known)| known.was.is_read()).map(|(cell, _)| Ask::Cell(cell.clone()));
        let wanted: BTreeSet<Ask> = cells.chain(self.answers.keys().cloned().map(Ask::Words)).collect();
        Self { wanted, ..Self::new(self.keys.clone()) }
    }

    /// Keeps what was read.
    pub(super) fn learn(&mut self, ask: Ask, value: Value) {
        match ask {
            Ask::Cell(cell) => {
                let value = flat(value).pop();
                self.cells.entry(cell).or_insert(Known { was: Was::Read(value.clone()), now: value, checked: false });
            }
            Ask::Words(words) => {
                self.answers.insert(words, flat(value));
            }
        }
    }
}

/// The commands of some reads.
pub(super) fn pipeline(asks: &[Ask]) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(asks.len());
    for ask in asks {
        pipeline.add_command(command(ask));
    }
    pipeline
}

fn command(ask: &Ask) -> Cmd {
    let mut command = Cmd::new();
    match ask {
        Ask::Cell(cell) => match &cell.field {
            Some(field) => command.arg("HGET").arg(&cell.key).arg(field),
            None => command.arg("GET").arg(&cell.key),
        },
        Ask::Words(words) => command.arg(words.as_slice()),
    };
    command
}

/// Every text of an answer, in order.
fn flat(value: Value) -> Vec<String> {
    match value {
        Value::Array(values) | Value::Set(values) => values.into_iter().flat_map(flat).collect(),
        Value::BulkString(bytes) => vec![String::from_utf8_lossy(&bytes).into_owned()],
        Value::Int(number) => vec![number.to_string()],
        Value::SimpleString(text) => vec![text],
        // Nothing: `Nil`. What else there is, no command of ours answers.
        _ => Vec::new(),
    }
}
