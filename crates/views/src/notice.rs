//! Notices: what people were told, by which channel, and whether it arrived.

use crate::Word;
use flyball_model::{ChannelName, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A notice: what one channel is told at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NoticeView {
    /// By which channel.
    #[schema(value_type = String, example = "on call")]
    pub channel: ChannelName,
    /// In which thread: all that is told of one outage by one channel.
    #[schema(example = "incident-0b6e7d2a4f9c5d1e8a7b6c5d4e3f2a1b")]
    pub thread: String,
    /// Its number in the thread: 0 is the first.
    pub sequence: u32,
    /// What kind of news it is.
    #[schema(value_type = String, example = "trouble")]
    pub about: Word,
    /// What it is about.
    #[schema(example = "shop")]
    pub title: String,
    /// What it says is wrong.
    pub what_is_wrong: String,
    /// The incidents that it is about.
    pub incidents: Vec<i64>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// How far it is: `due`, `claimed`, `sent`, `given_up`, `skipped`.
    #[schema(value_type = String, example = "sent")]
    pub state: Word,
    /// When it was taken, given up or skipped; when it is tried next, while it is not.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// What the latest try met with; null where it was taken.
    pub why: Option<String>,
    /// All of that in words that stand alone.
    #[schema(example = "told \"on call\": trouble of shop")]
    pub words: String,
}

impl NoticeView {
    /// In words: what was told to whom, or what is in the way.
    #[must_use]
    pub fn in_words(&self) -> String {
        let what = format!("\"{}\": {} of {}", self.channel, self.about.replace('_', " "), self.title);
        let why = self.why.as_deref().unwrap_or("nothing is known of it");
        match (self.state.as_ref(), self.tries) {
            ("sent", _) => format!("told {what}"),
            ("given_up", _) => format!("could not tell {what}: {why}"),
            ("skipped", _) => format!("did not tell {what}: {why}"),
            (_, 0) => format!("is to tell {what}"),
            _ => format!("could not tell {what} yet, next try at {}: {why}", self.at),
        }
    }
}
