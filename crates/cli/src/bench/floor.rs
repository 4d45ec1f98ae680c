//! What the same checks cost with nothing behind them: no store, no state, no reactions, no readings. Whoever watches pays
//! this much; what `bench monitors` takes beyond it is Flyball's own.

use super::course::Ended;
use super::monitors::{Many, Report};
use super::process::Usage;
use super::target::Target;
use super::{cannot, millis};
use crate::failure::Failure;
use crate::wiring::Descriptors;
use flyball_decide::{due_at_or_after, first_due};
use flyball_engine::Clock;
use flyball_engine::live::Figures;
use flyball_model::{MonitorId, MonitorName, Timestamp};
use hdrhistogram::Histogram;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// Checks that are due this close together start together, as those of the loop do.
const SLOT: Duration = Duration::from_millis(20);
/// A check takes no longer than a monitor's would, nor than its interval.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More of a page is not read: the bench's has 13 bytes.
const PAGE_MAX: usize = 64 * 1024;
/// Lateness is counted up to a minute, in microseconds, as the loop counts it.
const LATE_MAX_US: u64 = 60_000_000;

pub(super) async fn measure(wanted: &Many, clock: Arc<dyn Clock>) -> Result<Report, Failure> {
    let target = Target::page().await.map_err(cannot("start the bench's page"))?;
    let page = target.page_address();
    let at_once = Descriptors::raise().checks_at_once();
    let before = Usage::now();
    let mut round = Round::of(wanted, page, &*clock);
    let started = Instant::now();
    let ends = started + wanted.lasts();
    while Instant::now() < ends {
        round.start_due(clock.now(), at_once);
        round.take_ended();
        sleep(round.wait(clock.now()).min(ends.saturating_duration_since(Instant::now()))).await;
    }
    round.take_ended();
    let (figures, after) = (round.figures(), Usage::now());
    Ok(Report::of(wanted, &Ended { figures, lasted: started.elapsed(), stored: None, before, after }))
}

/// One check, again and again.
struct Planned {
    at: Timestamp,
    url: Uri,
}

/// All of them. They have one interval, so that whoever has just been is the last in the row.
struct Round {
    row: VecDeque<Planned>,
    every: Duration,
    page: SocketAddr,
    /// Whether each found the page well.
    under_way: JoinSet<bool>,
    due: u64,
    made: u64,
    missed: u64,
    late: Histogram<u64>,
}

impl Round {
    /// Spread over the interval as the loop spreads monitors of these names.
    fn of(wanted: &Many, page: SocketAddr, clock: &dyn Clock) -> Self {
        let now = clock.now();
        let mut row: Vec<Planned> = wanted
            .names()
            .map(|(n, name)| {
                let name: MonitorName = name.parse().expect("the bench's names are valid");
                let url = format!("http://{page}/{n}").parse().expect("an address makes a URL");
                Planned { at: first_due(MonitorId::of(&name), wanted.every, now), url }
            })
            .collect();
        row.sort_unstable_by_key(|planned| planned.at);
        let late = Histogram::new_with_bounds(1, LATE_MAX_US, 3).expect("the bounds are constants in order");
        let (row, every) = (row.into(), wanted.every);
        Self { row, every, page, under_way: JoinSet::new(), due: 0, made: 0, missed: 0, late }
    }

    fn start_due(&mut self, now: Timestamp, at_once: usize) {
        while let Some(Planned { at, url }) = self.row.pop_front_if(|planned| planned.at <= now) {
            let (next, missed) = due_at_or_after(at + self.every, self.every, now);
            self.due += 1 + missed;
            self.missed += missed;
            if self.under_way.len() < at_once {
                self.late.saturating_record(millis(now.since(at)).saturating_mul(1000).max(1));
                let (page, url, most) = (self.page, url.clone(), self.every.min(TIMEOUT));
                self.under_way.spawn(async move { timeout(most, is_well(page, url)).await.unwrap_or(false) });
            } else {
                self.missed += 1;
            }
            self.row.push_back(Planned { at: next, url });
        }
    }

    /// A check whose page was not well is none.
    fn take_ended(&mut self) {
        while let Some(ended) = self.under_way.try_join_next() {
            let counted = if ended.unwrap_or(false) { &mut self.made } else { &mut self.missed };
            *counted += 1;
        }
    }

    fn wait(&self, now: Timestamp) -> Duration {
        self.row.front().map_or(self.every, |next| next.at.since(now).max(SLOT))
    }

    fn figures(&self) -> Figures {
        Figures {
            due: self.due,
            made: self.made,
            missed: self.missed,
            waited: 0,
            dropped: 0,
            late_us_p50: self.late.value_at_quantile(0.5),
            late_us_p99: self.late.value_at_quantile(0.99),
            late_us_max: self.late.max(),
        }
    }
}

/// Opens a connection of its own, asks for the page, reads it, and looks for the keyword.
async fn is_well(page: SocketAddr, url: Uri) -> bool {
    asked(page, url).await.is_ok_and(|page| page.windows(4).any(|found| found == b"well"))
}

async fn asked(page: SocketAddr, url: Uri) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(page).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let path = url.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let request = Request::get(path).header(HOST, page.to_string()).body(Empty::<Bytes>::new())?;
    let answered = async {
        let answer = sender.send_request(request).await?;
        Limited::new(answer.into_body(), PAGE_MAX).collect().await
    };
    // The connection is driven here rather than by a task of its own.
    let mut connection = std::pin::pin!(connection);
    let mut answered = std::pin::pin!(answered);
    let page = tokio::select! {
        answered = &mut answered => answered,
        ended = &mut connection => {
            ended?;
            answered.await
        }
    };
    Ok(page?.to_bytes())
}
