//! What people were told: each outage once, in order, and its end if and only if its beginning. They are told by the store's own
//! record of the incidents, so that it is held against what arrived and not against a second telling.

use super::terms::Violation;
use crate::play::Record;
use crate::story::Story;
use flyball_channels::{About, Rules};
use flyball_model::{ThreadKey, Timestamp};
use flyball_store::{NoticeState, StoredNotice};
use flyball_testing::START;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Who starts to be told hears nothing of what was over by then; a store that is out of order puts the start off by so much at most.
const BEGINS: Duration = Duration::from_secs(5 * 60);

/// Judges what people were told.
pub(super) fn judge(story: &Story, record: &Record) -> Vec<Violation> {
    if !story.file.tells {
        return Vec::new();
    }
    let mut violations = in_order(record);
    violations.extend(each_once(record));
    violations
}

fn violation(invariant: &'static str, words: String, at: Timestamp) -> Violation {
    Violation { invariant, words, at, run: None }
}

/// What arrived of each thread, without what arrived again.
fn arrived(record: &Record) -> BTreeMap<&ThreadKey, Vec<(u32, About, Timestamp)>> {
    let mut threads: BTreeMap<&ThreadKey, Vec<(u32, About, Timestamp)>> = BTreeMap::new();
    for told in &record.told {
        let of = threads.entry(&told.notice.key).or_default();
        if !of.iter().any(|(sequence, ..)| *sequence == told.notice.sequence) {
            of.push((told.notice.sequence, told.notice.about, told.at));
        }
    }
    threads
}

/// A thread begins with trouble, grows, and nothing comes behind its end.
fn in_order(record: &Record) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (key, notices) in arrived(record) {
        let (first, last) = (notices[0], notices[notices.len() - 1]);
        let mut say =
            |words: String, at| violations.push(violation("people are told in order", format!("{key}: {words}"), at));
        if !matches!(first.1, About::Trouble | About::NeedsPerson) {
            say(format!("it begins with {}", first.1.word()), first.2);
        }
        if !notices.is_sorted_by_key(|(sequence, ..)| *sequence) {
            say("a later notice came first".to_owned(), last.2);
        }
        if let Some(end) = notices.iter().rev().skip(1).find(|(_, about, _)| *about == About::Recovered) {
            say("something came behind its end".to_owned(), end.2);
        }
    }
    violations
}

/// Each incident that lasted is in one thread, which ends once all of its incidents have.
fn each_once(record: &Record) -> Vec<Violation> {
    let threads = arrived(record);
    let mut of_threads: BTreeMap<&ThreadKey, BTreeSet<i64>> = BTreeMap::new();
    for notice in &record.notices {
        of_threads.entry(&notice.thread).or_default().extend(&notice.incidents);
    }
    let mut violations = Vec::new();
    for found in &record.incidents {
        let (number, began_at) = (found.number, found.incident.began_at);
        let told: Vec<&&ThreadKey> =
            of_threads.iter().filter(|(_, of)| of.contains(&number)).map(|(key, _)| key).collect();
        let lasted = found.incident.end.map(|end| end.at.since(began_at));
        let is_to_be_told = lasted.is_some_and(|lasted| lasted >= Rules::WAIT) && began_at > START + BEGINS;
        let arrived = told.iter().any(|key| threads.contains_key(**key));
        match told.len() {
            0 if is_to_be_told => {
                violations.push(violation(
                    "each outage is told",
                    format!("incident {number} was told to nobody"),
                    began_at,
                ));
            }
            0 | 1 => {}
            many => {
                violations.push(violation(
                    "each outage is told once",
                    format!("incident {number} is in {many} threads"),
                    began_at,
                ));
            }
        }
        if told.len() == 1 && !arrived {
            violations.push(violation(
                "each outage is told",
                format!("of incident {number} nothing arrived"),
                began_at,
            ));
        }
    }
    let ended: BTreeSet<i64> =
        record.incidents.iter().filter(|found| found.incident.end.is_some()).map(|found| found.number).collect();
    // A channel that hung is tried again later and later, and later than anybody waits here.
    let now = record.notes.last().map_or(Timestamp::EPOCH, |note| note.clock);
    let is_put_off = |notice: &&StoredNotice| notice.state == NoticeState::Due && notice.at > now;
    let put_off: BTreeSet<&ThreadKey> = record.notices.iter().filter(is_put_off).map(|notice| &notice.thread).collect();
    for (key, of) in of_threads.iter().filter(|(key, of)| !of.is_empty() && !put_off.contains(*key)) {
        let is_over = of.iter().all(|number| ended.contains(number));
        let Some(notices) = threads.get(*key) else { continue };
        let last = notices[notices.len() - 1];
        if is_over != (last.1 == About::Recovered) {
            let words = format!("{key}, of {of:?}: over {is_over}, and it ended with {}", last.1.word());
            violations.push(violation("an end is told if and only if its beginning was", words, last.2));
        }
    }
    violations
}
