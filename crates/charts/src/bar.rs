//! The bar of a day, a week, or ninety days.

use crate::text::{LABEL_CHARS, at, escaped, percent};

/// Columns of a bar: at 390 pixels one is about three pixels wide. Neighbours of a longer list are merged.
pub const SLOTS_MAX: usize = 96;

/// Heights by verdict, so that the bar can be read without its colours: failing stands out, unknown is a stub.
const PASSING: f64 = 13.0;
const FAILING: f64 = 20.0;
const UNKNOWN: f64 = 7.0;
/// The least height of what failed: a second in a day is seen as well.
const FAILING_MIN: f64 = 5.0;

/// One column of a bar: shares of its time, each from 0 to 1; together at most 1. In the rest nobody looked.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Slot {
    /// The share that passed.
    pub passing: f64,
    /// The share that failed.
    pub failing: f64,
    /// The share in which it could not be looked.
    pub unknown: f64,
}

impl Slot {
    /// The shares as they can be drawn: numbers, not below zero, together at most 1.
    fn sane(self) -> Self {
        let share = |share: f64| if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        let (passing, failing, unknown) = (share(self.passing), share(self.failing), share(self.unknown));
        let all = (passing + failing + unknown).max(1.0);
        Self { passing: passing / all, failing: failing / all, unknown: unknown / all }
    }
}

/// The bar of some time, oldest slot first. It scales to any width and height; it has no text.
///
/// `label` says of what and of when ("front page, last 24 hours"); the shares are added to it.
#[must_use]
pub fn uptime_bar(slots: &[Slot], label: &str) -> String {
    let said = escaped(&format!("{}: {}", label, spoken(&mean(slots))), LABEL_CHARS * 6);
    let columns: Vec<Slot> = slots.chunks(slots.len().div_ceil(SLOTS_MAX).max(1)).map(mean).collect();
    let (mut passing, mut failing, mut unknown) = (String::new(), String::new(), String::new());
    for (n, slot) in columns.iter().enumerate() {
        let mut y = FAILING;
        let mut stack = |path: &mut String, height: f64| {
            if height > 0.0 {
                y -= height;
                *path += &format!("M{} {}h3v{}h-3z", n * 4, at(y), at(height));
            }
        };
        stack(&mut passing, PASSING * slot.passing);
        stack(&mut unknown, UNKNOWN * slot.unknown);
        stack(&mut failing, if slot.failing > 0.0 { (FAILING * slot.failing).max(FAILING_MIN) } else { 0.0 });
    }
    let width = (columns.len() * 4).saturating_sub(1).max(1);
    let paths: String = [("pass", passing), ("unknown", unknown), ("fail", failing)]
        .into_iter()
        .filter(|(_, path)| !path.is_empty())
        .map(|(class, path)| format!(r#"<path class="{class}" d="{path}"/>"#))
        .collect();
    let open = format!(r#"<svg class="bar" viewBox="0 0 {width} 21" preserveAspectRatio="none" role="img""#);
    format!(r#"{open} aria-label="{said}"><title>{said}</title>"#)
        + &format!(r#"<path class="ground" d="M0 20h{width}v1h-{width}z"/>{paths}</svg>"#)
}

fn mean(slots: &[Slot]) -> Slot {
    let sum = slots.iter().map(|slot| slot.sane()).fold(Slot::default(), |sum, slot| Slot {
        passing: sum.passing + slot.passing,
        failing: sum.failing + slot.failing,
        unknown: sum.unknown + slot.unknown,
    });
    let count = slots.len().max(1) as f64;
    Slot { passing: sum.passing / count, failing: sum.failing / count, unknown: sum.unknown / count }
}

fn spoken(slot: &Slot) -> String {
    let nobody = 1.0 - slot.passing - slot.failing - slot.unknown;
    let parts: Vec<String> =
        [(slot.passing, "passing"), (slot.failing, "failing"), (slot.unknown, "unknown"), (nobody, "not looked at")]
            .into_iter()
            .filter(|(share, _)| *share > 1e-9)
            .map(|(share, word)| format!("{} {word}", percent(share)))
            .collect();
    parts.join(", ")
}
