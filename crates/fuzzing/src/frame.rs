//! What a log drain is sent.

use flyball_model::Timestamp;
use flyball_signals::{Feed, Slot};
use std::time::Duration;

/// When frames come.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Takes the bytes as a frame, twice under one id, and everything that is counted comes out once.
///
/// # Panics
///
/// When something does not hold.
pub fn frame(data: &[u8]) {
    let mut feed = Feed::beginning(NOW);
    feed.take(Some(b"1"), data, NOW);
    let once = feed.due(NOW, true);
    feed.take(Some(b"1"), data, NOW);
    let twice = feed.due(NOW, true);

    let lines = |slots: &[(Timestamp, Slot)]| slots.iter().map(|(_, slot)| slot.lines).sum::<u64>();
    // A message has a length, a blank, and what stands for a line: more of them than a quarter of the bytes there are not, and one more is
    // for what could not be cut.
    assert!(lines(&once) <= u64::try_from(data.len() / 4 + 1).unwrap_or(u64::MAX), "{} lines", lines(&once));
    for (at, slot) in &once {
        let distance = at.since(NOW).max(NOW.since(*at));
        assert!(distance <= Duration::from_secs(700), "a slot {distance:?} away");
        assert!(slot.dynos.len() <= 256, "{} dynos", slot.dynos.len());
        let all = slot.series.get("").map_or(0, |tally| tally.requests);
        assert!(all <= slot.lines, "{all} requests in {} lines", slot.lines);
        assert_eq!(Slot::of_bytes(&slot.to_bytes()).as_ref(), Some(slot), "it is read as it was written");
    }
    // What came again counts for nothing but its losses.
    let requests = |slots: &[(Timestamp, Slot)]| -> u64 {
        slots.iter().filter_map(|(_, slot)| slot.series.get("")).map(|tally| tally.requests).sum()
    };
    let of_again = twice.iter().filter(|(at, _)| once.iter().any(|(before, _)| before == at));
    let before = once.iter().filter(|(at, _)| twice.iter().any(|(again, _)| again == at));
    let (again, before): (Vec<_>, Vec<_>) = (of_again.cloned().collect(), before.cloned().collect());
    assert_eq!(requests(&again), requests(&before), "a frame that came twice was counted twice");
    let _any = Slot::of_bytes(data);
}
