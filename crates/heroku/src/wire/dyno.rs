//! `GET` and `POST /apps/{app}/dynos`.

use super::fields::{Fields, Items, Misread, parse};
use super::formation::size_to_send;
use crate::{OneOff, TIME_TO_LIVE_MAX};
use flyball_model::{Dyno, DynoId, DynoName, DynoSize, DynoState, ProcessType, ReleaseVersion};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use std::time::Duration;

pub(crate) fn dyno(body: &[u8]) -> Result<Dyno, Misread> {
    one(&parse(body)?.object()?)
}

pub(crate) fn dynos(body: &[u8]) -> Result<Items<Dyno>, Misread> {
    parse(body)?.readable(one)
}

fn one(fields: &Fields) -> Result<Dyno, Misread> {
    let created_at = fields.time("created_at")?;
    let Some(release) = fields.inside("release") else { return fields.missing("release", "a release") };
    Ok(Dyno {
        id: DynoId::new(fields.id("id")?),
        name: fields.name("name", DynoName::EXPECTED)?,
        process_type: fields.name("type", ProcessType::EXPECTED)?,
        state: state(fields),
        size: fields
            .text("size")
            .map_or_else(|| fields.missing("size", "a dyno size"), |name| Ok(DynoSize::new(name)))?,
        // Exactly as it came: a one-off dyno is found again by its exact command.
        command: fields.raw("command").unwrap_or_default().to_owned(),
        release: ReleaseVersion::new(release.number("version")?),
        created_at,
        updated_at: fields.time_if_any("updated_at")?.unwrap_or(created_at),
    })
}

/// The schema lists five states; logs show more, and one that is not there at all is as unknown as one that is new.
fn state(fields: &Fields) -> DynoState {
    match fields.text("state").as_deref() {
        Some("starting") => DynoState::Starting,
        Some("up") => DynoState::Up,
        Some("idle") => DynoState::Idle,
        Some("crashed") => DynoState::Crashed,
        Some("down") => DynoState::Down,
        Some(other) => DynoState::Other(other.to_owned()),
        None => DynoState::Other("unknown".to_owned()),
    }
}

/// The body that starts a one-off dyno, detached. Optional fields are left out rather than sent as null.
pub(crate) fn start_one_off(one_off: &OneOff) -> Value {
    let time_to_live = one_off.time_to_live.clamp(Duration::from_secs(1), TIME_TO_LIVE_MAX);
    let mut body = Map::new();
    body.insert("command".into(), one_off.command.as_str().into());
    body.insert("attach".into(), false.into());
    body.insert("time_to_live".into(), time_to_live.as_secs().into());
    if let Some(size) = &one_off.size {
        body.insert("size".into(), size_to_send(size).into());
    }
    if !one_off.env.is_empty() {
        let env = one_off.env.iter().map(|(name, value)| (name.clone(), value.expose_secret().into())).collect();
        body.insert("env".into(), Value::Object(env));
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    const WEB_1: &str = r#"{"attach_url":null,"command":"target/release/shop","created_at":"2026-01-02T03:04:05Z",
        "id":"5d2c0001-0000-4000-8000-000000000020","name":"web.1",
        "release":{"id":"5d2c0001-0000-4000-8000-000000000030","version":12},
        "app":{"id":"0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9001","name":"shop"},
        "size":"Standard-1X","state":"up","type":"web","updated_at":"2026-01-02T03:05:05Z"}"#;

    fn with(field: &str, value: Value) -> Result<Dyno, Misread> {
        let mut json: Value = serde_json::from_str(WEB_1).unwrap();
        json[field] = value;
        dyno(json.to_string().as_bytes())
    }

    #[test]
    fn a_dyno_is_read_as_documented() {
        let wanted = Dyno {
            id: DynoId::new("5d2c0001-0000-4000-8000-000000000020"),
            name: "web.1".parse().unwrap(),
            process_type: ProcessType::web(),
            state: DynoState::Up,
            size: DynoSize::new("Standard-1X"),
            command: "target/release/shop".into(),
            release: ReleaseVersion::new(12),
            created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
            updated_at: "2026-01-02T03:05:05Z".parse().unwrap(),
        };
        assert_eq!(dynos(format!("[{WEB_1}]").as_bytes()), Ok(Items::whole(vec![wanted.clone()])));
        let without_update = Dyno { updated_at: wanted.created_at, ..wanted };
        assert_eq!(with("updated_at", Value::Null), Ok(without_update));
    }

    #[test]
    fn every_state_is_read_and_an_unknown_one_is_kept() {
        for (state, wanted) in [
            (json!("starting"), DynoState::Starting),
            (json!("idle"), DynoState::Idle),
            (json!("crashed"), DynoState::Crashed),
            (json!("down"), DynoState::Down),
            (json!("provisioning"), DynoState::Other("provisioning".into())),
            (json!("a\u{1b}b"), DynoState::Other("a b".into())),
            (json!(null), DynoState::Other("unknown".into())),
        ] {
            assert_eq!(with("state", state).unwrap().state, wanted);
        }
    }

    #[test]
    fn fir_names_and_commands_with_blanks_are_kept_exactly() {
        assert_eq!(with("name", json!("web-1234abcde-123ab")).unwrap().name.as_str(), "web-1234abcde-123ab");
        assert_eq!(with("command", json!("rake  x\n&& y")).unwrap().command, "rake  x\n&& y");
        assert_eq!(with("command", json!(null)).unwrap().command, "");
    }

    #[test]
    fn a_dyno_that_lacks_a_field_spoils_itself_and_not_the_list() {
        for odd in [r#"{"name":"web.2","release":null,"created_at":"2026-01-02T03:04:05Z"}"#, "{}", "null"] {
            let read = dynos(format!("[{odd},{WEB_1}]").as_bytes()).unwrap();
            assert_eq!((read.understood.len(), read.left_out), (1, 1), "{odd}");
            assert!(dynos(format!("[{odd}]").as_bytes()).is_err(), "an empty list would say that there are no dynos");
        }
        assert_eq!(dynos(b"[]"), Ok(Items::whole(Vec::new())));
    }

    #[test]
    fn a_time_that_is_none_is_told_by_its_place() {
        for field in ["created_at", "updated_at"] {
            let misread = with(field, json!("yesterday")).unwrap_err().to_string();
            assert_eq!(misread, format!("expected a time at `{field}`"));
        }
    }

    #[test]
    fn a_one_off_is_sent_detached_and_leaves_out_what_was_not_asked_for() {
        let plain = OneOff {
            command: "bin/rails db:cleanup".into(),
            size: None,
            time_to_live: Duration::from_secs(3_600),
            env: BTreeMap::new(),
        };
        let wanted = json!({"command":"bin/rails db:cleanup","attach":false,"time_to_live":3600});
        assert_eq!(start_one_off(&plain), wanted);
        let full = OneOff {
            size: Some(DynoSize::new("standard-2x")),
            time_to_live: Duration::from_secs(1_000_000),
            env: BTreeMap::from([("KEY".to_owned(), "pl4nted".into())]),
            ..plain
        };
        assert_eq!(
            start_one_off(&full),
            json!({"command":"bin/rails db:cleanup","attach":false,"time_to_live":86400,"size":"Standard-2X","env":{"KEY":"pl4nted"}})
        );
        let shown = format!("{full:?}");
        assert!(shown.contains("KEY") && !shown.contains("pl4nted"), "{shown}");
    }
}
