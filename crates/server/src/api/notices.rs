//! Notices: what people were told, by which channel, and whether it arrived.

use super::ask::{self, Asked};
use crate::answer::{Problem, Problems};
use crate::house::House;
use axum::Json;
use axum::extract::State;
use flyball_store::NoticesPage;
use flyball_views::{NoticeView, Page};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notices {
    /// Only by this channel.
    channel: Option<String>,
    /// A time, or how long ago: only those made then or later.
    since: Option<String>,
    /// A time: only those made before it. Where the last page went on.
    before: Option<String>,
    /// At most this many, the latest: 1 to 1000.
    limit: Option<u32>,
}

/// Notices, newest first: what people were told, and what keeps them from being told.
#[utoipa::path(get, path = "/notices", tag = "incidents", params(Notices), responses((status = 200, body = Page<NoticeView>), Problems))]
pub(crate) async fn list(
    State(house): State<Arc<House>>,
    Asked(asked): Asked<Notices>,
) -> Result<Json<Page<NoticeView>>, Problem> {
    let (in_force, now) = (house.in_force(), house.now());
    let channel = asked
        .channel
        .as_deref()
        .map(|name| name.parse().map_err(|_| Problem::not_understood("the name of a channel has 1 to 120 characters")));
    let page = NoticesPage {
        channel: channel.transpose()?,
        since: ask::moment("since", asked.since.as_deref(), now)?,
        before: ask::moment("before", asked.before.as_deref(), now)?,
        notices: asked.limit.unwrap_or(100).clamp(1, NoticesPage::NOTICES_MAX),
    };
    let items = house.reader(&in_force).notices(&page).await?;
    // A page that is full may be followed by an empty one.
    let is_full = u32::try_from(items.len()).is_ok_and(|items| items == page.notices);
    let before = items.last().filter(|_| is_full).map(|last| last.made_at.to_string());
    Ok(Json(Page { items, before, after: None }))
}
