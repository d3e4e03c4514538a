//! The models of providers, against a server that speaks their formats.

mod failures;
mod replies;
mod requests;
mod support;
