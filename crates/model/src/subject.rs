//! Subjects: what reactions act on.

use crate::{AccountName, ApiHost, App, AppId, AppName};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a reaction acts on.
///
/// A kind of subject is a variant; whoever has to tell kinds apart opens it, and the compiler lists them when another
/// one comes. Written bare, by its fields: what is on disk from before subjects had a name is read as well.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Subject {
    /// An app of Heroku's.
    HerokuApp(HerokuApp),
}

/// An app of Heroku's, as it is asked for and found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HerokuApp {
    /// Where the API is that knows it.
    pub host: ApiHost,
    /// By which of our accounts it is looked at and changed.
    pub account: AccountName,
    /// Its name, which is what calls name: as in the file, and once it was looked at as Heroku has it.
    #[serde(rename = "app")]
    pub name: AppName,
    /// Its id, once it was looked at. The id survives a rename, and by it runs on the app are serialised.
    #[serde(rename = "app_id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<AppId>,
}

/// Which subject it is, whichever account looks or acts: what is remembered of a subject is found by this.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKey {
    /// An app of Heroku's.
    HerokuApp {
        /// Where the API is that knows it.
        host: ApiHost,
        /// Its name.
        name: AppName,
    },
}

impl Subject {
    /// By what it is remembered.
    #[must_use]
    pub fn key(&self) -> SubjectKey {
        match self {
            Self::HerokuApp(HerokuApp { host, name, .. }) => {
                SubjectKey::HerokuApp { host: host.clone(), name: name.clone() }
            }
        }
    }

    /// The Heroku app that it is.
    #[must_use]
    pub const fn app(&self) -> &HerokuApp {
        match self {
            Self::HerokuApp(app) => app,
        }
    }

    /// The same, under the name and with the id that were seen.
    #[must_use]
    pub fn seen_as(&self, seen: &App) -> Self {
        match self {
            Self::HerokuApp(app) => {
                Self::HerokuApp(HerokuApp { name: seen.name.clone(), id: Some(seen.id.clone()), ..app.clone() })
            }
        }
    }

    /// The same, with the id that was seen.
    #[must_use]
    pub fn with_id(&self, id: AppId) -> Self {
        match self {
            Self::HerokuApp(app) => Self::HerokuApp(HerokuApp { id: Some(id), ..app.clone() }),
        }
    }
}

impl fmt::Display for Subject {
    /// The name alone, which is how people speak of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HerokuApp(app) => fmt::Display::fmt(&app.name, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(account: &str, id: Option<AppId>) -> Subject {
        let (account, name) = (account.parse().unwrap(), "shop".parse().unwrap());
        Subject::HerokuApp(HerokuApp { host: ApiHost::default(), account, name, id })
    }

    #[test]
    fn it_is_the_same_one_whichever_account_acts_and_before_it_was_seen_as_after() {
        assert_eq!(shop("default", None).key(), shop("other", Some(AppId::new("id-of-shop"))).key());
        let mut elsewhere = shop("default", None);
        let Subject::HerokuApp(app) = &mut elsewhere;
        app.host = "127.0.0.1:5000".parse().unwrap();
        assert_ne!(elsewhere.key(), shop("default", None).key());
    }

    #[test]
    fn it_is_written_bare() {
        let written = |subject: &Subject| serde_json::to_string(subject).unwrap();
        let (before, after) = (shop("default", None), shop("default", Some(AppId::new("a"))));
        assert_eq!(written(&before), r#"{"host":"api.heroku.com","account":"default","app":"shop"}"#);
        assert_eq!(written(&after), r#"{"host":"api.heroku.com","account":"default","app":"shop","app_id":"a"}"#);
        for subject in [before, after] {
            assert_eq!(serde_json::from_str::<Subject>(&written(&subject)).unwrap(), subject);
        }
    }
}
