//! Which statuses are wanted.

use super::{refused, wrong_kind};
use flyball_settings::{Mistake, Node, Shape, Take, Value};
use serde::{Serialize, Serializer};
use std::fmt;
use std::ops::RangeInclusive;

/// The statuses that pass: `200`, `"2xx"`, `"200-204"`, or a list of such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList(Vec<RangeInclusive<u16>>);

impl StatusList {
    /// More members than any page has need of; a longer list is a mistake.
    const MEMBERS_MAX: usize = 32;

    /// Every success: what is wanted when nothing else is.
    #[must_use]
    pub fn success() -> Self {
        Self(vec![200..=299])
    }

    /// Whether this status is wanted.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

/// `200`, `2xx` or `200-204`.
fn parse(text: &str) -> Option<RangeInclusive<u16>> {
    let status = |text: &str| text.trim().parse::<u16>().ok().filter(|status| (100..=599).contains(status));
    let text = text.trim();
    if let Some(hundreds) = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")) {
        let hundreds: u16 = hundreds.parse().ok().filter(|digit| (1..=5).contains(digit))?;
        return Some(hundreds * 100..=hundreds * 100 + 99);
    }
    match text.split_once('-') {
        Some((from, to)) => Some(status(from)?..=status(to)?).filter(|range| !range.is_empty()),
        None => status(text).map(|status| status..=status),
    }
}

impl fmt::Display for StatusList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let (from, to) = (*range.start(), *range.end());
            if index > 0 {
                f.write_str(if index + 1 == self.0.len() { " or " } else { ", " })?;
            }
            if from == to {
                write!(f, "{from}")?;
            } else if from % 100 == 0 && to == from + 99 {
                write!(f, "{}xx", from / 100)?;
            } else {
                write!(f, "{from}-{to}")?;
            }
        }
        Ok(())
    }
}

impl Serialize for StatusList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|range| Self(vec![range.clone()]).to_string()))
    }
}

impl Take for StatusList {
    fn expected() -> String {
        "a status such as 200, \"2xx\" or \"200-204\", or a list of such".to_owned()
    }

    fn shape() -> Shape {
        Shape::OneOrList(Box::new(Shape::NumberOrText))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let member = |node: &Node, mistakes: &mut Vec<Mistake>| {
            let written = match &node.value {
                Value::Integer(number) => number.to_string(),
                Value::Text(text) => text.clone(),
                _ => return wrong_kind::<Self>(node, mistakes).map(|_| 0..=0),
            };
            parse(&written).or_else(|| {
                refused::<Self>(node, format!("\"{}\" is no status", super::shown(&written)), mistakes).map(|_| 0..=0)
            })
        };
        match &node.value {
            Value::List(list) if list.is_empty() => refused(node, "no status at all could pass", mistakes),
            Value::List(list) if list.len() > Self::MEMBERS_MAX => {
                refused(node, format!("more than {} statuses", Self::MEMBERS_MAX), mistakes)
            }
            Value::List(list) => {
                let members: Vec<_> = list.iter().map(|node| member(node, mistakes)).collect();
                members.into_iter().collect::<Option<Vec<_>>>().map(Self)
            }
            _ => member(node, mistakes).map(|range| Self(vec![range])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_number_a_hundred_or_a_range() {
        for (text, range) in [("200", 200..=200), ("2xx", 200..=299), ("5XX", 500..=599), ("200-204", 200..=204)] {
            assert_eq!(parse(text), Some(range), "{text}");
        }
        for text in ["", "xx", "0xx", "6xx", "99", "600", "204-200", "2x", "-200", "200-", "200--204"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_list_reads_as_a_sentence_would() {
        let list = StatusList(vec![200..=200, 300..=399, 500..=502]);
        assert_eq!(list.to_string(), "200, 3xx or 500-502");
        assert!(list.contains(302) && list.contains(501) && !list.contains(404));
    }
}
