//! `prometheus`: measures by what a page exposes for Prometheus.
//!
//! Zero is only what the page says: a series that is not there, or that is NaN, is unknown.

use super::http::{Aim, Exposed, Series, Text};
use super::kind::{Doubt, MonitorKind};
use super::levels::Levels;
use super::paged::{Ask, CountedIn, Told};
use crate::means::{Look, Means};
use flyball_model::{Cause, Evidence, Finding, Reading, Unit};
use flyball_settings::{Fields, Settings};
use serde::Serialize;
use std::time::Duration;

/// The settings of a `prometheus` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prometheus {
    /// The page, and how it is asked for.
    #[serde(flatten)]
    pub ask: Ask,
    /// Which series it goes by.
    #[serde(flatten)]
    pub series: Series,
    /// Whether those that match are added up; else there is to be one.
    pub sum: bool,
    /// In what they count.
    pub unit: CountedIn,
    /// How far it may go.
    #[serde(flatten)]
    pub levels: Levels,
}

impl Prometheus {
    /// The verdict on a page that somebody else fetched, in words, and what was measured; `before` is what this monitor found last.
    #[must_use]
    pub fn judge_page(&self, status: u16, body: &[u8], before: Option<Finding>) -> (Finding, String, Evidence) {
        self.ask.judge_page((status, body), before, self.aim(), |text| self.told(text))
    }

    fn aim(&self) -> (Aim<'_>, CountedIn, &Levels) {
        (Aim::Series(&self.series), self.unit, &self.levels)
    }

    /// The sum of the series that match.
    fn told(&self, text: &Text) -> Told {
        let wanted = &self.series;
        match text {
            Text::Exposed(_, Exposed::Sum { series, .. }) if *series > 1 && !self.sum => {
                Err(format!("no number: {series} series match {wanted}, and `sum` is false"))
            }
            Text::Exposed(_, Exposed::Sum { sum, series: 1 }) => Ok((*sum, format!("of {wanted}"))),
            Text::Exposed(_, Exposed::Sum { sum, series }) => Ok((*sum, format!("of {wanted}, in {series} series"))),
            Text::Exposed(_, Exposed::Not(why)) => Err(format!("no number: the page {why}")),
            Text::Exposed(_, Exposed::NoNumber) => Err(format!("no number: {wanted} is NaN or infinite")),
            Text::Exposed(_, Exposed::Nothing) | Text::Found(_) | Text::NotFound(_) => {
                Err(format!("no number: the page has no series {wanted}"))
            }
            Text::Unreadable(..) | Text::Json(..) => Err("no number: the page was not read".to_owned()),
        }
    }
}

impl MonitorKind for Prometheus {
    const HOST_SETTING: Option<&'static str> = Some("url");

    fn watched(&self) -> String {
        let Self { ask, series, sum, unit, levels } = self;
        format!("prometheus {} {series} {sum} {unit:?} {levels:?}", ask.watched())
    }

    fn subject(&self) -> String {
        format!("{} of {}", self.series, self.ask.page().url)
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

    fn doubts(&self) -> Vec<Doubt> {
        let grows = ["_total", "_count", "_sum", "_bucket"];
        let is_counter = grows.iter().any(|end| self.series.metric.as_str().ends_with(end));
        let doubt = || Doubt {
            setting: "metric",
            message: "a counter only grows until its process starts anew".to_owned(),
            label: "is this meant?",
            hint: "go by a gauge, which says how much there is now".to_owned(),
        };
        is_counter.then(doubt).into_iter().collect()
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

impl Settings for Prometheus {
    const KIND: &str = "prometheus";
    const SUMMARY: &str = "measures by what a page exposes for Prometheus, as text or OpenMetrics";
    const EXAMPLE: &str = r#"{ url = "https://shop.example.com/metrics", metric = "puma_backlog", above = 20 }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let ask = Ask::read(fields);
        let metric = fields.required("metric", "the metric whose series it goes by");
        let doc = "only series with these labels, whatever others they have";
        let labels = fields.optional("labels", doc);
        let doc = "whether the series that match are added up; false, and several are unknown";
        let sum = fields.or("sum", true, "true", doc);
        let counted_in = CountedIn::read(fields);
        let (unit, levels) = counted_in?;
        let series = Series { metric: metric?, labels: labels?.unwrap_or_default() };
        Some(Self { ask: ask?, series, sum: sum?, unit, levels })
    }
}
