//! What ten seconds of an app's lines come to.

use crate::{Adapters, Class, Code, Request, Runtime, Times};
use flyball_model::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// So long is a slot: readings are told from whole ones, so that the same look comes to the same number whenever in a slot it is made.
pub const SLOT: Duration = Duration::from_secs(10);
/// An app with more dynos than this is told as one: Heroku allows 100 of a process type unless asked.
const DYNOS_MAX: usize = 256;
/// The form of the bytes of what a drain told; another gets another number.
const FORM: u8 = 1;
/// That form, and behind it what adapters told. Where they told nothing, the first is written, which older versions read too.
const FORM_ADAPTED: u8 = 2;

/// What ten seconds come to. The default is that of an app that said nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Slot {
    /// Lines of any sort: whoever tells lives.
    pub lines: u64,
    /// Lines that were lost on their way, as Logplex and its like tell it, or here.
    pub lost: u64,
    /// Lines that came so late that readings were told without them.
    pub late: u64,
    /// A receiver began to listen in it, so that what came before is not in it.
    pub began: bool,
    /// Requests, by which of them; all are at the empty key.
    pub series: BTreeMap<String, Tally>,
    /// What single dynos told, and what is told of them.
    pub dynos: BTreeMap<String, OfDyno>,
    /// Troubles of dynos, by Heroku's codes.
    pub troubles: BTreeMap<Code, u32>,
    /// What adapters in the app told, where they told anything.
    #[serde(skip)]
    pub adapters: Option<Box<Adapters>>,
}

/// Requests.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// How many, without those that became `WebSocket`s.
    pub requests: u64,
    /// How many of them Heroku, or the app, answered with a failure that is not the client's doing, nor set so.
    pub errors: u64,
    /// How long all of them were served, in milliseconds.
    pub service_ms: u64,
    /// How long each was served.
    pub service: Times,
    /// How long it took to connect for each.
    pub connect: Times,
    /// How many ended with which code.
    pub codes: BTreeMap<Code, u32>,
    /// How many the app itself answered with 500 or more, without a code of Heroku's.
    pub answered_5xx: u32,
}

/// What a dyno told, and what is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct OfDyno {
    /// Requests that it was given.
    pub requests: u32,
    /// Those of them that failed.
    pub errors: u32,
    /// Its load over a minute, as it told last.
    pub load: Option<f64>,
    /// The share of its memory quota that it has, as it told last.
    pub memory: Option<f64>,
}

impl Slot {
    /// Of so many lines one may come late: less than that makes no difference to what is told.
    const LATE_ONE_OF: u64 = 20;

    /// Whether no line of it was lost, nearly none came late, and somebody listened from its beginning on.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        !self.began && self.lost == 0 && self.late <= self.lines / Self::LATE_ONE_OF
    }

    /// The beginning of the slot with this moment in it.
    #[must_use]
    pub fn start_of(at: Timestamp) -> Timestamp {
        let slot = i64::try_from(SLOT.as_millis()).unwrap_or(1);
        Timestamp::from_millis(at.as_millis().div_euclid(slot) * slot)
    }

    /// A request more of the series of this name.
    pub(crate) fn request(&mut self, name: &str, request: &Request<'_>) {
        match self.series.get_mut(name) {
            Some(tally) => tally.add(request),
            None => self.series.entry(name.to_owned()).or_default().add(request),
        }
    }

    /// The same for the dyno that was given it.
    pub(crate) fn request_of_dyno(&mut self, request: &Request<'_>) {
        if let Some(dyno) = request.dyno.and_then(|dyno| self.dyno(dyno)) {
            dyno.requests = dyno.requests.saturating_add(1);
            dyno.errors = dyno.errors.saturating_add(u32::from(request.has_failed()));
        }
    }

    pub(crate) fn runtime(&mut self, runtime: &Runtime<'_>) {
        let Some(dyno) = self.dyno(runtime.source) else { return };
        dyno.load = runtime.load_1m.or(dyno.load);
        let memory = runtime.memory_total_mb.zip(runtime.memory_quota_mb.filter(|quota| *quota > 0.0));
        dyno.memory = memory.map(|(total, quota)| total / quota).or(dyno.memory);
    }

    pub(crate) fn trouble(&mut self, code: Code) {
        let count = self.troubles.entry(code).or_default();
        *count = count.saturating_add(1);
    }

    fn dyno(&mut self, name: &[u8]) -> Option<&mut OfDyno> {
        let name = std::str::from_utf8(name).ok()?;
        if !self.dynos.contains_key(name) {
            // A name is a process type, up to 63 characters, and a number.
            if self.dynos.len() >= DYNOS_MAX || name.len() > 80 {
                return None;
            }
            self.dynos.insert(name.to_owned(), OfDyno::default());
        }
        self.dynos.get_mut(name)
    }

    /// What another receiver has of the same ten seconds, too.
    pub fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        self.lost += other.lost;
        self.late += other.late;
        self.began |= other.began;
        for (name, tally) in &other.series {
            self.series.entry(name.clone()).or_default().merge(tally);
        }
        for (name, told) in &other.dynos {
            let dyno = self.dynos.entry(name.clone()).or_default();
            dyno.requests = dyno.requests.saturating_add(told.requests);
            dyno.errors = dyno.errors.saturating_add(told.errors);
            dyno.load = told.load.or(dyno.load);
            dyno.memory = told.memory.or(dyno.memory);
        }
        add_up(&mut self.troubles, &other.troubles);
        if let Some(told) = &other.adapters {
            self.adapters.get_or_insert_default().merge(told);
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let form = if self.adapters.is_some() { FORM_ADAPTED } else { FORM };
        let bytes =
            postcard::to_extend(self, vec![form]).expect("numbers and names serialise, and a vector takes them all");
        match &self.adapters {
            Some(adapters) => {
                postcard::to_extend(adapters, bytes).expect("numbers and names serialise, and a vector takes them all")
            }
            None => bytes,
        }
    }

    /// As it was stored; nothing where these bytes are of something else, or of a newer version.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (form, rest) = bytes.split_first()?;
        match *form {
            FORM => postcard::from_bytes(rest).ok(),
            FORM_ADAPTED => {
                let (slot, rest): (Self, _) = postcard::take_from_bytes(rest).ok()?;
                Some(Self { adapters: Some(postcard::from_bytes(rest).ok()?), ..slot })
            }
            _ => None,
        }
    }
}

impl Tally {
    fn add(&mut self, request: &Request<'_>) {
        if let Some(code) = request.code {
            let count = self.codes.entry(code).or_default();
            *count = count.saturating_add(1);
        }
        // It is told once, at its end, with its whole life as service.
        if request.status == Some(101) {
            return;
        }
        self.requests += 1;
        self.errors += u64::from(request.has_failed());
        self.answered_5xx += u32::from(request.code.is_none() && request.is_answered_5xx());
        if let Some(service) = request.service {
            self.service_ms += u64::try_from(service.as_millis()).unwrap_or_default();
            self.service.add(service);
        }
        if let Some(connect) = request.connect {
            self.connect.add(connect);
        }
    }

    /// Those of another, too.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.service_ms += other.service_ms;
        self.service.merge(&other.service);
        self.connect.merge(&other.connect);
        self.answered_5xx += other.answered_5xx;
        add_up(&mut self.codes, &other.codes);
    }
}

fn add_up(sums: &mut BTreeMap<Code, u32>, more: &BTreeMap<Code, u32>) {
    for (code, count) in more {
        let sum = sums.entry(*code).or_default();
        *sum = sum.saturating_add(*count);
    }
}

impl Request<'_> {
    fn is_answered_5xx(&self) -> bool {
        self.status.is_some_and(|status| status >= 500)
    }

    /// Whether it failed by something else than its client's doing, or what somebody set.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        match self.code.map(|code| code.class()) {
            Some(Some(Class::Client | Class::SetSo)) => false,
            Some(Some(Class::Capacity | Class::App | Class::Platform)) => true,
            Some(None) | None => self.is_answered_5xx(),
        }
    }
}
