//! Accounts: who may call, and the bucket of tokens that all calls of an account share.

use super::spec::AccountSpec;
use flyball_model::Timestamp;
use uuid::Uuid;

/// One token, in the parts that the bucket counts: a refill of one a minute is then one part a millisecond.
const TOKEN: u64 = 60_000;

/// One account. Source: platform-api 3: one bucket per account, smooth refill, 1 token a call.
#[derive(Debug, Clone)]
pub struct Account {
    pub(crate) id: Uuid,
    pub(crate) spec: AccountSpec,
    pub(crate) created_at: Timestamp,
    /// What is in the bucket, in parts of a token.
    parts: u64,
    filled_at: Timestamp,
}

impl Account {
    pub(crate) fn new(id: Uuid, spec: AccountSpec, now: Timestamp) -> Self {
        let parts = u64::from(spec.bucket_capacity) * TOKEN;
        Self { id, spec, created_at: now, parts, filled_at: now }
    }

    /// Its e-mail address.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.spec.email
    }

    /// How many calls are left.
    #[must_use]
    pub fn remaining(&self) -> u64 {
        self.parts / TOKEN
    }

    pub(crate) fn refill(&mut self, now: Timestamp) {
        let passed = u64::try_from(now.since(self.filled_at).as_millis()).unwrap_or(u64::MAX);
        let back = passed.saturating_mul(u64::from(self.spec.bucket_refill_per_minute));
        self.parts = self.parts.saturating_add(back).min(u64::from(self.spec.bucket_capacity) * TOKEN);
        self.filled_at = self.filled_at.max(now);
    }

    /// Takes one token, if there is one.
    pub(crate) fn take(&mut self) -> bool {
        let left = self.parts.checked_sub(TOKEN);
        self.parts = left.unwrap_or(self.parts);
        left.is_some()
    }

    /// Whether this token is its own. Not in constant time: the stand-in guards nothing.
    pub(crate) fn takes(&self, token: &str) -> bool {
        self.spec.token.as_deref().map_or(!token.is_empty(), |own| own == token)
    }
}
