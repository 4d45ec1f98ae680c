//! How the platform says no: a status, an id to act on, and a message for people.

/// A refused call, as the Platform API would word it.
///
/// Source: platform-api 2 [REF14, LOG]. Clients act on `status` and `id`, never on `message`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {id}: {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The machine-readable reason, such as `not_found`.
    pub id: &'static str,
    /// The reason in words.
    pub message: String,
    /// Which look-up failed, such as `app`.
    pub resource: Option<&'static str>,
    /// The limit that would have been passed.
    pub limit: Option<u32>,
    /// The number of dynos that was asked for, beside `cannot_run_above_limit`.
    pub size: Option<u32>,
    /// The app that the refusal is about.
    pub app: Option<String>,
    /// A page that explains it.
    pub url: Option<&'static str>,
}

impl Refusal {
    /// A refusal with nothing beside status, id and message.
    #[must_use]
    pub fn new(status: u16, id: &'static str, message: impl Into<String>) -> Self {
        Self { status, id, message: message.into(), resource: None, limit: None, size: None, app: None, url: None }
    }

    /// 400: the request could not be understood.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "bad_request", message)
    }

    /// 401. The text is not known for certain. Source: platform-api 2 (UNCONFIRMED).
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(401, "unauthorized", "Invalid credentials provided.")
    }

    /// 403 for an app of somebody else.
    #[must_use]
    pub fn forbidden(app: &str) -> Self {
        let message = format!("You do not have access to the app {app}.");
        Self { app: Some(app.to_owned()), ..Self::new(403, "forbidden", message) }
    }

    /// 404 for a thing that does not exist. `resource` is confirmed for `app` only. Source: platform-api 2.
    #[must_use]
    pub fn not_found(resource: &'static str) -> Self {
        let message = format!("Couldn't find that {}.", resource.replace('_', " "));
        Self { resource: Some(resource), ..Self::new(404, "not_found", message) }
    }

    /// 404 for a process type. Source: platform-api 2 (text of 2020 to 2022).
    #[must_use]
    pub fn no_such_process_type(name: &str) -> Self {
        let shown: String = name.chars().filter(|c| !c.is_control()).take(128).collect();
        let message = format!("Couldn't find that process type ({shown}).");
        Self { resource: Some("formation"), ..Self::new(404, "not_found", message) }
    }

    /// 404 for an unknown route, or one without a versioned `Accept`. Source: platform-api 1.
    #[must_use]
    pub fn no_such_route() -> Self {
        Self::new(
            404,
            "not_found",
            "The requested API endpoint was not found. Are you using the right HTTP verb (i.e. `GET` vs. `POST`), and \
             did you specify your intended version with the `Accept` header?",
        )
    }

    /// 422 `invalid_params`.
    #[must_use]
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(422, "invalid_params", message)
    }

    /// 422: more dynos of one type than its size allows. Source: platform-api 2 (issue reports, client code).
    #[must_use]
    pub fn cannot_update_above(limit: u32, size: &str) -> Self {
        let message = format!("Cannot update to more than {limit} {size} size dynos per process type.");
        Self { limit: Some(limit), ..Self::new(422, "cannot_update_above_limit", message) }
    }

    /// 422: more dynos, or more one-off dynos, than the app may run. Source: platform-api 2 (LOG 2017-01).
    #[must_use]
    pub fn cannot_run_above(limit: u32, asked: u32, size: &str) -> Self {
        Self {
            limit: Some(limit),
            size: Some(asked),
            url: Some("https://devcenter.heroku.com/articles/dyno-size#default-scaling-limits"),
            ..Self::new(422, "cannot_run_above_limit", format!("Cannot run more than {limit} {size} size dynos."))
        }
    }

    /// 429. Source: platform-api 3 (REF14).
    #[must_use]
    pub fn rate_limit() -> Self {
        Self {
            url: Some("https://devcenter.heroku.com/articles/platform-api-reference#rate-limits"),
            ..Self::new(
                429,
                "rate_limit",
                "Your account reached the API rate limit\nPlease wait a few minutes before making new requests",
            )
        }
    }
}
