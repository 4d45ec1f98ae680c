//! Foreign hands as people read them: what others changed of an app, and who may be working against us.

use super::Reader;
use flyball_decide::looks_like_autoscaler;
use flyball_model::{AppName, ForeignChange, ProcessType};
use flyball_store::{Error, Sighting};
use serde::Serialize;
use std::collections::BTreeSet;

/// At most this many changes by others are told of an app, the latest.
const TOLD: usize = 3;

/// Something else that changes a quantity again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rival {
    /// Of which app.
    pub app: AppName,
    /// Of which process type.
    pub process_type: ProcessType,
    /// How often within the last hour.
    pub times: u32,
}

impl Reader<'_> {
    /// What looks like another autoscaler, among the apps of the file.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn rivals(&self) -> Result<Vec<Rival>, Error> {
        let (known, mut rivals) = (self.known(self.apps()).await?, Vec::new());
        for app in self.apps() {
            let Some(sighting) = known.get(app).and_then(|known| known.sighting.as_ref()) else { continue };
            let changed = sighting.foreign.iter().filter_map(|foreign| match &foreign.change {
                ForeignChange::Quantity { process_type, .. } => Some(process_type.clone()),
                ForeignChange::Size { .. } | ForeignChange::Release { .. } => None,
            });
            let types: BTreeSet<ProcessType> = changed.collect();
            rivals.extend(types.into_iter().filter_map(|process_type| {
                let times = looks_like_autoscaler(&sighting.foreign, &process_type, self.now)?;
                Some(Rival { app: app.clone(), process_type, times })
            }));
        }
        Ok(rivals)
    }
}

/// What others changed of an app, in a sentence.
pub(super) fn changed_by_others(sighting: &Sighting) -> Option<String> {
    let latest = sighting.foreign.iter().rev().take(TOLD);
    let told: Vec<String> = latest.map(|foreign| format!("{} ({})", foreign.change, foreign.at)).collect();
    (!told.is_empty()).then(|| format!("Others changed it: {}.", told.join("; ")))
}
