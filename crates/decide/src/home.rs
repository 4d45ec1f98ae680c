//! Not acting on ourselves: a restart of the app that Flyball runs on would end the one who waits for its answer.

use flyball_model::{AppId, AppName, Because};
use serde::{Deserialize, Serialize};

/// Where Flyball itself runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Home {
    /// Not at Heroku, as far as anybody has told.
    #[default]
    Elsewhere,
    /// On a dyno of an app that is not known.
    SomeApp,
    /// On a dyno of this app; its name, its id, or both are known.
    App {
        /// Its name.
        name: Option<AppName>,
        /// Its id, which survives a rename.
        id: Option<AppId>,
    },
}

/// Whether an app may be acted on, going by where we run. `id` is known once the app was looked at.
///
/// # Errors
///
/// The reason for holding still.
pub(crate) fn may_touch(home: &Home, app: &AppName, id: Option<&AppId>, allow_self: bool) -> Result<(), Because> {
    let is_home = match home {
        Home::Elsewhere => false,
        Home::SomeApp => return Err(Because::UnknownHome),
        Home::App { name, id: our_id } => match (our_id, id) {
            // Our id decides, once the app was looked at: our name may have been given up, and taken by another app.
            (Some(ours), theirs) => theirs == Some(ours),
            (None, _) => name.as_ref() == Some(app),
        },
    };
    if is_home && !allow_self { Err(Because::Ourselves { app: app.clone() }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let (shop, blog): (AppName, AppName) = ("shop".parse().unwrap(), "blog".parse().unwrap());
        let (of_shop, of_blog) = (AppId::new("id-of-shop"), AppId::new("id-of-blog"));
        let named = |name: &AppName| Home::App { name: Some(name.clone()), id: None };
        let by_id = |id: &AppId| Home::App { name: None, id: Some(id.clone()) };
        let both = |name: &AppName, id: &AppId| Home::App { name: Some(name.clone()), id: Some(id.clone()) };
        let cases = [
            ("not on a dyno", Home::Elsewhere, None, false, "ok"),
            ("on one of nobody knows which app", Home::SomeApp, None, false, "unknown_home"),
            ("which no setting of a reaction changes", Home::SomeApp, None, true, "unknown_home"),
            ("on another app", named(&blog), Some(&of_shop), false, "ok"),
            ("on this app", named(&shop), None, false, "ourselves"),
            ("on this app, and it is allowed", named(&shop), None, true, "ok"),
            ("by id, before the app was looked at", by_id(&of_shop), None, false, "ok"),
            ("by id", by_id(&of_shop), Some(&of_shop), false, "ourselves"),
            ("by both, before the app was looked at", both(&shop, &of_shop), None, false, "ok"),
            ("renamed since we started", both(&blog, &of_shop), Some(&of_shop), false, "ourselves"),
            ("its old name is another's now", both(&shop, &of_blog), Some(&of_shop), false, "ok"),
        ];
        for (case, home, id, allow_self, code) in cases {
            let answer = may_touch(&home, &shop, id, allow_self);
            assert_eq!(answer.as_ref().map_or_else(Because::code, |()| "ok"), code, "{case}");
        }
    }
}
