//! Notices: what people were told.

use super::Reader;
use flyball_channels::Notice;
use flyball_model::Incident;
use flyball_store::{Error, NoticesPage, StoredNotice};
use flyball_views::{IncidentStory, NoticeView};

impl Reader<'_> {
    /// Notices, the newest first.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn notices(&self, page: &NoticesPage) -> Result<Vec<NoticeView>, Error> {
        Ok(self.store.notices(page).await?.into_iter().map(view).collect())
    }

    /// What people were told of an incident, oldest first.
    pub(super) async fn told_of(&self, number: i64, incident: &Incident) -> Result<Vec<NoticeView>, Error> {
        let page = NoticesPage { since: Some(incident.began_at), ..NoticesPage::default() };
        let mut told = self.store.notices(&page).await?;
        told.retain(|notice| notice.incidents.contains(&number));
        told.truncate(IncidentStory::NOTICES_MAX);
        told.reverse();
        Ok(told.into_iter().map(view).collect())
    }
}

fn view(stored: StoredNotice) -> NoticeView {
    // What another version wrote may say it in another form: that somebody was told is known all the same.
    let notice: Option<Notice> = serde_json::from_value(stored.notice).ok();
    let (title, what_is_wrong) =
        notice.map(|notice| (notice.title.to_string(), notice.what_is_wrong.to_string())).unwrap_or_default();
    let mut view = NoticeView {
        channel: stored.channel,
        thread: stored.thread.to_string(),
        sequence: stored.sequence,
        about: stored.about.into(),
        title,
        what_is_wrong,
        incidents: stored.incidents,
        made_at: stored.made_at,
        state: stored.state.word().into(),
        at: stored.at,
        tries: stored.tries,
        why: stored.why,
        words: String::new(),
    };
    view.words = view.in_words();
    view
}
