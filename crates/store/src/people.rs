//! Who may come in: users with their passwords, sessions, tokens of the API.
//!
//! No secret is kept, and none comes out: a password is known by its argon2 hash, which only [`crate::People::user_by_name`]
//! tells, and what a session or a token is recognised by goes in as a hash and is looked up by it.

use flyball_model::{Excerpt, Right, SecretHash, SessionId, Timestamp, TokenId, UserId, UserName};
use std::fmt;

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their name, which nobody else has.
    pub name: UserName,
    /// What they may do.
    pub right: Right,
    /// When they were added.
    pub created_at: Timestamp,
    /// When their right or password was last changed, or set.
    pub changed_at: Timestamp,
}

impl User {
    /// At most this many: a team that looks after some apps. All are listed at once, on one page.
    pub const USERS_MAX: u32 = 200;
}

/// A user who is to be added.
#[derive(Clone, PartialEq, Eq)]
pub struct NewUser {
    /// A new id.
    pub id: UserId,
    /// A name that nobody has.
    pub name: UserName,
    /// What they may do.
    pub right: Right,
    /// The argon2 hash of their password, as a PHC string. Some hundred bytes.
    pub password: String,
}

/// Without the password's hash, at which a guess can be tried.
impl fmt::Debug for NewUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, right, password: _ } = self;
        f.debug_struct("NewUser").field("id", id).field("name", name).field("right", right).finish_non_exhaustive()
    }
}

/// What became of a change of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a change may not have been made"]
pub enum Changed {
    /// It is made.
    Yes,
    /// There is no such user, or not any more.
    NoSuchUser,
    /// It is not made: nobody would be left who may say who comes in.
    LastAdmin,
}

impl Changed {
    /// What becomes of the change of a user's right; none before where there is no such user, none after where they are to be
    /// removed.
    pub(crate) fn of(before: Option<Right>, after: Option<Right>, other_admins: i64) -> Self {
        match before {
            None => Self::NoSuchUser,
            Some(Right::Admin) if after != Some(Right::Admin) && other_admins == 0 => Self::LastAdmin,
            Some(_) => Self::Yes,
        }
    }
}

/// That a user is signed in, in one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, which is no secret.
    pub id: SessionId,
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: UserName,
    /// What they may do now.
    pub right: Right,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, to a minute or so.
    pub seen_at: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// The address that they signed in from.
    pub address: Excerpt,
    /// What the browser calls itself.
    pub agent: Excerpt,
}

impl Session {
    /// At most this many of one user: all their browsers, and those that never signed out. The one that was not seen for the
    /// longest goes when another begins. With [`User::USERS_MAX`] there are 10,000 in all.
    pub const SESSIONS_MAX_PER_USER: u32 = 50;
}

/// A session that is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// A new id.
    pub id: SessionId,
    /// Who signs in.
    pub user: UserId,
    /// The hash of its secret, by which it is found.
    pub secret: SecretHash,
    /// When it ends by itself.
    pub until: Timestamp,
    /// The address that they sign in from.
    pub address: Excerpt,
    /// What the browser calls itself.
    pub agent: Excerpt,
}

/// A token of the API: what a program comes in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id, which is no secret.
    pub id: TokenId,
    /// What it is called, as no other living one is.
    pub name: Excerpt,
    /// What whoever has it may do.
    pub right: Right,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it. It stays good when they are gone.
    pub created_by: Excerpt,
    /// When it ends by itself; otherwise it is good until it is revoked.
    pub until: Option<Timestamp>,
    /// When it was last used, to a minute or so.
    pub seen_at: Option<Timestamp>,
}

impl ApiToken {
    /// At most this many living ones: a few for each user. All are listed at once, on one page.
    pub const TOKENS_MAX: u32 = 500;
}

/// A token that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// A new id.
    pub id: TokenId,
    /// What it is called.
    pub name: Excerpt,
    /// What whoever has it may do.
    pub right: Right,
    /// The hash of its secret, by which it is found.
    pub secret: SecretHash,
    /// Who makes it.
    pub created_by: Excerpt,
    /// When it ends by itself, if it does.
    pub until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_admin_is_neither_made_less_nor_removed() {
        use Right::{Admin, Operate, Read};
        let cases = [
            ("nobody", None, Some(Admin), 1, Changed::NoSuchUser),
            ("nobody to remove", None, None, 0, Changed::NoSuchUser),
            ("the last admin made less", Some(Admin), Some(Operate), 0, Changed::LastAdmin),
            ("the last admin removed", Some(Admin), None, 0, Changed::LastAdmin),
            ("the last admin stays one", Some(Admin), Some(Admin), 0, Changed::Yes),
            ("one of two made less", Some(Admin), Some(Read), 1, Changed::Yes),
            ("one of two removed", Some(Admin), None, 1, Changed::Yes),
            ("somebody else made less", Some(Operate), Some(Read), 0, Changed::Yes),
            ("somebody else removed", Some(Read), None, 0, Changed::Yes),
            ("the first admin", Some(Read), Some(Admin), 0, Changed::Yes),
        ];
        for (case, before, after, other_admins, expected) in cases {
            assert_eq!(Changed::of(before, after, other_admins), expected, "{case}");
        }
    }
}
