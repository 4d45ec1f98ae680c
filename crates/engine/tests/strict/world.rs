//! A world with one app in it, as far as six kinds of calls can change it. Written from `docs/platform-api.md` alone.

use flyball_model::Timestamp;
use serde_json::{Value, json};

/// A dyno of the app.
#[derive(Debug, Clone)]
struct Dyno {
    id: String,
    name: String,
    kind: &'static str,
    command: String,
    release: u64,
    created_at: Timestamp,
}

/// A release of the app.
#[derive(Debug, Clone)]
struct Release {
    version: u64,
    slug: &'static str,
    description: String,
}

/// The app `shop`: one process type, four releases, of which the newest is current.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) quantity: u64,
    pub(crate) size: String,
    dynos: Vec<Dyno>,
    releases: Vec<Release>,
    /// A one-off dyno is gone as soon as it was started.
    one_offs_end_at_once: bool,
    made: u64,
}

/// What a request may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Quantity(u64),
    Size(String),
    RestartDyno(String),
    RestartAll,
    RollBack(u64),
    OneOff(String),
}

impl World {
    /// Everything has been as it is for an hour.
    pub(crate) fn new(now: Timestamp, one_offs_end_at_once: bool) -> Self {
        let release = |version, slug| Release { version, slug, description: format!("Deploy 1a2b3c{version}") };
        let mut world = Self {
            quantity: 1,
            size: "Standard-1X".to_owned(),
            dynos: Vec::new(),
            releases: vec![release(3, "s-3"), release(4, "s-4")],
            one_offs_end_at_once,
            made: 0,
        };
        world.fill_formation(now - std::time::Duration::from_secs(3_600));
        world
    }

    /// Ids of the formation's dynos.
    pub(crate) fn formation_ids(&self) -> Vec<&str> {
        self.dynos.iter().filter(|dyno| dyno.kind == "web").map(|dyno| dyno.id.as_str()).collect()
    }

    /// The version that is current.
    pub(crate) fn current(&self) -> u64 {
        self.releases.last().expect("there are releases").version
    }

    /// How many one-off dynos were ever started or are there now.
    pub(crate) fn one_offs(&self) -> usize {
        self.dynos.iter().filter(|dyno| dyno.kind == "run").count()
    }

    /// The version of the release with this id.
    pub(crate) fn version_of(&self, id: &str) -> Option<u64> {
        self.releases.iter().map(|release| release.version).find(|version| release_id(*version) == id)
    }

    /// The names of its dynos.
    pub(crate) fn has_dyno(&self, name: &str) -> bool {
        self.dynos.iter().any(|dyno| dyno.name == name)
    }

    fn dyno(&mut self, name: String, kind: &'static str, command: &str, created_at: Timestamp) -> Dyno {
        self.made += 1;
        let (id, release) = (format!("00000000-0000-4000-8000-{:012}", self.made), self.current());
        Dyno { id, name, kind, command: command.to_owned(), release, created_at }
    }

    fn fill_formation(&mut self, now: Timestamp) {
        for number in 1..=self.quantity {
            let name = format!("web.{number}");
            if !self.has_dyno(&name) {
                let dyno = self.dyno(name, "web", "serve", now);
                self.dynos.push(dyno);
            }
        }
    }

    fn boot_anew(&mut self, which: impl Fn(&Dyno) -> bool, now: Timestamp) {
        self.dynos.retain(|dyno| dyno.kind != "web" || !which(dyno));
        self.fill_formation(now);
    }

    /// Makes a change, and answers as Heroku does: a status and a body.
    pub(crate) fn apply(&mut self, change: &Change, now: Timestamp) -> (u16, Value) {
        match change {
            Change::Quantity(to) => {
                self.quantity = *to;
                self.dynos.retain(|dyno| dyno.kind != "web" || number(&dyno.name) <= *to);
                self.fill_formation(now);
                (200, self.formation())
            }
            Change::Size(to) => {
                self.size.clone_from(to);
                self.boot_anew(|_| true, now);
                (200, self.formation())
            }
            Change::RestartDyno(name) => {
                self.boot_anew(|dyno| dyno.name == *name, now);
                (202, json!({}))
            }
            Change::RestartAll => {
                self.boot_anew(|_| true, now);
                (202, json!({}))
            }
            Change::RollBack(to) => {
                let target = self.releases.iter().find(|release| release.version == *to).expect("it was checked");
                let (slug, version) = (target.slug, self.current() + 1);
                self.releases.push(Release { version, slug, description: format!("Rollback to v{to}") });
                self.boot_anew(|_| true, now);
                (201, self.release(self.releases.last().expect("it was just made")))
            }
            Change::OneOff(command) => {
                let name = format!("run.{}", 1_000 + self.made);
                let dyno = self.dyno(name, "run", command, now);
                let answer = self.shown(&dyno);
                if !self.one_offs_end_at_once {
                    self.dynos.push(dyno);
                }
                (201, answer)
            }
        }
    }

    pub(crate) fn app(&self) -> Value {
        json!({
            "id": "0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9001", "name": "shop", "maintenance": false, "generation": "cedar",
            "web_url": "https://shop-1a2b3c4d5e6f.herokuapp.com/", "space": null, "team": null,
        })
    }

    pub(crate) fn formation(&self) -> Value {
        json!([{
            "app": { "id": "0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9001", "name": "shop" }, "command": "serve",
            "id": "00000000-0000-4000-9000-000000000001", "type": "web", "quantity": self.quantity, "size": self.size,
        }])
    }

    pub(crate) fn dynos(&self) -> Value {
        self.dynos.iter().map(|dyno| self.shown(dyno)).collect()
    }

    fn shown(&self, dyno: &Dyno) -> Value {
        json!({
            "id": dyno.id, "name": dyno.name, "type": dyno.kind, "command": dyno.command, "size": self.size,
            "state": "up", "release": { "id": release_id(dyno.release), "version": dyno.release },
            "created_at": dyno.created_at.to_string(), "updated_at": dyno.created_at.to_string(),
        })
    }

    /// Newest first, as it must be asked for.
    pub(crate) fn has_release(&self, version: u64) -> bool {
        self.releases.iter().any(|release| release.version == version)
    }

    /// The config vars as of a release: one of them is set anew with each.
    pub(crate) fn config(version: u64) -> Value {
        json!({"LOG_LEVEL": "info", "RELEASED": version.to_string()})
    }

    pub(crate) fn releases(&self) -> Value {
        self.releases.iter().rev().map(|release| self.release(release)).collect()
    }

    fn release(&self, release: &Release) -> Value {
        json!({
            "id": release_id(release.version), "version": release.version, "status": "succeeded",
            "current": release.version == self.current(), "eligible_for_rollback": true,
            "description": release.description, "slug": { "id": release.slug },
            "user": { "id": "u", "email": "ops@example.com" },
            "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z",
        })
    }
}

fn release_id(version: u64) -> String {
    format!("00000000-0000-4000-a000-{version:012}")
}

fn number(name: &str) -> u64 {
    name.rsplit('.').next().and_then(|number| number.parse().ok()).expect("a formation's dyno has a number")
}
