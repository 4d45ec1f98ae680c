//! What a bench ran on, without which its figures say nothing.

use flyball_model::Timestamp;
use serde::Serialize;
use std::fs::read_to_string;
use std::thread::available_parallelism;

/// This machine, as of the beginning of a bench. What the system does not tell is none.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    /// When the bench began.
    at: Timestamp,
    cpu: Option<String>,
    /// Processors that this process may use.
    cpus: Option<usize>,
    /// What else was done here: processes that wanted a processor in the last minute.
    load: Option<f64>,
    memory_mib: Option<u64>,
    kernel: Option<String>,
    /// The compiler that built this binary.
    rustc: &'static str,
    /// How: a figure of a debug build is no figure.
    build: &'static str,
    flyball: &'static str,
}

impl Machine {
    pub(super) fn now(at: Timestamp) -> Self {
        let line = |file: &str| read_to_string(file).ok().map(|text| text.trim().to_owned());
        Self {
            at,
            cpu: line("/proc/cpuinfo").and_then(|text| field(&text, "model name")),
            cpus: available_parallelism().ok().map(usize::from),
            load: line("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse().ok()),
            memory_mib: line("/proc/meminfo").and_then(|text| mib(&field(&text, "MemTotal")?)),
            kernel: line("/proc/sys/kernel/osrelease"),
            rustc: env!("RUSTC_VERSION"),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            flyball: env!("CARGO_PKG_VERSION"),
        }
    }

    /// In a line.
    pub(super) fn words(&self) -> String {
        let (cpu, kernel) = (self.cpu.as_deref().unwrap_or("an unknown processor"), self.kernel.as_deref());
        let count = self.cpus.map(|cpus| format!("{cpus} × ")).unwrap_or_default();
        let memory = self.memory_mib.map(|mib| format!(", {:.1} GiB", mib as f64 / 1024.0)).unwrap_or_default();
        let kernel = kernel.map(|kernel| format!(", kernel {kernel}")).unwrap_or_default();
        let load = self.load.map(|load| format!(", load {load:.1} at the start")).unwrap_or_default();
        format!("{count}{cpu}{memory}{kernel}{load}")
    }

    /// What was measured, in a line.
    pub(super) fn measured(&self) -> String {
        let Self { flyball, build, rustc, at, .. } = self;
        format!("flyball {flyball}, {build} build of {rustc}, {at}")
    }
}

/// The first line `name : value`.
fn field(text: &str, name: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
    value.map(|value| value.trim().to_owned())
}

/// "16384 kB".
fn mib(kilobytes: &str) -> Option<u64> {
    kilobytes.strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_described_as_linux_tells_it_and_by_nothing_where_it_does_not() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 1\nmodel name\t: Some Processor @ 2 GHz\nprocessor\t: 1\n";
        assert_eq!(field(cpuinfo, "model name").as_deref(), Some("Some Processor @ 2 GHz"));
        assert_eq!(field("MemTotal:       16384 kB\n", "MemTotal").as_deref().and_then(mib), Some(16));
        assert_eq!((field("nonsense", "MemTotal"), mib("nonsense")), (None, None));
    }
}
