//! What must be refused: each request as it stands on the wire, so that no client mends it, with the status that it must have. No answer
//! is a mistake of Flyball's own, tells a secret, or lacks what protects its reader; and afterwards nothing has changed.

use crate::support::{SOON, Stage, TOKEN, Up, Way, wait_for};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The API listens here alone, so that it is open until the first user is there.
const FILE: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\n\
                    reactions = [\"more\"]\n[[reaction]]\nname = \"more\"\nscale_out = { app = \"shop\", max_quantity = 9 }\n";

const PASSWORD: &str = "pl4nted-password";

/// What an operator may, and a viewer not.
const OPERATE: [(&str, &str); 11] = [
    ("GET", "/api/v1/apps/page/drain"),
    ("GET", "/api/v1/monitors/page/hook"),
    ("POST", "/api/v1/monitors/page/hook"),
    ("POST", "/api/v1/monitors/page/check"),
    ("POST", "/api/v1/reactions/more/run"),
    ("POST", "/api/v1/runs/x/settle"),
    ("POST", "/api/v1/runs/x/undo"),
    ("POST", "/api/v1/pauses"),
    ("POST", "/api/v1/pauses/resume"),
    ("POST", "/api/v1/nodes/page/drain"),
    ("POST", "/api/v1/nodes/page/undrain"),
];

/// What an administrator may, and an operator not.
const ADMINISTER: [(&str, &str); 13] = [
    ("GET", "/api/v1/definitions"),
    ("GET", "/api/v1/definitions/monitor/page"),
    ("PUT", "/api/v1/definitions/monitor/page"),
    ("DELETE", "/api/v1/definitions/monitor/page"),
    ("GET", "/api/v1/users"),
    ("POST", "/api/v1/users"),
    ("PATCH", "/api/v1/users/admin"),
    ("DELETE", "/api/v1/users/admin"),
    ("GET", "/api/v1/sessions"),
    ("DELETE", "/api/v1/sessions/x"),
    ("GET", "/api/v1/tokens"),
    ("POST", "/api/v1/tokens"),
    ("DELETE", "/api/v1/tokens/x"),
];

/// Pages that everybody sees who has signed in.
const PAGES: [&str; 8] =
    ["/", "/incidents", "/apps", "/apps/shop", "/monitors/page", "/reactions/more", "/timeline", "/settings"];

/// The forms that an operator may send.
const OPERATE_FORMS: [&str; 6] =
    ["/pause", "/resume", "/monitors/page/check", "/reactions/more/run", "/runs/x/settle", "/runs/x/undo"];

/// The forms that an administrator may send.
const ADMINISTER_FORMS: [&str; 9] = [
    "/new/monitor",
    "/made/00000000-0000-7000-8000-000000000001",
    "/made/00000000-0000-7000-8000-000000000001/remove",
    "/settings/users",
    "/settings/users/change",
    "/settings/users/remove",
    "/settings/sessions/end",
    "/settings/tokens",
    "/settings/tokens/revoke",
];

/// A request as it stands on the wire.
#[derive(Clone)]
struct Asked {
    method: String,
    path: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Asked {
    fn of(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    fn with(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self
    }

    fn by(self, token: &str) -> Self {
        self.with(&format!("Authorization: Bearer {token}"))
    }

    fn in_session(self, cookie: &str) -> Self {
        self.with(&format!("Cookie: {cookie}"))
    }

    fn json(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }.with("Content-Type: application/json")
    }

    fn form(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }.with("Content-Type: application/x-www-form-urlencoded")
    }

    fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|header| header.to_ascii_lowercase().starts_with(name))
    }
}

/// An answer: its status, and all of it.
struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(self.text.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split_once("\r\n\r\n")?.0;
        head.lines()
            .find_map(|line| line.split_once(": ").filter(|(own, _)| own.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value)
    }
}

/// A Flyball with pages, and those who may come in.
struct House {
    stage: Stage,
    up: Up,
    address: String,
}

impl House {
    async fn new(file: &str) -> Self {
        // It listens where its file says.
        let stage = Stage::new().await.asking(Way::Beside);
        stage.write(file);
        let up = stage.up().await;
        let address = up.pages().await.replace("http://", "").replace("0.0.0.0", "127.0.0.1");
        Self { stage, up, address }
    }

    async fn ask(&self, asked: &Asked) -> Answer {
        let mut head = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", asked.method, asked.path);
        if !asked.has("host:") {
            head += &format!("Host: {}\r\n", self.address);
        }
        if !asked.body.is_empty() && !asked.has("transfer-encoding:") {
            head += &format!("Content-Length: {}\r\n", asked.body.len());
        }
        asked.headers.iter().for_each(|header| head += &format!("{header}\r\n"));
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let sent = [head.as_bytes(), b"\r\n", &asked.body].concat();
        // Who is refused at the head may find nobody who takes the rest.
        let _refused_early = stream.write_all(&sent).await;
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("it answers");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let status = text.get(9..12).and_then(|status| status.parse().ok());
        Answer {
            status: status.unwrap_or_else(|| panic!("{} {}: no answer: {read:?}", asked.method, asked.path)),
            text,
        }
    }

    /// A token with this scope, and its id.
    async fn token(&self, name: &str, mut body: Value) -> (String, String) {
        body["name"] = name.into();
        let made = self.ask(&Asked::of("POST", "/api/v1/tokens").json(body.to_string())).await.json();
        (made["token"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned())
    }

    /// Signs in; returns the cookie.
    async fn cookie(&self, name: &str) -> String {
        let form = format!("name={name}&password={PASSWORD}");
        let answer = self.ask(&Asked::of("POST", "/sign-in").form(form)).await;
        assert_eq!(answer.status, 303, "{name} signs in");
        answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }

    /// Every way to call the interface that takes a right, by its own document: all but those of whoever has a hook's key.
    async fn routes(&self) -> Vec<(String, String)> {
        let document = self.ask(&Asked::of("GET", "/api/openapi.json")).await.json();
        let paths = document["paths"].as_object().unwrap();
        let each = paths.iter().flat_map(|(path, ways)| ways.as_object().unwrap().iter().map(move |way| (way, path)));
        let each = each.filter(|((way, _), _)| ["get", "post", "put", "patch", "delete"].contains(&way.as_str()));
        let (open, guarded): (Vec<_>, Vec<_>) =
            each.partition(|((_, operation), _)| operation["security"] == json!([{}]));
        assert!(open.iter().all(|(_, path)| path.starts_with("/api/v1/hooks/{key}")), "{open:?}");
        let routes: Vec<_> = guarded
            .into_iter()
            .map(|((way, _), path)| {
                let is_user = path.contains("/users/");
                let path = path.replace("{name}", if is_user { "admin" } else { "page" }).replace("{id}", "x");
                let path = path.replace("{family}", "monitor");
                (way.to_ascii_uppercase(), path.replace("/reactions/page", "/reactions/more"))
            })
            .collect();
        assert!(routes.len() > 25, "the document is read: {routes:?}");
        routes
    }

    /// Who may come in, and what is paused.
    async fn standing(&self, admin: &str) -> Vec<Value> {
        let mut standing = Vec::new();
        for path in ["/api/v1/users", "/api/v1/tokens", "/api/v1/sessions", "/api/v1/pauses"] {
            let mut told = self.ask(&Asked::of("GET", path).by(admin)).await.json();
            // That one was used is noted, and is no change.
            told.as_array_mut().unwrap().iter_mut().for_each(|each| each["seen_at"] = Value::Null);
            standing.push(told);
        }
        standing
    }
}

/// A table of requests, each with the status of its refusal.
#[derive(Default)]
struct Table(Vec<(Asked, u16)>);

impl Table {
    fn refuse(&mut self, status: u16, asked: Asked) {
        self.0.push((asked, status));
    }

    /// Asks for all of it, and fails with everything that is not as it must be.
    async fn play(self, house: &House, secrets: &[&str]) {
        let mut mistakes = Vec::new();
        for (asked, expected) in &self.0 {
            let answer = house.ask(asked).await;
            let headers: Vec<&str> = asked.headers.iter().filter_map(|header| header.split(' ').next()).collect();
            let path: String = asked.path.chars().take(60).collect();
            let mut wrong = |what: String| mistakes.push(format!("{} {path} {headers:?}: {what}", asked.method));
            if answer.status != *expected {
                wrong(format!("{} and not {expected}", answer.status));
            }
            for header in ["content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"] {
                if answer.header(header).is_none() {
                    wrong(format!("has no {header}"));
                }
            }
            if !answer.header("cache-control").is_some_and(|kept| kept.contains("no-store")) {
                wrong("may be kept by a cache".to_owned());
            }
            if secrets.iter().any(|secret| answer.text.contains(secret)) {
                wrong("tells a secret".to_owned());
            }
        }
        assert!(mistakes.is_empty(), "{} of {}:\n{}", mistakes.len(), self.0.len(), mistakes.join("\n"));
        let printed = house.up.printed();
        assert!(!secrets.iter().any(|secret| printed.contains(secret)), "the log tells a secret");
    }
}

/// What opens the door, what does not any more, and what they are known by.
struct Keys {
    read: String,
    operate: String,
    operate_id: String,
    admin: String,
    expired: String,
    revoked: String,
    revoked_id: String,
    of_viewer: String,
    of_operator: String,
    of_admin: String,
    ended: String,
    session_id: String,
}

impl Keys {
    /// While the door is open: tokens of each scope, and users of each role, after whom it is closed.
    async fn made(house: &House) -> Self {
        let (read, _) = house.token("read", json!({ "scope": "read" })).await;
        let (operate, operate_id) = house.token("operate", json!({ "scope": "operate" })).await;
        let (admin, _) = house.token("admin", json!({ "scope": "admin" })).await;
        let (expired, _) = house.token("expired", json!({ "scope": "admin", "for": "1s" })).await;
        let (revoked, revoked_id) = house.token("revoked", json!({ "scope": "admin" })).await;
        for (name, scope) in [("admin", "admin"), ("operator", "operate"), ("viewer", "read")] {
            let user = json!({ "name": name, "scope": scope, "password": PASSWORD }).to_string();
            let asked = Asked::of("POST", "/api/v1/users").by(&admin).json(user);
            assert_eq!(house.ask(&asked).await.status, 201);
        }
        let (of_viewer, of_operator) = (house.cookie("viewer").await, house.cookie("operator").await);
        let (of_admin, ended) = (house.cookie("admin").await, house.cookie("viewer").await);
        assert_eq!(house.ask(&Asked::of("POST", "/sign-out").in_session(&ended)).await.status, 303);
        let revoke = Asked::of("DELETE", &format!("/api/v1/tokens/{revoked_id}")).by(&admin);
        assert_eq!(house.ask(&revoke).await.status, 204);
        wait_for("a token is not good any more", async || {
            house.ask(&Asked::of("GET", "/api/v1/me").by(&expired)).await.status == 401
        })
        .await;
        let sessions = house.ask(&Asked::of("GET", "/api/v1/sessions").by(&admin)).await.json();
        let session_id = sessions[0]["id"].as_str().unwrap().to_owned();
        Self {
            read,
            operate,
            operate_id,
            admin,
            expired,
            revoked,
            revoked_id,
            of_viewer,
            of_operator,
            of_admin,
            ended,
            session_id,
        }
    }

    /// All that no answer may tell.
    fn secrets(&self) -> Vec<&str> {
        let tokens = [&self.read, &self.operate, &self.admin, &self.expired, &self.revoked];
        let cookies = [&self.of_viewer, &self.of_operator, &self.of_admin, &self.ended];
        let cookies = cookies.into_iter().map(|cookie| cookie.split_once('=').unwrap().1);
        [TOKEN, PASSWORD, "pl4nted"].into_iter().chain(tokens.into_iter().map(String::as_str)).chain(cookies).collect()
    }
}

impl Table {
    /// Whoever is nobody, or not any more.
    fn nobody(&mut self, keys: &Keys, routes: &[(String, String)]) {
        for (method, path) in routes {
            let asked = || Asked::of(method, path);
            self.refuse(401, asked());
            self.refuse(401, asked().by("flyball_0000"));
            self.refuse(401, asked().by(&keys.expired));
            self.refuse(401, asked().by(&keys.revoked));
            self.refuse(401, asked().in_session(&keys.ended));
            self.refuse(401, asked().in_session("__Host-flyball="));
            self.refuse(401, asked().with("Authorization: Basic YWRtaW46YWRtaW4="));
        }
        for path in PAGES.iter().chain(&["/pause"]) {
            self.refuse(303, Asked::of("GET", path));
            self.refuse(303, Asked::of("GET", path).in_session(&keys.ended));
            self.refuse(401, Asked::of("GET", path).by(&keys.revoked));
        }
        for path in OPERATE_FORMS.iter().chain(&ADMINISTER_FORMS) {
            self.refuse(303, Asked::of("POST", path).form("name=admin"));
        }
        // A badge needs its key and nobody who signs in; without the key there is none.
        self.refuse(404, Asked::of("GET", "/badges/00ff/monitors/page.svg"));
    }

    /// Whoever may less. What changes something must be in one of the lists.
    fn somebody_who_may_less(&mut self, keys: &Keys, routes: &[(String, String)]) {
        for (method, path) in routes.iter().filter(|(method, _)| method != "GET") {
            let is_listed = |list: &[(&str, &str)]| list.contains(&(method, path));
            assert!(is_listed(&OPERATE) || is_listed(&ADMINISTER), "who may {method} {path}?");
        }
        for (method, path) in OPERATE.iter().chain(&ADMINISTER) {
            self.refuse(403, Asked::of(method, path).by(&keys.read).json("{}"));
            self.refuse(403, Asked::of(method, path).in_session(&keys.of_viewer).json("{}"));
        }
        for (method, path) in ADMINISTER {
            self.refuse(403, Asked::of(method, path).by(&keys.operate).json("{}"));
            self.refuse(403, Asked::of(method, path).in_session(&keys.of_operator).json("{}"));
        }
        for path in OPERATE_FORMS.iter().chain(&ADMINISTER_FORMS) {
            self.refuse(403, Asked::of("POST", path).in_session(&keys.of_viewer).form("name=admin"));
        }
        for path in ADMINISTER_FORMS {
            self.refuse(403, Asked::of("POST", path).in_session(&keys.of_operator).form("name=admin"));
        }
        self.refuse(403, Asked::of("POST", "/settings/password").by(&keys.admin).form("password=another-password"));
    }

    /// What a page elsewhere sends in an administrator's name.
    fn a_page_elsewhere(&mut self, keys: &Keys, routes: &[(String, String)]) {
        let forms =
            OPERATE_FORMS.iter().chain(&ADMINISTER_FORMS).chain(&["/sign-out", "/sign-in", "/settings/password"]);
        let forged = forms.map(|path| ("POST".to_owned(), (*path).to_owned()));
        for (method, path) in forged.chain(routes.iter().filter(|(method, _)| method != "GET").cloned()) {
            for header in [
                "Origin: https://evil.example",
                "Origin: null",
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: same-site",
            ] {
                self.refuse(403, Asked::of(&method, &path).in_session(&keys.of_admin).with(header).form("name=admin"));
            }
        }
    }

    /// Asked by a name that is somebody else's.
    fn another_name(&mut self, keys: &Keys) {
        for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "[::2]", "192.0.2.1", ""] {
            for path in ["/", "/api/v1/status", "/api/v1/hooks/page", "/healthz", "/sign-in", "/sheet.css"] {
                self.refuse(421, Asked::of("GET", path).in_session(&keys.of_admin).with(&format!("Host: {host}")));
            }
        }
        self.refuse(421, Asked::of("GET", "http://evil.example/api/v1/status").by(&keys.admin));
    }

    /// What is larger than may be, by its own word or by its end.
    fn what_is_too_large(&mut self, keys: &Keys) {
        let large = "x".repeat(128 * 1024 + 1);
        for path in ["/api/v1/users", "/api/v1/pauses", "/settings/users", "/pause"] {
            self.refuse(413, Asked::of("POST", path).by(&keys.admin).with("Content-Length: 131073"));
            self.refuse(413, Asked::of("POST", path).by(&keys.admin).with("Content-Length: 9000000000"));
        }
        let chunked = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
        self.refuse(
            413,
            Asked::of("POST", "/api/v1/users").by(&keys.admin).with("Transfer-Encoding: chunked").json(chunked),
        );
    }

    /// Bodies that are not understood, or have mistakes.
    fn bodies(&mut self, keys: &Keys) {
        let deep = "[".repeat(10_000);
        let user = |more: &str| format!("{{\"name\":\"eve\",\"scope\":\"read\",\"password\":\"{PASSWORD}\"{more}}}");
        for (status, body) in [
            (400, "{"),
            (400, "nonsense"),
            (422, deep.as_str()),
            (400, "{\"name\":\"\\ud800\"}"),
            (422, "null"),
            (422, "[]"),
            (422, "{}"),
            (422, "{\"name\":7}"),
            (422, &user(",\"more\":1")),
            (422, &user(",\"name\":\"eve\"")),
            (422, &user("").replace("read", "root")),
            (422, &user("").replace(PASSWORD, "short")),
            (422, &user("").replace(PASSWORD, &"long".repeat(100))),
            (422, &user("").replace("eve", "")),
            (422, &user("").replace("eve", "e\\u0000ve")),
            (422, &user("").replace("eve", &"e".repeat(10_000))),
            (409, &user("").replace("eve", "admin")),
        ] {
            self.refuse(status, Asked::of("POST", "/api/v1/users").by(&keys.admin).json(body));
        }
        self.refuse(400, Asked::of("POST", "/api/v1/users").by(&keys.admin).json(b"{\"name\":\"\xff\"}".to_vec()));
        self.refuse(415, Asked::of("POST", "/api/v1/users").by(&keys.admin).form("name=eve"));
        self.refuse(415, Asked::of("POST", "/settings/users").in_session(&keys.of_admin).json(user("")));
    }

    /// Wishes that cannot be fulfilled.
    fn wishes(&mut self, keys: &Keys) {
        for (status, path, body) in [
            (400, "/api/v1/pauses", "{\"for\":\"soon\"}"),
            (400, "/api/v1/pauses", "{\"for\":\"0s\"}"),
            (400, "/api/v1/pauses", "{\"app\":\"shop\",\"reaction\":\"more\"}"),
            (404, "/api/v1/pauses", "{\"app\":\"shp\"}"),
            (404, "/api/v1/pauses", "{\"reaction\":\"mre\"}"),
            (422, "/api/v1/pauses", "{\"everything\":true}"),
            (422, "/api/v1/pauses/resume", "{\"for\":\"1h\"}"),
            (422, "/api/v1/tokens", "{\"name\":\"x\",\"scope\":\"read\",\"for\":\"never\"}"),
            (422, "/api/v1/tokens", "{\"name\":\" \",\"scope\":\"read\"}"),
            (409, "/api/v1/tokens", "{\"name\":\"read\",\"scope\":\"read\"}"),
            (409, "/api/v1/reactions/more/run", "{\"plan\":\"web of shop from 1 to 90\"}"),
            (422, "/api/v1/reactions/more/run", "{}"),
            (404, "/api/v1/reactions/less/run", "{\"plan\":\"\"}"),
            (404, "/api/v1/monitors/pge/check", "{}"),
            (404, "/api/v1/runs/x/settle", "{\"done\":true}"),
        ] {
            self.refuse(status, Asked::of("POST", path).by(&keys.admin).json(body));
        }
        self.refuse(404, Asked::of("GET", "/api/v1/apps/shop/drain").by(&keys.admin));
        // Nothing comes in for a page, and a right opens no hook.
        for method in ["GET", "POST"] {
            self.refuse(404, Asked::of(method, "/api/v1/monitors/page/hook").by(&keys.admin));
        }
        for path in ["/api/v1/hooks/00112233445566778899aabbccddeeff", "/api/v1/hooks/page/fail", "/api/v1/hooks/%00"] {
            self.refuse(404, Asked::of("POST", path).by(&keys.admin).json("{}"));
            self.refuse(404, Asked::of("GET", path));
        }
        self.refuse(405, Asked::of("DELETE", "/api/v1/hooks/page").by(&keys.admin));
    }

    /// The same of forms.
    fn forms(&mut self, keys: &Keys) {
        for (status, path, body) in [
            (422, "/settings/users", "name=eve"),
            (422, "/settings/users", "name=eve&scope=root&password=pl4nted-password"),
            (422, "/settings/tokens", "name=x&scope=read&for=never"),
            (404, "/settings/users/change", "name=eve"),
            (404, "/settings/users/remove", "name=eve"),
            (409, "/settings/users/remove", "name=admin"),
            (404, "/settings/sessions/end", "id=x"),
            (404, "/settings/tokens/revoke", "id=x"),
            (422, "/settings/password", "password=short"),
            (422, "/runs/x/settle", "done=perhaps"),
            (409, "/resume", ""),
            (400, "/pause", "app=%00"),
            (404, "/pause", "app=shp"),
            (422, "/pause", "app=shop&app=shop"),
        ] {
            self.refuse(status, Asked::of("POST", path).in_session(&keys.of_admin).form(body));
        }
    }

    /// Questions that are not understood.
    fn queries(&mut self, keys: &Keys) {
        for path in [
            "/api/v1/status?more=1",
            "/api/v1/status?app=%00",
            "/api/v1/monitors?limit=-1",
            "/api/v1/monitors?after=x",
            "/api/v1/monitors/page/readings?since=yesterday",
            "/api/v1/runs?open=perhaps",
            "/api/v1/runs?limit=99999999999",
            "/api/v1/report?since=1d&until=2d",
            "/api/v1/timeline?after=x",
            "/api/v1/timeline?app=shop&app=shop",
            "/api/v1/why",
            "/api/v1/why?of=page&app=shop",
            "/timeline?limit=x",
        ] {
            self.refuse(400, Asked::of("GET", path).by(&keys.admin));
        }
        self.refuse(400, Asked::of("GET", "/api/v1/events").by(&keys.admin).with("Last-Event-ID: x"));
    }

    /// Paths that mean to lead elsewhere.
    fn paths(&mut self, keys: &Keys) {
        let long = format!("/api/v1/monitors/{}", "a".repeat(20_000));
        for path in [
            "/api/v1/..%2fstatus",
            "/api/v1/../v1/status",
            "/api/v1/monitors/..%2f..%2fusers",
            "/api/v1/monitors/%2e%2e%2fusers",
            "/api/v1/monitors/../users",
            "/api/v1/monitors/page%2freadings",
            "/api/v1/monitors/page%00",
            "/api/v1/monitors/%00",
            "/api/v1/monitors/%ff",
            "/api/v1/monitors/%",
            "/api/v1/monitors/",
            "/api/v1/status/",
            "/api//v1/status",
            "//api/v1/status",
            "/API/v1/status",
            "/api/v1/status;x=1",
            "/api/v1/status%20",
            "/api/v1/runs/%2e%2e",
            "/api/v2/status",
            "/icons/..%2fflyball.toml",
            "/icons/../../flyball.toml",
            "/flyball.toml",
            "/flyball.db",
            "/.git/config",
            "/monitors/..%2fsettings",
            "/runs/%00",
            "/apps/%00",
            &long,
        ] {
            self.refuse(404, Asked::of("GET", path).by(&keys.admin));
        }
        for (method, path) in [
            ("DELETE", "/api/v1/status"),
            ("PUT", "/api/v1/users"),
            ("GET", "/api/v1/pauses/resume"),
            ("TRACE", "/"),
            ("GET", "/sign-out"),
            ("POST", "/healthz"),
        ] {
            self.refuse(405, Asked::of(method, path).by(&keys.admin));
        }
    }

    /// Things of others, and of none.
    fn things_of_others(&mut self, keys: &Keys) {
        let nobody = "0190a5a0-0000-7000-8000-000000000000";
        for id in [nobody, keys.operate_id.as_str(), "x", "-1", "%27%20or%201=1--"] {
            self.refuse(404, Asked::of("DELETE", &format!("/api/v1/sessions/{id}")).by(&keys.admin));
        }
        for id in [nobody, keys.session_id.as_str(), &keys.revoked_id, "x"] {
            self.refuse(404, Asked::of("DELETE", &format!("/api/v1/tokens/{id}")).by(&keys.admin));
        }
        self.refuse(404, Asked::of("GET", &format!("/api/v1/runs/{nobody}")).by(&keys.admin));
        for method in ["PATCH", "DELETE"] {
            self.refuse(404, Asked::of(method, "/api/v1/users/eve").by(&keys.admin).json("{}"));
        }
        self.refuse(409, Asked::of("DELETE", "/api/v1/users/admin").by(&keys.admin));
        self.refuse(409, Asked::of("PATCH", "/api/v1/users/admin").by(&keys.admin).json("{\"scope\":\"read\"}"));
        for method in ["GET", "POST"] {
            let first = Asked::of(method, "/first?key=first_0000");
            self.refuse(403, first.form(format!("name=eve&password={PASSWORD}&key=first_0000")));
        }
        for name in ["admin", "eve", "%00"] {
            self.refuse(401, Asked::of("POST", "/sign-in").form(format!("name={name}&password=pl4nted-guess")));
        }
    }
}

#[tokio::test]
async fn what_must_not_be_is_refused_and_changes_nothing() {
    let house = House::new(FILE).await;
    let keys = Keys::made(&house).await;
    let (routes, before) = (house.routes().await, house.standing(&keys.admin).await);
    let mut table = Table::default();
    table.nobody(&keys, &routes);
    table.somebody_who_may_less(&keys, &routes);
    table.a_page_elsewhere(&keys, &routes);
    table.another_name(&keys);
    table.what_is_too_large(&keys);
    table.bodies(&keys);
    table.wishes(&keys);
    table.forms(&keys);
    table.queries(&keys);
    table.paths(&keys);
    table.things_of_others(&keys);
    assert!(table.0.len() > 500, "{} requests", table.0.len());
    table.play(&house, &keys.secrets()).await;
    assert_eq!(house.standing(&keys.admin).await, before, "nothing has changed");
    assert!(house.stage.changes().is_empty());

    wait_for("whoever guesses on is told to wait", async || {
        let guess = Asked::of("POST", "/sign-in").form("name=admin&password=pl4nted-guess");
        let answer = house.ask(&guess).await;
        answer.status == 429 && answer.header("retry-after").is_some()
    })
    .await;
}

#[tokio::test]
async fn the_link_that_makes_the_first_administrator_is_good_once() {
    let house = House::new(&FILE.replace("127.0.0.1", "0.0.0.0")).await;
    let printed = house.up.printed();
    let key = printed.split_once("/first?key=").unwrap().1.split_whitespace().next().unwrap().to_owned();
    let form =
        |key: &str, name: &str| Asked::of("POST", "/first").form(format!("name={name}&password={PASSWORD}&key={key}"));
    let mut table = Table::default();
    // Who does not come from this machine alone is not let in, before anybody is there, too.
    table.refuse(401, Asked::of("GET", "/api/v1/status"));
    table.refuse(303, Asked::of("GET", "/settings"));
    table.refuse(403, form("", "eve"));
    table.refuse(403, form(&format!("{key}0"), "eve"));
    table.refuse(403, form(&key[..key.len() - 1], "eve"));
    table.refuse(422, form(&key, ""));
    table.play(&house, &[PASSWORD, TOKEN]).await;

    let first = house.ask(&form(&key, "admin")).await;
    assert!(first.status == 303 && first.header("set-cookie").is_some());
    let mut table = Table::default();
    table.refuse(403, form(&key, "eve"));
    table.refuse(403, Asked::of("GET", &format!("/first?key={key}")));
    table.play(&house, &[PASSWORD, TOKEN]).await;
}
