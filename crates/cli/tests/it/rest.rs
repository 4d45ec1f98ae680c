//! The REST interface, as a program uses it: definitions by their versions, requests that are sent again, and reads that were read before.

use crate::support::{Stage, wait_for};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

const FILE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\nreactions = [\"more\"]\n\
                    [[reaction]]\nname = \"more\"\nscale_out = { app = \"shop\", max_quantity = 9 }\n";

/// A program that asks a stage's server.
struct Program {
    base: String,
    client: Client,
}

impl Program {
    fn of(stage: &Stage) -> Self {
        let client = Client::builder().no_proxy().build().unwrap();
        Self { base: format!("{}/api/v1", stage.server().trim_end_matches('/')), client }
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        request.send().await.unwrap()
    }

    async fn read(&self, path: &str) -> Value {
        data(self.ask(Method::GET, path, &[], None).await).await
    }
}

async fn data(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_definition_is_made_changed_and_removed_by_who_saw_its_latest_version() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let _up = stage.serve().await;
    let program = Program::of(&stage);
    let text = |every: &str| {
        let url = stage.sim.page_url("shop");
        json!({ "toml": format!("[[monitor]]\nname = \"made\"\nevery = \"{every}\"\nhttp = {{ url = \"{url}\" }}\n") })
    };
    let put = async |headers: &[(&str, &str)], body| {
        program.ask(Method::PUT, "/definitions/monitor/made", headers, Some(body)).await
    };

    let made = put(&[("if-none-match", "*")], text("1s")).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let first = header(&made, "etag").unwrap().to_owned();
    wait_for("it is in force", async || !stage.readings("made").await.is_empty()).await;
    for (headers, expected) in
        [(&[][..], 428), (&[("if-none-match", "*")], 412), (&[("if-match", "\"x\"")], 412), (&[("if-match", "x")], 400)]
    {
        assert_eq!(put(headers, text("2s")).await.status(), expected, "{headers:?}");
    }
    let changed = put(&[("if-match", &first)], text("2s")).await;
    let latest = header(&changed, "etag").unwrap().to_owned();
    assert!(changed.status() == StatusCode::OK && latest != first, "{first} and {latest}");
    assert_eq!(put(&[("if-match", &first)], text("3s")).await.status(), 412, "that was an earlier version");

    let wrong = json!({ "toml": "[[monitor]]\nname = \"made\"\nevery = 5\nhttp = {}\n" });
    let refused = put(&[("if-match", &latest)], wrong).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let mistakes = data(refused).await["mistakes"].clone();
    let places: Vec<_> = mistakes.as_array().unwrap().iter().map(|one| (&one["field"], &one["line"])).collect();
    assert_eq!(places, [(&json!("every"), &json!(3)), (&json!("http.url"), &json!(4))], "{mistakes}");

    let all = program.read("/definitions").await;
    let told: Vec<_> = all["items"].as_array().unwrap().iter().map(|one| (&one["name"], &one["origin"])).collect();
    let [page, made, more] = [("page", "file"), ("made", "pages"), ("more", "file")].map(|(a, b)| (json!(a), json!(b)));
    assert_eq!(told, [&page, &made, &more].map(|(name, origin)| (name, origin)));
    let of_file = program.ask(Method::DELETE, "/definitions/monitor/page", &[("if-match", "*")], None).await;
    assert_eq!(of_file.status(), StatusCode::CONFLICT);
    assert_eq!(data(of_file).await["title"], "the monitor \"page\" stands in flyball.toml");

    let removed = program.ask(Method::DELETE, "/definitions/monitor/made", &[("if-match", &latest)], None).await;
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    let gone = program.ask(Method::GET, "/definitions/monitor/made", &[], None).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    for word in ["made the monitor", "changed the monitor", "removed the monitor"] {
        stage.history_until(word).await;
    }
}

#[tokio::test]
async fn a_run_that_is_asked_for_again_with_its_key_is_started_once() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let _up = stage.serve().await;
    let program = Program::of(&stage);
    let plan = program.read("/reactions/more/plan").await["plan"].clone();
    let run = async |plan: &Value| {
        let body = Some(json!({ "plan": plan }));
        program.ask(Method::POST, "/reactions/more/run", &[("idempotency-key", "one")], body).await
    };
    let first = run(&plan).await;
    assert_eq!((first.status(), header(&first, "idempotency-replayed")), (StatusCode::ACCEPTED, None));
    let first = data(first).await;
    wait_for("it is done", async || stage.web() == 2).await;

    let again = run(&plan).await;
    assert_eq!((again.status(), header(&again, "idempotency-replayed")), (StatusCode::ACCEPTED, Some("true")));
    assert_eq!(data(again).await, first);
    assert_eq!(run(&json!("another plan")).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((stage.runs().await.len(), stage.changes().len()), (1, 1));
}

#[tokio::test]
async fn what_was_read_before_is_not_sent_again() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let _up = stage.serve().await;
    let program = Program::of(&stage);
    let read = async |path: &str, tag: &str| program.ask(Method::GET, path, &[("if-none-match", tag)], None).await;
    for path in ["/me", "/definitions/monitor/page"] {
        let first = read(path, "\"x\"").await;
        let tag = header(&first, "etag").unwrap().to_owned();
        assert_eq!((first.status(), header(&first, "cache-control")), (StatusCode::OK, Some("private, no-cache")));
        let again = read(path, &tag).await;
        assert_eq!((again.status(), header(&again, "etag")), (StatusCode::NOT_MODIFIED, Some(tag.as_str())), "{path}");
        assert!(again.text().await.unwrap().is_empty(), "{path}");
    }
    let refused = read("/monitors/pge", "*").await;
    assert_eq!((refused.status(), header(&refused, "etag")), (StatusCode::NOT_FOUND, None));

    wait_for("the page is looked at", async || !stage.readings("page").await.is_empty()).await;
    let series = program.read("/monitors/page/series?since=1d&step=1h").await;
    assert_eq!((&series["monitor"], &series["step_s"]), (&json!("page"), &json!(3600)));
    assert!(!series["points"].as_array().unwrap().is_empty(), "{series}");
    assert_eq!(read("/monitors/page/series?step=soon", "").await.status(), StatusCode::BAD_REQUEST);
}
