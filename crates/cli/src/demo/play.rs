//! The play: goes from scene to scene as the world comes to their ends, or as their time is up. Pure: it is handed the
//! world and the time, and says what is to be told.

use super::curve::{Curve, Moment};
use super::mark::{Mark, Marked};
use super::scene::Scene;
use super::shop::{blog, is_up, is_well, shop};
use flyball_heroku_sim::{App, World};
use flyball_model::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// After a person lent a hand, dynos boot: the next scene begins when they are up, or after this at the latest.
const RECOVERY_MAX: Duration = Duration::from_secs(3);

/// What the play has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// A scene begins.
    Scene(String),
    /// Something happens to the shop.
    World(String),
    /// A person lends a hand, since the scene did not come to its end.
    Person(String),
}

/// Where a scene stands.
#[derive(Debug)]
enum Stand {
    /// It is being played.
    Playing {
        before: Mark,
        /// Since when its end lasts.
        over_since: Option<Timestamp>,
    },
    /// Its time was up, a person lent a hand, and the shop gets over it.
    Recovering { since: Timestamp },
}

/// A day that is being played.
#[derive(Debug)]
pub(super) struct Play {
    /// The place of the scene in the day; the day is over when there is none.
    scene: usize,
    stand: Option<Stand>,
    began_at: Vec<Timestamp>,
    marked: BTreeMap<Scene, Marked>,
    curves: BTreeMap<Scene, Curve>,
}

impl Play {
    /// A day that has not begun.
    pub(super) const fn new() -> Self {
        Self { scene: 0, stand: None, began_at: Vec::new(), marked: BTreeMap::new(), curves: BTreeMap::new() }
    }

    /// Whether the day is over.
    pub(super) fn is_over(&self) -> bool {
        self.scene().is_none()
    }

    /// The scene that is being played; none when the day is over.
    pub(super) fn scene(&self) -> Option<Scene> {
        Scene::DAY.get(self.scene).copied()
    }

    /// What the world was like at the beginning and the end of each scene that was played.
    pub(super) fn marked(&self) -> &BTreeMap<Scene, Marked> {
        &self.marked
    }

    /// Dynos and load of the scenes that are drawn, and were played.
    pub(super) fn curves(&self) -> &BTreeMap<Scene, Curve> {
        &self.curves
    }

    /// Lets the play go on; says what happened, in order.
    pub(super) fn step(&mut self, world: &mut World) -> Vec<Told> {
        let Some(scene) = self.scene() else { return Vec::new() };
        let now = world.now();
        match self.stand.take() {
            None => {
                let before = Mark::of(world);
                self.began_at.push(now);
                self.stand = Some(Stand::Playing { before, over_since: None });
                vec![Told::Scene(scene.begin(world))]
            }
            Some(Stand::Recovering { since }) => {
                if is_well(world) || now.since(since) >= RECOVERY_MAX {
                    self.scene += 1;
                } else {
                    self.stand = Some(Stand::Recovering { since });
                }
                Vec::new()
            }
            Some(Stand::Playing { before, over_since }) => self.play(scene, before, over_since, world),
        }
    }

    fn play(&mut self, scene: Scene, before: Mark, over_since: Option<Timestamp>, world: &mut World) -> Vec<Told> {
        let now = world.now();
        if scene.is_drawn(world) {
            let app = the_app(world, Some(scene));
            let moment = Moment { dynos: app.quantity("web"), load: app.load(now) };
            self.curves.entry(scene).or_default().note(now, moment);
        }
        let began_at = self.began_at.last().copied().unwrap_or(now);
        let time = scene.time();
        let over_since = scene.is_over(world, &before).then(|| over_since.unwrap_or(now));
        if over_since.is_some_and(|since| now.since(since) >= time.lasting) {
            self.marked.insert(scene, Marked { before, after: Mark::of(world) });
            self.scene += 1;
            return Vec::new();
        }
        if now.since(began_at) >= time.bound {
            let told = self.lend_a_hand(scene, before, world);
            self.stand = Some(Stand::Recovering { since: now });
            return told;
        }
        self.stand = Some(Stand::Playing { before, over_since });
        scene.go_on(world).map(Told::World).into_iter().collect()
    }

    /// The scene's time is up: whatever it has come to counts, and a person does the rest.
    fn lend_a_hand(&mut self, scene: Scene, before: Mark, world: &mut World) -> Vec<Told> {
        let after = Mark::of(world);
        let words = if scene.is_over(world, &before) { None } else { scene.by_hand(world, &before) };
        self.marked.insert(scene, Marked { before, after });
        words.map(Told::Person).into_iter().collect()
    }

    /// The time of the shop's day, `HH:MM`, at this moment of ours. Each scene has its hours, however long it takes.
    pub(super) fn time_of_day(&self, at: Timestamp) -> String {
        let place = self.began_at.partition_point(|began| *began <= at).saturating_sub(1);
        let (Some(scene), Some(began)) = (Scene::DAY.get(place), self.began_at.get(place)) else {
            return clock(Scene::DAY[0].time().from);
        };
        let time = scene.time();
        let part = (at.since(*began).as_secs_f64() / time.usual.as_secs_f64()).min(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a day's minutes")]
        let passed = (f64::from(time.until - time.from) * part) as u32;
        clock(time.from + passed)
    }
}

fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// How the app of the scene stands, for a line that is redrawn.
pub(super) fn standing(world: &World, scene: Option<Scene>) -> (f64, f64, String) {
    let app = the_app(world, scene);
    let (load, capacity) = (app.load(world.now()), app.capacity(world.now()));
    let booting = if is_up(app) { "" } else { ", booting" };
    (load, capacity, format!("web {} × {}{booting}", app.quantity("web"), app.size("web")))
}

/// Which app a scene is about.
fn the_app(world: &World, scene: Option<Scene>) -> &App {
    if scene == Some(Scene::Newsletter) { blog(world) } else { shop(world) }
}
