//! Users, sessions, tokens of the API, and keys of the installation.

use super::Database;
use super::dialect::Connection;
use super::rows::commit_with;
use super::{Row, query, query_as, query_scalar};
use crate::error::Fault;
use crate::read::{at, from_text, readable};
use crate::{ApiToken, Changed, Error, NewSession, NewToken, NewUser, People, Session, User};
use async_trait::async_trait;
use flyball_model::{Entry, Excerpt, Right, SecretHash, SessionId, Timestamp, TokenId, UserId, UserName};
use sqlx::{FromRow, Row as _};

/// Sessions with their users: one whose user is gone is none.
macro_rules! sessions {
    () => {
        "SELECT sessions.id, sessions.user_id, users.name, users.scope, sessions.created_at, sessions.seen_at, \
                sessions.until_at, sessions.address, sessions.agent \
         FROM sessions JOIN users ON users.id = sessions.user_id"
    };
}

/// Tokens that are good at this time.
macro_rules! tokens {
    ($now:literal) => {
        concat!(
            "SELECT id, name, scope, created_at, created_by, until_at, seen_at FROM tokens \
             WHERE (until_at IS NULL OR until_at > ",
            $now,
            ")"
        )
    };
}

#[async_trait]
impl People for Database {
    async fn users(&self) -> Result<Vec<User>, Error> {
        let read = async {
            let rows: Vec<UserRow> =
                query_as("SELECT id, name, scope, created_at, changed_at FROM users ORDER BY name LIMIT $1")
                    .bind(i64::from(User::USERS_MAX))
                    .fetch_all(&mut *self.reading().await?)
                    .await?;
            readable(rows, UserRow::read)
        };
        read.await.map_err(self.told("read who may come in"))
    }

    async fn user_by_name(&self, name: &UserName) -> Result<Option<(User, String)>, Error> {
        let read = async {
            let row: Option<KnownUserRow> =
                query_as("SELECT id, name, scope, created_at, changed_at, password FROM users WHERE name = $1")
                    .bind(name.as_str())
                    .fetch_optional(&mut *self.reading().await?)
                    .await?;
            row.map(|row| Ok((row.user.read()?, row.password))).transpose()
        };
        read.await.map_err(self.told("look a user up"))
    }

    async fn add_user(&self, user: &NewUser, now: Timestamp, entries: &[Entry]) -> Result<bool, Error> {
        let added = async {
            let mut tx = self.writing().await?;
            let done = query(
                "INSERT INTO users (id, name, scope, password, created_at, changed_at) SELECT $1, $2, $3, $4, $5, $5 \
                 WHERE (SELECT COUNT(*) FROM users) < $6 ON CONFLICT (name) DO NOTHING",
            )
            .bind(user.id.to_string())
            .bind(user.name.as_str())
            .bind(user.right.scope())
            .bind(&user.password)
            .bind(now.as_millis())
            .bind(i64::from(User::USERS_MAX))
            .execute(&mut *tx)
            .await?;
            commit_with(tx, done.rows_affected() > 0, entries).await
        };
        added.await.map_err(self.told("add a user"))
    }

    async fn change_user(
        &self,
        user: UserId,
        right: Option<Right>,
        password: Option<&str>,
        now: Timestamp,
        entries: &[Entry],
    ) -> Result<Changed, Error> {
        let changed = async {
            let mut tx = self.writing().await?;
            let before = right_of(&mut tx, user).await?;
            let after = right.or(before);
            let changed = Changed::of(before, after, other_admins(&mut tx, user).await?);
            if changed == Changed::Yes {
                query(
                    "UPDATE users SET scope = COALESCE($1, scope), password = COALESCE($2, password), changed_at = $3 \
                     WHERE id = $4",
                )
                .bind(right.map(Right::scope))
                .bind(password)
                .bind(now.as_millis())
                .bind(user.to_string())
                .execute(&mut *tx)
                .await?;
                if after != before || password.is_some() {
                    end_sessions(&mut tx, user).await?;
                }
            }
            commit_with(tx, changed == Changed::Yes, entries).await?;
            Ok(changed)
        };
        changed.await.map_err(self.told("change a user"))
    }

    async fn remove_user(&self, user: UserId, entries: &[Entry]) -> Result<Changed, Error> {
        let removed = async {
            let mut tx = self.writing().await?;
            let before = right_of(&mut tx, user).await?;
            let changed = Changed::of(before, None, other_admins(&mut tx, user).await?);
            if changed == Changed::Yes {
                query("DELETE FROM users WHERE id = $1").bind(user.to_string()).execute(&mut *tx).await?;
                end_sessions(&mut tx, user).await?;
            }
            commit_with(tx, changed == Changed::Yes, entries).await?;
            Ok(changed)
        };
        removed.await.map_err(self.told("remove a user"))
    }

    async fn begin_session(&self, session: &NewSession, now: Timestamp) -> Result<bool, Error> {
        let begun = async {
            let mut tx = self.writing().await?;
            make_room(&mut tx, session.user, now).await?;
            let done = query(
                "INSERT INTO sessions (id, user_id, secret, created_at, seen_at, until_at, address, agent) \
                 SELECT $1, id, $3, $4, $4, $5, $6, $7 FROM users WHERE id = $2",
            )
            .bind(session.id.to_string())
            .bind(session.user.to_string())
            .bind(session.secret.to_string())
            .bind(now.as_millis())
            .bind(session.until.as_millis())
            .bind(session.address.as_str())
            .bind(session.agent.as_str())
            .execute(&mut *tx)
            .await?;
            commit_with(tx, done.rows_affected() > 0, &[]).await
        };
        begun.await.map_err(self.told("begin a session"))
    }

    async fn session(&self, secret: SecretHash, now: Timestamp) -> Result<Option<Session>, Error> {
        let read = async {
            let row: Option<SessionRow> =
                query_as(concat!(sessions!(), " WHERE sessions.secret = $1 AND sessions.until_at > $2"))
                    .bind(secret.to_string())
                    .bind(now.as_millis())
                    .fetch_optional(&mut *self.reading().await?)
                    .await?;
            row.map(SessionRow::read).transpose()
        };
        read.await.map_err(self.told("look a session up"))
    }

    async fn seen(&self, session: SessionId, now: Timestamp) -> Result<(), Error> {
        let noted = async {
            let mut tx = self.writing().await?;
            let seen = query("UPDATE sessions SET seen_at = $1 WHERE id = $2 AND seen_at < $1");
            seen.bind(now.as_millis()).bind(session.to_string()).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        noted.await.map_err(self.told("note that a session is used"))
    }

    async fn sessions(&self, user: Option<UserId>, now: Timestamp) -> Result<Vec<Session>, Error> {
        let read = async {
            let sql = concat!(
                sessions!(),
                " WHERE sessions.until_at > $1 AND (CAST($2 AS TEXT) IS NULL OR sessions.user_id = $2) \
                 ORDER BY sessions.seen_at DESC, sessions.id"
            );
            let rows: Vec<SessionRow> = query_as(sql)
                .bind(now.as_millis())
                .bind(user.map(|user| user.to_string()))
                .fetch_all(&mut *self.reading().await?)
                .await?;
            readable(rows, SessionRow::read)
        };
        read.await.map_err(self.told("read who is signed in"))
    }

    async fn end_session(&self, session: SessionId, entries: &[Entry]) -> Result<bool, Error> {
        let ended = async {
            let mut tx = self.writing().await?;
            let done = query("DELETE FROM sessions WHERE id = $1").bind(session.to_string()).execute(&mut *tx).await?;
            commit_with(tx, done.rows_affected() > 0, entries).await
        };
        ended.await.map_err(self.told("end a session"))
    }

    async fn make_token(&self, token: &NewToken, now: Timestamp, entries: &[Entry]) -> Result<bool, Error> {
        let made = async {
            let mut tx = self.writing().await?;
            // One that has ended keeps neither its place nor its name.
            query("DELETE FROM tokens WHERE until_at <= $1").bind(now.as_millis()).execute(&mut *tx).await?;
            let done = query(
                "INSERT INTO tokens (id, name, scope, secret, created_at, created_by, until_at) \
                 SELECT $1, $2, $3, $4, $5, $6, $7 \
                 WHERE (SELECT COUNT(*) FROM tokens) < $8 ON CONFLICT (name) DO NOTHING",
            )
            .bind(token.id.to_string())
            .bind(token.name.as_str())
            .bind(token.right.scope())
            .bind(token.secret.to_string())
            .bind(now.as_millis())
            .bind(token.created_by.as_str())
            .bind(token.until.map(Timestamp::as_millis))
            .bind(i64::from(ApiToken::TOKENS_MAX))
            .execute(&mut *tx)
            .await?;
            commit_with(tx, done.rows_affected() > 0, entries).await
        };
        made.await.map_err(self.told("make an API token"))
    }

    async fn token(&self, secret: SecretHash, now: Timestamp) -> Result<Option<ApiToken>, Error> {
        let read = async {
            let row: Option<TokenRow> = query_as(concat!(tokens!("$1"), " AND secret = $2"))
                .bind(now.as_millis())
                .bind(secret.to_string())
                .fetch_optional(&mut *self.reading().await?)
                .await?;
            row.map(TokenRow::read).transpose()
        };
        read.await.map_err(self.told("look an API token up"))
    }

    async fn token_seen(&self, token: TokenId, now: Timestamp) -> Result<(), Error> {
        let noted = async {
            let mut tx = self.writing().await?;
            let seen = query("UPDATE tokens SET seen_at = $1 WHERE id = $2 AND (seen_at IS NULL OR seen_at < $1)");
            seen.bind(now.as_millis()).bind(token.to_string()).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        noted.await.map_err(self.told("note that an API token is used"))
    }

    async fn tokens(&self, now: Timestamp) -> Result<Vec<ApiToken>, Error> {
        let read = async {
            let rows: Vec<TokenRow> = query_as(concat!(tokens!("$1"), " ORDER BY name LIMIT $2"))
                .bind(now.as_millis())
                .bind(i64::from(ApiToken::TOKENS_MAX))
                .fetch_all(&mut *self.reading().await?)
                .await?;
            readable(rows, TokenRow::read)
        };
        read.await.map_err(self.told("read which API tokens there are"))
    }

    async fn revoke_token(&self, token: TokenId, entries: &[Entry]) -> Result<bool, Error> {
        let revoked = async {
            let mut tx = self.writing().await?;
            let done = query("DELETE FROM tokens WHERE id = $1").bind(token.to_string()).execute(&mut *tx).await?;
            commit_with(tx, done.rows_affected() > 0, entries).await
        };
        revoked.await.map_err(self.told("revoke an API token"))
    }

    async fn key(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32], Error> {
        let made = async {
            // It is made once and read ever after: nearly nobody waits for a turn to write.
            if let Some(key) = stored_key(&mut *self.reading().await?, name).await? {
                return Ok(key);
            }
            let mut tx = self.writing().await?;
            query("INSERT INTO keys (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
                .bind(name)
                .bind(fresh.to_vec())
                .execute(&mut *tx)
                .await?;
            let key = stored_key(&mut tx, name).await?.unwrap_or(fresh);
            tx.commit().await?;
            Ok(key)
        };
        made.await.map_err(self.told("read a key of this installation"))
    }
}

row! {
    struct UserRow {
        id: String,
        name: String,
        scope: String,
        created_at: i64,
        changed_at: i64,
    }
}

struct KnownUserRow {
    user: UserRow,
    password: String,
}

impl<'r> FromRow<'r, Row> for KnownUserRow {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self { user: UserRow::from_row(row)?, password: row.try_get("password")? })
    }
}

impl UserRow {
    fn read(self) -> Result<User, Fault> {
        let row = || format!("user {}", self.id);
        Ok(User {
            id: from_text(&self.id, row)?,
            name: from_text(&self.name, row)?,
            right: from_text(&self.scope, row)?,
            created_at: at(self.created_at),
            changed_at: at(self.changed_at),
        })
    }
}

row! {
    struct SessionRow {
        id: String,
        user_id: String,
        name: String,
        scope: String,
        created_at: i64,
        seen_at: i64,
        until_at: i64,
        address: String,
        agent: String,
    }
}

impl SessionRow {
    fn read(self) -> Result<Session, Fault> {
        let row = || format!("session {}", self.id);
        Ok(Session {
            id: from_text(&self.id, row)?,
            user: from_text(&self.user_id, row)?,
            name: from_text(&self.name, row)?,
            right: from_text(&self.scope, row)?,
            created_at: at(self.created_at),
            seen_at: at(self.seen_at),
            until: at(self.until_at),
            address: Excerpt::of(&self.address),
            agent: Excerpt::of(&self.agent),
        })
    }
}

row! {
    struct TokenRow {
        id: String,
        name: String,
        scope: String,
        created_at: i64,
        created_by: String,
        until_at: Option<i64>,
        seen_at: Option<i64>,
    }
}

impl TokenRow {
    fn read(self) -> Result<ApiToken, Fault> {
        let row = || format!("API token {}", self.id);
        Ok(ApiToken {
            id: from_text(&self.id, row)?,
            name: Excerpt::of(&self.name),
            right: from_text(&self.scope, row)?,
            created_at: at(self.created_at),
            created_by: Excerpt::of(&self.created_by),
            until: self.until_at.map(at),
            seen_at: self.seen_at.map(at),
        })
    }
}

/// What a user may do; nothing where there is none.
async fn right_of(tx: &mut Connection, user: UserId) -> Result<Option<Right>, Fault> {
    let scope: Option<String> =
        query_scalar("SELECT scope FROM users WHERE id = $1").bind(user.to_string()).fetch_optional(tx).await?;
    scope.map(|scope| from_text(&scope, || format!("user {user}"))).transpose()
}

/// How many others may say who comes in.
async fn other_admins(tx: &mut Connection, user: UserId) -> Result<i64, Fault> {
    let count = query_scalar("SELECT COUNT(*) FROM users WHERE scope = $1 AND id <> $2");
    Ok(count.bind(Right::Admin.scope()).bind(user.to_string()).fetch_one(tx).await?)
}

async fn end_sessions(tx: &mut Connection, user: UserId) -> Result<(), Fault> {
    query("DELETE FROM sessions WHERE user_id = $1").bind(user.to_string()).execute(tx).await?;
    Ok(())
}

/// Leaves a place for one more session of a user.
async fn make_room(tx: &mut Connection, user: UserId, now: Timestamp) -> Result<(), Fault> {
    query(
        "DELETE FROM sessions WHERE user_id = $1 AND id NOT IN (SELECT id FROM sessions \
           WHERE user_id = $1 AND until_at > $2 ORDER BY seen_at DESC, created_at DESC, id DESC LIMIT $3)",
    )
    .bind(user.to_string())
    .bind(now.as_millis())
    .bind(i64::from(Session::SESSIONS_MAX_PER_USER) - 1)
    .execute(tx)
    .await?;
    Ok(())
}

async fn stored_key(tx: &mut Connection, name: &str) -> Result<Option<[u8; 32]>, Fault> {
    let found = query_scalar("SELECT secret FROM keys WHERE name = $1");
    let secret: Option<Vec<u8>> = found.bind(name).fetch_optional(tx).await?;
    let read = |secret: Vec<u8>| <[u8; 32]>::try_from(secret.as_slice());
    secret.map(read).transpose().map_err(|error| Fault::unreadable(format!("key {name}"), error))
}
