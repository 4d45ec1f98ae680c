//! Who may come in, as tables.

use super::Clockface;
use super::report::table;
use flyball_views::{TokenView, UserView};

/// The tokens of programs.
pub(crate) fn tokens(tokens: &[TokenView], face: &Clockface) -> String {
    let row = |token: &TokenView| {
        [
            token.name.to_string(),
            token.scope.to_string(),
            token.until.map_or_else(|| "it is revoked".to_owned(), |until| face.day_and_time(until)),
            token.seen_at.map_or_else(|| "never".to_owned(), |at| face.day_and_time(at)),
            face.day_and_time(token.created_at),
            token.created_by.to_string(),
            token.id.clone(),
        ]
    };
    let header = ["TOKEN", "MAY", "GOOD UNTIL", "LAST USED", "MADE", "BY", "ID"];
    table(header, tokens.iter().map(row).collect(), 7)
}

/// Who signs in at the pages.
pub(crate) fn users(users: &[UserView], face: &Clockface) -> String {
    let row = |user: &UserView| {
        [
            user.name.clone(),
            user.scope.to_string(),
            face.day_and_time(user.created_at),
            face.day_and_time(user.changed_at),
        ]
    };
    table(["USER", "MAY", "ADDED", "CHANGED"], users.iter().map(row).collect(), 4)
}
