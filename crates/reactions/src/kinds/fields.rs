//! The settings that several kinds have.

use flyball_model::{AccountName, AppName, ProcessType};
use flyball_settings::Fields;

/// The two fields that every kind begins with.
pub(super) fn app_and_account(fields: &mut Fields<'_>) -> (Option<AppName>, Option<AccountName>) {
    let app = fields.required("app", "the app that it acts on");
    let account =
        fields.or("account", AccountName::default(), "the account of `[heroku]`", "the account that it acts by");
    (app, account)
}

/// The process type that a kind scales or resizes.
pub(super) fn process_type(fields: &mut Fields<'_>) -> Option<ProcessType> {
    fields.or("process_type", ProcessType::web(), "\"web\"", "which of the app's process types")
}
