//! What is made in pages comes into force beside the file, and the file is what holds.

use flyball_config::{Files, Mistakes, piece, read_files, read_with_made};
use flyball_model::Family::{self, Monitor, Reaction};

/// A monitor of this name, which calls these reactions.
fn monitor(name: &str, reactions: &str) -> String {
    format!("[[monitor]]\nname = \"{name}\"\nhttp = {{ url = \"https://a.example/\" }}\nreactions = [{reactions}]\n")
}

/// A reaction of this name, with these lines more.
fn reaction(name: &str, more: &str) -> String {
    format!("[[reaction]]\nname = \"{name}\"\n{more}restart_all_dynos = {{ app = \"shop\" }}\n")
}

fn with(file: &str, pieces: &[(Family, &str, String)]) -> Files {
    let pieces = pieces.iter().map(|(family, name, text)| (*family, *name, text.as_str()));
    Files::one("flyball.toml", file).with_made(pieces)
}

#[test]
fn what_is_made_holds_beside_the_file_and_what_does_not_fit_is_left_out() {
    let page = |reactions| (Monitor, "page", monitor("page", reactions));
    let cause = "causes = [\"dyno\"]\n";
    for (case, file, pieces, in_force, left_out) in [
        ("nothing is made", monitor("a", ""), vec![], "a", ""),
        ("a monitor", monitor("a", ""), vec![page("")], "a page*", ""),
        ("a monitor that calls the file's reaction", reaction("r", ""), vec![page("\"r\"")], "page* r", ""),
        ("both", String::new(), vec![page("\"r\""), (Reaction, "r", reaction("r", ""))], "page* r*", ""),
        ("the file has the name", monitor("page", ""), vec![page("")], "page", "page"),
        ("the reaction is gone", monitor("a", ""), vec![page("\"r\"")], "a", "page"),
        ("one of two fits", monitor("a", ""), vec![page("\"r\""), (Monitor, "b", monitor("b", ""))], "a b*", "page"),
        (
            "whoever needs what is left out is left out",
            String::new(),
            vec![page("\"r\""), (Reaction, "r", "[[reaction]]\nname = \"r\"\n".to_owned())],
            "",
            "r page",
        ),
        (
            "the mistake is in the file, and the piece its reason",
            format!("{}{}", monitor("a", ""), reaction("r", cause)),
            vec![(Monitor, "b", monitor("b", "")), page("\"r\""), (Monitor, "c", monitor("c", ""))],
            "a b* c* r",
            "page",
        ),
        (
            "more than a piece may have",
            String::new(),
            vec![(Monitor, "page", format!("mode = \"dry_run\"\n{}", monitor("page", "")))],
            "",
            "page",
        ),
        ("no TOML", monitor("a", ""), vec![(Monitor, "b", "[[monitor]\nname =".to_owned())], "a", "b"),
    ] {
        let definitions = read_with_made(&with(&file, &pieces)).unwrap_or_else(|mistakes| panic!("{case}: {mistakes}"));
        let star = |is_made| if is_made { "*" } else { "" };
        let monitors = definitions
            .monitors
            .iter()
            .map(|monitor| format!("{}{}", monitor.name, star(definitions.is_made_monitor(monitor.id))));
        let reactions = definitions
            .reactions
            .iter()
            .map(|reaction| format!("{}{}", reaction.name, star(definitions.is_made_reaction(reaction.id))));
        assert_eq!(monitors.chain(reactions).collect::<Vec<_>>().join(" "), in_force, "{case}");
        let out: Vec<&str> = definitions.left_out.iter().map(|out| out.name.as_str()).collect();
        assert_eq!(out.join(" "), left_out, "{case}");
        assert!(definitions.left_out.iter().all(|out| !out.mistakes.is_empty()), "{case}");
    }
}

#[test]
fn a_file_with_mistakes_is_refused_with_its_own_only() {
    let files = with("mode = \"loud\"\n", &[(Monitor, "b", monitor("other", ""))]);
    let mistakes = read_with_made(&files).unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes}");
    assert_eq!(read_files(&files).unwrap_err().len(), 2, "all at once where both are asked about");
}

#[test]
fn what_is_made_plays_no_part_in_which_file_is_the_newest() {
    let alone = Files::one("flyball.toml", "mode = \"act\"\n");
    let with = with("mode = \"act\"\n", &[(Monitor, "page", monitor("page", ""))]);
    assert_eq!((with.hash(), with.kept()), (alone.hash(), alone.kept()));
}

/// What is wrong: the key that it is about, and the message.
fn told(mistakes: &Mistakes) -> String {
    let one =
        |mistake: &flyball_config::Located| format!("{}: {}", mistake.key.as_deref().unwrap_or("-"), mistake.message);
    mistakes.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_piece_is_one_monitor_or_reaction_of_its_name_and_nothing_else() {
    for (family, text, expected) in [
        (Monitor, monitor("page", "\"elsewhere\""), ""),
        (Reaction, reaction("page", ""), ""),
        (Monitor, "[[monitor]]\nname = \"page\"\n[monitor.http]\nurl = \"https://a.example/\"\n".to_owned(), ""),
        (Monitor, String::new(), "-: there is no monitor here"),
        (Monitor, reaction("page", ""), "-: there is no monitor here; -: `reaction` beside the monitor"),
        (Monitor, monitor("pag", ""), "name: this is not its name"),
        (Monitor, monitor("page", "").repeat(2), "-: a second monitor; name: two monitors are called \"page\""),
        (Monitor, format!("own_app = \"shop\"\n{}", monitor("page", "")), "-: `own_app` beside the monitor"),
        (Monitor, "[[monitor]]\nhttp = { url = \"https://a.example/\" }".to_owned(), "name: `name` is missing"),
        (Monitor, "[[monitor]]\nname = \"page\"\nhttp = {}".to_owned(), "http.url: `url` is missing"),
        (Monitor, "[[monitor]]\nname = \"page\"\n[monitor.http]\n".to_owned(), "http.url: `url` is missing"),
        (
            Monitor,
            monitor("page", "7, \"r\"").replace("https://a.example/", "here").replace("name", "every = 5\nname"),
            "every: `every`: a length of time without its unit; http.url: `url`: the URL does not begin with http:// or https://; \
             reactions: `reactions`: found a whole number",
        ),
        (
            Monitor,
            "[[monitor]]\nname = \"page\"\nhttps = 5\nhttp = { url = \"https://a.example/\" }".to_owned(),
            "https: unknown key `https`",
        ),
    ] {
        let told = piece(family, "page", &text).map_or_else(|mistakes| told(&mistakes), |()| String::new());
        assert_eq!(told, expected, "{text}");
    }
}
