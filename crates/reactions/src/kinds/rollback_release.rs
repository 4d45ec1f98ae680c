//! `rollback_release`: one release further back, by content, until `min_release` or after `max_steps`.

use super::fields::app_and_account;
use super::kind::ReactionKind;
use flyball_decide::{BackLimits, Known, NoStep, Planned, step_back};
use flyball_model::{AccountName, AppName, Effect, Rank, ReleaseVersion, Sight};
use flyball_settings::{Bounds, Fields, Settings};
use serde::Serialize;

/// Goes one release further back each time it acts. Which one that is follows content: see the lineage in `decide`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RollbackRelease {
    app: AppName,
    account: AccountName,
    min_release: Option<ReleaseVersion>,
    max_steps: Option<u32>,
}

impl Settings for RollbackRelease {
    const KIND: &str = "rollback_release";
    const SUMMARY: &str = "goes one release further back, until `min_release` or after `max_steps`";
    const EXAMPLE: &str = r#"{ app = "shop", min_release = 120, max_steps = 3 }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (app, account) = app_and_account(fields);
        let min_release = fields.optional("min_release", "the oldest release whose content may run");
        let max_steps: Option<Option<u32>> = fields.optional("max_steps", "the most steps back from what was deployed");
        let bounds = Bounds { least: 1, most: 1000, words: "1 to 1000" };
        if let Some(Some(steps)) = max_steps
            && !(bounds.least..=bounds.most).contains(&steps)
        {
            fields.wrong("max_steps", format!("{steps} is out of bounds"), format!("expected {}", bounds.words), None);
            return None;
        }
        if let (Some(None), Some(None)) = (min_release, max_steps) {
            let hint = "`min_release = 120` never runs anything older than v120; `max_steps = 3` goes three steps back";
            fields.wrong(
                "",
                "a limit is missing",
                "`min_release`, `max_steps`, or both belong here",
                Some(hint.into()),
            );
            return None;
        }
        Some(Self { app: app?, account: account?, min_release: min_release?, max_steps: max_steps? })
    }
}

impl ReactionKind for RollbackRelease {
    const RANK: Rank = Rank::RollBack;

    fn app(&self) -> &AppName {
        &self.app
    }

    fn account(&self) -> &AccountName {
        &self.account
    }

    fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned {
        let limits = BackLimits { min_release: self.min_release, max_steps: self.max_steps };
        match step_back(&sight.releases, limits, known.our_rollbacks, known.episode, known.now) {
            Ok(step) => Planned::Do(Effect::RollBack {
                from: step.from,
                origin: step.origin,
                to: step.to,
                release: step.release,
            }),
            Err(NoStep::Hold(because)) => Planned::Hold(because),
            Err(NoStep::LookFurther { below }) => Planned::LookFurther { below },
        }
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        let Effect::RollBack { from, to, .. } = effect else { return false };
        to < from && self.min_release.is_none_or(|min| *to >= min)
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::testing::{mistakes, outcome, shop};

    #[test]
    fn one_release_back_and_the_plan_says_where_its_content_came_from() {
        let kind = r#"rollback_release = { app = "shop", min_release = 1 }"#;
        assert_eq!(outcome(kind, &shop().web(1, "standard-1x").releases(3)), "shop back from v3 to v2");
        assert_eq!(outcome(kind, &shop().web(1, "standard-1x").releases(1)), "at_minimum_release");
    }

    #[test]
    fn a_limit_is_required() {
        assert_eq!(mistakes(r#"rollback_release = { app = "shop" }"#), ["a limit is missing"]);
        assert_eq!(mistakes(r#"rollback_release = { app = "shop", max_steps = 0 }"#).len(), 1);
        assert!(mistakes(r#"rollback_release = { app = "shop", max_steps = 2 }"#).is_empty());
    }
}
