//! Whether what apps tell by themselves comes in.

use super::finding::Finding;
use crate::inbox::told;
use flyball_config::Definitions;
use flyball_model::{AppName, Timestamp};
use flyball_store::{Error, Store};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;

/// An app that told nothing for so long is not listened to, or has nothing to tell: Heroku itself writes a line at each request, and at
/// the start and end of each dyno.
const SILENT_AFTER: Duration = Duration::from_hours(1);

/// When each app that is received told its last line, of those that told any within the last hour. In slots of ten seconds.
///
/// # Errors
///
/// When the store does not answer.
pub async fn heard(
    store: &dyn Store,
    definitions: &Definitions,
    now: Timestamp,
) -> Result<BTreeMap<AppName, Timestamp>, Error> {
    let mut heard = BTreeMap::new();
    for received in &definitions.receive {
        let slots = told(store, &received.app, now - SILENT_AFTER, Timestamp::FAR_FUTURE).await?;
        let last = slots.iter().rev().find(|(_, slot)| slot.lines > 0);
        heard.extend(last.map(|(at, _)| (received.app.clone(), *at)));
    }
    Ok(heard)
}

/// Whether the logs of each app that is received come in, by when it told its last line; whether its key is one; and whether anybody
/// listens. `variable` gives the value of an environment variable.
#[must_use]
pub fn received(
    definitions: &Definitions,
    listens: bool,
    heard: &BTreeMap<AppName, Timestamp>,
    variable: &dyn Fn(&str) -> Option<SecretString>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for received in &definitions.receive {
        let app = &received.app;
        findings.push(match (received.own_key(variable), heard.get(app)) {
            (Err(why), _) => Finding::bad("logs", format!("the logs of {app} cannot come in: {why}"))
                .hint("set it where `flyball up` runs"),
            (Ok(_), Some(last)) => Finding::good("logs", format!("the logs of {app} come in, last at {last}")),
            (Ok(_), None) => Finding::bad("logs", format!("nothing has come in from {app} within the last hour"))
                .hint(format!("`flyball drain {app} --add` has Heroku send its logs here")),
        });
    }
    // Whoever is heard is listened to, by `up --listen`.
    if !definitions.receive.is_empty() && !listens && heard.is_empty() {
        let words = "nobody listens for the logs of apps: the file has no `[server] listen`";
        findings.push(Finding::note("logs", words).hint("write it, or start `flyball up --listen ADDRESS`"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    const FILE: &str = "[receive.apps.blog]\n[receive.apps.shop]\ndrain = { env = \"SHOP_DRAIN\" }\n";

    fn found(file: &str, listens: bool, heard: &[&str], key: Option<&str>) -> Vec<(Health, String)> {
        let definitions = flyball_config::read("flyball.toml", file).unwrap();
        let heard = heard.iter().map(|app| (app.parse().unwrap(), Timestamp::EPOCH)).collect();
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
    }
}
