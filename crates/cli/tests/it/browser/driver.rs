//! A browser, driven as WebDriver has it: a few calls with JSON. `thirtyfour` does the same, and its build would cost every first test
//! run a minute.

use crate::support::{SOON, now};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Nothing of Chromium's own goes out, and no window opens. By a pipe, it ends with its driver, however that ends. What scrolls smoothly
/// is not yet where it is clicked.
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
    "--window-size=1280,900",
    "--remote-debugging-pipe",
];

/// By what an element is known in an answer (WebDriver, section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One person's browser: nobody shares its cookies.
pub(crate) struct Browser {
    client: Client,
    session: String,
    driver: Arc<Driver>,
}

/// Debian's `chromedriver`. Killed when it is dropped, and its browsers with it.
struct Driver {
    address: String,
    _process: Child,
    /// Where its browsers keep their profiles.
    _home: TempDir,
}

impl Driver {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC");
        command.env("HOME", home.path()).env("TMPDIR", home.path()).kill_on_drop(true);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = process.expect("chromedriver is installed (`./test` does it: chromium and chromium-driver)");
        Self { address: format!("http://127.0.0.1:{port}"), _process: process, _home: home }
    }
}

impl Browser {
    /// Starts a browser, with these flags beside the usual ones.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        let driver = Arc::new(Driver::start().await);
        crate::support::wait_for("the driver answers", async || {
            reqwest::get(format!("{}/status", driver.address)).await.is_ok()
        })
        .await;
        Self::of(driver, flags).await
    }

    /// The browser of somebody else.
    pub(crate) async fn another(&self) -> Self {
        Self::of(Arc::clone(&self.driver), &[]).await
    }

    async fn of(driver: Arc<Driver>, flags: &[&str]) -> Self {
        let client = Client::builder().no_proxy().timeout(SOON).build().unwrap();
        let session = driver.address.clone() + "/session";
        let mut browser = Self { client, session, driver };
        let flags = [&FLAGS[..], flags].concat();
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": flags, "binary": "/usr/bin/chromium" },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let begun = browser.ask(Method::POST, "", wanted).await.unwrap();
        browser.session = format!("{}/{}", browser.session, begun["sessionId"].as_str().unwrap());
        browser
    }

    /// One call. What the driver refuses is told in its words.
    async fn ask(&self, method: Method, path: &str, body: Value) -> Result<Value, String> {
        let mut request = self.client.request(method.clone(), self.session.clone() + path);
        if method == Method::POST {
            request = request.json(&body);
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let (is_good, mut answer) = (answer.status().is_success(), answer.json::<Value>().await.unwrap_or_default());
        if is_good { Ok(answer["value"].take()) } else { Err(answer["value"]["message"].to_string()) }
    }

    /// Goes to an address.
    pub(crate) async fn open(&self, url: &str) {
        self.ask(Method::POST, "/url", json!({ "url": url })).await.unwrap();
    }

    /// Where it is.
    pub(crate) async fn url(&self) -> String {
        self.ask(Method::GET, "/url", Value::Null).await.unwrap().as_str().unwrap().to_owned()
    }

    /// Does something with the first element that an XPath leads to.
    async fn to(&self, path: &str, what: &str, body: Value) -> Result<Value, String> {
        let wanted = json!({ "using": "xpath", "value": path });
        let element = self.ask(Method::POST, "/element", wanted).await?;
        let method = if body.is_null() { Method::GET } else { Method::POST };
        self.ask(method, &format!("/element/{}/{what}", element[ELEMENT].as_str().unwrap()), body).await
    }

    /// Does it once that can be done: a page may be on its way, or just change.
    async fn soon(&self, path: &str, what: &str, body: Value) -> Value {
        let begun = now();
        loop {
            match self.to(path, what, body.clone()).await {
                Ok(answer) => return answer,
                Err(error) => assert!(now().since(begun) < SOON, "{what} of {path}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Clicks on the link, the button or the part that unfolds with this text.
    pub(crate) async fn click(&self, text: &str) {
        let is = format!("[normalize-space()=\"{text}\"]");
        self.press(&format!("//a{is} | //button{is} | //summary{is}")).await;
    }

    /// Clicks on what an XPath leads to.
    pub(crate) async fn press(&self, path: &str) {
        self.soon(path, "click", json!({})).await;
    }

    /// Writes into the field with this label.
    pub(crate) async fn fill(&self, label: &str, text: &str) {
        let field = format!("//*[@id=//label[normalize-space()=\"{label}\"]/@for]");
        self.soon(&field, "value", json!({ "text": text })).await;
    }

    /// All text that is seen.
    pub(crate) async fn text(&self) -> String {
        self.soon("//body", "text", Value::Null).await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until this is seen.
    pub(crate) async fn sees(&self, words: &str) {
        let (begun, mut text) = (now(), self.text().await);
        while !text.contains(words) {
            assert!(now().since(begun) < SOON, "{words:?} is not seen at {}:\n{text}", self.url().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
            text = self.text().await;
        }
    }

    /// Runs a script in the page, from outside of what the page itself may, and returns what it calls back with.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.ask(Method::POST, "/execute/async", json!({ "script": script, "args": [] })).await.unwrap()
    }

    /// A command of Chromium's own.
    pub(crate) async fn chromium(&self, command: &str, arguments: Value) -> Value {
        self.ask(Method::POST, "/goog/cdp/execute", json!({ "cmd": command, "params": arguments })).await.unwrap()
    }

    /// What was logged since it was last asked for: of the `browser`, or of its `performance`.
    pub(crate) async fn log(&self, kind: &str) -> Vec<Value> {
        let lines = self.ask(Method::POST, "/se/log", json!({ "type": kind })).await.unwrap();
        lines.as_array().unwrap().clone()
    }

    /// Keeps a picture of the whole page.
    pub(crate) async fn picture(&self, path: &Path) {
        let picture = self.chromium("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await;
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}
