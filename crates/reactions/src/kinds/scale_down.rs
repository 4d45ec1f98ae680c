//! `scale_down`: the dyno size one rung down, until `min_size`.

use super::fields::{app_and_account, process_type};
use super::kind::ReactionKind;
use super::limit::Limit;
use super::size_limit::SizeLimit;
use flyball_decide::ladder::Direction;
use flyball_decide::{Known, Planned};
use flyball_model::{AccountName, AppName, Effect, ProcessType, Rank, Sight};
use flyball_settings::{Fields, Settings};
use serde::Serialize;

/// Gives a process type the next smaller dyno size each time it acts. Its dynos boot anew.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScaleDown {
    app: AppName,
    account: AccountName,
    process_type: ProcessType,
    size: SizeLimit,
}

impl Settings for ScaleDown {
    const KIND: &str = "scale_down";
    const SUMMARY: &str = "gives a process type the next smaller dyno size, until `min_size`";
    const EXAMPLE: &str = r#"{ app = "shop", process_type = "web", min_size = "standard-2x" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (app, account) = app_and_account(fields);
        let process_type = process_type(fields);
        let size = SizeLimit::read(fields, "min_size", "the dyno size at which it stops");
        Some(Self { app: app?, account: account?, process_type: process_type?, size: size? })
    }
}

impl ReactionKind for ScaleDown {
    const RANK: Rank = Rank::Down;

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
        Some(Limit::MinSize(self.size.limit()))
    }

    fn plan(&self, sight: &Sight, _known: &Known<'_>) -> Planned {
        self.size.plan(Direction::Down, &self.process_type, sight)
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        self.size.may_have_planned(Direction::Down, effect)
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::testing::{outcome, shop};

    #[test]
    fn one_rung_down_until_the_limit() {
        let kind = r#"scale_down = { app = "shop", min_size = "standard-2x" }"#;
        for (size, expected) in [
            ("performance-l", "web of shop from Performance-L to Performance-M"),
            ("performance-m", "web of shop from Performance-M to Standard-2X"),
            ("standard-2x", "at_size_limit"),
            ("standard-1x", "at_size_limit"),
        ] {
            assert_eq!(outcome(kind, &shop().web(1, size)), expected, "{size}");
        }
    }

    #[test]
    fn and_back_by_the_old_names() {
        let kind = r#"scale_down = { app = "shop", min_size = "1X" }"#;
        assert_eq!(outcome(kind, &shop().web(1, "performance-l")), "web of shop from Performance-L to Standard-2X");
        assert_eq!(outcome(kind, &shop().web(1, "standard-2x")), "web of shop from Standard-2X to Standard-1X");
        assert_eq!(outcome(kind, &shop().web(1, "standard-1x")), "at_size_limit");
    }
}
