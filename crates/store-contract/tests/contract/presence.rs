//! Signs of life.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{Excerpt, PauseScope, ReleaseVersion, StoreLoss, TextHash};
use flyball_store::{Glimpse, Pauses as _, Presence as _, Reads, SeenSign, Sign, Store, Texts as _};

fn sign(number: u128) -> Sign {
    let in_force = "[[monitor]]".to_owned();
    Sign { node: node(number), host: Excerpt::of("ops"), process: 41, since: at(1), in_force, own: None }
}

/// The freshest sign, as of a moment by the caller's clock: a server goes by its own.
async fn freshest(store: &impl Store, second: u64) -> Option<SeenSign> {
    store.signs(at(second)).await.unwrap().into_iter().next()
}

pub(crate) async fn a_sign_of_life_is_seen_until_the_engine_leaves<D: Database>(database: &D) {
    let (engine, person) = (database.open().await, database.open().await);
    assert_eq!(freshest(&*person, 1).await, None);
    engine.appear(&sign(1), at(1)).await.unwrap();
    let seen = freshest(&*person, 1).await.unwrap();
    assert_eq!((&seen.sign, seen.read_up_to, seen.is_fresh()), (&sign(1), 0, true));
    engine.go_by(node(1), "", TextHash::of([""]), Reads::Yes).await.unwrap();
    assert_eq!(freshest(&*person, 1).await.unwrap().sign.in_force, "");
    engine.leave(node(1)).await.unwrap();
    assert_eq!(freshest(&*person, 1).await, None);
}

pub(crate) async fn a_sign_that_is_not_renewed_grows_old<D: Database>(database: &D) {
    let (engine, person) = (database.open().await, database.open().await);
    engine.appear(&sign(1), at(100)).await.unwrap();
    database.tamper("UPDATE engines SET renewed_at = renewed_at - 15000").await;
    assert!(!freshest(&*person, 100).await.unwrap().is_fresh());
    engine.renew(node(1), at(100)).await.unwrap();
    assert!(freshest(&*person, 100).await.unwrap().is_fresh());
}

pub(crate) async fn what_was_written_before_is_taken_in_with_the_next_sign<D: Database>(database: &D) {
    let (engine, person) = (database.open().await, database.open().await);
    engine.appear(&sign(1), at(1)).await.unwrap();
    engine.renew(node(1), at(1)).await.unwrap();
    person.pause(&pause(PauseScope::Everything, at(1), None)).await.unwrap();
    assert_eq!(freshest(&*person, 1).await.unwrap().read_up_to, 0);
    engine.renew(node(1), at(1)).await.unwrap();
    assert_eq!(freshest(&*person, 1).await.unwrap().read_up_to, 1);
}

pub(crate) async fn a_store_is_lost_to_whose_sign_is_gone<D: Database>(database: &D) {
    let (first, second) = (database.open().await, database.open().await);
    assert_eq!(first.loss(node(1)).await.unwrap(), None, "who never appeared has nothing to lose");
    first.appear(&sign(1), at(1)).await.unwrap();
    assert_eq!(first.loss(node(1)).await.unwrap(), None);
    database.tamper("DELETE FROM engines").await;
    second.appear(&sign(2), at(1)).await.unwrap();
    assert_eq!(first.loss(node(1)).await.unwrap(), Some(StoreLoss::Unsigned));
    assert_eq!(second.loss(node(2)).await.unwrap(), None);
    first.renew(node(1), at(9)).await.unwrap();
    assert_eq!(freshest(&*second, 9).await.unwrap().sign, sign(2), "nobody comes back by renewing");
}

pub(crate) async fn what_a_round_saw_of_an_app_is_kept_until_the_next_sees_it<D: Database>(database: &D) {
    let (engine, person) = (database.open().await, database.open().await);
    let shop = subject("shop", None).key();
    assert_eq!(person.glimpse(&shop).await.unwrap(), None, "nothing is invented");
    let flyball_model::SubjectKey::HerokuApp { host, name } = shop.clone();
    let release = Some((ReleaseVersion::new(43), at(1)));
    let first = Glimpse { host, app: name, maintenance: true, release, seen_at: at(2) };
    let elsewhere = Glimpse { host: "api.example.com".parse().unwrap(), maintenance: false, ..first.clone() };
    engine.glimpsed(&[first.clone(), elsewhere]).await.unwrap();
    assert_eq!(person.glimpse(&shop).await.unwrap(), Some(first.clone()));
    let second = Glimpse { maintenance: false, release: None, seen_at: at(3), ..first };
    engine.glimpsed(std::slice::from_ref(&second)).await.unwrap();
    assert_eq!(person.glimpse(&shop).await.unwrap(), Some(second));
}
