//! Evidence from directories that kubectl wrote.
