//! What is told of one thing is read for that alone, and is what is told of it among all.

use super::Reader;
use flyball_config::Definitions;
use flyball_model::{
    ApiHost, Because, Cause, Evidence, Excerpt, Finding, FirstCause, Incident, IncidentOf, MonitorId, MonitorState,
    ReactionId, ReactionName, Reading, Standing, Timestamp, Verdict,
};
use flyball_monitors::Monitor;
use flyball_store::{Batch, Holding, HoldingKey, Incidents as _, IncidentsPage, Loop as _, Remembered, Sqlite};
use flyball_views::{About, EngineState, MonitorView, Part, ReactionView};
use std::time::Duration;

/// A shop that two monitors call about, one of them about the blog as well; and a door that calls nobody.
const FILE: &str = r#"
[[reaction]]
name = "more shop"
trigger = 2
scale_out = { app = "shop", max_quantity = 2 }
[[reaction]]
name = "more blog"
scale_out = { app = "blog", max_quantity = 2 }
[[monitor]]
name = "page"
reactions = ["more shop"]
http = { url = "http://127.0.0.1:9/page" }
[[monitor]]
name = "both"
reactions = ["more shop", "more blog"]
http = { url = "http://127.0.0.1:9/both" }
[[monitor]]
name = "door"
http = { url = "http://127.0.0.1:9/door" }
"#;

fn at(second: u64) -> Timestamp {
    super::testing::START + Duration::from_secs(second)
}

/// Every monitor fails, and has failed once more since what it remembers was saved; each reaction holds at each.
fn batch(definitions: &Definitions) -> Batch {
    let reading = |monitor, second| {
        let words = Excerpt::of(&format!("answered 503 at second {second}"));
        let (finding, took) = (Finding::Failing(Cause::Status), Duration::from_millis(7));
        (monitor, Reading { begun_at: at(second), took, finding, words, evidence: Evidence::None })
    };
    let monitors = || definitions.monitors.iter().zip(1_u32..);
    let state = |(monitor, streak): (&Monitor, u32)| Remembered {
        monitor: monitor.id,
        watched: monitor.kind.watched(),
        state: MonitorState {
            standing: Some(Standing {
                verdict: Verdict::Failing,
                cause: Some(Cause::Status),
                streak,
                since: at(0),
                known_at: at(10),
                begun: [at(10)].into(),
            }),
            last_at: Some(at(10)),
            unknown_in_a_row: 0,
        },
        covers: at(10),
    };
    let holding = |monitor: MonitorId, name: &ReactionName| Holding {
        key: HoldingKey { monitor, reaction: ReactionId::of(name) },
        because: Because::Maintenance,
        since: at(1),
        last_at: at(2),
        count: 2,
    };
    let first = FirstCause::Monitor { name: "page".parse().unwrap(), cause: None };
    Batch {
        readings: monitors()
            .flat_map(|(monitor, nth)| [10, 20 + u64::from(nth)].map(|second| reading(monitor.id, second)))
            .collect(),
        states: monitors().map(state).collect(),
        holdings: monitors()
            .flat_map(|(monitor, _)| monitor.reactions.iter().map(move |name| holding(monitor.id, name)))
            .collect(),
        incidents: vec![Incident { of: shop(), began_at: at(0), first, end: None }],
        ..Batch::default()
    }
}

fn shop() -> IncidentOf {
    IncidentOf::App("shop".parse().unwrap())
}

#[tokio::test]
async fn what_is_told_of_one_thing_is_what_is_told_of_it_among_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("flyball.db")).await.unwrap();
    let definitions = flyball_config::read("flyball.toml", FILE).unwrap();
    store.save(&batch(&definitions)).await.unwrap();
    let reader = Reader::new(&store, &definitions, ApiHost::default(), EngineState::Running, at(60));
    let all = reader.status(None).await.unwrap();
    // What the state was saved with, and what came since: it is not told from the state alone.
    assert_eq!(all.monitors.iter().map(|view| view.streak).collect::<Vec<_>>(), [2, 3, 4]);
    let monitor = |name: &str| all.monitors.iter().find(|view| view.name.as_str() == name).unwrap().clone();
    let reaction = |name: &str| all.reactions.iter().find(|view| view.name.as_str() == name).unwrap().clone();
    let told = |monitors: &[&str], reactions: &[&str]| -> (Vec<MonitorView>, Vec<ReactionView>) {
        (monitors.iter().map(|name| monitor(name)).collect(), reactions.iter().map(|name| reaction(name)).collect())
    };

    let (shop_alone, blog_alone) = (["page", "both"], ["both"]);
    for (app, monitors, reactions) in
        [("shop", &shop_alone[..], &["more shop"][..]), ("blog", &blog_alone, &["more blog"]), ("shed", &[], &[])]
    {
        let status = reader.status(Some(&app.parse().unwrap())).await.unwrap();
        assert_eq!((status.monitors, status.reactions), told(monitors, reactions), "{app}");
    }

    for (about, monitors, reactions) in [
        (About::Monitor("both".parse().unwrap()), &["both"][..], &["more shop", "more blog"][..]),
        (About::Monitor("door".parse().unwrap()), &["door"], &[]),
        (About::Reaction("more shop".parse().unwrap()), &shop_alone, &["more shop"]),
        (About::Reaction("more blog".parse().unwrap()), &blog_alone, &["more blog"]),
        (About::App("shop".parse().unwrap()), &shop_alone, &["more shop"]),
    ] {
        let why = reader.why(std::slice::from_ref(&about)).await.unwrap();
        let views = |part: &Part| (part.monitor.clone(), part.reaction.clone());
        let (of_monitors, of_reactions): (Vec<_>, Vec<_>) = why.parts.iter().map(views).unzip();
        let views = (of_monitors.into_iter().flatten().collect(), of_reactions.into_iter().flatten().collect());
        assert_eq!(views, told(monitors, reactions), "{about:?}");
        let alone = reader.why_alone(&about).await.unwrap();
        assert_eq!(alone, why.parts.into_iter().find(|part| part.about == about), "{about:?}");
    }
    assert_eq!(reader.why_alone(&About::Monitor("gate".parse().unwrap())).await.unwrap(), None);

    let story = reader.reaction_story(&"more shop".parse().unwrap(), at(0)).await.unwrap().unwrap();
    assert_eq!(story.reaction, reaction("more shop"));
    let next = reader.next_of(&shop()).await.unwrap().map(|next| next.at);
    assert_eq!(next, reaction("more shop").next.at);
    let number = store.incidents(&IncidentsPage::default()).await.unwrap()[0].number;
    let in_the_way = reader.incident_story(number).await.unwrap().unwrap().in_the_way;
    assert_eq!(in_the_way.len(), 2, "{in_the_way:?}");
}
