//! The rules of marking, on a corpus made on the spot.
