//! A reaction: what to do, to which app, within which limits, and when.

use crate::Kind;
use flyball_decide::{Known, Planned, Reacts};
use flyball_model::{
    AccountName, AppName, Because, Effect, Needs, Policy, ProcessType, Rank, ReactionId, ReactionName, Sight,
};
use std::time::Duration;

/// What to do, to which app, within which limits, and when. Read-only once made.
#[derive(Debug, Clone, PartialEq)]
pub struct Reaction {
    /// Made from the name.
    pub id: ReactionId,
    /// What a person calls it.
    pub name: ReactionName,
    /// What every reaction has.
    pub policy: Policy,
    /// What it does.
    pub kind: Kind,
}

impl Reacts for Reaction {
    fn id(&self) -> ReactionId {
        self.id
    }

    fn name(&self) -> &ReactionName {
        &self.name
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn app(&self) -> &AppName {
        self.kind.app()
    }

    fn account(&self) -> &AccountName {
        self.kind.account()
    }

    fn rank(&self) -> Rank {
        self.kind.rank()
    }

    fn needs(&self) -> Needs {
        let needs = self.kind.needs();
        // Whether what it comes after had time to show is told from the dynos.
        Needs { dynos: needs.dynos || self.policy.after.is_some(), ..needs }
    }

    fn boots_anew(&self) -> bool {
        self.kind.boots_anew()
    }

    fn process_type(&self) -> Option<&ProcessType> {
        self.kind.process_type()
    }

    fn variables(&self) -> Vec<&str> {
        self.kind.variables()
    }

    fn looks_back(&self) -> Option<Duration> {
        self.kind.looks_back()
    }

    fn waits_for_jobs(&self) -> Option<Duration> {
        self.kind.waits_for_jobs()
    }

    fn reason(&self, sight: &Sight, known: &Known<'_>) -> Option<Because> {
        self.kind.reason(sight, known)
    }

    fn plan(&self, sight: &Sight, known: &Known<'_>) -> Planned {
        self.kind.plan(sight, known)
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        self.kind.may_have_planned(effect)
    }
}
