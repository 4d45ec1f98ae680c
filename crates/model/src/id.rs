//! Ids. Ours are UUIDs made by the `Ids` that `main` made; Heroku's are opaque texts that we only hand back.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! our_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

our_id! {
    /// A monitor. Made from its name ([`MonitorId::of`]), so that a restart keeps it and a rename is a new monitor.
    MonitorId
}
our_id! {
    /// A reaction. Made from its name, like a monitor's.
    ReactionId
}
our_id! {
    /// One run: time-ordered (version 7).
    RunId
}
our_id! {
    /// One running engine process: new at every start.
    NodeId
}

our_id! {
    /// A user: the same after a change of everything else.
    UserId
}
our_id! {
    /// A session: that somebody is signed in, in one browser. Not its secret.
    SessionId
}
our_id! {
    /// A token of the API. Not its secret.
    TokenId
}

our_id! {
    /// The text of the file, with those that it includes: of two that say the same on two machines it is the same.
    TextHash
}

impl TextHash {
    /// The hash of these texts, in this order.
    #[must_use]
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut whole = String::new();
        for text in texts {
            // Where one ends and the next begins is a part of what they say.
            whole.push_str(&text.len().to_string());
            whole.push(' ');
            whole.push_str(text);
        }
        Self(Uuid::new_v5(&NAMES, whole.as_bytes()))
    }
}

/// The namespace of ids that are made from names; any constant will do, as long as it never changes.
pub(crate) const NAMES: Uuid = Uuid::from_u128(0x666c_7962_616c_6c00_8000_0000_0000_0001);

impl MonitorId {
    /// The id of the monitor that has this name.
    #[must_use]
    pub fn of(name: &crate::MonitorName) -> Self {
        Self(Uuid::new_v5(&NAMES, format!("monitor {name}").as_bytes()))
    }

    /// Where in its interval this monitor is looked at: a fraction in `0.0..1.0` that only the id decides.
    #[must_use]
    pub fn phase(self) -> f64 {
        f64::from(self.0.as_fields().0) / (f64::from(u32::MAX) + 1.0)
    }
}

impl ReactionId {
    /// The id of the reaction that has this name.
    #[must_use]
    pub fn of(name: &crate::ReactionName) -> Self {
        Self(Uuid::new_v5(&NAMES, format!("reaction {name}").as_bytes()))
    }
}

macro_rules! heroku_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Heroku's id: a UUID in practice, kept as the text that came.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as Heroku wrote it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

heroku_id! {
    /// An app's id; survives a rename.
    AppId
}
heroku_id! {
    /// A dyno's id; a restart gives a new one under the same name.
    DynoId
}
heroku_id! {
    /// A release's id, which is what a rollback names.
    ReleaseId
}
heroku_id! {
    /// A slug's or an image's id: the code of a release.
    SlugId
}
