//! How a world comes to its log: seconds of requests, visits and changes of dynos become lines, and lines go to drains.
//! Nothing is written for an app without a drain; its requests are counted in any case.

use super::app::App;
use super::drains::{DrainFaults, DrainSpec, Drained, Frame, FrameAnswer, Outlet};
use super::lines::{self, Line, Told};
use super::load::{Minute, SECOND, Second};
use super::refusal::Refusal;
use super::{Page, World};
use std::time::Duration;
use uuid::Uuid;

/// A visit of an app's page as the router sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
    pub(crate) request_id: Option<&'a str>,
    /// What the visitor is answered; `None`: the connection is cut.
    pub(crate) status: Option<u16>,
    pub(crate) bytes: usize,
    pub(crate) took: Duration,
    /// Why it was the router that answered, if it was.
    pub(crate) code: Option<&'static str>,
}

impl World {
    /// The frames that are due now, at most one for each drain; each must be told of by [`World::frame_answered`] before
    /// its drain has another. Whoever plays Logplex asks about each second: a drain that is not asked for overflows.
    pub fn frames(&mut self) -> Vec<Frame> {
        let (now, draws) = (self.now, &mut self.chance.frames);
        let frame = |outlet: &mut Outlet| {
            outlet.flow(now);
            outlet.frame(now, draws)
        };
        self.outlets.iter_mut().filter_map(frame).collect()
    }

    /// What came back for the frame that is under way to this drain. Nothing happens where none is, or the drain has gone.
    pub fn frame_answered(&mut self, drain: Uuid, answer: FrameAnswer) {
        if let Some(outlet) = self.outlets.iter_mut().find(|outlet| outlet.drain.id == drain) {
            outlet.answered(answer, self.now, &mut self.chance.frames);
        }
    }

    /// Whether any app has a drain.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        !self.outlets.is_empty()
    }

    /// What became of the messages for this drain. `None`: there is no such drain.
    #[must_use]
    pub fn drained(&self, drain: Uuid) -> Option<Drained> {
        self.outlets.iter().find(|outlet| outlet.drain.id == drain).map(|outlet| outlet.drained)
    }

    /// What became of an app's requests, minute by minute, oldest first, at most the last week; the last minute may not be
    /// over. Minutes in which nothing is counted are left out: of an app that does not say how it serves, all but visits.
    pub fn minutes(&self, app: &str) -> std::collections::vec_deque::Iter<'_, Minute> {
        self.app_index(app).map_or_else(Default::default, |index| self.loads[index].minutes())
    }

    /// What became of an app's requests in the second that began last, dyno by dyno: what its lines are drawn from. `None` for an app that
    /// does not say how it serves.
    #[must_use]
    pub fn second(&self, app: &str) -> Option<&Second> {
        self.app_index(app).and_then(|index| self.loads[index].last())
    }

    /// How a drain, named by id, URL or token, goes wrong from now on; lines that were written before come as they would
    /// have.
    ///
    /// # Errors
    ///
    /// 404 for an unknown app or drain.
    pub fn set_drain_faults(&mut self, app: &str, drain: &str, faults: DrainFaults) -> Result<(), Refusal> {
        let app = self.app(app).ok_or_else(|| Refusal::not_found("app"))?.id;
        let named = |outlet: &&mut Outlet| outlet.app == app && outlet.drain.is_named(drain);
        let outlet = self.outlets.iter_mut().find(named).ok_or_else(|| Refusal::not_found("log_drain"))?;
        outlet.faults = faults;
        Ok(())
    }

    /// All drains of an app go wrong like this from now on.
    pub(super) fn set_all_drain_faults(&mut self, app: &str, faults: DrainFaults) -> Result<(), Refusal> {
        let app = self.app(app).ok_or_else(|| Refusal::not_found("app"))?.id;
        self.outlets.iter_mut().filter(|outlet| outlet.app == app).for_each(|outlet| outlet.faults = faults);
        Ok(())
    }

    /// The drain that the app has just got.
    pub(super) fn add_outlet(&mut self, app: &str, drain: &super::Drain, spec: &DrainSpec) {
        let app = self.app(app).map_or(Uuid::nil(), App::id);
        self.outlets.push(Outlet::new(app, drain.clone(), spec));
    }

    pub(super) fn remove_outlet(&mut self, drain: Uuid) {
        self.outlets.retain(|outlet| outlet.drain.id != drain);
    }

    /// The second that begins now: its requests, and the metrics that are due.
    pub(super) fn begin_second(&mut self, index: usize) {
        let (app, load) = (&self.apps[index], &mut self.loads[index]);
        load.next = self.now + SECOND;
        load.flow(app, self.now);
        if app.drains.is_empty() {
            return;
        }
        let mut written =
            load.last().map_or_else(Vec::new, |second| lines::of_second(second, app, self.now, &mut self.chance.lines));
        if app.spec.runtime_metrics {
            written.extend(lines::of_metrics(app, load, self.now));
        }
        self.write(index, &written);
    }

    /// Gives the lines to each of the app's drains.
    pub(super) fn write(&mut self, index: usize, written: &[Line]) {
        let app = self.apps[index].id;
        for outlet in self.outlets.iter_mut().filter(|outlet| outlet.app == app) {
            written.iter().for_each(|line| outlet.write(line, &mut self.chance.frames));
            // Whether or not anybody asks for frames, what waits has its bound.
            outlet.flow(self.now);
        }
    }

    /// The page as the load makes it: who comes now waits like everybody.
    pub(super) fn page_under_load(&self, index: usize) -> Page {
        let (app, waits) = (&self.apps[index], self.loads[index].waiting());
        let page = app.page(self.now);
        // What the router answers itself, nobody waits for.
        let is_of_router = page.code.is_some() && page.status == 503;
        if app.spec.mechanics.serving.is_none() || is_of_router {
            return page;
        }
        let latency = Duration::from_millis(page.latency_ms) + waits;
        if latency >= app.spec.mechanics.router_timeout {
            return app.timed_out();
        }
        Page { latency_ms: latency.as_millis() as u64, ..page }
    }

    /// Counts a visit, and writes its line. An id that the visitor gave comes back in it where it is one that routers take.
    pub(crate) fn log_visit(&mut self, app: &str, visit: &Visit<'_>) {
        let Some(index) = self.app_index(app) else { return };
        let app = &self.apps[index];
        self.loads[index].count_visit(visit, self.now);
        if app.drains.is_empty() {
            return;
        }
        let id = self.chance.lines.uuid().to_string();
        // A connection that is cut on purpose is cut by the app, as far as the router knows. // platform-api 10.3
        let code = visit.code.or(visit.status.is_none().then_some("H13"));
        let dyno = app.serving_dyno(self.now).filter(|_| matches!(code, None | Some("H12" | "H13")));
        let took = visit.took.as_millis() as u64;
        let told = Told {
            method: visit.method.to_owned(),
            path: visit.query.map_or_else(|| visit.path.to_owned(), |query| format!("{}?{query}", visit.path)),
            host: visit.host.map_or_else(|| format!("{}.herokuapp.com", app.host_label()), str::to_owned),
            request_id: visit.request_id.filter(|id| is_request_id(id)).map_or(id, str::to_owned),
            fwd: "127.0.0.1".to_owned(),
            dyno: dyno.map_or_else(String::new, |dyno| dyno.name.clone()),
            took: dyno.map(|_| (0, took)),
            status: visit.status.unwrap_or(503),
            bytes: visit.bytes,
            code,
        };
        let line = told.line(self.now + visit.took, app.spec.mechanics.router_lines);
        self.write(index, &[line]);
    }
}

/// Whether routers take this `X-Request-ID` for their own: 20 to 200 letters, digits, `-`, `_`, `+`, `/` and `=`.
/// Source: platform-api 10.2 ("when valid"; the letters are UNCONFIRMED).
fn is_request_id(id: &str) -> bool {
    (20..=200).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_+/=".contains(&b))
}
