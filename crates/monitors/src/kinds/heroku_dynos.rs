//! `heroku_dynos`: every dyno of an app, of one process type, or one named dyno is up.
//!
//! Counts dynos of the formation only, never one-off dynos. A dyno on its way up may take `boot`, and until then counts
//! neither way. Whatever goes wrong with the Platform API is unknown, never failing.

use super::kind::MonitorKind;
use crate::means::{Look, Means};
use flyball_heroku::{Answer, Error};
use flyball_model::{
    AccountName, AppName, Blind, Cause, Dyno, DynoName, DynoState, Evidence, Excerpt, Finding, ProcessFormation,
    ProcessType, Reading, Timestamp, duration,
};
use flyball_settings::{Bounds, Fields, Mistake, Node, Settings, Shape, Take, Value};
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

/// The settings of a `heroku_dynos` monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HerokuDynos {
    /// The app.
    pub app: AppName,
    /// Only dynos of this process type.
    pub process_type: Option<ProcessType>,
    /// Only this dyno.
    pub dyno: Option<DynoName>,
    /// What a sleeping Eco dyno counts as.
    pub idle: Idle,
    /// How long a dyno may take to come up.
    #[serde(serialize_with = "crate::values::in_words")]
    pub boot: Duration,
    /// The Heroku account that looks.
    pub account: AccountName,
}

/// What an idle dyno counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Idle {
    /// As up: it wakes at the next request.
    #[default]
    Passing,
    /// As not up.
    Failing,
}

impl Take for Idle {
    fn expected() -> String {
        "\"passing\" or \"failing\"".to_owned()
    }

    fn shape() -> Shape {
        Shape::Word(vec!["passing", "failing"])
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text == "passing" => Some(Self::Passing),
            Value::Text(text) if text == "failing" => Some(Self::Failing),
            _ => {
                let expected = format!("expected {}", Self::expected());
                mistakes.push(Mistake::new(node.span.clone(), "an idle dyno is passing or failing", expected));
                None
            }
        }
    }
}

impl Settings for HerokuDynos {
    const KIND: &str = "heroku_dynos";
    const SUMMARY: &str = "every dyno of an app, of one process type, or one named dyno is up";
    const EXAMPLE: &str = r#"{ app = "shop", process_type = "worker" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let app = fields.required("app", "the app whose dynos are looked at");
        let process_type = fields.optional("process_type", "only dynos of this process type");
        let dyno: Option<Option<DynoName>> = fields.optional("dyno", "only this dyno");
        let idle = fields.or("idle", Idle::Passing, "\"passing\"", "what a sleeping Eco dyno counts as");
        let bounds = Bounds { least: Duration::ZERO, most: Duration::from_secs(3600), words: "0s to 1h" };
        let boot = fields.within("boot", Self::BOOT, "\"60s\"", &bounds, "how long a dyno may take to come up");
        let account =
            fields.or("account", AccountName::default(), "the one of `[heroku]`", "the Heroku account that looks");
        if fields.has("dyno") && fields.has("process_type") {
            let hint = Some("a dyno's name says its process type already".to_owned());
            fields.wrong("dyno", "both `dyno` and `process_type`", "one of the two", hint);
            return None;
        }
        if dyno.as_ref().is_some_and(|dyno| dyno.as_ref().is_some_and(|dyno| !dyno.may_be_one())) {
            let hint = Some("for every dyno of a process type write `process_type = \"web\"`".to_owned());
            fields.wrong("dyno", "no dyno has such a name", "expected one dyno, such as web.1", hint);
            return None;
        }
        let is_one_off = |dyno: &DynoName| dyno.cedar_parts().is_some_and(|(of, _)| !of.is_formation());
        if dyno.as_ref().is_some_and(|dyno| dyno.as_ref().is_some_and(is_one_off)) {
            fields.wrong("dyno", "one-off dynos are never counted", "expected a dyno of the formation: web.1", None);
            return None;
        }
        Some(Self { app: app?, process_type: process_type?, dyno: dyno?, idle: idle?, boot: boot?, account: account? })
    }
}

impl MonitorKind for HerokuDynos {
    /// Formation and dynos.
    const HEROKU_CALLS_PER_READING: u32 = 2;
    fn watched(&self) -> String {
        let Self { app, process_type, dyno, idle, boot: _, account: _ } = self;
        format!("heroku_dynos {app} {process_type:?} {dyno:?} {idle:?}")
    }

    fn subject(&self) -> String {
        match (&self.dyno, &self.process_type) {
            (Some(dyno), _) => format!("{dyno} of {}", self.app),
            (None, Some(process_type)) => format!("{process_type} dynos of {}", self.app),
            (None, None) => format!("dynos of {}", self.app),
        }
    }

    fn account(&self) -> Option<&AccountName> {
        Some(&self.account)
    }

    fn app(&self) -> Option<&AppName> {
        Some(&self.app)
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        cause == Cause::Dyno
    }

    async fn observe(&self, means: &Means, Look { begun_at, .. }: Look<'_>) -> Reading {
        let began = Instant::now();
        let (finding, words, evidence) = match (means.accounts)(&self.account) {
            None => {
                let words = format!("no Heroku account \"{}\" is set up", self.account);
                (Finding::Unknown(Blind::Heroku), words, Evidence::None)
            }
            Some(heroku) => {
                let (formation, dynos) = tokio::join!(heroku.formation(&self.app), heroku.dynos(&self.app));
                self.judge_answers(formation, dynos, begun_at)
            }
        };
        Reading { begun_at, took: began.elapsed(), finding, words: Excerpt::of(&words), evidence }
    }
}

impl HerokuDynos {
    /// As long as Heroku itself waits for a web dyno to bind its port.
    ///
    /// Source: Dev Center, *Error codes*, R10: 60 seconds.
    const BOOT: Duration = Duration::from_secs(60);
    /// Dynos that a sentence names before it counts the rest.
    const NAMED_MAX: usize = 3;

    /// The verdict on what Heroku answered; `our_now` stands in for Heroku's clock where it does not tell.
    fn judge_answers(
        &self,
        formation: Result<Answer<Vec<ProcessFormation>>, Error>,
        dynos: Result<Answer<Vec<Dyno>>, Error>,
        our_now: Timestamp,
    ) -> (Finding, String, Evidence) {
        match (formation, dynos) {
            (Ok(_), Ok(dynos)) if dynos.left_out > 0 && self.is_missing(&dynos.value) => {
                let words = format!("Heroku's list of the dynos of {} is not understood whole", self.app);
                (Finding::Unknown(Blind::Heroku), words, Evidence::None)
            }
            (Ok(formation), Ok(dynos)) => {
                let now = dynos.date.unwrap_or(our_now);
                self.judge(&formation.value, &dynos.value, now)
            }
            (Err(error), _) | (_, Err(error)) => {
                (Finding::Unknown(Blind::Heroku), not_told_by_heroku(&error), Evidence::None)
            }
        }
    }

    /// The verdict on an app's dynos, in words, and what was seen. Pure; `now` is by Heroku's clock.
    #[must_use]
    pub fn judge(&self, formation: &[ProcessFormation], dynos: &[Dyno], now: Timestamp) -> (Finding, String, Evidence) {
        let dynos: Vec<&Dyno> = dynos.iter().filter(|dyno| self.is_watched(dyno, formation)).collect();
        if let Some((finding, words)) = self.nothing_to_judge(formation, &dynos) {
            let not_up = self.dyno.iter().filter(|_| finding.cause().is_some());
            let not_up = not_up.map(|dyno| (dyno.clone(), DynoState::Down)).collect();
            return (finding, words, Evidence::Dynos { looked_at: 0, not_up });
        }
        let (mut up, mut booting, mut not_up) = (0, 0, Vec::new());
        for dyno in &dynos {
            match self.standing(dyno, now) {
                Standing::Up => up += 1,
                Standing::Booting => booting += 1,
                Standing::NotUp(since) => not_up.push((*dyno, since)),
            }
        }
        let (finding, words) = if !not_up.is_empty() {
            (Finding::Failing(Cause::Dyno), not_up_words(&not_up))
        } else if up > 0 {
            let more = if booting > 0 { format!(", {booting} more booting") } else { String::new() };
            (Finding::Passing, format!("{} up{more}", counted(up)))
        } else {
            (
                Finding::Unknown(Blind::Booting),
                format!("{} booting, for less than {}", counted(booting), duration::print(self.boot)),
            )
        };
        let not_up = not_up.iter().take(Evidence::DYNOS_MAX);
        let not_up = not_up.map(|(dyno, _)| (dyno.name.clone(), dyno.state.clone())).collect();
        let looked_at = u32::try_from(dynos.len()).unwrap_or(u32::MAX);
        (finding, words, Evidence::Dynos { looked_at, not_up })
    }

    /// Whether the dyno that the file names is not among these.
    fn is_missing(&self, dynos: &[Dyno]) -> bool {
        self.dyno.as_ref().is_some_and(|name| dynos.iter().all(|dyno| dyno.name != *name))
    }

    /// Whether a dyno counts: of the formation, of what is watched, and not on its way out.
    fn is_watched(&self, dyno: &Dyno, formation: &[ProcessFormation]) -> bool {
        let wanted = match (&self.dyno, &self.process_type) {
            (Some(name), _) => dyno.name == *name,
            (None, Some(process_type)) => dyno.process_type == *process_type,
            (None, None) => true,
        };
        let quantity = quantity(formation, &dyno.process_type).unwrap_or(0);
        // Dynos above the quantity are being shut down.
        let within = dyno.name.cedar_parts().map_or(quantity > 0, |(_, ordinal)| ordinal <= quantity);
        wanted && within && dyno.is_formation()
    }

    /// The verdict where no dyno can be judged.
    fn nothing_to_judge(&self, formation: &[ProcessFormation], dynos: &[&Dyno]) -> Option<(Finding, String)> {
        if !dynos.is_empty() {
            return None;
        }
        let app = &self.app;
        let unknown = |words: String| Some((Finding::Unknown(Blind::Nothing), words));
        let absent = |process_type: &ProcessType| match quantity(formation, process_type) {
            None => unknown(format!("{app} has no process type {process_type}")),
            Some(0) => unknown(format!("{process_type} of {app} has a quantity of 0")),
            Some(quantity) => unknown(format!("no {process_type} dyno of {app} is listed, of {quantity}")),
        };
        let Some(dyno) = &self.dyno else {
            return match &self.process_type {
                Some(process_type) => absent(process_type),
                None if formation.iter().all(|process| process.quantity.get() == 0) => {
                    unknown(format!("{app} has a quantity of 0 everywhere"))
                }
                None => unknown(format!("no dyno of {app} is listed")),
            };
        };
        let Some((process_type, ordinal)) = dyno.cedar_parts() else {
            return unknown(format!("{app} has no dyno {dyno} now: on Fir a dyno's name changes at every restart"));
        };
        match quantity(formation, &process_type) {
            Some(quantity) if quantity >= ordinal && ordinal > 0 => {
                Some((Finding::Failing(Cause::Dyno), format!("{dyno} should exist, and does not")))
            }
            Some(quantity) if quantity > 0 => {
                unknown(format!("{process_type} of {app} has a quantity of {quantity}, so there is no {dyno}"))
            }
            _ => absent(&process_type),
        }
    }

    /// What a dyno counts as.
    fn standing(&self, dyno: &Dyno, now: Timestamp) -> Standing {
        let since = dyno.updated_at.max(dyno.created_at);
        let lasts = now.since(since);
        match (&dyno.state, self.idle) {
            (DynoState::Up, _) | (DynoState::Idle, Idle::Passing) => Standing::Up,
            (DynoState::Idle, Idle::Failing) | (DynoState::Crashed | DynoState::Down, _) => Standing::NotUp(lasts),
            // States that only logs show (created, provisioning) come before up too. One that Heroku adds some day is
            // not known to be bad, so it gets the same time, and is not up after that.
            (DynoState::Starting | DynoState::Other(_), _) if lasts < self.boot => Standing::Booting,
            (DynoState::Starting | DynoState::Other(_), _) => Standing::NotUp(lasts),
        }
    }
}

/// Why Heroku's API did not tell, and what to do about it where that is known.
pub(super) fn not_told_by_heroku(error: &Error) -> String {
    match error.hint() {
        Some(hint) => format!("cannot {}: {}; {hint}", error.call(), error.kind()),
        None => format!("cannot {error}"),
    }
}

/// What a dyno counts as.
enum Standing {
    Up,
    /// Counts neither as up nor as not up.
    Booting,
    /// Not up, and for how long.
    NotUp(Duration),
}

fn quantity(formation: &[ProcessFormation], process_type: &ProcessType) -> Option<u32> {
    let process = formation.iter().find(|process| process.process_type == *process_type)?;
    Some(process.quantity.get())
}

fn counted(dynos: usize) -> String {
    if dynos == 1 { "1 dyno is".to_owned() } else { format!("{dynos} dynos are") }
}

/// "web.1 is crashed for 2m, web.2 is starting for 3m, and 4 more are not up".
fn not_up_words(not_up: &[(&Dyno, Duration)]) -> String {
    let named = not_up.iter().take(HerokuDynos::NAMED_MAX);
    let named: Vec<String> = named
        .map(|(dyno, lasts)| match Duration::from_secs(lasts.as_secs()) {
            Duration::ZERO => format!("{} is {}", dyno.name, dyno.state),
            lasts => format!("{} is {} for {}", dyno.name, dyno.state, duration::roughly(lasts)),
        })
        .collect();
    let named = named.join(", ");
    match not_up.len().saturating_sub(HerokuDynos::NAMED_MAX) {
        0 => named,
        1 => format!("{named}, and 1 more is not up"),
        more => format!("{named}, and {more} more are not up"),
    }
}
