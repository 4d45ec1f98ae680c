//! What must hold of every parser that strangers feed.
//!
//! One function per parser: it takes any bytes, makes of them what the parser reads, and panics when something does not
//! hold. `fuzz/` calls each from a fuzz target, for hours; `tests/bounded.rs` calls each a few thousand times in the
//! ordinary tests, so that no target can rot and every machine runs some of it.
//!
//! | function | what strangers send | besides that it ends without a panic |
//! | --- | --- | --- |
//! | [`config()`] | a file | mistakes lie in the text and can be shown; a token in it is never shown |
//! | [`platform()`] | an answer of the Platform API | a change is sent once; errors are bounded and quote no body |
//! | [`headers()`] | the headers of an answer | they are sent back word for word, or not at all |
//! | [`page()`] | a page | a keyword is found exactly where a naive search of its text finds it |
//! | [`hook()`] | what tells a monitor something | it says what a naive reader of its JSON finds; words can be shown |
//! | [`frame()`] | what a log drain is sent | a frame that comes twice counts once; all that is counted is bounded |
//! | [`report()`] | what adapters of other scalers post | all that is counted is bounded; of a queue the newest counts |
//! | [`pattern()`] | a regular expression in a file | it is taken, or refused at its place |
//! | [`netrc()`] | a `.netrc` | what is found is a word of it; the first entry wins |

mod config;
mod frame;
mod headers;
mod hook;
mod netrc;
mod page;
mod pattern;
mod platform;
mod report;
mod toml;
mod wire;

pub use config::config;
pub use frame::frame;
pub use headers::headers;
pub use hook::hook;
pub use netrc::netrc;
pub use page::page;
pub use pattern::pattern;
pub use platform::platform;
pub use report::report;

/// Bytes that are taken from the front, a piece for each thing that is to be drawn; what is not there is 0 or empty.
struct Drawn<'a>(&'a [u8]);

impl<'a> Drawn<'a> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
        self.0 = rest;
        first
    }

    /// At most this many.
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn rest(self) -> &'a [u8] {
        self.0
    }
}
