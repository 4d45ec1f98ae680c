//! How many requests come in, by second.

mod made;
mod read;

pub use made::made;
pub use read::BadLoad;

/// A load has so many points at most: a month of minutes, or half a day of seconds.
pub(crate) const POINTS_MAX: usize = 45_000;
/// And lasts so long at most: each law plays every second of it.
pub(crate) const SECONDS_MAX: u64 = 31 * 86_400;

/// A time in which requests take longer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heavier {
    /// From this second,
    pub from: u64,
    /// up to this one,
    pub until: u64,
    /// they take so many times as long.
    pub by: f64,
}

/// A load over a time: requests a second at points that are equally far apart, and on a line between two of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// What it is called.
    name: String,
    /// How far apart points are, in seconds: 1 at least.
    step: u64,
    /// Requests a second, none of them negative; one at least.
    points: Vec<f64>,
    heavier: Option<Heavier>,
}

impl Load {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long it lasts.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.step * self.points.len() as u64
    }

    /// How many requests come in within this second. After the last point it is as it was there.
    #[must_use]
    pub fn rate(&self, second: u64) -> f64 {
        let (nth, part) = (second / self.step, second % self.step);
        let at = |nth: u64| {
            let last = self.points.len() - 1;
            self.points[usize::try_from(nth).map_or(last, |nth| nth.min(last))]
        };
        let (here, next) = (at(nth), at(nth + 1));
        here + (next - here) * part as f64 / self.step as f64
    }

    /// How many times as long as usually a request takes that comes in within this second.
    #[must_use]
    pub fn heaviness(&self, second: u64) -> f64 {
        match self.heavier {
            Some(heavier) if (heavier.from..heavier.until).contains(&second) => heavier.by,
            Some(_) | None => 1.0,
        }
    }

    /// Whether requests take longer at some time of it.
    #[must_use]
    pub const fn gets_heavier(&self) -> bool {
        self.heavier.is_some()
    }

    /// The most requests a second.
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.points.iter().copied().fold(0.0, f64::max)
    }

    /// The same form with another peak, in requests a second.
    #[must_use]
    pub fn scaled_to(mut self, peak: f64) -> Self {
        let by = peak / self.peak().max(f64::MIN_POSITIVE);
        self.points.iter_mut().for_each(|point| *point *= by);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_points_it_is_on_a_line_and_after_the_last_it_stays() {
        let load = Load { name: "three".to_owned(), step: 60, points: vec![10.0, 40.0, 20.0], heavier: None };
        assert_eq!((load.seconds(), load.peak()), (180, 40.0));
        for (second, expected) in
            [(0, 10.0), (30, 25.0), (60, 40.0), (90, 30.0), (120, 20.0), (179, 20.0), (9999, 20.0)]
        {
            assert!((load.rate(second) - expected).abs() < 1e-9, "{second}");
        }
        let scaled = load.scaled_to(100.0);
        assert!((scaled.rate(0) - 25.0).abs() < 1e-9 && (scaled.peak() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn requests_are_heavier_for_a_time() {
        let heavier = Some(Heavier { from: 10, until: 20, by: 1.6 });
        let load = Load { name: "heavy".to_owned(), step: 1, points: vec![1.0; 30], heavier };
        for (second, expected) in [(9, 1.0), (10, 1.6), (19, 1.6), (20, 1.0)] {
            assert_eq!(load.heaviness(second), expected, "{second}");
        }
    }
}
