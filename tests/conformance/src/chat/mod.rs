//! What every chat platform must do for a conversation, as tests that run on any.
//!
//! Each property makes a stage of its own and runs Midwatch on it, from what is said to what people see. Must never know
//! which platform it tests. Start at [`chat_properties`](crate::chat_properties): a platform's own tests make one test of
//! each; what a platform has to provide is a [`Stage`].

mod alerts;
mod asking;
mod evidence;
mod faults;
mod output;
mod presses;
mod stage;
mod world;

pub use alerts::*;
pub use asking::*;
pub use evidence::*;
pub use faults::*;
pub use output::*;
pub use presses::*;
pub use stage::*;
pub use world::*;

/// Calls a macro with the name of every property of a chat platform.
#[macro_export]
macro_rules! chat_properties {
    ($each:ident) => {
        $each! {
            a_mention_opens_a_thread_below_it
            a_command_is_acknowledged_and_opens_a_thread
            help_and_misspelt_verbs_are_answered_on_the_spot
            what_one_may_not_is_told_to_them_alone
            a_follow_up_is_understood_or_the_list_is_given
            answers_come_in_the_order_of_the_questions
            a_question_while_it_runs_is_answered
            a_mention_among_others_is_answered_there
            who_asks_where_we_are_not_is_told_how_to_invite_us
            an_alert_has_one_thread_whoever_brings_it
            an_alert_that_is_posted_again_stays_in_its_thread
            what_is_delivered_twice_acts_once
            a_button_acts_once_and_for_those_who_may
            buttons_work_after_a_restart
            what_runs_is_stopped_by_its_button
            everyone_who_posts_waits_as_long_as_asked
            a_lost_answer_doubles_nothing
            what_lands_late_is_not_doubled
            an_error_after_the_effect_doubles_nothing
            an_error_before_the_effect_loses_nothing
            a_lost_edit_is_made_again
            a_lost_first_message_is_not_doubled
            a_lost_living_message_is_not_doubled
            a_lost_answer_to_a_question_is_not_doubled
            a_limit_met_again_and_again_loses_nothing
            what_cannot_be_looked_up_is_marked
            long_output_is_a_file
            text_of_the_outside_does_not_act
        }
    };
}
