//! `history`: the timeline, filtered.

use super::Reader;
use flyball_model::{AppName, Event, MonitorId, MonitorName, ReactionId, ReactionName, RunId, Timestamp};
use flyball_store::{Error, TimelineLine, TimelinePage};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Which lines.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilter {
    /// On this app.
    pub app: Option<AppName>,
    /// Of this monitor, also one that is no longer in the file.
    pub monitor: Option<MonitorName>,
    /// Of this reaction, also one that is no longer in the file.
    pub reaction: Option<ReactionName>,
    /// At this time or later.
    pub since: Option<Timestamp>,
    /// At this time or earlier.
    pub until: Option<Timestamp>,
    /// Numbered higher than this.
    pub after: Option<i64>,
    /// Numbered lower than this.
    pub before: Option<i64>,
    /// Without lines that only say why a reaction holds still.
    pub no_holds: bool,
    /// The latest ones: at most [`TimelinePage::LINES_MAX`].
    pub lines: u32,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryLine {
    /// Grows with every line; never used again.
    pub number: i64,
    /// When it happened.
    pub at: Timestamp,
    /// On which app.
    pub app: Option<AppName>,
    /// Of which monitor.
    pub monitor: Option<MonitorName>,
    /// Of which reaction.
    pub reaction: Option<ReactionName>,
    /// Of which run.
    pub run: Option<RunId>,
    /// What happened, in words that stand alone.
    pub words: String,
    /// What happened, as data.
    #[serde(flatten, serialize_with = "with_sentences")]
    pub event: Event,
}

impl HistoryLine {
    /// The view of a line.
    #[must_use]
    pub fn of(line: TimelineLine) -> Self {
        let TimelineLine { number, entry } = line;
        let (monitor, reaction) = (entry.monitor.map(|(_, name)| name), entry.reaction.map(|(_, name)| name));
        let words = match (&entry.event, &monitor, &reaction) {
            (Event::Flipped { .. } | Event::Unknown { .. }, Some(monitor), _) => {
                format!("\"{monitor}\" {}", entry.event)
            }
            // These name what they are about by themselves.
            (Event::Paused { .. } | Event::Resumed { .. } | Event::Administered { .. }, _, _) => {
                entry.event.to_string()
            }
            (_, _, Some(reaction)) => format!("\"{reaction}\" {}", entry.event),
            (_, Some(monitor), None) => format!("\"{monitor}\" {}", entry.event),
            (_, None, None) => entry.event.to_string(),
        };
        Self { number, at: entry.at, app: entry.app, monitor, reaction, run: entry.run, words, event: entry.event }
    }
}

impl Reader<'_> {
    /// Lines of the timeline, oldest first.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn history(&self, filter: &HistoryFilter) -> Result<Vec<HistoryLine>, Error> {
        let page = TimelinePage {
            app: filter.app.clone(),
            monitor: filter.monitor.as_ref().map(MonitorId::of),
            reaction: filter.reaction.as_ref().map(ReactionId::of),
            since: filter.since,
            until: filter.until,
            after: filter.after,
            before: filter.before,
            no_holds: filter.no_holds,
            lines: filter.lines,
            ..TimelinePage::default()
        };
        let lines = self.store.timeline(&page).await?;
        Ok(lines.into_iter().map(HistoryLine::of).collect())
    }
}

/// An event as data, in which a plan and a reason are sentences: what these were made from stands beside them.
fn with_sentences<S: Serializer>(event: &Event, serializer: S) -> Result<S::Ok, S::Error> {
    let Value::Object(mut data) = serde_json::to_value(event).map_err(S::Error::custom)? else {
        return Err(S::Error::custom("an event has fields"));
    };
    // The line has words of its own: an object has each key once.
    if let Some(reading) = data.remove("words") {
        data.insert("reading".to_owned(), reading);
    }
    if let Event::Would { plan, .. } | Event::Queued { plan, .. } | Event::Ended { plan, .. } = event {
        tell(&mut data, "plan", plan.to_string(), "effect");
    }
    if let Event::Lost { why, .. } = event {
        tell(&mut data, "why", why.to_string(), "because");
    }
    if let (Event::Ended { outcome, .. }, Some(Value::Object(ended))) = (event, data.get_mut("outcome"))
        && let Some(why) = outcome.why()
    {
        tell(ended, "why", why, "because");
    }
    data.serialize(serializer)
}

/// Puts a sentence in the place of what it was made from. What an earlier version stored was a sentence already.
fn tell(data: &mut Map<String, Value>, field: &str, sentence: String, beside: &str) {
    if let Some(made_from @ Value::Object(_)) = data.insert(field.to_owned(), Value::String(sentence)) {
        data.insert(beside.to_owned(), made_from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Entry, Excerpt, Flip, Outcome, PlanSummary, ProcessType, Quantity, WhyLost, WhyNotDone};
    use serde_json::json;

    fn told(event: Event) -> Value {
        let entry = Entry::new(Timestamp::EPOCH, event);
        serde_json::to_value(HistoryLine::of(TimelineLine { number: 1, entry })).unwrap()
    }

    #[test]
    fn a_plan_and_a_reason_are_told_as_sentences_with_their_data_beside_them() {
        let plan = PlanSummary::SetQuantity {
            app: "shop".parse().unwrap(),
            process_type: ProcessType::web(),
            from: Quantity::new(2),
            to: Quantity::new(3),
        };
        let ended = told(Event::Ended { plan, outcome: Outcome::NotDone { why: WhyNotDone::Stopped } });
        assert_eq!(ended["words"], "web of shop from 2 to 3: not done: Flyball was stopped before the call was sent");
        assert_eq!(ended["plan"], "web of shop from 2 to 3");
        let effect = json!({"kind": "set_quantity", "app": "shop", "process_type": "web", "from": 2, "to": 3});
        assert_eq!(ended["effect"], effect);
        let outcome = json!({
            "outcome": "not_done",
            "why": "Flyball was stopped before the call was sent",
            "because": {"code": "stopped"},
        });
        assert_eq!(ended["outcome"], outcome);

        let why = WhyLost::OtherQuantity { process_type: ProcessType::web(), quantity: Quantity::new(5) };
        let lost = told(Event::Lost { why, look_at: Timestamp::EPOCH });
        assert_eq!(lost["why"], "Heroku answered that web has 5 dynos");
        assert_eq!(lost["because"], json!({"code": "other_quantity", "process_type": "web", "quantity": 5}));
    }

    #[test]
    fn every_key_is_there_once_and_the_words_of_the_reading_stand_beside_those_of_the_line() {
        let flip = Flip { from: None, to: flyball_model::Verdict::Passing, at: Timestamp::EPOCH };
        let flipped =
            Event::Flipped { flip, finding: flyball_model::Finding::Passing, words: Excerpt::of("200 in 40 ms") };
        for event in [flipped, Event::Unknown { begins: true, words: Excerpt::of("no resolver answers") }] {
            let entry = Entry::new(Timestamp::EPOCH, event);
            let json = serde_json::to_string(&HistoryLine::of(TimelineLine { number: 1, entry })).unwrap();
            assert_eq!((json.matches("\"words\":").count(), json.matches("\"reading\":").count()), (1, 1), "{json}");
        }
    }

    #[test]
    fn what_an_earlier_version_told_stays_as_it_was() {
        let refused = Outcome::Refused { status: 422, id: "no".into(), why: "it is too large".into() };
        let ended = told(Event::Ended { plan: PlanSummary::Told("web from 2 to 3".into()), outcome: refused });
        assert_eq!((&ended["plan"], &ended["effect"]), (&json!("web from 2 to 3"), &Value::Null));
        let outcome = json!({"outcome": "refused", "status": 422, "id": "no", "why": "it is too large"});
        assert_eq!(ended["outcome"], outcome);
    }
}
