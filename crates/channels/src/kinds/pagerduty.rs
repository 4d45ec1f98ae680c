//! `pagerduty`: an incident in PagerDuty, which calls whoever is on call; what wakes nobody is told as a change event.
//!
//! Source: developer.pagerduty.com, *Events API v2: Send an alert event*, *Send a change event*.

use super::{Exchange, Means, json};
use crate::notice::shortened;
use crate::outcome::of_status;
use crate::{About, Answer, Endpoint, Handle, Notice, Outcome, Request, words};
use flyball_model::Timestamp;
use flyball_settings::{Fields, Secret, Settings};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// Where events are taken; `events.eu.pagerduty.com` in Europe.
const EVENTS: &str = "https://events.pagerduty.com";
/// `payload.summary`: what is longer is cut there.
const SUMMARY_CHARS_MAX: usize = 1_024;

/// A service of PagerDuty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagerDuty {
    /// The integration key of 32 characters.
    pub routing_key: Secret,
    /// Where events are taken.
    pub events: Endpoint,
    /// Whether an effect acknowledges the incident.
    pub acknowledge: bool,
}

impl Settings for PagerDuty {
    const KIND: &str = "pagerduty";
    const SUMMARY: &str = "an incident in PagerDuty, resolved when it is over; what wakes nobody is a change event";
    const EXAMPLE: &str = r#"{ routing_key = { env = "PAGERDUTY_KEY" } }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let key = fields.required("routing_key", "the integration key of a service, for Events API v2");
        let default = Endpoint::parse(EVENTS).expect("PagerDuty's events are taken at an address");
        let doc = "where events are taken: https://events.eu.pagerduty.com in Europe";
        let events = fields.or("events", default, "\"https://events.pagerduty.com\"", doc);
        let doc = "whether what Flyball does acknowledges the incident, so that nobody else is called meanwhile";
        let acknowledge = fields.or("acknowledge", false, "false", doc);
        Some(Self { routing_key: key?, events: events?, acknowledge: acknowledge? })
    }
}

impl PagerDuty {
    pub(super) fn secrets(&self) -> Vec<&Secret> {
        vec![&self.routing_key]
    }

    pub(super) fn exchange(&self, notice: &Notice, _: Option<&Handle>, means: &Means<'_>) -> Result<Exchange, Outcome> {
        let key = means.secret(&self.routing_key)?;
        let key = key.expose_secret().trim();
        if key.len() != 32 {
            return Err(Outcome::Never {
                why: "the routing key has not 32 characters: it is none of Events API v2".to_owned(),
            });
        }
        // Somebody who has acknowledged the trouble is still called when a person is needed: that is an incident of its own.
        let person = format!("{}-person", notice.key);
        let trouble = notice.key.as_str();
        Ok(Exchange::Http(match notice.about {
            About::Trouble | About::Update | About::Test => vec![self.alert(key, "trigger", trouble, notice)],
            About::NeedsPerson => vec![self.alert(key, "trigger", &person, notice)],
            // An incident that is not there is resolved without harm.
            About::Recovered => {
                vec![self.alert(key, "resolve", &person, notice), self.alert(key, "resolve", trouble, notice)]
            }
            About::Effect if self.acknowledge => {
                vec![self.alert(key, "acknowledge", trouble, notice), self.change(key, notice)]
            }
            About::Effect | About::Would | About::Daily => vec![self.change(key, notice)],
        }))
    }

    fn alert(&self, routing_key: &str, action: &str, dedup_key: &str, notice: &Notice) -> Request {
        let mut event = json!({ "routing_key": routing_key, "event_action": action, "dedup_key": dedup_key });
        if action == "trigger" {
            event["client"] = json!("Flyball");
            event["payload"] = payload(notice);
            event["payload"]["severity"] = json!(match notice.about {
                About::NeedsPerson => "critical",
                About::Test => "info",
                _ => "error",
            });
            event["links"] = links(notice);
        }
        json(self.events.at("v2/enqueue"), &event)
    }

    fn change(&self, routing_key: &str, notice: &Notice) -> Request {
        let event = json!({ "routing_key": routing_key, "payload": payload(notice), "links": links(notice) });
        json(self.events.at("v2/change/enqueue"), &event)
    }

    pub(super) fn outcome(&self, _: &Notice, _: Option<&Handle>, answer: &Answer, now: Timestamp) -> Outcome {
        of_status(answer, now)
    }
}

fn payload(notice: &Notice) -> Value {
    json!({
        "summary": shortened(&words::headline(notice), SUMMARY_CHARS_MAX),
        "source": "flyball",
        "timestamp": notice.at,
        "custom_details": { "notice": words::body(notice) },
    })
}

fn links(notice: &Notice) -> Value {
    let links = notice.link.iter().map(|link| json!({ "href": link, "text": "More" }));
    links.collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{answer, body, means, requests, word};
    use super::*;
    use crate::notice::testing::notice;

    fn pagerduty(acknowledge: bool) -> PagerDuty {
        let events = Endpoint::parse(EVENTS).unwrap();
        PagerDuty { routing_key: Secret("ROUTING".to_owned()), events, acknowledge }
    }

    #[test]
    fn what_is_told_wakes_somebody_or_nobody() {
        let (trouble, person) = ("0b6e7d2a-on-call", "0b6e7d2a-on-call-person");
        let (alert, change) = ("/v2/enqueue", "/v2/change/enqueue");
        for (about, acknowledge, expected) in [
            (About::Trouble, false, vec![(alert, Some("trigger"), Some(trouble), Some("error"))]),
            (About::Update, false, vec![(alert, Some("trigger"), Some(trouble), Some("error"))]),
            (About::NeedsPerson, false, vec![(alert, Some("trigger"), Some(person), Some("critical"))]),
            (
                About::Recovered,
                false,
                vec![(alert, Some("resolve"), Some(person), None), (alert, Some("resolve"), Some(trouble), None)],
            ),
            (About::Effect, false, vec![(change, None, None, None)]),
            (About::Effect, true, vec![(alert, Some("acknowledge"), Some(trouble), None), (change, None, None, None)]),
            (About::Would, true, vec![(change, None, None, None)]),
            (About::Daily, false, vec![(change, None, None, None)]),
            (About::Test, false, vec![(alert, Some("trigger"), Some(trouble), Some("info"))]),
        ] {
            let sent = requests(pagerduty(acknowledge).exchange(&notice(about), None, &means()));
            let told: Vec<_> = sent.iter().map(|request| (request.to.url().path().to_owned(), body(request))).collect();
            let told: Vec<_> = told
                .iter()
                .map(|(path, event)| {
                    let severity = event["payload"]["severity"].as_str();
                    (path.as_str(), event["event_action"].as_str(), event["dedup_key"].as_str(), severity)
                })
                .collect();
            assert_eq!(told, expected, "{about:?} {acknowledge}");
        }
    }

    #[test]
    fn an_alert_is_as_the_documentation_has_it() {
        let request = requests(pagerduty(false).exchange(&notice(About::Trouble), None, &means())).remove(0);
        insta::assert_snapshot!(serde_json::to_string_pretty(&body(&request)).unwrap());
    }

    #[test]
    fn each_answer_means_one_thing() {
        for (status, said, expected) in [
            (202, r#"{"status":"success","dedup_key":"a"}"#, "sent"),
            (400, r#"{"status":"invalid event"}"#, "never"),
            (403, "", "never"),
            (429, "", "later"),
            (500, "", "later"),
        ] {
            let outcome = pagerduty(false).outcome(&notice(About::Trouble), None, &answer(status, said), means().now);
            assert_eq!(word(&outcome), expected, "{status}");
        }
    }

    #[test]
    fn what_is_no_routing_key_is_not_sent() {
        let short = PagerDuty { routing_key: Secret("SHORT".to_owned()), ..pagerduty(false) };
        assert!(matches!(short.exchange(&notice(About::Test), None, &means()), Err(Outcome::Never { .. })));
    }
}
