//! Shares of the work: of several engines on one store each works on some shards, and each shard belongs to one at a time.

use flyball_model::{Excerpt, NodeId};
use std::time::Duration;

/// A part of the work. What decides together is in one shard, so that streaks and arbitration stay inside one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u8);

impl Shard {
    /// How many there are: enough to spread over a dozen engines evenly, few enough to be looked at every second.
    pub const COUNT: u8 = 64;

    /// The one that says who does what is done once for all: removing what is too old, say.
    pub const FIRST: Self = Self(0);

    /// The shard of what has this key.
    #[must_use]
    pub fn of(key: u128) -> Self {
        let number = key % u128::from(Self::COUNT);
        Self(u8::try_from(number).unwrap_or(0))
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// Its number, from 0.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The shard of this number, if there is one.
    pub(crate) fn numbered(number: i64) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| *number < Self::COUNT).map(Self)
    }
}

/// That a node holds a shard. Every change of hands raises the epoch, and what was decided in an earlier one is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// Which shard.
    pub shard: Shard,
    /// How often it has changed hands.
    pub epoch: i64,
}

/// What a node must still hold for something to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenure {
    /// Who.
    pub node: NodeId,
    /// What.
    pub held: Vec<Held>,
}

/// Who holds a shard, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Which shard, in which epoch.
    pub held: Held,
    /// By whom.
    pub node: NodeId,
    /// What is left of it, by the clock that the store goes by; zero once it has lapsed and anybody may take the shard.
    pub left: Duration,
}

impl Lease {
    /// How long a lease is good for, unless it is renewed: three renewals may be missed. With [`Lease::LOOK_EVERY`], and the time
    /// that it takes to recall what a dead node knew, every monitor is looked at again within 15 s.
    pub const TERM: Duration = Duration::from_secs(10);

    /// How often it is renewed.
    pub const RENEW_EVERY: Duration = Duration::from_secs(3);

    /// How often it is looked at who works and who holds what.
    pub const LOOK_EVERY: Duration = Duration::from_secs(1);
}

/// An engine among several, as it is seen in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Which.
    pub node: NodeId,
    /// The machine that it runs on.
    pub host: Excerpt,
    /// Its process on that machine.
    pub process: u32,
    /// How long ago it gave a sign of life, by the clock that the store goes by.
    pub silent_for: Duration,
    /// Whether it is to give its share to others: a person asked it to, or it cannot read the file that all go by.
    pub drains: bool,
}

impl Peer {
    /// Whether it lives, as far as anybody can tell: whoever renews a lease gives a sign of life.
    #[must_use]
    pub fn lives(&self) -> bool {
        self.silent_for < Lease::TERM
    }
}

/// Who works on a store, and who holds what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shares {
    /// The engines, the freshest first; dead ones among them.
    pub peers: Vec<Peer>,
    /// The shards that are held, or were until their lease lapsed.
    pub leases: Vec<Lease>,
}
