//! A person's own run: queued like any other, and performed by whoever claims it. Trigger and cooldown do not hold it;
//! limits, pauses, maintenance and settling do.

use crate::support::{Day, Scenario, front, monitor, one, reaction, secs, shop};
use flyball_engine::commands::Considered;
use flyball_heroku_sim::{AppEvent, Maintenance};
use flyball_model::{Because, PauseScope};

const MORE: &str = "trigger = 5\ncooldown = \"1h\"\nscale_out = { app = \"shop\", max_quantity = 3 }";

/// Somebody asks for a reaction; the reason for holding, if it holds.
async fn asked_for(day: &Day, name: &str) -> Result<(), Because> {
    let engine = day.engine();
    match engine.consider(&name.parse().unwrap()).await.expect("the reaction is in the file") {
        Considered::Holds(because) => Err(because),
        Considered::Would(intent) => {
            engine.queue(*intent, "ada".to_owned()).await.expect("the store takes it");
            Ok(())
        }
    }
}

#[tokio::test]
async fn neither_trigger_nor_cooldown_holds_it_and_its_limit_does() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("p").begin().await;
    for quantity in [2, 3] {
        asked_for(&day, "more").await.unwrap();
        day.work().await;
        assert_eq!(day.web().0, quantity);
    }
    assert_eq!(asked_for(&day, "more").await.unwrap_err().code(), "at_maximum");
    assert_eq!(day.told("asked for by ada: web of shop from 1 to 2").await.len(), 1);
}

#[tokio::test]
async fn a_pause_and_maintenance_hold_it_also_when_they_come_in_between() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("p").begin().await;
    asked_for(&day, "more").await.unwrap();
    day.pause(PauseScope::Everything, None).await;
    day.work().await;
    assert_eq!(asked_for(&day, "more").await.unwrap_err().code(), "paused");
    day.resume(&PauseScope::Everything).await;

    asked_for(&day, "more").await.unwrap();
    day.happens(AppEvent::Maintenance(Maintenance::On));
    day.work().await;
    assert_eq!(asked_for(&day, "more").await.unwrap_err(), Because::Maintenance);
    assert!(day.calls().is_empty());
    assert_eq!(day.outcomes().await, ["superseded", "superseded"]);
}

#[tokio::test]
async fn it_is_still_wanted_a_minute_after_flyball_was_killed_and_not_later() {
    for (down, calls) in [(20, 1), (70, 0)] {
        let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("p").begin().await;
        asked_for(&day, "more").await.unwrap();
        day.kill(secs(down)).await;
        day.pass(secs(5)).await;
        assert_eq!(day.calls().len(), calls, "{down} s");
        assert!(day.runs().await.iter().all(|run| !run.state.is_open()));
    }
}

#[tokio::test]
async fn its_cooldown_counts_for_the_engine() {
    let often = MORE.replace("trigger = 5", "trigger = 1");
    let mut day = Scenario::of(shop()).file(one("more", &often)).front_reads("f").begin().await;
    asked_for(&day, "more").await.unwrap();
    day.work().await;
    day.readings(3).await;
    assert_eq!(day.calls(), ["0:00 web=2"]);
    assert_eq!(day.why("more").await, "cooling_down");
}

#[tokio::test]
async fn what_was_seen_before_a_restart_counts_for_it() {
    let file = front(&["look"])
        + &monitor("deep", r#"http = { url = "http://shop.localhost/deep" }"#, &["again"])
        + &reaction("look", r#"scale_up = { app = "shop", max_size = "standard-1x" }"#)
        + &reaction("again", r#"restart_dyno = { app = "shop", dyno = "web.1" }"#);
    let mut day = Scenario::of(shop()).file(file).front_reads("fp").reads("deep", "p").begin().await;
    day.pass(secs(5)).await;
    day.happens(AppEvent::Crash("web.1".to_owned()));
    day.pass(secs(40)).await;
    // It had been up, and was seen so; now it stays crashed for ten minutes, and is not booting.
    day.happens(AppEvent::Crash("web.1".to_owned()));
    day.kill(secs(1)).await;
    asked_for(&day, "again").await.unwrap();
    day.work().await;
    assert_eq!(day.effects(), ["restart web.1"], "{:?}", day.timeline().await);
}

#[tokio::test]
async fn of_two_people_who_agree_to_the_same_one_off_dyno_one_gets_it() {
    let once = r#"create_one_off_dyno = { app = "shop", command = "sleep" }"#;
    let mut day = Scenario::of(shop()).file(one("once", once)).front_reads("p").begin().await;
    let engine = day.engine();
    let mut agreed = Vec::new();
    for _ in 0..2 {
        let Ok(Considered::Would(intent)) = engine.consider(&"once".parse().unwrap()).await else { panic!("it holds") };
        agreed.push(intent);
    }
    for intent in agreed {
        engine.queue(*intent, "ada".to_owned()).await.expect("the store takes it");
    }
    day.work().await;
    assert_eq!(day.calls().len(), 1);
    assert_eq!(day.outcomes().await, ["done", "superseded"]);
}
