//! Settings that one reaction is to have in place of its own, for whoever asks what would be: read as if they stood in the file, so that
//! what is wrong with them is told as it is there.

use crate::entries::{Family, SAME};
use crate::files::{Altered, File, Files};
use crate::{Definitions, Mistakes, read_files, read_with_made};
use flyball_model::ReactionName;
use flyball_settings::{Key, Node, Table, Value};
use std::fmt;
use toml::de::DeTable;

/// What the settings are called in messages, as a file is.
const FILE: &str = "--with";
/// More than a reaction has.
const ALTERATIONS_MAX: usize = 64;

/// A setting, and what it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alteration {
    field: String,
    value: String,
}

impl std::str::FromStr for Alteration {
    type Err = String;

    /// `max_quantity=6`; a value that is no TOML by itself, such as `5m`, is text.
    fn from_str(text: &str) -> Result<Self, String> {
        let (field, value) = text.split_once('=').ok_or("expected FIELD=VALUE, such as max_quantity=6")?;
        let (field, value) = (field.trim(), value.trim());
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit();
        if field.is_empty() || !field.bytes().all(is_plain) {
            return Err("expected the name of a setting before the `=`, such as max_quantity=6".to_owned());
        }
        if field == "name" {
            return Err("a reaction of another name is another reaction".to_owned());
        }
        Ok(Self { field: field.to_owned(), value: as_toml(value) })
    }
}

impl fmt::Display for Alteration {
    /// As it was given, with its value as it stands in a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.field, self.value)
    }
}

/// The value as it stands in a file.
fn as_toml(value: &str) -> String {
    let line = format!("x = {value}");
    let is_one = matches!(DeTable::parse(&line), Ok(table) if table.get_ref().len() == 1);
    if is_one && !value.contains('\n') {
        return value.to_owned();
    }
    let mut text = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => text.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// Why settings cannot be altered.
#[derive(Debug)]
pub enum NotAltered {
    /// A setting is given twice, or there are too many.
    Given(String),
    /// What is wrong with the whole then.
    Mistakes(Box<Mistakes>),
}

impl fmt::Display for NotAltered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(what) => f.write_str(what),
            Self::Mistakes(mistakes) => write!(f, "{} mistakes", mistakes.len()),
        }
    }
}

impl Files {
    /// What they define where a reaction has these settings in place of its own, or beside them.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it then, as it is told of a file.
    pub fn altered(&self, reaction: &ReactionName, alterations: &[Alteration]) -> Result<Definitions, NotAltered> {
        if alterations.len() > ALTERATIONS_MAX {
            return Err(NotAltered::Given(format!("expected {ALTERATIONS_MAX} settings at most")));
        }
        let mut text = String::new();
        for (nth, Alteration { field, value }) in alterations.iter().enumerate() {
            if alterations[..nth].iter().any(|before| before.field == *field) {
                return Err(NotAltered::Given(format!("`{field}` is given twice")));
            }
            text.push_str(&format!("{field} = {value}\n"));
        }
        let file = File { name: FILE.to_owned(), text };
        let altered = Some(Altered { reaction: reaction.to_string(), file });
        let wrong = |mistakes| NotAltered::Mistakes(Box::new(mistakes));
        let left_out = read_with_made(self).map_err(wrong)?.left_out;
        let mut files = Self { altered, ..self.clone() };
        files.made.retain(|made| !left_out.iter().any(|out| out.family == made.family && out.name == made.name));
        read_files(&files).map_err(wrong)
    }
}

/// Puts what stands in the last of these into the reaction of this name: what every reaction has beside its name, everything else among
/// the settings of its kind.
pub(crate) fn alter(roots: &mut [Table], reaction: &str, family: &Family) {
    let Some((altered, roots)) = roots.split_last_mut() else { return };
    let lists = roots.iter_mut().flat_map(|root| &mut root.entries).filter(|(key, _)| key.name == family.word);
    let nodes = lists.flat_map(|(_, node)| match &mut node.value {
        Value::List(nodes) => nodes.as_mut_slice(),
        _ => &mut [],
    });
    let tables = nodes.filter_map(|node| match &mut node.value {
        Value::Table(table) => Some(table),
        _ => None,
    });
    let is_named = |table: &Table| matches!(table.get("name"), Some((_, Node { value: Value::Text(name), .. })) if name.trim() == reaction);
    for table in tables.filter(|table| is_named(table)) {
        for (key, node) in &altered.entries {
            put(table, key, node, family);
        }
    }
    // It was read as a part of the reaction, and is nothing by itself.
    altered.entries.clear();
}

fn put(table: &mut Table, key: &Key, node: &Node, family: &Family) {
    let is_common = family.fields.contains(&key.name.as_str());
    let kind = table.entries.iter().position(|(key, _)| family.kinds.contains(&key.name.as_str()));
    let into = match kind.filter(|_| !is_common) {
        Some(kind) => match &mut table.entries[kind].1.value {
            Value::Table(settings) => settings,
            // Of a kind that is no table it is told what is wrong, whatever it has beside.
            _ => return,
        },
        None => table,
    };
    let is_other_word =
        |other: &str| SAME.iter().any(|same| same.contains(&other) && same.contains(&key.name.as_str()));
    into.entries.retain(|(there, _)| there.name != key.name && !is_other_word(&there.name));
    into.entries.push((key.clone(), node.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const TEXT: &str = "[defaults.reaction]\ncooldown = \"10m\"\n\
        [[monitor]]\nname = \"busy\"\nheroku_router = { app = \"shop\", measure = \"busy\" }\nreactions = [\"enough\"]\n\
        [receive.apps.shop]\n\
        [[reaction]]\nname = \"enough\"\nscale_to = { app = \"shop\", per_dyno = 3.5, min_quantity = 2, max_quantity = 10 }\n\
        [[reaction]]\nname = \"anew\"\nfrequency = \"5m\"\n[reaction.restart_all_dynos]\napp = \"shop\"\n";

    fn altered(reaction: &str, with: &[&str]) -> Result<Definitions, NotAltered> {
        let with: Vec<Alteration> = with.iter().map(|text| text.parse().unwrap()).collect();
        Files::one("flyball.toml", TEXT).altered(&reaction.parse().unwrap(), &with)
    }

    #[test]
    fn a_reaction_has_other_settings_and_all_else_is_as_it_was() {
        let plain = crate::read("flyball.toml", TEXT).unwrap();
        let same = altered("enough", &[]).unwrap();
        assert_eq!((&same.monitors, &same.reactions), (&plain.monitors, &plain.reactions));
        let text = "max_in=2;max_quantity=6;stabilize=10m;slack=20%;cooldown=1m;without_data={ at_least = 3 }";
        let other = altered("enough", &text.split(';').collect::<Vec<_>>()).unwrap();
        let written = TEXT.replace(
            "max_quantity = 10",
            "max_quantity = 6, max_in = 2, stabilize = \"10m\", slack = \"20%\", without_data = { at_least = 3 }",
        );
        let written = written.replace("name = \"enough\"\n", "name = \"enough\"\ncooldown = \"1m\"\n");
        assert_eq!(other.reactions, crate::read("flyball.toml", &written).unwrap().reactions);
        let anew = altered("anew", &["cooldown=1h", "settle=\"2m\""]).unwrap();
        let policy = &anew.reactions[1].policy;
        assert_eq!((policy.cooldown, policy.settle), (Duration::from_secs(3600), Duration::from_secs(120)));
    }

    #[test]
    fn what_is_wrong_with_a_setting_is_told_as_in_a_file() {
        for (with, words) in [
            (&["max_quantity=six"][..], "--with:1:"),
            (&["max_quantity=1"], "`min_quantity` is above `max_quantity`"),
            (&["max_in=2", "max_quantty=6"], "--with:2:1"),
            (&["between=[\"20ms\", \"90ms\"]"], "both `per_dyno` and `between`"),
            (&["max_in=1", "max_in=2"], "`max_in` is given twice"),
        ] {
            let told = match altered("enough", with).unwrap_err() {
                NotAltered::Given(words) => words,
                NotAltered::Mistakes(mistakes) => mistakes.render(crate::Colour::Plain),
            };
            assert!(told.contains(words), "{with:?}: {told}");
        }
    }

    #[test]
    fn a_setting_is_a_field_and_a_value() {
        for (text, expected) in [
            ("max_quantity=6", Ok(("max_quantity", "6"))),
            ("cooldown = 5m", Ok(("cooldown", "\"5m\""))),
            ("during=Mon-Fri 08:00-20:00 UTC", Ok(("during", "\"Mon-Fri 08:00-20:00 UTC\""))),
            ("mode=a\"b\\c\n", Ok(("mode", "\"a\\\"b\\\\c\""))),
            ("x=1\ny=2", Ok(("x", "\"1\\u000Ay=2\""))),
            ("slack=\"5%\"", Ok(("slack", "\"5%\""))),
            ("max_quantity", Err("expected FIELD=VALUE, such as max_quantity=6")),
            ("a.b=1", Err("expected the name of a setting before the `=`, such as max_quantity=6")),
            ("name=x", Err("a reaction of another name is another reaction")),
        ] {
            let read = text.parse::<Alteration>();
            if let Ok(read) = &read {
                assert_eq!(read.to_string().parse().as_ref(), Ok(read), "{text:?} is the same when it is told on");
            }
            let read = read.as_ref().map(|of| (of.field.as_str(), of.value.as_str())).map_err(String::as_str);
            assert_eq!(read, expected, "{text:?}");
        }
    }
}
