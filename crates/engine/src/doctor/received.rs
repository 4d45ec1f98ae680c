//! Whether what apps tell by themselves comes in.

use super::finding::Finding;
use crate::inbox::told;
use flyball_config::{Definitions, Received, Told};
use flyball_model::{AppName, Timestamp};
use flyball_signals::Slot;
use flyball_store::{Error, Store};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;

/// An app that told nothing for so long is not listened to, or has nothing to tell: Heroku itself writes a line at each request, and at
/// the start and end of each dyno.
const SILENT_AFTER: Duration = Duration::from_hours(1);

/// When an app told something last, within the last hour. In slots of ten seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// By its log drain.
    pub logs: Option<Timestamp>,
    /// By an adapter in it.
    pub reports: Option<Timestamp>,
}

/// When each app that is received told something last.
///
/// # Errors
///
/// When the store does not answer.
pub async fn heard(
    store: &dyn Store,
    definitions: &Definitions,
    now: Timestamp,
) -> Result<BTreeMap<AppName, Heard>, Error> {
    let mut heard = BTreeMap::new();
    for received in &definitions.receive {
        let slots = told(store, &received.app, now - SILENT_AFTER, Timestamp::FAR_FUTURE).await?;
        let last = |told: &dyn Fn(&Slot) -> bool| slots.iter().rev().find(|(_, slot)| told(slot)).map(|(at, _)| *at);
        let logs = last(&|slot| slot.lines > 0);
        let reports = last(&|slot| slot.adapters.as_ref().is_some_and(|told| told.reports > 0));
        heard.insert(received.app.clone(), Heard { logs, reports });
    }
    Ok(heard)
}

/// Whether the logs of each app that is received come in, and the reports of the adapters in it, by when it told its last; whether its
/// keys are ones; and whether anybody listens. Who has an adapter, and no monitor that is told by logs, need not send any. `variable` gives the value of an environment variable.
#[must_use]
pub fn received(
    definitions: &Definitions,
    listens: bool,
    heard: &BTreeMap<AppName, Heard>,
    variable: &dyn Fn(&str) -> Option<SecretString>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for received in &definitions.receive {
        let app = &received.app;
        let Heard { logs, reports } = heard.get(app).copied().unwrap_or_default();
        findings.extend(Told::ADAPTERS.into_iter().filter_map(|told| adapter(received, told, reports, variable)));
        if received.has_adapter() && logs.is_none() && !is_drained(definitions, app) {
            continue;
        }
        findings.push(match (received.drain.own(variable), logs) {
            (Err(why), _) => Finding::bad("logs", format!("the logs of {app} cannot come in: {why}"))
                .hint("set it where `flyball up` runs"),
            (Ok(_), Some(last)) => Finding::good("logs", format!("the logs of {app} come in, last at {last}")),
            (Ok(_), None) => Finding::bad("logs", format!("nothing has come in from {app} within the last hour"))
                .hint(format!("`flyball drain {app} --add` has Heroku send its logs here")),
        });
    }
    // Whoever is heard is listened to, by `up --listen`.
    let is_heard = heard.values().any(|heard| heard.logs.or(heard.reports).is_some());
    if !definitions.receive.is_empty() && !listens && !is_heard {
        let words = "nobody listens for the logs of apps: the file has no `[server] listen`";
        findings.push(Finding::note("logs", words).hint("write it, or start `flyball up --listen ADDRESS`"));
    }
    findings
}

/// Whether a monitor is told by the logs of an app.
fn is_drained(definitions: &Definitions, app: &AppName) -> bool {
    definitions.monitors.iter().any(|monitor| monitor.kind.drained().is_some_and(|(drained, _)| drained == app))
}

/// Whether reports come in by this adapter of an app; nothing where none are taken.
fn adapter(
    received: &Received,
    told: Told,
    last: Option<Timestamp>,
    variable: &dyn Fn(&str) -> Option<SecretString>,
) -> Option<Finding> {
    let key = received.key(told)?;
    let (app, word) = (&received.app, told.word());
    Some(match (key.own(variable), last) {
        (Err(why), _) => Finding::bad(word, format!("the adapter of {app} cannot report: {why}"))
            .hint("set it where `flyball up` runs"),
        (Ok(_), Some(last)) => Finding::good(word, format!("the adapter of {app} reports, last at {last}")),
        (Ok(_), None) => Finding::bad(word, format!("no adapter of {app} has reported within the last hour"))
            .hint(format!("`flyball drain {app} --adapter {word}` tells what to set in the app")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    const FILE: &str = "[receive.apps.blog]\n[receive.apps.shop]\ndrain = { env = \"SHOP_DRAIN\" }\n";

    fn found(file: &str, listens: bool, heard: &[&str], key: Option<&str>) -> Vec<(Health, String)> {
        let definitions = flyball_config::read("flyball.toml", file).unwrap();
        let told = Some(Timestamp::EPOCH);
        let heard = heard.iter().map(|app| match app.strip_prefix("by adapter: ") {
            Some(app) => (app.parse().unwrap(), Heard { logs: None, reports: told }),
            None => (app.parse().unwrap(), Heard { logs: told, reports: None }),
        });
        let heard = heard.collect();
        let findings = received(&definitions, listens, &heard, &|_| key.map(SecretString::from));
        findings.into_iter().map(|finding| (finding.health, finding.words)).collect()
    }

    #[test]
    fn logs_come_in_or_it_is_said_why_not() {
        let (good, note, bad) = (Health::Good, Health::Note, Health::Bad);
        let key = Some("0123456789abcdef");
        let silent = |app: &str| (bad, format!("nothing has come in from {app} within the last hour"));
        let comes = |app: &str| (good, format!("the logs of {app} come in, last at 1970-01-01T00:00:00Z"));
        let cannot = |why: &str| (bad, format!("the logs of shop cannot come in: {why}"));
        let nobody = (note, "nobody listens for the logs of apps: the file has no `[server] listen`".to_owned());
        assert_eq!(found(FILE, true, &["blog", "shop"], key), [comes("blog"), comes("shop")]);
        assert_eq!(found(FILE, true, &["blog"], key), [comes("blog"), silent("shop")]);
        assert_eq!(found(FILE, false, &["blog"], key), [comes("blog"), silent("shop")], "`up --listen` does");
        assert_eq!(found(FILE, false, &[], key), [silent("blog"), silent("shop"), nobody]);
        let short =
            "SHOP_DRAIN has no key of at least 16 letters, digits, `-` and `_`: `openssl rand -hex 16` makes one";
        assert_eq!(found(FILE, true, &["blog"], Some("short")), [comes("blog"), cannot(short)]);
        let unset = flyball_model::not_had("SHOP_DRAIN");
        assert_eq!(found(FILE, true, &["blog"], None), [comes("blog"), cannot(&unset)]);
        assert!(found("", false, &[], None).is_empty(), "who receives nothing need not listen");

        let adapted = "[receive.apps.shop]\njudoscale = true\n";
        let reports = (good, "the adapter of shop reports, last at 1970-01-01T00:00:00Z".to_owned());
        assert_eq!(
            found(adapted, true, &["by adapter: shop"], None),
            vec![reports.clone()],
            "it need not send its logs"
        );
        let none = (bad, "no adapter of shop has reported within the last hour".to_owned());
        assert_eq!(found(adapted, true, &[], None), [none]);
        let both = format!(
            "{adapted}[[monitor]]\nname = \"busy\"\nheroku_router = {{ app = \"shop\", measure = \"busy\" }}\n"
        );
        assert_eq!(found(&both, true, &["by adapter: shop"], None), [reports, silent("shop")]);
        let own = "[receive.apps.shop]\nhirefire = { env = \"SHOP_DRAIN\" }\n";
        let cannot = (bad, format!("the adapter of shop cannot report: {short}"));
        assert_eq!(found(own, true, &["by adapter: shop"], Some("short")), [cannot]);
    }
}
