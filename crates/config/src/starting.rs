//! The file that `flyball init` writes.

use flyball_model::AppName;

/// A commented file to start from: it watches the app's page, and its reactions only tell what they would do.
#[must_use]
pub fn starting_file(app: &AppName) -> String {
    include_str!("starting.toml").replace("APP", app.as_str())
}

#[cfg(test)]
mod tests {
    use crate::{Instance, read, starting_file};
    use flyball_model::Mode;

    #[test]
    fn the_starting_file_is_valid_and_only_dry_runs() {
        for app in ["shop", "acme-api-production-europe-01"] {
            let text = starting_file(&app.parse().unwrap());
            let definitions = read("flyball.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
            assert!(definitions.warnings.is_empty(), "{}", definitions.warnings);
            assert_eq!(definitions.settings, Instance { mode: Mode::DryRun });
            assert!(definitions.reactions.iter().all(|reaction| reaction.kind.app().as_str() == app));
            assert!(!text.contains("APP"));
        }
    }

    #[test]
    fn every_setting_of_the_starting_file_is_explained() {
        let text = starting_file(&"shop".parse().unwrap());
        let settings = text.lines().filter(|line| line.contains(" = ") && !line.trim_start().starts_with('#'));
        let bare: Vec<_> = settings.filter(|line| !line.contains(" # ")).collect();
        assert!(bare.is_empty(), "{bare:#?}");
    }
}
