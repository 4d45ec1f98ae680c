//! The reference of world files, `docs/heroku-sim.md`: a table of every field, and tests that ask the reader itself which
//! fields there are, which words it knows and what it takes where nothing is said.

use crate::world::WorldFile;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What a field needs.
enum Need {
    /// It must be there; this is one that is right.
    Required(&'static str),
    Optional,
    /// As it would be written.
    Default(&'static str),
    /// In words, where it depends on something else.
    Otherwise(&'static str),
}
use Need::{Default, Optional, Otherwise, Required};

/// A field of a table: name, what it is, what it takes, what it needs.
type Field = (&'static str, &'static str, &'static str, Need);

/// One word of several: the word, what it means, and how it is written.
type Word = (&'static str, &'static str, &'static str);

enum Holds {
    Fields(&'static [Field]),
    OneOf(&'static [Word]),
}
use Holds::{Fields, OneOf};

struct Section {
    /// The field that holds it, or the top level.
    name: &'static str,
    summary: &'static str,
    /// Where it stands: a file with `@` in its place.
    within: &'static str,
    holds: Holds,
}

const TIME: &str = "a length of time";
const RATE: &str = "a number from 0 to 1000000000";
const COUNT: &str = "a whole number from 0 to 4294967295";
const TEXT: &str = "a text";
const SHARE: &str = "0 to 1";

const SECTIONS: [Section; 19] = [
    Section {
        name: "the top level",
        summary: "Everything is optional: an empty file is a Heroku without apps.",
        within: "@",
        holds: Fields(&[
            (
                "account",
                "who may call; without one, an account is made up that takes any token",
                "`[[account]]`",
                Optional,
            ),
            ("app", "the apps", "`[[app]]`", Optional),
            ("event", "what happens, and when", "`[[event]]`", Optional),
            ("fault", "which calls go wrong", "`[[fault]]`", Optional),
        ]),
    },
    Section {
        name: "account",
        summary: "Somebody who calls the Platform API, with a rate limit of their own.",
        within: "[[account]]\n@",
        holds: Fields(&[
            ("email", "its address, which names it; each once", TEXT, Required("\"ops@example.com\"")),
            ("token", "the only token that it is known by", "a text that is not empty", Otherwise("any token")),
            ("bucket", "how many calls its bucket holds", COUNT, Default("4500")),
            ("refill_per_minute", "how many calls come back in a minute", COUNT, Default("75")),
        ]),
    },
    Section {
        name: "app",
        summary: "An app: its formation, what was released before, how it works.",
        within: "[[app]]\n@",
        holds: Fields(&[
            ("name", "its name; each once", "3 to 30 of `a-z`, `0-9` and `-`, a letter first", Required("\"shop\"")),
            (
                "place",
                "where it runs, which decides what sizes and how many dynos it may have",
                "`\"common\"`, `\"private\"`, `\"shield\"`, `\"fir\"`",
                Default("\"common\""),
            ),
            (
                "container",
                "that it is a container app, whose releases show no slug; and whether they can be rolled back to",
                "`\"eligible\"`, `\"ineligible\"`",
                Optional,
            ),
            ("preboot", "whether new dynos start beside the old ones", "`true`, `false`", Default("false")),
            ("maintenance", "whether it begins in maintenance mode", "`true`, `false`", Default("false")),
            ("owner", "whose it is", "an account's `email`", Otherwise("the first account")),
            ("collaborators", "who else may use it", "a list of accounts' `email`", Default("[]")),
            (
                "process",
                "its formation; where it is empty, the first deploy brings one `web` dyno",
                "`[[app.process]]`",
                Default("[]"),
            ),
            (
                "release",
                "what was released before, oldest first, from v3 on: v1 and v2 are every app's own",
                "`[[app.release]]`",
                Default("[]"),
            ),
            (
                "load",
                "requests a second over the time since the beginning: straight lines between the points",
                "a list of pairs: a length of time, and a number from 0 to 1000000000",
                Default("[]"),
            ),
            ("config_fault", "config vars that make it misbehave", "`[[app.config_fault]]`", Default("[]")),
            (
                "limits",
                "how many dynos of a size one process type may have, where Heroku has changed that",
                "a table of sizes with whole numbers from 0 to 4294967295",
                Default("{}"),
            ),
            ("mechanics", "how it works: times, capacities, texts", "`[app.mechanics]`", Default("{}")),
            ("drain", "its log drains, at most five", "`[[app.drain]]`", Default("[]")),
            (
                "runtime_metrics",
                "whether its dynos tell load and memory in the log",
                "`true`, `false`",
                Default("false"),
            ),
        ]),
    },
    Section {
        name: "drain",
        summary: "A log drain that the app has from the beginning. Frames are sent to receivers on this machine, over plain HTTP, \
                  and to nobody else.",
        within: "[[app]]\nname = \"shop\"\n[[app.drain]]\n@",
        holds: Fields(&[
            (
                "url",
                "where it goes; each once in an app",
                "a URL with `http`, `https`, `syslog` or `syslog+tls`",
                Required("\"http://127.0.0.1:8080/drain\""),
            ),
            (
                "form",
                "which headers its frames have: all, or as in Private Spaces neither the frame's id nor the drain's token",
                "`\"common\"`, `\"private\"`",
                Default("\"common\""),
            ),
            ("faults", "how it goes wrong from the beginning", "`[app.drain.faults]`", Default("{}")),
        ]),
    },
    Section {
        name: "faults",
        summary: "How a log drain goes wrong. Nobody is told of it; what overflows by itself is told as Heroku does.",
        within: "[[app]]\nname = \"shop\"\n[[app.drain]]\nurl = \"http://127.0.0.1:8080/drain\"\n[app.drain.faults]\n@",
        holds: Fields(&[
            ("loss", "the share of lines that are lost", SHARE, Default("0.0")),
            ("late", "how much later each line comes", TIME, Default("\"0s\"")),
            ("doubled", "the share of frames that come once more after they were taken", SHARE, Default("0.0")),
            ("reordered", "the share of lines that come up to 2 s later than the others", SHARE, Default("0.0")),
            ("silent", "whether nothing comes at all", "`true`, `false`", Default("false")),
            (
                "skew_ms",
                "how many ms the routers' clock is ahead of the dynos'",
                "a whole number from -86400000 to 86400000",
                Default("0"),
            ),
        ]),
    },
    Section {
        name: "process",
        summary: "A process type of the app's formation. Sizes that Heroku does not mix in one app are a mistake.",
        within: "[[app]]\nname = \"shop\"\n[[app.process]]\n@",
        holds: Fields(&[
            ("type", "which; each once in an app", "a process type", Required("\"web\"")),
            ("quantity", "how many dynos", "0 to 100, on Fir to 255", Required("1")),
            ("size", "of which size", "a dyno size that the app's `place` has", Otherwise("that of the place")),
            ("command", "what its dynos run", TEXT, Otherwise("that of the code")),
        ]),
    },
    Section {
        name: "release",
        summary: "A release from before the world begins, with exactly one of `deploy`, `config` and `rollback`.",
        within: "[[app]]\nname = \"shop\"\n[[app.release]]\n@",
        holds: Fields(&[
            ("ago", "how long before the beginning", TIME, Otherwise("shortly before")),
            ("deploy", "new code", "`[app.release.deploy]`", Optional),
            ("config", "changed config vars", "`[app.release.config]`", Optional),
            (
                "rollback",
                "the version that it went back to",
                "an older version that has code and did not fail",
                Optional,
            ),
        ]),
    },
    Section {
        name: "deploy",
        summary: "A deploy, of a release or an event. A slug behaves in one way: what its latest deploy says holds for all of its \
                  releases.",
        within: "[[app]]\nname = \"shop\"\n[[app.release]]\n[app.release.deploy]\n@",
        holds: Fields(&[
            ("slug", "the code: a name of your own, or an id", "a text that is not empty", Required("\"spring-sale\"")),
            ("description", "the release's description", TEXT, Otherwise("`Deploy` and the slug's digits")),
            ("release_phase", "how long its release phase runs", TIME, Otherwise("it has none")),
            ("outcome", "how the release ends", "`\"succeeds\"`, `\"fails\"`", Default("\"succeeds\"")),
            (
                "outcome_of_rollback",
                "how a rollback to it ends",
                "`\"succeeds\"`, `\"fails\"`",
                Default("\"succeeds\""),
            ),
            ("behaviour", "how the code behaves", "a behaviour, below", Default("\"healthy\"")),
            (
                "process_types",
                "its process types with their commands",
                "a table of process types with texts",
                Otherwise("those of the formation"),
            ),
        ]),
    },
    Section {
        name: "config",
        summary: "A change of config vars, of a release or an event: at least one, and none both set and removed.",
        within: "[[app]]\nname = \"shop\"\n[[app.release]]\n[app.release.config]\n@",
        holds: Fields(&[
            ("set", "which are set", "a table of names (letters, digits and `_`) with texts", Optional),
            ("remove", "which are removed", "a list of names", Optional),
        ]),
    },
    Section {
        name: "config_fault",
        summary: "A value of a config var with which the app misbehaves, for as long as it stands there.",
        within: "[[app]]\nname = \"shop\"\n[[app.config_fault]]\n@",
        holds: Fields(&[
            ("key", "the config var", TEXT, Required("\"GATEWAY\"")),
            ("value", "the value that does it", TEXT, Required("\"new\"")),
            ("behaviour", "how the app behaves then", "a behaviour, below", Required("\"healthy\"")),
        ]),
    },
    Section {
        name: "behaviour",
        summary: "How code behaves.",
        within: "[[app]]\nname = \"shop\"\n[[app.release]]\n[app.release.deploy]\nslug = \"one\"\nbehaviour = @",
        holds: OneOf(&[
            ("healthy", "it answers as it should", "\"healthy\""),
            (
                "error_page",
                "every page is an error: `status` is 200 to 599, and 500 unless said; `text` that of `texts.bad_release`",
                "{ error_page = { status = 500, text = \"something went wrong\" } }",
            ),
            ("crashes_on_boot", "a dyno exits as soon as it has booted", "\"crashes_on_boot\""),
            ("some_errors", "this share of pages, 0 to 1, are an error of status 500", "{ some_errors = 0.2 }"),
            ("slow", "every page takes longer by this length of time", "{ slow = \"2s\" }"),
            ("leaks", "every dyno's memory grows, in MiB a minute: 0 to 1000000000", "{ leaks = 60.0 }"),
        ]),
    },
    Section {
        name: "mechanics",
        summary: "How an app works.",
        within: "[[app]]\nname = \"shop\"\n[app.mechanics]\n@",
        holds: Fields(&[
            ("boot", "from `starting` to `up`", TIME, Default("\"10s\"")),
            ("one_off_boot", "the same for a one-off dyno", TIME, Default("\"3s\"")),
            ("one_off_runs", "how long a one-off dyno runs that no `command` describes", TIME, Default("\"20s\"")),
            (
                "command",
                "what one-off dynos do; the first that fits counts",
                "`[[app.mechanics.command]]`",
                Default("[{ contains = \"db:cleanup\", runs = \"20s\", cures = \"database_error\" }]"),
            ),
            (
                "requests_per_compute",
                "requests a second that a Standard-1X answers without haste",
                RATE,
                Default("10.0"),
            ),
            (
                "capacity",
                "the same for sizes of which their compute alone does not tell",
                "a table of sizes with numbers from 0 to 1000000000",
                Default("{}"),
            ),
            ("latency", "how long an answer takes without load", TIME, Default("\"80ms\"")),
            (
                "slowdown",
                "over capacity an answer takes `1 + slowdown * (load / capacity - 1)` times as long",
                RATE,
                Default("20.0"),
            ),
            ("overload", "from this load / capacity on, requests time out (H12)", RATE, Default("1.5")),
            ("backlog", "from this load / capacity on, they are refused at once (H11)", RATE, Default("3.0")),
            ("router_timeout", "when the router gives up (H12)", TIME, Default("\"30s\"")),
            ("memory_mib", "the memory of a dyno that does not leak, MiB", RATE, Default("300.0")),
            (
                "serving",
                "how one web dyno serves, so that requests are counted one by one and wait in busy dynos; `latency` and what is said \
                 of capacity then count for nothing",
                "`[app.mechanics.serving]`",
                Optional,
            ),
            (
                "router_lines",
                "in which form routers write `path` and `fwd` into the log",
                "`\"quoted\"`, `\"bare\"`",
                Default("\"quoted\""),
            ),
            (
                "routing",
                "which dyno answers: the one in the worst state, or each in turn",
                "`\"unluckiest\"`, `\"spread\"`",
                Default("\"unluckiest\""),
            ),
            ("cycling", "whether dynos are restarted once a day", "`\"daily\"`, `\"never\"`", Default("\"daily\"")),
            ("preboot_overlap", "with `preboot`, how long old dynos go on serving", TIME, Default("\"3m\"")),
            ("texts", "what its pages say", "`[app.mechanics.texts]`", Default("{}")),
        ]),
    },
    Section {
        name: "serving",
        summary: "How one web dyno serves.",
        within: "[[app]]\nname = \"shop\"\n[app.mechanics.serving]\n@",
        holds: Fields(&[
            ("threads", "requests that it works on at once", "a whole number from 1 to 4294967295", Required("5")),
            (
                "service",
                "what one takes without waiting, on average",
                "a length of time, not zero",
                Required("\"500ms\""),
            ),
            ("broken_off", "the share of requests that clients break off (H27, 499)", SHARE, Default("0.0")),
        ]),
    },
    Section {
        name: "command",
        summary: "What a one-off dyno does, told by its command.",
        within: "[[app]]\nname = \"shop\"\n[[app.mechanics.command]]\n@",
        holds: Fields(&[
            ("contains", "a part of the command", TEXT, Required("\"db:cleanup\"")),
            ("runs", "how long it runs once it is up", TIME, Otherwise("`one_off_runs`")),
            ("exit", "its exit status", "a whole number from -2147483648 to 2147483647", Default("0")),
            (
                "cures",
                "what its end puts right, where it exits with 0 and nobody stopped it",
                "`\"nothing\"`, `\"database_error\"`",
                Default("\"nothing\""),
            ),
        ]),
    },
    Section {
        name: "texts",
        summary: "What the app's pages say, for keywords to find.",
        within: "[[app]]\nname = \"shop\"\n[app.mechanics.texts]\n@",
        holds: Fields(&[
            ("welcome", "a page that is well", TEXT, Default("\"Welcome\"")),
            ("bad_release", "the error page of bad code that names no text", TEXT, Default("\"something went wrong\"")),
            ("database_error", "while the database is in trouble", TEXT, Default("\"database error\"")),
            ("hiccup", "while a dyno is wedged", TEXT, Default("\"connection pool is stuck\"")),
            ("out_of_memory", "when a leaking dyno has no memory left", TEXT, Default("\"out of memory\"")),
        ]),
    },
    Section {
        name: "event",
        summary: "Something that happens.",
        within: "[[app]]\nname = \"shop\"\n[[event]]\n@",
        holds: Fields(&[
            ("at", "how long after the beginning", TIME, Required("\"1m\"")),
            (
                "app",
                "to which app; required but for `hiccup`, which is of all apps without it, and `no_faults`, which has none",
                "an app's `name`",
                Optional,
            ),
            ("what", "what happens", "one of those below", Required("\"hiccup\"")),
        ]),
    },
    Section {
        name: "what",
        summary: "What happens. Sizes, quantities and versions are judged when it happens, as Heroku would.",
        within: "[[app]]\nname = \"shop\"\n[[event]]\nat = \"1m\"\napp = \"shop\"\nwhat = @",
        holds: OneOf(&[
            ("deploy", "a person deploys: the fields of `deploy`", "{ deploy = { slug = \"summer-sale\" } }"),
            (
                "config",
                "a person changes config vars: the fields of `config`",
                "{ config = { set = { GATEWAY = \"new\" } } }",
            ),
            ("rollback", "a person rolls back to this version", "{ rollback = 3 }"),
            ("scale", "a person changes a quantity", "{ scale = { process = \"web\", quantity = 2 } }"),
            ("resize", "a person changes a size", "{ resize = { process = \"web\", size = \"standard-2x\" } }"),
            ("restart", "a person restarts this dyno", "{ restart = \"web.1\" }"),
            ("restart_all", "a person restarts every dyno", "\"restart_all\""),
            ("maintenance_on", "maintenance mode begins", "\"maintenance_on\""),
            ("maintenance_off", "maintenance mode ends", "\"maintenance_off\""),
            ("crash", "this dyno exits", "{ crash = \"web.1\" }"),
            (
                "leak",
                "memory leaks, 0 to 1000000000 MiB a minute: in one dyno until it has been restarted, or without `dyno` in every \
                 web dyno until `leak_ends`",
                "{ leak = { dyno = \"web.1\", mib_per_minute = 60.0 } }",
            ),
            ("leak_ends", "the leak of every web dyno ends", "\"leak_ends\""),
            (
                "database_error",
                "every page is an error until a one-off dyno has cured it; `status` is 200 to 599, and 500 unless said",
                "{ database_error = { status = 500 } }",
            ),
            (
                "database_slow",
                "this share of pages, 0 to 1, takes longer by this length of time, and none is an error; with `serving`, dynos have \
                 them at work for all of it, also where the router gives up before (H12)",
                "{ database_slow = { share = 0.2, by = \"40s\" } }",
            ),
            ("database_heals", "the database gets well by itself", "\"database_heals\""),
            (
                "platform_error",
                "this share of requests, 0 to 1, is answered by Heroku's routers with H99; with 0 it is over",
                "{ platform_error = 0.3 }",
            ),
            ("hiccup", "every dyno of the app, or of all apps, is wedged until it has been restarted", "\"hiccup\""),
            (
                "load",
                "this many requests a second from now on, 0 to 1000000000, whatever the app's `load` says",
                "{ load = 80.0 }",
            ),
            (
                "surge",
                "so many more requests a second, 0 to 1000000000, for so long",
                "{ surge = { extra = 50.0, lasts = \"5m\" } }",
            ),
            (
                "drains",
                "its log drains go wrong like this from now on, with `{}` no more: the fields of `faults`",
                "{ drains = { loss = 0.1, late = \"5s\", doubled = 0.1, reordered = 0.1, silent = false, skew_ms = -1500 } }",
            ),
            ("no_faults", "every fault is over; those of log drains are not", "\"no_faults\""),
        ]),
    },
    Section {
        name: "fault",
        summary: "Calls that go wrong.",
        within: "[[fault]]\n@",
        holds: Fields(&[
            ("kind", "how", "one of those below", Required("\"html\"")),
            ("method", "only calls of this method", "`\"GET\"`, `\"POST\"`, …", Otherwise("every method")),
            (
                "path",
                "only calls to this path, in which `*` stands for anything; that of an app's page begins with `/_apps/`",
                TEXT,
                Otherwise("every path of the API"),
            ),
            ("probability", "how likely it is for each such call", "0 to 1", Default("1.0")),
            ("times", "after how many calls it is over", COUNT, Otherwise("never")),
            ("from", "from when on, after the beginning", TIME, Default("\"0s\"")),
            ("until", "until when, after the beginning", "a length of time, longer than `from`", Otherwise("for ever")),
        ]),
    },
    Section {
        name: "kind",
        summary: "How a call goes wrong.",
        within: "[[fault]]\nkind = @",
        holds: OneOf(&[
            ("slow", "the answer takes so much longer; comes on top of any other fault", "{ slow = \"500ms\" }"),
            ("too_many", "429, whatever the bucket holds", "\"too_many\""),
            ("status", "this status, 200 to 599, with an error in JSON; no effect", "{ status = 503 }"),
            ("html", "503 with a page in HTML; no effect", "\"html\""),
            ("cut_before", "the connection is cut before the call arrives: no effect, no answer", "\"cut_before\""),
            ("cut_after", "the connection is cut after it: an effect, and no answer", "\"cut_after\""),
            ("truncated", "the call has its effect, and its answer breaks off", "\"truncated\""),
            ("stale", "what is read is as it was this long ago", "{ stale = \"30s\" }"),
            ("unknown_fields", "answers have fields that nobody knows", "\"unknown_fields\""),
            ("unknown_states", "dynos and releases are in states that nobody knows", "\"unknown_states\""),
            ("unknown_sizes", "sizes have names that nobody knows", "\"unknown_sizes\""),
            ("unknown_error", "a 422 with an id that nobody knows", "\"unknown_error\""),
        ]),
    },
];

/// A whole file, which a test plays.
const EXAMPLE: &str = include_str!("../../worlds/shop-day.toml");

fn page() -> String {
    let mut page = format!(
        "# The world file of `flyball heroku-sim`\n\nMade from the code that reads the file; `UPDATE=1 cargo nextest run -p \
         flyball-heroku-sim` writes it anew.\n\n`flyball heroku-sim --world FILE` serves a Heroku of your own making on this \
         machine: which apps there are, what happens to them, and which calls go wrong. FILE is TOML of at most {} MiB. Lengths \
         of time are in words: `\"800ms\"`, `\"30s\"`, `\"1h 30m\"`; the beginning is when the stand-in starts. What the file \
         gets wrong is told before anything listens.\n",
        WorldFile::BYTES_MAX >> 20
    );
    for Section { name, summary, holds, .. } in &SECTIONS {
        let title = if name.contains(' ') { name.to_string() } else { format!("`{name}`") };
        write!(page, "\n## {title}\n\n{summary}\n\n").unwrap();
        match holds {
            Fields(fields) => {
                page.push_str("| field | what it is | takes | default |\n|---|---|---|---|\n");
                for (name, is, takes, need) in *fields {
                    let need = match need {
                        Required(_) => "required".to_owned(),
                        Optional => String::new(),
                        Default(written) => format!("`{written}`"),
                        Otherwise(words) => (*words).to_owned(),
                    };
                    writeln!(page, "| `{name}` | {is} | {takes} | {need} |").unwrap();
                }
            }
            OneOf(words) => {
                page.push_str("| word | what it means | written as |\n|---|---|---|\n");
                words.iter().for_each(|(word, is, as_)| writeln!(page, "| `{word}` | {is} | `{as_}` |").unwrap());
            }
        }
    }
    write!(page, "\n## An example\n\n```toml\n{EXAMPLE}```\n").unwrap();
    page
}

impl Section {
    fn named(name: &str) -> Option<&'static Self> {
        SECTIONS.iter().find(|section| section.name == name)
    }

    fn names(&self) -> BTreeSet<String> {
        match self.holds {
            Fields(fields) => fields.iter().map(|field| field.0.to_owned()).collect(),
            OneOf(words) => words.iter().map(|word| word.0.to_owned()).collect(),
        }
    }

    /// A file in which this is written here, and beside it all else that is required.
    fn with(&self, written: &str) -> String {
        let Fields(fields) = self.holds else { return self.within.replace('@', written) };
        let mut lines = vec![written.to_owned()];
        for (name, _, _, need) in fields {
            if let Required(sample) = need
                && !written.starts_with(&format!("{name} = "))
            {
                lines.push(format!("{name} = {sample}"));
            }
        }
        self.within.replace('@', &lines.join("\n"))
    }
}

/// The names that the reader would have known in the place of `nobody_knows`; none where it takes any, or no name at all.
fn known(text: &str) -> Option<BTreeSet<String>> {
    let error = WorldFile::parse(text).err()?.to_string();
    let line = error.lines().find(|line| line.contains("unknown ") && line.contains("`nobody_knows`, expected "))?;
    let (_, expected) = line.split_once("expected ")?;
    Some(expected.split('`').skip(1).step_by(2).map(str::to_owned).collect())
}

#[test]
fn the_reference_of_world_files_is_as_the_code_reads() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/heroku-sim.md");
    #[expect(clippy::disallowed_methods, reason = "a test asks whoever runs it whether files are to be written anew")]
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, page()).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page(), "docs/heroku-sim.md is old: UPDATE=1 cargo nextest run -p flyball-heroku-sim");
}

#[test]
fn the_reference_has_every_field_and_every_word_that_a_world_file_can_have() {
    for section in &SECTIONS {
        let unknown = match section.holds {
            Fields(_) => section.within.replace('@', "nobody_knows = 0"),
            OneOf(_) => section.within.replace('@', "\"nobody_knows\""),
        };
        assert_eq!(known(&unknown), Some(section.names()), "{}", section.name);
    }
}

#[test]
fn the_reference_has_every_table_and_every_word_that_stands_within_a_field() {
    for section in &SECTIONS {
        let within: Vec<(&str, &str, Option<BTreeSet<String>>)> = match section.holds {
            Fields(fields) => {
                let known = |name| {
                    let ways = ["\"nobody_knows\"", "{ nobody_knows = 0 }", "[{ nobody_knows = 0 }]"];
                    ways.iter().find_map(|written| known(&section.with(&format!("{name} = {written}"))))
                };
                fields.iter().map(|(name, _, takes, _)| (*name, *takes, known(name))).collect()
            }
            OneOf(words) => {
                let known = |word| known(&section.with(&format!("{{ {word} = {{ nobody_knows = 0 }} }}")));
                words.iter().map(|(word, _, written)| (*word, *written, known(word))).collect()
            }
        };
        for (name, told, known) in within {
            let Some(known) = known else { continue };
            let is_told =
                known.iter().all(|word| told.contains(&format!("\"{word}\"")) || told.contains(&format!("{word} =")));
            let has_section = Section::named(name).is_some_and(|section| section.names() == known);
            assert!(is_told || has_section, "{}: `{name}` knows {known:?}", section.name);
        }
    }
}

#[test]
fn the_defaults_in_the_reference_are_those_that_are_taken() {
    for section in &SECTIONS {
        let Fields(fields) = section.holds else { continue };
        for (name, _, _, need) in fields {
            let Default(written) = need else { continue };
            let said = WorldFile::parse(&section.with(&format!("{name} = {written}")));
            let unsaid = WorldFile::parse(&section.with(""));
            assert!(said.is_ok() && said == unsaid, "{}: `{name} = {written}`: {said:?}", section.name);
        }
    }
}

#[test]
fn what_is_required_or_written_in_the_reference_is_right() {
    for section in &SECTIONS {
        match section.holds {
            Fields(fields) => {
                for (name, _, _, need) in fields {
                    let Required(sample) = need else { continue };
                    let line = format!("{name} = {sample}");
                    let file = section.with(&line);
                    assert_eq!(WorldFile::parse(&file).err(), None, "{}: `{name}`", section.name);
                    assert!(WorldFile::parse(&file.replacen(&line, "", 1)).is_err(), "{}: `{name}`", section.name);
                }
            }
            OneOf(words) => {
                for (word, _, written) in words {
                    let file = section.with(written);
                    // What concerns the platform has no app.
                    let is_right = [&file, &file.replace("app = \"shop\"\n", "")]
                        .iter()
                        .any(|text| WorldFile::parse(text).is_ok());
                    assert!(is_right, "{}: `{word}`: {:?}", section.name, WorldFile::parse(&file));
                }
            }
        }
    }
}

#[test]
fn bounds_in_the_reference_are_those_that_are_checked() {
    assert_eq!(super::check::RATE_MAX.to_string(), "1000000000");
    assert!(RATE.ends_with("1000000000") && COUNT.ends_with(&u32::MAX.to_string()));
}
