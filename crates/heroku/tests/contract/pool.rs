//! An account whose token is replaced while the process runs.

use crate::shop;
use crate::stand::{TOKEN, clock, served};
use flyball_heroku::token::Surroundings;
use flyball_heroku::{Access, Heroku, Pool, PoolSettings, Retries};
use flyball_heroku_sim::{AccountSpec, WorldFile};
use flyball_model::AccountName;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A pool of one account at `url`: its token is in the `.netrc` of `home`, or in a variable, which holds an old one. Its clock shows `seconds` after the beginning.
fn pool(url: &str, home: &Path, seconds: &Arc<AtomicU64>) -> Pool {
    let (home, seconds) = (home.to_owned(), Arc::clone(seconds));
    Pool::new(PoolSettings {
        base: url.parse().unwrap(),
        access: Access::Full,
        user_agent: "flyball/test".to_owned(),
        variable: Arc::new(|_| Some("HRKU-pl4nted-old".into())),
        surroundings: Arc::new(move || Surroundings { home: Some(home.clone()), ..Surroundings::default() }),
        retries: Retries::none(),
        clock: Arc::new(move || clock() + Duration::from_secs(seconds.load(Ordering::SeqCst))),
        request_ids: Arc::new(|| "ours".to_owned()),
    })
}

fn main_account() -> AccountName {
    "main".parse().unwrap()
}

/// A shop whose account takes one token alone, as [`TOKEN`].
fn guarded() -> WorldFile {
    let mut file = WorldFile::small_shop();
    file.accounts = vec![AccountSpec::new("ops@example.com").token(TOKEN)];
    file
}

#[tokio::test]
async fn a_token_that_was_replaced_in_netrc_is_read_anew_after_a_401() {
    let (server, home, seconds) = (served(guarded()).await, tempfile::tempdir().unwrap(), Arc::default());
    let host = server.url().trim_start_matches("http://").to_owned();
    let netrc = |token| std::fs::write(home.path().join(".netrc"), format!("machine {host} login x password {token}"));
    netrc("HRKU-pl4nted-old").unwrap();
    let pool = pool(&server.url(), home.path(), &seconds);
    pool.define([(main_account(), None)]);
    let heroku = pool.for_effects(&main_account()).unwrap();
    let refused = heroku.app(&shop()).await.unwrap_err();
    assert!(refused.is_unauthorized(), "{refused}");
    let hint = refused.hint().unwrap();
    assert!(hint.contains(".netrc is wrong or expired: run `heroku login`"), "{hint}");

    netrc(TOKEN).unwrap();
    assert!(heroku.app(&shop()).await.unwrap_err().is_unauthorized(), "it looks again once a minute");
    seconds.store(60, Ordering::SeqCst);
    heroku.app(&shop()).await.expect("the new token is taken");
}

#[tokio::test]
async fn a_token_that_was_replaced_in_netrc_is_read_anew_at_once_when_the_file_is_taken_up_again() {
    let (server, home, seconds) = (served(guarded()).await, tempfile::tempdir().unwrap(), Arc::default());
    let host = server.url().trim_start_matches("http://").to_owned();
    let netrc = |token| std::fs::write(home.path().join(".netrc"), format!("machine {host} login x password {token}"));
    netrc("HRKU-pl4nted-old").unwrap();
    let pool = pool(&server.url(), home.path(), &seconds);
    pool.define([(main_account(), None)]);
    pool.for_effects(&main_account()).unwrap().app(&shop()).await.unwrap_err();
    netrc(TOKEN).unwrap();
    pool.define([(main_account(), None)]);
    pool.for_effects(&main_account()).unwrap().app(&shop()).await.expect("the new token is taken");

    // What cannot be found just now takes no token away that Heroku takes.
    std::fs::remove_file(home.path().join(".netrc")).unwrap();
    pool.define([(main_account(), None)]);
    pool.for_monitors(&main_account()).unwrap().app(&shop()).await.expect("the token that works is kept");
}

#[tokio::test]
async fn of_a_token_in_a_variable_it_is_said_that_a_start_is_needed() {
    let (server, home, seconds) = (served(guarded()).await, tempfile::tempdir().unwrap(), Arc::default());
    let pool = pool(&server.url(), home.path(), &seconds);
    pool.define([(main_account(), Some("SHOP_KEY".to_owned()))]);
    let refused = pool.for_effects(&main_account()).unwrap().app(&shop()).await.unwrap_err();
    let hint = refused.hint().unwrap();
    assert!(hint.contains("put it into SHOP_KEY, and start Flyball again"), "{hint}");
    seconds.store(61, Ordering::SeqCst);
    let stopped = pool.for_monitors(&main_account()).unwrap().app(&shop()).await.unwrap_err();
    assert!(stopped.to_string().contains("not sent: Heroku refused the token"), "{stopped}");
    assert_eq!(stopped.hint(), Some(hint));
}
