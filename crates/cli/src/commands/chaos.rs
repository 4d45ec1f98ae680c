//! `flyball chaos`: days with everything going wrong, from seeds, and whether everything held that must.

use crate::arguments::Chaos;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, data, json, say};
use crate::wiring::{SystemClock, Wiring};
use flyball_chaos::{Aim, Between, Figures, StageError, Trial, attempt, generate, minimise, tell};
use flyball_engine::Clock as _;
use serde::Serialize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What came of it, as data.
#[derive(Serialize)]
struct Report {
    figures: Figures,
    seconds: f64,
    hours_per_second: f64,
    violation: Option<Violated>,
}

/// The first seed in which something did not hold.
#[derive(Serialize)]
struct Violated {
    seed: u64,
    minutes: u32,
    invariant: &'static str,
    words: String,
    story: String,
    replay: String,
}

/// Plays the seeds. The answer is no when something did not hold in one of them.
pub(super) async fn chaos(wiring: &Wiring, asked: &Chaos) -> Result<Exit, Failure> {
    let began = SystemClock.now();
    let (seeds, minutes) = (asked.seed..asked.seed.saturating_add(asked.seeds), asked.minutes);
    let aim = match (asked.lost_calls, asked.nodes, asked.telling) {
        (true, ..) => Aim::LostCalls,
        (_, true, _) => Aim::Nodes,
        (.., true) => Aim::Telling,
        (false, false, false) => Aim::Everything,
    };
    // A play has a runtime of its own, which must not be this one.
    let played = tokio::task::spawn_blocking(move || campaign(seeds, minutes, aim)).await;
    let (figures, violation) = played.map_err(cannot)?.map_err(cannot)?;
    let seconds = SystemClock.now().since(began).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of minutes, to be read by people")]
    let hours_per_second = figures.minutes as f64 / 60.0 / seconds.max(f64::MIN_POSITIVE);
    let exit = if violation.is_none() { Exit::GOOD } else { Exit::NO };
    let report = Report { figures, seconds, hours_per_second, violation };
    match wiring.format {
        Format::Json => json(&report)?,
        Format::Text => {
            if let Some(violated) = &report.violation {
                data(&format!("seed {}\n\n{}\nplay it again: {}\n", violated.seed, violated.story, violated.replay))?;
            }
            data(report.figures.to_string().trim_end())?;
            data(&format!("{:<34}{:>12.1}", "simulated hours per second", report.hours_per_second))?;
        }
    }
    Ok(exit)
}

/// Plays seeds side by side, one thread for each core, up to the first in which something does not hold.
fn campaign(seeds: Range<u64>, minutes: u32, aim: Aim) -> Result<(Figures, Option<Violated>), StageError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(seeds.start);
    let sum = Mutex::new(Figures::default());
    let worst: Mutex<Option<Trial>> = Mutex::default();
    let failed: Mutex<Option<StageError>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end {
                        return;
                    }
                    match attempt(generate(seed, minutes, aim), &Between::default()) {
                        Ok(trial) => {
                            lock(&sum).add(&trial);
                            if !trial.violations.is_empty() {
                                next.store(seeds.end, Ordering::SeqCst);
                                keep_the_first(&mut lock(&worst), trial);
                            }
                        }
                        Err(error) => {
                            next.store(seeds.end, Ordering::SeqCst);
                            lock(&failed).get_or_insert(error);
                        }
                    }
                }
            });
        }
    });
    if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let figures = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    let worst = worst.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((figures, worst.map(|trial| violated(trial, minutes, aim)).transpose()?))
}

fn keep_the_first(kept: &mut Option<Trial>, trial: Trial) {
    if kept.as_ref().is_none_or(|before| trial.story.seed < before.story.seed) {
        *kept = Some(trial);
    }
}

fn violated(trial: Trial, minutes: u32, aim: Aim) -> Result<Violated, StageError> {
    let seed = trial.story.seed;
    let aimed = match aim {
        Aim::Everything => "",
        Aim::LostCalls => " --lost-calls",
        Aim::Nodes => " --nodes",
        Aim::Telling => " --telling",
    };
    say(&format!("seed {seed}: something did not hold; making the story small"));
    let smallest = minimise(trial, &Between::default())?;
    let first = smallest.violations.first().expect("a story is only made smaller while it violates something");
    Ok(Violated {
        seed,
        minutes,
        invariant: first.invariant,
        words: first.words.clone(),
        story: tell(&smallest),
        replay: format!("flyball chaos --seed {seed} --minutes {minutes}{aimed}"),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cannot(error: impl std::error::Error) -> Failure {
    let failure = Failure::new(Exit::NO, error.to_string());
    match error.source() {
        Some(source) => failure.because(source),
        None => failure,
    }
}
