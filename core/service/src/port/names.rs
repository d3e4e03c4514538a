//! Names that people may mean, to be offered while they type.
//!
//! An implementation answers from what it holds already: whoever types does not wait, and no key they press may become a
//! read of a cluster. Must never offer a name to someone who may not ask about it. Start at [`Names`].

pub use midwatch_conversation::command::grammar::Sought;

use crate::job::Actor;

/// What is typed, and what was named beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// What is sought.
    pub sought: Sought,
    /// What stands there so far; names that hold it are offered, those that begin with it first.
    pub begun: String,
    /// The cluster that was named.
    pub cluster: Option<String>,
    /// The namespace that was named.
    pub namespace: Option<String>,
}

/// Whoever knows names.
pub trait Names: Send + Sync {
    /// At most so many names that fit, the best first; none for who may not ask. Answers at once.
    fn offer(&self, to: &Actor, typed: &Typed, most: usize) -> Vec<String>;
}
