//! What apps told by their log drains.

use crate::Database;
use crate::fixtures::{app as app_named, at};
use crate::retention::DAY;
use flyball_model::NodeId;
use flyball_store::{Retention as _, SLOTS_MAX, Slots as _, Store, StoredSlot};
use uuid::Uuid;

fn slot(app: &str, second: u64, node: u128, told: &[u8]) -> StoredSlot {
    StoredSlot { app: app_named(app), at: at(second), node: NodeId(Uuid::from_u128(node)), told: told.to_vec() }
}

async fn told(store: &impl Store, app: &str, since: u64, until: u64) -> Vec<StoredSlot> {
    store.slots(&app_named(app), at(since), at(until)).await.unwrap()
}

pub(crate) async fn what_an_app_told_is_written_over_by_whoever_was_told<D: Database>(database: &D) {
    let store = database.open().await;
    store.note_slots(&[]).await.unwrap();
    let first = [slot("shop", 10, 1, b"a"), slot("shop", 0, 1, b"b"), slot("blog", 0, 1, b"\0\xff")];
    store.note_slots(&first).await.unwrap();
    store.note_slots(&[slot("shop", 10, 1, b"aa"), slot("shop", 10, 2, b"c"), slot("shop", 20, 1, b"")]).await.unwrap();
    database.close(store).await;
    let store = database.open().await;
    let of_ten = [slot("shop", 10, 1, b"aa"), slot("shop", 10, 2, b"c")];
    assert_eq!(told(&*store, "shop", 10, 20).await, of_ten);
    assert_eq!(told(&*store, "shop", 0, 100).await.len(), 4);
    assert_eq!(told(&*store, "blog", 0, 100).await, [slot("blog", 0, 1, b"\0\xff")]);
    assert_eq!(told(&*store, "mill", 0, 100).await, []);
    // More than come at once: the latest do.
    let many: Vec<_> = (0..=SLOTS_MAX).map(|nth| slot("busy", u64::from(nth) * 10, 1, b"x")).collect();
    store.note_slots(&many).await.unwrap();
    assert_eq!(told(&*store, "busy", 0, 1_000_000).await, many[1..]);
    database.close(store).await;
}

pub(crate) async fn what_apps_told_goes_after_its_time<D: Database>(database: &D) {
    let store = database.open().await;
    let day = DAY.as_secs();
    store.note_slots(&[slot("shop", 0, 1, b"old"), slot("shop", 3 * day, 1, b"new")]).await.unwrap();
    store.sweep(at(0) + DAY * 8).await.unwrap();
    assert_eq!(told(&*store, "shop", 0, 9 * day).await, [slot("shop", 3 * day, 1, b"new")]);
    database.close(store).await;
}
