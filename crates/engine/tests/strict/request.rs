//! One request, read from the wire byte by byte and held against the rules. Nothing is forgiven: what a server might
//! overlook is a mistake here.

use super::world::{Change, World};
use serde_json::Value;
use tokio::io::{AsyncReadExt, BufReader};
use tokio::net::TcpStream;

/// The longest head that is read, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Variant 3 of the API, and the one that the official CLI asks for.
const THREE: &str = "application/vnd.heroku+json; version=3";
const SDK: &str = "application/vnd.heroku+json; version=3.sdk";
/// What every request has, and nothing may be there twice.
const ALWAYS: [&str; 5] = ["host", "accept", "authorization", "user-agent", "request-id"];

/// A request, as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What a request is about, once it was found to be as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    App,
    Formation,
    Dynos,
    Releases,
    /// The config vars as of a release.
    Config(u64),
    Change(Change),
}

impl Request {
    /// Reads one; `None` when the client has gone, or breaks off.
    pub(crate) async fn read(stream: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.ok()?);
            assert!(head.len() <= HEAD_BYTES_MAX, "the head of a request does not end");
        }
        let head = String::from_utf8(head).expect("a request's head is ASCII");
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?} is no header"));
            (name.to_ascii_lowercase(), value.to_owned())
        });
        let mut request = Self { line, headers: headers.collect(), body: Vec::new() };
        let length = request.header("content-length").map_or(0, |length| length.parse().expect("a length"));
        request.body = vec![0; length];
        stream.read_exact(&mut request.body).await.ok()?;
        Some(request)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// What it asks for.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub(crate) fn judge(&self, host: &str, token: &str, world: &World) -> Result<Asked, String> {
        let line = self.line.strip_suffix(" HTTP/1.1").ok_or("not HTTP/1.1")?;
        let (asked, accept, range) = match line {
            "GET /apps/shop" => (Asked::App, SDK, None),
            "GET /apps/shop/formation" => (Asked::Formation, THREE, Some("id ..; max=1000")),
            "GET /apps/shop/dynos" => (Asked::Dynos, THREE, Some("id ..; max=1000")),
            "GET /apps/shop/releases" => (Asked::Releases, SDK, Some("version ..; order=desc, max=200")),
            "PATCH /apps/shop/formation" => (Asked::Change(self.formation_change()?), THREE, None),
            "DELETE /apps/shop/dynos" => (Asked::Change(Change::RestartAll), SDK, None),
            "POST /apps/shop/releases" => (Asked::Change(self.rollback(world)?), SDK, None),
            "POST /apps/shop/dynos" => (Asked::Change(self.one_off()?), THREE, None),
            other => match (other.strip_prefix("DELETE /apps/shop/dynos/"), config_of(other)) {
                (Some(name), _) if world.has_dyno(name) => {
                    (Asked::Change(Change::RestartDyno(name.to_owned())), SDK, None)
                }
                (_, Some(version)) if world.has_release(version) => (Asked::Config(version), THREE, None),
                _ => return Err("nothing is there".to_owned()),
            },
        };
        self.must_have("host", host)?;
        self.must_have("authorization", &format!("Bearer {token}"))?;
        self.must_have("accept", accept)?;
        if self.header("range") != range {
            return Err(format!("its range is {:?} and not {range:?}", self.header("range")));
        }
        if self.header("request-id").is_none_or(|id| id.len() < 8)
            || self.header("user-agent").is_none_or(str::is_empty)
        {
            return Err("nobody can tell whose it is".to_owned());
        }
        self.judge_body(line)?;
        self.judge_names(line)?;
        Ok(asked)
    }

    fn must_have(&self, name: &str, wanted: &str) -> Result<(), String> {
        match self.header(name) {
            Some(value) if value == wanted => Ok(()),
            // A token would be shown to whoever reads why the test failed.
            other => Err(format!("`{name}` is not as it must be ({} bytes)", other.map_or(0, str::len))),
        }
    }

    fn has_body(line: &str) -> bool {
        line.starts_with("PATCH") || line.starts_with("POST")
    }

    fn judge_body(&self, line: &str) -> Result<(), String> {
        if Self::has_body(line) {
            self.must_have("content-type", "application/json")?;
            self.must_have("content-length", &self.body.len().to_string())
        } else if self.body.is_empty() && self.header("content-type").is_none() {
            Ok(())
        } else {
            Err("it has a body that nobody asked for".to_owned())
        }
    }

    fn judge_names(&self, line: &str) -> Result<(), String> {
        let mut seen = Vec::new();
        for (name, _) in &self.headers {
            let is_known = ALWAYS.contains(&name.as_str())
                || match name.as_str() {
                    "content-type" => Self::has_body(line),
                    "content-length" => !line.starts_with("GET"),
                    "range" | "if-none-match" => line.starts_with("GET"),
                    "accept-encoding" => true,
                    _ => false,
                };
            if !is_known || seen.contains(&name) {
                return Err(format!("the header `{name}` was not expected, or not again"));
            }
            seen.push(name);
        }
        Ok(())
    }

    /// The body, in which nothing is there twice: it is as long as what was understood of it.
    fn json(&self) -> Result<Value, String> {
        let json: Value = serde_json::from_slice(&self.body).map_err(|error| error.to_string())?;
        if json.to_string().len() == self.body.len() { Ok(json) } else { Err("a field is there twice".to_owned()) }
    }

    /// Exactly one update of exactly one field, to an absolute value.
    fn formation_change(&self) -> Result<Change, String> {
        let body = self.json()?;
        let updates = only(&body, &["updates"])?["updates"].as_array().ok_or("no list of updates")?;
        let [update] = updates.as_slice() else { return Err(format!("{} updates", updates.len())) };
        if update["type"] != "web" {
            return Err("of another process type".to_owned());
        }
        match (update.get("quantity"), update.get("size")) {
            (Some(quantity), None) => {
                only(update, &["quantity", "type"])?;
                Ok(Change::Quantity(quantity.as_u64().ok_or("the quantity is not an absolute number")?))
            }
            (None, Some(size)) => {
                only(update, &["size", "type"])?;
                Ok(Change::Size(size.as_str().ok_or("the size is no text")?.to_owned()))
            }
            _ => Err("not one of quantity and size".to_owned()),
        }
    }

    /// By the release's id, which alone Heroku takes.
    fn rollback(&self, world: &World) -> Result<Change, String> {
        let body = self.json()?;
        let id = only(&body, &["release"])?["release"].as_str().ok_or("the release is no text")?;
        Ok(Change::RollBack(world.version_of(id).ok_or("there is no release with this id")?))
    }

    /// Detached, with a command and an end.
    fn one_off(&self) -> Result<Change, String> {
        let body = self.json()?;
        let body = only(&body, &["attach", "command", "time_to_live"])?;
        let time_to_live = body["time_to_live"].as_u64().ok_or("the time to live is no number")?;
        if body["attach"] != false || !(1..=86_400).contains(&time_to_live) {
            return Err("attached, or for too long".to_owned());
        }
        Ok(Change::OneOff(body["command"].as_str().ok_or("the command is no text")?.to_owned()))
    }
}

/// The object, if it has exactly these fields.
fn only<'a>(object: &'a Value, names: &[&str]) -> Result<&'a Value, String> {
    let fields: Vec<&str> = object.as_object().ok_or("no object")?.keys().map(String::as_str).collect();
    if fields == names { Ok(object) } else { Err(format!("it has the fields {fields:?} and not {names:?}")) }
}

/// The release whose config vars this asks for.
fn config_of(line: &str) -> Option<u64> {
    line.strip_prefix("GET /apps/shop/releases/")?.strip_suffix("/config-vars")?.parse().ok()
}
