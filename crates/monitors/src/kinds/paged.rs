//! What kinds share that are told a number by a page: how it is asked for, what it counts, and when nothing is known.
//!
//! Whatever stands in the way of the number is *unknown*, also where an `http` monitor of the same page would fail: the page was
//! not looked at for its own sake. A queue of which nobody knows how long it is is neither too long nor empty, and who scales by it
//! holds. Whether the page works is for a monitor of its own to say.

use super::http::{Aim, Exchange, Http, Text, ask};
use super::kind::MonitorKind as _;
use super::levels::Levels;
use crate::means::{Look, Means};
use crate::net::StallWatch;
use crate::values::{StatusList, words};
use flyball_model::{Amount, Blind, Evidence, Excerpt, Finding, Measured, Reading, Unit, duration};
use flyball_settings::Fields;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// How a page that says a number is asked for: as `http` asks, by GET.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask(Http);

impl Ask {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Http::asked_by_get(fields).map(Self)
    }

    /// The page, as `http` would ask for it.
    #[must_use]
    pub const fn page(&self) -> &Http {
        &self.0
    }

    /// Asks for the page, reads it for what is aimed at, and judges the number that `told` makes of it.
    pub(super) async fn reading(
        &self,
        means: &Means,
        look: Look<'_>,
        (aim, counted_in, levels): (Aim<'_>, CountedIn, &Levels),
        told: impl FnOnce(&Text) -> Told,
    ) -> Reading {
        let mut stall = StallWatch::begin();
        let exchange = ask(means, look.monitor, (&self.0, Some(aim)), &mut stall).await;
        // What was found before counts only where it takes less to pass than not to fail.
        let before = match &means.listening {
            Some(listening) if levels.clears_at.is_some() => listening.found_last(look).await,
            Some(_) | None => Ok(None),
        };
        let (finding, words, evidence) = match before {
            Ok(before) => self.judge(&exchange, before, (counted_in, levels), told),
            Err(why) => (Finding::Unknown(Blind::Overload), why, Evidence::None),
        };
        let (begun_at, took) = (look.begun_at, exchange.took);
        stall.judge(Reading { begun_at, took, finding, words: Excerpt::of(&words), evidence })
    }

    /// The verdict on a page that somebody else fetched: `body` after its content encoding was undone. The same code that judges a page
    /// of the network.
    pub(super) fn judge_page(
        &self,
        (status, body): (u16, &[u8]),
        before: Option<Finding>,
        (aim, counted_in, levels): (Aim<'_>, CountedIn, &Levels),
        told: impl FnOnce(&Text) -> Told,
    ) -> (Finding, String, Evidence) {
        let exchange = self.0.exchange_of(Some(aim), status, body, Duration::ZERO);
        self.judge(&exchange, before, (counted_in, levels), told)
    }

    /// The verdict on what an exchange says, and on what this monitor found last. Pure.
    fn judge(
        &self,
        exchange: &Exchange,
        before: Option<Finding>,
        (counted_in, levels): (CountedIn, &Levels),
        told: impl FnOnce(&Text) -> Told,
    ) -> (Finding, String, Evidence) {
        let unknown = |blind, words: String| (Finding::Unknown(blind), words, Evidence::None);
        let (number, of) =
            match self.readable(exchange).and_then(|text| told(text).map_err(|why| (Blind::NotTold, why))) {
                Ok(told) => told,
                Err((blind, words)) => return unknown(blind, words),
            };
        let number = number * counted_in.factor();
        if number.abs() > Amount::MAX {
            return unknown(Blind::NotTold, format!("{number:e} {of} is more than can be measured"));
        }
        let amount = Amount::new(number, counted_in.unit());
        let measured = Measured { amount, complete: true, few: false, dynos: None };
        let (finding, beyond) = levels.judge(&measured, before);
        (finding, format!("{amount} {of}{beyond}"), Evidence::Measured(measured))
    }

    /// What there is of the page, or why nothing can be known by it.
    fn readable<'e>(&self, exchange: &'e Exchange) -> Result<&'e Text, (Blind, String)> {
        let not_told = |words: &str| (Blind::NotTold, format!("no number: {words}"));
        let failure = exchange.failure.as_ref().map(|failure| match failure.finding {
            Finding::Unknown(blind) => (blind, failure.words.clone()),
            Finding::Failing(_) | Finding::Passing => not_told(&failure.words),
        });
        let Some(page) = &exchange.page else { return Err(failure.unwrap_or_else(|| not_told("no answer"))) };
        // An error page may say a number as well, and it is none of the queue's.
        if !StatusList::success().contains(page.status) {
            return Err(not_told(&format!("answered {}, wanted 2xx", page.status)));
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        match &page.text {
            Text::Unreadable(_, why) => Err((Blind::Unreadable, format!("no number: the page {why}"))),
            _ if page.cut_short => {
                let max = self.0.max_body;
                Err((Blind::Unreadable, format!("no number: the page is longer than `max_body`, {max}")))
            }
            text => Ok(text),
        }
    }

    /// What it asks for, as a text that stays the same as long as that does.
    pub(super) fn watched(&self) -> String {
        self.0.watched()
    }

    pub(super) fn host(&self) -> Option<String> {
        self.0.host()
    }

    pub(super) fn variables(&self) -> Vec<&str> {
        self.0.variables()
    }
}

/// The settings, as they would be written; what stands there always, and those that were named.
impl Serialize for Ask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Http { url, host, proxy, headers, timeout, follow_redirects, max_body, reuse, .. } = &self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("url", url)?;
        map.serialize_entry("host", host)?;
        map.serialize_entry("proxy", proxy)?;
        map.serialize_entry("headers", headers)?;
        map.serialize_entry("timeout", &duration::print(*timeout))?;
        map.serialize_entry("follow_redirects", follow_redirects)?;
        map.serialize_entry("max_body", max_body)?;
        map.serialize_entry("reuse", reuse)?;
        map.end()
    }
}

/// A number and what it is one of, for a sentence behind it; or why there is none.
pub(super) type Told = Result<(f64, String), String>;

/// In what a page counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CountedIn {
    /// Things: jobs, or requests at once.
    Count,
    /// Things in a second.
    PerSecond,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
    /// Hundredths.
    Percent,
    /// A share of one.
    Ratio,
}

words! {
    CountedIn {
        "count" => Self::Count,
        "per_second" => Self::PerSecond,
        "ms" => Self::Ms,
        "s" => Self::S,
        "percent" => Self::Percent,
        "ratio" => Self::Ratio,
    }
}

impl CountedIn {
    /// Reads it, and how far the number may go.
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<(Self, Levels)> {
        let doc =
            "in what the page counts: things, things in a second, milliseconds, seconds, hundredths, or a share of 1";
        let counted_in = fields.or("unit", Self::Count, "\"count\"", doc);
        let levels = Levels::read(fields, counted_in.map(Self::unit));
        Some((counted_in?, levels?))
    }

    pub(super) const fn unit(self) -> Unit {
        match self {
            Self::Count => Unit::Things,
            Self::PerSecond => Unit::PerSecond,
            Self::Ms | Self::S => Unit::Millis,
            Self::Percent | Self::Ratio => Unit::Percent,
        }
    }

    /// How many of the unit are one of what the page counts in.
    const fn factor(self) -> f64 {
        match self {
            Self::Count | Self::PerSecond | Self::Ms | Self::Percent => 1.0,
            Self::S => 1000.0,
            Self::Ratio => 100.0,
        }
    }
}
