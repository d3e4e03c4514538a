//! Jobs: how they move is in `job::life`, shared by all stores; here is where they are kept, and the indexes that follow.
//!
//! Must never change a job without checking its life, nor an index without the job. Start at [`cells`].

pub(crate) mod cells;
pub(crate) mod claim;
pub(crate) mod lease;
pub(crate) mod read;
pub(crate) mod write;
