//! `flyball notify`: what people were told, and whether it arrived; or, to try a channel, tells it something by the same way as an
//! engine, and says what came of it. For that it opens no store.

use super::reading::Source;
use crate::arguments::Notify;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;
use crate::wiring::{People, Wiring};
use flyball_channels::{About, Channel, Done, Means, Notice, Outcome, Text};
use flyball_engine::Tell as _;
use flyball_model::{ChannelName, Excerpt, Timestamp};
use flyball_settings::did_you_mean;
use flyball_store::NoticesPage;
use flyball_views::{NoticeView, Page};
use serde::Serialize;

/// What came of it, for programs.
#[derive(Debug, Serialize)]
struct Told<'t> {
    channel: &'t str,
    kind: &'static str,
    is_told: bool,
}

/// What would be sent, for programs.
#[derive(Debug, Serialize)]
struct Shown<'t> {
    channel: &'t str,
    kind: &'static str,
    would_send: String,
}

pub(super) async fn notify(wiring: &Wiring, asked: &Notify) -> Result<Exit, Failure> {
    match &asked.test {
        Some(name) => test(wiring, asked, name).await,
        None => list(wiring, asked).await,
    }
}

/// What people were told.
async fn list(wiring: &Wiring, asked: &Notify) -> Result<Exit, Failure> {
    let source = Source::open(wiring, Exit::NO).await?;
    let since = asked.since.map(|since| since.begins(wiring.now(), wiring.face.zone()));
    let page = NoticesPage { channel: asked.channel.clone(), since, before: None, notices: asked.lines };
    let found: Vec<NoticeView> = match &source {
        Source::Here(desk) => desk.reader(wiring).await?.notices(&page).await?,
        Source::Afar(server) => {
            let mut query = vec![("limit", asked.lines.to_string())];
            query.extend(page.channel.as_ref().map(|channel| ("channel", channel.to_string())));
            query.extend(since.map(|since| ("since", since.to_string())));
            server.get::<Page<NoticeView>>(&["notices"], &query).await?.items
        }
    };
    match wiring.format {
        Format::Json => output::json(&found)?,
        Format::Text if found.is_empty() => output::say("nobody was told anything that fits"),
        Format::Text => {
            wiring.face.note(wiring.now()).iter().for_each(|note| output::say(note));
            found.iter().try_for_each(|one| output::data(&render::notice::line(one, &wiring.face)))?;
        }
    }
    Ok(Exit::GOOD)
}

async fn test(wiring: &Wiring, asked: &Notify, name: &ChannelName) -> Result<Exit, Failure> {
    let definitions = wiring.definitions()?;
    let Some(channel) = definitions.channels.iter().find(|channel| channel.name == *name) else {
        return Err(no_such(wiring, name, &definitions.channels));
    };
    let variable = |name: &str| wiring.environment.variable(name);
    let now = wiring.now();
    let (notice, means) = (of_test(channel, now), Means { secrets: &variable, now });
    let (name, kind) = (channel.name.as_str(), channel.kind.word());
    if asked.dry_run {
        let would_send = channel.shown(&notice, None, &means).map_err(|outcome| failed(channel, outcome))?;
        match wiring.format {
            Format::Json => output::json(&Shown { channel: name, kind, would_send })?,
            Format::Text => output::data(&would_send)?,
        }
        return Ok(Exit::GOOD);
    }
    let people = People::new(wiring.environment).in_network(&definitions.network);
    match people.tell(channel, &notice, None, now).await {
        Outcome::Sent { .. } => {}
        outcome => return Err(failed(channel, outcome)),
    }
    match wiring.format {
        Format::Json => output::json(&Told { channel: name, kind, is_told: true })?,
        Format::Text => output::data(&format!("\"{name}\" took it ({kind}): look whether it arrived"))?,
    }
    Ok(Exit::GOOD)
}

/// What is told to try a channel.
fn of_test(channel: &Channel, at: Timestamp) -> Notice {
    Notice {
        key: format!("test-{}", at.as_millis()).parse().expect("a number makes a key"),
        sequence: 0,
        about: About::Test,
        title: Excerpt::of(channel.name.as_str()),
        what_is_wrong: Text::of(
            "Somebody ran `flyball notify --test`. Nothing is wrong: this is how Flyball would tell you if it were.",
        ),
        what_was_done: Done::default(),
        next: None,
        link: None,
        stop_command: Excerpt::of("flyball pause"),
        at,
    }
}

fn failed(channel: &Channel, outcome: Outcome) -> Failure {
    let what = format!("cannot tell \"{}\" anything", channel.name);
    match outcome {
        Outcome::Sent { .. } => unreachable!("what was sent did not fail"),
        Outcome::Later { why, after } => {
            let failure = Failure::new(Exit::TRY_AGAIN, what).because(why);
            match after {
                Some(after) => failure.hint(format!("it asks to be left alone for {} s", after.as_secs())),
                None => failure.hint("an engine would try again, for a day"),
            }
        }
        Outcome::Never { why } => Failure::new(Exit::NO, what)
            .because(why)
            .hint("an engine would not try again: change the channel, or its service"),
        Outcome::Gone { why } => {
            Failure::new(Exit::NO, what).because(why).hint("an engine would use it no more: change it in the file")
        }
    }
}

fn no_such(wiring: &Wiring, asked: &ChannelName, channels: &[Channel]) -> Failure {
    let because = format!("{} has none of this name", wiring.config().display());
    let failure = Failure::new(Exit::NO, format!("cannot find the channel \"{asked}\"")).because(because);
    let names = || channels.iter().map(|channel| channel.name.as_str());
    match did_you_mean(asked.as_str(), names()) {
        Some(meant) => failure.hint(format!("did you mean \"{meant}\"?")),
        None if channels.is_empty() => failure.hint("a channel needs its section: [[channel]]"),
        None => failure.hint(format!("there are: {}", names().take(SHOWN_MAX).collect::<Vec<_>>().join(", "))),
    }
}

/// More names help nobody.
const SHOWN_MAX: usize = 10;
