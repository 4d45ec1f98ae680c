//! Pictures that live outside of the pages: they bring their own colours, and are right on light and dark.

use crate::Verdict;
use crate::text::{at, cut, escaped, width};

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
        let length = if width > 0.0 {
            format!(r#" textLength="{}" lengthAdjust="spacingAndGlyphs""#, at(width))
        } else {
            String::new()
        };
        format!(r#"<text x="{}" y="14"{length}>{}</text>"#, at(x), escaped(text, BADGE_CHARS))
    };
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{all}" height="20" viewBox="0 0 {all} 20" role="img" aria-label="{said}"><title>{said}</title><rect width="{all}" height="20" rx="4" fill="#34312d"/><path d="M{left} 0h{inner}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{inner}z" fill="{ground}"/><path transform="translate({middle} 10)" d="{shape}" fill="#fff" fill-rule="evenodd"/><g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">{label}{word}</g></svg>"##,
        all = at(all),
        left = at(left),
        inner = at(all - left - 4.0),
        ground = ground(verdict),
        middle = at(left + 12.0),
        shape = crate::time::shape(verdict),
        label = text(7.0, label_width, &label),
        word = text(left + 21.0, word_width, &word),
    )
}

/// The page's icon, 32 by 32: the verdict's shape in its colour, light enough for a dark tab and dark enough for a light one.
#[must_use]
pub fn favicon(verdict: Verdict) -> String {
    let inside = match verdict {
        Verdict::Passing => {
            r##"<circle cx="16" cy="16" r="13" fill="#2a9d63"/><path d="m10 16.5 4.2 4.2L22.5 12" fill="none" stroke="#fff" stroke-width="3.2" stroke-linecap="round" stroke-linejoin="round"/>"##
        }
        Verdict::Failing => {
            r##"<path d="M16 4.5 29 27.5H3z" fill="#e0453b" stroke="#e0453b" stroke-width="4" stroke-linejoin="round"/><path d="M16 12v7.5M16 24.2v.1" stroke="#fff" stroke-width="3.4" stroke-linecap="round"/>"##
        }
        Verdict::Unknown => {
            r##"<circle cx="16" cy="16" r="12" fill="none" stroke="#858b97" stroke-width="3.4" stroke-dasharray="6.3 4.47"/><path d="M12.4 13.2a3.7 3.7 0 1 1 5.6 3.1c-1.3.8-2 1.4-2 2.7M16 22.6v.1" fill="none" stroke="#858b97" stroke-width="3" stroke-linecap="round"/>"##
        }
    };
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32" viewBox="0 0 32 32" role="img" aria-label="{word}"><title>{word}</title>{inside}</svg>"#,
        word = verdict.word()
    )
}
