//! Releases, and which went back to the content of which.

use std::collections::BTreeMap;

use crate::text::{at, cut, escaped, framed, href, listed, width};

/// Releases of one picture, the newest: a way back further than this is a question for the releases' own page.
pub const RELEASES_MAX: usize = 40;

/// Rails beside each other. Ways back that overlap more often share the last one.
const RAILS_MAX: usize = 5;

/// Characters of one line of text, at most; what does not fit the width is cut earlier.
const LINE_CHARS: usize = 60;

const WIDE: f64 = 320.0;
const ROW: f64 = 48.0;
const FONT: f64 = 13.0;
const RAIL: f64 = 12.0;

/// One release of an app.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// Its number, as in `v9`.
    pub version: u64,
    /// The version whose content it is again, if it went back.
    pub of: Option<u64>,
    /// Whether its content was left because it failed.
    pub left: bool,
    /// What it was, in a few words.
    pub label: String,
    /// Who made it, and when.
    pub by: String,
    /// Where its story is told.
    pub href: Option<String>,
}

/// The releases as a list, newest first, with a rail from each that went back to the content that it has again.
#[must_use]
pub fn lineage(releases: &[Release]) -> String {
    let mut shown: Vec<&Release> = releases.iter().collect();
    shown.sort_by_key(|release| std::cmp::Reverse(release.version));
    shown.dedup_by_key(|release| release.version);
    let more = shown.len().saturating_sub(RELEASES_MAX);
    shown.truncate(RELEASES_MAX);
    let rows: BTreeMap<u64, usize> = shown.iter().enumerate().map(|(n, release)| (release.version, n)).collect();
    let rails = rails(&shown, &rows);
    let count = rails.iter().map(|rail| rail.lane + 1).max().unwrap_or(0);
    let x = 14.0 + RAIL * count as f64;
    let middle = |row: usize| ROW * (row as f64 + 0.5);
    let height = ROW * shown.len().max(1) as f64;

    let mut picture = String::new();
    if shown.len() > 1 {
        picture +=
            &format!(r#"<path class="ground" d="M{} {}V{}"/>"#, at(x), at(middle(0)), at(middle(shown.len() - 1)));
    }
    for rail in &rails {
        let (lane, start) = (x - RAIL * (rail.lane + 1) as f64, middle(rail.from));
        let (x, turn, lane, down) = (at(x), at(lane + 8.0), at(lane), at(start + 8.0));
        let out = format!("M{x} {0}H{turn}Q{lane} {0} {lane} {down}", at(start));
        picture += &match rail.to.map(middle) {
            Some(end) => {
                let back = format!("V{}Q{lane} {1} {turn} {1}H{x}", at(end - 8.0), at(end));
                format!(r#"<path class="rail" d="{out}{back}"/>"#)
            }
            // The content is older than the list: the rail leaves it at the bottom.
            None => format!(r#"<path class="rail open" d="{out}V{}"/>"#, at(height)),
        };
    }
    let current = shown.first().map(|release| release.of.unwrap_or(release.version));
    let mut links = String::new();
    for (n, release) in shown.iter().enumerate() {
        let runs = current == Some(release.of.unwrap_or(release.version));
        let class = if release.left {
            "left"
        } else if runs {
            "runs"
        } else {
            "past"
        };
        let item = item(release, class, x, middle(n));
        match release.href.as_deref().and_then(href) {
            Some(href) => {
                let (left, top) = (at(x - 8.0), at(middle(n) - ROW / 2.0 + 2.0));
                let (wide, high) = (at(WIDE - x + 8.0), at(ROW - 4.0));
                links += &format!(r#"<a class="release {class}" href="{href}">"#);
                links +=
                    &format!(r#"<rect class="hit" x="{left}" y="{top}" width="{wide}" height="{high}"/>{item}</a>"#);
            }
            None => picture += &format!(r#"<g class="release {class}">{item}</g>"#),
        }
    }
    if shown.is_empty() {
        picture += r#"<text x="0" y="28">no releases are known</text>"#;
    }
    let mut label = format!("Releases, newest first: {}", listed(shown.iter().map(|release| spoken(release))));
    if more > 0 {
        label += &format!("; {more} older ones are left out");
    }
    framed("lineage", WIDE, height, &label, &picture, &links)
}

/// A way back, in rows from the top.
struct Rail {
    from: usize,
    to: Option<usize>,
    lane: usize,
}

/// Each way back on the innermost rail that is free all the way.
fn rails(shown: &[&Release], rows: &BTreeMap<u64, usize>) -> Vec<Rail> {
    let mut rails: Vec<Rail> = Vec::new();
    for (from, release) in shown.iter().enumerate() {
        // Content comes from before; what says otherwise is no way back.
        let Some(of) = release.of.filter(|of| *of < release.version) else { continue };
        let to = rows.get(&of).copied();
        let end = |to: Option<usize>| to.unwrap_or(usize::MAX);
        let free = |lane: &usize| {
            rails.iter().filter(|rail| rail.lane == *lane).all(|rail| end(rail.to) < from || end(to) < rail.from)
        };
        let lane = (0..RAILS_MAX).find(free).unwrap_or(RAILS_MAX - 1);
        rails.push(Rail { from, to, lane });
    }
    rails
}

fn item(release: &Release, class: &str, x: f64, y: f64) -> String {
    let dot = match class {
        "runs" => format!(r#"<circle cx="{}" cy="{}" r="6"/>"#, at(x), at(y)),
        "left" => format!(
            r#"<circle cx="{0}" cy="{1}" r="7"/><path class="cross" d="M{0} {1}m-3-3 6 6m0-6-6 6"/>"#,
            at(x),
            at(y)
        ),
        _ => format!(r#"<circle cx="{}" cy="{}" r="4.5"/>"#, at(x), at(y)),
    };
    let text = x + 18.0;
    let version = format!("v{}", release.version);
    let beside = text + width(&version) * FONT + 8.0;
    let mut label = release.label.clone();
    if release.left {
        label += " (left: it failed)";
    }
    let (label, by) = (fitting(&label, WIDE - beside), fitting(&release.by, WIDE - text));
    let line = |class: &str, x: f64, y: f64, text: &str| {
        format!(r#"<text class="{class}" x="{}" y="{}">{}</text>"#, at(x), at(y), escaped(text, LINE_CHARS))
    };
    // A link's name is its text, so there are spaces where the eye sees a gap.
    let first = line("version", text, y - 3.0, &version) + " " + &line("what", beside, y - 3.0, &label);
    dot + &first + " " + &line("by", text, y + 14.0, &by)
}

/// As much of the text as fits.
fn fitting(text: &str, room: f64) -> String {
    let longest = (0..=LINE_CHARS).rev().find(|max| width(&cut(text, *max)) * FONT <= room).unwrap_or(0);
    cut(text, longest)
}

fn spoken(release: &Release) -> String {
    let again = release.of.map(|of| format!(", content of v{of} again")).unwrap_or_default();
    let left = if release.left { ", left because it failed" } else { "" };
    format!("v{} {}{again}{left}, {}", release.version, cut(&release.label, LINE_CHARS), cut(&release.by, LINE_CHARS))
}
