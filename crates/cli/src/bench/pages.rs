//! What pages cost, of many monitors with a long past, while their checks go on: each is asked for as a browser does, one after another,
//! from the first byte of the question to the last of the answer.

use super::course::{Course, Outside};
use super::place::{FILE, Place};
use super::target::Target;
use super::{cannot, definitions_of, micros, millis, ms, past, report_table, store, words};
use crate::exit::Exit;
use crate::face::Face;
use crate::failure::Failure;
use crate::wiring::{OneAccount, stand_in};
use clap::Args;
use comfy_table::Table;
use flyball_engine::{Clock, Ids, NobodyIsTold};
use flyball_heroku_sim::{AppSpec, Cycling, Server, World, WorldFile};
use flyball_model::duration;
use flyball_store::Sqlite;
use reqwest::{Client, header};
use serde::Serialize;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// What a page may take, of 95 of 100 times.
const TIME_AIM_MS: f64 = 200.0;
/// What a page may weigh on its way, with all that it is shown with.
const BYTES_AIM: usize = 150_000;

/// More than one process is meant for.
const MONITORS_MAX: u32 = 200_000;
/// As many apps as a large team has.
const APPS: u32 = 200;
/// Apps of one file, which is bounded.
const APPS_A_FILE: usize = 20;
/// One of so many monitors fails, and one of so many cannot look.
const FAILING: u32 = 40;
const UNKNOWN: u32 = 100;
/// An address of the link itself, which no check may reach: nothing is sent.
const FORBIDDEN: &str = "http://169.254.1.1/";
/// What every page is shown with.
const ASSETS: [&str; 3] = ["/sheet.css", "/flyball.js", "/icons/failing.svg"];
/// An answer that takes longer is told as a failure.
const ANSWER_MAX: Duration = Duration::from_mins(1);
/// What reactions do comes after the first look at everything; longer than this nobody waits for it.
const SETTLED_MAX: Duration = Duration::from_mins(5);
/// The only token that the stand-in takes.
const TOKEN: &str = "bench-token-of-the-stand-in";
/// Ids in the stand-in's world come from here; any number will do.
const SEED: u64 = 7;

#[derive(Debug, Args)]
pub(super) struct Pages {
    /// How many monitors, of 200 apps; one in forty fails, and one in a hundred cannot look
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=i64::from(MONITORS_MAX)))]
    monitors: u32,
    /// Their interval
    #[arg(long, default_value = "30s", value_parser = duration::parse)]
    every: Duration,
    /// How many days they were there before
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=400))]
    days: u32,
    /// How long pages are asked for; each is asked for three times at least
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Keep the database in this folder
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    monitors: u32,
    apps: u32,
    every_ms: u64,
    days: u32,
    /// How long the past took to write.
    past_ms: u64,
    store_mib: f64,
    /// How long pages were asked for.
    asked_ms: u64,
    checks_missed: u64,
    /// What 95 of 100 answers may take.
    time_aim_ms: f64,
    /// What a page may weigh, compressed, with its assets.
    bytes_aim: usize,
    assets: Asked,
    pages: Vec<Answered>,
    /// What programs read. There is no aim for it.
    reads: Vec<Answered>,
}

/// Answers to one question.
#[derive(Debug, Serialize)]
struct Answered {
    path: String,
    times: usize,
    p50_ms: f64,
    p95_ms: f64,
    max_ms: f64,
    #[serde(flatten)]
    size: Asked,
}

/// Bytes of an answer's body.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Asked {
    bytes: usize,
    /// As they are sent to whoever takes gzip.
    compressed_bytes: usize,
}

impl Report {
    /// Whether every page is within its aims, and checks went on.
    pub(super) fn is_good(&self) -> bool {
        self.checks_missed == 0 && self.pages.iter().all(|page| self.misses(page).is_none())
    }

    /// Which aim a page misses.
    fn misses(&self, page: &Answered) -> Option<&'static str> {
        match (
            page.p95_ms > self.time_aim_ms,
            page.size.compressed_bytes + self.assets.compressed_bytes > self.bytes_aim,
        ) {
            (true, true) => Some("late and large"),
            (true, false) => Some("late"),
            (false, true) => Some("large"),
            (false, false) => None,
        }
    }
}

pub(super) async fn measured(wanted: &Pages, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Result<Report, Failure> {
    let place = match &wanted.keep {
        None => Place::folder()?,
        Some(folder) if folder.join(FILE).exists() => {
            return Err(Failure::new(Exit::NO, format!("cannot keep a database in {}", folder.display()))
                .because("there is one already")
                .hint("name another folder with --keep"));
        }
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(cannot("make the folder to keep"))?;
            Place::kept(folder)
        }
    };
    place.lent(async |place| measure(place, wanted, clock, ids).await).await
}

async fn measure(place: &Place, wanted: &Pages, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Result<Report, Failure> {
    let began = Instant::now();
    let file = place.file().expect("a bench of pages has a file");
    let past = Sqlite::open(&file).await.map_err(cannot("open the bench's store"))?;
    past::write(&past, wanted.monitors, wanted.days, clock.now()).await.map_err(cannot("write a past"))?;
    past.close().await;
    let past_took = began.elapsed();

    let target = Target::page().await.map_err(cannot("start the bench's page"))?;
    let apps = Apps::of(wanted.monitors);
    let server = apps.serve(&clock).await?;
    let client = stand_in(&server, TOKEN, &clock, &ids)?;
    let accounts = Arc::new(OneAccount::of(&server, &client));
    let outside =
        |store| Outside { store, accounts, observe: super::observer(), tell: Arc::new(NobodyIsTold), is_asked: true };
    let definitions = definitions_of(apps.files(wanted.every, target.page_address()));
    let course = Course::begin_with(place, &definitions, outside, clock, ids).await?;
    let face = Face::open(&course.engine, &course.store, "bench").await?;
    settled(&course, wanted).await;

    let browser = Browser::of(face.address)?;
    let (pages, reads) = browser.paths(&apps).await?;
    let mut assets = Asked::default();
    for asset in ASSETS {
        let Asked { bytes, compressed_bytes } = browser.weighed(asset).await?;
        assets = Asked { bytes: assets.bytes + bytes, compressed_bytes: assets.compressed_bytes + compressed_bytes };
    }
    let asking = Instant::now();
    let mut answered = browser.ask([pages.clone(), reads].concat(), Duration::from_secs(wanted.seconds.into())).await?;
    let asked = asking.elapsed();
    let reads = answered.split_off(pages.len());
    face.close().await;
    let ended = course.end().await;
    server.stop().await;
    Ok(Report {
        monitors: wanted.monitors,
        apps: apps.count,
        every_ms: millis(wanted.every),
        days: wanted.days,
        past_ms: millis(past_took),
        store_mib: ended.stored.unwrap_or_default() as f64 / f64::from(1 << 20),
        asked_ms: millis(asked),
        checks_missed: ended.figures.missed,
        time_aim_ms: TIME_AIM_MS,
        bytes_aim: BYTES_AIM,
        assets,
        pages: answered,
        reads,
    })
}

/// Waits until everything was looked at twice, so that reactions were called and what they do was begun.
async fn settled(course: &Course, wanted: &Pages) {
    let looks = u64::from(wanted.monitors) * 2;
    let looked = async {
        while course.figures().made < looks {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    // A bench whose checks do not keep up says so in its report.
    let _ = tokio::time::timeout(SETTLED_MAX.max(wanted.every * 3), looked).await;
}

/// The apps, each with its part of the monitors, and with a reaction that all of them call.
struct Apps {
    count: u32,
    monitors: u32,
}

impl Apps {
    fn of(monitors: u32) -> Self {
        Self { count: APPS.min(monitors), monitors }
    }

    fn name(nth: u32) -> String {
        format!("bench-{nth}")
    }

    fn of_monitor(&self, monitor: u32) -> u32 {
        u32::try_from(u64::from(monitor) * u64::from(self.count) / u64::from(self.monitors)).unwrap_or_default()
    }

    /// Several files, since each is bounded.
    fn files(&self, every: Duration, page: SocketAddr) -> Vec<String> {
        let mut files: Vec<String> = vec![String::new(); (self.count as usize).div_ceil(APPS_A_FILE)];
        let of_app = |app: u32| app as usize / APPS_A_FILE;
        for app in 0..self.count {
            let name = Self::name(app);
            let _ = write!(
                files[of_app(app)],
                "[[reaction]]\nname = \"more {name}\"\ntrigger = 2\nscale_out = {{ app = \"{name}\", max_quantity = 2 }}\n"
            );
        }
        let every = duration::print(every);
        for monitor in 0..self.monitors {
            let app = self.of_monitor(monitor);
            let (url, keyword) = match (monitor % FAILING, monitor % UNKNOWN) {
                (7, _) => (format!("http://{page}/{monitor}"), "ill"),
                (_, 3) => (FORBIDDEN.to_owned(), "well"),
                _ => (format!("http://{page}/{monitor}"), "well"),
            };
            let (name, calls) = (store::name(monitor), Self::name(app));
            let _ = write!(
                files[of_app(app)],
                "[[monitor]]\nname = \"{name}\"\nevery = \"{every}\"\nreactions = [\"more {calls}\"]\n\
                 http = {{ url = \"{url}\", keyword = \"{keyword}\" }}\n"
            );
        }
        files
    }

    /// The stand-in, with these apps.
    async fn serve(&self, clock: &Arc<dyn Clock>) -> Result<Server, Failure> {
        let spec = |app: u32| {
            AppSpec::new(&Self::name(app)).process("web", 1, "Standard-1X").mechanics(|mechanics| {
                mechanics.boot = Duration::ZERO;
                mechanics.latency = Duration::ZERO;
                mechanics.cycling = Cycling::Never;
            })
        };
        let world = World::new(&WorldFile::with_apps((0..self.count).map(spec)).token(TOKEN), clock.now(), SEED);
        let (time, any_port) = (Arc::clone(clock), SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let server = Server::bind(any_port, Arc::new(Mutex::new(world)), Arc::new(move || time.now())).await;
        server.map_err(cannot("start the stand-in"))
    }
}

/// Who asks.
struct Browser {
    client: Client,
    address: SocketAddr,
}

impl Browser {
    fn of(address: SocketAddr) -> Result<Self, Failure> {
        // Bytes are counted as they are sent.
        let client = Client::builder().no_proxy().no_gzip().timeout(ANSWER_MAX).build();
        Ok(Self { client: client.map_err(cannot("ask for pages"))?, address })
    }

    /// The body of an answer that is good.
    async fn body(&self, path: &str, encoding: &'static str) -> Result<Vec<u8>, Failure> {
        let url = format!("http://{}{path}", self.address);
        let answer = self.client.get(url).header(header::ACCEPT_ENCODING, encoding).send().await;
        let refused = |error| Failure::new(Exit::NO, format!("cannot ask for {path}")).because(error);
        let answer = answer.and_then(reqwest::Response::error_for_status).map_err(refused)?;
        Ok(answer.bytes().await.map_err(refused)?.to_vec())
    }

    async fn weighed(&self, path: &str) -> Result<Asked, Failure> {
        let (plain, compressed) = (self.body(path, "identity").await?, self.body(path, "gzip").await?);
        Ok(Asked { bytes: plain.len(), compressed_bytes: compressed.len() })
    }

    /// What is asked for: pages, and what programs read. The first monitor is one with all of the past.
    async fn paths(&self, apps: &Apps) -> Result<(Vec<String>, Vec<String>), Failure> {
        let runs = self.body("/api/v1/runs?limit=1", "identity").await?;
        let runs: serde_json::Value = serde_json::from_slice(&runs).map_err(cannot("read the list of runs"))?;
        let run = runs[0]["id"].as_str();
        let failing = if apps.monitors > 7 { 7 } else { 0 };
        let monitor = store::name(failing).to_string().replace(' ', "%20");
        let app = Apps::name(apps.of_monitor(failing));
        let reaction = format!("more%20{app}");
        let mut pages: Vec<String> =
            ["/", "/apps", "/reactions", "/timeline", "/pause", "/settings", "/sign-in", "/new", "/new/from?sample=1"]
                .map(str::to_owned)
                .to_vec();
        pages.extend([
            format!("/apps/{app}"),
            format!("/monitors/{monitor}"),
            format!("/monitors/{monitor}?span=90d"),
            format!("/reactions/{reaction}"),
            format!("/timeline?app={app}"),
            format!("/timeline?monitor={monitor}"),
        ]);
        pages.extend(run.map(|run| format!("/runs/{run}")));
        let mut reads: Vec<String> = ["status", "monitors", "reactions", "apps", "runs", "timeline", "pauses"]
            .map(|noun| format!("/api/v1/{noun}"))
            .to_vec();
        reads.extend([
            "/metrics".to_owned(),
            format!("/api/v1/status?app={app}"),
            format!("/api/v1/monitors/{monitor}"),
            format!("/api/v1/monitors/{monitor}/readings"),
            format!("/api/v1/monitors/{monitor}/series?since=90d"),
            format!("/api/v1/reactions/{reaction}"),
            format!("/api/v1/why?of={monitor}"),
            format!("/api/v1/report?monitor={monitor}&since=90d"),
        ]);
        reads.extend(run.map(|run| format!("/api/v1/runs/{run}/story")));
        Ok((pages, reads))
    }

    /// Asks for all of them, again and again, until this time is over.
    async fn ask(&self, paths: Vec<String>, lasts: Duration) -> Result<Vec<Answered>, Failure> {
        let mut sizes = Vec::with_capacity(paths.len());
        for path in &paths {
            sizes.push(self.weighed(path).await?);
        }
        let mut took: Vec<Vec<Duration>> = vec![Vec::new(); paths.len()];
        let (began, mut rounds) = (Instant::now(), 0);
        while rounds < 3 || began.elapsed() < lasts {
            for (path, took) in paths.iter().zip(&mut took) {
                let asked = Instant::now();
                self.body(path, "gzip").await?;
                took.push(asked.elapsed());
            }
            rounds += 1;
        }
        let answered =
            paths.into_iter().zip(took).zip(sizes).map(|((path, took), size)| Answered::of(path, took, size));
        Ok(answered.collect())
    }
}

impl Answered {
    fn of(path: String, mut took: Vec<Duration>, size: Asked) -> Self {
        took.sort_unstable();
        // The one that so many are not beyond.
        let at = |share: f64| ms(micros(took[((share * took.len() as f64).ceil() as usize).clamp(1, took.len()) - 1]));
        Self { path, times: took.len(), p50_ms: at(0.5), p95_ms: at(0.95), max_ms: at(1.0), size }
    }
}

pub(super) fn table(report: &Report) -> Table {
    let mut table = report_table();
    let kb = |bytes: usize| format!("{:.1} kB", bytes as f64 / 1000.0);
    let answered = |one: &Answered| {
        format!(
            "{:7.1} ms p50, {:7.1} ms p95, {:7.1} ms at most, of {} times; {}, {} compressed",
            one.p50_ms,
            one.p95_ms,
            one.max_ms,
            one.times,
            kb(one.size.bytes),
            kb(one.size.compressed_bytes)
        )
    };
    let Report { monitors, apps, days, .. } = report;
    table.add_row(["monitors", &format!("{monitors} of {apps} apps, each every {}", words(report.every_ms))]);
    table.add_row(["past", &format!("{days} days, written in {}, {:.1} MiB", words(report.past_ms), report.store_mib)]);
    table.add_row(["asked for", &words(report.asked_ms)]);
    table.add_row(["checks missed", &report.checks_missed.to_string()]);
    for page in &report.pages {
        let misses = report.misses(page).map(|what| format!(" - {what}")).unwrap_or_default();
        table.add_row([&page.path, &format!("{}{misses}", answered(page))]);
    }
    for read in &report.reads {
        table.add_row([&read.path, &answered(read)]);
    }
    table.add_row([
        "with every page",
        &format!("{} of sheet, module and icon, compressed", kb(report.assets.compressed_bytes)),
    ]);
    let aim = format!("{:.0} ms p95, {} compressed with those", report.time_aim_ms, kb(report.bytes_aim));
    let late = report.pages.iter().filter(|page| report.misses(page).is_some()).count();
    table.add_row([
        "aim of a page",
        &format!("{aim}: {}", if late == 0 { "all are within it".to_owned() } else { format!("{late} are beyond it") }),
    ]);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_twenty_times_the_nineteenth_is_the_95th_percentile() {
        let took = (1..=20).rev().map(Duration::from_millis).collect();
        let Answered { p50_ms, p95_ms, max_ms, .. } = Answered::of("/".to_owned(), took, Asked::default());
        assert_eq!([p50_ms, p95_ms, max_ms], [10.0, 19.0, 20.0]);
    }

    #[test]
    fn every_monitor_is_of_an_app_of_its_own_file() {
        for monitors in [1, 3, 199, 1001] {
            let apps = Apps::of(monitors);
            let read = definitions_of(apps.files(Duration::from_secs(30), "127.0.0.1:1".parse().unwrap()));
            assert_eq!((read.monitors.len(), read.reactions.len()), (monitors as usize, apps.count as usize));
        }
    }
}
