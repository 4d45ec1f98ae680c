//! Curves: how many dynos there were and how much load, second by second, in an hour in which visitors came; and two of
//! them in one plot.

use crate::output::{FAINT, GOOD, ODD, STRONG, paint};
use flyball_model::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// A moment is kept this often: dynos boot in just under a second.
const EVERY: Duration = Duration::from_secs(1);
/// Moments that are kept, and drawn: what fits on the narrowest terminal that people use, and more than a scene lasts.
const MOMENTS_MAX: usize = 60;
/// The heights of a load, from nothing to the most of its hour.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What an app was like at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Moment {
    /// How many web dynos there should be.
    pub(super) dynos: u32,
    /// Requests a second.
    pub(super) load: f64,
}

/// An hour, second by second.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Curve {
    moments: Vec<Moment>,
    #[serde(skip)]
    next: Option<Timestamp>,
}

impl Curve {
    /// Notes what there is now, where a second has passed. What a busy machine was late for is as it is now.
    pub(super) fn note(&mut self, now: Timestamp, moment: Moment) {
        let mut next = self.next.unwrap_or(now);
        while next <= now && self.moments.len() < MOMENTS_MAX {
            self.moments.push(moment);
            next = next + EVERY;
        }
        self.next = Some(next);
    }

    fn most_dynos(&self) -> u32 {
        self.moments.iter().map(|moment| moment.dynos).max().unwrap_or(0)
    }

    /// Its load as a row of heights, and the most of it.
    fn load(&self) -> (String, f64) {
        let most = self.moments.iter().map(|moment| moment.load).fold(0.0, f64::max);
        (self.moments.iter().map(|moment| height(moment.load / most)).collect(), most)
    }
}

fn height(part: f64) -> char {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the eight heights")]
    let step = (part * 7.0).round().clamp(0.0, 7.0) as usize;
    HEIGHTS[step]
}

/// The dynos of both hours over each other, and their loads below.
pub(super) fn plot(steps: &Curve, step: &Curve) -> String {
    let mut lines = vec![paint(STRONG, "  web dynos, second by second since the visitors came")];
    let width = steps.moments.len().max(step.moments.len());
    for dynos in (1..=steps.most_dynos().max(step.most_dynos())).rev() {
        let there =
            |curve: &Curve, second: usize| curve.moments.get(second).is_some_and(|moment| moment.dynos == dynos);
        let row: String = (0..width)
            .map(|second| match (there(steps, second), there(step, second)) {
                (true, true) => '◉',
                (true, false) => '○',
                (false, true) => '●',
                (false, false) => ' ',
            })
            .collect();
        lines.push(format!("  {dynos:>2} {row}").trim_end().to_owned());
    }
    for (mark, style, name, curve) in
        [('○', ODD, "the shop, +1 at a reading", steps), ('●', GOOD, "the blog, to its load in one step", step)]
    {
        let (load, most) = curve.load();
        lines.push(format!("     {load}"));
        lines.push(format!(
            "     {} {name}; {}",
            paint(style, mark),
            paint(FAINT, format!("load up to {most:.0} requests/s"))
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(moments: &[(u64, u32, f64)]) -> Curve {
        let mut curve = Curve::default();
        for (millis, dynos, load) in moments {
            let at = Timestamp::EPOCH + Duration::from_millis(*millis);
            curve.note(at, Moment { dynos: *dynos, load: *load });
        }
        curve
    }

    #[test]
    fn a_moment_is_kept_each_second_and_what_was_missed_is_as_it_is_then() {
        let kept = curve(&[(0, 2, 8.0), (400, 3, 8.0), (1000, 3, 8.0), (3100, 4, 8.0)]);
        let dynos: Vec<u32> = kept.moments.iter().map(|moment| moment.dynos).collect();
        assert_eq!(dynos, [2, 3, 4, 4]);
        assert_eq!(curve(&[(0, 2, 8.0), (3_600_000, 2, 8.0)]).moments.len(), MOMENTS_MAX);
    }

    #[test]
    fn both_hours_are_in_one_plot() {
        let steps = curve(&[(0, 2, 28.0), (1000, 3, 28.0), (2000, 4, 56.0)]);
        let step = curve(&[(0, 2, 59.0), (1000, 2, 59.0), (2000, 4, 59.0), (3000, 4, 0.0)]);
        let shown = anstream::adapter::strip_str(&plot(&steps, &step)).to_string();
        let expected = [
            "  web dynos, second by second since the visitors came",
            "   4   ◉●",
            "   3  ○",
            "   2 ◉●",
            "   1",
            "     ▅▅█",
            "     ○ the shop, +1 at a reading; load up to 56 requests/s",
            "     ███▁",
            "     ● the blog, to its load in one step; load up to 59 requests/s",
        ];
        assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
        assert_eq!(plot(&Curve::default(), &Curve::default()).lines().count(), 5);
    }
}
