//! Who may come in.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{Deed, Entry, Event, Excerpt, Right, SecretHash, SessionId, TokenId, UserId};
use flyball_store::{
    ApiToken, Changed, NewSession, NewToken, NewUser, People as _, Retention as _, Session, Store, TimelinePage, User,
};
use tokio::task::JoinSet;
use uuid::Uuid;

/// A hash of a password, which nothing but a sign-in may see.
const PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$pl4nted";

fn user_id(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn user(number: u128, name: &str, right: Right) -> NewUser {
    NewUser { id: user_id(number), name: name.parse().unwrap(), right, password: PASSWORD.into() }
}

/// A secret that each number has its own of.
fn secret(number: u128) -> SecretHash {
    let mut hash = [0xe7; 32];
    hash[..16].copy_from_slice(&number.to_be_bytes());
    SecretHash(hash)
}

/// A session of a user, good for a minute after nine.
fn session(number: u128, user: u128) -> NewSession {
    NewSession {
        id: SessionId(Uuid::from_u128(number)),
        user: user_id(user),
        secret: secret(number),
        until: at(60),
        address: Excerpt::of("203.0.113.7"),
        agent: Excerpt::of("a browser"),
    }
}

fn token(number: u128, name: &str, until: Option<u64>) -> NewToken {
    NewToken {
        id: TokenId(Uuid::from_u128(number)),
        name: Excerpt::of(name),
        right: Right::Operate,
        secret: secret(number),
        created_by: Excerpt::of("ann"),
        until: until.map(at),
    }
}

async fn add(store: &impl Store, user: NewUser) {
    assert!(store.add_user(&user, at(1), &[]).await.unwrap());
}

async fn begin(store: &impl Store, number: u128, user: u128, second: u64) {
    assert!(store.begin_session(&session(number, user), at(second)).await.unwrap());
}

/// The numbers of the sessions of a user, or of all, the latest seen first.
async fn sessions(store: &impl Store, user: Option<u128>, second: u64) -> Vec<u128> {
    let sessions = store.sessions(user.map(user_id), at(second)).await.unwrap();
    sessions.into_iter().map(|session| session.id.0.as_u128()).collect()
}

/// A line that tells of something done.
fn line(did: Deed) -> [Entry; 1] {
    [Entry::new(at(9), Event::Administered { did, by: Excerpt::of("ann") })]
}

pub(crate) async fn told(store: &impl Store) -> Vec<String> {
    let lines = store.timeline(&TimelinePage::default()).await.unwrap();
    lines.into_iter().map(|line| line.entry.event.to_string()).collect()
}

pub(crate) async fn a_name_is_used_once_and_users_come_by_name<D: Database>(database: &D) {
    let handles = [database.open().await, database.open().await];
    let mut tasks = JoinSet::new();
    for task in 0..8_usize {
        let store = handles[task % 2].clone();
        tasks.spawn(async move { store.add_user(&user(task as u128, "zoë", Right::Read), at(1), &[]).await.unwrap() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|added| *added).count(), 1);
    let store = &*handles[0];
    add(store, user(20, "ann", Right::Admin)).await;
    add(store, user(21, "Zoë", Right::Operate)).await;
    let users = store.users().await.unwrap();
    assert_eq!(users.iter().map(|user| user.name.as_str()).collect::<Vec<_>>(), ["Zoë", "ann", "zoë"]);
    let name = "ann".parse().unwrap();
    let (found, password) = store.user_by_name(&name).await.unwrap().unwrap();
    assert_eq!(password, PASSWORD);
    assert_eq!(found, users[1]);
    assert_eq!(found, User { id: user_id(20), name, right: Right::Admin, created_at: at(1), changed_at: at(1) });
    assert_eq!(store.user_by_name(&"Ann".parse().unwrap()).await.unwrap(), None);
}

pub(crate) async fn users_are_bounded<D: Database>(database: &D) {
    let store = database.open().await;
    for number in 0..u128::from(User::USERS_MAX) {
        add(&*store, user(number, &format!("user {number}"), Right::Read)).await;
    }
    let one_more = user(999, "one more", Right::Read);
    assert!(!store.add_user(&one_more, at(2), &[]).await.unwrap());
    assert_eq!(store.users().await.unwrap().len(), User::USERS_MAX as usize);
    assert_eq!(store.remove_user(user_id(7), &[]).await.unwrap(), Changed::Yes);
    add(&*store, one_more).await;
}

pub(crate) async fn the_last_admin_stays_also_where_two_remove_each_other<D: Database>(database: &D) {
    let (one, other) = (database.open().await, database.open().await);
    add(&*one, user(1, "ann", Right::Admin)).await;
    add(&*one, user(3, "carl", Right::Read)).await;
    assert_eq!(one.remove_user(user_id(9), &[]).await.unwrap(), Changed::NoSuchUser);
    assert_eq!(one.remove_user(user_id(1), &[]).await.unwrap(), Changed::LastAdmin);
    let less = one.change_user(user_id(1), Some(Right::Operate), Some("other"), at(2), &[]).await.unwrap();
    assert_eq!(less, Changed::LastAdmin);
    let (_, password) = one.user_by_name(&"ann".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(password, PASSWORD, "of a change that is not made nothing is made");
    for round in 0..5 {
        add(&*one, user(2, "bob", Right::Admin)).await;
        let (removed, made_less) = tokio::join!(
            one.remove_user(user_id(2), &[]),
            other.change_user(user_id(1), Some(Right::Read), None, at(3), &[]),
        );
        let both = [removed.unwrap(), made_less.unwrap()];
        assert!(both.contains(&Changed::Yes) && both.contains(&Changed::LastAdmin), "round {round}: {both:?}");
        let users = one.users().await.unwrap();
        assert_eq!(users.iter().filter(|user| user.right == Right::Admin).count(), 1, "{users:?}");
        // As before.
        assert_eq!(one.change_user(user_id(1), Some(Right::Admin), None, at(4), &[]).await.unwrap(), Changed::Yes);
        let _ = one.remove_user(user_id(2), &[]).await.unwrap();
    }
}

pub(crate) async fn another_password_or_right_ends_the_sessions_of_that_user_alone<D: Database>(database: &D) {
    let store = database.open().await;
    add(&*store, user(1, "ann", Right::Admin)).await;
    add(&*store, user(2, "bob", Right::Read)).await;
    begin(&*store, 100, 1, 1).await;
    let cases = [
        ("another password", None, Some("other"), false),
        ("another right", Some(Right::Operate), None, false),
        ("the same right", Some(Right::Operate), None, true),
        ("nothing", None, None, true),
        ("both", Some(Right::Read), Some("another"), false),
    ];
    for ((case, right, password, stays), number) in cases.into_iter().zip(1_u128..) {
        begin(&*store, number, 2, 2).await;
        assert_eq!(store.change_user(user_id(2), right, password, at(3), &[]).await.unwrap(), Changed::Yes);
        let found = store.session(secret(number), at(4)).await.unwrap();
        assert_eq!(found.is_some(), stays, "{case}");
        assert_eq!(found.map(|found| found.right), stays.then_some(Right::Operate), "{case}");
    }
    let (bob, password) = store.user_by_name(&"bob".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((bob.right, bob.created_at, bob.changed_at, &*password), (Right::Read, at(1), at(3), "another"));
    begin(&*store, 50, 2, 2).await;
    assert_eq!(store.remove_user(user_id(2), &[]).await.unwrap(), Changed::Yes);
    assert_eq!(store.session(secret(50), at(4)).await.unwrap(), None);
    assert!(!store.begin_session(&session(51, 2), at(5)).await.unwrap(), "there is no such user any more");
    assert_eq!(sessions(&*store, None, 5).await, [100]);
}

pub(crate) async fn a_session_is_good_until_its_time<D: Database>(database: &D) {
    let store = database.open().await;
    add(&*store, user(1, "ann", Right::Operate)).await;
    begin(&*store, 1, 1, 10).await;
    store.seen(SessionId(Uuid::from_u128(1)), at(50)).await.unwrap();
    store.seen(SessionId(Uuid::from_u128(1)), at(20)).await.unwrap();
    let found = store.session(secret(1), at(59)).await.unwrap().unwrap();
    let NewSession { id, user, until, address, agent, .. } = session(1, 1);
    let (name, right) = ("ann".parse().unwrap(), Right::Operate);
    let whole = Session { id, user, name, right, created_at: at(10), seen_at: at(50), until, address, agent };
    assert_eq!(found, whole);
    assert_eq!(store.sessions(None, at(59)).await.unwrap(), [whole]);
    assert_eq!(store.session(secret(2), at(59)).await.unwrap(), None);
    assert_eq!(store.session(secret(1), at(60)).await.unwrap(), None);
    assert_eq!(sessions(&*store, None, 60).await, [0; 0]);
    store.sweep(at(61)).await.unwrap();
    assert!(!store.end_session(id, &[]).await.unwrap(), "it is not even there");
    begin(&*store, 1, 1, 10).await;
    assert!(store.end_session(id, &[]).await.unwrap());
    assert_eq!(store.session(secret(1), at(11)).await.unwrap(), None);
}

pub(crate) async fn of_many_sessions_of_a_user_the_longest_unseen_goes<D: Database>(database: &D) {
    let store = database.open().await;
    add(&*store, user(1, "ann", Right::Read)).await;
    add(&*store, user(2, "bob", Right::Read)).await;
    begin(&*store, 1000, 2, 0).await;
    let most = Session::SESSIONS_MAX_PER_USER;
    for number in 1..=most {
        begin(&*store, number.into(), 1, 1).await;
    }
    for number in (1..=most).filter(|number| *number != 17) {
        store.seen(SessionId(Uuid::from_u128(number.into())), at(5)).await.unwrap();
    }
    // Its clock is behind: it stays for all that.
    begin(&*store, 500, 1, 0).await;
    let left = sessions(&*store, Some(1), 6).await;
    assert_eq!(left.len(), most as usize);
    assert!(left.contains(&500) && !left.contains(&17), "{left:?}");
    assert_eq!(sessions(&*store, Some(2), 6).await, [1000], "another user's stay");
}

pub(crate) async fn a_token_is_good_until_its_time_or_until_it_is_revoked<D: Database>(database: &D) {
    let store = database.open().await;
    assert!(store.make_token(&token(1, "deploys", Some(60)), at(1), &[]).await.unwrap());
    assert!(store.make_token(&token(2, "builds", None), at(1), &[]).await.unwrap());
    assert!(!store.make_token(&token(3, "deploys", None), at(59), &[]).await.unwrap(), "the name is used");
    assert_eq!(store.token(secret(3), at(59)).await.unwrap(), None);
    store.token_seen(TokenId(Uuid::from_u128(1)), at(40)).await.unwrap();
    store.token_seen(TokenId(Uuid::from_u128(1)), at(30)).await.unwrap();
    let NewToken { id, name, right, created_by, until, .. } = token(1, "deploys", Some(60));
    let whole = ApiToken { id, name, right, created_at: at(1), created_by, until, seen_at: Some(at(40)) };
    assert_eq!(store.token(secret(1), at(59)).await.unwrap(), Some(whole));
    let names = async |second| {
        let tokens = store.tokens(at(second)).await.unwrap();
        tokens.into_iter().map(|token| token.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(59).await, ["builds", "deploys"]);
    assert_eq!(names(60).await, ["builds"]);
    assert_eq!(store.token(secret(1), at(60)).await.unwrap(), None);
    assert!(store.make_token(&token(4, "deploys", None), at(60), &[]).await.unwrap(), "the name is free again");
    assert!(store.revoke_token(TokenId(Uuid::from_u128(4)), &[]).await.unwrap());
    assert!(!store.revoke_token(TokenId(Uuid::from_u128(4)), &[]).await.unwrap());
    assert_eq!(store.token(secret(4), at(61)).await.unwrap(), None);
    assert!(store.make_token(&token(5, "for a while", Some(70)), at(61), &[]).await.unwrap());
    store.sweep(at(71)).await.unwrap();
    assert!(!store.revoke_token(TokenId(Uuid::from_u128(5)), &[]).await.unwrap(), "it is not even there");
    assert!(store.token(secret(2), at(1_000_000)).await.unwrap().is_some(), "it has no end");
}

pub(crate) async fn tokens_are_bounded<D: Database>(database: &D) {
    let store = database.open().await;
    let nearly_all = "INSERT INTO tokens (id, name, scope, secret, created_at, created_by) \
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 499) \
        SELECT '00000000-0000-0000-0000-000000000' || CAST(100 + i AS TEXT), 'token ' || CAST(i AS TEXT), 'read', \
               CAST(i AS TEXT), 0, 'ann' FROM n";
    database.tamper(nearly_all).await;
    assert!(store.make_token(&token(1, "the last", Some(60)), at(1), &[]).await.unwrap());
    assert!(!store.make_token(&token(2, "one more", None), at(59), &[]).await.unwrap());
    assert_eq!(store.tokens(at(59)).await.unwrap().len(), ApiToken::TOKENS_MAX as usize);
    assert!(store.make_token(&token(2, "one more", None), at(60), &[]).await.unwrap(), "one has ended");
}

pub(crate) async fn no_secret_comes_out<D: Database>(database: &D) {
    let store = database.open().await;
    let (user, session, token) = (user(1, "ann", Right::Admin), session(1, 1), token(2, "deploys", None));
    assert!(store.add_user(&user, at(1), &[]).await.unwrap());
    assert!(store.begin_session(&session, at(1)).await.unwrap());
    assert!(store.make_token(&token, at(1), &[]).await.unwrap());
    let told = format!(
        "{user:?} {session:?} {token:?} {:?} {:?} {:?} {:?} {:?}",
        store.users().await.unwrap(),
        store.sessions(None, at(2)).await.unwrap(),
        store.session(session.secret, at(2)).await.unwrap().unwrap(),
        store.tokens(at(2)).await.unwrap(),
        store.token(token.secret, at(2)).await.unwrap().unwrap(),
    );
    for secret in ["pl4nted", "argon2", "e7e7", "231, 231"] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}

pub(crate) async fn what_people_did_is_told_with_it_and_what_was_not_done_is_not<D: Database>(database: &D) {
    let store = database.open().await;
    let name = || "bob".parse().unwrap();
    let added = line(Deed::UserAdded { name: name(), right: Right::Admin });
    let (changed, removed) = (line(Deed::PasswordChanged { name: name() }), line(Deed::UserRemoved { name: name() }));
    let ended = line(Deed::SessionEnded { name: name() });
    let made = line(Deed::TokenMade { name: Excerpt::of("deploys"), right: Right::Operate });
    let revoked = line(Deed::TokenRevoked { name: Excerpt::of("deploys") });
    let (session, token) = (session(1, 1), token(1, "deploys", None));
    // Each is done once, and wanted twice.
    for is_first in [true, false] {
        assert_eq!(store.add_user(&user(1, "bob", Right::Admin), at(1), &added).await.unwrap(), is_first);
        let mine = if is_first { user_id(1) } else { user_id(9) };
        let done = if is_first { Changed::Yes } else { Changed::NoSuchUser };
        assert_eq!(store.change_user(mine, None, Some("other"), at(2), &changed).await.unwrap(), done);
        if is_first {
            assert!(store.begin_session(&session, at(3)).await.unwrap());
        }
        assert_eq!(store.end_session(session.id, &ended).await.unwrap(), is_first);
        assert_eq!(store.make_token(&token, at(4), &made).await.unwrap(), is_first);
    }
    assert!(store.revoke_token(token.id, &revoked).await.unwrap());
    assert!(!store.revoke_token(token.id, &revoked).await.unwrap());
    assert_eq!(store.remove_user(user_id(1), &removed).await.unwrap(), Changed::LastAdmin);
    assert_eq!(
        told(&*store).await,
        [
            "ann added the user \"bob\" (admin)",
            "ann changed the password of the user \"bob\"",
            "ann ended a session of the user \"bob\"",
            "ann made the API token \"deploys\" (operate)",
            "ann revoked the API token \"deploys\"",
        ]
    );
}

pub(crate) async fn a_key_is_made_once_by_many_at_once<D: Database>(database: &D) {
    let handles = [database.open().await, database.open().await];
    let mut tasks = JoinSet::new();
    for task in 0..16_u8 {
        let store = handles[usize::from(task % 2)].clone();
        tasks.spawn(async move { store.key("badges", [task; 32]).await.unwrap() });
    }
    let keys = tasks.join_all().await;
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(handles[0].key("badges", [99; 32]).await.unwrap(), keys[0]);
    assert_eq!(handles[0].key("another", [99; 32]).await.unwrap(), [99; 32]);
}
