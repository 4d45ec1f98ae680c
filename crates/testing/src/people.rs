//! People on a stage: what they are told, and what their channels say to it.

use crate::{StoppedTime, lock};
use async_trait::async_trait;
use flyball_channels::{About, Ask, Channel, Handle, Notice, Outcome};
use flyball_engine::Tell;
use flyball_model::{ChannelName, ThreadKey, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a channel does with a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It takes it.
    Takes,
    /// It takes it, and its answer is lost.
    TakesInSilence,
    /// It asks to be left alone for now.
    Later,
    /// It refuses it for good.
    Refuses,
    /// It says that it is gone for good.
    Gone,
    /// It does not answer for a day.
    Hangs,
}

/// What somebody was told.
#[derive(Debug, Clone)]
pub struct ToldNotice {
    /// When.
    pub at: Timestamp,
    /// By which channel.
    pub channel: ChannelName,
    /// The notice.
    pub notice: Notice,
    /// Whether it was told by going on with what was told before.
    pub goes_on: bool,
}

/// People, and what they were told.
#[derive(Clone)]
pub struct People {
    time: StoppedTime,
    manners: Arc<Mutex<HashMap<String, Manner>>>,
    told: Arc<Mutex<Vec<ToldNotice>>>,
    asked: Arc<Mutex<Vec<Ask>>>,
}

impl People {
    /// People whose channels take everything.
    #[must_use]
    pub fn new(time: StoppedTime) -> Self {
        Self { time, manners: Arc::default(), told: Arc::default(), asked: Arc::default() }
    }

    /// From now on a channel is of this manner.
    pub fn behave(&self, channel: &str, manner: Manner) {
        lock(&self.manners).insert(channel.to_owned(), manner);
    }

    /// What they were told so far. The same notice told again is here again.
    #[must_use]
    pub fn told(&self) -> Vec<ToldNotice> {
        lock(&self.told).clone()
    }

    /// The same, without what was told again, which receivers know by its thread and number.
    #[must_use]
    pub fn told_once(&self) -> Vec<ToldNotice> {
        let mut known: Vec<(ThreadKey, u32)> = Vec::new();
        let mut told = self.told();
        told.retain(|told| {
            let one = (told.notice.key.clone(), told.notice.sequence);
            let is_new = !known.contains(&one);
            known.push(one);
            is_new
        });
        told
    }

    /// What workers were asked so far. They are of the manner of their host.
    #[must_use]
    pub fn asked(&self) -> Vec<Ask> {
        lock(&self.asked).clone()
    }
}

#[async_trait]
impl Tell for People {
    async fn tell(&self, channel: &Channel, notice: &Notice, handle: Option<&Handle>, _: Timestamp) -> Outcome {
        let manner = lock(&self.manners).get(channel.name.as_str()).copied().unwrap_or(Manner::Takes);
        if matches!(manner, Manner::Takes | Manner::TakesInSilence) {
            let told = ToldNotice {
                at: self.time.now(),
                channel: channel.name.clone(),
                notice: notice.clone(),
                goes_on: handle.is_some(),
            };
            lock(&self.told).push(told);
        }
        match manner {
            Manner::Takes if notice.about == About::Trouble => {
                let (channel, ts) = ("C1".to_owned(), format!("{}.0", self.time.now().as_millis()));
                Outcome::Sent { handle: Some(Handle::Slack { channel, ts }) }
            }
            Manner::Takes => Outcome::Sent { handle: None },
            Manner::TakesInSilence | Manner::Later => Outcome::Later { after: None, why: "it answered 503".to_owned() },
            Manner::Refuses => Outcome::Never { why: "it answered 400".to_owned() },
            Manner::Gone => Outcome::Gone { why: "it answered 410".to_owned() },
            Manner::Hangs => {
                flyball_engine::Time::wait(&self.time, Duration::from_secs(86_400)).await;
                Outcome::Later { after: None, why: "no answer".to_owned() }
            }
        }
    }

    async fn ask(&self, ask: &Ask, _: Timestamp) -> Outcome {
        lock(&self.asked).push(ask.clone());
        let manner = lock(&self.manners).get(ask.url.host()).copied().unwrap_or(Manner::Takes);
        match manner {
            Manner::Takes => Outcome::Sent { handle: None },
            Manner::TakesInSilence | Manner::Later => Outcome::Later { after: None, why: "it answered 503".to_owned() },
            Manner::Refuses => Outcome::Never { why: "it answered 400".to_owned() },
            Manner::Gone => Outcome::Gone { why: "it answered 410".to_owned() },
            Manner::Hangs => {
                flyball_engine::Time::wait(&self.time, Duration::from_secs(86_400)).await;
                Outcome::Later { after: None, why: "no answer".to_owned() }
            }
        }
    }
}
