//! Sealed secrets: each opens at the place that it was sealed for, and stands nowhere else.

use crate::entries::Entry;
use crate::found::Found;
use flyball_sealed::{place, place_of};
use flyball_settings::{Mistake, Node, Table, Value};

/// Tells each sealed secret of an entry that is none, or belongs elsewhere.
pub(crate) fn misplaced(family: &str, entry: &Entry<'_>, found: &mut Vec<Found>) {
    let (Some((kind, table, _)), Some((name, _))) = (&entry.kind, &entry.name) else { return };
    within(table, kind, &mut |field, sealed, node| {
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

/// Every sealed value below a table, with its path. Tables are as deep as the parser lets them be.
fn within(table: &Table, path: &str, see: &mut impl FnMut(&str, &str, &Node)) {
    for (key, node) in &table.entries {
        let Value::Table(below) = &node.value else { continue };
        let path = format!("{path}.{}", key.name);
        match below.entries.as_slice() {
            [(key, Node { value: Value::Text(sealed), .. })] if key.name == "sealed" => see(&path, sealed, node),
            _ => within(below, &path, see),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

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
