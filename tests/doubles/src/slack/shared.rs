//! The state behind its lock.

use super::state::State;
use crate::shared::Timed;

pub(super) type Shared = crate::shared::Shared<State>;

impl Timed for State {
    fn tick(&mut self) {
        self.now = self.options.clock.now();
    }
}
