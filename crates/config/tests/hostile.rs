//! Whatever a file holds, reading it ends, nothing panics, and what is told can be shown.

use flyball_config::{Colour, Cost, FILE_BYTES_MAX, Mistakes, Severity, cost, read, starting_file};
use proptest::prelude::*;

const FRAGMENTS: &[&str] = &[
    "[[monitor]]\n",
    "[[reaction]]\n",
    "[monitor]\n",
    "[monitor.http]\n",
    "[heroku.accounts.a]\n",
    "[heroku]\n",
    "name = \"a\"\n",
    "name = ",
    "http = { url = \"https://a.example.com/\" }\n",
    "http.url = \"https://a.example.com/\"\n",
    "reactions = [\"a\", \n",
    "]\n",
    "}",
    "{",
    "\"\"\"",
    "'",
    "\"",
    "\\",
    "every = 30s\n",
    "= ",
    ".",
    ",",
    "# HRKU-0123456789abcdefghijklmn\n",
    "token = é\"ü\n",
    "token = \"\"\"\na\"\"\"\n",
    "\r\n",
    "\n",
    "\t",
    "\u{feff}",
    "\u{0}",
    "😀",
    "99999999999999999999",
    "1e999",
    "nan",
];

fn shown(result: Result<flyball_config::Definitions, Mistakes>) {
    let mistakes = match result {
        Ok(definitions) => definitions.warnings,
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            mistakes
        }
    };
    let plain = mistakes.render(Colour::Plain);
    assert!(!plain.chars().any(|c| c.is_control() && c != '\n'), "{plain:?}");
    assert!(mistakes.render(Colour::Ansi).len() >= plain.len());
    assert!(serde_json::to_string(&mistakes).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_to_an_end(text in any::<String>()) {
        shown(read("flyball.toml", &text));
    }

    #[test]
    fn any_order_of_fragments_is_read_to_an_end(picked in proptest::collection::vec(0..FRAGMENTS.len(), 0..40)) {
        let text: String = picked.into_iter().map(|fragment| FRAGMENTS[fragment]).collect();
        shown(read("flyball.toml", &text));
    }

    #[test]
    fn a_valid_file_with_any_piece_cut_out_is_read_to_an_end(from in 0..6000_usize, length in 1..200_usize) {
        let text = starting_file(&"shop".parse().unwrap());
        let cut: String = text.chars().take(from).chain(text.chars().skip(from + length)).collect();
        shown(read("flyball.toml", &cut));
    }
}

#[test]
fn files_made_to_exhaust_the_reader_are_read_to_an_end() {
    // Enough for what takes quadratic time to be seen, and little enough for a test.
    const BYTES: usize = 1 << 20;
    for piece in [
        "[",
        "{",
        "a.",
        "[[",
        "a={",
        "a=[\n",
        "\"\"\"\n",
        "a = 1\n",
        "[[monitor]]\n",
        "x\n",
        "[a\n",
        "[a.b\n",
        "[a.b]\nx\n",
        "token = \"\n",
        "é",
    ] {
        let text = piece.repeat(BYTES / piece.len());
        shown(read("flyball.toml", &text));
    }
    let deep = format!("{}1{}", String::from("a = [") + &"[".repeat(5000), "]".repeat(5001));
    shown(read("flyball.toml", &deep));
    let nested = format!("a = {}1{}", "{ b.c.d.e.f.g.h = ".repeat(300), " }".repeat(300));
    shown(read("flyball.toml", &nested));
}

#[test]
fn a_file_that_is_too_large_is_refused_in_words() {
    let mistakes = read("flyball.toml", &"#".repeat(FILE_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(mistakes.iter().next().unwrap().message, "the file is too large");
}

/// What looks at all pairs of these would take minutes.
#[test]
fn a_file_of_20_mib_and_30_000_monitors_is_read() {
    let monitors = (0..30_000).map(|n| {
        format!(
            "[[monitor]]\nname = \"page {n}\"\nreactions = [\"more {n}\"]\n[monitor.http]\nurl = \"https://a.example/{n}\"\n\
             [[reaction]]\nname = \"more {n}\"\ncauses = [\"status\"]\n\
             [reaction.scale_out]\napp = \"app-{n}\"\nmax_quantity = 4\n# {}\n",
            "-".repeat(500)
        )
    });
    let text: String = monitors.collect();
    assert!(text.len() > 20 << 20, "{} bytes", text.len());
    let definitions = read("flyball.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!((definitions.monitors.len(), definitions.reactions.len()), (30_000, 30_000));
    let wrong = read("flyball.toml", &text.replace("[\"more", "[\"less")).unwrap_err();
    assert_eq!(wrong.len(), 30_000);
}

#[test]
fn of_very_many_mistakes_the_first_are_shown_and_all_are_counted() {
    let text: String = (0..1000).map(|n| format!("unknown_{n} = 1\n")).collect();
    let mistakes = read("flyball.toml", &text).unwrap_err();
    assert_eq!((mistakes.iter().count(), mistakes.len()), (200, 1000));
    assert!(mistakes.render(Colour::Plain).ends_with("… and 800 more"));
}

/// A monitor of a page with these settings.
fn http(settings: &str) -> String {
    format!("[[monitor]]\nname = \"page\"\nevery = \"1m\"\nhttp = {{ {settings} }}\n")
}

#[test]
fn a_secret_is_never_shown_however_it_was_written() {
    let secret = "0123456789abcdefghijABCDEFGHIJ";
    let written = [
        format!("[heroku]\ntoken = \"HRKU-{secret}\"\n"),
        format!("[heroku]\ntoken = {secret}\n"),
        format!("[heroku]\ntoken = '{secret}\n"),
        format!("heroku = {{ token = \"{secret}\" }}\n"),
        format!("heroku.token = \"{secret}\"\n"),
        format!("[heroku.accounts.a]\ntoken = \"\"\"{secret}\"\"\"\n"),
        format!("# HRKU-{secret}\nmood = 1\n"),
        format!("mode = \"HRKU-{secret}\"\n"),
        format!("HRKU-{secret} = 1\n"),
        format!("[[monitor]]\nname = HRKU-{secret}\n"),
        http(&format!("url = \"http://ann:{secret}@shop.example/\"")),
        http(&format!("url = \"http://{secret}@shop.example/\", evry = 1")),
        http(&format!("url = 'http://ann:a@b{secret}@shop.example/")),
        format!("# once it was https://ann:{secret}@shop.example/\nmood = 1 # https://ann:{secret}@shop.example/\n"),
        http(&format!("url = \"http://a/\", headers = {{ authorization = \"Bearer {secret}\" }}, evry = 1")),
        http(&format!("url = \"http://a/\", headers = {{ Cookie = \"a=\\\"{secret}\" }}, evry = 1")),
        http(&format!("url = \"http://a/\", headers = {{ 'Proxy-Authorization' = '{secret}' }}, evry = 1")),
        http(&format!("url = \"http://a/\", headers = {{ cookie = \"\"\"\n{secret}\n\"\"\" }}, evry = 1")),
        http(&format!("url = \"http://a/\", headers = {{ \"x-api-key\" = {secret}, evry = 1")),
    ];
    for text in written {
        let mistakes = read("flyball.toml", &text).unwrap_err();
        let shown =
            [mistakes.render(Colour::Plain), format!("{mistakes:?}"), serde_json::to_string(&mistakes).unwrap()];
        for shown in shown {
            assert!(!shown.contains(secret), "{text}\n{shown}");
        }
    }
}

#[test]
fn mistakes_are_data_as_well() {
    let mistakes = read("flyball.toml", "mode = \"act\"\nmood = 1\n").unwrap_err();
    let json = serde_json::to_value(&mistakes).unwrap();
    let expected = serde_json::json!([{
        "file": "flyball.toml",
        "severity": "mistake",
        "line": 2,
        "column": 1,
        "message": "unknown key `mood`",
        "label": "not known at the top level",
        "hint": "did you mean `mode`?",
        "also": null,
    }]);
    assert_eq!(json, expected);
    assert_eq!(mistakes.iter().next().unwrap().severity, Severity::Mistake);
}

#[test]
fn a_valid_file_is_read_the_same_each_time() {
    let text = starting_file(&"shop".parse().unwrap());
    let [first, second] = [(), ()].map(|()| read("flyball.toml", &text).unwrap());
    assert_eq!(first, second);
}

#[test]
fn line_breaks_of_windows_and_a_byte_order_mark_change_nothing() {
    let text = starting_file(&"shop".parse().unwrap());
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(read("flyball.toml", &windows), read("flyball.toml", &text));
    let broken = |text: &str| read("flyball.toml", &text.replace("\"30s\"", "30s")).unwrap_err();
    let places = |text: &str| broken(text).iter().map(|m| (m.place.line, m.place.column)).collect::<Vec<_>>();
    assert_eq!(places(&text.replace('\n', "\r\n")), places(&text));
    assert_eq!(places(&text).len(), 2);
}

#[test]
fn the_cost_counts_enabled_monitors_that_look_at_heroku_for_each_account() {
    let text = "[heroku.accounts.two]\ntoken = { env = \"TWO\" }\n\
        [[monitor]]\nname = \"a\"\nevery = \"60s\"\nheroku_dynos = { app = \"shop\" }\n\
        [[monitor]]\nname = \"b\"\nevery = \"30s\"\nheroku_dynos = { app = \"shop\" }\n\
        [[monitor]]\nname = \"c\"\nevery = \"1s\"\nenabled = false\nheroku_dynos = { app = \"shop\" }\n\
        [[monitor]]\nname = \"d\"\nevery = \"1s\"\nheroku_dynos = { app = \"shop\", account = \"two\" }\n\
        [[monitor]]\nname = \"e\"\nevery = \"1s\"\nhttp = { url = \"https://shop.example.com/\" }\n";
    let definitions = read("flyball.toml", text).unwrap();
    let calls = f64::from(definitions.monitors[0].kind.heroku_calls_per_reading());
    assert!(calls >= 1.0);
    let Cost { accounts, .. } = cost(&definitions);
    let told: Vec<_> =
        accounts.iter().map(|a| (a.account.as_str(), a.monitors, a.calls_per_minute, a.is_over())).collect();
    assert_eq!(told, [("default", 2, 3.0 * calls, false), ("two", 1, 60.0 * calls, 60.0 * calls > 75.0)]);
    assert!(accounts[0].is_over() || definitions.warnings.len() == usize::from(accounts[1].is_over()));
}
