//! What comes in from an app's drain, and from the adapters in it, counted by slots as it comes.

use crate::{Adapters, Line, Lost, Narrow, Report, SLOT, Said, Slot, messages, said};
use flyball_model::Timestamp;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

/// A slot is told once this much has passed since its end: lines come within about a second.
pub const GRACE: Duration = Duration::from_secs(2);
/// Slots that are still counted into: a drain that hung for longer than ten minutes has told of its loss.
const SLOTS_OPEN: u32 = 60;
/// A router's clock may be so much ahead of ours; what is further ahead is counted when it comes.
const AHEAD_MAX: Duration = Duration::from_secs(30);
/// Frames whose ids are remembered: Logplex sends one again within some 15 s, and sends some hundred in a second at most.
const FRAMES_REMEMBERED: usize = 8192;

/// What comes in from an app's drain.
#[derive(Debug)]
pub struct Feed {
    /// Which requests are counted beside all of them, and under which name.
    series: Vec<(String, Narrow)>,
    /// Those that are still counted into, by when they begin.
    open: BTreeMap<i64, Open>,
    frames: Frames,
}

#[derive(Debug, Default)]
struct Open {
    slot: Slot,
    /// Something came since it was taken last.
    is_new: bool,
}

/// Ids of frames, those that came first are forgotten first.
#[derive(Debug, Default)]
struct Frames {
    known: HashSet<Vec<u8>>,
    in_order: VecDeque<Vec<u8>>,
}

impl Frames {
    /// Whether this one did not come before.
    fn is_new(&mut self, id: &[u8]) -> bool {
        if self.known.contains(id) {
            return false;
        }
        if self.in_order.len() >= FRAMES_REMEMBERED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(id.to_vec());
        self.in_order.push_back(id.to_vec());
        true
    }
}

impl Feed {
    /// Begins to listen.
    #[must_use]
    pub fn beginning(now: Timestamp) -> Self {
        let mut feed = Self { series: Vec::new(), open: BTreeMap::new(), frames: Frames::default() };
        feed.slot(now).began = true;
        feed
    }

    /// From now on these are counted, beside all requests.
    pub fn narrow(&mut self, narrow: impl IntoIterator<Item = Narrow>) {
        let mut series: Vec<_> = narrow.into_iter().map(|narrow| (narrow.to_string(), narrow)).collect();
        series.sort_unstable();
        series.dedup();
        series.retain(|(name, _)| !name.is_empty());
        self.series = series;
    }

    /// Takes a frame that came now. Of one that came before only the losses are read, which may have been put in front of it.
    pub fn take(&mut self, frame: Option<&[u8]>, body: &[u8], now: Timestamp) {
        let is_new = frame.is_none_or(|id| self.frames.is_new(id));
        let mut messages = messages(body);
        for message in &mut messages {
            let Some(line) = Line::of(message) else { continue };
            match said(&line) {
                Said::Lost(Lost { messages, .. }) => self.lose(messages, now),
                said if is_new => self.count(&line, &said, now),
                _ => {}
            }
        }
        // What cannot be cut into lines may have been any number of them.
        if messages.broken() > 0 && is_new {
            self.lose(1, now);
        }
    }

    /// Lines were lost, here or on their way: since when nobody knows.
    pub fn lose(&mut self, lines: u64, now: Timestamp) {
        let slot = self.slot(now);
        slot.lines += 1;
        slot.lost += lines.max(1);
    }

    fn count(&mut self, line: &Line<'_>, said: &Said<'_>, now: Timestamp) {
        let is_ahead = line.at.since(now) > AHEAD_MAX;
        let at = if is_ahead { now } else { line.at };
        let start = Slot::start_of(at);
        let age = now.since(start);
        if age >= SLOT * SLOTS_OPEN {
            let slot = self.slot(now);
            slot.lines += 1;
            slot.late += 1;
            return;
        }
        let is_late = age >= SLOT + GRACE;
        let Self { series, open, .. } = self;
        let of = open.entry(start.as_millis()).or_default();
        of.is_new = true;
        let slot = &mut of.slot;
        slot.lines += 1;
        slot.late += u64::from(is_late);
        match said {
            Said::Request(request) => {
                slot.request("", request);
                slot.request_of_dyno(request);
                for (name, _) in series.iter().filter(|(_, narrow)| narrow.has(request)) {
                    slot.request(name, request);
                }
            }
            Said::Runtime(runtime) => slot.runtime(runtime),
            Said::DynoError(error) => slot.trouble(error.code),
            Said::Lost(_) | Said::State(_) | Said::Exited(_) | Said::Other => {}
        }
    }

    /// Takes what an adapter reported now. Each value is counted into the slot of its own second: adapters that could not be heard keep
    /// theirs for two minutes.
    pub fn report(&mut self, report: &Report, now: Timestamp) {
        self.adapters(now).heard(report);
        for value in &report.values {
            let at = Timestamp::from_millis(value.second.saturating_mul(1000));
            let at = if at.since(now) > AHEAD_MAX { now } else { at };
            if now.since(Slot::start_of(at)) >= SLOT * SLOTS_OPEN {
                self.adapters(now).late += 1;
            } else {
                self.adapters(at).value(report, value);
            }
        }
    }

    /// A report did not come whole, could not be read, or found no room.
    pub fn lose_report(&mut self, now: Timestamp) {
        self.adapters(now).lost += 1;
    }

    fn adapters(&mut self, at: Timestamp) -> &mut Adapters {
        self.slot(at).adapters.get_or_insert_default()
    }

    fn slot(&mut self, at: Timestamp) -> &mut Slot {
        let open = self.open.entry(Slot::start_of(at).as_millis()).or_default();
        open.is_new = true;
        &mut open.slot
    }

    /// The slots that are over and in which something came since they were asked for last, to be written over what was written of them
    /// before; all of them once nobody listens any more.
    pub fn due(&mut self, now: Timestamp, to_the_end: bool) -> Vec<(Timestamp, Slot)> {
        let over = Slot::start_of(now).as_millis();
        let mut due = Vec::new();
        for (start, open) in &mut self.open {
            if open.is_new && (*start < over || to_the_end) {
                open.is_new = false;
                due.push((Timestamp::from_millis(*start), open.slot.clone()));
            }
        }
        let oldest = Slot::start_of(now - SLOT * SLOTS_OPEN).as_millis();
        self.open.retain(|start, open| *start > oldest || open.is_new);
        due
    }

    /// What was due could not be written, and is due again.
    pub fn due_again(&mut self, starts: impl IntoIterator<Item = Timestamp>) {
        for start in starts {
            if let Some(open) = self.open.get_mut(&start.as_millis()) {
                open.is_new = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;
    use std::fmt::Write as _;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second)
    }

    fn frame(lines: &[String]) -> Vec<u8> {
        let mut body = String::new();
        for line in lines {
            write!(body, "{} {line}", line.len()).unwrap();
        }
        body.into_bytes()
    }

    fn router(second: u64, rest: &str) -> String {
        format!("<158>1 {} host heroku router - at=info method=GET {rest}\n", at(second))
    }

    fn request(second: u64) -> String {
        router(second, "path=\"/\" dyno=web.1 connect=1ms service=200ms status=200 bytes=3")
    }

    fn loss(count: u64) -> String {
        let words = format!("Error L10 (output buffer overflow): {count} messages dropped since {}.", at(0));
        format!("<172>1 {} host heroku logplex - {words}", at(1))
    }

    fn requests(slots: &[(Timestamp, Slot)]) -> Vec<(u64, u64)> {
        let of = |slot: &Slot| slot.series.get("").map_or(0, |tally| tally.requests);
        slots.iter().map(|(start, slot)| (start.since(at(0)).as_secs(), of(slot))).collect()
    }

    #[test]
    fn lines_are_counted_into_the_slot_of_their_own_time() {
        let mut feed = Feed::beginning(at(0));
        feed.take(Some(b"A"), &frame(&[request(1), request(9), request(10), request(11)]), at(11));
        assert_eq!(requests(&feed.due(at(12), false)), [(0, 2)], "one that is not over is not told");
        assert_eq!(requests(&feed.due(at(12), false)), [], "nor one in which nothing is new");
        feed.take(Some(b"B"), &frame(&[request(3)]), at(19));
        let due = feed.due(at(20), false);
        assert_eq!(requests(&due), [(0, 3), (10, 2)], "what comes late is written over what was");
        assert_eq!((due[0].1.late, due[0].1.began, due[1].1.began), (1, true, false));
        feed.due_again([at(10)]);
        assert_eq!(requests(&feed.due(at(21), false)), [(10, 2)], "what could not be written is due again");
        feed.take(None, &frame(&[request(21)]), at(22));
        assert_eq!(requests(&feed.due(at(22), true)), [(20, 1)], "at the end everything is told");
    }

    #[test]
    fn a_frame_that_comes_twice_counts_once_and_what_was_lost_is_read_in_any_case() {
        let mut feed = Feed::beginning(at(0));
        let lines = [request(1)];
        feed.take(Some(b"A"), &frame(&lines), at(2));
        feed.take(Some(b"A"), &frame(&lines), at(3));
        feed.take(Some(b"A"), &frame(&[loss(7), request(1)]), at(4));
        // Private Spaces give frames no id.
        feed.take(None, &frame(&lines), at(5));
        feed.take(None, b"a frame that nobody can read", at(6));
        let due = feed.due(at(10), false);
        assert_eq!((requests(&due), due[0].1.lost), (vec![(0, 2)], 8));
    }

    #[test]
    fn what_is_too_old_or_from_the_future_is_not_believed() {
        let mut feed = Feed::beginning(at(0));
        feed.take(None, &frame(&[request(10), request(1010), request(999)]), at(1000));
        let due = feed.due(at(1100), false);
        assert_eq!(requests(&due), [(0, 0), (990, 1), (1000, 0), (1010, 1)]);
        assert_eq!(due.iter().map(|(_, slot)| slot.late).sum::<u64>(), 1);
        feed.take(None, &frame(&[request(90_000)]), at(1100));
        assert_eq!(requests(&feed.due(at(1110), false)), [(1100, 1)], "a clock a day ahead");
        // Nothing is kept of what is told.
        assert_eq!(feed.due(at(10_000), false), []);
        assert!(feed.open.is_empty(), "{:?}", feed.open.keys());
    }

    #[test]
    fn requests_are_counted_by_what_they_are() {
        let mut feed = Feed::beginning(at(0));
        let path = |path: &str| Narrow { path: Some(path.to_owned()), codes: Vec::new() };
        let codes = Narrow { path: None, codes: vec![Code::of(b"H12").unwrap()] };
        feed.narrow([path("/api"), codes, path("/api"), Narrow::default()]);
        let lines = [
            router(1, "path=\"/api/a\" dyno=web.1 connect=1ms service=20ms status=200"),
            router(1, "path=\"/api/b\" dyno=web.2 connect=1ms service=40ms status=500"),
            router(2, "code=H12 path=\"/\" dyno=web.1 connect=1ms service=30000ms status=503"),
            router(2, "code=H27 path=\"/\" dyno=web.1 connect=1ms service=1000ms status=499"),
            router(3, "path=\"/socket\" dyno=web.1 connect=1ms service=3600000ms status=101"),
            format!("<45>1 {} host heroku web.2 - source=web.2 dyno=heroku.1.2 sample#load_avg_1m=2.50", at(4)),
            format!(
                "<45>1 {} host heroku web.2 - source=web.2 sample#memory_total=768.00MB sample#memory_quota=512.00MB",
                at(4)
            ),
            format!("<45>1 {} host heroku web.2 - Error R14 (Memory quota exceeded)", at(4)),
            format!("<190>1 {} host app web.1 - something of the app's own", at(4)),
            "no line".to_owned(),
        ];
        feed.take(None, &frame(&lines), at(5));
        let slot = feed.due(at(10), false).remove(0).1;
        let told = |name: &str| slot.series.get(name).map(|tally| (tally.requests, tally.errors, tally.service_ms));
        assert_eq!(told(""), Some((4, 2, 31_060)), "a WebSocket is no load, a client that goes away is no error");
        assert_eq!((told("/api"), told("H12 ")), (Some((2, 1, 60)), Some((1, 1, 30_000))));
        assert_eq!(slot.series.len(), 3);
        let dyno = |name: &str| slot.dynos.get(name).map(|dyno| (dyno.requests, dyno.errors, dyno.load, dyno.memory));
        assert_eq!((dyno("web.1"), dyno("web.2")), (Some((4, 1, None, None)), Some((1, 1, Some(2.5), Some(1.5)))));
        assert_eq!((slot.lines, slot.troubles.len()), (9, 1));
        assert_eq!(Slot::of_bytes(&slot.to_bytes()), Some(slot));
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let mut feed = Feed::beginning(at(0));
        for nth in 0..FRAMES_REMEMBERED + 10 {
            feed.take(Some(nth.to_string().as_bytes()), b"", at(1));
        }
        assert_eq!((feed.frames.known.len(), feed.frames.in_order.len()), (FRAMES_REMEMBERED, FRAMES_REMEMBERED));
        let lines: Vec<_> = (0..1000).map(|nth| router(1, &format!("dyno=web.{nth} service=1ms status=200"))).collect();
        feed.take(None, &frame(&lines), at(2));
        let slot = feed.due(at(10), false).remove(0).1;
        assert_eq!((slot.dynos.len(), slot.series[""].requests), (256, 1000));
    }
}
