//! Texts of the file: whose own file has which, and when it came into force last.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{Excerpt, TextHash, Timestamp};
use flyball_store::{Leases as _, OwnText, Presence as _, Reads, Sign, Store, Texts as _};

fn hash(text: &str) -> TextHash {
    TextHash::of([text])
}

async fn appear(store: &impl Store, number: u128, text: &str, second: u64) {
    let (host, in_force) = (Excerpt::of("ops"), text.to_owned());
    let sign = Sign { node: node(number), host, process: 41, since: at(1), in_force, own: Some(hash(text)) };
    store.appear(&sign, at(second)).await.unwrap();
}

/// The own text of a node. A file keeps the sign of the latest alone, so that one node is looked at at a time.
async fn own(store: &impl Store, number: u128) -> OwnText {
    let texts = store.texts(at(1)).await.unwrap();
    texts.into_iter().find(|own| own.node == node(number)).unwrap()
}

/// As if what is known had been written so long before: a server goes by its own clock.
const LONG_AGO: &str = "UPDATE texts SET since = 1000";

pub(crate) async fn a_text_comes_into_force_when_it_is_first_seen_and_not_with_a_start<D: Database>(database: &D) {
    let store = database.open().await;
    appear(&*store, 1, "one", 5).await;
    let seen = own(&*store, 1).await;
    assert_eq!((seen.hash, seen.goes_by, seen.reads), (hash("one"), hash("one"), Reads::Yes));
    assert!(seen.since > Timestamp::EPOCH);
    database.tamper(LONG_AGO).await;
    store.leave(node(1)).await.unwrap();
    appear(&*store, 2, "one", 9).await;
    assert_eq!(own(&*store, 2).await.since, Timestamp::from_millis(1000), "a start gives it no new moment");
    appear(&*store, 3, "two", 9).await;
    assert!(own(&*store, 3).await.since > Timestamp::from_millis(1000));
}

pub(crate) async fn an_edit_puts_a_text_in_force_also_one_that_is_known<D: Database>(database: &D) {
    let store = database.open().await;
    appear(&*store, 1, "one", 5).await;
    for text in ["two", "one"] {
        database.tamper(LONG_AGO).await;
        store.edited(node(1), text, hash(text), at(9)).await.unwrap();
        let seen = own(&*store, 1).await;
        assert!(seen.hash == hash(text) && seen.since > Timestamp::from_millis(1000), "{text}: {seen:?}");
    }
}

pub(crate) async fn the_own_text_of_a_node_that_goes_by_anothers_stays_readable<D: Database>(database: &D) {
    let store = database.open().await;
    appear(&*store, 1, "own", 5).await;
    assert_eq!(store.text(hash("own")).await.unwrap().as_deref(), Some("own"));
    let in_force = async || store.signs(at(5)).await.unwrap().remove(0).sign.in_force;
    for _ in 0..2 {
        store.go_by(node(1), "newer", hash("newer"), Reads::Yes).await.unwrap();
        assert_eq!(store.text(hash("own")).await.unwrap().as_deref(), Some("own"));
        assert_eq!(store.text(hash("newer")).await.unwrap(), None, "it is nobody's own");
        assert_eq!((in_force().await, own(&*store, 1).await.goes_by), ("newer".to_owned(), hash("newer")));
    }
    store.edited(node(1), "edited", hash("edited"), at(9)).await.unwrap();
    assert_eq!(store.text(hash("edited")).await.unwrap().as_deref(), Some("edited"));
    assert_eq!(in_force().await, "newer", "until it goes by it");
    store.go_by(node(1), "edited", hash("edited"), Reads::Yes).await.unwrap();
    assert_eq!(store.text(hash("edited")).await.unwrap().as_deref(), Some("edited"));
    assert_eq!(in_force().await, "edited");
}

pub(crate) async fn who_cannot_read_what_it_goes_by_gives_its_share_away_whatever_a_person_asks<D: Database>(
    database: &D,
) {
    let store = database.open().await;
    appear(&*store, 1, "own", 5).await;
    let drains = async || store.shares(at(5)).await.unwrap().peers[0].drains;
    let cases = [
        (Reads::No, None, true),
        (Reads::No, Some(false), true),
        (Reads::No, Some(true), true),
        (Reads::Yes, None, true),
        (Reads::Yes, Some(false), false),
        (Reads::No, None, true),
        (Reads::Yes, None, false),
    ];
    for (reads, asked, expected) in cases {
        store.go_by(node(1), "newer", hash("newer"), reads).await.unwrap();
        if let Some(asked) = asked {
            store.drain(node(1), asked).await.unwrap();
        }
        assert_eq!((drains().await, own(&*store, 1).await.reads), (expected, reads), "{reads:?} {asked:?}");
    }
}

pub(crate) async fn known_texts_are_bounded_and_those_of_nodes_stay<D: Database>(database: &D) {
    let store = database.open().await;
    appear(&*store, 2, "gone", 5).await;
    store.leave(node(2)).await.unwrap();
    appear(&*store, 1, "own", 5).await;
    database.tamper(LONG_AGO).await;
    let later = "INSERT INTO texts (hash, since) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) \
                 SELECT CAST(i AS TEXT), 2000 + i FROM n";
    database.tamper(later).await;
    store.edited(node(9), "new", hash("new"), at(9)).await.unwrap();
    // Fails where there are more.
    let more = "INSERT INTO texts (hash, since) SELECT 'more', NULL FROM (SELECT COUNT(*) AS number FROM texts) AS counted \
                WHERE number > 1001";
    database.tamper(more).await;
    assert_eq!(OwnText::KNOWN_MAX, 1000);
    assert_eq!(own(&*store, 1).await.since, Timestamp::from_millis(1000), "it is still known");
    appear(&*store, 3, "gone", 9).await;
    assert!(own(&*store, 3).await.since > Timestamp::from_millis(5000), "what was forgotten is new again");
}
