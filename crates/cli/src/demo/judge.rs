//! The judgement: whether each of the nine reactions did what it should, by what the stand-in's world shows. Nothing
//! of what Flyball remembers or says counts here.

use super::kind::Kind;
use super::mark::Marked;
use super::scene::Scene;
use super::shop::{APP, BLOG, BLOG_NEEDS, CLEAN_UP, LARGEST, QUANTITY_MAX, QUANTITY_MIN, SIZES, SMALLEST, shop};
use flyball_heroku_sim::{Ending, ReceivedCall, Took, World};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Whether a reaction did what it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Verdict {
    /// Which.
    pub(super) reaction: Kind,
    /// What it should do.
    pub(super) should: String,
    /// What the world shows.
    pub(super) shows: String,
    /// Whether the one is the other.
    pub(super) good: bool,
}

/// A changing call that took effect, as the world recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Call {
    Quantity(u32),
    Size(String),
    RestartDyno(String),
    RestartAll,
    RollBack,
    OneOff,
    Other,
}

/// One verdict for each reaction, in the order of the day. A scene that was not played has done nothing.
pub(super) fn verdicts(world: &World, marked: &BTreeMap<Scene, Marked>) -> Vec<Verdict> {
    let calls = world.effects().filter_map(|received| call(received, APP)).collect();
    let evidence = Evidence { world, marked, calls };
    Kind::ALL.into_iter().map(|kind| evidence.verdict(kind)).collect()
}

struct Evidence<'a> {
    world: &'a World,
    marked: &'a BTreeMap<Scene, Marked>,
    /// Of the whole day, to the shop: what happened at the wrong time counts against a reaction too.
    calls: Vec<Call>,
}

/// What the world shows, and whether that is as it should be.
type Finding = (String, bool);

impl Evidence<'_> {
    fn verdict(&self, kind: Kind) -> Verdict {
        let (scene, should) = match kind {
            Kind::ScaleOut => (Scene::Surge, format!("up to {QUANTITY_MAX} dynos, one at a time, never more")),
            Kind::ScaleUp => (Scene::Surge, format!("up to {LARGEST}, rung by rung")),
            Kind::ScaleIn => (Scene::Ebb, format!("back to {QUANTITY_MIN} dynos, one at a time, never fewer")),
            Kind::ScaleDown => (Scene::Ebb, format!("back to {SMALLEST}, rung by rung")),
            Kind::ScaleTo => (Scene::Newsletter, format!("the blog to {BLOG_NEEDS} dynos at once, as its load needs")),
            Kind::RestartDyno => (Scene::Leak, "web.1 anew, once, and no other dyno".to_owned()),
            Kind::RollbackRelease => (Scene::Release, "two steps back, past the failed one, page well".to_owned()),
            Kind::CreateOneOffDyno => (Scene::Database, "one clean-up runs to its end, database well".to_owned()),
            Kind::RestartAllDynos => (Scene::Hiccup, "every dyno anew, once".to_owned()),
        };
        let (shows, good) = match self.marked.get(&scene) {
            None => ("the day ended before".to_owned(), false),
            Some(marked) => self.finding(kind, marked),
        };
        Verdict { reaction: kind, should, shows, good }
    }

    fn finding(&self, kind: Kind, marked: &Marked) -> Finding {
        match kind {
            Kind::ScaleOut => self.scaled(marked, QUANTITY_MAX, |from, to| to == from + 1),
            Kind::ScaleIn => self.scaled(marked, QUANTITY_MIN, |from, to| to + 1 == from),
            Kind::ScaleUp => self.resized(marked, LARGEST, |from, to| to == from + 1),
            Kind::ScaleDown => self.resized(marked, SMALLEST, |from, to| to + 1 == from),
            Kind::ScaleTo => self.scaled_to(marked),
            Kind::RestartDyno => self.restarted_one(marked, "web.1"),
            Kind::RollbackRelease => self.rolled_back(marked),
            Kind::CreateOneOffDyno => self.cleaned_up(marked),
            Kind::RestartAllDynos => self.restarted_all(marked),
        }
    }

    /// The calls of a scene, to the shop.
    fn calls_of(&self, marked: &Marked) -> impl Iterator<Item = Call> {
        let (from, until) = (marked.before.calls, marked.after.calls);
        self.world.effects().skip(from).take(until - from).filter_map(|received| call(received, APP))
    }

    fn count(&self, wanted: impl Fn(&Call) -> bool) -> usize {
        self.calls.iter().filter(|call| wanted(call)).count()
    }

    /// The quantity went to its limit, and each step that was made towards it was one dyno.
    fn scaled(&self, marked: &Marked, limit: u32, step: impl Fn(u32, u32) -> bool) -> Finding {
        let mut quantities = vec![marked.before.quantity];
        quantities.extend(self.calls_of(marked).filter_map(|call| match call {
            Call::Quantity(quantity) => Some(quantity),
            _ => None,
        }));
        let good = quantities.len() > 1
            && quantities.windows(2).all(|pair| step(pair[0], pair[1]))
            && marked.after.quantity == limit
            && self.count(|call| matches!(call, Call::Quantity(n) if !(QUANTITY_MIN..=QUANTITY_MAX).contains(n))) == 0;
        let shows = match quantities.as_slice() {
            [still] => format!("{still} dynos all the time"),
            _ => format!("{} dynos", path(&quantities)),
        };
        (shows, good)
    }

    /// The size went to its limit, and each step that was made towards it was one rung.
    fn resized(&self, marked: &Marked, limit: &str, step: impl Fn(usize, usize) -> bool) -> Finding {
        let mut sizes = vec![marked.before.size.to_owned()];
        sizes.extend(self.calls_of(marked).filter_map(|call| match call {
            Call::Size(size) => Some(size),
            _ => None,
        }));
        let rung = |size: &String| SIZES.iter().position(|known| known.eq_ignore_ascii_case(size));
        let rungs: Option<Vec<usize>> = sizes.iter().map(rung).collect();
        let in_steps = rungs.is_some_and(|rungs| rungs.windows(2).all(|pair| step(pair[0], pair[1])));
        let good = sizes.len() > 1 && in_steps && marked.after.size == limit;
        let shows = match sizes.as_slice() {
            [still] => format!("{still} all the time"),
            _ => path(&sizes),
        };
        (shows, good)
    }

    /// The quantity of the blog went to what its load needs in one step, in its scene, and nothing else was asked of it
    /// in the whole day: neither more nor less, before or after.
    fn scaled_to(&self, marked: &Marked) -> Finding {
        let of_the_day: Vec<Call> = self.world.effects().filter_map(|received| call(received, BLOG)).collect();
        let asked = of_the_day.iter().filter_map(|call| match call {
            Call::Quantity(quantity) => Some(*quantity),
            _ => None,
        });
        let quantities: Vec<u32> = std::iter::once(marked.before.blog_quantity).chain(asked).collect();
        let good = of_the_day == [Call::Quantity(BLOG_NEEDS)] && marked.after.blog_quantity == BLOG_NEEDS;
        let shows = match quantities.as_slice() {
            [still] => format!("{still} dynos all the time"),
            _ => format!("{} dynos", path(&quantities)),
        };
        (shows, good)
    }

    /// One dyno has another id, and no other dyno has; and it was asked for once in the whole day.
    fn restarted_one(&self, marked: &Marked, name: &str) -> Finding {
        let anew = renewed(marked);
        let asked = self.count(|call| matches!(call, Call::RestartDyno(_)));
        let shows = format!("{} anew, asked for {}; page {}", named(&anew), times(asked), well(marked.after.well));
        (shows, anew == [name] && asked == 1 && marked.after.well)
    }

    /// Every dyno has another id, none hangs; and it was asked for once in the whole day.
    fn restarted_all(&self, marked: &Marked) -> Finding {
        let (anew, all) = (renewed(marked).len(), marked.before.dynos.len());
        let asked = self.count(|call| *call == Call::RestartAll);
        let shows = format!("{anew} of {all} dynos anew, asked for {}; page {}", times(asked), well(marked.after.well));
        (shows, anew == all && asked == 1 && marked.after.well && !marked.after.wedged)
    }

    /// The good content runs again, reached by content: first what came before the config var, then what came before
    /// the bad deploy, and never the failed release.
    fn rolled_back(&self, marked: &Marked) -> Finding {
        let shop = shop(self.world);
        let good_version = marked.before.current;
        let (bad, workaround) = (good_version + 1, good_version + 3);
        let back = |version: u64| shop.release(version).map_or(0, |release| release.origin);
        let made: Vec<u64> = (workaround + 1..=marked.after.newest).map(back).collect();
        let asked = self.count(|call| *call == Call::RollBack);
        let good = made == [bad, good_version]
            && asked == 2
            && marked.after.content == marked.before.content
            && marked.after.well;
        let mut contents = vec![workaround];
        contents.extend(&made);
        let contents: Vec<String> = contents.iter().map(|version| format!("v{version}")).collect();
        (format!("content of {}; page {}", path(&contents), well(marked.after.well)), good)
    }

    /// One clean-up in the whole day, which ended well; and the database with it.
    fn cleaned_up(&self, marked: &Marked) -> Finding {
        let one_offs: Vec<_> = shop(self.world).one_offs().collect();
        let asked = self.count(|call| *call == Call::OneOff);
        let cured = !marked.after.database_error && marked.after.well;
        let ended_well = match one_offs.as_slice() {
            [one] => one.command == CLEAN_UP && matches!(one.ended, Some((_, Ending::Exited(0)))),
            _ => false,
        };
        let how = match one_offs.as_slice() {
            [] => "no one-off dyno".to_owned(),
            [one] => match one.ended {
                Some((_, Ending::Exited(status))) => format!("{} ended with status {status}", one.name),
                Some((_, Ending::TimeToLive | Ending::Stopped)) => format!("{} was stopped", one.name),
                None => format!("{} has not ended", one.name),
            },
            more => format!("{} one-off dynos", more.len()),
        };
        (format!("{how}; database {}", well(!marked.after.database_error)), ended_well && asked == 1 && cured)
    }
}

/// What a changing call did to the app, if it took effect. That it has a log drain changes nothing.
fn call(received: &ReceivedCall, app: &str) -> Option<Call> {
    if received.took != Took::Effect {
        return None;
    }
    let path: Vec<&str> = received.path.split('/').filter(|part| !part.is_empty()).collect();
    if path.get(1) != Some(&app) || path.get(2) == Some(&"log-drains") {
        return None;
    }
    let body: Value = serde_json::from_str(&received.body).unwrap_or(Value::Null);
    Some(match (received.method.as_str(), path.as_slice()) {
        ("PATCH", ["apps", _, "formation"]) => body["updates"].get(0).map_or(Call::Other, formation_change),
        ("PATCH", ["apps", _, "formation", _]) => formation_change(&body),
        ("DELETE", ["apps", _, "dynos", dyno]) => Call::RestartDyno((*dyno).to_owned()),
        ("DELETE", ["apps", _, "dynos"]) => Call::RestartAll,
        ("POST", ["apps", _, "dynos"]) => Call::OneOff,
        ("POST", ["apps", _, "releases"]) => Call::RollBack,
        _ => Call::Other,
    })
}

fn formation_change(update: &Value) -> Call {
    let quantity = update["quantity"].as_u64().and_then(|quantity| u32::try_from(quantity).ok());
    match (quantity, update["size"].as_str().or_else(|| update["dyno_size"]["name"].as_str())) {
        (Some(quantity), None) => Call::Quantity(quantity),
        (None, Some(size)) => Call::Size(
            SIZES
                .iter()
                .find(|known| known.eq_ignore_ascii_case(size))
                .map_or_else(|| size.to_owned(), |known| (*known).to_owned()),
        ),
        _ => Call::Other,
    }
}

/// The names of the dynos whose ids are others than before.
fn renewed(marked: &Marked) -> Vec<&str> {
    let before = &marked.before.dynos;
    let anew = marked.after.dynos.iter().filter(|(name, id)| before.get(*name) != Some(id));
    anew.map(|(name, _)| name.as_str()).collect()
}

/// `2 → 3 → 4`
fn path<T: ToString>(steps: &[T]) -> String {
    steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(" → ")
}

fn named(names: &[&str]) -> String {
    if names.is_empty() { "no dyno".to_owned() } else { names.join(", ") }
}

fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        more => format!("{more} times"),
    }
}

const fn well(is_well: bool) -> &'static str {
    if is_well { "well" } else { "not well" }
}
