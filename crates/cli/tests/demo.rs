//! `flyball demo` as a person runs it: the real binary, the whole day. Ten days at once, so that it takes the time of
//! one: all nine reactions, and each of them left out.

use std::process::{Child, Command, Output, Stdio};

const KINDS: [&str; 9] = [
    "scale_out",
    "scale_up",
    "scale_in",
    "scale_down",
    "scale_to",
    "restart_dyno",
    "rollback_release",
    "create_one_off_dyno",
    "restart_all_dynos",
];

/// Tokens and hosts of whoever runs the tests are none of the demo's business: these must not be used.
const FOREIGN: [(&str, &str); 2] = [("HEROKU_HOST", "https://example.invalid"), ("HEROKU_API_KEY", "not-the-demos")];

fn demo(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_flyball"))
        .arg("demo")
        .args(arguments)
        .envs(FOREIGN)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary that was just built starts")
}

/// What it said, for a failed assertion.
fn told(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The last line of the data: what the day came to.
fn judgement(output: &Output) -> serde_json::Value {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let last = stdout.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {}", told(output)))
}

/// The reactions that did not do what they should.
fn missed(judgement: &serde_json::Value) -> Vec<&str> {
    let reactions = judgement["reactions"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert_eq!(reactions.len(), KINDS.len(), "{judgement}");
    reactions
        .iter()
        .filter(|verdict| verdict["good"] != true)
        .filter_map(|verdict| verdict["reaction"].as_str())
        .collect()
}

#[test]
fn the_day_ends_well_with_all_nine_and_names_whichever_is_left_out() {
    let whole = demo(&[]);
    let lacking: Vec<_> = KINDS.iter().map(|kind| (*kind, demo(&["--json", "--without", *kind]))).collect();

    // All are awaited before any is judged, so that none is left behind.
    let whole = whole.wait_with_output().unwrap();
    let lacking: Vec<_> = lacking.into_iter().map(|(kind, day)| (kind, day.wait_with_output().unwrap())).collect();

    assert_eq!(whole.status.code(), Some(0), "{}", told(&whole));
    let text = String::from_utf8_lossy(&whole.stdout);
    assert!(KINDS.iter().all(|kind| text.contains(&format!("✓ {kind}"))), "{text}");
    assert!(!text.contains('\u{1b}'), "a pipe gets no colours: {text}");
    // With the largest size the surge ends, and so, mostly, before a reading asks for one that is larger still.
    for words in ["at most 4 are allowed", "at least 2 are wanted", "as v9", "as v10"] {
        assert!(text.contains(words), "`{words}` is missing: {text}");
    }
    assert!(text.contains("web dynos, second by second"), "both hours are drawn: {text}");
    assert!(!text.contains("person "), "nobody had to lend a hand: {text}");
    assert_eq!(String::from_utf8_lossy(&whole.stderr), "");

    for (kind, day) in &lacking {
        assert_eq!(day.status.code(), Some(1), "without {kind}: {}", told(day));
        let judgement = judgement(day);
        assert_eq!(missed(&judgement), [*kind], "without {kind}: {}", told(day));
        assert_eq!(judgement["good"], false);
        for hour in ["surge", "newsletter"] {
            assert!(judgement["hours"][hour][0]["dynos"] == 2, "without {kind}: {judgement}");
        }
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_day_within_seconds_and_nothing_is_judged() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let mut day = demo(&["--json"]);
    let mut stdout = BufReader::new(day.stdout.take().unwrap());
    let mut file = String::new();
    // The file and the first line of the day: everything runs.
    stdout.read_line(&mut file).unwrap();
    assert!(file.contains("scale_out"), "{file}");
    stdout.read_line(&mut String::new()).unwrap();
    let killed = Command::new("kill").args(["-INT", &day.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("\"reactions\":"), "{rest}");
    let ended = day.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("nothing was judged"));
}

#[test]
fn a_kind_that_does_not_exist_is_refused_with_the_nine_that_do() {
    let refused = demo(&["--without", "scale_sideways"]).wait_with_output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let words = told(&refused);
    assert!(KINDS.iter().all(|kind| words.contains(kind)), "{words}");
}
