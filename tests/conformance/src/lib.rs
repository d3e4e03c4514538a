//! What every store must do, as tests that run on any: the port's doc comments, each sentence once; and what every chat
//! platform must do ([`chat`]).
//!
//! Each property opens the store of a place of its own, empty at first; opening it again gives what was kept, once the one
//! before was dropped. Must never know which store it tests, nor wait for time to pass: the port is told what time it is.
//! Start at [`properties`]: a store's own tests make one test of each.
#![allow(clippy::unwrap_used, missing_docs, reason = "a library of tests, whose names say what they hold")]

use std::sync::Arc;

use midwatch_service::port::store::Store;

mod changing;
pub mod chat;
mod crowd;
mod dice;
mod endings;
mod events;
mod fleet;
mod forgetting;
pub mod given;
mod heard;
mod incidents;
mod keeping;
mod leases;
mod model;
mod outbox;
mod outbox_model;
mod queue;
mod retention;
mod searching;
mod shared;
mod shares;
mod spending;
pub mod storm;
mod talk;
mod threads;
mod unsure;

pub use changing::*;
pub use crowd::*;
pub use endings::*;
pub use events::*;
pub use fleet::*;
pub use forgetting::*;
pub use heard::*;
pub use incidents::*;
pub use keeping::*;
pub use leases::*;
pub use model::*;
pub use outbox::*;
pub use outbox_model::*;
pub use queue::*;
pub use retention::*;
pub use searching::*;
pub use shared::*;
pub use shares::*;
pub use spending::*;
pub use talk::*;
pub use threads::*;
pub use unsure::*;

/// Calls a macro with the name of every property.
#[macro_export]
macro_rules! properties {
    ($each:ident) => {
        $each! {
            a_live_key_refuses_a_second_job
            a_full_queue_refuses_the_whole_commit
            urgent_jobs_come_first_then_the_oldest
            none_starves
            a_job_waits_for_its_moment
            a_job_is_handed_in_once
            the_next_moment_is_known
            load_and_waiting_count
            jobs_are_listed_in_pages
            a_lost_lease_refuses_the_whole_commit
            heartbeats_tell_what_a_lease_is_worth
            a_silent_worker_loses_its_job
            a_job_outlives_some_workers_but_not_all
            states_go_forward_only
            a_retry_waits_and_attempts_run_out
            a_dead_letter_is_tried_anew
            a_dead_letter_is_put_away
            cancelling_a_job_that_waits_ends_it
            cancelling_a_job_under_way_marks_it
            a_marked_job_never_comes_back
            cancelling_what_ended_changes_nothing
            handing_back_costs_no_attempt
            outcomes_are_kept
            a_failing_last_part_leaves_nothing_of_the_first
            incidents_are_written_by_one_at_a_time
            a_key_belongs_to_one_open_incident
            closing_frees_the_keys
            incidents_are_found_in_order
            a_thread_opens_once
            the_first_message_becomes_the_root
            memory_is_bounded_and_in_order
            messages_go_in_the_order_of_their_thread
            the_most_urgent_goes_first
            a_newer_revision_replaces_what_was_not_sent
            the_same_words_change_nothing
            an_edit_waits_for_the_message_under_way
            edits_wait_for_no_other_message
            a_message_taken_is_not_taken_again
            a_newer_revision_keeps_the_moment_asked_for
            the_next_message_is_known
            an_unknown_outcome_is_looked_up_first
            giving_up_lets_the_thread_go_on
            a_lost_sender_leaves_a_doubt
            a_late_sender_is_refused
            a_doubt_outlives_a_newer_revision_and_giving_up
            what_was_not_tried_is_as_it_was
            a_newer_revision_is_no_less_urgent
            nothing_hangs_on_what_one_person_sees
            a_message_is_changed_by_who_read_it_last
            a_closed_channel_hides_no_other
            each_channel_gets_its_share
            edits_take_turns
            a_finding_comes_before_progress
            edits_are_closed_apart_from_new_messages
            a_private_answer_counts_as_a_new_message
            what_waits_in_its_thread_hides_nothing
            the_same_delivery_is_heard_once
            a_lane_is_handled_in_order
            what_is_not_handled_blocks_its_lane_only
            a_lost_handler_leaves_it_to_the_next
            handling_and_what_follows_are_one
            only_so_much_waits_to_be_handled
            two_handlers_never_get_the_same
            what_happens_once_refuses_the_second_commit
            mutes_end_by_time_and_by_hand
            mutes_are_bounded
            the_last_word_of_each_counts
            an_answer_ends_a_job_without_a_result
            a_thread_leads_to_its_jobs_and_its_incident
            one_thread_hangs_on_a_message
            a_message_that_was_sent_is_never_refused_its_thread
            artifacts_are_replaced_and_bounded
            packs_stay_switched
            the_audit_trail_is_one_chain_across_restarts
            everything_survives_a_restart
            the_store_can_be_checked
            a_process_is_there_while_it_says_so
            an_order_to_drain_is_heard_until_it_is_lifted
            the_kill_switch_stays_on_until_it_is_turned_off
            who_leads_goes_on_leading
            a_sweep_spares_what_lives
            a_sweep_is_bounded
            a_sweep_takes_threads_that_nothing_names
            a_sweep_forgets_what_was_handled
            a_sweep_takes_marks_and_mutes
            feedback_goes_with_its_job
            a_sweep_of_the_conversation_is_bounded
            what_was_spent_adds_up_once
            what_was_spent_is_as_atomic_as_the_rest
            spending_is_told_by_day_spender_and_model
            spending_that_nobody_believes_still_adds_up
            a_sweep_keeps_what_was_spent_lately
            reports_are_found_by_their_words
            words_of_a_search_are_data
            a_newer_report_replaces_what_is_found
            what_is_found_goes_with_its_job
            so_many_reports_are_found
            two_workers_never_get_the_same_job
            two_senders_never_get_the_same_message
            one_of_many_wins_a_key
            random_operations_follow_the_model
            a_random_outbox_follows_the_model
        }
    };
}

/// Calls a macro with the name of every property that only a store has which several processes share: there a place may be
/// opened while it is open.
#[macro_export]
macro_rules! shared_properties {
    ($each:ident) => {
        $each! {
            every_process_sees_the_others
            one_process_leads
            many_processes_write_one_trail
            no_change_of_a_message_is_lost
            what_many_processes_say_goes_once_and_in_order
            what_many_processes_hear_is_heard_once
        }
    };
}

/// Calls a macro with the name of every property of a log of events.
#[macro_export]
macro_rules! event_properties {
    ($each:ident) => {
        $each! {
            events_come_back_in_order
            a_place_that_was_never_given_is_as_none
            the_newest_events_are_kept
            who_follows_is_called
            events_outlive_a_restart
            events_go_with_their_job
        }
    };
}

macro_rules! run_each {
    ($($name:ident)*) => {
        /// Every property, one after the other, each in the place of its name. Boxed: together they are too large for a stack.
        pub async fn run_all<F: AsyncFn(&'static str) -> Arc<dyn Store>>(make: F) {
            $( Box::pin($name(async || make(stringify!($name)).await)).await; )*
        }
    };
}

properties!(run_each);
