//! What of JSON adapters write: read as it comes, without keeping what nobody asked for.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A name that is longer is no name of a queue, a dyno or a process type that anybody has.
const NAME_BYTES_MAX: usize = 128;

/// One value; what is none that a metric consists of is another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Number(f64),
    Text(String),
    Nothing,
    Other,
}

impl Scalar {
    /// A number that counts something: finite, and not negative. To the nearest whole one, up to what a float has exactly.
    pub(crate) fn count(&self) -> Option<u64> {
        const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
        let Self::Number(number) = self else { return None };
        let is_count = (0.0..=EXACT_MAX).contains(number);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is held within bounds")]
        let whole = is_count.then(|| number.round() as u64);
        whole
    }

    /// A name that somebody could have given.
    pub(crate) fn name(&self) -> Option<&str> {
        let Self::Text(text) = self else { return None };
        (!text.is_empty() && text.len() <= NAME_BYTES_MAX).then_some(text)
    }
}

/// Seconds since 1970 that a clock could show: the year 5138 is far enough.
pub(crate) fn second(count: u64) -> Option<i64> {
    const SECOND_MAX: u64 = 100_000_000_000;
    (count <= SECOND_MAX).then(|| i64::try_from(count).ok()).flatten()
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar, E> {
        #[expect(clippy::cast_precision_loss, reason = "what is beyond a float's whole numbers is beyond every bound")]
        let number = number as f64;
        Ok(Scalar::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        #[expect(clippy::cast_precision_loss, reason = "what is beyond a float's whole numbers is beyond every bound")]
        let number = number as f64;
        Ok(Scalar::Number(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        // What is too long for a name is kept as nothing that could be one.
        Ok(if text.len() > NAME_BYTES_MAX { Scalar::Other } else { Scalar::Text(text.to_owned()) })
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// The first values of a list, and how many it has; a value that is no list is one of which none is kept.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Row<const KEPT: usize> {
    pub(crate) values: Vec<Scalar>,
    pub(crate) is_list: bool,
}

impl<'de, const KEPT: usize> Deserialize<'de> for Row<KEPT> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowVisitor::<KEPT>)
    }
}

struct RowVisitor<const KEPT: usize>;

impl<'de, const KEPT: usize> Visitor<'de> for RowVisitor<KEPT> {
    type Value = Row<KEPT>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Row::default())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Row { values: vec![ScalarVisitor.visit_i64::<E>(number)?], is_list: false })
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Row { values: vec![ScalarVisitor.visit_u64::<E>(number)?], is_list: false })
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Row { values: vec![Scalar::Number(number)], is_list: false })
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Row::default())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Row::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while values.len() < KEPT {
            let Some(value) = seq.next_element()? else { return Ok(Row { values, is_list: true }) };
            values.push(value);
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Row { values, is_list: true })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Row::default())
    }
}
