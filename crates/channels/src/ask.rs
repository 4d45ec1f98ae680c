//! An app's workers are asked to take no more jobs, since dynos of theirs are to be taken away: to a program of the app's own, signed as
//! notices to programs are.

use crate::kinds::signed;
use crate::outcome::{of_lost, of_status};
use crate::{Answer, Endpoint, Means, Outcome, Request, Transport};
use flyball_model::{AppName, ProcessType, Quantity, ReactionId, Timestamp};
use flyball_settings::Secret;
use serde_json::json;

/// What workers are asked, as a value with bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Who takes it.
    pub url: Endpoint,
    /// What signs.
    pub secret: Secret,
    /// The reaction that asks.
    pub reaction: ReactionId,
    /// The app whose workers they are.
    pub app: AppName,
    /// Their process type.
    pub process_type: ProcessType,
    /// How many dynos there are.
    pub quantity: Quantity,
    /// How many there are to be.
    pub wants: Quantity,
    /// How many jobs run.
    pub jobs: u64,
    /// Since when their end is waited for.
    pub since: Timestamp,
    /// Until when at most.
    pub until: Timestamp,
}

impl Ask {
    /// Asks once. What the answer says beside its status is nobody's business here.
    pub async fn send(&self, transport: &dyn Transport, means: &Means<'_>) -> Outcome {
        let request = match self.request(means) {
            Ok(request) => request,
            Err(outcome) => return outcome,
        };
        match transport.post(request).await {
            Ok(answer) => of_status(&Answer { body: Vec::new(), ..answer }, means.now),
            Err(lost) => of_lost(&lost),
        }
    }

    fn request(&self, means: &Means<'_>) -> Result<Request, Outcome> {
        let body = json!({
            "app": self.app,
            "process_type": self.process_type,
            "quantity": self.quantity,
            "wants": self.wants,
            "jobs": self.jobs,
            "until": self.until,
        });
        // A receiver takes an id once: a reaction asks once in each time that it waits.
        let id = format!("quiet-{}-{}", self.reaction, self.since.as_millis());
        signed(&self.url, &body, id, &[&self.secret], means)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::testing::{answer, body, means, word};
    use crate::{Letter, Lost, SmtpServer};
    use async_trait::async_trait;
    use flyball_model::ReactionName;

    fn ask(secret: &str) -> Ask {
        let name: ReactionName = "enough workers".parse().unwrap();
        let at = |text: &str| text.parse().unwrap();
        Ask {
            url: Endpoint::parse("https://shop.example.com/quiet").unwrap(),
            secret: Secret(secret.to_owned()),
            reaction: ReactionId::of(&name),
            app: "shop".parse().unwrap(),
            process_type: "worker".parse().unwrap(),
            quantity: Quantity::new(3),
            wants: Quantity::new(2),
            jobs: 4,
            since: at("2026-11-29T03:05:50Z"),
            until: at("2026-11-29T03:35:50Z"),
        }
    }

    #[test]
    fn workers_are_told_what_is_wanted_and_until_when_and_it_is_signed() {
        let request = ask("SIGNING").request(&means()).unwrap();
        let told = json!({
            "app": "shop", "process_type": "worker", "quantity": 3, "wants": 2, "jobs": 4, "until": "2026-11-29T03:35:50Z",
        });
        assert_eq!(body(&request), told);
        let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
        assert!(header("webhook-id").starts_with("quiet-") && header("webhook-id").ends_with("-1795921550000"));
        assert!(header("webhook-signature").starts_with("v1,"));
    }

    struct Answers(Result<Answer, Lost>);

    #[async_trait]
    impl Transport for Answers {
        async fn post(&self, _: Request) -> Result<Answer, Lost> {
            self.0.clone()
        }

        async fn mail(&self, _: &SmtpServer, _: Letter) -> Result<Answer, Lost> {
            Err(Lost::NotSent("no mail".to_owned()))
        }
    }

    #[tokio::test]
    async fn what_an_answer_says_is_repeated_nowhere() {
        for (answered, secret, expected) in [
            (Ok(answer(204, "")), "SIGNING", "sent"),
            (Ok(answer(200, "pl4nted")), "SIGNING", "sent"),
            (Ok(answer(302, "pl4nted")), "SIGNING", "never"),
            (Ok(answer(500, "pl4nted")), "SIGNING", "later"),
            (Err(Lost::Forbidden("10.0.0.1 is private".to_owned())), "SIGNING", "never"),
            (Ok(answer(200, "")), "NONE", "later"),
            (Ok(answer(200, "")), "OTHER", "never"),
        ] {
            let outcome = ask(secret).send(&Answers(answered), &means()).await;
            assert_eq!(word(&outcome), expected, "{outcome:?}");
            assert!(!format!("{outcome:?}").contains("pl4nted"), "{outcome:?}");
        }
    }
}
