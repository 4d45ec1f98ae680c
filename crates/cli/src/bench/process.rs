//! What this process has used, as Linux tells it.

use std::time::Duration;

/// Ticks a second of the times in `/proc`. Fixed at 100 for programs, whatever the kernel's own is: `man 5 proc`.
const TICKS_A_SECOND: u64 = 100;
/// Bytes of a page in `/proc/self/statm`: 4 KiB on every 64-bit system that we build for.
const PAGE: u64 = 4096;

/// Processor time and memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// In user and kernel mode together.
    pub(super) cpu: Duration,
    /// Resident bytes.
    pub(super) resident: u64,
}

impl Usage {
    /// As of now; `None` where there is no `/proc`.
    pub(super) fn now() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
        Some(Self { cpu: cpu(&stat)?, resident: statm.split(' ').nth(1)?.parse::<u64>().ok()? * PAGE })
    }
}

/// The fields `utime` and `stime`: the 14th and 15th. The 2nd, the name, may hold blanks and ends at the last bracket.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ').skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Duration::from_millis((user + system) * 1000 / TICKS_A_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_the_sum_of_both_modes() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 1000 1 2";
        assert_eq!(cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(cpu("nonsense"), None);
    }
}
