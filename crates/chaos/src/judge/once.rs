//! Once means once.

use super::evidence::{Dossier, Evidence};
use super::terms::{Opinion, Violation};
use flyball_model::Effect;
use serde_json::Value;

/// "A run … sends [its call] at most once." Nothing bends it: no clock, no kill, no lost answer.
pub(super) fn no_effect_twice(_: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let (left, arrived) = (dossier.left.len(), dossier.arrivals.len());
    (left > 1 || arrived > 1).then(|| format!("its call left Flyball {left} times, and arrived {arrived} times"))
}

/// "A run is committed to disk before its call is sent."
pub(super) fn marked_before_it_leaves(_: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let left = *dossier.left.first()?;
    match dossier.marked {
        Some((marked, _)) if marked < left => None,
        Some(_) => Some("its call left before it was marked as sent".to_owned()),
        None => Some("its call left, and it was never marked as sent".to_owned()),
    }
}

/// Every change that the world received from Flyball has a run: nothing is silent.
pub(super) fn every_change_has_a_run(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for call in &evidence.record.calls {
        let id = call.request_id.as_deref().unwrap_or_default();
        let run = evidence.senders.get(id).copied().flatten();
        if run.is_some_and(|run| evidence.dossiers.contains_key(&run)) {
            continue;
        }
        let words = format!("no run has sent {} {}", call.method, call.path);
        violations.push(Violation { invariant: "every change has a run", words, at: call.at, run });
    }
    violations
}

/// "A plan leaves nothing to choose": what is sent is what was planned, with its absolute value.
pub(super) fn says_what_the_plan_says(_: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let call = dossier.arrivals.first()?.call;
    let app = format!("/apps/{}", dossier.app());
    let body: Value = serde_json::from_str(&call.body).unwrap_or_default();
    let update = &body["updates"][0];
    let (method, path, says_so) = match &dossier.run.plan.effect {
        Effect::SetQuantity { process_type, to, .. } => {
            let quantity = update["quantity"].as_u64().map(|quantity| quantity.to_string());
            let says = update["type"] == process_type.as_str() && quantity == Some(to.to_string());
            ("PATCH", format!("{app}/formation"), says)
        }
        Effect::SetSize { process_type, to, .. } => {
            let size = update["size"].as_str().unwrap_or_default();
            let says = update["type"] == process_type.as_str() && size.eq_ignore_ascii_case(&to.to_string());
            ("PATCH", format!("{app}/formation"), says)
        }
        Effect::RestartDyno { dyno, .. } => ("DELETE", format!("{app}/dynos/{dyno}"), true),
        Effect::RestartAll { .. } => ("DELETE", format!("{app}/dynos"), true),
        Effect::RollBack { release, .. } => {
            ("POST", format!("{app}/releases"), body["release"] == release.to_string().as_str())
        }
        Effect::RunOneOff { command, .. } => ("POST", format!("{app}/dynos"), body["command"] == command.as_str()),
    };
    let holds = call.method == method && call.path == path && says_so;
    (!holds).then(|| format!("it sent {} {} {}", call.method, call.path, call.body))
}
