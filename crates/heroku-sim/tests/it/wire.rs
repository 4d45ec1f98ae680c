//! The API through `handle`: shapes, paging, conditional requests, errors, the rate limit.

use crate::support::{Caller, START, TOKEN, column, minutes, refusal, seconds, shop, world_of};
use flyball_heroku_sim::{AccountSpec, Answered, AppSpec, Place, Request, Took, World, WorldFile};
use serde_json::{Value, json};

fn caller() -> Caller {
    Caller::new(world_of(shop()))
}

#[test]
fn the_newest_release_of_three_thousand_is_the_first_of_a_descending_page() {
    let mut caller = Caller::new(world_of(AppSpec::new("shop").deploys(2998)));
    let page = caller.get_range("/apps/shop/releases", "version ..; max=15, order=desc");
    assert_eq!(page.status, 206);
    assert_eq!(column(&page, "version"), (2986..=3000).rev().map(Value::from).collect::<Vec<_>>());
    assert_eq!(page.get("Content-Range"), Some("version 3000..2986; order=desc, max=15"));
    assert_eq!(page.get("Next-Range"), Some("version ]2986..; order=desc, max=15"));
    let next = caller.get_range("/apps/shop/releases", page.get("Next-Range").unwrap());
    assert_eq!(column(&next, "version")[0], 2985);
}

#[test]
fn without_a_range_the_oldest_200_come_and_the_next_ranges_lead_to_the_end() {
    let mut caller = Caller::new(world_of(AppSpec::new("shop").deploys(448)));
    let (mut versions, mut pages) = (Vec::new(), 0);
    let mut page = caller.get("/apps/shop/releases");
    loop {
        versions.extend(column(&page, "version").iter().map(|version| version.as_u64().unwrap()));
        pages += 1;
        let Some(next) = page.get("Next-Range") else { break };
        assert_eq!(page.status, 206);
        page = caller.get_range("/apps/shop/releases", next);
    }
    assert_eq!((page.status, pages), (200, 3));
    assert_eq!(versions, (1..=450).collect::<Vec<u64>>());
}

#[test]
fn odd_ranges_are_taken_bad_ones_refused_and_on_single_objects_ignored() {
    let mut caller = caller();
    for range in ["id ..; ;", "id ..; max=1000", "version ]1..; max=1", "id .."] {
        assert!(matches!(caller.get_range("/apps/shop/releases", range).status, 200 | 206), "{range}");
    }
    let refused = caller.get_range("/apps/shop/releases", "colour ..");
    assert_eq!(refusal(&refused), (416, "requested_range_not_satisfiable".into()));
    assert_eq!(caller.get_range("/apps/shop", "colour ..").status, 200);
    let patched = Request::api("PATCH", "/apps/shop/formation/web", TOKEN).header("Range", "id ..; max=1000");
    assert_eq!(caller.send(&patched.body(json!({"quantity": 3}).to_string())).status, 200);
}

#[test]
fn an_etag_that_is_sent_back_is_answered_304_until_something_changes() {
    let mut caller = caller();
    let tag = caller.get("/apps/shop/dynos").get("ETag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'));
    let again = Request::api("GET", "/apps/shop/dynos", TOKEN).header("If-None-Match", &tag);
    let reply = caller.send(&again);
    assert_eq!((reply.status, reply.body.len(), reply.get("ETag")), (304, 0, Some(tag.as_str())));
    assert_eq!(caller.world.traffic().not_modified, 1);
    caller.delete("/apps/shop/dynos/web.1");
    assert_eq!(caller.send(&again).status, 200);
}

#[test]
fn a_change_with_a_stale_if_match_is_refused() {
    let mut caller = caller();
    let tag = caller.get("/apps/shop/formation/web").get("ETag").unwrap().to_owned();
    let change = |quantity: u32| {
        let request = Request::api("PATCH", "/apps/shop/formation/web", TOKEN).header("If-Match", &tag);
        request.body(json!({ "quantity": quantity }).to_string())
    };
    assert_eq!(caller.send(&change(3)).status, 200);
    assert_eq!(caller.send(&change(4)).status, 412);
    assert_eq!(caller.world.app("shop").unwrap().quantity("web"), 3);
}

#[test]
fn the_doors_refuse_with_the_right_status_and_id() {
    let mut caller = Caller::new(World::new(&WorldFile::with_apps([shop()]).token("right"), START, 1));
    let accept = "application/vnd.heroku+json; version=3";
    let api = |path: &str| Request::new("GET", path).header("Authorization", "Bearer right").header("Accept", accept);
    for (request, expected) in [
        (Request::new("GET", "/account").header("Authorization", "Bearer right"), (404, "not_found")),
        (
            Request::new("GET", "/account")
                .header("Authorization", "Bearer right")
                .header("Accept", "application/vnd.heroku+json; version=2"),
            (406, "not_acceptable"),
        ),
        (Request::new("GET", "/account").header("Accept", accept), (401, "unauthorized")),
        (Request::api("GET", "/account", "wrong"), (401, "unauthorized")),
        (api("/no/such/route"), (404, "not_found")),
        (api("/apps/nowhere"), (404, "not_found")),
        (api("/apps/shop/dynos/web.9"), (404, "not_found")),
        (api("/apps/shop/releases/99"), (404, "not_found")),
    ] {
        let reply = caller.send(&request);
        assert_eq!(refusal(&reply), (expected.0, expected.1.to_owned()), "{request:?}");
        assert!(reply.get("ETag").is_some() && reply.get("Request-Id").is_some());
    }
    let nowhere = caller.send(&api("/apps/nowhere")).json().unwrap();
    assert_eq!(nowhere, json!({"resource": "app", "id": "not_found", "message": "Couldn't find that app."}));
    let basic = Request::new("GET", "/account").header("Authorization", "Basic OnJpZ2h0").header("Accept", accept);
    assert_eq!(caller.send(&basic).status, 200);
    assert_eq!(caller.world.traffic().unauthorized, 2);
}

#[test]
fn an_app_of_somebody_else_is_forbidden_unless_one_collaborates() {
    let mut hers = shop();
    hers.name = "hers".parse().unwrap();
    let mut shared = shop().owner("she@example.com");
    shared.name = "shared".parse().unwrap();
    shared.collaborators = vec!["he@example.com".into()];
    let file = WorldFile::with_apps([hers.owner("she@example.com"), shared])
        .account(AccountSpec::new("she@example.com").token("she"))
        .account(AccountSpec::new("he@example.com").token("he"));
    let mut caller = Caller::new(World::new(&file, START, 1));
    let forbidden = caller.send(&Request::api("GET", "/apps/hers", "he"));
    assert_eq!(refusal(&forbidden), (403, "forbidden".into()));
    assert_eq!(forbidden.json().unwrap()["message"], "You do not have access to the app hers.");
    assert_eq!(caller.send(&Request::api("GET", "/apps/shared", "he")).status, 200);
    assert_eq!(column(&caller.send(&Request::api("GET", "/users/~/apps", "he")), "name"), ["shared"]);
    assert_eq!(caller.send(&Request::api("GET", "/account", "he")).json().unwrap()["email"], "he@example.com");
}

#[test]
fn quantities_come_as_numbers_and_texts_absolute_and_relative() {
    let mut caller = caller();
    for (sent, expected) in [
        (json!(3), Ok(3)),
        (json!("4"), Ok(4)),
        (json!("+1"), Ok(5)),
        (json!("-2"), Ok(3)),
        (json!("0"), Ok(0)),
        (json!("-1"), Err("invalid_params")),
        (json!(-1), Err("invalid_params")),
        (json!(1.5), Err("invalid_params")),
        (json!("many"), Err("invalid_params")),
        (json!(101), Err("cannot_update_above_limit")),
    ] {
        let reply = caller.patch("/apps/shop/formation/web", &json!({ "quantity": sent }));
        match expected {
            Ok(quantity) => {
                assert_eq!((reply.status, reply.json().unwrap()["quantity"].clone()), (200, json!(quantity)));
            }
            Err(id) => assert_eq!(refusal(&reply), (422, id.to_owned()), "{sent}"),
        }
    }
}

#[test]
fn a_batch_is_one_change_and_answers_every_entry() {
    let mut caller = caller();
    let both = json!({"updates": [{"type": "web", "quantity": "+1", "size": "standard-2x"}, {"process": "worker", "quantity": 3}]});
    let reply = caller.patch("/apps/shop/formation", &both);
    assert_eq!((reply.status, column(&reply, "quantity")), (200, vec![json!(3), json!(3)]));
    assert_eq!(column(&reply, "size"), ["Standard-2X", "Standard-1X"]);
    let id = column(&reply, "dyno_size")[0]["id"].clone();
    let by_id =
        caller.patch("/apps/shop/formation", &json!({"updates": [{"type": "worker", "dyno_size": {"id": id}}]}));
    assert_eq!(column(&by_id, "size"), ["Standard-2X", "Standard-2X"]);
    let half = json!({"updates": [{"type": "web", "quantity": 9}, {"type": "clock", "quantity": 1}]});
    let refused = caller.patch("/apps/shop/formation", &half);
    assert_eq!(refused.json().unwrap()["message"], "Couldn't find that process type (clock).");
    assert_eq!(caller.world.app("shop").unwrap().quantity("web"), 3);
    let nulls = json!({"updates": [{"type": "web", "quantity": null, "size": null, "dyno_size": null}]});
    assert_eq!(caller.patch("/apps/shop/formation", &nulls).status, 200);
}

#[test]
fn an_empty_bucket_answers_429_and_refills_smoothly() {
    let file = WorldFile::with_apps([shop()]).account(AccountSpec::new("a@example.com").bucket(30, 60));
    let mut caller = Caller::new(World::new(&file, START, 1));
    for left in (0..30).rev() {
        let reply = caller.get("/account");
        assert_eq!((reply.status, reply.get("RateLimit-Remaining")), (200, Some(left.to_string().as_str())));
    }
    let before = caller.world.app("shop").unwrap().quantity("web");
    assert_eq!(refusal(&caller.patch("/apps/shop/formation/web", &json!({"quantity": 9}))), (429, "rate_limit".into()));
    assert_eq!(caller.world.app("shop").unwrap().quantity("web"), before);
    assert_eq!(caller.get("/account/rate-limits").json().unwrap(), json!({"remaining": 0}), "asking is free");
    caller.wait(seconds(1));
    assert_eq!(caller.get("/account").status, 200);
    assert_eq!(caller.get("/account").status, 429);
    caller.wait(minutes(10));
    assert_eq!(caller.get("/account/rate-limits").json().unwrap(), json!({"remaining": 30}), "never over the brim");
    assert_eq!(caller.world.traffic().rate_limited, 2);
}

#[test]
fn the_callers_request_id_is_one_element_of_the_list() {
    let mut caller = caller();
    let reply = caller.send(&Request::api("DELETE", "/apps/shop/dynos/web.1", TOKEN).header("request-id", "mine"));
    let ids: Vec<&str> = reply.get("Request-Id").unwrap().split(',').collect();
    assert_eq!((ids.len(), ids[1]), (4, "mine"));
    let call = caller.world.effects().next_back().unwrap();
    assert_eq!(
        (call.request_id.as_deref(), call.took, call.answered),
        (Some("mine"), Took::Effect, Answered::With(202))
    );
}

#[test]
fn a_rollback_names_a_release_by_its_id_and_nothing_else() {
    let mut caller = Caller::new(world_of(shop().deploy("two")));
    let v3 = caller.get("/apps/shop/releases/3").json().unwrap();
    let made = caller.post("/apps/shop/releases", &json!({"release": v3["id"]}));
    assert_eq!(made.status, 201);
    let made = made.json().unwrap();
    assert_eq!(
        (&made["version"], &made["description"], &made["current"]),
        (&json!(5), &json!("Rollback to v3"), &json!(true))
    );
    assert_eq!(made["slug"], v3["slug"]);
    for release in ["3", "v3"] {
        assert_eq!(caller.post("/apps/shop/releases", &json!({ "release": release })).status, 422);
    }
    let unknown = json!({"release": "00000000-0000-4000-8000-000000000000"});
    assert_eq!(refusal(&caller.post("/apps/shop/releases", &unknown)), (404, "not_found".into()));
    let v1 = caller.get("/apps/shop/releases/1").json().unwrap();
    assert_eq!((&v1["slug"], &v1["eligible_for_rollback"]), (&Value::Null, &json!(false)));
    assert_eq!(
        refusal(&caller.post("/apps/shop/releases", &json!({"release": v1["id"]}))),
        (422, "invalid_params".into())
    );
    let again = caller.post("/apps/shop/releases", &json!({"slug": v3["slug"]["id"], "description": "again"}));
    assert_eq!((again.status, again.json().unwrap()["description"].clone()), (201, json!("again")));
}

#[test]
fn config_vars_merge_make_a_release_and_are_kept_with_it() {
    let mut caller = caller();
    assert_eq!(
        caller.patch("/apps/shop/config-vars", &json!({"A": "1", "B": "2"})).json().unwrap(),
        json!({"A": "1", "B": "2"})
    );
    assert_eq!(caller.patch("/apps/shop/config-vars", &json!({"A": null})).json().unwrap(), json!({"B": "2"}));
    assert_eq!(caller.get("/apps/shop/config-vars").json().unwrap(), json!({"B": "2"}));
    assert_eq!(caller.get("/apps/shop/releases/4/config-vars").json().unwrap(), json!({"A": "1", "B": "2"}));
    assert_eq!(caller.patch("/apps/shop/config-vars", &json!({"A": 1})).status, 422);
}

#[test]
fn a_detached_one_off_is_created_as_clients_ask_for_it() {
    let mut caller = caller();
    let body = json!({"command": "bin/report", "attach": false, "env": {"TERM": "xterm"}, "size": null, "type": null,
        "force_no_tty": null, "time_to_live": 60});
    let made = caller.post("/apps/shop/dynos", &body);
    let dyno = made.json().unwrap();
    assert_eq!(
        (made.status, &dyno["state"], &dyno["type"], &dyno["attach_url"]),
        (201, &json!("starting"), &json!("run"), &Value::Null)
    );
    assert_eq!(
        column(&caller.get("/apps/shop/dynos"), "command").iter().filter(|command| **command == "bin/report").count(),
        1
    );
    let attached = caller.post("/apps/shop/dynos", &json!({"command": "bash", "attach": true})).json().unwrap();
    assert!(attached["attach_url"].as_str().unwrap().starts_with("rendezvous://"));
    let stop = format!("/apps/shop/dynos/{}/actions/stop", attached["name"].as_str().unwrap());
    let stopped = caller.send(&Request::api("POST", &stop, TOKEN));
    assert_eq!((stopped.status, stopped.body.as_slice()), (202, b"{}".as_slice()));
    assert_eq!(caller.post("/apps/shop/dynos", &json!({"attach": false})).status, 422);
    let env = &caller.world.app("shop").unwrap().one_offs().next().unwrap().env;
    assert_eq!(env.get("TERM").map(String::as_str), Some("xterm"));
}

#[test]
fn restarts_are_accepted_with_an_empty_object() {
    let mut caller = caller();
    for path in ["/apps/shop/dynos/web.1", "/apps/shop/dynos", "/apps/shop/formations/web"] {
        let reply = caller.delete(path);
        assert_eq!((reply.status, reply.body.as_slice()), (202, b"{}".as_slice()), "{path}");
    }
    assert_eq!(caller.delete("/apps/shop/formation/web").status, 404, "only the plural");
    assert_eq!(caller.delete("/apps/shop/formations/clock").status, 404);
}

#[test]
fn shapes_differ_between_the_variants() {
    let fir = AppSpec::new("shop").place(Place::Fir).process("web", 1, "dyno-1c-4gb").deploy("one");
    let mut caller = Caller::new(world_of(fir));
    let sdk = |path: &str| {
        Request::new("GET", path)
            .header("Accept", "application/vnd.heroku+json; version=3.sdk")
            .header("Authorization", "Bearer t")
    };
    assert_eq!(caller.get("/apps/shop").json().unwrap()["generation"]["name"], "fir");
    let app = caller.send(&sdk("/apps/shop")).json().unwrap();
    assert_eq!(
        (&app["generation"], &app["stack"]["name"], &app["process_tier"]),
        (&json!("fir"), &json!("cnb"), &json!("private"))
    );
    let release = caller.send(&sdk("/apps/shop/releases/3")).json().unwrap();
    assert!(release["slug"].is_null() && release["oci_image"]["id"].is_string());
    assert!(caller.get("/apps/shop/releases/3").json().unwrap().get("oci_image").is_none());
}

#[test]
fn every_read_that_a_client_makes_is_answered() {
    let mut caller = Caller::new(World::new(&WorldFile::small_shop(), START, 1));
    let account = caller.get("/account").json().unwrap();
    let quota = format!("/accounts/{}/actions/get-quota", account["id"].as_str().unwrap());
    let app_id = caller.get("/apps/shop").json().unwrap()["id"].as_str().unwrap().to_owned();
    for path in [
        "/account",
        "/account/rate-limits",
        "/apps",
        "/users/~/apps",
        "/apps/shop",
        "/apps/shop/formation",
        "/apps/shop/formation/web",
        "/apps/shop/dynos",
        "/apps/shop/dynos/web.1",
        "/apps/shop/releases",
        "/apps/shop/releases/3",
        "/apps/shop/config-vars",
        "/apps/shop/log-drains",
        "/dyno-sizes",
        "/dyno-sizes/standard-1x",
        "/apps/shop/available-dyno-sizes",
        "/apps/shop/addons",
        &quota,
        &format!("/apps/{app_id}/dynos"),
    ] {
        assert_eq!(caller.get(path).status, 200, "{path}");
    }
    let releases = caller.get("/apps/shop/releases");
    assert_eq!(column(&releases, "status").iter().filter(|status| **status == "failed").count(), 1);
    assert_eq!(column(&releases, "description")[3], "Set GREETING config vars");
    assert_eq!(column(&releases, "current"), [false, false, false, false, false, true]);
    assert_eq!(caller.get("/dyno-sizes/standard-1x").json().unwrap()["memory"], 0.5);
    let head = caller.send(&Request::api("HEAD", "/apps/shop", TOKEN));
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn maintenance_and_a_rename_go_through_one_patch() {
    let mut caller = caller();
    let on = caller.patch("/apps/shop", &json!({"maintenance": true}));
    assert_eq!((on.status, on.json().unwrap()["maintenance"].clone()), (200, json!(true)));
    assert_eq!(caller.patch("/apps/shop", &json!({"maintenance": 0})).json().unwrap()["maintenance"], false);
    assert_eq!(caller.patch("/apps/shop", &json!({"name": "store"})).json().unwrap()["name"], "store");
    assert_eq!((caller.get("/apps/shop").status, caller.get("/apps/store").status), (404, 200));
    assert_eq!(caller.patch("/apps/store", &json!({"maintenance": "yes"})).status, 422);
    let broken = caller.send(&Request::api("PATCH", "/apps/store", TOKEN).body("{"));
    assert_eq!(refusal(&broken), (400, "bad_request".into()));
}

#[test]
fn drains_are_recorded_and_found_by_id_url_or_token() {
    let mut caller = caller();
    let made = caller.post("/apps/shop/log-drains", &json!({"url": "https://drain.example.com/x"}));
    assert_eq!(made.status, 201);
    let drain = made.json().unwrap();
    for named in
        [drain["id"].as_str().unwrap(), drain["token"].as_str().unwrap(), "https%3A%2F%2Fdrain.example.com%2Fx"]
    {
        assert_eq!(caller.get(&format!("/apps/shop/log-drains/{named}")).json().unwrap(), drain);
    }
    assert_eq!(caller.post("/apps/shop/log-drains", &json!({"url": "ftp://x"})).status, 422);
    assert_eq!(caller.delete("/apps/shop/log-drains/https%3A%2F%2Fdrain.example.com%2Fx").json().unwrap(), drain);
    assert_eq!(column(&caller.get("/apps/shop/log-drains"), "id"), [] as [Value; 0]);
}

#[test]
fn the_page_is_found_by_path_and_by_host() {
    let mut caller = caller();
    let label = caller.world.app("shop").unwrap().host_label();
    let by_host = |host: &str| Request::new("GET", "/cart").header("Host", host);
    for request in [
        Request::new("GET", "/_apps/shop/"),
        Request::new("GET", "/_apps/shop/cart?x=1"),
        by_host("shop.localhost:5000"),
        by_host(&format!("{label}.herokuapp.com")),
    ] {
        let reply = caller.send(&request);
        assert_eq!(reply.status, 200, "{request:?}");
        assert!(String::from_utf8_lossy(&reply.body).contains("Welcome"));
        assert_eq!(reply.delay, std::time::Duration::from_millis(80));
    }
    assert_eq!(caller.send(&by_host("nowhere.localhost")).status, 404);
    assert_eq!((caller.world.traffic().calls, caller.world.traffic().visits), (0, 5));
}
