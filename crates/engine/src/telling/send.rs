//! What is owed is sent: one notice at a time for each channel, so that one that hangs holds up nothing but itself.

use crate::engine::Engine;
use crate::live::Busy;
use flyball_channels::{About, Channel, Handle, Notice, Outcome, next_try};
use flyball_model::{ChannelName, ThreadKey, Timestamp};
use flyball_store::{ClaimedNotice, Error, StoredNotice, Tried};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Who claims a notice has so long for it; then it is tried by whoever sees it. Longer than a try can take.
const LEASE: Duration = Duration::from_secs(60);
/// A try takes no longer, whatever carries it.
const TRY_MAX: Duration = Duration::from_secs(45);

/// The channels to which something is under way.
pub(crate) type Sending = Busy<ChannelName>;

/// Channels that said they are gone for good, as they were in the file then. After a restart they are tried once more.
#[derive(Default)]
pub(crate) struct Gone(Mutex<HashMap<ChannelName, Channel>>);

impl Gone {
    fn has(&self, channel: &Channel) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&channel.name) == Some(channel)
    }

    fn add(&self, channel: &Channel) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(channel.name.clone(), channel.clone());
    }
}

impl Engine {
    /// What is owed now, to channels to which nothing is under way: the first of each.
    pub(crate) async fn owed_now(&self, sending: &Sending) -> Result<Vec<StoredNotice>, Error> {
        if self.tells().is_none() {
            return Ok(Vec::new());
        }
        let mut owed = self.ports.store.owed(self.ports.clock.now()).await?;
        owed.retain(|notice| sending.begin(notice.channel.clone(), self.ports.time.passed()));
        Ok(owed)
    }

    /// Sends one notice, and notes what came of it.
    pub(crate) async fn send_notice(&self, owed: &StoredNotice, gone: &Gone) -> Result<(), Error> {
        let Some(in_force) = self.in_force() else { return Ok(()) };
        let store = &self.ports.store;
        let (thread, sequence) = (&owed.thread, owed.sequence);
        let claimed = store.claim_notice(thread, sequence, self.ports.clock.now(), LEASE).await?;
        let Some(claimed) = claimed else { return Ok(()) };
        let channel = in_force.definitions.channels.iter().find(|channel| channel.name == owed.channel);
        let tried = self.try_to_send(owed, &claimed, channel, gone).await;
        store.tried(thread, sequence, claimed.fence, &tried, self.ports.clock.now()).await?;
        if let Tried::Later { why, .. } | Tried::GivenUp { why } = &tried {
            tracing::warn!(channel = %owed.channel, why, "somebody could not be told");
        }
        Ok(())
    }

    async fn try_to_send(
        &self,
        owed: &StoredNotice,
        claimed: &ClaimedNotice,
        channel: Option<&Channel>,
        gone: &Gone,
    ) -> Tried {
        let skipped = |why: &str| Tried::Skipped { why: why.to_owned() };
        let Some(channel) = channel else { return skipped("the file has no channel of this name any more") };
        if gone.has(channel) {
            let why = "it said that it is gone for good; it is left alone until the file says something else";
            return Tried::GivenUp { why: why.to_owned() };
        }
        let Ok(notice) = serde_json::from_value::<Notice>(claimed.notice.clone()) else {
            return skipped("another version wrote it, and this one cannot read it");
        };
        match notice.about {
            About::Recovered | About::Update if claimed.sent == 0 => return skipped("nobody was told of the trouble"),
            About::Update if owed.sequence < claimed.latest => return skipped("a later one says more"),
            _ => {}
        }
        let handle: Option<Handle> = claimed.handle.clone().and_then(|handle| serde_json::from_value(handle).ok());
        let now = self.ports.clock.now();
        let outcome = tokio::select! {
            biased;
            outcome = self.ports.tell.tell(channel, &notice, handle.as_ref(), now) => outcome,
            () = self.ports.time.wait(TRY_MAX) => Outcome::Later {
                after: None,
                why: format!("no answer within {} s", TRY_MAX.as_secs()),
            },
        };
        if matches!(outcome, Outcome::Gone { .. }) {
            gone.add(channel);
        }
        tried(outcome, owed, claimed, self.ports.clock.now())
    }
}

/// What an outcome means for a notice.
fn tried(outcome: Outcome, owed: &StoredNotice, claimed: &ClaimedNotice, now: Timestamp) -> Tried {
    match outcome {
        Outcome::Sent { handle } => {
            let handle = handle.map(|handle| serde_json::to_value(handle).expect("a handle is made of plain values"));
            Tried::Sent { handle }
        }
        Outcome::Later { after, why } => {
            let jitter = jitter(&owed.thread, claimed.tries);
            match next_try(claimed.first_at, now, claimed.tries + 1, after, jitter) {
                Some(at) => Tried::Later { at, why },
                None => Tried::GivenUp { why: format!("{why}; it was tried for a day") },
            }
        }
        Outcome::Never { why } | Outcome::Gone { why } => Tried::GivenUp { why },
    }
}

/// A number from 0 to 1 that is another for each thread and try, so that those that failed together do not come back together.
fn jitter(thread: &ThreadKey, tries: u32) -> f64 {
    // FNV-1a: spread is all that is asked of it.
    let bytes = thread.as_str().bytes().chain(tries.to_le_bytes());
    let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    f64::from(hash) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_of_several_threads_spread() {
        let key = |text: &str| text.parse::<ThreadKey>().unwrap();
        let all: Vec<f64> = (0..50).map(|nth| jitter(&key(&format!("incident-{nth}")), 1)).collect();
        assert!(all.iter().all(|jitter| (0.0..=1.0).contains(jitter)), "{all:?}");
        assert!(all.iter().any(|jitter| *jitter < 0.25) && all.iter().any(|jitter| *jitter > 0.75), "{all:?}");
    }
}
