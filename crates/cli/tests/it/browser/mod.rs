//! Pages, as people use them: in a real browser, before the real binary.

mod driver;
mod looks;

use crate::database::trouble;
use crate::replaying;
use crate::support::{Stage, Up, app, shop};
use driver::Browser;
use serde_json::json;
use std::time::Duration;

/// What watches, what acts, and what only tells; on two apps.
const FILE: &str = r#"
[server]
listen = "127.0.0.1:0"

[[monitor]]
name = "front page"
every = "1s"
reactions = ["clean up", "more web"]
http = { url = "PAGE", keyword = "database error", present = false }

[[monitor]]
name = "checkout"
every = "1s"
http = { url = "PAGE", keyword = "Welcome" }

[[monitor]]
name = "answers of the blog, which nobody has written yet"
every = "1s"
reactions = ["restart the blog"]
http = { url = "PAGE", keyword = "nobody has written this" }

[[reaction]]
name = "clean up"
causes = ["text"]
trigger = 2
create_one_off_dyno = { app = "shop", command = "bin/rails db:cleanup" }

[[reaction]]
name = "more web"
trigger = 90
scale_out = { app = "shop", max_quantity = 4 }

[[reaction]]
name = "restart the blog"
mode = "dry_run"
restart_all_dynos = { app = "blog" }
"#;

/// Who the tests are, and what they sign in with.
const ANN: (&str, &str) = ("ann", "pl4nted-password");

/// A Flyball that serves pages.
struct Place {
    stage: Stage,
    _up: Up,
    /// The address of its pages, without a slash at its end.
    pages: String,
}

impl Place {
    async fn new() -> Self {
        Self::with(FILE).await
    }

    /// With this file.
    async fn with(file: &str) -> Self {
        let shop = shop().mechanics(|mechanics| {
            mechanics.one_off_boot = Duration::from_millis(100);
            mechanics.commands[0].runs = Duration::from_millis(500);
        });
        let stage = Stage::with([shop, app("blog")]).await;
        stage.write(file);
        let up = stage.up().await;
        let pages = up.pages().await;
        Self { stage, _up: up, pages }
    }

    /// Adds a user who may do everything.
    async fn add_ann(&self) {
        let ann = json!({ "name": ANN.0, "scope": "admin", "password": ANN.1 });
        let users = format!("{}/api/v1/users", self.pages);
        let added = reqwest::Client::new().post(users).json(&ann).send().await.unwrap();
        assert_eq!(added.status(), 201);
    }

    async fn open(&self, browser: &Browser, path: &str) {
        browser.open(&format!("{}{path}", self.pages)).await;
    }

    /// Comes as somebody who has not signed in, and signs in.
    async fn sign_in(&self, browser: &Browser) {
        self.open(browser, "/").await;
        browser.sees("Sign in").await;
        enter(browser, ANN.1).await;
        browser.sees("Pause…").await;
    }
}

/// Fills in the door's form, and sends it.
async fn enter(browser: &Browser, password: &str) {
    browser.fill("Name", ANN.0).await;
    browser.fill("Password", password).await;
    browser.click("Sign in").await;
}

#[tokio::test]
async fn whoever_comes_first_adds_a_user_and_from_then_on_one_signs_in() {
    let (place, browser) = tokio::join!(Place::new(), Browser::start(&[]));
    place.open(&browser, "/").await;
    browser.sees("open to whoever is on this machine, since there is no user yet").await;
    browser.click("Settings").await;
    browser.fill("Name", ANN.0).await;
    browser.fill("Password", ANN.1).await;
    browser.click("Add").await;
    browser.sees("An administrator makes accounts").await;
    enter(&browser, "another password").await;
    browser.sees("Name and password do not go together.").await;
    // The name is there still.
    browser.fill("Password", ANN.1).await;
    browser.click("Sign in").await;
    browser.sees("Pause…").await;
    assert_eq!(browser.url().await, format!("{}/", place.pages));
    assert!(!browser.text().await.contains("open to whoever"));

    // From a second browser the first is sent away, and is led to the door by itself.
    let other = browser.another().await;
    place.sign_in(&other).await;
    other.click("Settings").await;
    other.press("//tr[not(contains(., \"(this browser)\"))]//button[normalize-space()=\"End it\"]").await;
    browser.sees("An administrator makes accounts").await;
    other.click("Overview").await;
    other.sees("Pause…").await;
    browser.must_be_calm(&place.pages, &[401]).await;
    other.must_be_calm(&place.pages, &[]).await;
}

#[tokio::test]
async fn a_reaction_acts_before_ones_eyes_its_story_is_a_click_away_and_the_red_button_stops_the_next() {
    let (place, browser) = tokio::join!(Place::new(), Browser::start(&[]));
    place.open(&browser, "/").await;
    browser.sees("checkout").await;
    browser.script("window.never_loaded_again = true; arguments[0]()").await;
    trouble(&place.stage);
    browser.sees("its story").await;
    browser.sees("“front page” from failing to passing").await;
    let marked = browser.script("arguments[0](window.never_loaded_again === true)").await;
    assert_eq!(marked, true, "all of this came without a reload");

    browser.click("its story").await;
    browser.sees("Step by step").await;
    browser.click("Overview").await;

    browser.click("Pause…").await;
    browser.click("Pause everything").await;
    browser.sees("all paused").await;
    let changes = place.stage.changes().len();
    trouble(&place.stage);
    browser.sees("clean up holds: paused").await;
    assert_eq!(place.stage.changes().len(), changes, "nothing is done meanwhile");
    browser.click("Resume").await;
    browser.sees("acting").await;
    browser.must_be_calm(&place.pages, &[]).await;
}

#[tokio::test]
async fn who_never_wrote_toml_makes_a_keyword_monitor_that_cleans_up_by_forms_and_watches_it_act() {
    let (place, browser) = tokio::join!(Place::with("[server]\nlisten = \"127.0.0.1:0\"\n"), Browser::start(&[]));
    place.open(&browser, "/").await;
    browser.click("Make a monitor").await;
    browser.click("Create One-Off Dyno").await;
    browser.fill("name", "clean up").await;
    browser.click("Save").await;
    browser.sees("Not saved").await;
    browser.sees("`app` is missing").await;
    browser.fill("app", "shop").await;
    browser.fill("command", "bin/rails db:cleanup").await;
    browser.script("document.getElementById('common-mode').value = 'act'; arguments[0]()").await;
    browser.click("Save").await;
    browser.sees("It is stored").await;

    place.open(&browser, "/new").await;
    browser.click("HTTP GET: Keyword").await;
    browser.fill("name", "no database error").await;
    browser.fill("url", &place.stage.page()).await;
    browser.fill("keyword", "database error").await;
    browser.fill("reactions", "clean up").await;
    // It began with half a minute, which is long for whoever waits.
    browser.script("document.getElementById('common-every').value = '1s'; arguments[0]()").await;
    browser.click("Try it now").await;
    browser.sees("Looked just now").await;
    browser.sees("Nothing is saved yet").await;
    browser.click("Save").await;
    browser.sees("It is stored").await;

    place.open(&browser, "/").await;
    browser.sees("no database error").await;
    trouble(&place.stage);
    browser.sees("its story").await;
    browser.must_be_calm(&place.pages, &[422]).await;
}

#[tokio::test]
async fn without_scripts_one_signs_in_pauses_and_resumes() {
    let (place, browser) = tokio::join!(Place::new(), Browser::start(&["--blink-settings=scriptEnabled=false"]));
    place.add_ann().await;
    place.sign_in(&browser).await;
    browser.click("Pause…").await;
    browser.click("Pause everything").await;
    browser.sees("all paused").await;
    browser.click("Resume").await;
    browser.sees("acting").await;
    assert!(!browser.text().await.contains("Dark or light"), "what needs scripts is not shown");
    browser.must_be_calm(&place.pages, &[]).await;
}

#[tokio::test]
async fn what_would_have_been_is_asked_for_on_pages_without_scripts() {
    let (stage, browser) = tokio::join!(Stage::new(), Browser::start(&["--blink-settings=scriptEnabled=false"]));
    stage.write(&replaying::FILE.replace("\"requests\" }", "\"requests\", above = 45, clears_at = 30 }"));
    replaying::recorded(&stage).await;
    let up = stage.serve().await;
    let place = Place { pages: stage.server().trim_end_matches('/').to_owned(), stage, _up: up };
    place.open(&browser, "/monitors/shop%20is%20busy").await;
    browser.click("What would scale_to do?").await;
    browser.sees("With a tenth to spare").await;
    browser.sees("Minutes, by the load of a dyno").await;
    browser.sees("For the file").await;
    browser.fill("Recorded since", "soon").await;
    browser.click("Look again").await;
    browser.sees("is neither a time").await;

    place.open(&browser, "/reactions/enough%20web").await;
    browser.click("What would it have done?").await;
    browser.sees("It would have acted").await;
    browser.fill("With other settings", "max_quantity=1").await;
    browser.click("Replay").await;
    browser.sees("`min_quantity` is above `max_quantity`").await;
    place.open(&browser, "/reactions/enough%20web/replay").await;
    browser.fill("With other settings", "max_quantity=3").await;
    browser.click("Replay").await;
    browser.sees("It would have acted").await;
    browser.sees("Choices that would have been others").await;
    browser.sees("Dyno-hours").await;
    place.open(&browser, "/monitors/page/suggestion").await;
    browser.sees("cannot suggest anything by").await;
    browser.must_be_calm(&place.pages, &[400, 404, 422]).await;

    let seeing = Browser::start(&[]).await;
    let mut mistakes = Vec::new();
    for (name, path, words) in [
        ("number", "/monitors/shop%20is%20busy?span=24h", "What would scale_to do?"),
        ("suggestion", "/monitors/shop%20is%20busy/suggestion", "For the file"),
        ("replay", "/reactions/enough%20web/replay", "Nothing is called"),
        ("replayed", "/reactions/enough%20web/replay?since=7d&with=max_in%3D2", "What it comes to"),
        ("not-replayed", "/reactions/enough%20web/replay?since=7d&with=max_inn%3D2", "did you mean"),
    ] {
        place.open(&seeing, path).await;
        seeing.sees(words).await;
        mistakes.extend(seeing.mistakes(name).await);
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    seeing.must_be_calm(&place.pages, &[422]).await;
}

#[tokio::test]
async fn everybody_can_use_every_page_on_every_screen() {
    let (place, browser) = tokio::join!(Place::new(), Browser::start(&[]));
    trouble(&place.stage);
    place.open(&browser, "/").await;
    browser.sees("its story").await;
    let run = place.stage.runs().await[0].id;
    place.add_ann().await;
    place.open(&browser, "/").await;
    let mut mistakes = browser.mistakes("sign-in").await;
    place.sign_in(&browser).await;
    for (name, path, words) in [
        ("overview", "/", "The last day"),
        ("apps", "/apps", "blog"),
        ("app", "/apps/shop", "What was done to it"),
        ("monitor", "/monitors/front%20page", "Last readings"),
        ("reactions", "/reactions", "What may be done to apps"),
        ("reaction", "/reactions/clean%20up", "How it is called"),
        ("plan", "/reactions/more%20web/plan", "would do now"),
        ("run", &format!("/runs/{run}"), "Step by step"),
        ("undo", &format!("/runs/{run}/undo"), "What would undo it now"),
        ("timeline", "/timeline", "Timeline"),
        ("incidents", "/incidents", "Incidents"),
        ("pause", "/pause", "Pause effects: everything"),
        ("settings", "/settings", "Tokens of programs"),
        ("make", "/new", "HTTP GET: Keyword"),
        ("form", "/new/from?sample=1", "As it stands in a file"),
        ("problem", "/monitors/frnt%20page", "did you mean"),
    ] {
        place.open(&browser, path).await;
        browser.sees(words).await;
        mistakes.extend(browser.mistakes(name).await);
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    browser.must_be_calm(&place.pages, &[404]).await;

    // That nothing is found tells something only where what is there is found.
    browser
        .script("document.body.appendChild(document.createElement('input')).style.minWidth = '2000px'; arguments[0]()")
        .await;
    let found = browser.mistakes("spoilt").await.join("\n");
    assert!(found.contains("label (") && found.contains("at 390: too wide"), "{found}");
}
