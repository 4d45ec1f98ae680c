//! Notices, a line each.

use super::Clockface;
use crate::output::{BAD, FAINT, paint};
use flyball_views::NoticeView;

/// When it was made, what was told to whom, and what it said.
pub(crate) fn line(notice: &NoticeView, face: &Clockface) -> String {
    let words = face.sentence(&notice.words, notice.made_at);
    let words = if notice.why.is_some() { paint(BAD, words) } else { words };
    let said = if notice.what_is_wrong.is_empty() { String::new() } else { format!(": {}", notice.what_is_wrong) };
    format!("{}  {words}{}", paint(FAINT, face.day_and_time(notice.made_at)), face.sentence(&said, notice.made_at))
}
