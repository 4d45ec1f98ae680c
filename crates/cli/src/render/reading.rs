//! Everything that one reading saw.

use super::Clockface;
use crate::output::{FAINT, STRONG, paint, verdict};
use flyball_model::{Evidence, HttpEvidence, Phases, duration};
use flyball_views::Checked;
use std::time::Duration;

/// A reading, with everything that was seen, and what to do about it where that is known.
pub(crate) fn text(checked: &Checked, face: &Clockface) -> String {
    let Checked { monitor, looks_at, reading, hint } = checked;
    let said = reading.verdict;
    let cause = reading.cause.map(|cause| format!(" ({cause})")).unwrap_or_default();
    let words = face.lone_sentence(reading.words.as_str(), reading.at);
    let mut lines = vec![
        format!("{} {}", paint(STRONG, monitor), paint(FAINT, looks_at)),
        format!("  {}{cause}: {}", paint(verdict(said), said), words),
    ];
    let mut add =
        |label: &str, value: String| lines.push(format!("  {} {value}", paint(FAINT, format!("{label:<11}"))));
    match &reading.evidence {
        Evidence::Http(http) => {
            for (label, value) in of_http(http) {
                add(label, value);
            }
        }
        Evidence::Tcp { address, phases } => {
            if let Some(address) = address {
                add("address", address.clone());
            }
            add("time", of_phases(phases));
        }
        Evidence::Dynos { looked_at, not_up } => {
            add("dynos", format!("{looked_at} looked at"));
            for (dyno, state) in not_up {
                add("not up", format!("{dyno} is {state}"));
            }
        }
        Evidence::Measured(seen) => {
            add("measured", seen.amount.to_string());
            if !seen.complete {
                add("incomplete", "some of what it is told from was lost".to_owned());
            }
            if let Some(dynos) = seen.dynos {
                add("told by", format!("{dynos} {}", if dynos == 1 { "dyno" } else { "dynos" }));
            }
        }
        Evidence::None => {}
    }
    add("took", duration::roughly(Duration::from_millis(reading.took_ms)));
    if let Some(hint) = hint {
        add("hint", hint.clone());
    }
    lines.join("\n")
}

fn of_http(http: &HttpEvidence) -> Vec<(&'static str, String)> {
    let mut seen = Vec::new();
    seen.extend(http.status.map(|status| ("status", status.to_string())));
    seen.extend(http.redirected_to.as_ref().map(|to| ("redirected", to.to_string())));
    seen.extend(http.address.as_ref().map(|address| ("address", address.clone())));
    seen.extend(http.proxy.as_ref().map(|proxy| ("way", format!("through the proxy {proxy}"))));
    seen.extend(http.found.map(|found| ("text", if found { "found" } else { "not found" }.to_owned())));
    seen.extend(http.excerpt.as_ref().map(|excerpt| ("excerpt", excerpt.to_string())));
    if http.status.is_some() {
        let cut = if http.cut_short { ", and the page goes on" } else { "" };
        seen.push(("page", format!("{} bytes read{cut}", http.body_bytes)));
    }
    seen.push(("time", of_phases(&http.phases)));
    seen
}

/// `name 1 ms, connect 2 ms, TLS 12 ms, first byte 30 ms, all 46 ms`
fn of_phases(phases: &Phases) -> String {
    let steps = [
        ("name", phases.name_ms),
        ("connect", phases.connect_ms),
        ("TLS", phases.tls_ms),
        ("first byte", phases.first_byte_ms),
        ("all", Some(phases.total_ms)),
    ];
    let told: Vec<String> = steps.iter().filter_map(|(step, ms)| ms.map(|ms| format!("{step} {ms} ms"))).collect();
    told.join(", ")
}
