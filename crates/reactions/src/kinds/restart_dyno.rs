//! `restart_dyno`: one dyno, by name.

use super::fields::app_and_account;
use super::kind::ReactionKind;
use flyball_decide::{Known, Planned};
use flyball_model::{AccountName, AppName, Because, DynoName, Effect, Generation, Rank, Sight};
use flyball_settings::{Fields, Settings};
use serde::Serialize;

/// Restarts one dyno each time it acts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RestartDyno {
    app: AppName,
    account: AccountName,
    dyno: DynoName,
}

impl Settings for RestartDyno {
    const KIND: &str = "restart_dyno";
    const SUMMARY: &str = "restarts one dyno";
    const EXAMPLE: &str = r#"{ app = "shop", dyno = "web.1" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let (app, account) = app_and_account(fields);
        let dyno: Option<DynoName> = fields.required("dyno", "the dyno that is restarted");
        if dyno.as_ref().is_some_and(|dyno| !dyno.may_be_one()) {
            let hint = Some("to restart them all there is `restart_all_dynos`".to_owned());
            fields.wrong("dyno", "no dyno has such a name", "expected one dyno, such as \"web.1\"", hint);
            return None;
        }
        if let Some((process_type, _)) = dyno.as_ref().and_then(DynoName::cedar_parts)
            && !process_type.is_formation()
        {
            let message = "a one-off dyno cannot be restarted: that would end it";
            fields.wrong("dyno", message, "expected a dyno of the formation, such as \"web.1\"", None);
            return None;
        }
        Some(Self { app: app?, account: account?, dyno: dyno? })
    }
}

impl ReactionKind for RestartDyno {
    const RANK: Rank = Rank::RestartDyno;

    fn app(&self) -> &AppName {
        &self.app
    }

    fn account(&self) -> &AccountName {
        &self.account
    }

    fn plan(&self, sight: &Sight, _known: &Known<'_>) -> Planned {
        if sight.app.generation == Generation::Fir {
            return Planned::Hold(Because::FirDynoNames { dyno: self.dyno.clone() });
        }
        match sight.dyno(&self.dyno).filter(|dyno| dyno.is_formation()) {
            Some(dyno) => Planned::Do(Effect::RestartDyno { dyno: dyno.name.clone(), id: dyno.id.clone() }),
            None => Planned::Hold(Because::NoSuchDyno { dyno: self.dyno.clone() }),
        }
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        matches!(effect, Effect::RestartDyno { dyno, .. } if *dyno == self.dyno)
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::testing::{mistakes, outcome, shop};

    #[test]
    fn the_dyno_that_is_named_or_an_explained_hold() {
        let kind = |dyno| format!(r#"restart_dyno = {{ app = "shop", dyno = "{dyno}" }}"#);
        let two = shop().web(2, "standard-1x");
        assert_eq!(outcome(&kind("web.2"), &two), "restart web.2 of shop");
        assert_eq!(outcome(&kind("web.3"), &two), "no_such_dyno");
        assert_eq!(outcome(&kind("web.1"), &two.fir()), "fir_dyno_names");
    }

    #[test]
    fn a_one_off_dyno_is_refused_in_the_file() {
        assert_eq!(mistakes(r#"restart_dyno = { app = "shop", dyno = "run.1234" }"#).len(), 1);
    }

    #[test]
    fn a_process_type_is_no_dyno() {
        for dyno in ["web", "web.", "web.one", "clock-work"] {
            assert_eq!(mistakes(&format!(r#"restart_dyno = {{ app = "shop", dyno = "{dyno}" }}"#)).len(), 1, "{dyno}");
        }
    }
}
