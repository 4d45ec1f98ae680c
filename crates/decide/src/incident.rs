//! Whether an outage begins, goes on, or is over: one incident for each app, however many of its monitors fail.
//!
//! It is told from where all monitors stand, and not from what has just happened. So a start, another file, and a share of the
//! work that has come ask in the same way as a reading does, and whatever was lost in between is made good.

use flyball_model::{
    EndedBy, FirstCause, Incident, IncidentEnd, IncidentOf, MonitorName, Standing, Timestamp, Verdict,
};

/// A monitor that is switched on, and where it stands; none before the first reading that could be made.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    /// Which.
    pub name: &'a MonitorName,
    /// Where it stands. Readings that could not be made do not change that.
    pub standing: Option<&'a Standing>,
}

/// Why it is asked, and since when it is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A reading came, which began then.
    Reading(Timestamp),
    /// What is watched may be something else than before.
    Definitions(Timestamp),
}

/// What becomes of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentStep {
    /// There is none.
    None,
    /// One begins.
    Begins(Incident),
    /// One goes on; whoever fails now belongs to it.
    GoesOn,
    /// One ends.
    Ends(Incident),
}

/// What becomes of the incident of an app, or of a monitor that has to do with none. `open` is the one that goes on, and `watched`
/// are all monitors that belong to it.
#[must_use]
pub fn incident(of: &IncidentOf, open: Option<&Incident>, watched: &[Watched<'_>], asked: Asked) -> IncidentStep {
    let standings = || watched.iter().filter_map(|monitor| Some((monitor.name, monitor.standing?)));
    let failing = standings().filter(|(_, standing)| standing.verdict == Verdict::Failing);
    let first = failing.min_by_key(|(name, standing)| (standing.since, *name));
    let (open, (at, by)) = match (open, first, asked) {
        (Some(_), Some(_), _) => return IncidentStep::GoesOn,
        (None, None, _) => return IncidentStep::None,
        (None, Some((name, standing)), _) => {
            return IncidentStep::Begins(Incident {
                of: of.clone(),
                began_at: standing.since,
                first: FirstCause::Monitor { name: name.clone(), cause: standing.cause },
                end: None,
            });
        }
        (Some(open), None, Asked::Reading(at)) => (open, (at, EndedBy::Passing)),
        (Some(open), None, Asked::Definitions(at)) => (open, (at, EndedBy::NotWatched)),
    };
    // Nothing failed when a run came to need a person: what passed before says nothing about what came of that.
    let is_known_since = standings().all(|(_, standing)| standing.known_at > open.began_at);
    let waits = matches!(open.first, FirstCause::Run(_)) && !is_known_since;
    if waits && !watched.is_empty() {
        return IncidentStep::GoesOn;
    }
    let at = at.max(open.began_at);
    IncidentStep::Ends(Incident { end: Some(IncidentEnd { at, by }), ..open.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Cause, RunId};
    use std::collections::VecDeque;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    /// Since when a monitor fails or passes; its latest reading is from 60.
    fn stands(verdict: Verdict, since: i64) -> Standing {
        let cause = (verdict == Verdict::Failing).then_some(Cause::Status);
        Standing { verdict, cause, streak: 1, since: at(since), known_at: at(60), begun: VecDeque::new() }
    }

    fn name(text: &str) -> MonitorName {
        text.parse().unwrap()
    }

    #[test]
    fn an_incident_begins_with_the_first_failure_holds_all_others_and_ends_when_nothing_fails() {
        let of = IncidentOf::App("shop".parse().unwrap());
        let by_page = |began, cause| Incident {
            of: of.clone(),
            began_at: at(began),
            first: FirstCause::Monitor { name: name("page"), cause },
            end: None,
        };
        let by_run = |began| Incident { first: FirstCause::Run(RunId(uuid::Uuid::nil())), ..by_page(began, None) };
        let open = by_page(30, Some(Cause::TimeOut));
        let ends = |of: &Incident, second, by| {
            IncidentStep::Ends(Incident { end: Some(IncidentEnd { at: at(second), by }), ..of.clone() })
        };
        let begins = |second| IncidentStep::Begins(by_page(second, Some(Cause::Status)));
        let (fails, passes) =
            (|since| Some(stands(Verdict::Failing, since)), |since| Some(stands(Verdict::Passing, since)));
        let (reading, file) = (Asked::Reading(at(60)), Asked::Definitions(at(70)));
        for (case, before, page, api, asked, expected) in [
            ("nothing was read yet", None, None, None, reading, IncidentStep::None),
            ("all pass", None, passes(0), passes(0), reading, IncidentStep::None),
            ("the first fails", None, fails(60), passes(0), reading, begins(60)),
            ("the other cannot be looked at", None, fails(60), None, reading, begins(60)),
            ("the second fails as well", Some(&open), fails(30), fails(60), reading, IncidentStep::GoesOn),
            ("the first passes, the second fails", Some(&open), passes(60), fails(40), reading, IncidentStep::GoesOn),
            ("all pass again", Some(&open), passes(60), passes(50), reading, ends(&open, 60, EndedBy::Passing)),
            ("one that was never read", Some(&open), passes(60), None, reading, ends(&open, 60, EndedBy::Passing)),
            ("a start, and it still fails", Some(&open), fails(30), passes(0), file, IncidentStep::GoesOn),
            ("a start, and its beginning is not on disk", None, fails(30), fails(40), file, begins(30)),
            ("what failed is gone", Some(&open), None, passes(0), file, ends(&open, 70, EndedBy::NotWatched)),
            (
                "a run needs a person",
                Some(&by_run(50)),
                passes(0),
                passes(0),
                reading,
                ends(&by_run(50), 60, EndedBy::Passing),
            ),
            ("nothing was read since", Some(&by_run(60)), passes(0), passes(0), reading, IncidentStep::GoesOn),
            ("nor since a start", Some(&by_run(60)), passes(0), passes(0), file, IncidentStep::GoesOn),
            ("a monitor fails meanwhile", Some(&by_run(50)), fails(60), passes(0), reading, IncidentStep::GoesOn),
        ] {
            let (first, second) = (name("page"), name("the api"));
            let watched =
                [Watched { name: &first, standing: page.as_ref() }, Watched { name: &second, standing: api.as_ref() }];
            assert_eq!(incident(&of, before, &watched, asked), expected, "{case}");
        }
        assert_eq!(incident(&of, Some(&open), &[], file), ends(&open, 70, EndedBy::NotWatched), "nothing is watched");
        let run = by_run(80);
        assert_eq!(
            incident(&of, Some(&run), &[], file),
            ends(&run, 80, EndedBy::NotWatched),
            "no end before a beginning"
        );
    }

    #[test]
    fn of_two_that_failed_at_once_the_first_by_name_came_first() {
        let of = IncidentOf::App("shop".parse().unwrap());
        let (standing, names) = (stands(Verdict::Failing, 60), [name("page"), name("api")]);
        let watched = names.each_ref().map(|name| Watched { name, standing: Some(&standing) });
        let IncidentStep::Begins(begun) = incident(&of, None, &watched, Asked::Reading(at(60))) else { panic!() };
        assert_eq!(begun.first, FirstCause::Monitor { name: name("api"), cause: Some(Cause::Status) });
    }
}
