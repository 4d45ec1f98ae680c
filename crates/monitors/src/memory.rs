//! What pages take of memory, over all checks.
//!
//! Only a regex and JSON need a page whole; keywords are searched as the page streams, and take nothing here.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all pages together may take unless it is said otherwise, in bytes: 256 MiB, four of the longest pages that a
/// file may allow, or 250 checks at the usual `max_body`, on a machine of half a gigabyte.
pub(crate) const PAGES_BYTES: usize = 256 * 1024 * 1024;

/// What is taken at once, in bytes: small beside a page, large beside the cost of taking it.
const STEP: usize = 64 * 1024;

/// The memory that pages share.
pub(crate) struct PageMemory {
    left: Arc<Semaphore>,
    /// All of it, in steps.
    whole: u32,
}

impl PageMemory {
    /// So many bytes, in whole steps.
    pub(crate) fn of(bytes: usize) -> Self {
        let whole = u32::try_from(bytes / STEP).unwrap_or(u32::MAX);
        Self { left: Arc::new(Semaphore::new(whole as usize)), whole }
    }

    /// A share of nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share { memory: Arc::clone(&self.left), held: None }
    }

    /// A share for a page of at most so many bytes, or of all that there is, once it is free. Who asks first goes first. It
    /// is taken whole before the page is asked for: those who held a part and waited for more would wait for each other.
    pub(crate) async fn room_for(&self, bytes: u64) -> Share {
        let steps = u32::try_from(bytes.div_ceil(STEP as u64)).unwrap_or(u32::MAX).min(self.whole);
        // It is never closed.
        let held = Arc::clone(&self.left).acquire_many_owned(steps).await.ok();
        Share { memory: Arc::clone(&self.left), held }
    }
}

/// What one page takes of the memory, until it is dropped.
pub(crate) struct Share {
    memory: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Takes what a page of so many bytes needs, beyond what was taken for it. False when no more is left: nobody waits here,
    /// since those who wait would hold what the others wait for.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> bool {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.div_ceil(STEP).saturating_sub(held);
        if more == 0 {
            return true;
        }
        let Ok(more) = u32::try_from(more) else { return false };
        let Ok(taken) = Arc::clone(&self.memory).try_acquire_many_owned(more) else { return false };
        match &mut self.held {
            Some(held) => held.merge(taken),
            None => self.held = Some(taken),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[test]
    fn who_finds_no_room_waits_for_it_in_the_order_of_asking() {
        let memory = PageMemory::of(10 * STEP);
        let pages = |steps: usize| (steps * STEP) as u64;
        let first = memory.room_for(pages(8)).now_or_never().expect("there is room");
        let (mut large, mut small) = (Box::pin(memory.room_for(pages(99))), Box::pin(memory.room_for(1)));
        assert!((&mut large).now_or_never().is_none());
        assert!((&mut small).now_or_never().is_none(), "nobody overtakes, or a large page would starve");
        drop(first);
        let large = large.now_or_never().expect("all that there is");
        assert!((&mut small).now_or_never().is_none());
        drop(large);
        assert!(small.now_or_never().is_some());
    }

    #[test]
    fn pages_share_the_memory_and_give_it_back() {
        let memory = PageMemory::of(10 * STEP);
        let (mut one, mut other) = (memory.share(), memory.share());
        assert!(one.grow_to(0) && one.grow_to(1) && one.grow_to(6 * STEP) && one.grow_to(STEP));
        assert!(!other.grow_to(4 * STEP + 1) && other.grow_to(4 * STEP));
        assert!(!one.grow_to(6 * STEP + 1));
        drop(other);
        assert!(one.grow_to(10 * STEP) && !one.grow_to(usize::MAX));
    }
}
