//! A planted mistake is found, and the story is made small.

use async_trait::async_trait;
use flyball_chaos::{Aim, Between, attempt, generate, minimise, tell};
use flyball_heroku::{Request, Response, Transport, TransportError};
use std::sync::Arc;

/// A transport that sends what changes Heroku a second time when its answer was lost: the mistake of every retrying
/// client.
struct Retrying(Arc<dyn Transport>);

#[async_trait]
impl Transport for Retrying {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let again = Request {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            deadline: request.deadline,
        };
        match self.0.send(request).await {
            Err(TransportError::MaybeSent(_)) if again.method != http::Method::GET => self.0.send(again).await,
            answered => answered,
        }
    }
}

#[test]
fn a_transport_that_retries_is_found_and_its_story_is_small() {
    let between = Between::transport(|wire| Arc::new(Retrying(wire)));
    let found = (1..200).find_map(|seed| {
        let trial = attempt(generate(seed, 20, Aim::Everything), &between).expect("the stage is set");
        (!trial.violations.is_empty()).then_some(trial)
    });
    let smallest = minimise(found.expect("a retry is found"), &between).expect("the stage is set");
    let story = &smallest.story;
    assert_eq!(smallest.violations[0].invariant, "no effect twice for one run", "{}", tell(&smallest));
    assert_eq!((story.apps.len(), story.file.monitors.len(), story.file.reactions.len()), (1, 1, 1), "{story}");
    assert!(story.incidents.len() <= 3, "{story}");
    assert!(tell(&smallest).contains("its call left Flyball 2 times"), "{}", tell(&smallest));
}
