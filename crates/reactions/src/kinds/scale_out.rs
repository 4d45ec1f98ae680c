//! `scale_out`: one dyno more, until `max_quantity`.

use super::fields::{app_and_account, process_type};
use super::kind::ReactionKind;
use super::limit::Limit;
use flyball_decide::{Known, Planned};
use flyball_model::{AccountName, AppName, Because, Effect, ProcessType, Quantity, Rank, Sight};
use flyball_settings::{Fields, Settings};
use serde::Serialize;

/// Adds a dyno to a process type each time it acts. Changing a quantity neither settles nor waits for it, so a dyno is
/// added at every failing reading.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScaleOut {
    app: AppName,
    account: AccountName,
    process_type: ProcessType,
    max_quantity: Quantity,
    from_zero: bool,
}

impl Settings for ScaleOut {
    const KIND: &str = "scale_out";
    const SUMMARY: &str = "adds a dyno to a process type, until `max_quantity`";
    const EXAMPLE: &str = r#"{ app = "shop", process_type = "web", max_quantity = 5 }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (app, account) = app_and_account(fields);
        let process_type = process_type(fields);
        let max_quantity = fields.required("max_quantity", "the quantity at which it stops");
        let from_zero = fields.or("from_zero", false, "false", "whether it adds a dyno where somebody set 0");
        Some(Self {
            app: app?,
            account: account?,
            process_type: process_type?,
            max_quantity: max_quantity?,
            from_zero: from_zero?,
        })
    }
}

impl ReactionKind for ScaleOut {
    const RANK: Rank = Rank::Out;

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
        Some(Limit::MaxQuantity(self.max_quantity))
    }

    fn plan(&self, sight: &Sight, _known: &Known<'_>) -> Planned {
        let Some(process) = sight.process(&self.process_type) else {
            return Planned::Hold(Because::NoSuchProcessType { process_type: self.process_type.clone() });
        };
        let (process_type, quantity) = (self.process_type.clone(), process.quantity);
        if quantity >= self.max_quantity {
            return Planned::Hold(Because::AtMaximum { process_type, quantity, max: self.max_quantity });
        }
        if quantity == Quantity::ZERO && !self.from_zero {
            return Planned::Hold(Because::FromZero { process_type });
        }
        Planned::Do(Effect::SetQuantity { process_type, from: quantity, to: quantity.one_more() })
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        matches!(effect, Effect::SetQuantity { from, to, .. } if *to == from.one_more() && *to <= self.max_quantity)
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::testing::{outcome, shop};

    #[test]
    fn one_more_until_the_maximum() {
        let kind = r#"scale_out = { app = "shop", max_quantity = 3 }"#;
        for (quantity, expected) in
            [(1, "web of shop from 1 to 2"), (2, "web of shop from 2 to 3"), (3, "at_maximum"), (7, "at_maximum")]
        {
            assert_eq!(outcome(kind, &shop().web(quantity, "standard-1x")), expected);
        }
    }

    #[test]
    fn from_zero_only_when_asked_for() {
        let zero = shop().web(0, "standard-1x");
        assert_eq!(outcome(r#"scale_out = { app = "shop", max_quantity = 3 }"#, &zero), "from_zero");
        let asked = r#"scale_out = { app = "shop", max_quantity = 3, from_zero = true }"#;
        assert_eq!(outcome(asked, &zero), "web of shop from 0 to 1");
        let none = r#"scale_out = { app = "shop", max_quantity = 0, from_zero = true }"#;
        assert_eq!(outcome(none, &zero), "at_maximum");
    }

    #[test]
    fn an_unknown_process_type_is_an_explained_hold() {
        let kind = r#"scale_out = { app = "shop", process_type = "clock", max_quantity = 3 }"#;
        assert_eq!(outcome(kind, &shop().web(1, "standard-1x")), "no_such_process_type");
    }
}
