//! A person's own run: queued like any other, and performed by whoever claims it. Trigger and cooldown do not hold it;
//! limits, pauses, maintenance and settling do.

use crate::support::{Day, Scenario, front, monitor, one, reaction, secs, shop};
use flyball_engine::commands::Considered;
use flyball_heroku_sim::{AppEvent, Maintenance};
use flyball_model::{Because, PauseScope};

const MORE: &str = "trigger = 5\ncooldown = \"1h\"\nscale_out = { app = \"shop\", max_quantity = 3 }";

/// Somebody asks for a reaction; the reason for holding, if it holds.
fn asked_for(day: &mut Day, name: &str) -> Result<(), Because> {
    let (engine, name) = (day.engine(), name.parse().unwrap());
    day.asks(async move {
        match engine.consider(&name).await.expect("the reaction is in the file") {
            Considered::Holds(because) => Err(because),
            Considered::Would(intent) => {
                engine.queue(*intent, "ada".to_owned()).await.expect("the store takes it");
                Ok(())
            }
        }
    })
}

#[test]
fn neither_trigger_nor_cooldown_holds_it_and_its_limit_does() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("p").begin();
    for quantity in [2, 3] {
        asked_for(&mut day, "more").unwrap();
        day.work();
        assert_eq!(day.web().0, quantity);
    }
    assert_eq!(asked_for(&mut day, "more").unwrap_err().code(), "at_maximum");
    assert_eq!(day.told("asked for by ada: web of shop from 1 to 2").len(), 1);
}

#[test]
fn a_pause_and_maintenance_hold_it_also_when_they_come_in_between() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("p").begin();
    asked_for(&mut day, "more").unwrap();
    day.pause(PauseScope::Everything, None);
    day.work();
    assert_eq!(asked_for(&mut day, "more").unwrap_err().code(), "paused");
    day.resume(&PauseScope::Everything);

    asked_for(&mut day, "more").unwrap();
    day.happens(AppEvent::Maintenance(Maintenance::On));
    day.work();
    assert_eq!(asked_for(&mut day, "more").unwrap_err(), Because::Maintenance);
    assert!(day.calls().is_empty());
    assert_eq!(day.outcomes(), ["superseded", "superseded"]);
}

#[test]
fn it_is_still_wanted_a_minute_after_flyball_was_killed_and_not_later() {
    for (down, calls) in [(20, 1), (70, 0)] {
        let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("p").begin();
        asked_for(&mut day, "more").unwrap();
        day.kill(secs(down));
        day.pass(secs(5));
        assert_eq!(day.calls().len(), calls, "{down} s");
        assert!(day.runs().iter().all(|run| !run.state.is_open()));
    }
}

#[test]
fn its_cooldown_counts_for_the_engine() {
    let often = MORE.replace("trigger = 5", "trigger = 1");
    let mut day = Scenario::of(shop()).file(one("more", &often)).front_reads("f").begin();
    asked_for(&mut day, "more").unwrap();
    day.work();
    day.readings(3);
    assert_eq!(day.calls(), ["0:00 web=2"]);
    assert_eq!(day.why("more"), "cooling_down");
}

#[test]
fn what_was_seen_before_a_restart_counts_for_it() {
    let file = front(&["look"])
        + &monitor("deep", r#"http = { url = "http://shop.localhost/deep" }"#, &["again"])
        + &reaction("look", r#"scale_up = { app = "shop", max_size = "standard-1x" }"#)
        + &reaction("again", r#"restart_dyno = { app = "shop", dyno = "web.1" }"#);
    let mut day = Scenario::of(shop()).file(file).front_reads("fp").reads("deep", "p").begin();
    day.pass(secs(5));
    day.happens(AppEvent::Crash("web.1".to_owned()));
    day.pass(secs(40));
    // It had been up, and was seen so; now it stays crashed for ten minutes, and is not booting.
    day.happens(AppEvent::Crash("web.1".to_owned()));
    day.kill(secs(1));
    asked_for(&mut day, "again").unwrap();
    day.work();
    assert_eq!(day.effects(), ["restart web.1"], "{:?}", day.timeline());
}

#[test]
fn of_two_people_who_agree_to_the_same_one_off_dyno_one_gets_it() {
    let once = r#"create_one_off_dyno = { app = "shop", command = "sleep" }"#;
    let mut day = Scenario::of(shop()).file(one("once", once)).front_reads("p").begin();
    let engine = day.engine();
    day.asks(async move {
        let mut agreed = Vec::new();
        for _ in 0..2 {
            let once = "once".parse().unwrap();
            let Ok(Considered::Would(intent)) = engine.consider(&once).await else { panic!("it holds") };
            agreed.push(intent);
        }
        for intent in agreed {
            engine.queue(*intent, "ada".to_owned()).await.expect("the store takes it");
        }
    });
    day.work();
    assert_eq!(day.calls().len(), 1);
    assert_eq!(day.outcomes(), ["done", "superseded"]);
}
