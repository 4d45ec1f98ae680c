//! What adapters of other scalers post.

use flyball_model::Timestamp;
use flyball_signals::{Feed, Report, Slot, hirefire, judoscale};

/// When reports come.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Takes the bytes as a report of either adapter; what is counted of it is bounded, and read as it was written.
///
/// # Panics
///
/// When something does not hold.
pub fn report(data: &[u8]) {
    for report in [judoscale(data), hirefire(data)].into_iter().flatten() {
        // A value has a digit at least, and something that ends it.
        assert!(report.values.len() <= data.len() / 2, "{} values", report.values.len());
        assert!(report.queues.len() <= 64 && report.alive.len() <= 64, "{report:?}");
        counted(&report);
    }
}

fn counted(report: &Report) {
    let mut feed = Feed::beginning(NOW);
    feed.report(report, NOW);
    let once = feed.due(NOW, true);
    for (_, slot) in &once {
        assert_eq!((slot.lines, slot.lost), (0, 0), "a drain told nothing");
        assert_eq!(Slot::of_bytes(&slot.to_bytes()).as_ref(), Some(slot), "it is read as it was written");
    }
    // What another engine was told too is merged into the same, but for what is counted.
    let mut merged = Slot::default();
    once.iter().for_each(|(_, slot)| merged.merge(slot));
    let mut twice = merged.clone();
    twice.merge(&merged);
    let queues = |slot: &Slot| slot.adapters.as_ref().map(|told| told.queues.clone());
    assert_eq!(queues(&twice), queues(&merged), "of a queue the newest counts, and not the sum");
}
