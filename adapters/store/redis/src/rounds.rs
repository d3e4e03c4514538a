//! Plans ask for what is missing and begin anew: the fewer rounds, the sooner they decide.

use crate::fault::Fault;

/// All of these; each is tried, so that everything they miss is read in one round.
pub(crate) fn all<T>(each: impl Iterator<Item = Result<T, Fault>>) -> Result<Vec<T>, Fault> {
    let tried: Vec<Result<T, Fault>> = each.collect();
    tried.into_iter().collect()
}
