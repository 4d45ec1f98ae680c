//! Paging: `Range: version ]12..; order=desc, max=15`, in every form that clients send. Source: platform-api 4.

use super::call::{Answer, Call};
use crate::world::Refusal;
use serde::Serialize;
use uuid::Uuid;

/// The default number of items a page. Source: platform-api 4 (REF14).
const PAGE: usize = 200;
/// Items a page, at most. Source: platform-api 4 (REF14).
const PAGE_MAX: usize = 1000;

/// What a list can be sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// A version.
    Number(u64),
    /// An id.
    Id(Uuid),
    /// A name, a URL, a time.
    Text(String),
}

impl Key {
    fn print(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Id(id) => id.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// A bound as the caller wrote it, read as a key like this one; `None` for what it cannot be.
    fn read_alike(&self, text: &str) -> Option<Self> {
        match self {
            Self::Number(_) => text.parse().ok().map(Self::Number),
            Self::Id(_) => Uuid::parse_str(text).ok().map(Self::Id),
            Self::Text(_) => Some(Self::Text(text.to_owned())),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Ascending,
    Descending,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    text: String,
    /// `]first` or `last[`: the bound itself is left out.
    excluded: bool,
}

/// A `Range` header, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    attribute: String,
    first: Option<Bound>,
    last: Option<Bound>,
    order: Order,
    max: usize,
}

impl Range {
    fn whole(attribute: &str) -> Self {
        Self { attribute: attribute.to_owned(), first: None, last: None, order: Order::Ascending, max: PAGE }
    }

    /// Keys in any order, `,` or `;` between them, blanks or none. `None`: not a range.
    fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split([';', ',']).map(str::trim);
        let (attribute, bounds) = parts.next()?.split_once(char::is_whitespace)?;
        let (first, last) = bounds.trim().split_once("..")?;
        let mut range = Self::whole(attribute);
        let bound = |text: &str, excluded: bool| (!text.is_empty()).then(|| Bound { text: text.to_owned(), excluded });
        let (first, last) = (first.trim(), last.trim());
        range.first = bound(first.trim_start_matches([']', '[']), first.starts_with(']'));
        range.last = bound(last.trim_end_matches(['[', ']']), last.ends_with('['));
        for part in parts.filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=')?;
            match (key.trim(), value.trim()) {
                ("order", "asc") => range.order = Order::Ascending,
                ("order", "desc") => range.order = Order::Descending,
                ("max", max) => range.max = max.parse().ok().filter(|max| (1..=PAGE_MAX).contains(max))?,
                _ => return None,
            }
        }
        Some(range)
    }
}

/// A list that can be paged: what it can be sorted by, the default first, and how to find the key.
pub(super) struct Sortable<T> {
    pub(super) by: &'static [&'static str],
    pub(super) key: fn(&T, &str) -> Key,
}

/// One page of a list: 200 when it is all, 206 when more follows.
pub(super) fn page<T, B: Serialize>(
    call: &Call<'_>,
    items: Vec<T>,
    sortable: &Sortable<T>,
    body: impl Fn(&T) -> B,
) -> Result<Answer, Refusal> {
    let refused =
        || Refusal::new(416, "requested_range_not_satisfiable", "The requested range could not be satisfied.");
    let range = match call.request.get("Range") {
        Some(header) => Range::parse(header).ok_or_else(refused)?,
        None => Range::whole(sortable.by[0]),
    };
    let attribute = sortable.by.iter().find(|known| **known == range.attribute).ok_or_else(refused)?;
    let mut keyed: Vec<(Key, T)> = items.into_iter().map(|item| ((sortable.key)(&item, attribute), item)).collect();
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    if range.order == Order::Descending {
        keyed.reverse();
    }
    let inside = within(&range, &keyed).ok_or_else(refused)?;
    let (shown, rest) = inside.split_at(range.max.min(inside.len()));
    let bodies: Vec<B> = shown.iter().map(|(_, item)| body(item)).collect();
    let mut answer = Answer::json(if rest.is_empty() { 200 } else { 206 }, &bodies);
    answer.headers.push(("Accept-Ranges", sortable.by.join(", ")));
    let order = if range.order == Order::Descending { "order=desc, " } else { "" };
    if let (Some((first, _)), Some((last, _))) = (shown.first(), shown.last()) {
        let (first, last, max) = (first.print(), last.print(), range.max);
        answer.headers.push(("Content-Range", format!("{attribute} {first}..{last}; {order}max={max}")));
        if !rest.is_empty() {
            let end = range
                .last
                .as_ref()
                .map_or_else(String::new, |end| format!("{}{}", end.text, if end.excluded { "[" } else { "" }));
            answer.headers.push(("Next-Range", format!("{attribute} ]{last}..{end}; {order}max={max}")));
        }
    }
    Ok(answer)
}

/// The items between the bounds, which are meant in the order of the list. `None`: a bound that cannot be a key.
fn within<'a, T>(range: &Range, keyed: &'a [(Key, T)]) -> Option<&'a [(Key, T)]> {
    let Some((sample, _)) = keyed.first() else { return Some(keyed) };
    let comes_before = |one: &Key, other: &Key| match range.order {
        Order::Ascending => one < other,
        Order::Descending => one > other,
    };
    let mut inside = keyed;
    if let Some(bound) = &range.first {
        let key = sample.read_alike(&bound.text)?;
        let skipped = |item: &Key| comes_before(item, &key) || (bound.excluded && *item == key);
        inside = &inside[inside.partition_point(|(item, _)| skipped(item))..];
    }
    if let Some(bound) = &range.last {
        let key = sample.read_alike(&bound.text)?;
        let kept = |item: &Key| comes_before(item, &key) || (!bound.excluded && *item == key);
        inside = &inside[..inside.partition_point(|(item, _)| kept(item))];
    }
    Some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_seen_in_the_wild_is_read() {
        let newest = |max| Range { order: Order::Descending, max, ..Range::whole("version") };
        for (header, expected) in [
            ("version ..; max=15, order=desc", newest(15)),
            ("version ..; order=desc,max=3;", newest(3)),
            ("id ..; ;", Range::whole("id")),
            ("id ..; max=1000", Range { max: 1000, ..Range::whole("id") }),
            ("id ..", Range::whole("id")),
            (
                "version ]3..; max=1",
                Range { first: Some(Bound { text: "3".into(), excluded: true }), max: 1, ..Range::whole("version") },
            ),
            (
                "name a..m[",
                Range {
                    first: Some(Bound { text: "a".into(), excluded: false }),
                    last: Some(Bound { text: "m".into(), excluded: true }),
                    ..Range::whole("name")
                },
            ),
        ] {
            assert_eq!(Range::parse(header), Some(expected), "{header}");
        }
        for header in ["", "version", "version 3", "version ..; max=0", "id ..; max=1001", "id ..; order=up"] {
            assert_eq!(Range::parse(header), None, "{header}");
        }
    }
}
