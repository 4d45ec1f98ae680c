//! Looking into JSON by name, with the place of what is missing.

use crate::text::clean;
use flyball_model::Timestamp;
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// The longest id that Heroku can have written: a UUID has 36 bytes.
const ID_BYTES_MAX: usize = 200;
/// The longest text that is shown or stored, such as a release's description, in characters.
const TEXT_CHARS_MAX: usize = 500;

/// What was not understood: a place, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misread {
    place: String,
    expected: &'static str,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() {
            write!(f, "expected {}", self.expected)
        } else {
            write!(f, "expected {} at `{}`", self.expected, self.place)
        }
    }
}

impl std::error::Error for Misread {}

impl Misread {
    /// Something that is missing at a place.
    pub(super) fn missing(place: &str, expected: &'static str) -> Self {
        Self { place: place.to_owned(), expected }
    }
}

/// A list, as far as it was understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Items<T> {
    pub(crate) understood: Vec<T>,
    pub(crate) left_out: usize,
}

impl<T> Items<T> {
    /// A list that was understood whole.
    pub(crate) fn whole(understood: Vec<T>) -> Self {
        Self { understood, left_out: 0 }
    }
}

/// A JSON value and its place.
pub(super) struct Json {
    value: Value,
    place: String,
}

/// Parses a body.
pub(super) fn parse(body: &[u8]) -> Result<Json, Misread> {
    // serde_json's message may quote the body, so it is not kept.
    let value = serde_json::from_slice(body).map_err(|_| Misread { place: String::new(), expected: "JSON" })?;
    Ok(Json { value, place: String::new() })
}

impl Json {
    /// The object that this is.
    pub(super) fn object(self) -> Result<Fields, Misread> {
        match self.value {
            Value::Object(fields) => Ok(Fields { fields, place: self.place }),
            _ => Err(Misread { place: self.place, expected: "an object" }),
        }
    }

    /// The list that this is.
    pub(super) fn list(self) -> Result<Vec<Fields>, Misread> {
        self.items()?.map(Self::object).collect()
    }

    /// What `read` makes of each item of the list that this is. One that it cannot read is left out: it spoils itself and not
    /// its neighbours. Only a list of which nothing can be read is refused, since an empty one would say something else.
    pub(super) fn readable<T>(self, read: fn(&Fields) -> Result<T, Misread>) -> Result<Items<T>, Misread> {
        let (mut items, mut odd) = (Vec::new(), Vec::new());
        for item in self.items()? {
            match item.object().and_then(|fields| read(&fields)) {
                Ok(item) => items.push(item),
                Err(misread) => odd.push(misread),
            }
        }
        let Some(first) = odd.first() else { return Ok(Items::whole(items)) };
        if items.is_empty() {
            return Err(first.clone());
        }
        tracing::debug!(left_out = odd.len(), first = %first, "a list of Heroku has items that are not understood");
        Ok(Items { understood: items, left_out: odd.len() })
    }

    fn items(self) -> Result<impl Iterator<Item = Self>, Misread> {
        let Value::Array(items) = self.value else {
            return Err(Misread { place: self.place, expected: "a list" });
        };
        let place = move |index| format!("{}[{index}]", self.place);
        Ok(items.into_iter().enumerate().map(move |(index, value)| Self { value, place: place(index) }))
    }
}

/// An object's fields and its place.
pub(super) struct Fields {
    fields: Map<String, Value>,
    place: String,
}

impl Fields {
    fn place(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    fn misread(&self, name: &str, expected: &'static str) -> Misread {
        Misread { place: self.place(name), expected }
    }

    /// A field, if it is there and not null.
    fn value(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// The object in a field, if there is one.
    pub(super) fn inside(&self, name: &str) -> Option<Self> {
        let fields = self.value(name)?.as_object()?.clone();
        Some(Self { fields, place: self.place(name) })
    }

    /// The objects of the list in a field; nothing if there is no list.
    pub(super) fn each(&self, name: &str) -> impl Iterator<Item = Self> {
        self.value(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|value| Some(Self { fields: value.as_object()?.clone(), place: self.place(name) }))
    }

    /// Every field that is a text, exactly as it came.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }

    /// A text exactly as it came, if there is one.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.value(name)?.as_str()
    }

    /// A text that may be shown: bounded, one line.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(|text| clean(text, TEXT_CHARS_MAX)).filter(|text| !text.is_empty())
    }

    /// An id, which must be there.
    pub(super) fn id(&self, name: &str) -> Result<String, Misread> {
        self.raw(name)
            .filter(|id| (1..=ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()))
            .map(str::to_owned)
            .ok_or_else(|| self.misread(name, "an id"))
    }

    /// A name, which must be there and valid.
    pub(super) fn name<N: FromStr>(&self, name: &str, expected: &'static str) -> Result<N, Misread> {
        self.raw(name).and_then(|text| text.parse().ok()).ok_or_else(|| self.misread(name, expected))
    }

    /// A whole number, which must be there; written as text it counts too.
    pub(super) fn number(&self, name: &str) -> Result<u64, Misread> {
        let number = self.value(name).and_then(|value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        });
        number.ok_or_else(|| self.misread(name, "a whole number"))
    }

    /// A yes or no, if there is one.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    /// A time, which must be there.
    pub(super) fn time(&self, name: &str) -> Result<Timestamp, Misread> {
        self.name(name, "a time")
    }

    /// A time, if it is there; but one that is there must be one.
    pub(super) fn time_if_any(&self, name: &str) -> Result<Option<Timestamp>, Misread> {
        self.value(name).map(|_| self.time(name)).transpose()
    }

    /// What the field `name` of the object must be, for errors about more than one field.
    pub(super) fn missing<T>(&self, name: &str, expected: &'static str) -> Result<T, Misread> {
        Err(self.misread(name, expected))
    }
}
