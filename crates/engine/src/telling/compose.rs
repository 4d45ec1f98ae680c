//! Notices are composed: what is wrong, what was done, what comes next, where more stands, and how to stop it.

use super::sight::day_span;
use crate::queries::Reader;
use flyball_channels::{About, Done, Known, News, Next, Notice, Text};
use flyball_model::{
    ChannelName, Event, Excerpt, FirstCause, Incident, IncidentOf, RunId, Thread, ThreadOf, Timestamp, duration,
};
use flyball_store::{Error, IncidentsPage, NoticesPage, NumberedIncident, TimelineLine};
use flyball_views::{IncidentStory, RunHelped};
use std::collections::HashMap;
use std::time::Duration;
use url::Url;

/// So many members of a storm are named, and the rest is counted.
const NAMED: usize = 10;

/// Composes what is decided in one moment. What several channels are told of one outage is read once.
pub(crate) struct Composer<'a> {
    reader: &'a Reader<'a>,
    known: &'a Known<'a>,
    incidents: &'a [NumberedIncident],
    lines: &'a [TimelineLine],
    stories: HashMap<i64, Option<IncidentStory>>,
}

/// What a notice says beside what all say.
#[derive(Default)]
struct Said {
    title: String,
    what_is_wrong: String,
    done: Vec<String>,
    next: Option<Next>,
    page: String,
    stop: String,
}

impl<'a> Composer<'a> {
    pub(crate) fn new(
        reader: &'a Reader<'a>,
        known: &'a Known<'a>,
        incidents: &'a [NumberedIncident],
        lines: &'a [TimelineLine],
    ) -> Self {
        Self { reader, known, incidents, lines, stories: HashMap::new() }
    }

    /// What is told in a thread now.
    pub(crate) async fn notice(&mut self, thread: &Thread, sequence: u32, about: About) -> Result<Notice, Error> {
        let said = match &thread.of {
            ThreadOf::Incidents(numbers) => match numbers.as_slice() {
                [number] => self.of_incident(*number, about).await?,
                numbers => self.of_storm(numbers, about),
            },
            ThreadOf::Lines(numbers) => self.of_lines(numbers),
            ThreadOf::Run(run) => self.of_run(*run),
            ThreadOf::Channel(channel) => self.of_channel(channel, about).await?,
            ThreadOf::Day(day) => self.of_day(day).await?,
        };
        let link = self.known.rules.pages.as_ref().and_then(|pages: &Url| pages.join(&said.page).ok());
        Ok(Notice {
            key: thread.key.clone(),
            sequence,
            about,
            title: Excerpt::of(&said.title),
            what_is_wrong: Text::of(&said.what_is_wrong),
            what_was_done: Done::of(said.done.iter().map(|done| Text::of(done))),
            next: said.next,
            link,
            stop_command: Excerpt::of(&said.stop),
            at: self.reader.now(),
        })
    }

    fn incident(&self, number: i64) -> Option<&'a Incident> {
        self.incidents.iter().find(|found| found.number == number).map(|found| &found.incident)
    }

    async fn of_incident(&mut self, number: i64, about: About) -> Result<Said, Error> {
        if !self.stories.contains_key(&number) {
            let story = self.reader.incident_story(number).await?;
            self.stories.insert(number, story);
        }
        let page = format!("/incidents/{number}");
        let (Some(incident), Some(Some(story))) = (self.incident(number), self.stories.get(&number)) else {
            return Ok(Said { title: format!("incident {number}"), page, stop: stop(None), ..Said::default() });
        };
        let goes_on = incident.end.is_none();
        let mut wrong = if about == About::NeedsPerson { self.why_needed(number) } else { Vec::new() };
        wrong.extend(if goes_on { failing(story, self.reader.now()) } else { vec![was(incident, story)] });
        let next = if goes_on { self.reader.next_of(&incident.of).await? } else { None };
        if goes_on && next.is_none() {
            wrong.extend(story.in_the_way.first().cloned());
        }
        Ok(Said {
            title: incident.of.to_string(),
            what_is_wrong: wrong.join(" "),
            done: story.runs.iter().map(done).collect(),
            next,
            page,
            stop: stop(Some(&incident.of)),
        })
    }

    /// The lines for which somebody is needed in an incident.
    fn why_needed(&self, number: i64) -> Vec<String> {
        let is_of = |news: &&News| news.about == About::NeedsPerson && news.incident == Some(number);
        let lines = self.known.news.iter().filter(is_of).filter_map(|news| self.line(news.line));
        lines.map(|line| format!("{}.", sentence(line))).collect()
    }

    fn of_storm(&self, numbers: &[i64], about: About) -> Said {
        let outages: Vec<&Incident> = numbers.iter().filter_map(|number| self.incident(*number)).collect();
        let going_on = outages.iter().filter(|outage| outage.end.is_none()).count();
        let named: Vec<String> = outages.iter().take(NAMED).map(|outage| outage.of.to_string()).collect();
        let more = numbers.len().saturating_sub(named.len());
        let mut names = named.join(", ");
        if more > 0 {
            names = format!("{names} and {more} more");
        }
        let what_is_wrong = match about {
            About::Recovered => format!("All of them pass again: {names}."),
            _ if going_on == numbers.len() => format!("Together in trouble: {names}."),
            _ => format!("{going_on} of {} are still in trouble. All: {names}.", numbers.len()),
        };
        let done = outages.iter().map(|outage| {
            let state = if outage.end.is_some() { "passes again" } else { "in trouble" };
            format!("{}: {state}; {}", outage.of, first(&outage.first))
        });
        Said {
            title: format!("{} outages at once", numbers.len()),
            what_is_wrong,
            done: done.collect(),
            next: None,
            page: "/incidents".to_owned(),
            stop: stop(None),
        }
    }

    fn line(&self, number: i64) -> Option<&'a TimelineLine> {
        self.lines.iter().find(|line| line.number == number)
    }

    fn of_lines(&self, numbers: &[i64]) -> Said {
        let lines: Vec<&TimelineLine> = numbers.iter().filter_map(|number| self.line(*number)).collect();
        let app = lines.first().and_then(|line| line.entry.app.clone());
        let same = lines.iter().all(|line| line.entry.app == app);
        let of = app.filter(|_| same).map(IncidentOf::App);
        let title = match (&of, lines.as_slice()) {
            (Some(of), _) => of.to_string(),
            (None, [_]) => "Flyball".to_owned(),
            (None, lines) => format!("{} things on several apps", lines.len()),
        };
        let sentences: Vec<String> = lines.iter().map(|line| format!("{}.", sentence(line))).collect();
        let (what_is_wrong, done) = match sentences.as_slice() {
            [one] => (one.clone(), Vec::new()),
            _ => (String::new(), sentences),
        };
        let page =
            of.as_ref().and_then(IncidentOf::app).map_or_else(|| "/timeline".to_owned(), |app| format!("/apps/{app}"));
        Said { title, what_is_wrong, done, next: None, page, stop: stop(of.as_ref()) }
    }

    fn of_run(&self, run: RunId) -> Said {
        let line = self.known.news.iter().find(|news| news.run == Some(run)).and_then(|news| self.line(news.line));
        let of = line.and_then(|line| line.entry.app.clone()).map(IncidentOf::App);
        Said {
            title: of.as_ref().map_or_else(|| format!("run {run}"), ToString::to_string),
            what_is_wrong: line.map(|line| format!("{}.", sentence(line))).unwrap_or_default(),
            page: format!("/runs/{run}"),
            stop: stop(of.as_ref()),
            ..Said::default()
        }
    }

    async fn of_channel(&self, channel: &ChannelName, about: About) -> Result<Said, Error> {
        let page = NoticesPage { channel: Some(channel.clone()), notices: 10, ..NoticesPage::default() };
        let why = self.reader.notices(&page).await?.into_iter().find_map(|notice| notice.why);
        let what_is_wrong = match (about, why) {
            (About::Recovered, _) => format!("\"{channel}\" takes notices again."),
            (_, Some(why)) => format!("Nobody can be told by \"{channel}\": {why}."),
            (_, None) => format!("Nobody can be told by \"{channel}\"."),
        };
        let stop = format!("flyball notify --test \"{channel}\"");
        Ok(Said {
            title: format!("channel \"{channel}\""),
            what_is_wrong,
            page: "/".to_owned(),
            stop,
            ..Said::default()
        })
    }

    async fn of_day(&self, day: &str) -> Result<Said, Error> {
        let Some((since, until)) = day_span(self.known.rules, day) else { return Ok(Said::default()) };
        let page = IncidentsPage { since: Some(since), until: Some(until), ..IncidentsPage::default() };
        let incidents = self.reader.incidents(&page).await?;
        let runs = self.reader.runs_between(since, until).await?;
        let down: Duration = incidents
            .iter()
            .map(|incident| incident.ended_at.unwrap_or(until).min(until).since(incident.began_at.max(since)))
            .sum();
        let open = incidents.iter().filter(|incident| incident.ended_at.is_none()).count();
        let what_is_wrong = match incidents.len() {
            0 => format!("{day}: nothing was in trouble; {}.", done_times(runs)),
            count => format!(
                "{day}: {}, {} in all, of which {open} go on; {}.",
                if count == 1 { "1 incident".to_owned() } else { format!("{count} incidents") },
                roughly(down),
                done_times(runs)
            ),
        };
        let done = incidents.iter().map(|incident| incident.words.clone()).collect();
        Ok(Said { title: day.to_owned(), what_is_wrong, done, page: "/incidents".to_owned(), ..Said::default() })
    }
}

/// What fails now: "front" has been failing for 2m: it answered 503.
fn failing(story: &IncidentStory, now: Timestamp) -> Vec<String> {
    let failing = story.failures.iter().filter(|failure| failure.passed_at.is_none());
    let told: Vec<String> = failing
        .map(|failure| {
            format!(
                "\"{}\" has been failing for {}: {}.",
                failure.monitor,
                roughly(now.since(failure.failed_at)),
                failure.words
            )
        })
        .collect();
    if told.is_empty() { vec![format!("{}.", story.incident.words)] } else { told }
}

/// What is over: how long it was, and what failed first.
fn was(incident: &Incident, story: &IncidentStory) -> String {
    let lasted = roughly(Duration::from_secs_f64(story.incident.lasted_s));
    let end = match incident.end.map(|end| end.by) {
        Some(flyball_model::EndedBy::NotWatched) => "what failed is not watched any more",
        Some(flyball_model::EndedBy::Passing) | None => "all pass again",
    };
    format!("It was in trouble for {lasted}, and {end}: {}.", first(&incident.first))
}

fn first(first: &FirstCause) -> String {
    match first {
        FirstCause::Monitor { name, cause: Some(cause) } => format!("\"{name}\" failed first ({cause})"),
        FirstCause::Monitor { name, cause: None } => format!("\"{name}\" failed first"),
        FirstCause::Run(_) => "a run needs a person".to_owned(),
    }
}

fn done(RunHelped { run, helped }: &RunHelped) -> String {
    match helped {
        Some(helped) => format!("{}: {helped}", run.sentence()),
        None => run.sentence(),
    }
}

/// A line of the timeline as a sentence that stands alone.
fn sentence(line: &TimelineLine) -> String {
    let of = line.entry.reaction.as_ref().map(|(_, name)| name.to_string());
    let of = of.or_else(|| line.entry.monitor.as_ref().map(|(_, name)| name.to_string()));
    match (of, &line.entry.event) {
        (None, _) | (_, Event::Engine { .. }) => line.entry.event.to_string(),
        (Some(of), event) => format!("\"{of}\" {event}"),
    }
}

fn stop(of: Option<&IncidentOf>) -> String {
    match of.and_then(IncidentOf::app) {
        Some(app) => format!("flyball pause --app {app}"),
        None => "flyball pause".to_owned(),
    }
}

fn roughly(length: Duration) -> String {
    duration::roughly(Duration::from_secs(length.as_secs()))
}

fn done_times(count: usize) -> String {
    match count {
        0 => "nothing was done".to_owned(),
        1 => "something was done once".to_owned(),
        count => format!("something was done {count} times"),
    }
}
