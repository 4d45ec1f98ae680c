//! Lines of the timeline.

use flyball_model::{AppName, Entry, Event, MonitorName, Outcome, ReactionName, RunId, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HistoryLine {
    /// Grows with every line; never used again.
    pub number: i64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// On which app.
    #[schema(value_type = Option<String>)]
    pub app: Option<AppName>,
    /// Of which monitor.
    #[schema(value_type = Option<String>)]
    pub monitor: Option<MonitorName>,
    /// Of which reaction.
    #[schema(value_type = Option<String>)]
    pub reaction: Option<ReactionName>,
    /// Of which run.
    #[schema(value_type = Option<String>)]
    pub run: Option<RunId>,
    /// What happened, in words that stand alone.
    pub words: String,
    /// What it means to whoever reads it.
    pub tone: Tone,
    /// What happened, as data: `event` is its word, the rest goes by that.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub event: Map<String, Value>,
}

/// What a line means to whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Something passes again.
    Passing,
    /// Something fails.
    Failing,
    /// Something is done, or is to be.
    Acting,
    /// Something was done as it was meant.
    Done,
    /// Something went wrong that a person should look at.
    Wrong,
    /// Something is otherwise than meant, unknown, or in somebody else's hands.
    Odd,
    /// It only tells.
    Plain,
}

impl Tone {
    fn of(event: &Event) -> Self {
        match event {
            Event::Flipped { flip, .. } => match flip.to {
                Verdict::Passing => Self::Passing,
                Verdict::Failing => Self::Failing,
                Verdict::Unknown => Self::Odd,
            },
            Event::Ended { outcome, .. } | Event::Settled { outcome, .. } => match outcome {
                Outcome::Done { .. } => Self::Done,
                Outcome::Refused { .. } | Outcome::InDoubt { .. } => Self::Wrong,
                Outcome::NotDone { .. } | Outcome::Superseded { .. } => Self::Odd,
            },
            Event::Unknown { .. }
            | Event::Lost { .. }
            | Event::OneOffEnded { .. }
            | Event::Foreign { .. }
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::Administered { .. } => Self::Odd,
            Event::Queued { .. } | Event::Would { .. } => Self::Acting,
            Event::Engine { .. } | Event::File { .. } | Event::Held { .. } => Self::Plain,
        }
    }
}

impl HistoryLine {
    /// The view of the line with this number.
    #[must_use]
    pub fn of(number: i64, entry: Entry) -> Self {
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
        let (tone, event) = (Tone::of(&entry.event), with_sentences(&entry.event));
        Self { number, at: entry.at, app: entry.app, monitor, reaction, run: entry.run, words, tone, event }
    }

    /// The word of what happened: `flipped`, `ended`, …
    #[must_use]
    pub fn kind(&self) -> &str {
        self.event.get("event").and_then(Value::as_str).unwrap_or_default()
    }
}

/// An event as data, in which a plan and a reason are sentences: what these were made from stands beside them.
fn with_sentences(event: &Event) -> Map<String, Value> {
    let Ok(Value::Object(mut data)) = serde_json::to_value(event) else { return Map::new() };
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
    data
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
        serde_json::to_value(HistoryLine::of(1, entry)).unwrap()
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
            let json = serde_json::to_string(&HistoryLine::of(1, entry)).unwrap();
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
