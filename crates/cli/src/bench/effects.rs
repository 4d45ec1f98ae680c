//! How long it takes from a failing page's answer to the call that puts it right, and to the commit in between.
//!
//! Each of many apps has a page that fails and a reaction that acts at once. The stand-in for Heroku is in this process, and
//! answers at once: what is measured is Flyball's own time, and the looks that it takes before a call.

use super::course::{Course, Outside};
use super::place::{On, Place};
use super::target::Target;
use super::{Spread, cannot, definitions, millis, report_table, words};
use crate::failure::Failure;
use crate::wiring::{OneAccount, stand_in};
use async_trait::async_trait;
use clap::Args;
use comfy_table::Table;
use flyball_channels::{Ask, Channel, Handle, Means, Notice, Outcome, TIME_LIMIT, Wire};
use flyball_config::Network;
use flyball_engine::{Clock, Ids, Observe, Tell};
use flyball_heroku_sim::{AppSpec, Cycling, Server, World, WorldFile};
use flyball_model::{Reading, Timestamp, Verdict, duration};
use flyball_monitors::{Monitor, Observer};
use flyball_store::{Error, Store};
use flyball_testing::{Access, Done, StagedStore, StoreStage};
use secrecy::SecretString;
use serde::Serialize;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// Each effect takes some calls, and an account's budget has 4,500 of them.
const COUNT_MAX: u32 = 400;
/// After the interval in which every page is read, this much longer is waited for what is still to be called.
const WAITS_MAX: Duration = Duration::from_secs(30);
/// The only token that the stand-in takes.
const TOKEN: &str = "bench-token-of-the-stand-in";
/// More than anybody has.
const CHANNELS_MAX: u32 = 16;
/// Ids in the stand-in's world come from here; any number will do.
const SEED: u64 = 7;

#[derive(Debug, Args)]
pub(super) struct Effects {
    /// How many effects, each on an app of its own
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u32).range(1..=i64::from(COUNT_MAX)))]
    count: u32,
    /// The interval over which they are spread
    #[arg(long, default_value = "20s", value_parser = duration::parse)]
    every: Duration,
    /// How many channels tell people of each outage and of each effect, and never get an answer
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=i64::from(CHANNELS_MAX)))]
    hung_channels: u32,
    #[command(flatten)]
    pub(super) on: On,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// SQLite or PostgreSQL.
    store: &'static str,
    effects_wanted: u32,
    effects_made: usize,
    hung_channels: u32,
    every_ms: u64,
    lasted_ms: u64,
    /// From the answer having been read to the reading, the choice and the queued run being on disk.
    answer_to_commit_ms: Option<Spread>,
    /// From there to the head of the changing call at the stand-in.
    commit_to_call_ms: Option<Spread>,
    /// Both together.
    answer_to_call_ms: Option<Spread>,
}

impl Report {
    /// Whether every effect was made.
    pub(super) fn is_good(&self) -> bool {
        usize::try_from(self.effects_wanted).is_ok_and(|wanted| wanted == self.effects_made)
    }
}

pub(super) async fn measure(
    place: &Place,
    wanted: &Effects,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
) -> Result<Report, Failure> {
    let page = Target::page().await.map_err(cannot("start the bench's page"))?;
    let apps: Vec<String> = (0..wanted.count).map(|n| format!("bench-{n}")).collect();
    let marks = Arc::new(Marks::default());
    let server = serve(&apps, &clock, &marks).await?;
    let client = stand_in(&server, TOKEN, &clock, &ids)?;

    let hung = Target::mute(wanted.hung_channels.max(1)).await.map_err(cannot("start the bench's channels"))?;
    let channels = &hung.addresses[..wanted.hung_channels as usize];
    let file = channels.iter().enumerate().map(|(n, address)| channel(n, &format!("http://{address}")));
    let rules = (!channels.is_empty()).then(|| told_to(channels.len()));
    let page = format!("http://{}/", page.page_address());
    let file = file.chain(rules).chain(apps.iter().map(|app| failing(app, wanted.every, &page)));
    let accounts = Arc::new(OneAccount::of(&server, &client));
    let observe = Arc::new(Watched { observer: super::observer(), marks: Arc::clone(&marks) });
    let wire = Wire::new(Arc::new(|_| Ok(())), TIME_LIMIT)
        .map_err(|why| cannot("tell anybody")(std::io::Error::other(why)))?;
    let outside = |store| {
        let store = Arc::new(StagedStore(Noted { store, marks: Arc::clone(&marks) }));
        Outside { store, accounts, observe, tell: Arc::new(Hung(wire)), is_asked: false }
    };
    let course = Course::begin_with(place, &definitions(file), outside, clock, ids).await?;
    // A bench that makes fewer says so in its report.
    let _ = timeout(wanted.every + WAITS_MAX, marks.called.acquire_many(wanted.count)).await;
    let ended = course.end().await;
    server.stop().await;
    Ok(report(place, wanted, ended.lasted, &marks.made()))
}

/// The stand-in, with these apps, whose every call is marked.
async fn serve(apps: &[String], clock: &Arc<dyn Clock>, marks: &Arc<Marks>) -> Result<Server, Failure> {
    let spec = |app: &String| {
        AppSpec::new(app).process("web", 1, "Standard-1X").mechanics(|mechanics| {
            mechanics.boot = Duration::ZERO;
            mechanics.latency = Duration::ZERO;
            mechanics.cycling = Cycling::Never;
        })
    };
    let world = World::new(&WorldFile::with_apps(apps.iter().map(spec)).token(TOKEN), clock.now(), SEED);
    let (time, marks) = (Arc::clone(clock), Arc::clone(marks));
    let heard = move |method: &str, path: &str| {
        // `/apps/{app}/…`
        if let (true, Some(app)) = (method != "GET", path.split('/').nth(2)) {
            marks.calls(app);
        }
    };
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let world = Arc::new(Mutex::new(world));
    let server = Server::bind_and_tell(any_port, world, Arc::new(move || time.now()), Arc::new(heard)).await;
    server.map_err(cannot("start the stand-in"))
}

/// A monitor that fails, and a reaction that acts at its first failing reading, once.
fn failing(app: &str, every: Duration, page: &str) -> String {
    let every = duration::print(every);
    format!(
        "[[monitor]]\nname = \"{app}\"\nevery = \"{every}\"\nhttp = {{ url = \"{page}\", keyword = \"ill\" }}\n\
         reactions = [\"{app}\"]\n[[reaction]]\nname = \"{app}\"\ntrigger = 1\n\
         scale_out = {{ app = \"{app}\", max_quantity = 2 }}\n"
    )
}

/// A channel that is told by a service of its own.
fn channel(number: usize, server: &str) -> String {
    format!(
        "[[channel]]\nname = \"hung {number}\"\nntfy = {{ server = \"{server}\", topic = {{ env = \"TOPIC\" }} }}\n"
    )
}

/// All of so many channels are told of each outage and of each effect.
fn told_to(channels: usize) -> String {
    let names: Vec<String> = (0..channels).map(|number| format!("\"hung {number}\"")).collect();
    format!("[notify]\ndefault = [{}]\nwait = \"0s\"\non = [\"incident\", \"effect\"]\n", names.join(", "))
}

/// Tells by real connections to channels of this bench, whose secrets are nobody's.
struct Hung(Wire);

#[async_trait]
impl Tell for Hung {
    async fn tell(&self, channel: &Channel, notice: &Notice, handle: Option<&Handle>, now: Timestamp) -> Outcome {
        let secrets = |_: &str| Some(SecretString::from("flyball-bench"));
        channel.send(&self.0, &Means { secrets: &secrets, now }, notice, handle).await
    }

    async fn ask(&self, ask: &Ask, now: Timestamp) -> Outcome {
        let secrets = |_: &str| Some(SecretString::from("flyball-bench"));
        ask.send(&self.0, &Means { secrets: &secrets, now }).await
    }
}

/// The moments of one effect.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    answered: Option<Instant>,
    committed: Option<Instant>,
    called: Option<Instant>,
}

/// When what was, of each app.
struct Marks {
    apps: Mutex<HashMap<String, Moments>>,
    /// Has one permit for each app whose call has come.
    called: Semaphore,
}

impl Default for Marks {
    fn default() -> Self {
        Self { apps: Mutex::default(), called: Semaphore::new(0) }
    }
}

impl Marks {
    fn with<T>(&self, app: &str, mark: impl FnOnce(&mut Moments) -> T) -> T {
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        mark(apps.entry(app.to_owned()).or_default())
    }

    /// A page was read. Of several readings, the one that led to the commit counts.
    fn answers(&self, app: &str, at: Instant) {
        self.with(app, |moments| {
            if moments.committed.is_none() {
                moments.answered = Some(at);
            }
        });
    }

    fn commits(&self, app: &str) {
        self.with(app, |moments| *moments.committed.get_or_insert_with(Instant::now));
    }

    fn calls(&self, app: &str) {
        let at = Instant::now();
        if self.with(app, |moments| moments.called.replace(at)).is_none() {
            self.called.add_permits(1);
        }
    }

    /// Answer, commit and call of each effect that was made.
    fn made(&self) -> Vec<[Instant; 3]> {
        let apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        apps.values().filter_map(|one| Some([one.answered?, one.committed?, one.called?])).collect()
    }
}

/// An observer that marks when an answer has been read.
struct Watched {
    observer: Arc<Observer>,
    marks: Arc<Marks>,
}

#[async_trait]
impl Observe for Watched {
    async fn observe(&self, monitor: &Monitor, begun_at: Timestamp) -> Reading {
        let reading = self.observer.observe(monitor, begun_at).await;
        let at = Instant::now();
        if reading.verdict() == Verdict::Failing {
            self.marks.answers(monitor.name.as_str(), at);
        }
        reading
    }

    fn define(&self, network: &Network) {
        Observe::define(&*self.observer, network);
    }
}

/// A store that marks when a queued run is on disk.
struct Noted {
    store: Arc<dyn Store>,
    marks: Arc<Marks>,
}

impl StoreStage for Noted {
    fn store(&self) -> &dyn Store {
        &*self.store
    }

    async fn call<T: Send>(
        &self,
        _: Access,
        _: &'static str,
        call: impl Future<Output = Result<T, Error>> + Send,
        done: impl FnOnce(&T) + Send,
    ) -> Result<T, Error> {
        call.await.inspect(done)
    }

    fn done(&self, done: Done<'_>) {
        if let Done::Saved(batch) = done {
            batch.runs.iter().for_each(|run| self.marks.commits(run.plan.app().name.as_str()));
        }
    }

    fn may_be_due(&self) -> bool {
        true
    }
}

fn report(place: &Place, wanted: &Effects, lasted: Duration, made: &[[Instant; 3]]) -> Report {
    let between = |from: usize, to: usize| Spread::of(made.iter().map(|moments| moments[to] - moments[from]).collect());
    Report {
        store: place.kind(),
        effects_wanted: wanted.count,
        effects_made: made.len(),
        hung_channels: wanted.hung_channels,
        every_ms: millis(wanted.every),
        lasted_ms: millis(lasted),
        answer_to_commit_ms: between(0, 1),
        commit_to_call_ms: between(1, 2),
        answer_to_call_ms: between(0, 2),
    }
}

pub(super) fn table(report: &Report) -> Table {
    let mut table = report_table();
    let spread =
        |spread: &Option<Spread>| spread.as_ref().map_or_else(|| "none was made".to_owned(), ToString::to_string);
    let Report { effects_made, effects_wanted, .. } = report;
    table.add_row(["effects", &format!("{effects_made} of {effects_wanted}, spread over {}", words(report.every_ms))]);
    if report.hung_channels > 0 {
        table.add_row(["told meanwhile", &format!("{} channels, none of which answers", report.hung_channels)]);
    }
    table.add_row(["store", report.store]);
    table.add_row(["measured for", &words(report.lasted_ms)]);
    table.add_row(["from answer to commit", &spread(&report.answer_to_commit_ms)]);
    table.add_row(["from commit to call", &spread(&report.commit_to_call_ms)]);
    table.add_row(["from answer to call", &spread(&report.answer_to_call_ms)]);
    table
}
