//! The file that `flyball init` writes.

use flyball_model::AppName;

/// A commented file to start from: it watches the app's page, and its reactions only tell what they would do.
#[must_use]
pub fn starting_file(app: &AppName) -> String {
    let page = format!("https://{app}.herokuapp.com/");
    let found = format!("newer apps have another: `flyball doctor` tells it, or `heroku info -a {app}`");
    filled(app, &page, &found)
}

/// The same file for a stand-in at `base`, such as `http://127.0.0.1:5000`, which serves the pages of its apps itself.
#[must_use]
pub fn starting_file_at_stand_in(app: &AppName, base: &str) -> String {
    filled(app, &stand_in_page(app, base), "the page that the stand-in serves; at Heroku it has another address")
}

/// Where a stand-in at `base` serves the page of an app.
#[must_use]
pub fn stand_in_page(app: &AppName, base: &str) -> String {
    format!("{}/_apps/{app}/", base.trim_end_matches('/'))
}

fn filled(app: &AppName, page: &str, found: &str) -> String {
    include_str!("starting.toml").replace("PAGE", page).replace("WHERE", found).replace("APP", app.as_str())
}

#[cfg(test)]
mod tests {
    use crate::{Instance, read, starting_file, starting_file_at_stand_in};
    use flyball_model::{AppName, CallOn, Cause, Mode, ReactionName, Timestamp, Verdict};
    use flyball_monitors::Kind;
    use std::time::Duration;

    #[test]
    fn the_starting_file_is_valid_and_only_dry_runs() {
        for app in ["shop", "acme-api-production-europe-01"] {
            let app: AppName = app.parse().unwrap();
            for text in [starting_file(&app), starting_file_at_stand_in(&app, "http://127.0.0.1:5000")] {
                let definitions = read("flyball.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
                assert!(definitions.warnings.is_empty(), "{}", definitions.warnings);
                assert_eq!(definitions.settings, Instance { mode: Mode::DryRun, ..Instance::default() });
                assert!(definitions.reactions.iter().all(|reaction| *reaction.kind.app() == app));
                assert!(["APP", "PAGE", "WHERE"].iter().all(|blank| !text.contains(blank)));
            }
        }
    }

    #[test]
    fn every_setting_of_the_starting_file_is_explained() {
        let text = starting_file(&"shop".parse().unwrap());
        let settings = text.lines().filter(|line| line.contains(" = ") && !line.trim_start().starts_with('#'));
        let bare: Vec<_> = settings.filter(|line| !line.contains(" # ")).collect();
        assert!(bare.is_empty(), "{bare:#?}");
    }
    /// What the router answers, at once, for an app whose dynos are all gone.
    #[test]
    fn an_app_that_is_down_is_failing_everywhere_so_that_no_dyno_is_taken_away() {
        let definitions = read("flyball.toml", &starting_file(&"shop".parse().unwrap())).unwrap();
        let on_passing = |name: &ReactionName| {
            let called = definitions.reactions.iter().find(|reaction| reaction.name == *name).unwrap();
            called.policy.call_on == CallOn::Passing
        };
        assert!(definitions.monitors.iter().any(|monitor| monitor.reactions.iter().any(on_passing)));
        for monitor in &definitions.monitors {
            let Kind::Http(page) = &monitor.kind else { panic!("{} looks at no page", monitor.name) };
            let judged = |status, body: &str| {
                page.judge_page(status, body.as_bytes(), Duration::from_millis(20), Timestamp::EPOCH).verdict()
            };
            assert_eq!(judged(503, "Application error"), Verdict::Failing, "{}", monitor.name);
            assert_eq!(judged(404, "There's nothing here, yet."), Verdict::Failing, "{}", monitor.name);
            assert_eq!(judged(200, "Welcome"), Verdict::Passing, "{}", monitor.name);
        }
    }

    #[test]
    fn the_app_s_own_error_page_is_read_for_its_text() {
        let definitions = read("flyball.toml", &starting_file(&"shop".parse().unwrap())).unwrap();
        let monitor = &definitions.monitors[0];
        let Kind::Http(page) = &monitor.kind else { panic!("{} looks at no page", monitor.name) };
        for status in [200, 500] {
            let reading = page.judge_page(status, b"database error", Duration::from_millis(20), Timestamp::EPOCH);
            assert_eq!(reading.finding.cause(), Some(Cause::Text), "{status}");
        }
    }
}
