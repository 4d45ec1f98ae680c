//! The recordings against [`handle`], each on a small shop of its own.

use crate::recording::{self, Exchange};
use crate::steps::{Plan, Watch};
use flyball_heroku_sim::{World, WorldFile, handle};
use flyball_model::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const STEPS: &str = include_str!("steps.toml");
const OFFICIAL_CLI: &str = include_str!("heroku-cli.txt");
const HEROKU3: &str = include_str!("heroku3-client.txt");
const HEROKU_CLIENT: &str = include_str!("heroku-client.txt");

/// The token that the clients were given when they were recorded; nobody's.
const TOKEN: &str = "not-a-real-token";
/// The seed of `flyball heroku-sim` unless another is said.
const SEED: u64 = 1;
/// 2026-11-01T00:00:00Z; any time will do.
const START: Timestamp = Timestamp::from_millis(1_793_491_200_000);
/// Between one step and the next: about as long as a person, or a slow client, takes.
const PACE: Duration = Duration::from_secs(2);

#[test]
fn the_official_heroku_cli_drives_the_stand_in() {
    replay("the official CLI", OFFICIAL_CLI);
}

#[test]
fn heroku3_drives_the_stand_in() {
    replay("heroku3", HEROKU3);
}

#[test]
fn heroku_client_drives_the_stand_in() {
    replay("heroku-client", HEROKU_CLIENT);
}

fn replay(client: &str, text: &str) {
    let (plan, exchanges) = (Plan::read(STEPS), recording::read(text));
    let mut recorded: Vec<&str> = exchanges.iter().map(|exchange| exchange.step.as_str()).collect();
    recorded.dedup();
    assert_eq!(recorded, plan.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(), "the steps of {client}");

    let mut world = World::new(&WorldFile::small_shop().token(TOKEN), START, SEED);
    let (mut watch, mut kept, mut now) = (Watch::begin(&plan, &world), BTreeMap::new(), START);
    for step in &plan.steps {
        now = now + PACE;
        for exchange in exchanges.iter().filter(|exchange| exchange.step == step.name) {
            ask(&mut world, exchange, &mut kept, now, client);
        }
        watch.check(step, &world, client);
    }
}

/// Sends one request, and compares the answer with the recorded one.
fn ask(world: &mut World, exchange: &Exchange, kept: &mut BTreeMap<String, String>, now: Timestamp, client: &str) {
    let asked = format!("{client}, line {}: {} {}", exchange.line, exchange.method, exchange.path);
    let reply = handle(world, &exchange.request(kept), now);
    assert_eq!(reply.status, exchange.status, "{asked}: {}", String::from_utf8_lossy(&reply.body));
    if let Some(sent) = exchange.header("request-id") {
        let echoed = reply.get("Request-Id").unwrap_or_default();
        assert!(echoed.contains(sent), "{asked}: the client's request id is not among {echoed}");
    }
    let Some(told) = &exchange.told else { return };
    let answer = reply.json().unwrap_or_else(|error| panic!("{asked}: {error}"));
    if let Err(difference) = tells(&answer, told, Order::of(exchange)) {
        panic!("{asked}: {difference}");
    }
    for (name, pointer) in &exchange.keeps {
        let value = answer.pointer(pointer).and_then(Value::as_str);
        let value = value.unwrap_or_else(|| panic!("{asked}: nothing to keep at {pointer}"));
        kept.insert(name.clone(), value.to_owned());
    }
}

/// Whether the order of a list says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// The client asked for it.
    Asked,
    /// Lists come by id, and ids are chance.
    Chance,
}

impl Order {
    fn of(exchange: &Exchange) -> Self {
        let asked = exchange.header("range").is_some_and(|range| range.contains("order="));
        if asked { Self::Asked } else { Self::Chance }
    }
}

/// Whether an answer tells everything that is expected; it may tell more.
fn tells(answer: &Value, told: &Value, order: Order) -> Result<(), String> {
    let differs = || Err(format!("{told} was told then, and now {answer}"));
    match (answer, told) {
        (Value::Object(answer), Value::Object(told)) => told.iter().try_for_each(|(key, told)| {
            let answer = answer.get(key).ok_or_else(|| format!("{key} is no longer told"))?;
            tells(answer, told, order)
        }),
        (Value::Array(answer), Value::Array(told)) if answer.len() == told.len() => match order {
            Order::Asked => answer.iter().zip(told).try_for_each(|(answer, told)| tells(answer, told, order)),
            Order::Chance => {
                let missing = told.iter().find(|told| !answer.iter().any(|answer| tells(answer, told, order).is_ok()));
                missing.map_or(Ok(()), |missing| Err(format!("{missing} is not in {}", json!(answer))))
            }
        },
        _ if answer == told => Ok(()),
        _ => differs(),
    }
}

#[test]
fn an_answer_that_tells_something_else_is_noticed() {
    let told = json!([{"type": "web", "quantity": 2}, {"type": "worker", "quantity": 1}]);
    let turned = json!([{"type": "worker", "quantity": 1, "new": 0}, {"type": "web", "quantity": 2}]);
    assert_eq!(tells(&turned, &told, Order::Chance), Ok(()));
    assert!(tells(&turned, &told, Order::Asked).is_err());
    for answer in [
        json!([{"type": "web", "quantity": 3}, {"type": "worker", "quantity": 1}]),
        json!([{"type": "web"}, {"type": "worker", "quantity": 1}]),
        json!([{"type": "web", "quantity": 2}]),
        json!({"id": "not_found"}),
    ] {
        assert!(tells(&answer, &told, Order::Chance).is_err(), "{answer}");
    }
}

#[test]
fn the_recordings_hold_what_each_client_is_known_for() {
    // What platform-api 8, 4 and 5.2 say that these clients send. [REC, CLI]
    for (text, expected) in [
        (OFFICIAL_CLI, "authorization: Bearer not-a-real-token"),
        (OFFICIAL_CLI, "accept: application/vnd.heroku+json; version=3.sdk"),
        (OFFICIAL_CLI, "request-id: r1,r2,"),
        (OFFICIAL_CLI, "range: version ..; max=15, order=desc"),
        (OFFICIAL_CLI, r#"> {"updates":[{"quantity":"+1","type":"web"},{"quantity":"-1","type":"worker"}]}"#),
        (OFFICIAL_CLI, "DELETE /apps/shop/log-drains/https%3A%2F%2F"),
        (HEROKU3, "authorization: Basic "),
        (HEROKU3, "accept: application/vnd.heroku+json; version=3.cedar-acm"),
        (HEROKU3, "range: id ..; ;"),
        (HEROKU3, "range: version ..; order=desc,max=10;"),
        (HEROKU3, r#""size": null"#),
        (HEROKU3, r#"> {"maintenance": 0}"#),
        (HEROKU_CLIENT, "authorization: Basic "),
        (HEROKU_CLIENT, "range: id ..; max=1000"),
        (HEROKU_CLIENT, r#"> {"dyno_size":{"name":"Standard-2X"}}"#),
    ] {
        assert!(text.lines().any(|line| line.contains(expected)), "{expected}");
    }
}

#[test]
fn only_tokens_that_open_nothing_are_recorded() {
    let known = [
        "Bearer not-a-real-token",
        "Bearer a-wrong-token",
        // The same two after an empty user name.
        "Basic Om5vdC1hLXJlYWwtdG9rZW4=",
        "Basic OmEtd3JvbmctdG9rZW4=",
    ];
    for exchange in [OFFICIAL_CLI, HEROKU3, HEROKU_CLIENT].into_iter().flat_map(recording::read) {
        let authorization = exchange.header("authorization").expect("every client says who it is");
        assert!(known.contains(&authorization), "line {}: {authorization}", exchange.line);
    }
}
