//! An app's own page: what a visitor would get, following from the state of the world and from nothing else.

use super::app::App;
use super::behaviour::{Behaviour, Routing};
use super::chance::mix;
use super::dyno::{Dyno, DynoState};
use super::load::{Server, Serving};
use flyball_model::Timestamp;
use std::time::Duration;

/// How many times slower a leaking dyno answers once it swaps, over its quota (R14). Source: platform-api 10.3.
const SWAPPING: f64 = 8.0;
/// From this part of its quota on it answers with errors.
const OUT_OF_MEMORY: f64 = 1.5;
/// Where memory levels off. The platform would kill a dyno at about twice its quota (R15); the stand-in's leaks stop
/// short of that, so that nothing but a restart cures them.
const MEMORY_MAX: f64 = 1.9;

/// For what is drawn of a visitor: far apart, so that one draw says nothing of another.
const OF_CODE: u64 = 0;
const OF_DATABASE: u64 = 0x5851_f42d_4c95_7f2d;
const OF_PLATFORM: u64 = 0x1405_7b7e_f767_814f;

/// What the router's page says where no dyno answered.
const NOT_SERVED: &str = "An error occurred in the application and your page could not be served.";

/// One answer to a visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, &'static str)>,
    /// HTML.
    pub body: String,
    /// How long the answer takes, in milliseconds of the world.
    pub latency_ms: u64,
    /// The router's code, such as `H10`, when it was the router that answered; `R14` for a dyno that swaps.
    pub code: Option<&'static str>,
}

/// How one dyno would answer, from well to worst.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Well,
    Slow { by: Duration, times: f64 },
    Error { status: u16, text: String },
}

impl Answer {
    fn badness(&self) -> f64 {
        match self {
            Self::Well => 0.0,
            Self::Slow { by, times } => times + by.as_secs_f64(),
            Self::Error { .. } => f64::MAX,
        }
    }
}

impl App {
    /// Requests a second at this time.
    #[must_use]
    pub fn load(&self, now: Timestamp) -> f64 {
        let extra: f64 = self.surges.iter().filter(|s| s.from <= now && now < s.until).map(|s| s.extra).sum();
        let base = self.steady_load.unwrap_or_else(|| level(&self.spec.load, now.since(self.began_at)));
        (base + extra).max(0.0)
    }

    /// Requests a second that the web dynos that are up answer without haste.
    #[must_use]
    pub fn capacity(&self, now: Timestamp) -> f64 {
        self.serving(now).map(|dyno| self.spec.mechanics.capacity_of(dyno.size)).sum()
    }

    /// The memory of a dyno, MiB.
    #[must_use]
    pub fn memory_mib(&self, dyno: &Dyno, now: Timestamp) -> f64 {
        let grown = |since: Timestamp, rate: f64| now.since(since.max(dyno.created_at)).as_secs_f64() / 60.0 * rate;
        let by_code = match self.behaviour_of_dyno(dyno) {
            Behaviour::Leaks { mib_per_minute } => grown(dyno.created_at, *mib_per_minute),
            _ => 0.0,
        };
        let of_app = self.leak.filter(|_| dyno.process_type.as_str() == "web");
        let leaks = dyno.leak.into_iter().chain(of_app).map(|leak| grown(leak.since, leak.mib_per_minute));
        let memory = self.spec.mechanics.memory_mib + by_code + leaks.sum::<f64>();
        memory.min(MEMORY_MAX * f64::from(dyno.size.memory_mib))
    }

    /// What a visitor gets at this time. Pure: the same world at the same time gives the same page.
    #[must_use]
    pub fn page(&self, now: Timestamp) -> Page {
        if self.maintenance {
            // platform-api 5.1 [DC error-codes]: dynos go on running, visitors get 503.
            return router_page(
                "H80",
                "Offline for Maintenance",
                "This application is undergoing maintenance right now.",
                0,
            );
        }
        if self.platform_error > 0.0 && self.draw_of_page(now, OF_PLATFORM) < self.platform_error {
            return router_page("H99", "Application Error", NOT_SERVED, 0);
        }
        let serving: Vec<&Dyno> = self.serving(now).collect();
        if serving.is_empty() {
            return self.nobody_serves();
        }
        if self.is_wedged() {
            return self.error(500, &self.spec.mechanics.texts.hiccup);
        }
        let answer = self.perhaps_an_error(self.answer(&serving, now), &serving, now);
        if let Answer::Error { status, text } = &answer {
            return self.error(*status, text);
        }
        if let Some(status) = self.database_error {
            return self.error(status, &self.spec.mechanics.texts.database_error);
        }
        self.under_load(&answer, now)
    }

    /// How each dyno that serves treats the requests that come now, or the router's code where none does.
    pub(super) fn servers(&self, now: Timestamp, serving: &Serving) -> Result<Vec<Server>, &'static str> {
        if self.maintenance {
            return Err("H80");
        }
        let server = |dyno: &Dyno| {
            let (by, times, mut errors, mut status) = match self.answer_of(dyno, now) {
                Answer::Well => (Duration::ZERO, 1.0, 0.0, 500),
                Answer::Slow { by, times } => (by, times, 0.0, 500),
                Answer::Error { status, .. } => (Duration::ZERO, 1.0, 1.0, status),
            };
            if let Behaviour::SomeErrors(share) = self.behaviour_of_dyno(dyno) {
                errors = f64::max(errors, *share);
            }
            if self.is_wedged() {
                (errors, status) = (1.0, 500);
            } else if let Some(trouble) = self.database_error.filter(|_| errors < 1.0) {
                (errors, status) = (1.0, trouble);
            }
            // A millisecond at least, so that nothing is served in no time.
            let service = (serving.service.as_secs_f64() * times + by.as_secs_f64()).max(0.001);
            let slow = self.database_slow.map(|(share, by)| (share, by.as_secs_f64()));
            Server { id: dyno.id, name: dyno.name.clone(), service, slow, errors, status }
        };
        let servers: Vec<Server> = self.serving(now).map(server).collect();
        if servers.is_empty() { Err(self.code_of_nobody()) } else { Ok(servers) }
    }

    /// A dyno that a visitor may be sent to now.
    pub(super) fn serving_dyno(&self, now: Timestamp) -> Option<&Dyno> {
        self.serving(now).next()
    }

    fn serving(&self, now: Timestamp) -> impl Iterator<Item = &Dyno> {
        self.formation_dynos().filter(move |dyno| {
            dyno.process_type.as_str() == "web" && dyno.state == DynoState::Up && dyno.serves_from <= now
        })
    }

    fn nobody_serves(&self) -> Page {
        router_page(self.code_of_nobody(), "Application Error", NOT_SERVED, 0)
    }

    /// Which code the router gives where no dyno serves. Source: platform-api 10.3 (DC error-codes).
    fn code_of_nobody(&self) -> &'static str {
        let web = |state: DynoState| self.count("web", state);
        if self.quantity("web") == 0 {
            "H14"
        } else if web(DynoState::Crashed) > 0 {
            "H10"
        } else {
            // The real router would hold the request for up to 75 s while a dyno boots; the stand-in answers at once.
            "H20"
        }
    }

    /// What the router answers once it has waited long enough.
    pub(super) fn timed_out(&self) -> Page {
        let waited = self.spec.mechanics.router_timeout.as_millis() as u64;
        router_page("H12", "Application Error", NOT_SERVED, waited)
    }

    fn behaviour_of_dyno(&self, dyno: &Dyno) -> &Behaviour {
        self.behaviour_of(&self.releases[(dyno.release_version - 1) as usize].content)
    }

    fn answer(&self, serving: &[&Dyno], now: Timestamp) -> Answer {
        match self.spec.mechanics.routing {
            Routing::Unluckiest => {
                let answers = serving.iter().map(|dyno| self.answer_of(dyno, now));
                answers.max_by(|a, b| a.badness().total_cmp(&b.badness())).unwrap_or(Answer::Well)
            }
            Routing::Spread => {
                let draw = mix(now.as_millis().unsigned_abs() ^ self.id.as_u64_pair().0);
                self.answer_of(serving[(draw % serving.len() as u64) as usize], now)
            }
        }
    }

    /// With code of which some pages are errors, whether this visitor gets one; at another moment another.
    fn perhaps_an_error(&self, answer: Answer, serving: &[&Dyno], now: Timestamp) -> Answer {
        let share = |dyno: &&Dyno| match self.behaviour_of_dyno(dyno) {
            Behaviour::SomeErrors(share) => *share,
            _ => 0.0,
        };
        let shares = serving.iter().map(share);
        let share = match self.spec.mechanics.routing {
            Routing::Unluckiest => shares.fold(0.0, f64::max),
            Routing::Spread => shares.sum::<f64>() / serving.len() as f64,
        };
        if self.draw_of_page(now, OF_CODE) < share && !matches!(answer, Answer::Error { .. }) {
            return Answer::Error { status: 500, text: self.spec.mechanics.texts.bad_release.clone() };
        }
        answer
    }

    /// What decides about a visitor of this moment, from 0 to 1: for each purpose another.
    fn draw_of_page(&self, now: Timestamp, purpose: u64) -> f64 {
        mix(now.as_millis().unsigned_abs() ^ self.id.as_u64_pair().1 ^ purpose) as f64 / u64::MAX as f64
    }

    fn answer_of(&self, dyno: &Dyno, now: Timestamp) -> Answer {
        let texts = &self.spec.mechanics.texts;
        match self.behaviour_of_dyno(dyno) {
            Behaviour::ErrorPage { status, text } => return Answer::Error { status: *status, text: text.clone() },
            Behaviour::Slow(by) => return Answer::Slow { by: *by, times: 1.0 },
            Behaviour::Healthy | Behaviour::CrashesOnBoot | Behaviour::Leaks { .. } | Behaviour::SomeErrors(_) => {}
        }
        let used = self.memory_mib(dyno, now) / f64::from(dyno.size.memory_mib);
        if used >= OUT_OF_MEMORY {
            Answer::Error { status: 500, text: texts.out_of_memory.clone() }
        } else if used > 1.0 {
            Answer::Slow { by: Duration::ZERO, times: SWAPPING }
        } else {
            Answer::Well
        }
    }

    fn under_load(&self, answer: &Answer, now: Timestamp) -> Page {
        let mechanics = &self.spec.mechanics;
        // Where requests are counted one by one, what they wait comes on top.
        let (ratio, latency) = match &mechanics.serving {
            Some(serving) => (0.0, serving.service),
            None => (self.load(now) / self.capacity(now).max(f64::MIN_POSITIVE), mechanics.latency),
        };
        if ratio >= mechanics.backlog {
            return router_page("H11", "Application Error", NOT_SERVED, 0);
        }
        if ratio >= mechanics.overload {
            return self.timed_out();
        }
        let (by, times, code) = match answer {
            Answer::Slow { by, times } if *times > 1.0 => (*by, *times, Some("R14")),
            Answer::Slow { by, times } => (*by, *times, None),
            Answer::Well | Answer::Error { .. } => (Duration::ZERO, 1.0, None),
        };
        let queue = 1.0 + mechanics.slowdown * (ratio - 1.0).max(0.0);
        let waits_for_database = |share: f64| self.draw_of_page(now, OF_DATABASE) < share;
        let database = self.database_slow.filter(|(share, _)| waits_for_database(*share));
        let by = by + database.map_or(Duration::ZERO, |(_, by)| by);
        let taken = latency.as_secs_f64() * queue * times + by.as_secs_f64();
        if taken >= mechanics.router_timeout.as_secs_f64() {
            return self.timed_out();
        }
        let text = &mechanics.texts.welcome;
        Page { status: 200, code, latency_ms: (taken * 1000.0) as u64, ..self.page_with(200, text) }
    }

    fn error(&self, status: u16, text: &str) -> Page {
        self.page_with(status, text)
    }

    fn page_with(&self, status: u16, text: &str) -> Page {
        let name = &self.name;
        let body = format!(
            "<!DOCTYPE html>\n<html><head><title>{name}</title></head>\n<body><h1>{name}</h1>\n<p>{}</p></body></html>\n",
            escaped(text)
        );
        let latency_ms = self.spec.mechanics.latency.as_millis() as u64;
        Page { status, headers: vec![("Content-Type", "text/html; charset=utf-8")], body, latency_ms, code: None }
    }
}

/// The router's own page: HTML with status 503. Source: platform-api 10.3.
fn router_page(code: &'static str, title: &str, sentence: &str, latency_ms: u64) -> Page {
    let body = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body><h1>{title}</h1>\n<p>{sentence}</p>\n\
         <!-- code={code} --></body></html>\n"
    );
    let headers = vec![("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-cache, no-store")];
    Page { status: 503, headers, body, latency_ms, code: Some(code) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The height of the line through `points` at `at`: straight between them, level outside. `points` are in order.
fn level(points: &[(Duration, f64)], at: Duration) -> f64 {
    let after = points.partition_point(|(time, _)| *time <= at);
    match (after.checked_sub(1).map(|before| points[before]), points.get(after)) {
        (None, None) => 0.0,
        (Some((_, height)), None) => height,
        (None, Some((_, height))) => *height,
        (Some((from, low)), Some((to, high))) => {
            let part = (at - from).as_secs_f64() / (*to - from).as_secs_f64();
            low + (high - low) * part
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_goes_in_straight_lines_between_its_points_and_is_level_outside() {
        let seconds = Duration::from_secs;
        let points = [(seconds(10), 5.0), (seconds(20), 15.0), (seconds(20), 40.0)];
        for (at, expected) in [(0, 5.0), (10, 5.0), (15, 10.0), (19, 14.0), (20, 40.0), (99, 40.0)] {
            assert!((level(&points, seconds(at)) - expected).abs() < 1e-9, "at {at} s");
        }
        assert!(level(&[], seconds(3)).abs() < 1e-9);
    }
}
