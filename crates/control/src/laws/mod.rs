//! Laws of scaling: from what is told of an app to how many dynos there are to be. A file each.
//!
//! All but ours are stand-ins that we wrote from documentation. Where the documentation leaves a setting to the user, all of them are
//! given the same aim: requests wait for 100 ms at most.

mod clairvoyant;
mod heroku;
mod hirefire;
mod hpa;
mod judoscale;
mod ours;

use crate::{AT_ONCE, Load, Told};
use clairvoyant::Clairvoyant;
pub(crate) use clairvoyant::highest_ahead;
use heroku::Heroku;
use hirefire::HireFire;
use hpa::Hpa;
use judoscale::Judoscale;
use ours::Ours;
pub use ours::Settings;
use std::time::Duration;

/// Beyond this it is too slow: what 95 of 100 requests wait, in seconds.
const SLOW: f64 = 0.1;
/// Below this it is needlessly fast, in seconds, where a law has a range.
const FAST: f64 = 0.02;

/// A law, with what it remembers. It is told each slot, and asked as often as it says.
pub trait Law {
    /// How often it is asked: in whole seconds.
    fn every(&self) -> Duration;

    /// A slot is over.
    fn hear(&mut self, told: &Told);

    /// How many dynos there are to be, where there are to be so many now. The slot that it was told last is over at this moment, or was less
    /// than a slot ago.
    fn wants(&mut self, second: u64, quantity: u32) -> u32;
}

/// Which laws there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// `scale_to` on what is busy, with `scale_out` on a delay beside it.
    Ours,
    /// `scale_to` on what is busy, alone.
    LoadAlone,
    /// Like Heroku's autoscaler.
    Heroku,
    /// Like Judoscale's.
    Judoscale,
    /// Like HireFire's.
    HireFire,
    /// Like Kubernetes' horizontal pod autoscaler.
    Hpa,
    /// Who knows what will come.
    Clairvoyant,
}

impl Which {
    /// All of them, ours first.
    pub const ALL: [Self; 7] =
        [Self::Ours, Self::LoadAlone, Self::Heroku, Self::Judoscale, Self::HireFire, Self::Hpa, Self::Clairvoyant];
    /// Those that ours is judged by.
    pub const OTHERS: [Self; 4] = [Self::Heroku, Self::Judoscale, Self::HireFire, Self::Hpa];

    /// What it is called in a report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::LoadAlone => "ours, without the guard",
            Self::Heroku => "like Heroku",
            Self::Judoscale => "like Judoscale",
            Self::HireFire => "like HireFire",
            Self::Hpa => "like HPA",
            Self::Clairvoyant => "clairvoyant",
        }
    }

    /// The law, as it begins. Only who is clairvoyant looks at the load; the settings are those of ours.
    #[must_use]
    pub fn law(self, load: &Load, settings: &Settings) -> Box<dyn Law> {
        match self {
            Self::Ours => Box::new(Ours::guarded(settings)),
            Self::LoadAlone => Box::new(Ours::by_load_alone(settings)),
            Self::Heroku => Box::new(Heroku::default()),
            Self::Judoscale => Box::new(Judoscale::default()),
            Self::HireFire => Box::new(HireFire::default()),
            Self::Hpa => Box::new(Hpa::at(settings.per_dyno / f64::from(AT_ONCE))),
            Self::Clairvoyant => Box::new(Clairvoyant::of(load)),
        }
    }
}

/// How many whole ones so much is; less than a billionth more is nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is held within what a u32 has")]
fn whole(dynos: f64) -> u32 {
    (dynos - 1e-9).ceil().clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod testing {
    use super::{Law, Told};
    use flyball_model::Timestamp;
    use std::time::Duration;

    /// A slot of an app with five dynos, half of what they can do, at this second.
    pub(super) fn calm(second: u64) -> Told {
        Told {
            at: Timestamp::EPOCH + Duration::from_secs(second),
            quantity: 5,
            up: 5,
            rate: 25.0,
            requests: 750.0,
            busy: 12.5,
            queue_p95: 0.05,
            slot_queue_p95: 0.05,
            slot_response_p95: 0.55,
            slot_rate: 25.0,
            utilization: 0.5,
        }
    }

    /// Plays so many seconds of slots that look like this, from this second on, and tells when the quantity changed, and to what. The
    /// law's wishes are carried out, and every dyno is up at once.
    pub(super) fn play(
        law: &mut dyn Law,
        seconds: std::ops::Range<u64>,
        from: u32,
        told: impl Fn(u64, u32) -> Told,
    ) -> Vec<(u64, u32)> {
        let (mut quantity, mut changes) = (from, Vec::new());
        for second in seconds {
            if second.is_multiple_of(10) {
                law.hear(&Told { quantity, up: quantity, ..told(second, quantity) });
            }
            if second.is_multiple_of(law.every().as_secs()) {
                let wanted = law.wants(second, quantity);
                if wanted != quantity {
                    changes.push((second, wanted));
                    quantity = wanted;
                }
            }
        }
        changes
    }
}
