//! The judgement of a play: the world's own record and what passed through the ports, against what Flyball remembers.
//!
//! Each invariant is a function of its own and says which promise it proves. Some of them bend where nobody
//! could know better, and say so: when Flyball's clock was set in the middle of a run, when Heroku answered a look with an
//! old list, and when somebody changed the same thing in between. None of that ever excuses a call that was made twice, a
//! call without a run, or a run that does not end.

mod evidence;
mod hands;
mod limits;
mod liveness;
mod once;
mod order;
mod people;
mod reasons;
mod spending;
mod streaks;
mod terms;
mod told;

use crate::play::Record;
use crate::story::Story;
use evidence::{Dossier, Evidence};
use terms::Opinion;

pub use terms::Violation;

/// An invariant of one run.
type OfRun = fn(&Evidence<'_>, &Dossier<'_>) -> Opinion;

/// Every invariant of a single run, by name.
const OF_RUNS: [(&str, OfRun); 20] = [
    ("no effect twice for one run", once::no_effect_twice),
    ("a run is marked as sent before its call leaves", once::marked_before_it_leaves),
    ("a call says what its plan says", once::says_what_the_plan_says),
    ("every run ends", told::every_run_ends),
    ("what is told as done is in the world", told::done_is_in_the_world),
    ("what is told as not done is not in the world", told::not_done_is_not_in_the_world),
    ("only what nobody can know is in doubt", told::doubted_for_a_reason),
    ("a run's beginning and its end are told once", told::told_once),
    ("nothing arrives after its run has ended", order::nothing_arrives_after_the_end),
    ("one at a time per app", order::one_at_a_time),
    ("nothing boots anew while settling", order::nothing_boots_anew_while_settling),
    ("stale is not acted on", order::stale_is_not_acted_on),
    ("none without a matching reading", reasons::a_reading_calls_for_it),
    ("none when it is not called for any more", reasons::still_called_for),
    ("none before the cooldown has passed", reasons::cooled_down),
    ("none while paused", reasons::not_paused),
    ("none past a limit", limits::within_limits),
    ("no more than an app bears", spending::app_has_left),
    ("no more than a reaction may", spending::reaction_has_left),
    ("none on our own app", spending::not_on_our_own_app),
];

/// Judges a play. What did not hold comes in order of time.
#[must_use]
pub fn judge(story: &Story, record: &Record) -> Vec<Violation> {
    let evidence = Evidence::new(story, record);
    let mut violations = once::every_change_has_a_run(&evidence);
    violations.extend(order::no_old_list_is_acted_on(&evidence));
    violations.extend(liveness::nobody_starves(&evidence));
    violations.extend(hands::judge(&evidence));
    violations.extend(people::judge(story, record));
    for dossier in evidence.dossiers.values() {
        for (invariant, opinion) in OF_RUNS {
            if let Some(words) = opinion(&evidence, dossier) {
                let words = format!("{} (run of \"{}\"): {words}", dossier.run.plan, dossier.run.reaction_name);
                violations.push(Violation { invariant, words, at: dossier.began_at(), run: Some(dossier.run.id) });
            }
        }
    }
    violations.sort_by_key(|violation| violation.at);
    violations
}
