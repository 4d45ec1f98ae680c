//! `scale_up`: the dyno size one rung up, until `max_size`.

use super::fields::{app_and_account, process_type};
use super::kind::ReactionKind;
use super::limit::Limit;
use super::size_limit::SizeLimit;
use flyball_decide::ladder::Direction;
use flyball_decide::{Known, Planned};
use flyball_model::{AccountName, AppName, Effect, ProcessType, Rank, Sight};
use flyball_settings::{Fields, Settings};
use serde::Serialize;

/// Gives a process type the next larger dyno size each time it acts. Its dynos boot anew.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScaleUp {
    app: AppName,
    account: AccountName,
    process_type: ProcessType,
    size: SizeLimit,
}

impl Settings for ScaleUp {
    const KIND: &str = "scale_up";
    const SUMMARY: &str = "gives a process type the next larger dyno size, until `max_size`";
    const EXAMPLE: &str = r#"{ app = "shop", process_type = "web", max_size = "standard-2x" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (app, account) = app_and_account(fields);
        let process_type = process_type(fields);
        let size = SizeLimit::read(fields, "max_size", "the dyno size at which it stops");
        Some(Self { app: app?, account: account?, process_type: process_type?, size: size? })
    }
}

impl ReactionKind for ScaleUp {
    const RANK: Rank = Rank::Up;

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
        Some(Limit::MaxSize(self.size.limit()))
    }

    fn plan(&self, sight: &Sight, _known: &Known<'_>) -> Planned {
        self.size.plan(Direction::Up, &self.process_type, sight)
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        self.size.may_have_planned(Direction::Up, effect)
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::testing::{mistakes, outcome, shop};

    #[test]
    fn one_rung_up_until_the_limit() {
        let kind = r#"scale_up = { app = "shop", max_size = "performance-m" }"#;
        for (size, expected) in [
            ("standard-1x", "web of shop from Standard-1X to Standard-2X"),
            ("standard-2x", "web of shop from Standard-2X to Performance-M"),
            ("performance-m", "at_size_limit"),
            ("performance-2xl", "at_size_limit"),
            ("performance-l-ram", "off_ladder"),
            ("basic", "off_ladder"),
        ] {
            assert_eq!(outcome(kind, &shop().web(1, size)), expected, "{size}");
        }
    }

    #[test]
    fn the_old_names_have_three_rungs() {
        let kind = r#"scale_up = { app = "shop", max_size = "PX" }"#;
        for (size, expected) in [
            ("standard-1x", "web of shop from Standard-1X to Standard-2X"),
            ("standard-2x", "web of shop from Standard-2X to Performance-L"),
            ("performance-l", "at_size_limit"),
            ("performance-m", "off_ladder"),
        ] {
            assert_eq!(outcome(kind, &shop().web(1, size)), expected, "{size}");
        }
    }

    #[test]
    fn in_a_shield_space_the_api_says_private() {
        let kind = r#"scale_up = { app = "shop", max_size = "shield-l" }"#;
        let shield = |size| shop().web(1, size).shield();
        assert_eq!(outcome(kind, &shield("private-s")), "web of shop from Private-S to Private-M");
        assert_eq!(outcome(kind, &shield("private-l")), "at_size_limit");
        assert_eq!(outcome(kind, &shop().web(1, "private-s")), "off_ladder");
    }

    #[test]
    fn a_limit_that_is_not_on_the_ladder_is_a_mistake() {
        let cases = [
            (r#"{ app = "shop", max_size = "performance-l-ram" }"#, "not on the ladder"),
            (r#"{ app = "shop", max_size = "perfomance-l" }"#, "not on the ladder"),
            (r#"{ app = "shop", max_size = "PX", ladder = "memory" }"#, "old name"),
            (r#"{ app = "shop", max_size = "2x", ladder = ["standard-1x"] }"#, "two sizes"),
            (r#"{ app = "shop", max_size = "eco", ladder = ["eco", "basic"] }"#, "different tiers"),
            (r#"{ app = "shop", max_size = "eco", ladder = "speed" }"#, "unknown ladder"),
        ];
        for (settings, expected) in cases {
            let found = mistakes(&format!("scale_up = {settings}"));
            assert!(found.len() == 1 && found[0].contains(expected), "{settings}: {found:?}");
        }
        assert!(
            mistakes(r#"scale_up = { app = "shop", max_size = "performance-l-ram", ladder = "memory" }"#).is_empty()
        );
    }
}
