//! Incidents.

use crate::Database;
use crate::fixtures::*;
use flyball_model::{Cause, EndedBy, FirstCause, Incident, IncidentEnd, IncidentOf, IncidentTold, RunId, Timestamp};
use flyball_store::{Batch, Incidents as _, IncidentsPage, Loop as _, NumberedIncident, Open, Retention as _, Store};
use std::time::Duration;
use uuid::Uuid;

fn of_app(name: &str, second: u64) -> Incident {
    let first = FirstCause::Monitor { name: monitor("front door").1, cause: Some(Cause::TimeOut) };
    Incident { of: IncidentOf::App(app(name)), began_at: at(second), first, end: None }
}

fn of_monitor(second: u64) -> Incident {
    let name = monitor("it's \"odd\": %").1;
    let first = FirstCause::Monitor { name: name.clone(), cause: None };
    Incident { of: IncidentOf::Monitor(name), began_at: at(second), first, end: None }
}

fn ended(incident: &Incident, second: u64, by: EndedBy) -> Incident {
    Incident { end: Some(IncidentEnd { at: at(second), by }), ..incident.clone() }
}

async fn save(store: &impl Store, incidents: &[Incident]) {
    store.save(&Batch { incidents: incidents.to_vec(), ..Batch::default() }).await.unwrap();
}

async fn all(store: &impl Store) -> Vec<NumberedIncident> {
    store.incidents(&IncidentsPage::default()).await.unwrap()
}

const fn numbered(number: i64, incident: Incident) -> NumberedIncident {
    NumberedIncident { number, incident, told: IncidentTold::Nothing }
}

pub(crate) async fn an_incident_is_there_once_in_whichever_order_and_how_often_it_is_written<D: Database>(
    database: &D,
) {
    let store = database.open().await;
    let (shop, lone) = (of_app("shop", 10), of_monitor(20));
    save(&*store, std::slice::from_ref(&shop)).await;
    save(&*store, &[shop.clone(), lone.clone()]).await;
    assert_eq!(all(&*store).await, [numbered(2, lone.clone()), numbered(1, shop.clone())]);
    let (shop, gone) = (ended(&shop, 70, EndedBy::Passing), ended(&lone, 90, EndedBy::NotWatched));
    save(&*store, &[shop.clone(), gone.clone()]).await;
    // What has ended stays as it ended.
    save(&*store, &[ended(&shop, 300, EndedBy::NotWatched), Incident { end: None, ..shop.clone() }]).await;
    // An end that comes before its beginning, and both at once.
    let again = of_app("shop", 400);
    save(&*store, &[ended(&again, 500, EndedBy::Passing)]).await;
    save(&*store, std::slice::from_ref(&again)).await;
    let run = Incident { first: FirstCause::Run(RunId(Uuid::from_u128(7))), ..of_app("shop", 600) };
    save(&*store, &[run.clone(), ended(&run, 630, EndedBy::Passing), run.clone()]).await;
    let expected = [
        numbered(4, ended(&run, 630, EndedBy::Passing)),
        numbered(3, ended(&again, 500, EndedBy::Passing)),
        numbered(2, gone),
        numbered(1, shop),
    ];
    assert_eq!(all(&*store).await, expected);
    assert_eq!(store.incident(3).await.unwrap().as_ref(), Some(&expected[1]));
    assert_eq!(store.incident(5).await.unwrap(), None);
    database.close(store).await;
    let store = database.open().await;
    assert_eq!(all(&*store).await, expected);
    save(&*store, &[of_app("shop", 700)]).await;
    assert_eq!(all(&*store).await[0].number, 5);
}

pub(crate) async fn incidents_come_newest_first_and_filtered<D: Database>(database: &D) {
    let store = database.open().await;
    let first = ended(&of_app("shop", 0), 60, EndedBy::Passing);
    let second = ended(&of_app("blog", 30), 90, EndedBy::Passing);
    save(&*store, &[first, second, of_app("shop", 100), of_monitor(120)]).await;
    for (case, page, expected) in [
        ("all", IncidentsPage::default(), &[4, 3, 2, 1][..]),
        ("of an app", IncidentsPage { app: Some(app("shop")), ..IncidentsPage::default() }, &[3, 1]),
        ("open ones", IncidentsPage { open: Some(Open), ..IncidentsPage::default() }, &[4, 3]),
        ("that went on", IncidentsPage { since: Some(at(61)), ..IncidentsPage::default() }, &[4, 3, 2]),
        ("that had begun", IncidentsPage { until: Some(at(30)), ..IncidentsPage::default() }, &[2, 1]),
        ("the latest", IncidentsPage { incidents: 1, ..IncidentsPage::default() }, &[4]),
        ("the next", IncidentsPage { incidents: 2, before: Some(4), ..IncidentsPage::default() }, &[3, 2]),
    ] {
        let found: Vec<i64> = store.incidents(&page).await.unwrap().iter().map(|found| found.number).collect();
        assert_eq!(found, expected, "{case}");
    }
}

pub(crate) async fn incidents_go_after_two_years_and_an_open_one_never<D: Database>(database: &D) {
    let store = database.open().await;
    let day = Duration::from_secs(24 * 3600);
    let incidents = [ended(&of_app("shop", 0), 60, EndedBy::Passing), of_app("blog", 0)];
    save(&*store, &incidents).await;
    let numbers = async |now: Timestamp| {
        store.sweep(now).await.unwrap();
        all(&*store).await.iter().map(|found| found.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(at(60) + day * 731).await, [2, 1]);
    assert_eq!(numbers(at(61) + day * 731).await, [1], "numbered in the order of what they are of");
    save(&*store, &[of_app("shop", 900)]).await;
    assert_eq!(all(&*store).await[0].number, 3, "a number is never used again");
}

pub(crate) async fn an_incident_is_written_with_its_batch_or_not_at_all<D: Database>(database: &D) {
    let store = database.open().await;
    let batch = Batch { incidents: vec![of_app("shop", 0)], ..runs([run(1, "more web"), run(1, "more web")]) };
    store.save(&batch).await.unwrap_err();
    assert_eq!(all(&*store).await, []);
}
