//! `GET` and `PATCH /apps/{app}/formation`.

use super::fields::{Fields, Misread, parse};
use flyball_model::{DynoSize, ProcessFormation, ProcessType, Quantity};
use serde_json::{Value, json};

pub(crate) fn formation(body: &[u8]) -> Result<Vec<ProcessFormation>, Misread> {
    parse(body)?.list()?.iter().map(process).collect()
}

/// The process type that was changed, from the answer to a batch, which lists all of them.
pub(crate) fn process_after(body: &[u8], of: &ProcessType) -> Result<ProcessFormation, Misread> {
    let all = parse(body)?.list()?;
    match all.iter().find(|fields| fields.raw("type") == Some(of.as_str())) {
        Some(fields) => process(fields),
        None => all.first().map_or_else(
            || Err(Misread::missing("type", "the process type that was changed")),
            |fields| fields.missing("type", "the process type that was changed"),
        ),
    }
}

fn process(fields: &Fields) -> Result<ProcessFormation, Misread> {
    Ok(ProcessFormation {
        process_type: fields.name("type", ProcessType::EXPECTED)?,
        quantity: Quantity::new(u32::try_from(fields.number("quantity")?).unwrap_or(u32::MAX)),
        size: size(fields)?,
    })
}

/// `size` is a text; where it should be missing, `dyno_size` names it too.
fn size(fields: &Fields) -> Result<DynoSize, Misread> {
    let named = fields.text("size").or_else(|| fields.inside("dyno_size")?.text("name"));
    named.map_or_else(|| fields.missing("size", "a dyno size"), |name| Ok(DynoSize::new(name)))
}

/// The body that sets a quantity. The batch is what `heroku ps:scale` sends; the quantity is absolute.
pub(crate) fn scale(of: &ProcessType, to: Quantity) -> Value {
    json!({ "updates": [{ "type": of.as_str(), "quantity": to.get() }] })
}

/// The body that sets a size. The batch, and the key `size`, are what `heroku ps:type` sends.
pub(crate) fn resize(of: &ProcessType, to: &DynoSize) -> Value {
    json!({ "updates": [{ "type": of.as_str(), "size": size_to_send(to) }] })
}

/// In a Shield space the API takes, stores and answers `Private-*`.
///
/// Source: the official CLI does the same before `ps:scale`.
pub(super) fn size_to_send(size: &DynoSize) -> String {
    match size.as_str().split_at_checked("shield-".len()) {
        Some((tier, rest)) if tier.eq_ignore_ascii_case("shield-") => format!("Private-{rest}"),
        _ => size.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEB: &str = r#"{"app":{"id":"0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9001","name":"shop"},"command":"target/release/shop",
        "created_at":"2026-01-02T03:04:05Z","dyno_size":{"id":"5d2c0001-0000-4000-8000-000000000003","name":"Standard-1X"},
        "id":"5d2c0001-0000-4000-8000-000000000010","quantity":1,"size":"Standard-1X","type":"web",
        "updated_at":"2026-01-02T03:04:05Z"}"#;

    fn entry(process_type: &str, quantity: u32, size: &str) -> ProcessFormation {
        ProcessFormation {
            process_type: process_type.parse().unwrap(),
            quantity: Quantity::new(quantity),
            size: DynoSize::new(size),
        }
    }

    #[test]
    fn a_formation_is_read_as_documented() {
        assert_eq!(formation(format!("[{WEB}]").as_bytes()), Ok(vec![entry("web", 1, "Standard-1X")]));
        assert_eq!(formation(b"[]"), Ok(Vec::new()));
    }

    #[test]
    fn an_unknown_size_or_field_is_taken_as_it_comes() {
        for (body, wanted) in [
            (
                r#"{"type":"web","quantity":2,"size":"dyno-9c-99gb","new":{"deep":[1]}}"#,
                entry("web", 2, "dyno-9c-99gb"),
            ),
            (r#"{"type":"web","quantity":"2","dyno_size":{"name":"Basic"}}"#, entry("web", 2, "basic")),
            (r#"{"type":"release","quantity":0,"size":null,"dyno_size":{"name":"Eco"}}"#, entry("release", 0, "Eco")),
            (r#"{"type":"web","quantity":99999999999,"size":"Eco"}"#, entry("web", Quantity::MAX, "Eco")),
        ] {
            assert_eq!(formation(format!("[{body}]").as_bytes()), Ok(vec![wanted]), "{body}");
        }
        for (body, wanted) in [
            (r#"{"quantity":1,"size":"Eco"}"#, "[0].type"),
            (r#"{"type":"web","quantity":-1,"size":"Eco"}"#, "[0].quantity"),
            (r#"{"type":"web","quantity":1}"#, "[0].size"),
        ] {
            let misread = formation(format!("[{body}]").as_bytes()).unwrap_err().to_string();
            assert!(misread.ends_with(&format!("at `{wanted}`")), "{misread}");
        }
    }

    #[test]
    fn the_changed_process_type_is_found_in_a_batch_whatever_else_is_in_it() {
        let body = format!(r#"[{{"type":"worker?!","quantity":null}},{WEB}]"#);
        assert_eq!(process_after(body.as_bytes(), &ProcessType::web()), Ok(entry("web", 1, "Standard-1X")));
        assert!(process_after(b"[]", &ProcessType::web()).is_err());
        assert!(process_after(br#"[{"type":"worker"}]"#, &ProcessType::web()).is_err());
    }

    #[test]
    fn a_change_is_absolute_and_shield_sizes_go_as_private_ones() {
        let web = ProcessType::web();
        assert_eq!(scale(&web, Quantity::new(3)), json!({"updates":[{"type":"web","quantity":3}]}));
        for (size, sent) in [("standard-2x", "Standard-2X"), ("shield-m", "Private-M"), ("dyno-2c-1gb", "dyno-2c-1gb")]
        {
            assert_eq!(resize(&web, &DynoSize::new(size)), json!({"updates":[{"type":"web","size":sent}]}));
        }
    }
}
