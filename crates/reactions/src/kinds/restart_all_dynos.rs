//! `restart_all_dynos`: every dyno of the formation.

use super::fields::app_and_account;
use super::kind::ReactionKind;
use flyball_decide::{Known, Planned};
use flyball_model::{AccountName, AppName, Because, Effect, Rank, Sight};
use flyball_settings::{Fields, Settings};
use serde::Serialize;

/// Restarts every dyno of the app each time it acts. One-off dynos go on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RestartAllDynos {
    app: AppName,
    account: AccountName,
}

impl Settings for RestartAllDynos {
    const KIND: &str = "restart_all_dynos";
    const SUMMARY: &str = "restarts every dyno of the app";
    const EXAMPLE: &str = r#"{ app = "shop" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (app, account) = app_and_account(fields);
        Some(Self { app: app?, account: account? })
    }
}

impl ReactionKind for RestartAllDynos {
    const RANK: Rank = Rank::RestartAll;

    fn app(&self) -> &AppName {
        &self.app
    }

    fn account(&self) -> &AccountName {
        &self.account
    }

    fn plan(&self, sight: &Sight, _known: &Known<'_>) -> Planned {
        let ids: Vec<_> = sight.formation_dynos().map(|dyno| dyno.id.clone()).collect();
        if ids.is_empty() { Planned::Hold(Because::NoDynos) } else { Planned::Do(Effect::RestartAll { ids }) }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::testing::{outcome, shop};

    #[test]
    fn every_dyno_of_the_formation_and_no_one_off() {
        let kind = r#"restart_all_dynos = { app = "shop" }"#;
        assert_eq!(outcome(kind, &shop().web(3, "standard-1x").one_off("run.1")), "restart all 3 dynos of shop");
        assert_eq!(outcome(kind, &shop().web(0, "standard-1x").one_off("run.1")), "no_dynos");
    }
}
