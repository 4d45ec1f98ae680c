//! `scale_in`: one dyno fewer, until `min_quantity`.

use super::drain::{Drain, Quiet};
use super::fields::{app_and_account, process_type};
use super::kind::ReactionKind;
use super::limit::Limit;
use flyball_decide::{Known, Planned};
use flyball_model::{AccountName, AppName, Because, Effect, ProcessType, Quantity, Rank, Sight};
use flyball_settings::{Fields, Settings};
use serde::Serialize;
use std::time::Duration;

/// Default: how long dynos that were added are left alone. A surge that has just been met must be seen to ebb.
const STABILIZE: Duration = Duration::from_secs(300);

/// Takes a dyno from a process type each time it acts. Up and down are different questions: it waits for `stabilize`
/// after dynos were added, and stands back while a reaction that adds has its condition met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScaleIn {
    app: AppName,
    account: AccountName,
    process_type: ProcessType,
    min_quantity: Quantity,
    stabilize: Duration,
    #[serde(flatten)]
    drain: Drain,
}

impl Settings for ScaleIn {
    const KIND: &str = "scale_in";
    const SUMMARY: &str = "takes a dyno from a process type, until `min_quantity`";
    const EXAMPLE: &str = r#"{ app = "shop", process_type = "web", min_quantity = 2 }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (app, account) = app_and_account(fields);
        let process_type = process_type(fields);
        let min_quantity = fields.required("min_quantity", "the quantity at which it stops");
        let stabilize = fields.or("stabilize", STABILIZE, "\"5m\"", "how long it waits after dynos were added");
        let drain = Drain::read(fields, process_type.as_ref());
        Some(Self {
            app: app?,
            account: account?,
            process_type: process_type?,
            min_quantity: min_quantity?,
            stabilize: stabilize?,
            drain: drain?,
        })
    }
}

impl ReactionKind for ScaleIn {
    const RANK: Rank = Rank::In;

    fn app(&self) -> &AppName {
        &self.app
    }

    fn account(&self) -> &AccountName {
        &self.account
    }

    fn process_type(&self) -> Option<&ProcessType> {
        Some(&self.process_type)
    }

    fn limit(&self) -> Option<Limit<'_>> {
        Some(Limit::MinQuantity(self.min_quantity))
    }

    fn waits_for_jobs(&self) -> Option<Duration> {
        self.drain.of(&self.process_type)
    }

    fn quiet(&self) -> Option<&Quiet> {
        self.drain.quiet()
    }

    fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned {
        let Some(process) = sight.process(&self.process_type) else {
            return Planned::Hold(Because::NoSuchProcessType { process_type: self.process_type.clone() });
        };
        let (process_type, quantity) = (self.process_type.clone(), process.quantity);
        if quantity <= self.min_quantity {
            return Planned::Hold(Because::AtMinimum { process_type, quantity, min: self.min_quantity });
        }
        if let Some(until) = known.last_out.map(|out| out + self.stabilize).filter(|until| *until > known.now) {
            return Planned::Hold(Because::Stabilizing { until });
        }
        Planned::Do(Effect::SetQuantity { process_type, from: quantity, to: quantity.one_fewer() })
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        matches!(effect, Effect::SetQuantity { from, to, .. } if *to == from.one_fewer() && *to >= self.min_quantity)
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::testing::{NOW, outcome, shop};
    use std::time::Duration;

    #[test]
    fn one_fewer_until_the_minimum() {
        let kind = r#"scale_in = { app = "shop", min_quantity = 2 }"#;
        for (quantity, expected) in
            [(4, "web of shop from 4 to 3"), (3, "web of shop from 3 to 2"), (2, "at_minimum"), (1, "at_minimum")]
        {
            assert_eq!(outcome(kind, &shop().web(quantity, "standard-1x")), expected);
        }
    }

    #[test]
    fn it_waits_after_dynos_were_added() {
        let kind = r#"scale_in = { app = "shop", min_quantity = 1, stabilize = "1m" }"#;
        let added = |seconds| shop().web(2, "standard-1x").last_out(NOW - Duration::from_secs(seconds));
        assert_eq!(outcome(kind, &added(59)), "stabilizing");
        assert_eq!(outcome(kind, &added(60)), "web of shop from 2 to 1");
    }
}
