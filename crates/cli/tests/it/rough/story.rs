//! What goes wrong with the apps: one trouble after the other, each of which one effect of Flyball puts right.

use crate::support::{draw, now};
use flyball_heroku_sim::{AppEvent, Event, World};
use flyball_model::Timestamp;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How many dynos an app is scaled out to at most; a person takes it back to one from there.
const WEB_MAX: u32 = 8;
/// How often it is looked whether an app is well again.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two troubles of one app: from two seconds on, and so many milliseconds more at most.
const REST_MS: (u64, u64) = (2_000, 4_000);

/// One that is mended by each kind of reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A one-off dyno cleans up.
    Database,
    /// A restart frees it.
    Stuck,
    /// One more dyno carries it.
    Load,
}

impl Trouble {
    pub(super) const ALL: [Self; 3] = [Self::Database, Self::Stuck, Self::Load];

    pub(super) fn befalls(self, world: &Mutex<World>, app: &str) {
        let mut world = world.lock().unwrap();
        let web = world.app(app).unwrap().quantity("web");
        let what = match self {
            Self::Database => AppEvent::DatabaseError(500),
            Self::Stuck => AppEvent::Hiccup,
            // More than this many can bear, and not more than one more of them can.
            Self::Load => AppEvent::Load(f64::from(web) * 15.0 + 1.0),
        };
        world.apply(Event::app(app, what)).unwrap();
    }
}

/// What happened to an app until it was told to rest.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Each trouble that was mended, and how long it lasted.
    pub(super) mended: Vec<(Trouble, Duration)>,
    /// When a person scaled it back: nobody can tell then whether a lost call had set a quantity before.
    pub(super) scaled_back: Vec<Timestamp>,
}

/// Has monitors call every kind of reaction for an app.
pub(super) fn watch(file: &mut String, app: &str, page: &str) {
    write!(
        file,
        "[[monitor]]\nname = \"{app} database\"\nevery = \"1s\"\nreactions = [\"clean {app}\"]\n\
         http = {{ url = \"{page}\", keyword = \"database error\", present = false }}\n\
         [[reaction]]\nname = \"clean {app}\"\ncauses = [\"text\"]\nmax_per_hour = 900\ngive_up_after = 1000\n\
         create_one_off_dyno = {{ app = \"{app}\", command = \"bin/rails db:cleanup\", time_to_live = \"20s\" }}\n\
         [[monitor]]\nname = \"{app} stuck\"\nevery = \"1s\"\nreactions = [\"restart {app}\"]\n\
         http = {{ url = \"{page}\", keyword = \"connection pool is stuck\", present = false }}\n\
         [[reaction]]\nname = \"restart {app}\"\ncauses = [\"text\"]\nsettle = \"2s\"\ngive_up_after = 1000\n\
         restart_all_dynos = {{ app = \"{app}\" }}\n\
         [[monitor]]\nname = \"{app} load\"\nevery = \"1s\"\nreactions = [\"more {app}\"]\n\
         http = {{ url = \"{page}\", status = [\"2xx\", 500] }}\n\
         [[reaction]]\nname = \"more {app}\"\nscale_out = {{ app = \"{app}\", max_quantity = {WEB_MAX} }}\n"
    )
    .unwrap();
}

/// The names of the monitors of an app.
pub(super) fn monitors(app: &str) -> [String; 3] {
    ["database", "stuck", "load"].map(|what| format!("{app} {what}"))
}

/// Whether a visitor of the app's page sees it as it should be.
pub(super) fn is_well(world: &Mutex<World>, app: &str) -> bool {
    world.lock().unwrap().page(app).is_some_and(|page| page.status == 200)
}

/// One trouble after the other befalls an app, until `stop` is cancelled. The last one is waited out.
pub(super) async fn troubles(world: Arc<Mutex<World>>, app: String, mut chance: u64, stop: CancellationToken) -> Told {
    let mut told = Told::default();
    loop {
        let rest = Duration::from_millis(REST_MS.0 + draw(&mut chance, REST_MS.1));
        tokio::select! {
            () = stop.cancelled() => return told,
            () = tokio::time::sleep(rest) => {}
        }
        if world.lock().unwrap().app(&app).unwrap().quantity("web") == WEB_MAX {
            let back = AppEvent::Scale { process: "web".to_owned(), quantity: 1 };
            world.lock().unwrap().apply(Event::app(&app, back)).unwrap();
            told.scaled_back.push(now());
            continue;
        }
        let trouble = Trouble::ALL[usize::try_from(draw(&mut chance, 3)).unwrap()];
        let begun = now();
        trouble.befalls(&world, &app);
        while !is_well(&world, &app) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        told.mended.push((trouble, now().since(begun)));
        world.lock().unwrap().apply(Event::app(&app, AppEvent::Load(0.0))).unwrap();
    }
}
