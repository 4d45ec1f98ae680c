//! What stands around every page.

use crate::answer::Problem;
use crate::guard::{Visitor, Who};
use crate::house::House;
use crate::words::{Html, Names, moment};
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html as Page, IntoResponse, Response};
use flyball_model::{Mode, PauseScope, Right, Verdict};
use flyball_views::{Status, Word};

/// What stands around a page: who looks, whether effects are made, and how it stands in a word.
pub(crate) struct Frame {
    pub(crate) title: String,
    /// The word of the page in the navigation.
    pub(crate) at: &'static str,
    /// The worst verdict, for the icon.
    pub(crate) icon: &'static str,
    pub(crate) visitor: String,
    pub(crate) is_person: bool,
    /// Why nobody needs to sign in, where that is so.
    pub(crate) is_open: bool,
    pub(crate) may_operate: bool,
    pub(crate) may_administer: bool,
    pub(crate) effects: Effects,
    pub(crate) version: &'static str,
    pub(crate) as_of: Html,
    pub(crate) sign: Html,
}

/// Whether effects are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effects {
    Acting,
    Paused,
    PartlyPaused,
    DryRun,
}

impl Effects {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Acting => "acting",
            Self::Paused => "all paused",
            Self::PartlyPaused => "partly paused",
            Self::DryRun => "only telling",
        }
    }

    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Acting => "act",
            Self::Paused | Self::PartlyPaused | Self::DryRun => "hold",
        }
    }
}

impl Frame {
    /// Around a page, by where everything stands.
    pub(crate) fn of(
        title: impl Into<String>,
        at: &'static str,
        visitor: &Visitor,
        house: &House,
        status: &Status,
    ) -> Self {
        let may = |right| visitor.right.is_some_and(|own| own >= right);
        let has =
            |verdict| status.monitors.iter().any(|monitor| monitor.looks_now() && monitor.verdict == Some(verdict));
        let everything = status.pauses.iter().any(|pause| pause.scope == PauseScope::Everything);
        let tells = |reaction: &flyball_views::ReactionView| reaction.mode == Mode::DryRun;
        Self {
            title: title.into(),
            at,
            icon: match (has(Verdict::Failing), has(Verdict::Unknown)) {
                (true, _) => "failing",
                (false, true) => "unknown",
                (false, false) => "passing",
            },
            visitor: visitor.name.clone(),
            is_person: matches!(visitor.who, Who::Person(_)),
            is_open: visitor.who == Who::Local,
            may_operate: may(Right::Operate),
            may_administer: may(Right::Admin),
            effects: match (everything, status.pauses.is_empty()) {
                (true, _) => Effects::Paused,
                (false, false) => Effects::PartlyPaused,
                (false, true) if !status.reactions.is_empty() && status.reactions.iter().all(tells) => Effects::DryRun,
                (false, true) => Effects::Acting,
            },
            version: house.settings.version,
            as_of: moment(status.at),
            sign: Html::of(flyball_charts::SIGN.to_owned()),
        }
    }

    pub(crate) fn is_at(&self, at: &str) -> bool {
        self.at == at
    }
}

/// A page as it is sent.
pub(crate) fn shown(page: &impl Template) -> Result<Response, Problem> {
    shown_with(StatusCode::OK, page)
}

/// A page with a status.
pub(crate) fn shown_with(status: StatusCode, page: &impl Template) -> Result<Response, Problem> {
    match page.render() {
        Ok(html) => Ok((status, Page(html)).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page cannot be made");
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be made"))
        }
    }
}

/// The class of a verdict's tag.
pub(crate) const fn class(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Passing) => "pass",
        Some(Verdict::Failing) => "fail",
        Some(Verdict::Unknown) => "unknown",
        None => "none",
    }
}

/// The word of a verdict's tag.
pub(crate) fn verdict_word(verdict: Option<Verdict>) -> String {
    verdict.map_or_else(|| "not looked yet".to_owned(), |verdict| verdict.to_string())
}

/// The class of a run's tag, by its outcome.
pub(crate) fn outcome_class(outcome: Option<&Word>) -> &'static str {
    match outcome.map(AsRef::as_ref) {
        Some("done") => "pass",
        Some("refused" | "in_doubt") => "fail",
        Some(_) => "hold",
        None => "act",
    }
}

/// The word of a run's tag.
pub(crate) fn outcome_word(outcome: Option<&Word>, state: &str) -> String {
    outcome.map_or_else(|| state.to_owned(), |outcome| outcome.replace('_', " "))
}

/// How a line of the timeline is marked.
pub(crate) fn tone_class(line: &flyball_views::HistoryLine) -> &'static str {
    use flyball_views::Tone;
    match line.tone {
        Tone::Passing => "pass",
        Tone::Done | Tone::Acting => "act",
        Tone::Failing | Tone::Wrong => "fail",
        Tone::Odd if line.kind() == "foreign" => "foreign",
        Tone::Odd if line.kind() == "unknown" => "unknown",
        Tone::Odd => "hold",
        Tone::Plain if line.kind() == "held" => "hold",
        Tone::Plain => "foreign",
    }
}

/// A line of the timeline, as pages list it.
pub(crate) struct Line {
    pub(crate) class: &'static str,
    pub(crate) day: String,
    pub(crate) at: Html,
    pub(crate) words: Html,
    pub(crate) app: Option<String>,
    pub(crate) run: Option<String>,
}

impl Line {
    pub(crate) fn of(line: &flyball_views::HistoryLine, names: &Names) -> Self {
        Self {
            class: tone_class(line),
            day: line.at.to_string().get(..10).unwrap_or_default().to_owned(),
            at: crate::words::time_of_day(line.at),
            words: names.told(&line.words),
            app: line.app.as_ref().map(ToString::to_string),
            run: line.run.map(|run| run.to_string()),
        }
    }
}
