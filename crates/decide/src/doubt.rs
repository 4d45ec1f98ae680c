//! Self-doubt: before dynos are made to boot anew because a page cannot be reached, whether it is we who are cut off.
//!
//! A reading is never rewritten by this: the monitor goes on failing, and the reaction holds. That Heroku's API answers
//! is known by then, since the app was just looked at; it is one way out of many.

use flyball_model::{Cause, Doubt, Reference, Timestamp};
use std::time::Duration;

/// With fewer references than this nothing can be said: one alone may itself be down.
const REFERENCES_MIN: usize = 2;
/// With fewer unrelated hosts than this nothing can be said: three may share a provider that nobody knows of.
const HOSTS_MIN: usize = 4;
/// Failures that began so close together may have one cause. A host is looked at every 30 s by default, and at its own
/// phase.
const SAME_MINUTE: Duration = Duration::from_secs(60);

/// What is known of ways other than the one that fails.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Elsewhere<'a> {
    /// The references, as they were found just now.
    pub references: &'a [Reference],
    /// Of each other host that has nothing to do with the app: since when it cannot be reached, if it cannot.
    pub hosts: &'a [Option<Timestamp>],
}

/// What speaks for our being cut off, when a reading fails for `cause` since `since`.
#[must_use]
pub(crate) fn doubt(cause: Cause, since: Timestamp, elsewhere: &Elsewhere<'_>) -> Option<Doubt> {
    if !cause.is_failure_to_reach() {
        return None;
    }
    of_references(elsewhere.references).or_else(|| of_hosts(elsewhere.hosts, since))
}

fn of_references(references: &[Reference]) -> Option<Doubt> {
    let of = references.len();
    let missed: Vec<_> = references.iter().filter(|reference| !reference.reached).collect();
    let reached = of - missed.len();
    let cut_off = of >= REFERENCES_MIN && 2 * reached < of;
    let missed = || missed.into_iter().map(|reference| reference.address.clone()).collect();
    cut_off.then(|| Doubt::References { reached: count(reached), of: count(of), missed: missed() })
}

fn of_hosts(hosts: &[Option<Timestamp>], since: Timestamp) -> Option<Doubt> {
    let then = |began: &Timestamp| began.since(since).max(since.since(*began)) <= SAME_MINUTE;
    let failing = hosts.iter().filter(|began| began.as_ref().is_some_and(then)).count();
    let cut_off = hosts.len() >= HOSTS_MIN && 2 * failing >= hosts.len();
    cut_off.then(|| Doubt::Hosts { failing: count(failing), of: count(hosts.len()) })
}

fn count(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Excerpt;

    const Y: bool = true;
    const N: bool = false;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn the_table() {
        use Cause::{Name, Refused, Reset, Slow, Status, Text, TimeOut, Tls, Unreachable};
        let none: &[Option<i64>] = &[];
        let (up, now, before, after) = (None, Some(1000), Some(939), Some(1061));
        let edges = [Some(940), Some(1060), up, up];
        let address = |nth: usize| Excerpt::of(&format!("{nth}.example:443"));
        let doubted = |reached, of, missed: &[usize]| {
            Some(Doubt::References { reached, of, missed: missed.iter().map(|nth| address(*nth)).collect() })
        };
        let (none_of_two, one_of_three) = (doubted(0, 2, &[0, 1]), doubted(1, 3, &[0, 2]));
        let hosts = |failing, of| Some(Doubt::Hosts { failing, of });
        type Case<'a> = (&'a str, Cause, &'a [bool], &'a [Option<i64>], Option<Doubt>);
        let cases: [Case<'_>; 28] = [
            ("nothing else is known", TimeOut, &[], none, None),
            ("both references are reached", TimeOut, &[Y, Y], none, None),
            ("one of two is", TimeOut, &[Y, N], none, None),
            ("none of two is", TimeOut, &[N, N], none, none_of_two.clone()),
            ("one of three is", TimeOut, &[N, Y, N], none, one_of_three),
            ("two of three are", TimeOut, &[Y, Y, N], none, None),
            ("two of four are", TimeOut, &[Y, Y, N, N], none, None),
            ("one of four is", TimeOut, &[Y, N, N, N], none, doubted(1, 4, &[1, 2, 3])),
            ("a single one says nothing", TimeOut, &[N], none, None),
            ("a name that cannot be looked up", Name, &[N, N], none, none_of_two.clone()),
            ("a refused connection", Refused, &[N, N], none, none_of_two.clone()),
            ("a cut connection", Reset, &[N, N], none, none_of_two.clone()),
            ("TLS in between", Tls, &[N, N], none, none_of_two.clone()),
            ("no way to the host", Unreachable, &[N, N], none, none_of_two.clone()),
            ("a page that answered was reached", Status, &[N, N], &[now, now, now, now], None),
            ("and so was one with a text", Text, &[N, N], none, None),
            ("and one that was slow", Slow, &[N, N], none, None),
            ("four other hosts that are well", TimeOut, &[Y, Y], &[up, up, up, up], None),
            ("one of four fails as well", TimeOut, &[Y, Y], &[now, up, up, up], None),
            ("three of eight do", TimeOut, &[Y, Y], &[now, now, now, up, up, up, up, up], None),
            ("and four of eight do", TimeOut, &[Y, Y], &[now, now, now, now, up, up, up, up], hosts(4, 8)),
            ("two of four since the same minute", TimeOut, &[Y, Y], &[now, now, up, up], hosts(2, 4)),
            ("all of three are too few to tell", TimeOut, &[Y, Y], &[now, now, now], None),
            ("they failed before that already", TimeOut, &[Y, Y], &[before, before, before, before], None),
            ("they began later", TimeOut, &[Y, Y], &[after, after, after, after], None),
            ("a minute to either side counts", TimeOut, &[Y, Y], &edges, hosts(2, 4)),
            ("hosts tell also without references", TimeOut, &[], &[now, now, now, now, up], hosts(4, 5)),
            ("references tell first", TimeOut, &[N, N], &[now, now, now, now], none_of_two),
        ];
        for (case, cause, references, hosts, told) in cases {
            let hosts: Vec<Option<Timestamp>> = hosts.iter().map(|began| began.map(at)).collect();
            let references = references.iter().enumerate();
            let references: Vec<Reference> =
                references.map(|(nth, reached)| Reference { address: address(nth), reached: *reached }).collect();
            let elsewhere = Elsewhere { references: &references, hosts: &hosts };
            assert_eq!(doubt(cause, at(1000), &elsewhere), told, "{case}");
        }
    }
}
