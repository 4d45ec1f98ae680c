//! A file that is split: what it includes is read as if it were one with it, and each mistake names its own place.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use flyball_config::{Colour, FILES_MAX, Files, Located, read_files};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn files(folder: &Path) -> Files {
    Files::of(&folder.join("flyball.toml")).unwrap()
}

/// A monitor of this name, which calls these reactions.
fn monitor(name: &str, reactions: &str) -> String {
    format!("[[monitor]]\nname = \"{name}\"\nhttp = {{ url = \"https://a.example/\" }}\nreactions = [{reactions}]\n")
}

const RESTART: &str = "[[reaction]]\nname = \"restart\"\nrestart_all_dynos = { app = \"shop\", account = \"two\" }\n";

/// Where each is, in words: file, line, column, message, and the other place.
fn told(list: &[Located], folder: &Path) -> Vec<String> {
    let inside = |file: &str| file.trim_start_matches(&format!("{}/", folder.display())).to_owned();
    let of = |located: &Located| {
        let place = &located.place;
        let also = located.also.as_ref().map(|also| format!(" ({}:{})", inside(&also.file), also.line));
        let file = inside(&place.file);
        let message = inside(&located.message.replace(&format!("{}/", folder.display()), ""));
        format!("{file}:{}:{} {message}{}", place.line, place.column, also.unwrap_or_default())
    };
    list.iter().map(of).collect()
}

fn mistakes(folder: &TempDir) -> Vec<String> {
    let mistakes = read_files(&files(folder.path())).unwrap_err();
    told(&mistakes.iter().cloned().collect::<Vec<_>>(), folder.path())
}

fn warnings(folder: &TempDir) -> Vec<String> {
    let definitions = read_files(&files(folder.path())).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    told(&definitions.warnings.iter().cloned().collect::<Vec<_>>(), folder.path())
}

#[test]
fn a_file_is_split_and_what_one_names_may_stand_in_another() {
    let folder = folder(&[
        (
            "flyball.toml",
            &format!(
                "include = [\"monitors/*.toml\", \"reactions.toml\"]\nmode = \"dry_run\"\n{}",
                monitor("m", "\"restart\"")
            ),
        ),
        ("monitors/b.toml", &monitor("b", "\"restart\"")),
        ("monitors/a.toml", &monitor("a", "")),
        ("monitors/.b.toml.swp", "left by an editor"),
        ("monitors/notes.txt", "not ours"),
        ("reactions.toml", &format!("{RESTART}[heroku.accounts.two]\ntoken = {{ env = \"TWO\" }}\n")),
    ]);
    let definitions = read_files(&files(folder.path())).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let names: Vec<_> = definitions.monitors.iter().map(|monitor| monitor.name.as_str()).collect();
    assert_eq!(names, ["m", "a", "b"]);
    assert_eq!(definitions.reactions.len(), 1);
    assert_eq!(definitions.accounts.len(), 2);
    assert!(definitions.warnings.is_empty(), "{}", definitions.warnings);
}

#[test]
fn every_mistake_names_its_own_file_line_and_column_all_at_once() {
    let folder = folder(&[
        ("flyball.toml", "include = [\"*/*.toml\"]\nmood = 1\n"),
        ("monitors/a.toml", &format!("# a comment\n{}every = 3\n", monitor("a", "\"nobody\""))),
        ("monitors/b.toml", "x = \n[[monitor]\nname = \"b\"\n"),
    ]);
    assert_eq!(
        mistakes(&folder),
        [
            "flyball.toml:2:1 unknown key `mood`",
            "monitors/a.toml:5:14 no reaction is called \"nobody\"",
            "monitors/a.toml:6:9 `every`: a length of time without its unit",
            "monitors/b.toml:1:5 a value is missing",
            "monitors/b.toml:2:11 unclosed array table",
        ]
    );
    let mistakes = read_files(&files(folder.path())).unwrap_err();
    let text = mistakes.render(Colour::Plain);
    assert!(text.contains("monitors/a.toml:6:9\n"), "{text}");
    let json = serde_json::to_value(&mistakes).unwrap();
    assert_eq!((&json[1]["line"], &json[1]["column"]), (&5.into(), &14.into()));
    assert!(json[1]["file"].as_str().unwrap().ends_with("monitors/a.toml"), "{json}");
}

#[test]
fn names_are_unique_in_all_files_and_both_places_are_told() {
    let account = "[heroku.accounts.two]\ntoken = { env = \"TWO\" }\n";
    let folder = folder(&[
        ("flyball.toml", &format!("include = [\"more/*\"]\n{}{RESTART}{account}", monitor("a", "\"restart\""))),
        ("more/one.toml", &format!("\n{}", monitor("a", ""))),
        ("more/two.toml", &format!("{RESTART}{account}")),
    ]);
    assert_eq!(
        mistakes(&folder),
        [
            "more/one.toml:3:8 two monitors are called \"a\" (flyball.toml:3)",
            "more/two.toml:2:8 two reactions are called \"restart\" (flyball.toml:7)",
            "more/two.toml:4:18 two accounts are called \"two\" (flyball.toml:9)",
        ]
    );
    let mistakes = read_files(&files(folder.path())).unwrap_err();
    assert!(mistakes.render(Colour::Plain).contains("flyball.toml:3:8"), "{mistakes}");
    assert!(serde_json::to_value(&mistakes).unwrap()[0]["also"]["file"].as_str().unwrap().ends_with("flyball.toml"));
}

#[test]
fn what_holds_for_the_instance_stands_in_the_main_file_only_and_includes_do_not_nest() {
    let folder = folder(&[
        ("flyball.toml", "include = [\"more.toml\"]\n"),
        (
            "more.toml",
            "include = [\"x\"]\nmode = \"act\"\nown_app = \"me\"\n[limits]\n[network]\n[heroku]\ntoken = { env = \"A\" }\n",
        ),
    ]);
    assert_eq!(
        mistakes(&folder),
        [
            "more.toml:1:1 an included file includes others",
            "more.toml:2:1 `mode` in an included file",
            "more.toml:3:1 `own_app` in an included file",
            "more.toml:4:2 `limits` in an included file",
            "more.toml:5:2 `network` in an included file",
            "more.toml:7:1 the default account's `token` in an included file",
        ]
    );
}

#[test]
fn an_include_that_finds_nothing_is_a_warning_at_its_place() {
    let text = format!("include = [\n  \"here.toml\",\n  \"monitors/*.toml\",\n]\n{}", monitor("a", ""));
    let folder = folder(&[("flyball.toml", &text), ("here.toml", "")]);
    assert_eq!(warnings(&folder), ["flyball.toml:3:3 no file is included by this"]);
}

#[test]
fn a_wrong_include_is_a_mistake_at_its_place() {
    for (include, expected) in [
        ("\"a.toml\"", "flyball.toml:1:11 `include`: found text"),
        ("[1]", "flyball.toml:1:12 `include`: found a whole number"),
        ("[\"\"]", "flyball.toml:1:12 `include`: an empty pattern"),
        ("[\"a[.toml\"]", "flyball.toml:1:12 not a pattern of file names"),
    ] {
        let folder = folder(&[("flyball.toml", &format!("include = {include}\n{}", monitor("a", "")))]);
        assert_eq!(mistakes(&folder), [expected], "{include}");
    }
}

#[test]
fn a_file_is_read_once_whoever_finds_it_and_the_main_file_does_not_include_itself() {
    let main = format!("include = [\"*.toml\", \"a.toml\", \"../*/a.toml\"]\n{}", monitor("m", ""));
    let folder = folder(&[("flyball.toml", &main), ("a.toml", &monitor("a", ""))]);
    assert_eq!(read_files(&files(folder.path())).unwrap().monitors.len(), 2);
}

#[test]
fn there_are_at_most_so_many_files() {
    let folder = folder(&[("flyball.toml", "include = [\"m/*\"]\n")]);
    fs::create_dir(folder.path().join("m")).unwrap();
    (0..=FILES_MAX).for_each(|n| fs::write(folder.path().join(format!("m/{n}.toml")), "").unwrap());
    assert_eq!(mistakes(&folder), ["flyball.toml:1:12 too many files"]);
    fs::remove_file(folder.path().join("m/1.toml")).unwrap();
    assert_eq!(files(folder.path()).included().len(), FILES_MAX);
}

#[test]
fn a_secret_is_blotted_out_of_whichever_file_it_stands_in() {
    let secret = "HRKU-pl4nted-0123456789abcdefghijklmnop";
    let folder = folder(&[
        ("flyball.toml", "include = [\"more.toml\"]\n"),
        ("more.toml", &format!("[heroku.accounts.two]\ntoken = \"{secret}\" # here\n")),
    ]);
    assert_eq!(mistakes(&folder), ["more.toml:2:9 a secret stands in the file"]);
    assert!(!read_files(&files(folder.path())).unwrap_err().render(Colour::Plain).contains("pl4nted"));
}

#[test]
fn a_pipe_or_a_device_is_refused_and_not_waited_for() {
    let folder = folder(&[("flyball.toml", "include = [\"*.pipe\", \"null\"]\n")]);
    let pipe = folder.path().join("a.pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("null")).unwrap();
    assert_eq!(mistakes(&folder), ["flyball.toml:1:12 cannot read a.pipe", "flyball.toml:1:22 cannot read null"]);
    for main in [&pipe, &folder.path().join("null"), folder.path()] {
        let error = Files::of(main).unwrap_err().to_string();
        assert_eq!(error, "it is a folder, a pipe or a device, and no plain file", "{}", main.display());
    }
}

#[test]
fn a_link_to_a_plain_file_is_followed() {
    let folder = folder(&[("theirs", &monitor("a", ""))]);
    std::os::unix::fs::symlink("theirs", folder.path().join("flyball.toml")).unwrap();
    assert_eq!(read_files(&files(folder.path())).unwrap().monitors.len(), 1);
}

#[test]
fn two_looks_differ_by_whatever_file_was_changed_added_or_deleted() {
    let folder = folder(&[("flyball.toml", "include = [\"*.toml\"]\n"), ("a.toml", ""), ("b.toml", "")]);
    let path = |name: &str| folder.path().join(name);
    let mut before = files(folder.path());
    assert_eq!(files(folder.path()), before);
    let changes: [&dyn Fn(); 4] = [
        &|| fs::write(path("b.toml"), "# changed").unwrap(),
        &|| fs::write(path("c.toml"), "").unwrap(),
        &|| fs::remove_file(path("a.toml")).unwrap(),
        &|| fs::rename(path("c.toml"), path("d.toml")).unwrap(),
    ];
    for change in changes {
        change();
        let after = files(folder.path());
        assert_ne!(after, before);
        before = after;
    }
}
