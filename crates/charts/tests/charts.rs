//! Charts from outside: what is drawn, what is not, and what can be heard.

use flyball_charts::{
    Band, FormationChart, LOAD_BARS_MAX, LoadBar, LoadChart, MARKS_MAX, Mark, MarkKind, Point, ProcessRow,
    RELEASES_MAX, Release, SHEET, SLOTS_MAX, Slot, Spell, TimeChart, Verdict, Width, badge, favicon, lineage,
    uptime_bar,
};
use insta::assert_snapshot;

const MINUTE: i64 = 60_000;
const HOSTILE: &str = "\"><script>alert('1')</script>&\u{202e}";

fn clock(time: i64) -> String {
    format!("{:02}:{:02}", time / (60 * MINUTE) % 24, time / MINUTE % 60)
}

/// One element per line, so that a change of a picture can be read.
fn lines(svg: &str) -> String {
    svg.replace("><", ">\n<")
}

fn count(svg: &str, part: &str) -> usize {
    svg.matches(part).count()
}

/// What must hold of every picture, whatever went in.
fn sound(svg: &str) {
    assert_eq!(count(svg, "<svg "), count(svg, "</svg>"), "{svg}");
    assert!(svg.contains("role=\"img\"") && svg.contains("aria-label=\""), "can be heard: {svg}");
    for wrong in ["NaN", "inf", "<script", " style=", "javascript:", "\u{202e}", "e+", "e1"] {
        assert!(!svg.contains(wrong), "{wrong} in {svg}");
    }
}

fn empty() -> TimeChart {
    TimeChart {
        from: 0,
        until: 120 * MINUTE,
        step: MINUTE,
        utc_offset: 0,
        p50: vec![],
        band: vec![],
        spells: vec![],
        thresholds: vec![],
        incomplete: vec![],
        marks: vec![],
        unit: "ms".to_owned(),
    }
}

fn mark(minute: i64, kind: MarkKind, label: &str, href: Option<&str>) -> Mark {
    Mark { at: minute * MINUTE, kind, label: label.to_owned(), href: href.map(str::to_owned) }
}

#[test]
fn a_bar_has_a_height_for_each_verdict() {
    let slots = [
        Slot { passing: 1.0, ..Slot::default() },
        Slot { passing: 0.999, failing: 0.001, ..Slot::default() },
        Slot { failing: 1.0, ..Slot::default() },
        Slot { unknown: 1.0, ..Slot::default() },
        Slot::default(),
    ];
    assert_snapshot!(lines(&uptime_bar(&slots, "front page, last 24 hours")));
}

#[test]
fn a_bar_of_nothing_and_of_nonsense_and_of_a_year_is_sound() {
    let nonsense = [Slot { passing: f64::NAN, failing: f64::INFINITY, unknown: -3.0 }];
    let year = vec![Slot { passing: 1.0, ..Slot::default() }; 365 * 24 * 2];
    for slots in [&[][..], &nonsense, &year] {
        let bar = uptime_bar(slots, HOSTILE);
        sound(&bar);
        assert!(count(&bar, "h3v") <= SLOTS_MAX);
    }
    assert!(uptime_bar(&[], "nobody").contains("nobody: 100 % not looked at"));
}

#[test]
fn readings_and_marks_share_an_axis() {
    let chart = TimeChart {
        p50: [0, 1, 2, 60, 61].map(|minute| Point { at: minute * MINUTE, value: 40.0 + minute as f64 }).to_vec(),
        band: [0, 1, 2].map(|minute| Band { at: minute * MINUTE, low: 30.0, high: 70.0 }).to_vec(),
        spells: vec![Spell {
            from: 60 * MINUTE,
            until: 90 * MINUTE,
            verdict: Verdict::Failing,
            label: "text".to_owned(),
        }],
        thresholds: vec![(80.0, "slower_than 80 ms".to_owned())],
        marks: vec![
            mark(62, MarkKind::Effect, "rolled back to v6", Some("/runs/1")),
            mark(64, MarkKind::Foreign, "config of v8", None),
            mark(118, MarkKind::Pause, "paused by ann", Some("javascript:alert(1)")),
        ],
        ..empty()
    };
    assert_snapshot!("time_wide", lines(&chart.svg(Width::Wide, clock)));
    assert_snapshot!("time_narrow", lines(&chart.svg(Width::Narrow, clock)));
    sound(&chart.both(clock));
}

#[test]
fn numbers_have_their_thresholds_and_show_what_had_gaps() {
    let at = |minute: i64, value: f64| Point { at: minute * MINUTE, value };
    let chart = TimeChart {
        p50: (0..30).map(|minute| at(minute, (minute % 7) as f64)).collect(),
        band: (0..30).map(|minute| Band { at: minute * MINUTE, low: 0.0, high: 9.0 }).collect(),
        thresholds: vec![
            (8.0, "above 8".to_owned()),
            (7.9, "scale".to_owned()),
            (f64::NAN, "none".to_owned()),
            (4.0, "clears_at 4".to_owned()),
        ],
        incomplete: vec![at(3, 3.0), at(10, 3.0)],
        unit: String::new(),
        ..empty()
    };
    let svg = chart.svg(Width::Narrow, clock);
    sound(&svg);
    assert_eq!(
        (count(&svg, "class=\"threshold\""), count(&svg, "class=\"hold\""), count(&svg, "l3 3-3 3-3-3z")),
        (3, 2, 2)
    );
    for said in ["0 to 6, last", "Threshold 8: above 8.", "Threshold 4: clears_at 4.", "Incomplete: 2."] {
        assert!(svg.contains(said), "{said} in {svg}");
    }
}

#[test]
fn nothing_is_drawn_where_nobody_looked() {
    let at = |minutes: &[i64]| TimeChart {
        p50: minutes.iter().map(|minute| Point { at: minute * MINUTE, value: 1.0 }).collect(),
        ..empty()
    };
    for (minutes, drawn) in [(&[][..], 0), (&[5], 1), (&[5, 6, 7], 1), (&[5, 6, 60, 61], 2)] {
        let svg = at(minutes).svg(Width::Wide, clock);
        sound(&svg);
        assert_eq!(count(&svg, "class=\"line\""), drawn, "{minutes:?}");
    }
    assert!(at(&[]).svg(Width::Wide, clock).contains("nobody looked"));
    assert!(at(&[5]).svg(Width::Wide, clock).contains("h0\""), "a single reading is a dot");
}

#[test]
fn values_that_are_none_and_values_beyond_everything_are_sound() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, f64::MIN_POSITIVE, -0.0] {
        let chart = TimeChart {
            p50: vec![Point { at: 0, value }, Point { at: MINUTE, value: 3.0 }],
            band: vec![Band { at: 0, low: value, high: value }],
            thresholds: vec![(value, "limit".to_owned())],
            ..empty()
        };
        sound(&chart.both(clock));
    }
    for (from, until, step) in
        [(i64::MIN, i64::MAX, i64::MAX), (i64::MAX, i64::MIN, 0), (5, 5, -1), (i64::MAX, i64::MAX, 1)]
    {
        let chart =
            TimeChart { from, until, step, utc_offset: i64::MIN, p50: vec![Point { at: 5, value: 1.0 }], ..empty() };
        sound(&chart.both(|_| "then".to_owned()));
    }
}

#[test]
fn labels_of_marks_do_not_overlap() {
    // Close together, at both edges, and of all lengths.
    let marks = (0..60)
        .map(|n| mark(n * 37 % 121, MarkKind::Effect, &"wide ".repeat(n as usize % 7 + 1), Some("/runs/1")))
        .collect();
    let chart = TimeChart { marks, ..empty() };
    for width in [Width::Wide, Width::Narrow] {
        let svg = chart.svg(width, clock);
        let mut places: Vec<(String, f64, f64)> = svg
            .split("<a ")
            .skip(1)
            .filter(|link| link.contains("<text"))
            .map(|link| {
                let number = |name: &str| attribute(link, name).parse::<f64>().expect("a number");
                (attribute(link, "y").to_owned(), number("x"), number("x") + number("width"))
            })
            .collect();
        places.sort_by(|one, other| one.0.cmp(&other.0).then(one.1.total_cmp(&other.1)));
        assert!(places.len() > 4, "some have room: {places:?}");
        for pair in places.windows(2) {
            assert!(pair[0].0 != pair[1].0 || pair[0].2 <= pair[1].1, "{pair:?}");
        }
    }
}

/// The first value of an attribute.
fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    let start = element.find(&format!(" {name}=\"")).expect("the attribute") + name.len() + 3;
    element[start..].split('"').next().expect("its value")
}

#[test]
fn labels_from_outside_stay_text() {
    let hostile = || HOSTILE.to_owned();
    let marks =
        vec![mark(1, MarkKind::Release, HOSTILE, Some(HOSTILE)), mark(9, MarkKind::Effect, HOSTILE, Some("/\"x"))];
    let chart = TimeChart {
        p50: vec![Point { at: 0, value: 1.0 }],
        spells: vec![Spell { from: 0, until: MINUTE, verdict: Verdict::Unknown, label: hostile() }],
        thresholds: vec![(1.0, hostile()); 9],
        incomplete: vec![Point { at: 0, value: 1.0 }],
        marks: marks.clone(),
        unit: hostile(),
        ..empty()
    };
    sound(&chart.both(|_| hostile()));
    let row = ProcessRow { name: hostile(), steps: vec![(0, 1)], sizes: vec![(0, hostile())], min: None, max: None };
    sound(&FormationChart { from: 0, until: MINUTE, utc_offset: 0, rows: vec![row], marks }.both(|_| hostile()));
    let release = Release { version: 1, of: None, left: false, label: hostile(), by: hostile(), href: Some(hostile()) };
    sound(&lineage(&[release]));
    sound(&badge(HOSTILE, HOSTILE, Verdict::Failing));
}

#[test]
fn a_year_costs_what_a_day_costs() {
    let year = 365 * 24 * 60;
    let often = |step: i64| 0..year / step;
    let chart = TimeChart {
        until: year * MINUTE,
        step: 5 * MINUTE,
        p50: often(5).map(|n| Point { at: n * 5 * MINUTE, value: (n % 100) as f64 }).collect(),
        band: often(5).map(|n| Band { at: n * 5 * MINUTE, low: 0.0, high: (n % 200) as f64 }).collect(),
        spells: often(30)
            .map(|n| Spell {
                from: n * 30 * MINUTE,
                until: (n * 30 + 5) * MINUTE,
                verdict: if n % 2 == 0 { Verdict::Failing } else { Verdict::Unknown },
                label: String::new(),
            })
            .collect(),
        marks: often(60).map(|n| mark(n * 60, MarkKind::Effect, "web from 2 to 3", Some("/runs/1"))).collect(),
        ..empty()
    };
    for width in [Width::Wide, Width::Narrow] {
        let svg = chart.svg(width, clock);
        sound(&svg);
        assert!(svg.len() < 128 * 1024, "{} bytes", svg.len());
        assert_eq!(count(&svg, "<a "), MARKS_MAX);
    }
    let rows = vec![
        ProcessRow {
            name: "web".to_owned(),
            steps: often(10).map(|n| (n * 10 * MINUTE, (n % 7) as u32)).collect(),
            sizes: often(10).map(|n| (n * 10 * MINUTE, format!("Standard-{}X", n % 2))).collect(),
            min: Some(1),
            max: Some(6),
        };
        40
    ];
    let formation = FormationChart { from: 0, until: year * MINUTE, utc_offset: 0, rows, marks: chart.marks };
    let svg = formation.svg(Width::Wide, clock);
    sound(&svg);
    assert!(svg.len() < 512 * 1024, "{} bytes", svg.len());
}

#[test]
fn a_formation_shows_steps_sizes_and_limits() {
    let row = |name: &str| ProcessRow {
        name: name.to_owned(),
        steps: vec![(-MINUTE, 2), (30 * MINUTE, 3), (60 * MINUTE, 4)],
        sizes: vec![(0, "Standard-1X".to_owned()), (60 * MINUTE, "Standard-2X".to_owned())],
        min: Some(2),
        max: Some(4),
    };
    let unknown = ProcessRow { name: "worker".to_owned(), steps: vec![], sizes: vec![], min: None, max: None };
    let chart = FormationChart {
        from: 0,
        until: 120 * MINUTE,
        utc_offset: 0,
        rows: vec![row("web"), unknown],
        marks: vec![mark(30, MarkKind::Effect, "web from 2 to 3", Some("/runs/1"))],
    };
    assert_snapshot!(lines(&chart.svg(Width::Narrow, clock)));
    sound(&FormationChart { rows: vec![], marks: vec![], ..chart }.both(clock));
}

#[test]
fn a_release_leads_back_to_its_content() {
    let release = |version, of, left, label: &str| Release {
        version,
        of,
        left,
        label: label.to_owned(),
        by: "ann@example.com, 16:04".to_owned(),
        href: Some(format!("/releases/{version}")),
    };
    let releases = [
        release(9, Some(6), false, "Rollback to v6"),
        release(8, None, true, "Set CHECKOUT config var"),
        release(7, Some(2), true, "Rollback to v2"),
        release(6, None, false, "Deploy 3f2a91c"),
    ];
    assert_snapshot!(lines(&lineage(&releases)));
    sound(&lineage(&[]));
    let many: Vec<Release> = (0..500).map(|n| release(n, n.checked_sub(7), n % 3 == 0, "Deploy")).collect();
    let svg = lineage(&many);
    sound(&svg);
    assert_eq!(count(&svg, "<a "), RELEASES_MAX);
}

#[test]
fn a_badge_and_an_icon_stand_by_themselves() {
    assert_snapshot!(lines(&badge("shop: front page", "passing", Verdict::Passing)));
    for verdict in [Verdict::Passing, Verdict::Failing, Verdict::Unknown] {
        sound(&badge("", "", verdict));
        sound(&favicon(verdict));
        assert!(favicon(verdict).contains("xmlns=") && !favicon(verdict).contains("class="));
    }
}

#[test]
fn the_sheet_is_small_and_stands_by_itself() {
    assert!(SHEET.len() <= 25 * 1024, "{} bytes", SHEET.len());
    for outside in ["@import", "url(", "@font-face", "http:"] {
        assert!(!SHEET.contains(outside), "{outside}");
    }
    for class in [".tag", ".person", ".app", ".notice", ".stop", ".mistake", ".empty", ".facts", ".day"] {
        assert!(SHEET.contains(class), "{class}");
    }
}

#[test]
fn bars_stand_at_their_loads_and_say_where_requests_waited() {
    let bar = |from, to, served_ms, waits| LoadBar { from, to, served_ms, waits };
    let chart = LoadChart {
        bars: vec![bar(1.0, 2.0, 200.0, false), bar(2.0, 2.0, 210.0, false), bar(2.5, 4.0, 900.0, true)],
        per_dyno: 1.8,
    };
    assert_snapshot!("loads_narrow", lines(&chart.svg(Width::Narrow)));
    let wide = chart.svg(Width::Wide);
    sound(&wide);
    assert!(wide.contains("2.5 to 4 within 900 ms, they waited. per_dyno 1.8."), "{wide}");
    assert_eq!((count(&wide, "class=\"shape\""), count(&wide, "class=\"wash\"")), (1, 3));
}

#[test]
fn loads_of_nothing_and_of_nonsense_are_sound() {
    let many = vec![LoadBar { from: 1.0, to: 2.0, served_ms: 3.0, waits: true }; 1000];
    let nonsense = [f64::NAN, f64::INFINITY, -1.0, f64::MAX, 0.0].map(|value| LoadBar {
        from: value,
        to: -value,
        served_ms: value,
        waits: false,
    });
    for (bars, per_dyno) in [(vec![], 0.0), (nonsense.to_vec(), f64::NAN), (many, 1e300)] {
        let svg = LoadChart { bars, per_dyno }.both();
        sound(&svg);
        assert!(count(&svg, "class=\"wash\"") <= 2 * LOAD_BARS_MAX);
    }
}
