//! Stretches of time in which a monitor was failing, or unknown, without a break.

use crate::Database;
use crate::fixtures::*;
use crate::retention::{DAY, watched};
use flyball_model::{Blind, Cause, Finding, Reading, Timestamp, Verdict};
use flyball_store::{Batch, Loop as _, Retention as _, RollupsPage, Span, Spell, SpellsPage, Store, Timeline as _};
use std::time::Duration;

const DOWN: Finding = Finding::Failing(Cause::Status);
const BLIND: Finding = Finding::Unknown(Blind::Network);

fn all() -> SpellsPage {
    SpellsPage {
        monitor: monitor("front door").0,
        verdict: None,
        since: None,
        until: None,
        oldest_first: true,
        spells: 0,
    }
}

async fn spells(store: &impl Store) -> Vec<Spell> {
    store.spells(&all()).await.unwrap()
}

/// Minutes after nine at which each began and ended, of how many readings it is, and what came then.
fn told(spells: &[Spell]) -> Vec<(u64, u64, u32, Option<Verdict>)> {
    let minute = |then: Timestamp| then.since(at(0)).as_secs() / 60;
    let told = |spell: &Spell| (minute(spell.began_at), minute(spell.ended_at), spell.readings, spell.then);
    spells.iter().map(told).collect()
}

/// Saves a reading at each of these minutes after nine.
async fn see(store: &impl Store, seen: impl IntoIterator<Item = (u64, Finding)>) {
    let front = monitor("front door").0;
    let readings = seen.into_iter().map(|(minute, finding)| (front, reading(at(minute * 60), finding))).collect();
    store.save(&Batch { readings, ..Batch::default() }).await.unwrap();
}

/// A store in which the monitor looks once a minute.
async fn opened<D: Database>(database: &D) -> std::sync::Arc<D::Store> {
    let store = database.open().await;
    store.define(&[watched("front door", Duration::from_secs(60))], &[], at(0)).await.unwrap();
    store
}

/// What a minute of the outages below found: an outage over four hours, one in which nothing could be seen, and a short one.
fn outages(minute: u64) -> Finding {
    match minute {
        30..250 | 290..293 => DOWN,
        250..260 => BLIND,
        _ => Finding::Passing,
    }
}

const OUTAGES: [(u64, u64, u32, Option<Verdict>); 3] = [
    (30, 250, 220, Some(Verdict::Unknown)),
    (250, 260, 10, Some(Verdict::Passing)),
    (290, 293, 3, Some(Verdict::Passing)),
];

pub(crate) async fn an_outage_is_one_spell_however_many_hours_it_lasts<D: Database>(database: &D) {
    let store = opened(database).await;
    for minute in 0..300 {
        see(&*store, [(minute, outages(minute))]).await;
        if minute % 20 == 0 {
            store.sweep(at(minute * 60)).await.unwrap();
        }
    }
    let seen = spells(&*store).await;
    assert_eq!(told(&seen), OUTAGES, "some hours are packed, and one runs");
    assert_eq!((seen[0].finding, seen[1].finding), (DOWN, BLIND));
    assert_eq!(seen[0].longest_silence, Duration::from_secs(60));
    store.sweep(at(0) + DAY * 2).await.unwrap();
    assert_eq!(spells(&*store).await, seen, "and once all are packed");
    store.sweep(at(0) + DAY * 9).await.unwrap();
    assert_eq!(spells(&*store).await, seen, "and when their readings are gone");
}

pub(crate) async fn all_hours_packed_at_once_make_the_same_spells<D: Database>(database: &D) {
    let store = opened(database).await;
    see(&*store, (0..300).map(|minute| (minute, outages(minute)))).await;
    assert_eq!(told(&spells(&*store).await), OUTAGES, "before anything is packed");
    store.sweep(at(0) + DAY).await.unwrap();
    assert_eq!(told(&spells(&*store).await), OUTAGES);
    store.sweep(at(0) + DAY * 2).await.unwrap();
    assert_eq!(told(&spells(&*store).await), OUTAGES, "and another sweep changes nothing");
}

pub(crate) async fn an_outage_goes_on_until_something_else_is_seen<D: Database>(database: &D) {
    let store = opened(database).await;
    see(&*store, (0..90).map(|minute| (minute, DOWN))).await;
    for now in [at(90 * 60), at(3 * 3600)] {
        store.sweep(now).await.unwrap();
        let seen = spells(&*store).await;
        assert_eq!(told(&seen), [(0, 90, 90, None)]);
        assert_eq!(seen[0].goes_on(now), now == at(90 * 60), "nobody has looked for an hour and a half");
    }
    // Passing again after that says nothing of the time between.
    see(&*store, [(200, Finding::Passing)]).await;
    assert_eq!(told(&spells(&*store).await), [(0, 90, 90, None)]);
}

pub(crate) async fn a_reading_that_comes_late_parts_a_spell_or_joins_two<D: Database>(database: &D) {
    let store = opened(database).await;
    // Down for four hours, with seven minutes in which nobody looked.
    see(&*store, (0..240).filter(|minute| !(100..106).contains(minute)).map(|minute| (minute, DOWN))).await;
    see(&*store, (240..300).map(|minute| (minute, Finding::Passing))).await;
    store.sweep(at(0) + DAY).await.unwrap();
    let passing = Some(Verdict::Passing);
    assert_eq!(told(&spells(&*store).await), [(0, 100, 100, None), (106, 240, 134, passing)]);
    // Another node had looked, and could not reach the database.
    see(&*store, [(102, DOWN)]).await;
    store.sweep(at(0) + DAY + HOUR).await.unwrap();
    assert_eq!(told(&spells(&*store).await), [(0, 240, 235, passing)], "no gap is longer than five minutes now");
    let whole = spells(&*store).await;
    assert_eq!(whole[0].longest_silence, Duration::from_secs(240));
    // The same once more, as one whose first answer was lost.
    see(&*store, [(102, DOWN)]).await;
    store.sweep(at(0) + DAY + HOUR * 2).await.unwrap();
    assert_eq!(spells(&*store).await, whole);
    // And one that was well for a moment.
    let front = monitor("front door").0;
    let well = reading(at(70 * 60 + 30), Finding::Passing);
    store.save(&Batch { readings: vec![(front, well)], ..Batch::default() }).await.unwrap();
    store.sweep(at(0) + DAY + HOUR * 3).await.unwrap();
    let parted = spells(&*store).await;
    assert_eq!(told(&parted), [(0, 70, 71, passing), (71, 240, 164, passing)]);
    assert_eq!(parted[0].ended_at, at(70 * 60 + 30));
}

pub(crate) async fn hours_that_an_earlier_version_packed_get_their_spells<D: Database>(database: &D) {
    let store = opened(database).await;
    // Five days of an outage in every second hour: more hours than are made in one go.
    let finding = |minute: u64| if minute % 120 < 7 { DOWN } else { Finding::Passing };
    see(&*store, (0..5 * 24 * 60).step_by(2).map(|minute| (minute, finding(minute)))).await;
    store.sweep(at(0) + DAY * 5).await.unwrap();
    let made = spells(&*store).await;
    assert_eq!(made.len(), 60);
    database.tamper("DELETE FROM spells").await;
    database.tamper("UPDATE blocks SET left_open = NULL").await;
    // A reading that comes while none is made waits for its turn.
    see(&*store, [(5 * 24 * 60, DOWN)]).await;
    store.sweep(at(0) + DAY * 5 + HOUR * 2).await.unwrap();
    let again = spells(&*store).await;
    assert_eq!(again[..60], made);
    assert_eq!(told(&again[60..]), [(5 * 24 * 60, 5 * 24 * 60 + 1, 1, None)]);
}

pub(crate) async fn spells_are_as_long_as_the_roll_up_says<D: Database>(database: &D) {
    let store = opened(database).await;
    see(&*store, (0..300).map(|minute| (minute, outages(minute)))).await;
    for _ in 0..2 {
        for (from, to) in [(0, 300), (25, 35), (60, 120), (245, 295), (100, 255)] {
            let (since, until) = (at(from * 60), at(to * 60));
            let rolled_up = store.rolled_up(&[monitor("front door").0], since, until).await.unwrap().remove(0);
            for (verdict, share) in [(Verdict::Failing, rolled_up.failing), (Verdict::Unknown, rolled_up.unknown)] {
                let page = SpellsPage { verdict: Some(verdict), since: Some(since), until: Some(until), ..all() };
                let spells = store.spells(&page).await.unwrap();
                let sum: Duration = spells.iter().map(|spell| spell.length_within(since, until)).sum();
                assert_eq!(sum, Duration::from_millis(share.held_ms), "{verdict} from {from} to {to}");
            }
        }
        store.sweep(at(0) + DAY * 2).await.unwrap();
    }
}

pub(crate) async fn a_look_that_is_late_over_the_end_of_an_hour_is_no_gap<D: Database>(database: &D) {
    let store = opened(database).await;
    see(&*store, (0..130).filter(|minute| !(58..61).contains(minute)).map(|minute| (minute, DOWN))).await;
    for now in [at(0), at(71 * 60), at(0) + DAY * 2] {
        store.sweep(now).await.unwrap();
        let rolled_up = store.rolled_up(&[monitor("front door").0], at(0), at(130 * 60)).await.unwrap().remove(0);
        assert_eq!(rolled_up.failing.held_ms, 130 * 60_000, "packed by {now}");
        assert_eq!(told(&spells(&*store).await), [(0, 130, 127, None)], "packed by {now}");
    }
}

pub(crate) async fn spells_come_in_pages_oldest_or_newest_first<D: Database>(database: &D) {
    let store = opened(database).await;
    // Twelve outages of a minute; the last is in the hour that runs.
    see(&*store, (0..240).map(|minute| (minute, if minute % 20 == 5 { DOWN } else { Finding::Passing }))).await;
    store.sweep(at(240 * 60)).await.unwrap();
    let every = spells(&*store).await;
    assert_eq!(every.len(), 12);
    let mut turned = every.clone();
    turned.reverse();
    for oldest_first in [true, false] {
        let (mut read, mut page) = (Vec::new(), SpellsPage { oldest_first, spells: 5, ..all() });
        loop {
            let some = store.spells(&page).await.unwrap();
            let Some(last) = some.last() else { break };
            if oldest_first {
                page.since = Some(last.ended_at);
            } else {
                page.until = Some(last.began_at);
            }
            assert!(some.len() <= 5);
            read.extend(some);
        }
        assert_eq!(read, if oldest_first { every.clone() } else { turned.clone() });
    }
    let within = SpellsPage { since: Some(at(25 * 60)), until: Some(at(65 * 60)), ..all() };
    assert_eq!(told(&store.spells(&within).await.unwrap()).len(), 2, "one ends before, and one begins after");
    let other = SpellsPage { monitor: monitor("back door").0, ..all() };
    assert!(store.spells(&other).await.unwrap().is_empty());
}

pub(crate) async fn spells_go_after_two_years_and_not_before<D: Database>(database: &D) {
    let store = opened(database).await;
    see(&*store, [(0, DOWN), (1, Finding::Passing)]).await;
    store.sweep(at(0) + DAY * 730).await.unwrap();
    assert_eq!(told(&spells(&*store).await), [(0, 1, 1, Some(Verdict::Passing))]);
    store.sweep(at(120) + DAY * 731).await.unwrap();
    assert!(spells(&*store).await.is_empty());
}

pub(crate) async fn a_monitor_that_flaps_for_ever_keeps_bounded_spells<D: Database>(database: &D) {
    let store = database.open().await;
    store.define(&[watched("front door", Duration::from_secs(1))], &[], at(0)).await.unwrap();
    let front = monitor("front door").0;
    let flap = |second: u64| -> (_, Reading) {
        let finding = if second.is_multiple_of(2) { DOWN } else { Finding::Passing };
        (front, reading(at(second), finding))
    };
    for hours in 0..12 {
        let readings = (hours * 3600..(hours + 1) * 3600).map(flap).collect();
        store.save(&Batch { readings, ..Batch::default() }).await.unwrap();
    }
    store.sweep(at(13 * 3600)).await.unwrap();
    let oldest = spells(&*store).await[0];
    assert_eq!(oldest.began_at, at(2 * (12 * 1800 - 15_000)), "of 21,600 the 15,000 that are the latest");
}

pub(crate) async fn many_monitors_are_told_of_at_once_as_each_is_by_itself<D: Database>(database: &D) {
    let store = opened(database).await;
    let ids = ["front door", "never looked", "back door"].map(|name| monitor(name).0);
    // The back door fails when the front door does not, and neither is looked at for a while.
    let minutes = (0..300).filter(|minute| !(100..130).contains(minute));
    let seen = minutes.flat_map(|minute| {
        let (one, other) = if minute % 50 < 20 { (DOWN, Finding::Passing) } else { (Finding::Passing, BLIND) };
        [(ids[0], reading(at(minute * 60), one)), (ids[2], reading(at(minute * 60), other))]
    });
    store.save(&Batch { readings: seen.collect(), ..Batch::default() }).await.unwrap();
    for now in [at(0), at(200 * 60), at(0) + DAY * 2] {
        store.sweep(now).await.unwrap();
        for (from, to) in [(0, 300), (25, 35), (60, 120), (245, 295)] {
            let (since, until) = (at(from * 60), at(to * 60));
            let together = store.rolled_up(&ids, since, until).await.unwrap();
            for span in Span::ALL {
                let of_each = store.rollups_of(&ids, span, since, until).await.unwrap();
                for (id, rolled) in ids.iter().zip(&of_each) {
                    let page = RollupsPage { monitor: *id, span, since, until };
                    assert_eq!(*rolled, store.rollups(&page).await.unwrap(), "{span:?} from {from} to {to}");
                }
                assert!(of_each[1].is_empty());
            }
            for verdict in [Verdict::Failing, Verdict::Unknown] {
                let spells = store.latest_spells(&ids, verdict, since, until).await.unwrap();
                for ((id, rollup), spells) in ids.iter().zip(&together).zip(&spells) {
                    let page = SpellsPage {
                        monitor: *id,
                        verdict: Some(verdict),
                        since: Some(since),
                        until: Some(until),
                        oldest_first: false,
                        spells: 0,
                    };
                    assert_eq!(*spells, store.spells(&page).await.unwrap(), "{verdict} from {from} to {to}");
                    assert_eq!(std::slice::from_ref(rollup), &*store.rolled_up(&[*id], since, until).await.unwrap());
                }
            }
            assert_eq!((together[1].readings(), together[0].readings()), (0, together[2].readings()));
            assert!(together[0].readings() > 0, "from {from} to {to}");
        }
    }
}
