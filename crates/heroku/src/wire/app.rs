//! `GET /apps` and `GET /apps/{app}`.

use super::fields::{Fields, Items, Misread, parse};
use flyball_model::{App, AppId, AppName, Generation};

/// The longest address of an app that is kept, in bytes: its name, twelve digits and a domain.
const WEB_URL_BYTES_MAX: usize = 500;

pub(crate) fn app(body: &[u8]) -> Result<App, Misread> {
    one(&parse(body)?.object()?)
}

/// An app that is not understood spoils itself and not the list.
pub(crate) fn apps(body: &[u8]) -> Result<Items<App>, Misread> {
    parse(body)?.readable(one)
}

fn one(fields: &Fields) -> Result<App, Misread> {
    Ok(App {
        id: AppId::new(fields.id("id")?),
        name: fields.name("name", AppName::EXPECTED)?,
        maintenance: fields.flag("maintenance").unwrap_or(false),
        generation: generation(fields),
        shield: fields.inside("space").and_then(|space| space.flag("shield")).unwrap_or(false),
        web_url: fields.text("web_url").filter(|url| url.starts_with("http") && url.len() <= WEB_URL_BYTES_MAX),
    })
}

/// An object under variant `3`, a text under `3.sdk`. The stack of Fir's images is `cnb`, which older answers have
/// without a generation.
fn generation(fields: &Fields) -> Generation {
    let named = fields.text("generation").or_else(|| fields.inside("generation")?.text("name"));
    let stack = fields.inside("stack").and_then(|stack| stack.text("name"));
    match named.as_deref() {
        Some("fir") => Generation::Fir,
        None if stack.as_deref() == Some("cnb") => Generation::Fir,
        _ => Generation::Cedar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented example, under variant `3`.
    const SHOP: &str = r#"{"id":"0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9001","name":"shop","acm":false,"archived_at":null,
        "build_stack":{"id":"7e04461d-ec81-4bdd-8b37-b69b320a9f83","name":"heroku-24"},
        "stack":{"id":"7e04461d-ec81-4bdd-8b37-b69b320a9f83","name":"heroku-24"},
        "buildpack_provided_description":"Rust","created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z",
        "generation":{"id":"b8b3e6f4-0000-4000-8000-000000000001","name":"cedar"},"git_url":"https://git.heroku.com/shop.git",
        "web_url":"https://shop-1a2b3c4d5e6f.herokuapp.com/","internal_routing":null,"maintenance":false,
        "owner":{"email":"ops@example.com","id":"0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9002"},"organization":null,"team":null,
        "region":{"id":"59accabd-516d-4f0e-83e6-6e3757701145","name":"us"},"repo_size":0,"slug_size":31415926,"space":null}"#;

    fn with(field: &str, value: &str) -> App {
        let mut json: serde_json::Value = serde_json::from_str(SHOP).unwrap();
        json[field] = serde_json::from_str(value).unwrap();
        app(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn an_app_is_read_as_documented() {
        let wanted = App {
            id: AppId::new("0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9001"),
            name: "shop".parse().unwrap(),
            maintenance: false,
            generation: Generation::Cedar,
            shield: false,
            web_url: Some("https://shop-1a2b3c4d5e6f.herokuapp.com/".into()),
        };
        assert_eq!(app(SHOP.as_bytes()), Ok(wanted));
        assert!(with("maintenance", "true").maintenance);
        assert!(with("space", r#"{"id":"s","name":"vault","shield":true}"#).shield);
        assert_eq!(with("web_url", "null").web_url, None);
    }

    #[test]
    fn a_generation_is_a_text_or_an_object_and_an_unknown_one_is_cedar() {
        for (value, wanted) in [
            (r#""fir""#, Generation::Fir),
            (r#""cedar""#, Generation::Cedar),
            (r#"{"id":"g","name":"fir"}"#, Generation::Fir),
            (r#"{"name":"cedar"}"#, Generation::Cedar),
            (r#""oak""#, Generation::Cedar),
            ("7", Generation::Cedar),
            ("null", Generation::Cedar),
        ] {
            assert_eq!(with("generation", value).generation, wanted, "{value}");
        }
    }

    #[test]
    fn an_app_that_is_not_understood_spoils_itself_and_not_the_list() {
        let read = apps(format!(r#"[{SHOP},{{"name":"blog"}},null]"#).as_bytes()).unwrap();
        assert_eq!((read.understood.len(), read.left_out), (1, 2));
        assert!(apps(b"{}").is_err());
    }

    #[test]
    fn an_app_without_an_id_or_with_an_impossible_name_is_not_understood() {
        for body in [r#"{"name":"shop"}"#, r#"{"id":"x","name":"Shop!"}"#, r#"{"id":"","name":"shop"}"#, "null"] {
            assert!(app(body.as_bytes()).is_err(), "{body}");
        }
    }
}
