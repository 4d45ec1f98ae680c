//! What files define, each monitor and each reaction by itself.

use crate::{Files, Form};
use flyball_model::Family;
use toml::{Table, Value};

/// A monitor or a reaction that stands in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Defined<'f> {
    /// What it is.
    pub family: Family,
    /// What it is called.
    pub name: String,
    /// The file in which it stands.
    pub file: &'f str,
    entry: Value,
}

impl Defined<'_> {
    /// Its text, which a file could have: one `[[monitor]]` or `[[reaction]]`, written anew and so without remarks.
    #[must_use]
    pub fn text(&self) -> String {
        let entries = Value::Array(vec![self.entry.clone()]);
        let whole: Table = [(self.family.word().to_owned(), entries)].into_iter().collect();
        toml::to_string(&whole).unwrap_or_default()
    }
}

impl Files {
    /// The monitors of all files, and then their reactions, each in the order of the files; without what is made in pages.
    #[must_use]
    pub fn defined(&self) -> Vec<Defined<'_>> {
        let of_files = std::iter::once(&self.main).chain(&self.included);
        let read: Vec<(&str, Table)> =
            of_files.filter_map(|file| Some((file.name.as_str(), file.text.parse().ok()?))).collect();
        let of_family = |family: Family| {
            read.iter().flat_map(move |(file, table)| {
                let entries = table.get(family.word()).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                entries.iter().filter_map(move |entry| {
                    let name = entry.get("name")?.as_str()?.trim().to_owned();
                    Some(Defined { family, name, file, entry: entry.clone() })
                })
            })
        };
        of_family(Family::Monitor).chain(of_family(Family::Reaction)).collect()
    }
}

impl Form {
    /// The word of the kind that the one monitor or reaction of a text has; none where that cannot be read.
    #[must_use]
    pub fn kind_of_piece(&self, family: Family, text: &str) -> Option<&'static str> {
        let root: Table = text.parse().ok()?;
        let entry = root.get(family.word())?.as_array()?.first()?.as_table()?;
        self.kinds.iter().map(|kind| kind.word).find(|word| entry.contains_key(*word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::File;

    const MONITOR: &str = "[[monitor]]\nname = \"a\"\n\n[monitor.http]\nurl = \"https://a.example/\"\n";
    const REACTION: &str = "[[reaction]]\nname = \"a\"\n\n[reaction.restart_all_dynos]\napp = \"shop\"\n";

    #[test]
    fn each_monitor_and_reaction_of_the_files_is_told_as_a_text_that_says_the_same() {
        let main = format!("# Ours\ninclude = [\"more.toml\"]\n{REACTION}{MONITOR}");
        let more = MONITOR.replace("\"a\"", "\"b\"");
        let included = vec![File { name: "more.toml".to_owned(), text: more.clone() }];
        let files = Files { included, ..Files::one("flyball.toml", &main) };
        let files = files.with_made([(Family::Monitor, "c", "[[monitor]]\nname = \"c\"\n")]);
        let told = files.defined().iter().map(|one| (one.file, one.text())).collect::<Vec<_>>();
        let expected =
            [("flyball.toml", MONITOR.to_owned()), ("more.toml", more), ("flyball.toml", REACTION.to_owned())];
        assert_eq!(told, expected);
    }

    #[test]
    fn the_kind_of_a_text_is_the_key_that_is_one() {
        for (family, text, expected) in [
            (Family::Monitor, MONITOR, Some("http")),
            (Family::Reaction, REACTION, Some("restart_all_dynos")),
            (Family::Monitor, REACTION, None),
            (Family::Monitor, "[[monitor]]\nname = \"a\"\n", None),
            (Family::Monitor, "no TOML", None),
        ] {
            assert_eq!(Form::of(family).kind_of_piece(family, text), expected, "{text}");
        }
    }
}
