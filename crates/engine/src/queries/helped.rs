//! Whether what was done helped the monitor that wanted it.

use super::Reader;
use super::told::{Told, took_effect};
use flyball_model::{Actor, Because, CallOn, Event, MonitorId, Outcome, Policy, Run, RunState, Timestamp, Verdict};
use flyball_store::{Error, TimelinePage};
use flyball_views::Helped;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// An effect has at least as long to show as dynos have to boot.
const SHOWS_WITHIN_MIN: Duration = Policy::SETTLE;

impl Reader<'_> {
    /// Whether each of these runs of one reaction helped.
    pub(super) async fn helped(&self, runs: &[Run]) -> Result<Vec<Option<Helped>>, Error> {
        let Some(first) = runs.first() else { return Ok(Vec::new()) };
        let app = &first.plan.app().name;
        // A reaction that acts on another app since a change of the file has runs of which nothing is told here.
        let is_here = |run: &&Run| run.plan.app().name == *app;
        let wanted: Vec<Option<Wanted>> =
            runs.iter().map(|run| Some(run).filter(is_here).and_then(|run| self.wanted(run))).collect();
        let known = || wanted.iter().flatten();
        let begin = known().map(|wanted| wanted.queued_at).min();
        let Some((since, until)) = begin.zip(known().map(|wanted| wanted.shows_by).max()) else {
            return Ok(vec![None; runs.len()]);
        };
        let any = || TimelinePage { until: Some(until), ..TimelinePage::default() };
        let on_app = self.told(since, TimelinePage { app: Some(app.clone()), ..any() }).await?;
        let mut of_monitors: HashMap<MonitorId, Told> = HashMap::new();
        let monitors: BTreeSet<MonitorId> = known().map(|wanted| wanted.by).collect();
        for monitor in monitors {
            let told = self.told(since, TimelinePage { monitor: Some(monitor), ..any() }).await?;
            of_monitors.insert(monitor, told);
        }
        let answer = |(run, wanted): (&Run, &Option<Wanted>)| {
            let wanted = wanted.as_ref()?;
            followed(run, wanted, of_monitors.get(&wanted.by)?, &on_app)?.helped(self.now)
        };
        Ok(runs.iter().zip(&wanted).map(answer).collect())
    }

    /// What a monitor wanted of a run that was done; none where nobody knows what it was to help against.
    fn wanted(&self, run: &Run) -> Option<Wanted> {
        let Actor::Engine { monitor, .. } = &run.actor else { return None };
        let is_done = matches!(&run.state, RunState::Ended { outcome: Outcome::Done { .. }, .. });
        let spares = run.rank.helps_on() == Some(CallOn::Passing)
            || matches!(run.because, Because::Matched { verdict: Verdict::Passing, .. });
        if !is_done || spares {
            return None;
        }
        let sent_at = run.sent_at?;
        let settle = self.wiring.reaction(run.reaction).map(|reaction| reaction.policy.settle);
        let looks = self.wiring.monitor(*monitor).map(|monitor| monitor.every * 2);
        let shows_within = settle.into_iter().chain(looks).fold(SHOWS_WITHIN_MIN, Duration::max);
        Some(Wanted { by: *monitor, queued_at: run.queued_at, sent_at, shows_by: sent_at + shows_within })
    }
}

/// A run that a monitor wanted against a failure.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    by: MonitorId,
    queued_at: Timestamp,
    sent_at: Timestamp,
    /// When its time to show is over.
    shows_by: Timestamp,
}

/// What followed an effect.
#[derive(Debug, Clone, Copy)]
struct Followed {
    sent_at: Timestamp,
    shows_by: Timestamp,
    /// When the monitor began to pass, from when it was wanted on.
    passed_at: Option<Timestamp>,
    /// When something else was done or changed first, after it was sent.
    other_at: Option<Timestamp>,
}

impl Followed {
    fn helped(self, now: Timestamp) -> Option<Helped> {
        let Self { sent_at, shows_by, passed_at, other_at } = self;
        match passed_at.filter(|passed_at| *passed_at <= shows_by) {
            // It got well by itself while the call was prepared.
            Some(passed_at) if passed_at < sent_at => None,
            Some(passed_at) if other_at.is_some_and(|other_at| other_at <= passed_at) => Some(Helped::Shared),
            Some(passed_at) => Some(Helped::Yes { after_s: passed_at.since(sent_at).as_secs() }),
            None if now > shows_by => Some(Helped::No),
            None => Some(Helped::NotYet),
        }
    }
}

/// What the timeline tells of what followed; none where it is not read as far back.
fn followed(run: &Run, wanted: &Wanted, of_monitor: &Told, on_app: &Told) -> Option<Followed> {
    let Wanted { by: _, queued_at, sent_at, shows_by } = *wanted;
    if of_monitor.since > queued_at || on_app.since > queued_at {
        return None;
    }
    let flips = of_monitor.lines.iter().filter_map(|line| match &line.entry.event {
        Event::Flipped { flip, .. } if flip.to == Verdict::Passing => Some(flip.at),
        _ => None,
    });
    let others = on_app.lines.iter().filter_map(|line| {
        let is_other = match &line.entry.event {
            Event::Foreign { .. } => true,
            _ => took_effect(line).is_some_and(|other| other != run.id),
        };
        is_other.then_some(line.entry.at)
    });
    Some(Followed {
        sent_at,
        shows_by,
        passed_at: flips.filter(|at| *at >= queued_at).min(),
        other_at: others.filter(|at| *at > sent_at).min(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_helped_when_the_monitor_passes_in_time_and_nobody_else_had_a_hand_in_it() {
        let at = |seconds: u64| Timestamp::EPOCH + Duration::from_secs(seconds);
        let yes = |after_s| Some(Helped::Yes { after_s });
        // It is sent at 100 and has until 400; then: passed at, something else at, now.
        for (case, passed, other, now, expected) in [
            ("nothing yet", None, None, 250, Some(Helped::NotYet)),
            ("its time is not quite over", None, None, 400, Some(Helped::NotYet)),
            ("its time is over", None, None, 401, Some(Helped::No)),
            ("another hand changes nothing about that", None, Some(200), 401, Some(Helped::No)),
            ("it passes", Some(160), None, 170, yes(60)),
            ("it passes at the last moment", Some(400), None, 900, yes(300)),
            ("it passes too late", Some(401), None, 900, Some(Helped::No)),
            ("another hand came first", Some(160), Some(120), 170, Some(Helped::Shared)),
            ("another hand in the same moment", Some(160), Some(160), 170, Some(Helped::Shared)),
            ("another hand came afterwards", Some(160), Some(161), 170, yes(60)),
            ("it passed before the call", Some(99), None, 500, None),
            ("it passes as the call is sent", Some(100), None, 500, yes(0)),
        ] {
            let (passed_at, other_at) = (passed.map(at), other.map(at));
            let followed = Followed { sent_at: at(100), shows_by: at(400), passed_at, other_at };
            assert_eq!(followed.helped(at(now)), expected, "{case}");
        }
    }
}
