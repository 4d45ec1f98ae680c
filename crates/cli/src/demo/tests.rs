//! The play and its judgement on a stopped clock, with hands that do through the API what Flyball should do.

use super::judge::{Verdict, verdicts};
use super::kind::Kind;
use super::play::{Play, Told};
use super::scene::Scene;
use super::shop::{
    APP, BLOG, BLOG_NEEDS, BLOG_RUSH, CLEAN_UP, QUANTITY_MAX, QUANTITY_MIN, SIZES, TOKEN, blog, is_up, shop, world,
};
use flyball_heroku_sim::{Request, World, handle};
use flyball_model::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const STEP: Duration = Duration::from_millis(100);
/// What the demo promises at the worst.
const DAY_MAX: Duration = Duration::from_secs(210);

/// A day that was played.
struct Day {
    world: World,
    play: Play,
    told: Vec<Told>,
    lasted: Duration,
}

impl Day {
    /// Plays a day. `hands` are asked at each step, and see the scene that is being played.
    fn played(mut hands: impl FnMut(&mut World, Scene)) -> Self {
        let mut day = Self { world: world(START), play: Play::new(), told: Vec::new(), lasted: Duration::ZERO };
        while let Some(scene) = day.play.scene() {
            assert!(day.lasted < DAY_MAX, "the day does not end: it is {scene:?}");
            day.lasted += STEP;
            day.world.advance_to(START + day.lasted);
            api(&mut day.world, "GET", "/_apps/shop/", None);
            day.told.extend(day.play.step(&mut day.world));
            hands(&mut day.world, scene);
        }
        day
    }

    fn verdicts(&self) -> Vec<Verdict> {
        verdicts(&self.world, self.play.marked())
    }

    /// The reactions that did not do what they should.
    fn missing(&self) -> Vec<Kind> {
        self.verdicts().into_iter().filter(|verdict| !verdict.good).map(|verdict| verdict.reaction).collect()
    }

    fn was_helped(&self) -> bool {
        self.told.iter().any(|told| matches!(told, Told::Person(_)))
    }
}

/// A call of the API, or of the page, that is answered at once.
fn api(world: &mut World, method: &str, path: &str, body: Option<Value>) {
    let mut request = Request::api(method, path, TOKEN);
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let now = world.now();
    let reply = handle(world, &request, now);
    assert!(reply.status < 400 || path.starts_with("/_apps"), "{method} {path}: {}", reply.status);
}

fn set_web(world: &mut World, what: &str, value: impl Into<Value>) {
    let update = json!({ "type": "web", what: value.into() });
    api(world, "PATCH", "/apps/shop/formation", Some(json!({ "updates": [update] })));
}

fn set_blog(world: &mut World, quantity: u32) {
    let body = json!({ "updates": [{ "type": "web", "quantity": quantity }] });
    api(world, "PATCH", &format!("/apps/{BLOG}/formation"), Some(body));
}

/// What a reaction of this kind does in this scene, one step at a time.
fn act(world: &mut World, scene: Scene, kind: Kind) {
    let app = shop(world);
    let (quantity, is_up) = (app.quantity("web"), is_up(app));
    let rung = SIZES.iter().position(|size| *size == app.size("web")).unwrap();
    let page = world.page(APP).unwrap().body;
    match (scene, kind) {
        (Scene::Surge, Kind::ScaleOut) if is_up && quantity < QUANTITY_MAX => set_web(world, "quantity", quantity + 1),
        (Scene::Ebb, Kind::ScaleIn) if is_up && quantity > QUANTITY_MIN => set_web(world, "quantity", quantity - 1),
        (Scene::Surge, Kind::ScaleUp) if is_up && rung + 1 < SIZES.len() => set_web(world, "size", SIZES[rung + 1]),
        (Scene::Ebb, Kind::ScaleDown) if is_up && rung > 0 => set_web(world, "size", SIZES[rung - 1]),
        (_, Kind::ScaleTo)
            if blog(world).load(world.now()) >= BLOG_RUSH && blog(world).quantity("web") < BLOG_NEEDS =>
        {
            set_blog(world, BLOG_NEEDS);
        }
        (Scene::Leak, Kind::RestartDyno) if page.contains("out of memory") => {
            api(world, "DELETE", "/apps/shop/dynos/web.1", None);
        }
        (Scene::Release, Kind::RollbackRelease) if page.contains("something went wrong") => step_back(world),
        (Scene::Database, Kind::CreateOneOffDyno)
            if app.has_database_error() && app.one_offs().all(|one_off| one_off.ended.is_some()) =>
        {
            clean_up(world);
        }
        (Scene::Hiccup, Kind::RestartAllDynos) if app.is_wedged() => api(world, "DELETE", "/apps/shop/dynos", None),
        _ => {}
    }
}

/// Back to the next older release that can be gone back to, by content.
fn step_back(world: &mut World) {
    let app = shop(world);
    let origin = app.current_release().origin;
    let older = app.releases().rev().filter(|release| release.version < origin);
    let target = older.into_iter().find(|release| release.is_eligible_for_rollback()).unwrap().id;
    api(world, "POST", "/apps/shop/releases", Some(json!({ "release": target })));
}

fn clean_up(world: &mut World) {
    let body = json!({ "command": CLEAN_UP, "attach": false, "size": "standard-1x", "time_to_live": 60 });
    api(world, "POST", "/apps/shop/dynos", Some(body));
}

fn all_but(without: Option<Kind>) -> impl FnMut(&mut World, Scene) {
    move |world, scene| {
        for kind in Kind::ALL.into_iter().filter(|kind| Some(*kind) != without) {
            act(world, scene, kind);
        }
    }
}

#[test]
fn a_day_on_which_all_nine_act_ends_well_and_in_about_a_minute() {
    let day = Day::played(all_but(None));
    assert_eq!(day.missing(), [], "{:#?}", day.verdicts());
    assert!(!day.was_helped(), "{:#?}", day.told);
    assert!(day.lasted < Duration::from_secs(90), "{:?}", day.lasted);
    assert_eq!(day.world.refused_events(), []);
}

#[test]
fn whichever_is_left_out_is_missed_and_the_others_are_not() {
    for kind in Kind::ALL {
        let day = Day::played(all_but(Some(kind)));
        assert_eq!(day.missing(), [kind], "{:#?}", day.verdicts());
        assert!(day.was_helped(), "somebody has to do it");
    }
}

#[test]
fn a_day_on_which_nobody_acts_ends_too_and_a_person_does_everything() {
    let day = Day::played(|_, _| {});
    assert_eq!(day.missing(), Kind::ALL);
    let by_hand = day.told.iter().filter(|told| matches!(told, Told::Person(_))).count();
    assert_eq!(by_hand, Scene::DAY.len() - 1, "{:#?}", day.told);
}

#[test]
fn all_bounds_together_are_bearable() {
    let bounds: Duration = Scene::DAY.into_iter().map(|scene| scene.time().bound).sum();
    assert!(bounds < DAY_MAX, "{bounds:?}");
    assert!(Scene::DAY.into_iter().all(|scene| scene.time().usual < scene.time().bound));
}

/// Does something once, in the middle of a scene, beside what all nine do.
fn with_meddling(when: Scene, meddle: fn(&mut World)) -> Day {
    let (mut hands, mut steps) = (all_but(None), 0);
    Day::played(move |world, scene| {
        hands(world, scene);
        steps += u32::from(scene == when);
        if scene == when && steps == 12 {
            meddle(world);
        }
    })
}

#[test]
fn what_is_done_too_often_or_at_the_wrong_time_is_not_what_it_should_be() {
    type Case = (&'static str, Scene, fn(&mut World), Kind);
    let cases: [Case; 8] = [
        ("beyond the maximum", Scene::Leak, |world| set_web(world, "quantity", 5), Kind::ScaleOut),
        ("two at once", Scene::Surge, |world| set_web(world, "quantity", 2), Kind::ScaleOut),
        (
            "a restart too many",
            Scene::Hiccup,
            |world| api(world, "DELETE", "/apps/shop/dynos/web.2", None),
            Kind::RestartDyno,
        ),
        (
            "all of them when one would do",
            Scene::Leak,
            |world| api(world, "DELETE", "/apps/shop/dynos", None),
            Kind::RestartAllDynos,
        ),
        ("a step too far", Scene::Hiccup, step_back, Kind::RollbackRelease),
        ("one dyno first", Scene::Newsletter, |world| set_blog(world, 3), Kind::ScaleTo),
        ("more than the load needs", Scene::Leak, |world| set_blog(world, 7), Kind::ScaleTo),
        ("cleaned up twice", Scene::Database, clean_up, Kind::CreateOneOffDyno),
    ];
    for (case, when, meddle, missed) in cases {
        let day = with_meddling(when, meddle);
        assert!(day.missing().contains(&missed), "{case}: {:#?}", day.verdicts());
    }
}

#[test]
fn a_release_that_is_gone_back_to_at_one_blow_is_not_step_by_step() {
    let mut others = all_but(Some(Kind::RollbackRelease));
    let day = Day::played(move |world, scene| {
        others(world, scene);
        if scene == Scene::Release && world.page(APP).unwrap().body.contains("something went wrong") {
            let target = shop(world).release(5).unwrap().id;
            api(world, "POST", "/apps/shop/releases", Some(json!({ "release": target })));
        }
    });
    assert_eq!(day.missing(), [Kind::RollbackRelease], "{:#?}", day.verdicts());
}

#[test]
fn what_people_do_by_themselves_is_nobody_elses_merit() {
    let mut others = all_but(Some(Kind::RestartDyno));
    let day = Day::played(move |world, scene| {
        others(world, scene);
        if scene == Scene::Leak && world.page(APP).unwrap().body.contains("out of memory") {
            world.restart_dyno(APP, "web.1").unwrap();
        }
    });
    assert_eq!(day.missing(), [Kind::RestartDyno]);
}

#[test]
fn the_shops_day_goes_from_morning_to_night_and_never_back() {
    let mut play = Play::new();
    let mut world = world(START);
    let mut times = vec![play.time_of_day(START)];
    let mut hands = all_but(None);
    let mut now = START;
    while let Some(scene) = play.scene() {
        now = now + STEP;
        world.advance_to(now);
        api(&mut world, "GET", "/_apps/shop/", None);
        play.step(&mut world);
        hands(&mut world, scene);
        times.push(play.time_of_day(now));
    }
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(times.first().map(String::as_str), Some("06:00"));
    assert!(times.last().is_some_and(|last| last.as_str() > "20:15" && last.as_str() <= "22:00"), "{:?}", times.last());
}
