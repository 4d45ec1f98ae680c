//! What the tests share: a beginning, a token, and short words for calls.

use flyball_heroku_sim::{AppSpec, Cycling, Reply, Request, World, WorldFile, handle};
use flyball_model::Timestamp;
use serde_json::Value;
use std::time::Duration;

pub(crate) const TOKEN: &str = "HRKU-pl4nted-sim";

/// When every world of these tests begins: 2026-11-01T00:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_793_491_200_000);

pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub(crate) const fn days(count: u64) -> Duration {
    Duration::from_secs(24 * 3600 * count)
}

/// A shop with web and worker at Standard-1X and one deploy (v3), whose dynos are not cycled.
pub(crate) fn shop() -> AppSpec {
    AppSpec::new("shop")
        .process("web", 2, "Standard-1X")
        .process("worker", 1, "Standard-1X")
        .mechanics(|mechanics| mechanics.cycling = Cycling::Never)
        .deploy("one")
}

pub(crate) fn world_of(app: AppSpec) -> World {
    World::new(&WorldFile::with_apps([app]), START, 7)
}

/// A world and what calls it.
pub(crate) struct Caller {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
}

impl Caller {
    pub(crate) fn new(world: World) -> Self {
        Self { now: world.now(), world }
    }

    pub(crate) fn send(&mut self, request: &Request) -> Reply {
        handle(&mut self.world, request, self.now)
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.send(&Request::api("GET", path, TOKEN))
    }

    pub(crate) fn get_range(&mut self, path: &str, range: &str) -> Reply {
        self.send(&Request::api("GET", path, TOKEN).header("Range", range))
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.send(&Request::api("POST", path, TOKEN).body(body.to_string()))
    }

    pub(crate) fn patch(&mut self, path: &str, body: &Value) -> Reply {
        self.send(&Request::api("PATCH", path, TOKEN).body(body.to_string()))
    }

    pub(crate) fn delete(&mut self, path: &str) -> Reply {
        self.send(&Request::api("DELETE", path, TOKEN))
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
        self.world.advance_to(self.now);
    }
}

/// Status and error id of a refusal.
pub(crate) fn refusal(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json().unwrap()["id"].as_str().unwrap_or_default().to_owned())
}

/// One field of every object of a list.
pub(crate) fn column(reply: &Reply, field: &str) -> Vec<Value> {
    reply.json().unwrap().as_array().unwrap().iter().map(|item| item[field].clone()).collect()
}

pub(crate) fn names_of(world: &World, app: &str) -> Vec<String> {
    let mut names: Vec<String> = world.app(app).unwrap().formation_dynos().map(|dyno| dyno.name.clone()).collect();
    names.sort();
    names
}
