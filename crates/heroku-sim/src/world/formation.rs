//! Scaling and resizing: one request is one change, checked whole and done whole.

use super::app::{App, Process, Turn};
use super::refusal::Refusal;
use super::sizes::{SizeClass, Tier};

/// The most Eco dynos that run in one app. Source: platform-api 9.
const ECO_RUNNING_MAX: u32 = 2;

/// A quantity as clients write it. Source: platform-api 5.2 (CLI ps/scale.ts, REC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuantityChange {
    /// `2`, `"2"`
    To(i64),
    /// `"+1"`, `"-1"`
    By(i64),
}

/// A change of one process type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormationUpdate {
    /// The process type, or the id of its formation entry.
    pub process: String,
    /// The new quantity; `None` leaves it.
    pub quantity: Option<QuantityChange>,
    /// The new size, by name or id; `None` leaves it.
    pub size: Option<String>,
}

impl FormationUpdate {
    /// This many dynos of this type.
    #[must_use]
    pub fn quantity(process: &str, quantity: u32) -> Self {
        Self { process: process.to_owned(), quantity: Some(QuantityChange::To(quantity.into())), size: None }
    }

    /// Dynos of this size for this type.
    #[must_use]
    pub fn size(process: &str, size: &str) -> Self {
        Self { process: process.to_owned(), quantity: None, size: Some(size.to_owned()) }
    }
}

/// Whether a request that was accepted has changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The world is different now.
    Yes,
    /// It was already so.
    No,
}

impl App {
    /// Applies every update, or none. A batch is validated whole. Source: platform-api 5.2 (UNCONFIRMED: atomic).
    pub(crate) fn patch_formation(
        &mut self,
        updates: &[FormationUpdate],
        turn: &mut Turn<'_>,
    ) -> Result<Changed, Refusal> {
        if self.current_content().slug.is_none() {
            return Err(Refusal::invalid_params("App must be deployed before dynos can be scaled."));
        }
        let mut after = self.formation.clone();
        for update in updates {
            let index = self.process_index(&update.process);
            let index = index.ok_or_else(|| Refusal::no_such_process_type(&update.process))?;
            if let Some(size) = &update.size {
                after[index].size = self.spec.place.size(size)?;
            }
            if let Some(change) = update.quantity {
                after[index].quantity = quantity_after(after[index].quantity, change)?;
            }
        }
        let touched = |index: usize| {
            let (before, now) = (&self.formation[index], &after[index]);
            before.quantity != now.quantity || before.size != now.size
        };
        let touched: Vec<usize> = (0..after.len()).filter(|index| touched(*index)).collect();
        if touched.is_empty() {
            // Accepted, and restarts nothing. // platform-api 5.2 [UNCONFIRMED for size]
            return Ok(Changed::No);
        }
        self.check_mix(&after)?;
        self.check_limits(&after, &touched)?;
        for index in touched {
            let resized = self.formation[index].size != after[index].size;
            self.formation[index] = Process { updated_at: turn.now, ..after[index].clone() };
            // Neither scaling nor resizing makes a release; a resize restarts the type's dynos. // platform-api 5.2
            if resized {
                let process_type = after[index].process_type.clone();
                self.replace_where(|dyno| dyno.process_type == process_type, turn);
            }
        }
        self.reconcile(turn);
        Ok(Changed::Yes)
    }

    /// All process types belong to one tier, also those at quantity 0. Source: platform-api 9 (WIRE22).
    fn check_mix(&self, after: &[Process]) -> Result<(), Refusal> {
        let Some(first) = after.first() else { return Ok(()) };
        match after.iter().find(|process| process.size.tier != first.size.tier) {
            Some(other) => Err(cannot_mix(first.size, other.size)),
            None => Ok(()),
        }
    }

    /// Refuses to have `size` beside what the app has.
    pub(crate) fn cannot_mix(&self, size: &SizeClass) -> Refusal {
        cannot_mix(self.formation.first().map_or(self.spec.place.size_by_default(), |process| process.size), size)
    }

    fn check_limits(&self, after: &[Process], touched: &[usize]) -> Result<(), Refusal> {
        for process in touched.iter().map(|index| &after[*index]) {
            let limit = self.spec.per_type_max(process.size);
            if process.quantity > limit {
                return Err(Refusal::cannot_update_above(limit, process.size.name));
            }
        }
        let total = after.iter().map(|process| process.quantity).sum();
        let size = after[touched[0]].size;
        let limit = if size.tier == Tier::Eco { ECO_RUNNING_MAX } else { self.spec.place.per_app_max() };
        if total > limit { Err(Refusal::cannot_run_above(limit, total, size.name)) } else { Ok(()) }
    }
}

fn cannot_mix(one: &SizeClass, other: &SizeClass) -> Refusal {
    let (one, other) = (one.name, other.name);
    Refusal::invalid_params(format!("Cannot use the following dyno types in the same app: {one} and {other}"))
}

/// The exact texts for negative quantities are not known. Source: platform-api 2 (UNCONFIRMED).
fn quantity_after(before: u32, change: QuantityChange) -> Result<u32, Refusal> {
    let wanted = match change {
        QuantityChange::To(quantity) => quantity,
        QuantityChange::By(difference) => i64::from(before).saturating_add(difference),
    };
    if wanted < 0 {
        return Err(Refusal::invalid_params("Quantity must be greater than or equal to 0."));
    }
    // Anything that large is over every limit all the same.
    Ok(u32::try_from(wanted).unwrap_or(u32::MAX / 256).min(u32::MAX / 256))
}
