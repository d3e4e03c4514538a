//! The standing watch: what comes in becomes a job that survives, what a job finds becomes a thread.
//!
//! The flow, in the order of a trigger's life: [`poller`] asks an alert source and webhooks arrive by themselves;
//! [`posts`] finds the labels of alerts that other programs post; [`intake`] authorises by [`policy`], deduplicates, groups
//! and admits; [`pack`] says how to investigate; [`job`] is the
//! durable unit; [`worker`] runs it; [`publish`] turns what it says into posts of the outbox; [`sender`] takes them to the
//! platform. What people say comes in by [`inbox`]. [`audit`] chains what was done and by whom. [`port`] holds what adapters implement: the store, the chat
//! platforms and the sources of alerts.
//!
//! Must never know a platform or a vendor, and never acknowledge what is not durable yet. Start at [`port::store::Store`]:
//! its writes are the vocabulary of everything else.

pub mod allowance;
pub mod audit;
pub mod backoff;
pub mod button;
pub mod check;
pub mod clock;
pub mod code;
pub mod collision;
pub mod event;
pub mod fleet;
mod given_back;
pub mod health;
pub mod heard;
pub mod id;
pub mod inbox;
pub mod incident;
pub mod intake;
pub mod job;
pub mod lifecycle;
pub mod living;
pub mod metrics;
pub mod mute;
pub mod operate;
pub mod pace;
pub mod pack;
pub mod policy;
pub mod poller;
pub mod port;
pub mod post;
pub mod posts;
pub mod publish;
pub mod search;
pub mod sender;
pub mod signals;
pub mod spend;
pub mod thread;
pub mod worker;
