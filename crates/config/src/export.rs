//! Everything as one text: files, and what is made in pages.

use crate::{Files, read_files};
use toml::{Table, Value};

impl Files {
    /// One file that says what these say, with what they are read with. As it was written where one text can simply follow another,
    /// and else made anew, without remarks. `None` where one of them is no TOML.
    #[must_use]
    pub fn exported(&self) -> Option<String> {
        let texts = || self.texts().map(|text| format!("{}\n", text.trim_end()));
        let following = texts().filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join("\n");
        let is_one = self.included.is_empty() && read_files(&Self::one("", &following)).is_ok();
        if is_one {
            return Some(following);
        }
        let mut whole = Table::new();
        for text in self.texts() {
            merge(&mut whole, text.parse().ok()?);
        }
        // What it named is in it.
        whole.remove("include");
        toml::to_string(&whole).ok()
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let of_files = std::iter::once(&self.main).chain(&self.included);
        of_files.chain(self.made.iter().map(|made| &made.file)).map(|file| file.text.as_str())
    }
}

/// Lists follow each other, and tables have the keys of both.
fn merge(whole: &mut Table, part: Table) {
    for (key, value) in part {
        match (whole.get_mut(&key), value) {
            (Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
            (Some(Value::Table(all)), Value::Table(more)) => merge(all, more),
            (_, value) => {
                whole.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{File, read};
    use flyball_model::Family::Monitor;

    const MAIN: &str =
        "# Ours\nmode = \"dry_run\"\n\n[[monitor]]\nname = \"a\"\nhttp = { url = \"https://a.example/\" }\n";

    fn piece(name: &str) -> String {
        format!("[[monitor]]\nname = \"{name}\"\nhttp = {{ url = \"https://a.example/\" }}\n")
    }

    #[test]
    fn what_is_exported_says_the_same_in_one_file() {
        let one = Files::one("flyball.toml", MAIN);
        let text = "[heroku.accounts.two]\ntoken = { env = \"TWO\" }\n[[monitor]]\nname = \"b\"\nheroku_dynos = { app = \"shop\", account = \"two\" }\n";
        let included = vec![File { name: "more.toml".to_owned(), text: text.to_owned() }];
        let main = format!("include = [\"more.toml\"]\n{MAIN}[heroku]\ntoken = {{ env = \"ONE\" }}\n");
        let two = Files { included, ..Files::one("flyball.toml", &main) };
        let inline =
            piece("c").replace("[[monitor]]\n", "monitor = [{ ").replace("\nhttp", ", http").replace(" }\n", " }}]\n");
        for (case, files, made, keeps_remarks) in [
            ("a file", &one, piece("c"), true),
            ("a file and what it includes", &two, piece("c"), false),
            ("a piece that cannot follow", &one, inline.replace("}}]", "} }]"), false),
        ] {
            let files = files.with_made([(Monitor, "c", made.as_str())]);
            let expected = read_files(&files).unwrap_or_else(|mistakes| panic!("{case}: {mistakes}"));
            let exported = files.exported().expect("all of it is TOML");
            let again = read("", &exported).unwrap_or_else(|mistakes| panic!("{case}: {mistakes}"));
            assert_eq!(
                (again.monitors, again.accounts, again.settings),
                (expected.monitors, expected.accounts, expected.settings),
                "{case}"
            );
            assert_eq!(exported.contains("# Ours"), keeps_remarks, "{case}: {exported}");
        }
    }
}
