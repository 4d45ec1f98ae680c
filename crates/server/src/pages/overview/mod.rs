//! The overview: what is wrong, what needs a person, every app with its monitors, and what was done in the last day.

use super::frame::{Frame, Line, class, shown, verdict_word};
use crate::answer::Problem;
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, in_path};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use flyball_charts::{Slot, uptime_bar};
use flyball_engine::queries::{HistoryFilter, UptimeOver, headline};
use flyball_model::{MonitorName, Verdict};
use flyball_store::{IncidentsPage, Open};
use flyball_views::{AppView, HistoryLine, MonitorView, Need, ReactionView, Status, UptimeSlot, UptimeView};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Apps on one page: what a person reads. The others are well, or worse ones are read first.
const APPS_SHOWN: usize = 20;
/// Monitors of one app on this page; the app's own page has more.
const MONITORS_SHOWN: usize = 12;
/// Lines of the last day.
const LINES_SHOWN: usize = 12;
/// Lines that are looked through for what was done.
const LINES_READ: u32 = 300;
/// Incidents that go on, the latest; the list has all.
const INCIDENTS_SHOWN: u32 = 5;
/// What needs a person, at most: more than this is one thing with many names.
const NEEDS_SHOWN: usize = 12;

#[derive(Template)]
#[template(path = "overview/page.html")]
struct Overview {
    frame: Frame,
    title: String,
    sentences: Vec<Html>,
    incidents: Vec<OpenIncident>,
    needs: Vec<NeedsPerson>,
    more_needs: usize,
    pauses: Vec<Paused>,
    apps: Vec<AppCard>,
    more_apps: usize,
    day: Vec<Line>,
    is_empty: bool,
}

/// One that goes on.
struct OpenIncident {
    number: i64,
    words: Html,
}

struct NeedsPerson {
    title: &'static str,
    of: Html,
    words: Html,
    /// The run that can be settled here.
    settle: Option<String>,
}

struct Paused {
    words: Html,
    app: Option<String>,
    reaction: Option<String>,
}

/// An app with its monitors.
pub(super) struct AppCard {
    pub(super) id: String,
    /// 3 below a heading of its own, 2 where it stands alone.
    pub(super) heading: u8,
    pub(super) name: Option<String>,
    pub(super) link: String,
    pub(super) words: Html,
    pub(super) monitors: Vec<MonitorRow>,
    pub(super) more: usize,
    pub(super) worst: u8,
}

/// A monitor in a list.
pub(super) struct MonitorRow {
    pub(super) name: String,
    pub(super) link: String,
    pub(super) class: &'static str,
    pub(super) word: String,
    pub(super) bar: Html,
    pub(super) read: String,
    pub(super) said: Option<Html>,
    pub(super) does: Vec<Does>,
}

/// What a reaction stands at.
pub(super) struct Does {
    pub(super) class: &'static str,
    /// The name, and the state.
    pub(super) words: String,
    pub(super) state: String,
    pub(super) link: String,
}

pub(super) async fn page(State(house): State<Arc<House>>, visitor: Visitor) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let reader = house.reader(&in_force);
    let since = house.now() - Duration::from_secs(24 * 3600);
    let filter = HistoryFilter { since: Some(since), no_holds: true, lines: LINES_READ, ..HistoryFilter::default() };
    let lines = reader.history(&filter).await?;
    let page = IncidentsPage { open: Some(Open), incidents: INCIDENTS_SHOWN, ..IncidentsPage::default() };
    let incidents = reader.incidents(&page).await?;
    let told = lines.iter().rev().filter(|line| is_of_the_day(line)).take(LINES_SHOWN);
    let headline = headline(&status);
    let grouped = Grouped::of(&status);
    let shown_apps: Vec<&Group<'_>> = grouped.0.iter().take(APPS_SHOWN).collect();
    let mut monitors: Vec<&MonitorView> = Vec::new();
    for group in &shown_apps {
        monitors.extend(group.monitors.iter().take(MONITORS_SHOWN));
    }
    let bars = house.bars(&monitors).await?;
    let apps = shown_apps.iter().map(|group| card(group, &status, &names, &bars, MONITORS_SHOWN)).collect();
    shown(&Overview {
        frame: Frame::of(&headline.title, "overview", &visitor, &house, &status),
        title: headline.title,
        sentences: headline.sentences.iter().map(|sentence| names.told(sentence)).collect(),
        incidents: incidents
            .iter()
            .map(|open| OpenIncident { number: open.number, words: names.told(&open.words) })
            .collect(),
        needs: status.attention.iter().take(NEEDS_SHOWN).map(|need| needs_person(need, &status, &names)).collect(),
        more_needs: status.attention.len().saturating_sub(NEEDS_SHOWN),
        pauses: status.pauses.iter().map(|pause| paused(pause, &names)).collect(),
        apps,
        more_apps: grouped.0.len().saturating_sub(APPS_SHOWN),
        day: told.map(|line| Line::of(line, &names)).collect(),
        is_empty: status.monitors.is_empty(),
    })
}

/// What a person wants to know of the last day: what was done, by whomever, and what flipped.
fn is_of_the_day(line: &HistoryLine) -> bool {
    matches!(
        line.kind(),
        "flipped"
            | "would"
            | "ended"
            | "settled"
            | "foreign"
            | "paused"
            | "resumed"
            | "administered"
            | "one_off_ended"
            | "lost"
    )
}

fn needs_person(need: &flyball_views::Attention, status: &Status, names: &Names) -> NeedsPerson {
    let title = match need.need {
        Need::InDoubt => "Did this run take effect?",
        Need::GaveUp => "It gave up",
        Need::Refused => "Heroku refuses it",
        Need::CannotSee => "It cannot see",
        Need::Found => "The file cannot be carried out",
        Need::WorksOnNothing => "A node works on nothing",
        Need::LeftOut => "Made in pages, and not in force",
    };
    let run = status.reactions.iter().find(|reaction| reaction.name.as_str() == need.of);
    let run = run.and_then(|reaction| reaction.last_run.as_ref()).filter(|_| need.need == Need::InDoubt);
    NeedsPerson {
        title,
        of: names.told(&format!("\"{}\"", need.of)),
        words: names.told(&need.words),
        settle: run.map(|run| run.id.to_string()),
    }
}

fn paused(pause: &flyball_views::PauseView, names: &Names) -> Paused {
    let until = pause.until.map_or_else(|| "until it is resumed".to_owned(), |until| format!("until {until}"));
    let (app, reaction) = match &pause.scope {
        flyball_model::PauseScope::Everything => (None, None),
        flyball_model::PauseScope::App(app) => (Some(app.to_string()), None),
        flyball_model::PauseScope::Reaction(name) => (None, Some(name.to_string())),
    };
    let words = names.told(&format!("{} is paused {until}, by {}, since {}.", pause.scope, pause.by, pause.at));
    Paused { words, app, reaction }
}

/// The monitors of one app, or of none.
pub(super) struct Group<'s> {
    name: Option<&'s str>,
    monitors: Vec<&'s MonitorView>,
    worst: u8,
}

/// Apps with their monitors, the worst first.
pub(super) struct Grouped<'s>(pub(super) Vec<Group<'s>>);

impl<'s> Grouped<'s> {
    pub(super) fn of(status: &'s Status) -> Self {
        let mut places: HashMap<Option<&str>, usize> = HashMap::new();
        let mut groups: Vec<Group<'_>> = Vec::new();
        for monitor in &status.monitors {
            let apps: Vec<Option<&str>> = monitor.apps.iter().map(|app| Some(app.as_str())).collect();
            for app in if apps.is_empty() { vec![None] } else { apps } {
                let place = *places.entry(app).or_insert_with(|| {
                    groups.push(Group { name: app, monitors: Vec::new(), worst: 0 });
                    groups.len() - 1
                });
                groups[place].monitors.push(monitor);
            }
        }
        for group in &mut groups {
            group.monitors.sort_by_key(|monitor| std::cmp::Reverse(badness(monitor)));
            group.worst = group.monitors.first().map_or(0, |monitor| badness(monitor));
        }
        groups.sort_by_key(|group| std::cmp::Reverse(group.worst));
        Self(groups)
    }

    pub(super) fn app(&self, name: &str) -> Option<&Group<'s>> {
        self.0.iter().find(|group| group.name == Some(name))
    }
}

/// How bad it is: what fails before what cannot be seen before what was not looked at.
fn badness(monitor: &MonitorView) -> u8 {
    match monitor.verdict {
        _ if !monitor.looks_now() => 0,
        Some(Verdict::Failing) => 4,
        Some(Verdict::Unknown) => 3,
        None => 2,
        Some(Verdict::Passing) => 1,
    }
}

pub(super) fn card(
    group: &Group<'_>,
    status: &Status,
    names: &Names,
    bars: &HashMap<String, (Html, String)>,
    most: usize,
) -> AppCard {
    let seen = group.name.and_then(|name| status.apps.iter().find(|app| app.name.as_str() == name));
    AppCard {
        heading: 3,
        id: group.name.map_or_else(|| "others".to_owned(), in_path),
        name: group.name.map(str::to_owned),
        link: group.name.map(|name| format!("/apps/{}", in_path(name))).unwrap_or_default(),
        words: names.told(&seen.map_or_else(String::new, |app: &AppView| app.words.clone())),
        monitors: group.monitors.iter().take(most).map(|monitor| row(monitor, status, names, bars)).collect(),
        more: group.monitors.len().saturating_sub(most),
        worst: group.worst,
    }
}

pub(super) fn row(
    monitor: &MonitorView,
    status: &Status,
    names: &Names,
    bars: &HashMap<String, (Html, String)>,
) -> MonitorRow {
    let name = monitor.name.to_string();
    let (bar, uptime) = bars.get(&name).cloned().unwrap_or_default();
    let took = monitor.last.as_ref().map_or_else(|| "–".to_owned(), |last| format!("{} ms", last.took_ms));
    let is_well = monitor.verdict == Some(Verdict::Passing);
    let said = monitor.last.as_ref().filter(|_| !is_well).map(|last| names.told(last.words.as_str()));
    let called = status.reactions.iter().filter(|reaction| monitor.reactions.contains(&reaction.name));
    let word = monitor.why_not().map_or_else(|| verdict_word(monitor.verdict), str::to_owned);
    MonitorRow {
        link: format!("/monitors/{}", in_path(&name)),
        class: if monitor.looks_now() { class(monitor.verdict) } else { "none" },
        word,
        bar,
        read: if uptime.is_empty() { took } else { format!("{uptime} · {took}") },
        said,
        does: called.filter(|_| !is_well).map(does).collect(),
        name,
    }
}

/// What a reaction stands at, in a few words.
pub(super) fn does(reaction: &ReactionView) -> Does {
    let latest = reaction.holdings.iter().max_by_key(|holding| holding.last_at);
    let (class, state) = match latest {
        _ if !reaction.enabled => ("none", "switched off".to_owned()),
        Some(holding) if holding.acted => ("act", "acts".to_owned()),
        Some(holding) if holding.reason == "not_called_on" => ("none", "not called".to_owned()),
        Some(holding) => ("hold", format!("holds: {}", holding.reason.replace('_', " "))),
        None => ("none", "not called".to_owned()),
    };
    Does {
        class,
        words: format!("{} {state}", reaction.name),
        state,
        link: format!("/reactions/{}", in_path(reaction.name.as_str())),
    }
}

impl House {
    /// The bars of the last day, and the uptime in words, of these monitors.
    pub(super) async fn bars(&self, monitors: &[&MonitorView]) -> Result<HashMap<String, (Html, String)>, Problem> {
        let in_force = self.in_force();
        let names: Vec<MonitorName> = monitors.iter().map(|monitor| monitor.name.clone()).collect();
        let uptimes = self.reader(&in_force).uptimes(&names, UptimeOver::Day).await?;
        Ok(uptimes.into_iter().map(|uptime| (uptime.monitor.to_string(), bar(&uptime))).collect())
    }
}

/// The bar of the last day, and the uptime in words.
fn bar(uptime: &UptimeView) -> (Html, String) {
    let slot = |slot: &UptimeSlot| Slot { passing: slot.passing, failing: slot.failing, unknown: slot.unknown };
    let slots: Vec<Slot> = uptime.slots.iter().map(slot).collect();
    let svg = uptime_bar(&slots, &format!("{}, last 24 hours", uptime.monitor));
    (Html::of(svg), uptime.day.map(percent).unwrap_or_default())
}

/// A share in percent. What was down for a moment is never a hundred.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 100.0 {
        "100 %".to_owned()
    } else {
        // Rounded down: three nines are not four.
        format!("{:.2} %", (percent * 100.0).floor() / 100.0)
    }
}

impl<'s> Group<'s> {
    pub(super) fn monitors(&self) -> impl Iterator<Item = &'s MonitorView> {
        self.monitors.iter().copied()
    }
}

impl AppCard {
    pub(super) fn is_bad(&self) -> bool {
        self.worst >= 3
    }
}
