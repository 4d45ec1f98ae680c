//! Days with an app, on the stand-in for Heroku, with a stopped clock.
//!
//! The real engine and its real loop, the real store in a file, and the real client over a transport that hands each request
//! to a world without sockets; readings of pages are judged by the real judgement. See `support` for the stage. What is asserted is
//! what the world received, what became of it, and what the timeline says.
//!
//! # What must hold, and where it is played
//!
//! 1. *At its interval, from start-up on.* The live loop keeps the times, from phases that a scenario sets; others are
//!    `first_due`'s own tests. That a reading is asked for once a moment and counted once: [`between`]
//!    (`two_readings_whose_looks_overlap_lead_to_one_run`).
//! 2. *After every reading, again at every reading, until the verdict changes or the limit is reached.* [`scaling`],
//!    [`sizing`], [`restarting`], [`rollback`], [`one_off`], each with when it stops; triggers and `call_on`: [`streaks`].
//! 3. *The eight reactions and their limits*: one file for each pair of kinds; `a_quantity_past_the_limit_…`,
//!    `out_from_zero_…`, `a_size_past_the_limit_…`, `on_fir_…`, `a_dyno_that_does_not_exist_…`.
//! 4. *The size ladder*: [`sizing`], old names and back, off the ladder, Fir; every rung is in the tables of `decide`.
//! 5. *Rollback follows content*: [`rollback`], a test for each lineage; the property is tested in `decide`.
//! 6. *Unknown changes nothing*: [`streaks`] (`unknown_…`, `an_unknown_reading_…`, `after_a_gap_…`), and [`trouble`]
//!    (`a_wrong_token_makes_dynos_unknown_…`).
//! 7. *Stale is not acted on*: [`between`], everything that may come between a look and its call.
//! 8. *Once means once*: [`lost`] for each kind of call, and [`interruption`] at any point.
//! 9. *One app, one at a time*: [`order`]; *settling*: [`settling`].
//! 10. *Nothing silent*: the timeline is asserted throughout; [`trouble`] for every refusal,
//!     `what_the_store_did_not_take_…` in [`lost`].
//!
//! # Rulings
//!
//! | ruling | test |
//! |---|---|
//! | streaks belong to the monitor, cooldowns to the reaction | `streaks`, `a_cooldown_holds_across_a_kill` |
//! | one reaction on several monitors | `one_reaction_on_several_monitors_…`, `two_monitors_that_call_…` |
//! | dry run | `a_dry_run_…`, `what_only_tells_holds_nobody_up` |
//! | looking before acting; at most one changing call a reading | `between`, `trouble` |
//! | what was sent may still be on its way | `what_happened_is_recorded_…`, `while_a_run_on_the_app_is_open_…` |
//! | a one-off in doubt, `in_doubt`, `at_once` | `one_of_which_nothing_can_be_known_…`, `one_that_may_run_twice_…` |
//! | refusals back off until file or app change; 401 stops the account | `a_limit_of_heroku_…`, `a_wrong_token_stops_…` |
//! | causes | `it_is_not_run_because_a_router_answered_503`, `a_reaction_with_causes_…` |
//! | limits, `from_zero`, off the ladder | `a_quantity_past_…`, `out_from_zero_…`, `a_size_off_the_ladder_…` |
//! | rollback: pending, failed targets, preboot | `a_pending_release_…`, `a_target_whose_…`, `with_preboot_…` |
//! | a person's own run | `by_hand` |
//! | undoing a run of ours | [`undoing`] |
//! | maintenance mode | `maintenance_mode_…` |
//! | `enabled = false`, pause, resume | `a_removed_monitor_…`, `a_reaction_that_is_switched_off_…`, `after_a_resume_…` |
//! | a rename is a new monitor; changed ones keep their streak or lose it | `a_rename_…`, `a_monitor_that_looks_elsewhere_…` |
//! | secrets are read when used and never stored | `its_variables_are_read_when_it_runs_…` |
//! | cut off ourselves | [`cut_off`] |
//! | blast radius, giving up, the global pause | [`spending`] |
//! | foreign hands, giving way, config vars that go back | [`foreign_hands`] |
//! | not acting on ourselves | [`home`] |
//! | a feed that is broken takes nothing | [`broken_feed`], by seeds |
//! | the cure follows whose doing it is, and what a release brought | [`diagnosis`] |
//! | hours of monitors and reactions; floors | [`hours`], `a_floor_…` in [`scaling_to`] |
//! | one incident for one outage, which always ends | [`incidents`] |
//! | an hour without Heroku's API, a disk that is full | [`outage`] |
//! | what comes to an engine from another comes with its memory | [`sharing`] |
//! | one budget: monitors leave enough for effects | `fifty_monitors_on_a_bucket_of_thirty_…` |

#[cfg(test)]
mod adapted;
#[cfg(test)]
mod after;
#[cfg(test)]
mod between;
#[cfg(test)]
mod broken_feed;
#[cfg(test)]
mod by_hand;
#[cfg(test)]
mod cut_off;
#[cfg(test)]
mod diagnosis;
#[cfg(test)]
mod foreign_hands;
#[cfg(test)]
mod health;
mod home;
#[cfg(test)]
mod hours;
mod incidents;
#[cfg(test)]
mod interruption;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod nights;
#[cfg(test)]
mod one_off;
#[cfg(test)]
mod order;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod restarting;
#[cfg(test)]
mod rollback;
#[cfg(test)]
mod scaling;
#[cfg(test)]
mod scaling_to;
#[cfg(test)]
mod settling;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod sizing;
#[cfg(test)]
mod spending;
#[cfg(test)]
mod starving;
mod stories;
#[cfg(test)]
mod streaks;
#[cfg(test)]
mod support;
mod telling;
#[cfg(test)]
mod trouble;
mod undoing;
mod undone;
