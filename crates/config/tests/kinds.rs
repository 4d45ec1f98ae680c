//! Every kind ships what a kind must ship, and every example of it is valid.

use flyball_config::{Colour, read};
use std::fs;
use std::path::Path;

/// A file with this kind of monitor or reaction in it, however it was made.
fn file(monitor: &str, reaction: &str) -> String {
    // What is told by a drain wants one that comes in.
    let receive = "[receive.apps.shop]\njudoscale = true\n\n";
    format!(
        "{receive}[[monitor]]\nname = \"m\"\n{monitor}\nreactions = [\"r\"]\n\n[[reaction]]\nname = \"r\"\n{reaction}\n"
    )
}

const MONITOR: &str = "tcp = { address = \"db.example.com:5432\" }";
const LOAD: &str = "heroku_router = { app = \"shop\", measure = \"busy\" }";
const REACTION: &str = "restart_all_dynos = { app = \"shop\" }";

/// Each kind: its word, its example, and a file that holds it.
fn kinds() -> Vec<(&'static str, String)> {
    let monitors = flyball_monitors::Kind::descriptions().into_iter().map(|kind| {
        let line = format!("{} = {}", kind.word, kind.example);
        (kind.word, file(&line, REACTION))
    });
    let reactions = flyball_reactions::Kind::descriptions().into_iter().map(|kind| {
        let line = format!("{} = {}", kind.word, kind.example);
        // What scales to a load wants a monitor that measures one.
        (kind.word, file(if kind.word == "scale_to" { LOAD } else { MONITOR }, &line))
    });
    let channels = flyball_channels::Kind::descriptions().into_iter().map(|kind| {
        let channel = format!("[[channel]]\nname = \"c\"\n{} = {}\n\n", kind.word, kind.example);
        (kind.word, format!("{channel}[notify]\ndefault = [\"c\"]\n\n{}", file(MONITOR, REACTION)))
    });
    monitors.chain(reactions).chain(channels).collect()
}

#[test]
fn the_example_of_every_kind_is_valid() {
    for (word, text) in kinds() {
        let definitions = read("flyball.toml", &text).unwrap_or_else(|mistakes| panic!("{word}\n{mistakes}"));
        let of_channel = definitions.channels.first().map(|channel| channel.kind.word());
        assert!(definitions.warnings.is_empty(), "{word}\n{}", definitions.warnings);
        let words = [definitions.monitors[0].kind.word(), definitions.reactions[0].kind.word()];
        assert!(words.contains(&word) || of_channel == Some(word), "{word} is read as itself");
    }
}

#[test]
fn every_field_has_a_doc_and_says_what_it_takes() {
    let monitors = flyball_monitors::Kind::descriptions().into_iter().flat_map(|kind| kind.fields);
    let reactions = flyball_reactions::Kind::descriptions().into_iter().flat_map(|kind| kind.fields);
    let channels = flyball_channels::Kind::descriptions().into_iter().flat_map(|kind| kind.fields);
    for field in monitors.chain(reactions).chain(channels) {
        assert!(!field.doc.is_empty() && !field.takes.is_empty(), "{field:?}");
        assert!(!field.doc.ends_with('.'), "a doc is a fragment: {field:?}");
    }
}

#[test]
fn every_kind_has_a_wrong_file_with_its_message() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let missing: Vec<&str> = kinds()
        .into_iter()
        .map(|(word, _)| word)
        .filter(|word| ["toml", "txt"].iter().any(|end| !folder.join(format!("kind_{word}.{end}")).exists()))
        .collect();
    assert!(missing.is_empty(), "no tests/mistakes/kind_KIND.toml with its .txt for {missing:?}");
    for (word, _) in kinds() {
        let text = fs::read_to_string(folder.join(format!("kind_{word}.toml"))).unwrap();
        let mistakes = read("flyball.toml", &text).expect_err(word);
        assert!(text.contains(&format!("{word} = ")), "{word}");
        assert!(mistakes.render(Colour::Plain).contains(word), "{word}\n{mistakes}");
    }
}

#[test]
fn a_table_in_one_line_and_a_section_of_its_own_say_the_same() {
    let short = file(MONITOR, REACTION);
    let long = "[receive.apps.shop]\njudoscale = true\n[[reaction]]\nname = \"r\"\n[reaction.restart_all_dynos]\napp = \"shop\"\n\n\
        [[monitor]]\nname = \"m\"\nreactions = [\"r\"]\n[monitor.tcp]\naddress = \"db.example.com:5432\"\n";
    let [short, long] = [&short, long].map(|text| read("flyball.toml", text).unwrap());
    assert_eq!(short, long);
}
