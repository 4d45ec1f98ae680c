//! Tells the binary which compiler built it: a bench says so beside its figures.

use std::process::Command;

#[expect(clippy::disallowed_methods, reason = "Cargo says by the environment which compiler it uses")]
fn main() {
    println!("cargo::rerun-if-env-changed=RUSTC");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let asked = Command::new(rustc).arg("--version").output().ok();
    let told = asked.and_then(|told| String::from_utf8(told.stdout).ok()).unwrap_or_default();
    let version = if told.trim().is_empty() { "an unknown rustc" } else { told.trim() };
    println!("cargo::rustc-env=RUSTC_VERSION={version}");
}
