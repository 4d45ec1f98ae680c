//! Lists come in pages, by `Range` and `Next-Range`.
//!
//! Source: Platform API reference, *ranges*. Two facts rule the forms below: a range that has only an end
//! (`version ..12`) is refused (Dev Center changelog item 314), and the default order is ascending, 200 a page, so that
//! the newest release of an old app is never on a default first page.

use crate::RELEASES_A_PAGE;
use flyball_model::{Release, ReleaseVersion};

/// The most pages of one list that are followed, of 1,000 items each: an app has at most 255 dynos of its formation and
/// 255 one-off dynos, so a list that goes on is not one that Heroku means.
pub(super) const PAGES_MAX: usize = 5;

/// A first page as large as Heroku gives one, so that nearly every list comes in a single call.
pub(super) const WHOLE_LIST: &str = "id ..; max=1000";

/// Apps in the order that people look for them in. An app is some 1.5 KB, so that a page of them is far below what is read of a body.
pub(super) const APPS_BY_NAME: &str = "name ..; max=200";

/// The longest `Next-Range` that is sent back: Heroku's have about 60 bytes.
pub(super) const NEXT_RANGE_BYTES_MAX: usize = 500;

/// The newest releases.
pub(super) fn newest() -> String {
    format!("version ..; order=desc, max={RELEASES_A_PAGE}")
}

/// The releases below one, as Heroku itself continues a list: on from that one in the list's own order.
pub(super) fn on_from(below: ReleaseVersion) -> String {
    format!("version ]{}..; order=desc, max={RELEASES_A_PAGE}", below.get())
}

/// The same for a server that reads the bounds by value, whatever the order. Both bounds are given; see above.
pub(super) fn by_value(below: ReleaseVersion) -> String {
    format!("version [1..{}[; order=desc, max={RELEASES_A_PAGE}", below.get())
}

/// Whether a page is what was asked for: releases below `below`, and some. There is always one, because versions count
/// up from 1; an empty page or a newer release means that the range was read in the other way.
pub(super) fn is_below(page: &[Release], below: ReleaseVersion) -> bool {
    !page.is_empty() && page.iter().all(|release| release.version < below)
}

/// Newest first, none twice, at most a page, and none that is not below `below`.
pub(super) fn in_order(mut page: Vec<Release>, below: Option<ReleaseVersion>) -> Vec<Release> {
    page.retain(|release| below.is_none_or(|below| release.version < below));
    page.sort_by_key(|release| std::cmp::Reverse(release.version));
    page.dedup_by_key(|release| release.version);
    page.truncate(RELEASES_A_PAGE);
    page
}
