//! The one place of routing: every endpoint, in the order of platform-api 5.

use super::call::{Answer, Call};
use super::{account, apps, config_vars, drains, dynos, formation, releases, sizes};
use crate::world::{Refusal, World};

pub(super) fn route(world: &mut World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let method = if call.request.method == "HEAD" { "GET" } else { call.request.method.as_str() };
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (method, segments.as_slice()) {
        ("GET", ["account"]) => account::read(world, call),
        ("GET", ["account", "rate-limits"]) => account::rate_limits(world, call),
        ("GET", ["accounts", _, "actions", "get-quota"]) => account::quota(world, call),

        ("GET", ["apps"] | ["users", "~", "apps"]) => apps::list(world, call),
        ("GET", ["apps", app]) => apps::read(world, call, app),
        ("PATCH", ["apps", app]) => apps::change(world, call, app),
        // Asked for by clients, and always empty here.
        ("GET", ["apps", app, "addons" | "telemetry-drains" | "domains"]) => apps::nothing_of(world, call, app),

        ("GET", ["apps", app, "formation"]) => formation::list(world, call, app),
        ("GET", ["apps", app, "formation", process]) => formation::read(world, call, app, process),
        ("PATCH", ["apps", app, "formation"]) => formation::change_many(world, call, app),
        ("PATCH", ["apps", app, "formation", process]) => formation::change_one(world, call, app, process),

        ("GET", ["apps", app, "dynos"]) => dynos::list(world, call, app),
        ("GET", ["apps", app, "dynos", dyno]) => dynos::read(world, call, app, dyno),
        ("POST", ["apps", app, "dynos"]) => dynos::run(world, call, app),
        ("DELETE", ["apps", app, "dynos"]) => dynos::restart_all(world, call, app),
        // A stop of a formation dyno is a restart. // platform-api 5.3 [DC dyno-restarts 2025-04-08]
        ("DELETE", ["apps", app, "dynos", dyno]) | ("POST", ["apps", app, "dynos", dyno, "actions", "stop"]) => {
            dynos::restart(world, call, app, dyno)
        }
        // The plural, and only the type is taken. // platform-api 5.3 [S26]
        ("DELETE", ["apps", app, "formations", process])
        | ("POST", ["apps", app, "formations", process, "actions", "stop"]) => {
            dynos::restart_type(world, call, app, process)
        }

        ("GET", ["apps", app, "releases"]) => releases::list(world, call, app),
        ("GET", ["apps", app, "releases", release]) => releases::read(world, call, app, release),
        ("GET", ["apps", app, "releases", release, "config-vars"]) => releases::config(world, call, app, release),
        ("POST", ["apps", app, "releases"]) => releases::create(world, call, app),

        ("GET", ["dyno-sizes"]) => sizes::list(call),
        ("GET", ["dyno-sizes", size]) => sizes::read(call, size),
        ("GET", ["apps", app, "available-dyno-sizes"]) => sizes::of_app(world, call, app),

        ("GET", ["apps", app, "log-drains"]) => drains::list(world, call, app),
        ("GET", ["apps", app, "log-drains", drain]) => drains::read(world, call, app, drain),
        ("POST", ["apps", app, "log-drains"]) => drains::add(world, call, app),
        ("DELETE", ["apps", app, "log-drains", drain]) => drains::remove(world, call, app, drain),

        ("GET", ["apps", app, "config-vars"]) => config_vars::read(world, call, app),
        ("PATCH", ["apps", app, "config-vars"]) => config_vars::change(world, call, app),

        _ => Err(Refusal::no_such_route()),
    }
}
