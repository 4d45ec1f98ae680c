//! How long a month takes that is played anew, at a reading each ten seconds: `cargo bench -p flyball-replay`. Ten seconds are the bound.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench reads the time, and tells")]

use flyball_model::{
    Amount, App, AppId, AppLimits, DynoSize, Finding, Generation, Measured, MonitorId, ProcessFormation, ProcessType,
    Quantity, Subject, Timestamp, Unit,
};
use flyball_model::{ApiHost, HerokuApp};
use flyball_replay::{Found, Stage, Track, play, weigh};
use std::hint::black_box;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(10);
const READINGS: u32 = 30 * 8640;

fn main() {
    let reaction = |stabilize: &str| {
        let text = format!(
            "[[reaction]]\nname = \"enough web\"\nscale_to = {{ app = \"shop\", per_dyno = 3.5, min_quantity = 2, \
             max_quantity = 40, stabilize = \"{stabilize}\" }}\n"
        );
        flyball_config::read("bench", &text).expect("it is a reaction").reactions.remove(0)
    };
    let begins = Timestamp::from_millis(1_800_000_000_000);
    let load = |nth: u32| {
        // A day's wave with some noise.
        let day = f64::from(nth % 8640) / 8640.0 * std::f64::consts::TAU;
        let noise = f64::from(nth.wrapping_mul(2_654_435_761) >> 20) / 4096.0;
        40.0 + 30.0 * day.sin() + 8.0 * noise
    };
    let found = |nth: u32| {
        let amount = Amount::new(load(nth), Unit::Things);
        let told = Some(Measured { amount, complete: true, few: false, dynos: None });
        Found { at: begins + EVERY * nth, finding: Finding::Passing, told }
    };
    let found: Vec<Found> = (0..READINGS).map(found).collect();
    let app = App {
        id: AppId::new("id"),
        name: "shop".parse().expect("a name"),
        maintenance: false,
        generation: Generation::Cedar,
        shield: false,
        web_url: None,
    };
    let size = DynoSize::new("Standard-1X");
    let account = "default".parse().expect("a name");
    let (host, name) = (ApiHost::default(), app.name.clone());
    let stage = Stage {
        subject: Subject::HerokuApp(HerokuApp { host, account, name, id: None }),
        app,
        formation: vec![ProcessFormation { process_type: ProcessType::web(), quantity: Quantity::new(4), size }],
        others: &[],
        limits: AppLimits::default(),
        shared_interval: None,
    };
    let name = "shop is busy".parse().expect("a name");
    let tracks = [Track { id: MonitorId::of(&name), name, every: EVERY, found: &found }];
    for stabilize in ["5m", "1h"] {
        let reaction = reaction(stabilize);
        let began = Instant::now();
        let played = black_box(play(&reaction, &stage, &tracks, begins));
        let until = begins + EVERY * READINGS;
        let weighed = weigh(&played.quantities, &found, EVERY, Some(3.5), until);
        println!(
            "stabilize {stabilize}: {} readings in {:.2?}; {} acts, {:.0} dyno-hours, {:.0} minutes short",
            played.readings,
            began.elapsed(),
            played.acted,
            weighed.dyno_seconds / 3600.0,
            weighed.short_seconds / 60.0,
        );
    }
}
