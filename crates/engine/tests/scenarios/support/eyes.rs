//! Who looks: pages of the world are judged by the real judgement, dynos are looked at through the real client. Where a
//! test wants a verdict whatever the world is like, it writes it down.

use super::script::Outside;
use async_trait::async_trait;
use flyball_engine::{Observe, StoreInbox};
use flyball_heroku::{Heroku, Live};
use flyball_heroku_sim::handle;
use flyball_model::{Blind, Cause, Excerpt, Finding, MonitorName, Phases, Reading, Timestamp};
use flyball_monitors::{Exchange, Failure, Http, Kind, Monitor, Observer, Trust};
use flyball_store::Store;
use flyball_testing::lock;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Makes the readings of a scenario.
pub(crate) struct Eyes {
    outside: Outside,
    live: Live,
    observer: OnceLock<Observer>,
    store: Arc<dyn Store>,
    written: Arc<Written>,
}

/// Verdicts that were written down, by monitor: `f` failing, `t` failing for the text, `o` timed out, `p` passing, `?`
/// unknown. The last of them goes on; a monitor of which nothing is written down looks at the world.
#[derive(Default)]
pub(crate) struct Written(Mutex<HashMap<MonitorName, VecDeque<char>>>);

impl Written {
    pub(crate) fn write(&self, monitor: &str, verdicts: &str) {
        let name = monitor.parse().expect("a monitor's name");
        lock(&self.0).insert(name, verdicts.chars().collect());
    }

    fn next(&self, monitor: &MonitorName) -> Option<char> {
        let mut written = lock(&self.0);
        let verdicts = written.get_mut(monitor)?;
        if verdicts.len() > 1 { verdicts.pop_front() } else { verdicts.front().copied() }
    }
}

impl Eyes {
    pub(crate) fn new(outside: Outside, live: Live, store: Arc<dyn Store>, written: Arc<Written>) -> Self {
        Self { outside, live, observer: OnceLock::new(), store, written }
    }

    fn visit(&self, http: &Http, begun_at: Timestamp) -> Reading {
        let url = http.url.url();
        let request = flyball_heroku_sim::Request::new(http.method.as_str(), url.path())
            .header("Host", url.host_str().expect("a page has a host"));
        let reply = handle(&mut lock(&self.outside.world), &request, self.outside.time.now());
        if reply.is_cut() {
            return http.reading(&failed(Failure::failing(Cause::Reset, "the connection was cut")), begun_at);
        }
        if reply.delay > http.timeout {
            return http.reading(&failed(Failure::failing(Cause::TimeOut, "no answer in time")), begun_at);
        }
        http.judge_page(reply.status, &reply.body, reply.delay, begun_at)
    }

    fn observer(&self) -> &Observer {
        self.observer.get_or_init(|| {
            let live: Arc<dyn Heroku> = Arc::new(self.live.for_monitors());
            let observer = Observer::new(Arc::new(|_| None), Arc::new(move |_| Some(Arc::clone(&live))), Trust::System);
            let inbox = Arc::new(StoreInbox::of(Arc::clone(&self.store)));
            observer.with_inbox(inbox, self.outside.time.now())
        })
    }
}

fn failed(failure: Failure) -> Exchange {
    let (took, phases) = (Duration::ZERO, Phases::default());
    Exchange { page: None, failure: Some(failure), address: None, proxy: None, redirected_to: None, phases, took }
}

/// A reading as it was written down.
fn as_written(verdict: char, begun_at: Timestamp) -> Reading {
    let finding = match verdict {
        'p' => Finding::Passing,
        'f' => Finding::Failing(Cause::Status),
        't' => Finding::Failing(Cause::Text),
        'o' => Finding::Failing(Cause::TimeOut),
        '?' => Finding::Unknown(Blind::Network),
        other => panic!("{other:?} is no verdict"),
    };
    let words = Excerpt::of(&format!("{}, as the test wrote it down", finding.verdict()));
    Reading { begun_at, took: Duration::ZERO, finding, words, evidence: flyball_model::Evidence::None }
}

#[async_trait]
impl Observe for Eyes {
    async fn observe(&self, monitor: &Monitor, begun_at: Timestamp) -> Reading {
        if let Some(verdict) = self.written.next(&monitor.name) {
            return as_written(verdict, begun_at);
        }
        match &monitor.kind {
            Kind::Http(http) => self.visit(http, begun_at),
            Kind::HerokuDynos(_)
            | Kind::HerokuRouter(_)
            | Kind::HerokuMetrics(_)
            | Kind::Release(_)
            | Kind::QueueTime(_)
            | Kind::Utilization(_)
            | Kind::Jobs(_) => {
                let reading = self.observer().observe(monitor, begun_at).await;
                // How long it really took is nothing that a stopped clock knows.
                Reading { took: Duration::ZERO, ..reading }
            }
            other => panic!("no scenario has a monitor of kind {}", other.word()),
        }
    }
}
