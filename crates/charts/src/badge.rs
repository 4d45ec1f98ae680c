//! Pictures that live outside of the pages: they bring their own colours, and are right on light and dark.

use crate::Verdict;
use crate::text::{at, cut, escaped, width};
use crate::time::shape;

/// Characters of each half of a badge: a line in somebody's README, not a page.
const BADGE_CHARS: usize = 32;

/// Font size of a badge.
const FONT: f64 = 11.0;

/// A dark enough ground for white text: at least 4.5 to 1.
fn ground(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passing => "#1b7346",
        Verdict::Failing => "#b3261e",
        Verdict::Unknown => "#5f6470",
    }
}

/// A status badge, as README files have them: `label` on the left, shape and `word` on the right.
#[must_use]
pub fn badge(label: &str, word: &str, verdict: Verdict) -> String {
    let (label, word) = (cut(label, BADGE_CHARS), cut(word, BADGE_CHARS));
    let (label_width, word_width) = ((width(&label) * FONT).ceil(), (width(&word) * FONT).ceil());
    let left = label_width + 14.0;
    let all = left + word_width + 28.0;
    let said = escaped(&format!("{label}: {word}"), BADGE_CHARS * 2 + 2);
    let text = |x: f64, width: f64, text: &str| {
        // The font is not known, so the text is made to fit what was measured.
        let length = if width > 0.0 { format!(r#" textLength="{}""#, at(width)) } else { String::new() };
        format!(r#"<text x="{}" y="14"{length}>{}</text>"#, at(x), escaped(text, BADGE_CHARS))
    };
    let parts = [
        format!(r##"<rect width="{all}" height="20" rx="4" fill="#34312d"/>"##),
        format!(
            r#"<path d="M{left} 0h{0}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{0}z" fill="{1}"/>"#,
            at(all - left - 4.0),
            ground(verdict)
        ),
        format!(
            r##"<path transform="translate({} 10)" d="{}" fill="#fff" fill-rule="evenodd"/>"##,
            at(left + 12.0),
            shape(verdict)
        ),
        r##"<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">"##.to_owned(),
        text(7.0, label_width, &label),
        text(left + 21.0, word_width, &word),
        "</g>".to_owned(),
    ];
    standing(all, 20.0, &said, &parts.concat())
}

/// The page's icon, 32 by 32: the verdict's shape, in a colour that is seen on dark tabs and on light ones.
#[must_use]
pub fn favicon(verdict: Verdict) -> String {
    let line = |path: &str, colour: &str, wide: f64| {
        format!(r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="{wide}""#)
            + r#" stroke-linecap="round" stroke-linejoin="round"/>"#
    };
    let inside = match verdict {
        Verdict::Passing => {
            let disc = r##"<circle cx="16" cy="16" r="13" fill="#2a9d63"/>"##;
            disc.to_owned() + &line("m10 16.5 4.2 4.2L22.5 12", "#fff", 3.2)
        }
        Verdict::Failing => {
            let corners = "M16 4.5 29 27.5H3z";
            line(corners, "#e0453b", 4.0)
                + &format!(r##"<path d="{corners}" fill="#e0453b"/>"##)
                + &line("M16 12v7.5M16 24.2v.1", "#fff", 3.4)
        }
        Verdict::Unknown => {
            let ring = r##"<circle cx="16" cy="16" r="12" fill="none" stroke="#858b97" stroke-width="3.4""##;
            let question = "M12.4 13.2a3.7 3.7 0 1 1 5.6 3.1c-1.3.8-2 1.4-2 2.7M16 22.6v.1";
            format!(r#"{ring} stroke-dasharray="6.3 4.47"/>"#) + &line(question, "#858b97", 3.0)
        }
    };
    standing(32.0, 32.0, verdict.word(), &inside)
}

/// A picture that is a file of its own; `said` is escaped already.
fn standing(wide: f64, high: f64, said: &str, inside: &str) -> String {
    let (wide, high) = (at(wide), at(high));
    let size = format!(r#"width="{wide}" height="{high}" viewBox="0 0 {wide} {high}""#);
    format!(r#"<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{said}">"#)
        + &format!("<title>{said}</title>{inside}</svg>")
}
