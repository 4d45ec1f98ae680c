//! `number`: measures by a number that a JSON page says.
//!
//! Zero is only what the page says: where nothing stands at the place, or something else, nothing is known.

use super::http::{Aim, Json, JsonValue, Text};
use super::kind::MonitorKind;
use super::levels::Levels;
use super::paged::{Ask, CountedIn, Told};
use crate::means::{Look, Means};
use crate::values::{Pointer, Scalar};
use flyball_model::{Cause, Evidence, Finding, Reading, Unit};
use flyball_settings::{Fields, Settings};
use serde::Serialize;
use std::time::Duration;

/// The settings of a `number` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Number {
    /// The page, and how it is asked for.
    #[serde(flatten)]
    pub ask: Ask,
    /// Where in the page the number stands.
    pub pointer: Pointer,
    /// In what it counts.
    pub unit: CountedIn,
    /// How far it may go.
    #[serde(flatten)]
    pub levels: Levels,
}

impl Number {
    /// The verdict on a page that somebody else fetched, in words, and what was measured; `before` is what this monitor found last.
    #[must_use]
    pub fn judge_page(&self, status: u16, body: &[u8], before: Option<Finding>) -> (Finding, String, Evidence) {
        self.ask.judge_page((status, body), before, self.aim(), |text| self.told(text))
    }

    fn aim(&self) -> (Aim<'_>, CountedIn, &Levels) {
        (Aim::Json(&self.pointer), self.unit, &self.levels)
    }

    /// The number that stands at the place, as JSON has it or as a text.
    fn told(&self, text: &Text) -> Told {
        let (at, unread) = (&self.pointer, Json::Unread);
        let json = if let Text::Json(_, json) = text { json } else { &unread };
        let number = match json {
            Json::Value(JsonValue::Scalar(Scalar::Number(number))) => Some(number.as_f64()),
            Json::Value(JsonValue::Scalar(Scalar::Text(text))) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.filter(|number: &f64| number.is_finite());
        let number = number.ok_or_else(|| format!("no number: {}", json.in_words(at)))?;
        Ok((number, format!("at {at}")))
    }
}

impl MonitorKind for Number {
    const HOST_SETTING: Option<&'static str> = Some("url");

    fn watched(&self) -> String {
        let Self { ask, pointer, unit, levels } = self;
        format!("number {} {:?} {unit:?} {levels:?}", ask.watched(), pointer.as_str())
    }

    fn subject(&self) -> String {
        format!("{} of {}", self.pointer, self.ask.page().url)
    }

    fn host(&self) -> Option<String> {
        self.ask.host()
    }

    fn timeout(&self) -> Option<Duration> {
        Some(self.ask.page().timeout)
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        self.levels.can_fail_for(cause)
    }

    fn variables(&self) -> Vec<&str> {
        self.ask.variables()
    }

    fn levels(&self) -> Option<&Levels> {
        Some(&self.levels)
    }

    fn measures(&self) -> Option<Unit> {
        Some(self.unit.unit())
    }

    async fn observe(&self, means: &Means, look: Look<'_>) -> Reading {
        self.ask.reading(means, look, self.aim(), |text| self.told(text)).await
    }
}

impl Settings for Number {
    const KIND: &str = "number";
    const SUMMARY: &str = "measures by a number that a JSON page says";
    const EXAMPLE: &str = r#"{ url = "https://shop.example.com/stats", pointer = "/queue/size", above = 100 }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let ask = Ask::read(fields);
        let pointer = fields.required("pointer", "where in the page the number stands, also as a text");
        let counted_in = CountedIn::read(fields);
        let (unit, levels) = counted_in?;
        Some(Self { ask: ask?, pointer: pointer?, unit, levels })
    }
}
