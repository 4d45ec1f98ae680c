//! `flyball demo`: a day at a small shop, in about a minute and a half, in front of a person.
//!
//! The stand-in for Heroku and the real engine run side by side in this process and speak HTTP, as they would over the
//! network. The engine knows nothing of the play: it has a file that anybody could have written, and real time. Only
//! the shop's world is fast. The play goes from scene to scene as the *world* comes to each scene's end, so that a slow
//! machine plays a longer day and not another one; and the judgement at the end looks at nothing but the world.

mod curve;
mod file;
mod judge;
mod kind;
mod mark;
mod play;
mod scene;
mod screen;
mod shop;
mod stage;
mod told;

#[cfg(test)]
mod tests;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::wiring::stopped_by_person;
use clap::Args;
use flyball_engine::{Clock, Ids};
use flyball_model::Timestamp;
use judge::{Verdict, verdicts};
use kind::Kind;
use play::{Play, standing};
use screen::{Screen, exit};
use shop::TOKEN;
use stage::Stage;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};
use told::Teller;

/// How often the play goes on, and Flyball's timeline is read: often enough that a line comes when it happens.
const TICK: Duration = Duration::from_millis(100);
/// Ticks between two redraws of the bottom line.
const TICKS_A_STATUS: u32 = 5;
/// Quiet readings are written down within a quarter of a second; this is how long the last lines of the day are waited
/// for.
const LAST_LINES: Duration = Duration::from_millis(400);

/// `flyball demo`
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Leave this reaction out of the file: the day must then end badly, and say what was missing.
    #[arg(long, value_name = "KIND")]
    without: Option<Kind>,
    /// When the day is over, leave everything running until Ctrl-C.
    #[arg(long)]
    keep: bool,
}

/// Plays the day. Good only if all nine reactions did what they should.
///
/// # Errors
///
/// When the stand-in or the engine does not start, or the output cannot be written.
pub(crate) async fn run(
    arguments: Arguments,
    format: Format,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
) -> Result<Exit, Failure> {
    let mut stage = Stage::set(arguments.without, clock, ids).await?;
    let mut screen = Screen::new(format);
    let played = play(&arguments, &mut stage, &mut screen).await;
    stage.strike().await;
    played
}

/// Plays until the end of the day, or as long as a person wants to.
async fn play(arguments: &Arguments, stage: &mut Stage, screen: &mut Screen) -> Result<Exit, Failure> {
    let mut stopped = pin!(stopped_by_person());
    let mut show = Show { play: Play::new(), teller: Teller::default(), latest: stage.now() };
    let verdicts = tokio::select! {
        verdicts = day(&mut show, stage, screen) => verdicts?,
        () = &mut stopped => {
            screen.say("Stopped before the end of the day: nothing was judged.")?;
            return Ok(Exit::NO);
        }
    };
    if arguments.keep {
        let (page, url) = (stage.page_url(), stage.url());
        screen.say(&format!(
            "\nEverything goes on until Ctrl-C.\n  the shop  {page}\n  Heroku    HEROKU_HOST={url} HEROKU_API_KEY={TOKEN}"
        ))?;
        tokio::select! {
            ended = keep(&mut show, stage, screen) => ended?,
            () = &mut stopped => {}
        }
    }
    Ok(exit(&verdicts))
}

/// The day from morning to night, and the judgement.
async fn day(show: &mut Show, stage: &mut Stage, screen: &mut Screen) -> Result<Vec<Verdict>, Failure> {
    screen.file(&stage.file, &stage.url(), &stage.page_url())?;
    let mut tick = ticks();
    let mut ticked = 0_u32;
    while !show.play.is_over() {
        tick.tick().await;
        show.go_on(stage, screen).await?;
        ticked += 1;
        if ticked.is_multiple_of(TICKS_A_STATUS) {
            show.status(stage, screen)?;
        }
    }
    tokio::time::sleep(LAST_LINES).await;
    show.go_on(stage, screen).await?;
    let verdicts = verdicts(&stage.world(), show.play.marked());
    screen.verdicts(&verdicts, show.play.curves())?;
    Ok(verdicts)
}

/// Goes on telling, for as long as it is let.
async fn keep(show: &mut Show, stage: &mut Stage, screen: &mut Screen) -> Result<(), Failure> {
    let mut tick = ticks();
    loop {
        tick.tick().await;
        show.go_on(stage, screen).await?;
    }
}

fn ticks() -> Interval {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}

/// The play, and how it is told.
struct Show {
    play: Play,
    teller: Teller,
    /// The latest moment that was told of.
    latest: Timestamp,
}

impl Show {
    /// Tells what Flyball did, and lets the play go on.
    async fn go_on(&mut self, stage: &mut Stage, screen: &mut Screen) -> Result<(), Failure> {
        for line in stage.news().await? {
            let time = self.time_of_day(line.entry.at);
            if let Some(line) = self.teller.engine(&line, time) {
                screen.line(&line)?;
            }
        }
        let told = self.play.step(&mut stage.world());
        let now = stage.now();
        for told in told {
            screen.line(&Teller::play(told, now, self.time_of_day(now)))?;
        }
        Ok(())
    }

    /// The time of the shop's day. What Flyball writes down a moment later than it happened is told at the time of the
    /// line before it, so that nobody sees the day go back.
    fn time_of_day(&mut self, at: Timestamp) -> String {
        self.latest = self.latest.max(at);
        self.play.time_of_day(self.latest)
    }

    fn status(&self, stage: &Stage, screen: &mut Screen) -> Result<(), Failure> {
        let (load, capacity, words) = standing(&stage.world(), self.play.scene());
        screen.status(&self.play.time_of_day(stage.now()), load, capacity, &words)
    }
}
