//! Log drains: what waits for one, the frames that it is sent, and what Logplex does about the answers. No socket: frames are
//! values that somebody sends, who tells what came back. Source: platform-api 10.5 (LP src/logplex_http_drain.erl).

use super::chance::Stream;
use super::lines::{self, Line};
use bytes::Bytes;
use flyball_model::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use uuid::Uuid;

/// The most drains of a Cedar app. Source: platform-api 5.6 (DC limits 2025-01).
pub(crate) const DRAINS_MAX: usize = 5;
/// The longest URL of a drain, in bytes; where Heroku's own limit is, no source says.
const URL_MAX: usize = 2048;
/// The most messages that wait for a drain; newer ones are kept. Source: platform-api 10.5 (LP).
const WAITING_MAX: usize = 1024;
/// The same once a drain has failed for so long. Source: platform-api 10.5 (LP).
const WAITING_MAX_OF_FAILING: usize = 10;
const LONG_FAILURE: Duration = Duration::from_secs(5 * 60);
/// No further message goes into a frame of this many bytes. Source: platform-api 10.5 (LP).
const FRAME_BYTES: usize = 102_400;
/// How often a frame is tried in all. Source: platform-api 10.5 (LP).
const TRIES: u32 = 3;
/// A connection that is refused is tried again after up to half of 2^10 of these. Source: platform-api 10.5 (LP).
const BACK_OFF: Duration = Duration::from_millis(10);
const BACK_OFF_SLOTS: u32 = 10;
/// The most messages of requests that have not ended, or are late on purpose: half a minute of two thousand requests a
/// second, twice over. What comes beyond is dropped and told like all that Logplex has no room for.
const COMING_MAX: usize = 120_000;
/// A line that changes places comes later by up to this.
const REORDERED_BY: Duration = Duration::from_secs(2);

/// Whether Heroku takes a drain of this URL. That the API takes plain `http` is not known; the stand-in does, for receivers on
/// the same machine. Source: platform-api 5.6 (UNCONFIRMED).
pub(crate) fn is_drain_url(url: &str) -> bool {
    let schemes = ["https://", "http://", "syslog://", "syslog+tls://"];
    schemes.iter().any(|scheme| url.starts_with(scheme)) && url.len() <= URL_MAX && !url.chars().any(char::is_control)
}

/// A log drain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// Its id.
    pub id: Uuid,
    /// Where the log goes.
    pub url: String,
    /// `d.` and a UUID.
    pub token: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Drain {
    /// Whether this is its id, URL or token. Source: platform-api 1.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.url == name || self.token == name || self.id.to_string() == name
    }
}

/// Which headers a drain's frames have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DrainForm {
    /// All of them.
    #[default]
    Common,
    /// Neither `Logplex-Frame-Id` nor `Logplex-Drain-Token`, as in Private Spaces. Source: issue reports of vector.
    Private,
}

/// How a drain goes wrong on purpose. Nobody is told of any of it. The default is that nothing does.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct DrainFaults {
    /// The share of lines that are lost, 0 to 1.
    pub loss: f64,
    /// How much later each line comes.
    pub late: Duration,
    /// The share of frames that come once more, under the same id, after they were taken; 0 to 1.
    pub doubled: f64,
    /// The share of lines that come up to 2 s later than the others, 0 to 1.
    pub reordered: f64,
    /// Whether nothing comes at all: what would have come is lost.
    pub silent: bool,
    /// How many milliseconds the routers' clock is ahead; negative: behind.
    pub skew_ms: i64,
}

/// A drain that an app has from the beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct DrainSpec {
    /// Where the log goes.
    pub url: String,
    /// Which headers its frames have.
    pub form: DrainForm,
    /// How it goes wrong.
    pub faults: DrainFaults,
}

impl DrainSpec {
    /// A drain that nothing is wrong with.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), form: DrainForm::Common, faults: DrainFaults::default() }
    }
}

/// One request that Logplex makes of a drain: a `POST` of `body` to `url`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The drain that it is for.
    pub drain: Uuid,
    /// The drain's URL, with its credentials, if it has any.
    pub url: String,
    /// 32 hex digits; the same each time that the frame is tried.
    pub id: String,
    /// The drain's token.
    pub token: String,
    /// Which headers it has.
    pub form: DrainForm,
    /// How many messages are in it.
    pub messages: usize,
    /// `LEN SP MSG`, one after the other.
    pub body: Bytes,
}

impl Frame {
    /// Its headers but for `Host`, `Content-Length` and `Authorization`, which follow from body and URL.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("Content-Type", "application/logplex-1".to_owned()),
            ("Logplex-Msg-Count", self.messages.to_string()),
            ("User-Agent", "Logplex/v72".to_owned()),
        ];
        if self.form == DrainForm::Common {
            headers.push(("Logplex-Frame-Id", self.id.clone()));
            headers.push(("Logplex-Drain-Token", self.token.clone()));
        }
        headers
    }
}

/// What came back for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameAnswer {
    /// An answer of this status.
    Status(u16),
    /// A connection, and no answer on it within 5 seconds.
    Silence,
    /// No connection.
    Refused,
}

/// What became of the messages for a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drained {
    /// Messages that were written for it.
    pub written: u64,
    /// Those that were taken; one that was taken twice counts once.
    pub taken: u64,
    /// Those that Logplex dropped, of which an L10 tells.
    pub dropped: u64,
    /// Those that were lost on purpose, of which nothing tells.
    pub lost: u64,
}

/// Messages that were dropped and not yet told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Dropped {
    count: u64,
    since: Timestamp,
}

/// A frame that is being tried.
#[derive(Debug, Clone)]
struct Trying {
    id: String,
    body: Bytes,
    /// Messages of the log in it; lines of Logplex's own come on top.
    messages: u64,
    /// Those lines, of all tries so far.
    told: usize,
    tries: u32,
    /// Whether it was taken already, and comes once more.
    again: bool,
    /// What its L10 lines tell of: told for nothing if it is dropped.
    dropped: Option<Dropped>,
}

/// What Logplex keeps for one drain.
#[derive(Debug, Clone)]
pub(super) struct Outlet {
    pub(super) app: Uuid,
    pub(super) drain: Drain,
    pub(super) form: DrainForm,
    pub(super) faults: DrainFaults,
    pub(super) drained: Drained,
    /// What comes once its time has come, in the order of it; numbered, since many share a time.
    coming: BTreeMap<(Timestamp, u64), Vec<u8>>,
    number: u64,
    waiting: VecDeque<Vec<u8>>,
    dropped: Option<Dropped>,
    trying: Option<Trying>,
    is_under_way: bool,
    not_before: Timestamp,
    refused_in_a_row: u32,
    failing_since: Option<Timestamp>,
}

impl Outlet {
    pub(super) fn new(app: Uuid, drain: Drain, spec: &DrainSpec) -> Self {
        Self {
            app,
            not_before: drain.created_at,
            drain,
            form: spec.form,
            faults: spec.faults,
            drained: Drained::default(),
            coming: BTreeMap::new(),
            number: 0,
            waiting: VecDeque::new(),
            dropped: None,
            trying: None,
            is_under_way: false,
            refused_in_a_row: 0,
            failing_since: None,
        }
    }

    /// Takes a line; it waits until its time has come.
    pub(super) fn write(&mut self, line: &Line, draws: &mut Stream) {
        for message in line.messages(self.faults.skew_ms) {
            self.drained.written += 1;
            // What is certain draws nothing, so that one fault moves no draw of another drain.
            if self.faults.loss > 0.0 && draws.unit() < self.faults.loss {
                self.drained.lost += 1;
                continue;
            }
            let mut due = line.at + self.faults.late;
            if self.faults.reordered > 0.0 && draws.unit() < self.faults.reordered {
                due = due + Duration::from_millis(draws.below(REORDERED_BY.as_millis() as u64));
            }
            if self.coming.len() == COMING_MAX {
                self.drop_messages(1, due);
                continue;
            }
            self.number += 1;
            self.coming.insert((due, self.number), message);
        }
    }

    /// Everything whose time has come waits to be sent; what there is no room for is dropped, oldest first.
    pub(super) fn flow(&mut self, now: Timestamp) {
        while let Some(next) = self.coming.first_entry()
            && next.key().0 <= now
        {
            let ((due, _), message) = next.remove_entry();
            if self.faults.silent {
                self.drained.lost += 1;
                continue;
            }
            let is_failing = self.failing_since.is_some_and(|since| due.since(since) >= LONG_FAILURE);
            let room = if is_failing { WAITING_MAX_OF_FAILING } else { WAITING_MAX };
            let over = (self.waiting.len() + 1).saturating_sub(room);
            self.waiting.drain(..over);
            if over > 0 {
                self.drop_messages(over as u64, due);
            }
            self.waiting.push_back(message);
        }
    }

    fn drop_messages(&mut self, count: u64, at: Timestamp) {
        self.drained.dropped += count;
        self.add_dropped(Dropped { count, since: at });
    }

    fn add_dropped(&mut self, more: Dropped) {
        self.dropped = Some(
            self.dropped
                .map_or(more, |known| Dropped { count: known.count + more.count, since: known.since.min(more.since) }),
        );
    }

    /// The next frame, unless one is under way, or the drain is left alone for a moment.
    pub(super) fn frame(&mut self, now: Timestamp, draws: &mut Stream) -> Option<Frame> {
        let is_http = self.drain.url.starts_with("https://") || self.drain.url.starts_with("http://");
        if !is_http || self.is_under_way || self.faults.silent || now < self.not_before {
            return None;
        }
        if self.trying.is_none() {
            self.trying = self.fill(draws);
        }
        let dropped = self.dropped;
        let trying = self.trying.as_mut()?;
        if let Some(told) = dropped {
            trying.body = [&lines::overflow(told.count, told.since, now)[..], &trying.body].concat().into();
            trying.told += 1;
            trying.dropped =
                Some(trying.dropped.map_or(told, |known| Dropped {
                    count: known.count + told.count,
                    since: known.since.min(told.since),
                }));
        }
        let (id, body) = (trying.id.clone(), trying.body.clone());
        let messages = trying.messages as usize + trying.told;
        (self.dropped, self.is_under_way) = (None, true);
        let (url, token) = (self.drain.url.clone(), self.drain.token.clone());
        Some(Frame { drain: self.drain.id, url, id, token, form: self.form, messages, body })
    }

    /// A new frame of what waits.
    fn fill(&mut self, draws: &mut Stream) -> Option<Trying> {
        let (mut body, mut messages) = (Vec::new(), 0);
        while let Some(next) = self.waiting.front()
            && (body.is_empty() || body.len() + next.len() <= FRAME_BYTES)
        {
            body.extend(self.waiting.pop_front().expect("it was just looked at"));
            messages += 1;
        }
        let id = || format!("{:016X}{:016X}", draws.next(), draws.next());
        (messages > 0).then(id).map(|id| Trying {
            id,
            body: body.into(),
            messages,
            told: 0,
            tries: TRIES,
            again: false,
            dropped: None,
        })
    }

    /// What came back for the frame that is under way.
    pub(super) fn answered(&mut self, answer: FrameAnswer, now: Timestamp, draws: &mut Stream) {
        if !std::mem::take(&mut self.is_under_way) {
            return;
        }
        let Some(mut trying) = self.trying.take() else { return };
        match answer {
            FrameAnswer::Status(200..=299) => {
                (self.refused_in_a_row, self.failing_since) = (0, None);
                if !trying.again {
                    self.drained.taken += trying.messages;
                    if self.faults.doubled > 0.0 && draws.unit() < self.faults.doubled {
                        (trying.again, trying.tries) = (true, TRIES);
                        self.trying = Some(trying);
                    }
                }
            }
            FrameAnswer::Refused => {
                self.failing_since.get_or_insert(now);
                self.refused_in_a_row = (self.refused_in_a_row + 1).min(BACK_OFF_SLOTS);
                let slot = 1 + draws.below(u64::from(self.refused_in_a_row));
                self.not_before = now + BACK_OFF * ((1_u32 << slot) - 1) / 2;
                self.trying = Some(trying);
            }
            FrameAnswer::Status(status) => {
                let for_good = (400..=499).contains(&status) && status != 429;
                self.failed(trying, if for_good { 0 } else { 1 }, now);
            }
            FrameAnswer::Silence => self.failed(trying, 1, now),
        }
    }

    /// A try has failed; none are left of a frame that is refused for good (`left` 0). There is no pause before the next.
    fn failed(&mut self, mut trying: Trying, left: u32, now: Timestamp) {
        self.refused_in_a_row = 0;
        self.failing_since.get_or_insert(now);
        trying.tries = (trying.tries - 1) * left;
        if trying.tries > 0 {
            self.trying = Some(trying);
            return;
        }
        // Whoever was told has not heard it.
        if let Some(told) = trying.dropped {
            self.add_dropped(told);
        }
        if !trying.again {
            self.drop_messages(trying.messages, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::chance::Chance;
    use crate::world::lines::Writer;

    const AT: Timestamp = Timestamp::from_millis(1_793_491_200_000);

    fn outlet(faults: DrainFaults) -> (Outlet, Stream) {
        let url = "http://127.0.0.1:1/".to_owned();
        let drain = Drain { id: Uuid::nil(), url, token: "d.1".to_owned(), created_at: AT };
        let spec = DrainSpec { faults, ..DrainSpec::new(&drain.url) };
        (Outlet::new(Uuid::nil(), drain, &spec), Chance::new(1).frames)
    }

    fn write(outlet: &mut Outlet, draws: &mut Stream, count: usize) {
        for number in 0..count {
            let line = Line { at: AT, writer: Writer::Router, text: format!("number={number}.") };
            outlet.write(&line, draws);
        }
        outlet.flow(AT + outlet.faults.late + REORDERED_BY);
    }

    fn text(frame: &Frame) -> String {
        String::from_utf8(frame.body.to_vec()).unwrap()
    }

    #[test]
    fn answers_have_the_consequences_that_logplex_gives_them() {
        use FrameAnswer::{Refused, Silence, Status};
        let gone = None;
        // What comes back, and with how many tries left the same frame comes again.
        let cases: [(&[FrameAnswer], Option<u32>); 9] = [
            (&[Status(204)], gone),
            (&[Status(503)], Some(2)),
            (&[Status(429), Status(302)], Some(1)),
            (&[Status(503), Silence, Status(500)], gone),
            (&[Status(400)], gone),
            (&[Status(503), Status(404)], gone),
            (&[Refused; 9], Some(3)),
            (&[Silence, Refused, Silence], Some(1)),
            (&[Silence, Silence, Status(200)], gone),
        ];
        for (answers, left) in cases {
            let (mut outlet, mut draws) = outlet(DrainFaults::default());
            write(&mut outlet, &mut draws, 3);
            let mut now = AT + REORDERED_BY;
            let mut ids = Vec::new();
            for answer in answers {
                ids.push(outlet.frame(now, &mut draws).unwrap().id);
                assert_eq!(outlet.frame(now, &mut draws), None, "one at a time");
                outlet.answered(*answer, now, &mut draws);
                let alone = outlet.not_before.since(now);
                assert!(
                    (*answer == Refused) == (alone > Duration::ZERO) && alone < Duration::from_millis(5116),
                    "{alone:?}"
                );
                now = now.max(outlet.not_before);
            }
            ids.dedup();
            assert_eq!((ids.len(), ids[0].len()), (1, 32), "{answers:?}");
            assert_eq!(outlet.trying.as_ref().map(|trying| trying.tries), left, "{answers:?}");
            let taken = matches!(answers.last(), Some(Status(200..=299)));
            let drained = outlet.drained;
            let expected = if taken {
                (3, 0)
            } else if left.is_none() {
                (0, 3)
            } else {
                (0, 0)
            };
            assert_eq!((drained.taken, drained.dropped), expected, "{answers:?}");
        }
    }

    #[test]
    fn what_there_is_no_room_for_is_dropped_oldest_first_and_told_in_front_of_the_next_frame() {
        let (mut outlet, mut draws) = outlet(DrainFaults::default());
        write(&mut outlet, &mut draws, WAITING_MAX + 7);
        let frame = outlet.frame(AT + REORDERED_BY, &mut draws).unwrap();
        let told = "Error L10 (output buffer overflow): 7 messages dropped since 2026-11-01T00:00:00+00:00.";
        assert!(text(&frame).contains(told), "{}", text(&frame));
        assert!(text(&frame).contains(&format!("{told}71 <158>1 ")), "no line break: {}", text(&frame));
        assert!(!text(&frame).contains("number=6.") && text(&frame).contains("number=7."));
        assert_eq!(frame.messages, text(&frame).matches(" host heroku ").count());
        assert!(text(&frame).matches("number=").count() == WAITING_MAX && frame.body.len() <= FRAME_BYTES + 200);
        // A frame that is tried again may have another one in front, under the same id.
        outlet.answered(FrameAnswer::Status(503), AT, &mut draws);
        write(&mut outlet, &mut draws, WAITING_MAX + 5);
        let again = outlet.frame(AT + REORDERED_BY, &mut draws).unwrap();
        assert_eq!((again.id, again.messages), (frame.id, frame.messages + 1));
        // What is dropped with it counts again.
        for _ in 0..2 {
            outlet.answered(FrameAnswer::Status(503), AT, &mut draws);
            outlet.frame(AT + REORDERED_BY, &mut draws).unwrap();
        }
        assert!(outlet.drained.dropped == 12 + WAITING_MAX as u64, "{:?}", outlet.drained);
        let next = outlet.trying.as_ref().unwrap();
        assert_eq!(next.dropped.map(|dropped| dropped.count), Some(12 + WAITING_MAX as u64));
    }

    #[test]
    fn frames_are_of_about_a_hundred_kilobytes() {
        let (mut outlet, mut draws) = outlet(DrainFaults::default());
        let line = Line { at: AT, writer: Writer::Router, text: "x".repeat(400) };
        (0..1000).for_each(|_| outlet.write(&line, &mut draws));
        outlet.flow(AT);
        let mut sizes = Vec::new();
        while let Some(frame) = outlet.frame(AT, &mut draws) {
            sizes.push((frame.body.len(), frame.messages));
            outlet.answered(FrameAnswer::Status(204), AT, &mut draws);
        }
        assert_eq!(sizes.iter().map(|(_, messages)| messages).sum::<usize>(), 1000);
        assert!(
            sizes.len() == 5 && sizes[..4].iter().all(|(bytes, _)| (100_000..=FRAME_BYTES).contains(bytes)),
            "{sizes:?}"
        );
    }

    #[test]
    fn a_drain_that_fails_for_long_keeps_ten() {
        let (mut outlet, mut draws) = outlet(DrainFaults::default());
        write(&mut outlet, &mut draws, 2);
        outlet.frame(AT + REORDERED_BY, &mut draws).unwrap();
        outlet.answered(FrameAnswer::Refused, AT - LONG_FAILURE, &mut draws);
        write(&mut outlet, &mut draws, 30);
        assert_eq!((outlet.waiting.len(), outlet.drained.dropped), (10, 20));
    }

    #[test]
    fn private_spaces_leave_out_id_and_token() {
        for (form, count) in [(DrainForm::Common, 5), (DrainForm::Private, 3)] {
            let (mut outlet, mut draws) = outlet(DrainFaults::default());
            outlet.form = form;
            write(&mut outlet, &mut draws, 1);
            let headers = outlet.frame(AT + REORDERED_BY, &mut draws).unwrap().headers();
            assert_eq!(headers.len(), count, "{headers:?}");
            assert!(headers.contains(&("Logplex-Msg-Count", "1".to_owned())));
        }
    }

    #[test]
    fn faults_do_what_they_say() {
        let none = DrainFaults::default();
        let frames = |faults: DrainFaults, after: Duration| {
            let (mut outlet, mut draws) = outlet(faults);
            write(&mut outlet, &mut draws, 200);
            let mut frames = Vec::new();
            while let Some(frame) = outlet.frame(AT + after, &mut draws) {
                frames.push((frame.id.clone(), text(&frame)));
                outlet.answered(FrameAnswer::Status(204), AT, &mut draws);
            }
            (frames, outlet.drained)
        };
        let later = Duration::from_secs(60);
        let (well, _) = frames(none, later);
        let numbers = |text: &str| -> Vec<usize> {
            text.split("number=").skip(1).map(|rest| rest.split_once('.').unwrap().0.parse().unwrap()).collect()
        };
        assert_eq!(numbers(&well[0].1), (0..200).collect::<Vec<_>>());

        let (lost, drained) = frames(DrainFaults { loss: 0.5, ..none }, later);
        assert!((60..140).contains(&numbers(&lost[0].1).len()));
        assert_eq!(drained.taken + drained.lost, 200);

        let (doubled, drained) = frames(DrainFaults { doubled: 1.0, ..none }, later);
        assert!(doubled.len() == 2 && doubled[0] == doubled[1] && drained.taken == 200);

        let (silent, drained) = frames(DrainFaults { silent: true, ..none }, later);
        assert_eq!((silent.len(), drained.lost), (0, 200));

        let (reordered, _) = frames(DrainFaults { reordered: 0.3, ..none }, later);
        let mut order = numbers(&reordered[0].1);
        assert!(!order.is_sorted());
        order.sort_unstable();
        assert_eq!(order, (0..200).collect::<Vec<_>>());

        let (skewed, _) = frames(DrainFaults { skew_ms: -1500, ..none }, later);
        assert!(skewed[0].1.contains("2026-10-31T23:59:58.500000+00:00 host heroku router"));

        let (mut late, mut draws) = outlet(DrainFaults { late: later, ..none });
        late.write(&Line { at: AT, writer: Writer::Router, text: "late".to_owned() }, &mut draws);
        late.flow(AT + later - Duration::from_millis(1));
        assert_eq!(late.frame(AT + later, &mut draws), None);
        late.flow(AT + later);
        assert!(late.frame(AT + later, &mut draws).is_some());
    }
}
