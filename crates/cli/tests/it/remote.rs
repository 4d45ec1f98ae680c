//! Commands that ask a server: they say what they say beside the engine, and how they end.

use crate::support::{Ended, Stage, Way, ended, wait_for};
use serde_json::Value;

/// A page that passes and is looked at now and then, and reactions for people.
const FILE: &str = "[[monitor]]\nname = \"page\"\nevery = \"10s\"\nhttp = { url = \"PAGE\" }\nreactions = [\"more\"]\n\
                    [[reaction]]\nname = \"more\"\nscale_out = { app = \"shop\", max_quantity = 3 }\n\
                    [[reaction]]\nname = \"told\"\nmode = \"dry_run\"\nrestart_all_dynos = { app = \"shop\" }\n";

/// What differs between two looks at the same: when they were, and what goes by that.
const MOVES: [&str; 10] =
    ["at", "took_ms", "phases", "begun_at", "silent_ms", "since", "until", "words", "title", "sentences"];

impl Stage {
    /// Runs the binary to its end, asking the server by a token.
    pub(crate) async fn afar(&self, token: Option<&str>, arguments: &[&str]) -> Ended {
        let server = self.server();
        let mut command = self.command_in(&self.path(""), &[&["--server", &server], arguments].concat());
        // From another machine there is neither file nor database.
        command.env("FLYBALL_CONFIG", "nowhere.toml").env("DATABASE_URL", "sqlite:nowhere.db").env_remove("RUST_LOG");
        token.map(|token| command.env("FLYBALL_TOKEN", token));
        ended(command).await
    }

    /// Runs it beside the engine.
    async fn beside(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments)).await
    }

    /// Looks at the page once.
    async fn looked_at(&self) {
        wait_for("the page is looked at", async || !self.readings("page").await.is_empty()).await;
    }
}

/// A text without what moves: numbers, and how many units a length of time has.
pub(crate) fn still(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let mut shape = String::new();
        for char in word.chars() {
            match char {
                '0'..='9' if shape.ends_with('#') => {}
                '0'..='9' => shape.push('#'),
                char => shape.push(char),
            }
        }
        // "2m 5s" is as long as "59s".
        let is_length = matches!(shape.trim_end_matches([',', '.', ';', ')']), "#ms" | "#s" | "#m" | "#h" | "#d");
        match words.last_mut().filter(|last| is_length && *last == "#") {
            Some(_) => {}
            None => words.push(if is_length { "#".to_owned() } else { shape }),
        }
    }
    words
}

/// Data without what moves.
fn without_what_moves(data: &mut Value) {
    match data {
        Value::Object(fields) => {
            fields.retain(|name, _| !MOVES.contains(&name.as_str()));
            fields.values_mut().for_each(without_what_moves);
        }
        Value::Array(items) => items.iter_mut().for_each(without_what_moves),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The hint, which is the same wherever it is asked.
fn hint(ended: &Ended) -> Option<&str> {
    ended.stderr.lines().find_map(|line| line.trim().strip_prefix("hint: did you mean"))
}

#[tokio::test]
async fn what_is_shown_from_afar_is_what_is_shown_beside_the_engine() {
    let stage = Stage::new().await.asking(Way::Beside);
    stage.write(FILE);
    let _up = stage.serve().await;
    stage.looked_at().await;
    let done = stage.afar(None, &["react", "more", "--yes"]).await;
    assert_eq!((done.code, stage.web()), (Some(0), 2), "{done:?}");
    let run = stage.runs().await[0].id.to_string();
    let now = crate::support::now();
    let (day, until) = ((now - std::time::Duration::from_hours(24)).to_string(), now.to_string());
    let moment = |text: &str| text.get(..19).unwrap_or_default().replace('T', " ");
    let (day, until) = (moment(&day), moment(&until));
    for (arguments, code) in [
        (&["status"][..], 0),
        (&["status", "--app", "shop"], 0),
        (&["status", "--check"], 0),
        (&["why", "page"], 0),
        (&["why", "more", "--verbose"], 0),
        (&["why", "--app", "shop"], 0),
        (&["why", &run, "--verbose"], 0),
        (&["why", "00000000-0000-7000-8000-000000000000"], 1),
        (&["why", "pgae"], 1),
        (&["history", "--utc"], 0),
        (&["history", "--utc", "-n", "1"], 0),
        (&["history", "--utc", "--no-holds", "--app", "shop"], 0),
        (&["history", "--utc", "--reaction", "more", "--until", &until], 0),
        (&["history", "--monitor", "pgae"], 1),
        (&["incidents"], 0),
        (&["incidents", "--app", "shop", "--since", "2h"], 0),
        (&["incident", "7"], 1),
        (&["why", "incident", "7"], 1),
        (&["report", "--utc", "--since", &day, "--until", &until], 0),
        (&["report", "--utc", "--since", &day, "--until", &until, "--outages", "--monitor", "page"], 0),
        (&["report", "--monitor", "pgae"], 1),
        (&["check", "page"], 0),
        (&["check", "pgae"], 1),
        (&["react", "more", "--dry-run"], 0),
        (&["react", "told", "--dry-run"], 0),
        (&["react", "told", "--yes"], 1),
        (&["react", "mroe", "--yes"], 1),
        (&["node"], 1),
        (&["resume", "--app", "shop"], 1),
        (&["resume", "--app", "shpo"], 1),
        (&["pause", "--reaction", "mroe"], 1),
        (&["settle", &run, "--done"], 1),
        (&["settle", "00000000-0000-7000-8000-000000000000", "--done"], 2),
        (&["pause", "--app", "shop", "--for", "2h"], 0),
        (&["react", "more", "--yes"], 1),
        (&["resume"], 1),
        (&["token", "list"], 0),
        (&["user", "list"], 0),
    ] {
        let (beside, afar) = (stage.beside(arguments).await, stage.afar(None, arguments).await);
        assert_eq!((beside.code, afar.code), (Some(code), Some(code)), "{arguments:?}: {beside:?} {afar:?}");
        assert_eq!(hint(&beside), hint(&afar), "{arguments:?}");
        // A reading may come in between: then it is seen by whoever asks next.
        let after = stage.beside(arguments).await;
        let is_same = [&beside, &after].iter().any(|beside| still(&beside.stdout) == still(&afar.stdout));
        assert!(is_same, "{arguments:?}: {beside:?} {afar:?}");
        let as_json = [&["--json"], arguments].concat();
        let (beside, afar) = (stage.beside(&as_json).await, stage.afar(None, &as_json).await);
        assert_eq!((beside.code, afar.code), (Some(code), Some(code)), "{as_json:?}: {beside:?} {afar:?}");
        let data = |ended: &Ended| {
            let mut data = serde_json::from_str(&ended.stdout).unwrap_or(Value::Null);
            // What happened, and a report of a span that is over, does not move.
            if !matches!(arguments[0], "history" | "report") {
                without_what_moves(&mut data);
            }
            data
        };
        let after = stage.beside(&as_json).await;
        assert!([&beside, &after].iter().any(|beside| data(beside) == data(&afar)), "{as_json:?}: {beside:?} {afar:?}");
    }
    let (beside, afar) = (stage.beside(&["resume", "--app", "shop"]).await, stage.monitor("page").await);
    assert_eq!((beside.code, &afar["verdict"]), (Some(0), &"passing".into()), "{beside:?}");
}

#[tokio::test]
async fn a_token_may_what_its_scope_says_and_from_the_first_user_on_nobody_comes_in_without() {
    let stage = Stage::new().await.asking(Way::Beside);
    stage.write(FILE);
    let _up = stage.serve().await;
    stage.looked_at().await;
    let made = async |scope: &str, arguments: &[&str]| {
        let ended = stage.beside(&[&["token", "create", "--scope", scope], arguments].concat()).await;
        assert!(ended.code == Some(0) && ended.stderr.contains("never again"), "{ended:?}");
        ended.stdout.trim().to_owned()
    };
    let reader = made("read", &["--name", "reader"]).await;
    let admin = made("admin", &["--name", "deploy script", "--for", "90d"]).await;
    let taken = stage.beside(&["token", "create", "--scope", "read", "--name", "reader"]).await;
    assert!(taken.code == Some(1) && taken.stderr.contains("a token is called \"reader\""), "{taken:?}");

    let told = stage.afar(Some(&reader), &["pause"]).await;
    assert_eq!(told.code, Some(77), "{told:?}");
    assert!(told.stderr.contains("the token's scope is `read`, and this needs `operate`"), "{told:?}");
    assert!(!told.stderr.contains(&reader) && told.stdout.is_empty(), "{told:?}");
    let mut loud = stage.command_in(&stage.path(""), &["--server", &stage.server(), "status"]);
    loud.env("FLYBALL_TOKEN", &reader);
    let loud = ended(loud).await;
    assert!(loud.code == Some(0) && !loud.stderr.contains(&reader), "whatever is logged, the token is not");
    assert_eq!(stage.afar(Some(&reader), &["token", "list"]).await.code, Some(77));

    let folder = tempfile::tempdir().unwrap();
    let add = async |name: &str, password: &str, afar: bool| {
        let file = folder.path().join("password");
        std::fs::write(&file, password).unwrap();
        let server = stage.server();
        let of_server = if afar { vec!["--server", &server] } else { Vec::new() };
        let mut command = stage.command(&[&of_server[..], &["user", "add", name, "--scope", "operate"]].concat());
        command.env("FLYBALL_TOKEN", &admin).stdin(std::fs::File::open(&file).unwrap());
        ended(command).await
    };
    for (afar, name) in [(false, "ann"), (true, "bob")] {
        let short = add(name, "short\n", afar).await;
        assert!(short.code == Some(2) && short.stderr.contains("password: expected 10 to 256"), "{short:?}");
        let added = add(name, "pl4nted-password\n", afar).await;
        assert!(added.code == Some(0) && added.stdout.contains("may sign in, as operator"), "{added:?}");
    }
    let nobody = stage.afar(None, &["status"]).await;
    assert!(nobody.code == Some(77) && nobody.stderr.contains("set FLYBALL_TOKEN"), "{nobody:?}");
    for arguments in [&["user", "list"][..], &["token", "list"]] {
        let (beside, afar) = (stage.beside(arguments).await, stage.afar(Some(&admin), arguments).await);
        assert_eq!(still(&beside.stdout), still(&afar.stdout), "{arguments:?}");
    }
    assert_eq!(stage.afar(Some(&admin), &["user", "remove", "bob"]).await.code, Some(0));
    assert_eq!(stage.afar(Some(&admin), &["user", "remove", "bob"]).await.code, Some(1));
    assert_eq!(stage.afar(Some(&admin), &["token", "revoke", "reader"]).await.code, Some(0));
    let misspelt = stage.beside(&["token", "revoke", "deploy scrpt"]).await;
    assert!(misspelt.code == Some(1) && misspelt.stderr.contains("did you mean \"deploy script\"?"), "{misspelt:?}");
    let revoked = stage.afar(Some(&reader), &["status"]).await;
    assert!(revoked.code == Some(77) && revoked.stderr.contains("not known"), "{revoked:?}");
    let history = stage.afar(Some(&admin), &["history"]).await.stdout;
    for words in ["ann", "bob", "reader"] {
        assert!(history.contains(words), "it is told who may come in: {history}");
    }
}

#[tokio::test]
async fn where_no_server_is_it_is_said_and_a_token_goes_out_encrypted_alone() {
    let stage = Stage::new().await.asking(Way::Beside);
    stage.write(FILE);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{port}");
    let sim = stage.sim.url();
    for (server, arguments, code, words) in [
        (nobody.as_str(), &["status"][..], 75, "cannot reach http://127.0.0.1:"),
        (&nobody, &["pause"], 75, "is `flyball up` running there"),
        (&sim, &["status"], 1, "in no words of Flyball's"),
        ("http://flyball.example.com", &["status"], 2, "it would send the token unencrypted"),
        ("https://ann:pl4nted@flyball.example.com", &["status"], 2, "FLYBALL_TOKEN"),
        ("flyball.example.com", &["status"], 2, "it is no address"),
        (&nobody, &["up"], 2, "cannot run `flyball up` through a server"),
        (&nobody, &["doctor"], 2, "leave --server out"),
        (&nobody, &["validate"], 2, "cannot run `flyball validate` through a server"),
    ] {
        let ended = stage.beside(&[&["--server", server], arguments].concat()).await;
        assert!(ended.code == Some(code) && ended.stderr.contains(words), "{server} {arguments:?}: {ended:?}");
        assert!(ended.stdout.is_empty(), "{ended:?}");
    }
}

#[tokio::test]
async fn nodes_are_listed_and_drained_through_any_of_them() {
    let stage = Stage::new().await.on_server().await.asking(Way::Beside);
    stage.write(FILE);
    let up = stage.serve().await;
    stage.looked_at().await;
    let name = stage.beside(&["--json", "node"]).await.stdout;
    let nodes: Value = serde_json::from_str(&name).unwrap();
    let name = nodes[0]["name"].as_str().unwrap();
    assert!(name.ends_with(&format!(":{}", up.id())), "{name}");
    for (arguments, code, words) in [
        (&["node"][..], 0, name),
        (&["node", "drain", name], 75, "nobody else is there to take its share"),
        (&["node", "undrain", name], 0, "takes its share again"),
        (&["node", "drain", "nowhere:1"], 1, ""),
    ] {
        let (beside, afar) = (stage.beside(arguments).await, stage.afar(None, arguments).await);
        assert_eq!((beside.code, afar.code), (Some(code), Some(code)), "{arguments:?}: {beside:?} {afar:?}");
        assert_eq!(still(&beside.stdout), still(&afar.stdout), "{arguments:?}");
        assert!(afar.stdout.contains(words), "{afar:?}");
        assert_eq!(code == 1, afar.stderr.contains("there is no node nowhere:1"), "{afar:?}");
    }
}
