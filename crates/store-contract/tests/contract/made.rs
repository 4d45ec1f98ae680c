//! What is made in pages.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{Deed, Entry, Event, Excerpt};
use flyball_store::{Family, Made as _, MadeText, NewPiece, Piece, Put, Store, TimelinePage};
use tokio::task::JoinSet;
use uuid::Uuid;

fn piece(number: u128, family: Family, name: &str) -> NewPiece {
    let text = format!("# é 🙂 {name}\nevery = \"30s\"\n");
    NewPiece { id: Uuid::from_u128(number), family, name: name.into(), text, by: Excerpt::of("ann") }
}

/// The same with another text.
fn with(text: &str, piece: &NewPiece) -> NewPiece {
    NewPiece { text: text.into(), ..piece.clone() }
}

async fn put(store: &impl Store, piece: &NewPiece, if_version: Option<i64>) -> Put {
    store.put_piece(piece, if_version, at(1), &[]).await.unwrap()
}

/// The version of a piece that is stored.
async fn stored(store: &impl Store, piece: &NewPiece, if_version: Option<i64>) -> i64 {
    match put(store, piece, if_version).await {
        Put::Stored(version) => version,
        other => panic!("{other:?}"),
    }
}

fn as_stored(piece: &NewPiece, version: i64, second: u64) -> Piece {
    let NewPiece { id, family, name, text, by } = piece.clone();
    Piece { id, family, name, text, version, changed_at: at(second), changed_by: by }
}

fn line() -> [Entry; 1] {
    let did = Deed::MonitorChanged { name: "page".parse().unwrap() };
    [Entry::new(at(9), Event::Administered { did, by: Excerpt::of("ann") })]
}

async fn lines(store: &impl Store) -> usize {
    store.timeline(&TimelinePage::default()).await.unwrap().len()
}

pub(crate) async fn pieces_come_by_family_in_the_order_in_which_they_were_made<D: Database>(database: &D) {
    let store = database.open().await;
    assert_eq!(store.made().await.unwrap(), MadeText::default());
    let (web, page, api) = (
        piece(9, Family::Reaction, "more web"),
        piece(8, Family::Monitor, "page"),
        piece(7, Family::Monitor, "another api"),
    );
    for piece in [&web, &page, &api] {
        stored(&*store, piece, None).await;
    }
    let page = NewPiece { name: "front page".into(), by: Excerpt::of("bob"), ..with("every = \"1m\"", &page) };
    assert_eq!(store.put_piece(&page, Some(2), at(5), &[]).await.unwrap(), Put::Stored(4));
    let pieces = vec![as_stored(&page, 4, 5), as_stored(&api, 3, 1), as_stored(&web, 1, 1)];
    database.close(store).await;
    let store = database.open().await;
    assert_eq!(store.made().await.unwrap(), MadeText { version: 4, pieces });
}

pub(crate) async fn a_change_of_what_somebody_else_changed_meanwhile_is_a_conflict<D: Database>(database: &D) {
    let store = database.open().await;
    let page = piece(1, Family::Monitor, "page");
    assert_eq!(put(&*store, &page, Some(1)).await, Put::Conflict(None), "nothing is there");
    let first = stored(&*store, &page, None).await;
    let second = stored(&*store, &with("two", &page), Some(first)).await;
    let there = || Put::Conflict(Some(as_stored(&with("two", &page), second, 1)));
    assert_eq!(put(&*store, &with("three", &page), Some(first)).await, there());
    assert_eq!(put(&*store, &with("three", &page), None).await, there());
    assert_eq!(store.put_piece(&page, Some(first), at(9), &line()).await.unwrap(), there());
    assert_eq!(store.remove_piece(page.id, first, &line()).await.unwrap(), there());
    assert_eq!(
        (store.made_version().await.unwrap(), lines(&*store).await),
        (second, 0),
        "nothing changed, or was told"
    );
    let third = store.put_piece(&with("three", &page), Some(second), at(9), &line()).await.unwrap();
    assert_eq!((third, lines(&*store).await), (Put::Stored(second + 1), 1));
    assert!(matches!(store.remove_piece(page.id, second + 1, &line()).await.unwrap(), Put::Stored(_)));
    assert_eq!(store.remove_piece(page.id, second + 1, &line()).await.unwrap(), Put::Conflict(None));
    assert_eq!((store.made().await.unwrap().pieces, lines(&*store).await), (Vec::new(), 2));
}

pub(crate) async fn of_many_who_change_one_piece_at_once_one_does<D: Database>(database: &D) {
    let handles = [database.open().await, database.open().await];
    let page = piece(1, Family::Monitor, "page");
    let version = stored(&*handles[0], &page, None).await;
    let mut tasks = JoinSet::new();
    for task in 0..8_usize {
        let (store, piece) = (handles[task % 2].clone(), with(&format!("{task}"), &page));
        tasks.spawn(async move { (piece.text.clone(), put(&*store, &piece, Some(version)).await) });
    }
    let mut puts = tasks.join_all().await;
    puts.retain(|(_, put)| matches!(put, Put::Stored(_)));
    let [(text, Put::Stored(now))] = &puts[..] else { panic!("{puts:?}") };
    let made = handles[0].made().await.unwrap();
    assert_eq!((&made.pieces[0].text, made.pieces[0].version, made.version), (text, *now, *now));
}

pub(crate) async fn every_change_has_a_version_of_its_own<D: Database>(database: &D) {
    let store = database.open().await;
    let (page, web) = (piece(1, Family::Monitor, "page"), piece(2, Family::Reaction, "more web"));
    let mut versions = vec![stored(&*store, &page, None).await, stored(&*store, &web, None).await];
    versions.push(stored(&*store, &with("two", &page), Some(versions[0])).await);
    assert_eq!(store.made_version().await.unwrap(), versions[2]);
    let Put::Stored(removed) = store.remove_piece(page.id, versions[2], &[]).await.unwrap() else { panic!() };
    assert_eq!(store.made_version().await.unwrap(), removed);
    // Who saw it before it was removed does not take it for what they saw.
    versions.extend([removed, stored(&*store, &page, None).await]);
    assert!(versions.is_sorted_by(|earlier, later| earlier < later), "{versions:?}");
    assert!(matches!(put(&*store, &page, Some(versions[2])).await, Put::Conflict(Some(_))));
}

pub(crate) async fn a_name_is_used_once_in_a_family<D: Database>(database: &D) {
    let store = database.open().await;
    let (page, other) = (piece(1, Family::Monitor, "page"), piece(2, Family::Monitor, "other"));
    stored(&*store, &page, None).await;
    let version = stored(&*store, &other, None).await;
    stored(&*store, &piece(3, Family::Reaction, "page"), None).await;
    let there = || Put::Conflict(Some(as_stored(&page, 1, 1)));
    assert_eq!(put(&*store, &piece(4, Family::Monitor, "page"), None).await, there());
    assert_eq!(put(&*store, &NewPiece { name: "page".into(), ..other }, Some(version)).await, there());
}

pub(crate) async fn pieces_are_bounded_in_number_and_length<D: Database>(database: &D) {
    let store = database.open().await;
    let page = piece(1, Family::Monitor, "page");
    let longest = with(&"x".repeat(Piece::PIECE_BYTES_MAX), &page);
    assert_eq!(put(&*store, &with(&(longest.text.clone() + "x"), &page), None).await, Put::TooLong);
    let version = stored(&*store, &longest, None).await;
    let the_rest = "INSERT INTO made (id, family, name, text, version, came, changed_at, changed_by) \
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) \
        SELECT '00000000-0000-0000-0000-0000000' || CAST(10000 + i AS TEXT), 'monitor', CAST(i AS TEXT), '', 0, i, 0, '' FROM n";
    database.tamper(the_rest).await;
    let one_more = piece(2, Family::Reaction, "one more");
    assert_eq!(put(&*store, &one_more, None).await, Put::TooMany);
    let version = stored(&*store, &page, Some(version)).await;
    assert_eq!(store.made().await.unwrap().pieces.len(), Piece::PIECES_MAX as usize);
    assert!(matches!(store.remove_piece(page.id, version, &[]).await.unwrap(), Put::Stored(_)));
    stored(&*store, &one_more, None).await;
    // As long as all may be, in letters of two bytes.
    let long = "WITH RECURSIVE n (i, text) AS (SELECT 0, CAST('é' AS TEXT) UNION ALL SELECT i + 1, text || text FROM n WHERE i < 15) \
        UPDATE made SET text = (SELECT n.text FROM n WHERE i = 15) WHERE family = 'monitor' AND came <= 1024";
    database.tamper(long).await;
    let version = store.made_version().await.unwrap();
    assert_eq!(put(&*store, &with("x", &one_more), Some(version)).await, Put::TooMany);
    stored(&*store, &with("", &one_more), Some(version)).await;
}
