//! What the model says, turn by turn, or by what it is asked.

use std::collections::VecDeque;

use super::asked::Asked;
use super::turn::Turn;

/// What the model says.
pub struct Script(Lines);

enum Lines {
    List(VecDeque<Turn>),
    Always(Box<Turn>),
    By(Box<dyn FnMut(&Asked) -> Turn + Send>),
}

impl Script {
    /// These, one after the other. A request after the last one gets a 500 that says so.
    pub fn turns(turns: impl IntoIterator<Item = Turn>) -> Self {
        Self(Lines::List(turns.into_iter().collect()))
    }

    /// This, whatever is asked: the same call for ever.
    pub fn always(turn: Turn) -> Self {
        Self(Lines::Always(Box::new(turn)))
    }

    /// What this makes of the request.
    pub fn by(say: impl FnMut(&Asked) -> Turn + Send + 'static) -> Self {
        Self(Lines::By(Box::new(say)))
    }

    pub(super) fn next(&mut self, asked: &Asked) -> Turn {
        match &mut self.0 {
            Lines::List(turns) => {
                let ended = || Turn::status(500, "the script of the test has no more turns");
                turns.pop_front().unwrap_or_else(ended)
            }
            Lines::Always(turn) => (**turn).clone(),
            Lines::By(say) => say(asked),
        }
    }
}

impl From<Turn> for Script {
    fn from(turn: Turn) -> Self {
        Self::turns([turn])
    }
}

impl<const N: usize> From<[Turn; N]> for Script {
    fn from(turns: [Turn; N]) -> Self {
        Self::turns(turns)
    }
}

impl From<Vec<Turn>> for Script {
    fn from(turns: Vec<Turn>) -> Self {
        Self::turns(turns)
    }
}
