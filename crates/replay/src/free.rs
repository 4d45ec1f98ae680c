//! A reaction whose app is as it needs it: what nobody recorded, the states of dynos and the releases then, stands in no plan's way.

use flyball_decide::{Known, Planned, Reacts};
use flyball_model::{
    AccountName, AppName, Because, DynoId, DynoName, Effect, Needs, Policy, ProcessType, Rank, ReactionId,
    ReactionName, ReleaseId, ReleaseVersion, Sight,
};
use std::time::Duration;

/// The one dyno that a played app has, where a reaction boots dynos anew.
pub(crate) const DYNO: &str = "web.1";

/// The reaction.
pub(crate) struct Free<'a, R>(pub(crate) &'a R);

impl<R: Reacts> Reacts for Free<'_, R> {
    fn id(&self) -> ReactionId {
        self.0.id()
    }

    fn name(&self) -> &ReactionName {
        self.0.name()
    }

    fn policy(&self) -> &Policy {
        self.0.policy()
    }

    fn app(&self) -> &AppName {
        self.0.app()
    }

    fn account(&self) -> &AccountName {
        self.0.account()
    }

    fn rank(&self) -> Rank {
        self.0.rank()
    }

    fn needs(&self) -> Needs {
        self.0.needs()
    }

    fn rests_on(&self) -> Needs {
        self.0.rests_on()
    }

    fn boots_anew(&self) -> bool {
        self.0.boots_anew()
    }

    fn process_type(&self) -> Option<&ProcessType> {
        self.0.process_type()
    }

    /// What an environment held then nobody knows.
    fn variables(&self) -> Vec<&str> {
        Vec::new()
    }

    fn looks_back(&self) -> Option<Duration> {
        self.0.looks_back()
    }

    fn reason(&self, sight: &Sight, known: &Known<'_>) -> Option<Because> {
        self.0.reason(sight, known)
    }

    fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned {
        match self.rank() {
            // A way back is taken to be there: which releases there were is not kept.
            Rank::RollBack => {
                let [to, from] = [1, 2].map(ReleaseVersion::new);
                Planned::Do(Effect::RollBack { from, origin: from, to, release: ReleaseId::new("") })
            }
            // Whichever dyno it names is taken to be there.
            Rank::RestartDyno => match DYNO.parse::<DynoName>() {
                Ok(dyno) => Planned::Do(Effect::RestartDyno { dyno, id: DynoId::new(DYNO) }),
                Err(_) => self.0.plan(sight, known),
            },
            Rank::RestartAll | Rank::Up | Rank::Out | Rank::To | Rank::Down | Rank::In | Rank::OneOff => {
                self.0.plan(sight, known)
            }
        }
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        self.0.may_have_planned(effect)
    }
}
