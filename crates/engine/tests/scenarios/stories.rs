//! What is told of what was done: whether it helped, by which calls, and what it made of the app.

use crate::support::{Scenario, mins, one, secs, shop};
use flyball_heroku_sim::AppEvent;
use flyball_model::{ReactionName, Timestamp};
use flyball_views::{Helped, MarkKind, ReactionStory, StepBy};

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 4 }"#;
const SELDOM: &str = "cooldown = \"20m\"\nrestart_all_dynos = { app = \"shop\" }";

fn helped(story: &ReactionStory) -> Vec<Option<Helped>> {
    story.runs.iter().map(|run| run.helped).collect()
}

/// What is told is read back from its JSON as it was.
fn is_read_back<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(told: &T) {
    let json = serde_json::to_string(told).expect("it has a JSON");
    assert_eq!(serde_json::from_str::<T>(&json).expect("it is read back"), *told, "{json}");
}

fn name() -> ReactionName {
    "more".parse().expect("a reaction's name")
}

#[test]
fn what_helped_is_told_with_the_readings_before_and_the_calls() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("ffp").begin();
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 web=2", "1:00 web=3"]);
    let last = day.runs().pop().unwrap();
    let story = day.asks_reader(async |reader| reader.run_story(last.id).await).unwrap();
    assert_eq!(story.helped, Some(Helped::Yes { after_s: 30 }));
    assert_eq!(story.readings.len(), 2, "those until it was decided");
    assert_eq!(story.lines.iter().map(|line| line.kind()).collect::<Vec<_>>(), ["queued", "ended"]);
    let calls: Vec<String> = story.calls.iter().map(ToString::to_string).collect();
    assert_eq!(calls, [r#"PATCH /apps/shop/formation {"updates":[{"quantity":3,"type":"web"}]}"#]);
    assert!(story.basis[1].contains("web was 2"), "{:?}", story.basis);
    assert_eq!(story.monitor, Some("front".parse().unwrap()));
    assert!(story.sentences[1].ends_with("it helped: its monitor passed 30s after the call was sent."));
    is_read_back(&story);

    let story = day.asks_reader(async |reader| reader.reaction_story(&name(), Timestamp::EPOCH).await).unwrap();
    assert_eq!(helped(&story), [Some(Helped::Yes { after_s: 30 }), Some(Helped::Shared)], "the second came between");
    assert_eq!((story.cured, story.of), (1, 1));
    is_read_back(&story);
    assert!(story.sentences.last().unwrap().contains("it helped"), "{:?}", story.sentences);

    let now = day.now();
    let app = "shop".parse().unwrap();
    let story = day.asks_reader(async |reader| reader.app_story(&app, now - mins(60), now).await).unwrap();
    let steps: Vec<_> = story.steps.iter().map(|step| (step.quantity.get(), step.by)).collect();
    assert_eq!(steps, [(1, StepBy::Before), (2, StepBy::Us), (3, StepBy::Us)]);
    let limit = &story.limits[0];
    assert_eq!((&*limit.setting, limit.value.as_str(), limit.process_type.as_str()), ("max_quantity", "4", "web"));
    assert_eq!(story.runs.len(), 2);
    is_read_back(&story);

    let front = "front".parse().unwrap();
    let series = day.asks_reader(async |reader| reader.series(&front, now - mins(60), now).await).unwrap();
    assert_eq!(series.marks.iter().map(|mark| mark.kind).collect::<Vec<_>>(), [MarkKind::Effect; 2]);
    assert_eq!(series.marks[1].run, Some(last.id));
    is_read_back(&series);
    assert_eq!((series.points.len(), series.spells.len(), series.threshold_ms), (3, 1, None));
}

#[test]
fn what_did_not_help_is_told_once_its_time_is_over() {
    let mut day = Scenario::of(shop()).file(one("more", SELDOM)).front_reads("f").begin();
    day.pass(mins(20));
    assert_eq!(day.outcomes(), ["done"]);
    let sent_at = day.runs()[0].sent_at.unwrap();
    let ask = |day: &crate::support::Day| {
        day.asks_reader(async |reader| reader.reaction_story(&name(), Timestamp::EPOCH).await).unwrap()
    };
    assert!(day.now().since(sent_at) > mins(5) + secs(1));
    let story = ask(&day);
    assert_eq!((helped(&story), story.cured, story.of), (vec![Some(Helped::No)], 0, 1));
    day.pass(mins(3));
    let story = ask(&day);
    assert_eq!(helped(&story), [Some(Helped::NotYet), Some(Helped::No)]);
}

#[test]
fn what_is_spared_while_all_is_well_was_not_to_help() {
    let fewer = "call_on = \"passing\"\nscale_in = { app = \"shop\", min_quantity = 1 }";
    let mut day = Scenario::of(shop()).file(one("more", fewer)).front_reads("p").begin();
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 3 });
    day.readings(2);
    let story = day.asks_reader(async |reader| reader.reaction_story(&name(), Timestamp::EPOCH).await).unwrap();
    assert!(!story.runs.is_empty() && story.runs.iter().all(|run| run.helped.is_none()));
    assert_eq!((story.cured, story.of), (0, 0));
}
