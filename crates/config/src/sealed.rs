//! Sealed secrets: each opens at the place that it was sealed for, and stands nowhere else. What is typed into a form as
//! `{ seal = "…" }` is sealed for its place before anything else is done with it.

use crate::document::document;
use crate::entries::Entry;
use crate::found::Found;
use flyball_model::Family;
use flyball_sealed::{place, place_of};
use flyball_settings::{Mistake, Node, Table, Value};
use secrecy::SecretString;

/// Tells each sealed secret of an entry that is none, or belongs elsewhere.
pub(crate) fn misplaced(family: &str, entry: &Entry<'_>, found: &mut Vec<Found>) {
    let (Some((kind, table, _)), Some((name, _))) = (&entry.kind, &entry.name) else { return };
    within(table, kind, "sealed", &mut |field, sealed, node| {
        let own = place(family, name, field);
        let (message, label) = match place_of(sealed) {
            Some(place) if place == own => return,
            Some(place) => (format!("this secret was sealed for {place}"), format!("expected one for {own}")),
            None => ("this is no sealed secret, or only a part of one".to_owned(), "expected it whole".to_owned()),
        };
        let seal = format!("seal it for this place: `flyball secret seal {family} \"{name}\" {field}`");
        found.push(Mistake::new(node.span.clone(), message, label).hint(seal).into());
    });
}

/// The text of a piece with every `{ seal = "…" }` as `{ sealed = "…" }`, by what seals a secret for a place, and the last reason why
/// that was refused. The secret that it was refused for is not in the text any more.
pub fn seal<E>(
    family: Family,
    text: &str,
    mut seal: impl FnMut(&str, &SecretString) -> Result<String, E>,
) -> (String, Option<E>) {
    let root = document(text, 0).root;
    let Some((_, Node { value: Value::List(entries), .. })) = root.get(family.word()) else {
        return (text.to_owned(), None);
    };
    let (mut sealed, mut refused) = (Vec::new(), None);
    for entry in entries {
        let Value::Table(entry) = &entry.value else { continue };
        let Some((_, Node { value: Value::Text(name), .. })) = entry.get("name") else { continue };
        for (key, node) in &entry.entries {
            let Value::Table(settings) = &node.value else { continue };
            within(settings, &key.name, "seal", &mut |field, secret, node| {
                let place = place(family.word(), name, field);
                let instead = match seal(&place, &SecretString::from(secret)) {
                    Ok(sealed) => format!("{{ sealed = \"{sealed}\" }}"),
                    Err(error) => {
                        refused = Some(error);
                        "{ seal = \"\" }".to_owned()
                    }
                };
                sealed.push((node.span.clone(), instead));
            });
        }
    }
    // From the end, so that what comes before stays where it is.
    sealed.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let text = sealed.into_iter().fold(text.to_owned(), |mut text, (span, instead)| {
        text.replace_range(span, &instead);
        text
    });
    (text, refused)
}

/// Every value below a table that is `{ word = "…" }`, with its path. Tables are as deep as the parser lets them be.
fn within(table: &Table, path: &str, word: &str, see: &mut impl FnMut(&str, &str, &Node)) {
    for (key, node) in &table.entries {
        let Value::Table(below) = &node.value else { continue };
        let path = format!("{path}.{}", key.name);
        match below.entries.as_slice() {
            [(key, Node { value: Value::Text(text), .. })] if key.name == word => see(&path, text, node),
            _ => within(below, &path, word, see),
        }
    }
}

#[cfg(test)]
mod tests {
    use flyball_model::Family;
    use secrecy::{ExposeSecret as _, SecretString};

    #[test]
    fn what_is_typed_to_be_sealed_is_sealed_for_its_place_and_nothing_else_changes() {
        let text = |first: &str, second: &str| {
            format!(
                "# ours\n[[monitor]]\nname = \"page\"\n[monitor.http]\nurl = \"http://127.0.0.1/\" # there\n\
                 headers = {{ x-key = {first}, accept = \"a\", cookie = {second} }}\n"
            )
        };
        let typed = text("{ seal = \"pl4nted\" }", "{ seal = \"\" }");
        let mut places = Vec::new();
        let (sealed, refused) = super::seal(Family::Monitor, &typed, |place, secret| {
            places.push(place.to_owned());
            match secret.expose_secret() {
                "" => Err("empty"),
                secret => Ok(format!("v1.{}", secret.len())),
            }
        });
        assert_eq!(sealed, text("{ sealed = \"v1.7\" }", "{ seal = \"\" }"));
        assert_eq!(refused, Some("empty"));
        let field = |header| flyball_sealed::place("monitor", "page", &format!("http.headers.{header}"));
        assert_eq!(places, [field("x-key"), field("cookie")]);

        let (blotted, _) = super::seal(Family::Monitor, &typed, |_, _| Err::<String, _>("no key"));
        assert!(!blotted.contains("pl4nted"), "{blotted}");
        for other in ["[[monitor]\nname", "", "[[reaction]]\nname = \"x\"\n"] {
            assert_eq!(super::seal(Family::Monitor, other, |_, _| Err::<String, _>(())), (other.to_owned(), None));
        }
    }

    #[test]
    fn a_sealed_secret_stands_at_its_place_and_nowhere_else() {
        let key = SecretString::from("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let keys = flyball_sealed::Keys::of(Some(&key), None).unwrap();
        let place = flyball_sealed::place("monitor", "page", "http.headers.x-key");
        let sealed = keys.seal(&place, &SecretString::from("pl4nted"), [1; flyball_sealed::NONCE_BYTES]).unwrap();
        for (name, header, sealed, words) in [
            ("page", "x-key", sealed.as_str(), None),
            ("other", "x-key", &sealed, Some("was sealed for monitor \"page\" http.headers.x-key")),
            ("page", "cookie", &sealed, Some("was sealed for monitor \"page\" http.headers.x-key")),
            ("page", "x-key", &sealed[..20], Some("only a part of one")),
            ("page", "x-key", "TOKEN", Some("no sealed secret")),
        ] {
            let text = format!(
                "[[monitor]]\nname = \"{name}\"\nhttp = {{ url = \"http://127.0.0.1/\", headers = {{ {header} = {{ sealed = \"{sealed}\" }} }} }}\n"
            );
            let told = crate::read("flyball.toml", &text).err().map(|wrong| wrong.render(crate::Colour::Plain));
            match (words, told) {
                (None, None) => {}
                (Some(words), Some(told)) => assert!(told.contains(words), "{told}"),
                (expected, told) => panic!("{name} {header}: {expected:?}, {told:?}"),
            }
        }
    }
}
