//! Settling: dynos that boot are let boot, whoever made them.
//!
//! Otherwise a slow boot would never end: the page fails while a dyno boots, the failing reading restarts it, and it
//! boots again.

use flyball_model::{Because, Dyno, DynoId, DynoState, ReleaseVersion, Sight, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// With preboot the old dynos answer for this much longer: the time to boot (a minute, unless Heroku was asked for more)
/// and two minutes. Source: Heroku's changelog, item 1121.
const PREBOOT: Duration = Duration::from_secs(180);

/// Heroku's times have whole seconds: what happened "at 12:00:05" may have happened just before 12:00:06.
const HEROKU_GRAIN: Duration = Duration::from_secs(1);

/// Whether the app is settling: a formation dyno is booting, does not run the current release yet, or still answers beside
/// its successor. `been_up` are the dynos that were seen up; one of them that crashed is not booting. `now` is by Heroku's
/// clock.
#[must_use]
pub(crate) fn settling(sight: &Sight, been_up: &BTreeSet<DynoId>, settle: Duration, now: Timestamp) -> Option<Because> {
    let boots = booting(sight, been_up).map(|dyno| {
        let until = dyno.created_at + settle;
        (until, Because::Settling { dyno: dyno.name.clone(), until })
    });
    let rolls_out = rolling_out(sight).map(|(from, dyno, release)| {
        let until = from + settle;
        (until, Because::RollingOut { dyno: dyno.name.clone(), release, until })
    });
    let hands_over = handing_over(sight).map(|(from, dyno)| {
        let until = from + settle;
        (until, Because::Preboot { dyno: dyno.name.clone(), until })
    });
    boots.into_iter().chain(rolls_out).chain(hands_over).find(|(until, _)| *until > now).map(|(_, because)| because)
}

/// From when on the time is counted that the app is given to settle, however long that is; `None` when it has settled.
/// By Heroku's clock.
#[must_use]
pub(crate) fn unsettled_from(sight: &Sight, been_up: &BTreeSet<DynoId>) -> Option<Timestamp> {
    let boots = booting(sight, been_up).map(|dyno| dyno.created_at);
    boots.max(rolling_out(sight).map(|(from, ..)| from)).max(handing_over(sight).map(|(from, _)| from))
}

/// The dyno that began to boot last, of those that boot.
fn booting<'a>(sight: &'a Sight, been_up: &BTreeSet<DynoId>) -> Option<&'a Dyno> {
    sight.formation_dynos().filter(|dyno| is_booting(dyno, been_up)).max_by_key(|dyno| dyno.created_at)
}

/// A dyno that runs another release than the current one, that release, and from when on it had time to go.
fn rolling_out(sight: &Sight) -> Option<(Timestamp, &Dyno, ReleaseVersion)> {
    let current = sight.releases.current()?;
    let behind = sight.formation_dynos().find(|dyno| dyno.release != current.version)?;
    // Old and new dynos of one type side by side are what preboot looks like.
    let preboot =
        sight.formation_dynos().any(|dyno| dyno.process_type == behind.process_type && dyno.release == current.version);
    // A release phase may have run for an hour before the release went live, which its first dyno tells.
    let on_it = sight.formation_dynos().filter(|dyno| dyno.release == current.version);
    let live_at =
        on_it.map(|dyno| dyno.created_at).min().map_or(current.created_at, |first| first.max(current.created_at));
    Some((live_at + if preboot { PREBOOT } else { Duration::ZERO }, behind, current.version))
}

/// The dyno that answers beside its successor for the longest, and from when on its successor should have taken over.
/// Another restart would only make it longer: yet another dyno boots, and the old one goes on answering.
fn handing_over(sight: &Sight) -> Option<(Timestamp, &Dyno)> {
    let successors = sight.formation_dynos().filter_map(|dyno| Some((sight.successor_of(dyno)?.created_at, dyno)));
    let (made_at, dyno) = successors.max_by_key(|(made_at, _)| *made_at)?;
    Some((made_at + PREBOOT, dyno))
}

fn is_booting(dyno: &Dyno, been_up: &BTreeSet<DynoId>) -> bool {
    match dyno.state {
        DynoState::Up | DynoState::Idle | DynoState::Down => false,
        DynoState::Starting | DynoState::Crashed | DynoState::Other(_) => !been_up.contains(&dyno.id),
    }
}

/// From when on readings are evidence for making dynos boot anew: those begun at this time (by Heroku's clock) or
/// earlier saw something that has gone. It is when the last formation dyno came up, as far as can be seen; or gave up
/// booting, since a dyno that never comes up must not stop the cure.
#[must_use]
pub(crate) fn evidence_from(sight: &Sight, been_up: &BTreeSet<DynoId>, settle: Duration) -> Option<Timestamp> {
    sight
        .formation_dynos()
        .map(|dyno| match dyno.state {
            DynoState::Up | DynoState::Idle => dyno.updated_at + HEROKU_GRAIN,
            DynoState::Starting | DynoState::Crashed | DynoState::Other(_) if !been_up.contains(&dyno.id) => {
                dyno.created_at + settle
            }
            DynoState::Starting | DynoState::Crashed | DynoState::Down | DynoState::Other(_) => dyno.created_at,
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Release, ReleaseHistory, testing};

    const SETTLE: Duration = Duration::from_secs(300);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn dyno(name: &str, state: DynoState, created: i64, updated: i64, release: u64) -> Dyno {
        let plain = testing::dyno(name, at(created));
        let id = DynoId::new(format!("{name} made {created}"));
        Dyno { id, state, release: ReleaseVersion::new(release), updated_at: at(updated), ..plain }
    }

    /// An app whose v2 was released at second 1000.
    fn sight(dynos: Vec<Dyno>) -> Sight {
        let release = Release { current: true, ..testing::release(2, at(1000)) };
        let releases = ReleaseHistory { newest_first: vec![release], reaches_the_first: true };
        Sight { dynos, releases, ..testing::sight(at(1100)) }
    }

    #[test]
    fn the_table() {
        use DynoState::{Crashed, Idle, Starting, Up};
        let other = DynoState::Other("provisioning".into());
        let twin = Dyno { id: DynoId::new("twin"), ..dyno("web.1", Up, 1000, 1010, 2) };
        let cases: [(&str, Vec<Dyno>, &str); 15] = [
            ("all up", vec![dyno("web.1", Up, 1000, 1010, 2)], "settled"),
            ("asleep", vec![dyno("web.1", Idle, 0, 10, 2)], "settled"),
            ("one boots", vec![dyno("web.1", Up, 0, 9, 2), dyno("web.2", Starting, 1090, 1090, 2)], "settling"),
            ("another type boots", vec![dyno("worker.1", Starting, 1090, 1090, 2)], "settling"),
            ("a one-off boots", vec![dyno("run.1", Starting, 1090, 1090, 2)], "settled"),
            ("booting for too long", vec![dyno("web.1", Starting, 800, 800, 2)], "settled"),
            ("crashed before it was up", vec![dyno("web.1", Crashed, 1050, 1060, 2)], "settling"),
            ("crashed long ago", vec![dyno("web.1", Crashed, 700, 710, 2)], "settled"),
            ("an unknown state", vec![dyno("web.1", other, 1050, 1060, 2)], "settling"),
            ("not on the release yet", vec![dyno("web.1", Up, 0, 10, 1)], "rolling_out"),
            ("an old one beside it", vec![dyno("web.1", Up, 0, 9, 2), dyno("web.1", Up, 1000, 1010, 2)], "preboot"),
            ("both of one second", vec![dyno("web.1", Up, 1000, 1010, 2), twin], "preboot"),
            ("for too long", vec![dyno("web.1", Up, 0, 9, 2), dyno("web.1", Up, 600, 610, 2)], "settled"),
            ("and boots", vec![dyno("web.1", Up, 0, 9, 2), dyno("web.1", Starting, 1090, 1090, 2)], "settling"),
            ("no dynos", vec![], "settled"),
        ];
        for (case, dynos, code) in cases {
            let answer = settling(&sight(dynos), &BTreeSet::new(), SETTLE, at(1100));
            assert_eq!(answer.as_ref().map_or("settled", Because::code), code, "{case}");
        }
    }

    #[test]
    fn a_dyno_that_crashed_after_it_was_up_is_not_booting() {
        let crashed = dyno("web.1", DynoState::Crashed, 1050, 1060, 2);
        let been_up = BTreeSet::from([crashed.id.clone()]);
        assert_eq!(settling(&sight(vec![crashed]), &been_up, SETTLE, at(1100)), None);
    }

    #[test]
    fn preboot_is_waited_for_three_minutes_more() {
        let old = dyno("web.1", DynoState::Up, 0, 10, 1);
        let new = dyno("web.1", DynoState::Up, 1001, 1010, 2);
        let alone = settling(&sight(vec![old.clone()]), &BTreeSet::new(), SETTLE, at(1300));
        assert_eq!(alone, None);
        let both = settling(&sight(vec![old, new]), &BTreeSet::new(), SETTLE, at(1300));
        assert_eq!(both.and_then(|because| because.until()), Some(at(1481)));
    }

    #[test]
    fn a_roll_out_counts_from_when_the_release_went_live() {
        let old = dyno("web.1", DynoState::Up, 0, 10, 1);
        let new = dyno("web.2", DynoState::Up, 1600, 1610, 2);
        let waits = settling(&sight(vec![old, new]), &BTreeSet::new(), SETTLE, at(1700));
        assert_eq!(waits.and_then(|because| because.until()), Some(at(2080)), "its release phase took ten minutes");
    }

    #[test]
    fn the_time_to_settle_counts_from_what_was_made_last() {
        use DynoState::{Starting, Up};
        let none = BTreeSet::new();
        let boots = |created| dyno("web.1", Starting, created, created, 2);
        let cases = [
            ("all up", vec![dyno("web.1", Up, 1000, 1010, 2)], None),
            ("one boots", vec![boots(1050)], Some(1050)),
            ("however long it has been", vec![boots(100)], Some(100)),
            ("the later of two", vec![boots(1050), dyno("web.2", Starting, 1090, 1090, 2)], Some(1090)),
            ("not on the release yet", vec![dyno("web.1", Up, 0, 10, 1)], Some(1000)),
            ("preboot", vec![dyno("web.1", Up, 0, 10, 1), dyno("web.1", Up, 1001, 1010, 2)], Some(1181)),
            ("preboot of a restart", vec![dyno("web.1", Up, 0, 10, 2), dyno("web.1", Up, 1060, 1070, 2)], Some(1240)),
            ("both", vec![dyno("web.1", Up, 0, 10, 1), dyno("worker.1", Starting, 1090, 1090, 2)], Some(1090)),
        ];
        for (case, dynos, from) in cases {
            assert_eq!(unsettled_from(&sight(dynos), &none), from.map(at), "{case}");
        }
    }

    #[test]
    fn readings_count_from_when_the_last_dyno_came_up() {
        let none = BTreeSet::new();
        let up = dyno("web.1", DynoState::Up, 1000, 1020, 2);
        let later = dyno("web.2", DynoState::Up, 1000, 1030, 2);
        assert_eq!(evidence_from(&sight(vec![up.clone(), later]), &none, SETTLE), Some(at(1031)));
        let stuck = dyno("web.2", DynoState::Starting, 1000, 1000, 2);
        assert_eq!(evidence_from(&sight(vec![up, stuck.clone()]), &none, SETTLE), Some(at(1300)));
        let been_up = BTreeSet::from([stuck.id.clone()]);
        assert_eq!(
            evidence_from(&sight(vec![stuck]), &been_up, SETTLE),
            Some(at(1000)),
            "it was up, and needs no time"
        );
        assert_eq!(evidence_from(&sight(vec![]), &none, SETTLE), None);
    }
}
