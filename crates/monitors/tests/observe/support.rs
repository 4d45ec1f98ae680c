//! Settings from TOML text, and an observer without secrets or accounts.

use flyball_model::{Blind, Cause, Evidence, Finding, HttpEvidence, MonitorId, MonitorName, Reading, Timestamp};
use flyball_monitors::{Http, Kind, Monitor, NetworkRules, Networks, Observer, Trust};
use flyball_settings::{Key, Mistake, Node, Table, Take, Value};
use rustls::RootCertStore;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::Arc;

/// Begins every reading of a test.
pub(crate) const BEGUN_AT: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn node(value: &toml::Value) -> Node {
    let value = match value {
        toml::Value::String(text) => Value::Text(text.clone()),
        toml::Value::Integer(number) => Value::Integer(*number),
        toml::Value::Float(number) => Value::Float(*number),
        toml::Value::Boolean(value) => Value::Boolean(*value),
        toml::Value::Datetime(_) => Value::Date,
        toml::Value::Array(list) => Value::List(list.iter().map(node).collect()),
        toml::Value::Table(table) => Value::Table(self::table(table)),
    };
    Node { value, span: 0..0 }
}

fn table(table: &toml::Table) -> Table {
    let entry = |(name, value): (&String, &toml::Value)| (Key { name: name.clone(), span: 0..0 }, node(value));
    Table { entries: table.iter().map(entry).collect(), span: 0..0 }
}

/// A kind from its settings, `{ url = "…" }`, or the mistakes in them.
pub(crate) fn read(word: &str, settings: &str) -> Result<Kind, Vec<Mistake>> {
    let whole: toml::Table = toml::from_str(&format!("kind = {settings}")).expect("valid TOML");
    let Some(toml::Value::Table(settings)) = whole.get("kind") else { panic!("a table") };
    let mut mistakes = Vec::new();
    let kind = Kind::read(word, &table(settings), 0..0, &mut mistakes);
    assert_eq!(kind.is_none(), !mistakes.is_empty(), "{mistakes:?}");
    kind.ok_or(mistakes)
}

/// The settings of an `http` monitor.
pub(crate) fn http(settings: &str) -> Http {
    match read("http", settings).unwrap() {
        Kind::Http(http) => *http,
        other => panic!("{other:?}"),
    }
}

/// A monitor of a kind.
pub(crate) fn monitor(word: &str, settings: &str) -> Monitor {
    let name: MonitorName = "front door".parse().unwrap();
    Monitor {
        id: MonitorId::of(&name),
        name,
        every: Monitor::EVERY,
        during: None,
        enabled: true,
        reactions: Vec::new(),
        kind: read(word, settings).unwrap(),
    }
}

/// An observer that trusts these certificates alone, and knows one secret, `SHOP_TOKEN`.
pub(crate) fn observer_trusting(roots: RootCertStore) -> Observer {
    let secrets = |name: &str| (name == "SHOP_TOKEN").then(|| SecretString::from("s3cret"));
    Observer::new(Arc::new(secrets), Arc::new(|_| None), Trust::Only(roots))
}

/// An observer.
pub(crate) fn observer() -> Observer {
    observer_trusting(RootCertStore::empty())
}

/// Rules that deny some networks and allow others, each as the file would name it.
pub(crate) fn rules(deny: &[&str], allow: &[&str]) -> Arc<NetworkRules> {
    let networks = |texts: &[&str]| -> Vec<Networks> {
        let written = |text: &&str| Node { value: Value::Text((*text).to_owned()), span: 0..0 };
        texts.iter().map(|text| Networks::take(&written(text), &mut Vec::new()).unwrap()).collect()
    };
    Arc::new(NetworkRules::new(&networks(deny), &networks(allow)))
}

/// An observer that may not reach these networks.
pub(crate) fn observer_denied(deny: &[&str]) -> Observer {
    let observer = observer();
    observer.permit(rules(deny, &[]));
    observer
}

/// One reading of a page, with `…` in the settings replaced by the server's `http://address`.
pub(crate) async fn look(server: SocketAddr, settings: &str) -> Reading {
    let settings = settings.replace('…', &format!("http://{server}"));
    observer().observe(&monitor("http", &settings), BEGUN_AT).await
}

/// The evidence of an HTTP check.
pub(crate) fn evidence(reading: &Reading) -> &HttpEvidence {
    match &reading.evidence {
        Evidence::Http(evidence) => evidence,
        other => panic!("{other:?}"),
    }
}

/// Expects a failing reading of this cause whose words have this part.
#[track_caller]
pub(crate) fn assert_failing(reading: &Reading, cause: Cause, part: &str) {
    assert_eq!(reading.finding, Finding::Failing(cause), "{}", reading.words);
    assert!(reading.words.as_str().contains(part), "{}", reading.words);
}

/// Expects a reading that is unknown because the network is forbidden, in exactly these words.
#[track_caller]
pub(crate) fn assert_forbidden(reading: &Reading, words: &str) {
    assert_eq!((reading.finding, reading.words.as_str()), (Finding::Unknown(Blind::Forbidden), words));
}

/// Expects a passing reading.
#[track_caller]
pub(crate) fn assert_passing(reading: &Reading) {
    assert_eq!(reading.finding, Finding::Passing, "{}", reading.words);
}
