//! Writes a static gallery of all pages: to judge charts and sheet by, and as the markup that templates start from.
//!
//! `cargo run -p flyball-charts --example gallery -- DIRECTORY`, then open `DIRECTORY/overview.html`.

use std::fs;
use std::io;
use std::path::PathBuf;

use flyball_charts::{
    Band, FormationChart, Mark, MarkKind, Point, ProcessRow, Release, SHEET, SIGN, Slot, Spell, TimeChart, Verdict,
    badge, favicon, lineage, uptime_bar,
};

const MINUTE: i64 = 60_000;
/// The night that all pages tell of: 29 November 2026, 17:34 in UTC.
const NOW: i64 = 1_795_973_640_000;

const FRAME: &str = include_str!("gallery/frame.html");
const HEADER: &str = include_str!("gallery/header.html");
const FOOTER: &str = include_str!("gallery/footer.html");

/// Name, title, the entry of the navigation that it belongs to, content.
const PAGES: [(&str, &str, &str, &str); 10] = [
    ("overview", "▲ shop is failing", "overview", include_str!("gallery/overview.html")),
    ("monitor", "▲ no error page, shop", "app", include_str!("gallery/monitor.html")),
    ("app", "▲ shop", "app", include_str!("gallery/app.html")),
    ("reaction", "roll back, shop", "reaction", include_str!("gallery/reaction.html")),
    ("run", "shop went from v8 back to v6", "reaction", include_str!("gallery/run.html")),
    ("timeline", "Timeline", "timeline", include_str!("gallery/timeline.html")),
    ("form", "Not saved: pause effects", "overview", include_str!("gallery/form.html")),
    ("signin", "Sign in", "", include_str!("gallery/signin.html")),
    ("settings", "Settings", "settings", include_str!("gallery/settings.html")),
    ("empty", "Nothing is watched yet", "overview", include_str!("gallery/empty.html")),
];

fn main() -> io::Result<()> {
    let Some(to) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("give the directory to write the gallery to"));
    };
    fs::create_dir_all(&to)?;
    fs::write(to.join("sheet.css"), SHEET)?;
    for verdict in [Verdict::Passing, Verdict::Failing, Verdict::Unknown] {
        fs::write(to.join(format!("{}.svg", verdict.word())), favicon(verdict))?;
    }
    fs::write(to.join("badge.svg"), badge("no error page", "failing 42 min", Verdict::Failing))?;
    for (name, title, section, content) in PAGES {
        fs::write(to.join(format!("{name}.html")), page(title, section, content))?;
    }
    Ok(())
}

fn page(title: &str, section: &str, content: &str) -> String {
    let body = if section.is_empty() {
        content.to_owned()
    } else {
        let link = format!("href=\"{section}.html\">");
        let here = format!("href=\"{section}.html\" aria-current=\"page\">");
        // The sign leads to the overview too; only the entry of the navigation says where one is.
        let (sign, navigation) = HEADER.split_once("<nav").unwrap_or((HEADER, ""));
        format!("{sign}<nav{}{content}{FOOTER}", navigation.replacen(&link, &here, 1))
    };
    let mut page = FRAME.replace("{{title}}", title).replace("{{body}}", body.trim_end());
    for (name, picture) in pictures() {
        page = page.replace(&format!("{{{{{name}}}}}"), &picture);
    }
    page
}

fn pictures() -> Vec<(&'static str, String)> {
    vec![
        ("sign", SIGN.to_owned()),
        ("badge", badge("no error page", "failing 42 min", Verdict::Failing)),
        ("bar:text", bar("no error page", |n| if n >= 54 { 1.0 } else { 0.0 }, 0)),
        ("bar:slow", bar("front page is quick", |n| if (14..17).contains(&n) || n >= 55 { 0.8 } else { 0.0 }, 0)),
        ("bar:once", bar("no database error", |n| if n == 33 { 0.2 } else { 0.0 }, 0)),
        ("bar:blind", bar("all dynos are up", |_| 0.0, 3)),
        ("bar:days", days()),
        ("bar:fine", bar("api answers", |_| 0.0, 0)),
        ("chart:time", four_hours().both(clock)),
        ("chart:formation", formation().both(clock)),
        (
            "chart:empty",
            TimeChart { p50: vec![], band: vec![], spells: vec![], thresholds: vec![], marks: vec![], ..four_hours() }
                .both(clock),
        ),
        ("lineage", lineage(&releases())),
    ]
}

fn bar(name: &str, failing: impl Fn(usize) -> f64, blind: usize) -> String {
    let slots: Vec<Slot> = (0..60)
        .map(|n| match n {
            // Flyball itself was being updated.
            21 => Slot::default(),
            n if n >= 60 - blind => Slot { unknown: 1.0, ..Slot::default() },
            n => Slot { passing: 1.0 - failing(n), failing: failing(n), unknown: 0.0 },
        })
        .collect();
    uptime_bar(&slots, &format!("{name}, last 24 hours"))
}

/// Ninety days: one bad hour is seen beside a whole bad day.
fn days() -> String {
    let slots: Vec<Slot> = (0..90)
        .map(|day| match day {
            0..6 => Slot::default(),
            31 => Slot { passing: 0.96, failing: 0.04, unknown: 0.0 },
            52 => Slot { passing: 0.3, failing: 0.7, unknown: 0.0 },
            70 | 71 => Slot { passing: 0.5, failing: 0.0, unknown: 0.5 },
            89 => Slot { passing: 0.914, failing: 0.086, unknown: 0.0 },
            _ => Slot { passing: 1.0, ..Slot::default() },
        })
        .collect();
    uptime_bar(&slots, "no error page, last 90 days").replace("class=\"bar\"", "class=\"bar tall\"")
}

fn clock(time: i64) -> String {
    format!("{:02}:{:02}", time / (60 * MINUTE) % 24, time / MINUTE % 60)
}

fn ago(minutes: i64) -> i64 {
    NOW - minutes * MINUTE
}

fn mark(minutes: i64, kind: MarkKind, label: &str) -> Mark {
    Mark { at: ago(minutes), kind, label: label.to_owned(), href: Some("./run.html".to_owned()) }
}

/// Four hours in which a rush was met with a fourth dyno, Flyball was updated, and a release went wrong.
fn four_hours() -> TimeChart {
    let value = |minutes: i64| {
        let noise = (minutes * 7_919 % 23) as f64;
        match minutes {
            91..130 => 60.0 + (130 - minutes) as f64 * 7.2 + noise,
            _ => 52.0 + noise,
        }
    };
    let looked = || (0..240).rev().filter(|minutes| !(170..186).contains(minutes));
    TimeChart {
        from: ago(240),
        until: NOW,
        step: MINUTE,
        utc_offset: 0,
        p50: looked().map(|minutes| Point { at: ago(minutes), value: value(minutes) }).collect(),
        band: looked()
            .map(|minutes| Band { at: ago(minutes), low: value(minutes) * 0.8, high: value(minutes) * 1.5 + 12.0 })
            .collect(),
        spells: vec![
            Spell { from: ago(102), until: ago(90), verdict: Verdict::Failing, label: "slow".to_owned() },
            Spell { from: ago(42), until: NOW, verdict: Verdict::Failing, label: "text".to_owned() },
        ],
        thresholds: vec![(350.0, "slower_than 350 ms".to_owned())],
        incomplete: vec![],
        marks: vec![
            mark(186, MarkKind::Pause, "paused by ann"),
            mark(90, MarkKind::Effect, "web 3 → 4"),
            mark(64, MarkKind::Release, "v6 deployed"),
            mark(50, MarkKind::Release, "v7 deployed, failed"),
            mark(44, MarkKind::Foreign, "v8: config var CHECKOUT"),
            mark(32, MarkKind::Effect, "clean up, in doubt"),
            mark(3, MarkKind::Effect, "back from v8 to v6"),
        ],
        unit: "ms".to_owned(),
    }
}

fn formation() -> FormationChart {
    FormationChart {
        from: ago(24 * 60),
        until: NOW,
        utc_offset: 0,
        rows: vec![
            ProcessRow {
                name: "web".to_owned(),
                steps: vec![(ago(1_500), 2), (ago(900), 3), (ago(620), 4), (ago(319), 3), (ago(90), 4)],
                sizes: vec![(ago(1_500), "Standard-1X".to_owned()), (ago(700), "Standard-2X".to_owned())],
                min: Some(2),
                max: Some(4),
            },
            ProcessRow {
                name: "worker".to_owned(),
                steps: vec![(ago(1_500), 1)],
                sizes: vec![(ago(1_500), "Standard-1X".to_owned())],
                min: None,
                max: None,
            },
        ],
        marks: vec![
            mark(900, MarkKind::Effect, "web 2 → 3"),
            mark(700, MarkKind::Foreign, "ann: Standard-2X"),
            mark(620, MarkKind::Effect, "web 3 → 4"),
            mark(319, MarkKind::Effect, "web 4 → 3"),
            mark(90, MarkKind::Effect, "web 3 → 4"),
            mark(3, MarkKind::Release, "v9, content of v6"),
        ],
    }
}

fn releases() -> Vec<Release> {
    let release = |version, of, left, label: &str, by: &str| Release {
        version,
        of,
        left,
        label: label.to_owned(),
        by: by.to_owned(),
        href: Some("./run.html".to_owned()),
    };
    vec![
        release(9, Some(6), false, "Rollback to v6", "Flyball, 17:31"),
        release(8, None, true, "Set CHECKOUT", "ann@example.com, 16:50"),
        release(7, None, true, "Deploy 91be04d", "bo@example.com, 16:44"),
        release(6, None, false, "Deploy 3f2a91c", "bo@example.com, 16:30"),
        release(5, Some(3), false, "Rollback to v3", "Flyball, 28 Nov, 03:12"),
        release(4, None, true, "Deploy 77aa0b1", "ann@example.com, 28 Nov, 02:58"),
        release(3, None, false, "Deploy 12cd9e0", "ann@example.com, 27 Nov"),
    ]
}
