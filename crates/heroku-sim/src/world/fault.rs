//! Faults on purpose: which calls go wrong, how, when and how often.

use super::chance::Stream;
use flyball_model::Timestamp;
use std::time::Duration;

/// How a call goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultKind {
    /// The answer takes so much longer, in the world's time. Comes on top of any other fault.
    Slow(Duration),
    /// 429, whatever the bucket holds.
    TooMany,
    /// This status with a JSON error body; the call has no effect.
    Status(u16),
    /// 503 with an HTML page, as a router in front of the API gives; the call has no effect.
    Html,
    /// The connection is cut before the call reaches the platform: no effect, no answer.
    CutBefore,
    /// The connection is cut after the call has done its work: an effect, and no answer.
    CutAfter,
    /// The call does its work, and its JSON answer breaks off in the middle.
    Truncated,
    /// A list or an object is answered as it was this long ago.
    Stale(Duration),
    /// Answers have fields that nobody knows.
    UnknownFields,
    /// Dynos and releases are in states that nobody knows.
    UnknownStates,
    /// Sizes have names that nobody knows.
    UnknownSizes,
    /// Errors have ids that nobody knows: a 422 of one.
    UnknownError,
}

/// A fault: which calls, when, how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// How the call goes wrong.
    pub kind: FaultKind,
    /// `GET`, `POST`, …; `None`: every method.
    pub method: Option<String>,
    /// A path, in which `*` stands for anything: `/apps/shop/dynos*`. `None`: every path of the API (an app's own page
    /// only where the path begins with `/_apps/`).
    pub path: Option<String>,
    /// How likely it is for each call that matches, 0 to 1.
    pub probability: f64,
    /// After how many calls it is over; `None`: never.
    pub times: Option<u32>,
    /// Not before.
    pub from: Timestamp,
    /// Not from then on.
    pub until: Timestamp,
}

impl Fault {
    /// Every call, always, from now on.
    #[must_use]
    pub fn new(kind: FaultKind) -> Self {
        let (from, until) = (Timestamp::EPOCH, Timestamp::FAR_FUTURE);
        Self { kind, method: None, path: None, probability: 1.0, times: None, from, until }
    }

    /// Only calls of this method, to this path (in which `*` stands for anything).
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        (self.method, self.path) = (Some(method.to_owned()), Some(path.to_owned()));
        self
    }

    /// At most this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only with this probability, 0 to 1.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Only within this time: not from `until` on.
    #[must_use]
    pub fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        (self.from, self.until) = (from, until);
        self
    }

    /// Whether it hits this call; counts it and draws if so.
    pub(crate) fn hits(&mut self, method: &str, path: &str, now: Timestamp, draws: &mut Stream) -> bool {
        let page = path.starts_with("/_apps/");
        let path_matches = self.path.as_deref().map_or(!page, |pattern| glob(pattern, path));
        let method_matches = self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        if !path_matches || !method_matches || now < self.from || now >= self.until || self.times == Some(0) {
            return false;
        }
        // Certain faults draw nothing, so that they move no draw of the others.
        if self.probability < 1.0 && draws.unit() >= self.probability {
            return false;
        }
        if let Some(times) = &mut self.times {
            *times -= 1;
        }
        true
    }
}

/// Whether `text` matches a pattern in which `*` stands for anything, `/` included.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    // Each part takes its first place; the last must end the text. Patterns are short, and so are paths.
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    let mut left = text;
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("/apps/shop", "/apps/shop", true),
            ("/apps/shop", "/apps/shop/dynos", false),
            ("/apps/*/dynos", "/apps/shop/dynos", true),
            ("/apps/*/dynos", "/apps/shop/dynos/web.1", false),
            ("/apps/*/dynos*", "/apps/shop/dynos/web.1", true),
            ("*", "/account", true),
            ("*/actions/*", "/apps/a/dynos/run.1/actions/stop", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
