//! Values that only monitors take in their settings. Each checks itself once at the door; each is shown, compared and
//! serialised as the text that was written.

mod address;
mod byte_size;
mod code_list;
mod header_list;
mod host;
mod level;
mod method;
mod networks;
mod page_url;
mod pattern;
mod pointer;
mod proxy;
mod record;
mod scalar;
mod status_list;

pub use address::Address;
pub use byte_size::ByteSize;
pub use code_list::CodeList;
pub use header_list::HeaderList;
pub(crate) use host::unanswerable;
pub use level::Level;
pub use method::Method;
pub use networks::Networks;
pub use page_url::{HostName, PageUrl};
pub use pattern::{Keyword, Pattern};
pub use pointer::Pointer;
pub use proxy::{Proxy, ProxyServer};
pub(crate) use record::WantedTexts;
pub use record::{NameServer, Record, RecordName, RecordType, Wanted};
pub use scalar::{Figure, Scalar};
pub use status_list::StatusList;

use flyball_model::{Excerpt, duration};
use flyball_settings::{Mistake, Node, Take};
use serde::Serializer;
use std::time::Duration;
use url::Host;

/// Notes that a value of the wrong kind was written.
pub(crate) fn wrong_kind<T: Take>(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<T> {
    refused(node, format!("found {}", node.value.kind()), mistakes)
}

/// Notes that a value of the right kind is not what it should be.
pub(crate) fn refused<T: Take>(node: &Node, refusal: impl Into<Refusal>, mistakes: &mut Vec<Mistake>) -> Option<T> {
    let Refusal { message, hint } = refusal.into();
    let mistake = Mistake::new(node.span.clone(), message, format!("expected {}", T::expected()));
    mistakes.push(match hint {
        Some(hint) => mistake.hint(hint),
        None => mistake,
    });
    None
}

/// One of several words.
pub(crate) fn one_of<T: Take + Copy>(
    node: &Node,
    words: &[(&'static str, T)],
    mistakes: &mut Vec<Mistake>,
) -> Option<T> {
    let text = String::take(node, mistakes)?;
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    found.or_else(|| refused(node, format!("no such word: \"{}\"", Excerpt::of(&text)), mistakes))
}

/// The words, for whoever expects one of them: `"a", "b" or "c"`.
pub(crate) fn listed<T>(words: &[(&'static str, T)]) -> String {
    let quoted: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}

/// A word of the file that stands for one of several values: from its words follows how it is taken.
macro_rules! words {
    ($name:ty { $( $word:literal => $value:expr, )+ }) => {
        impl flyball_settings::Take for $name {
            fn expected() -> String {
                $crate::values::listed(&[$( ($word, ()) ),+])
            }

            fn shape() -> flyball_settings::Shape {
                flyball_settings::Shape::Word(vec![$( $word ),+])
            }

            fn take(node: &flyball_settings::Node, mistakes: &mut Vec<flyball_settings::Mistake>) -> Option<Self> {
                $crate::values::one_of(node, &[$( ($word, $value) ),+], mistakes)
            }
        }
    };
}
pub(crate) use words;

/// Why a value is not taken, and what to do about it where that can be told.
#[derive(Debug)]
pub(crate) struct Refusal {
    message: String,
    hint: Option<&'static str>,
}

impl Refusal {
    /// That nobody could look this host up, where that is so.
    fn of_host<S: AsRef<str>>(host: &Host<S>) -> Option<Self> {
        let Host::Domain(name) = host else { return None };
        let is_template = name.as_ref().contains(['$', '{', '}']);
        unanswerable(name.as_ref()).map(|message| Self { message, hint: is_template.then_some(host::HINT) })
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self { message, hint: None }
    }
}

impl From<&str> for Refusal {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

/// What was written, short enough for a message.
pub(crate) fn shown(text: &str) -> String {
    Excerpt::of(text).to_string()
}

/// Serialises a length of time as it would be written in the file.
pub(crate) fn in_words<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&duration::print(*duration))
}

/// The same, where there may be none.
pub(crate) fn in_words_if_any<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => in_words(duration, serializer),
        None => serializer.serialize_none(),
    }
}
