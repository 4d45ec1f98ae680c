//! What a person can do about a failed call, in words.

use crate::token::Source;
use crate::{Call, ErrorKind};

/// What is left to do about a refusal whose error id we do not know.
const BY_HAND: &str =
    "try the same with Heroku's CLI; if it is refused there too, ask Heroku's support, with the request's id";

/// The hint for this failure, if there is anything that a person can do. Where one status has several reasons, Heroku's
/// error id tells which, and no other reason's hint is given. // platform-api 2
pub(crate) fn hint(call: &Call, kind: &ErrorKind, id: Option<&str>, token_from: Option<&Source>) -> Option<String> {
    let said = match kind {
        ErrorKind::Unauthorized | ErrorKind::Stopped { .. } => unauthorized(token_from),
        ErrorKind::TwoFactor => "Flyball cannot give a second factor: take a token made by `heroku \
                                 authorizations:create`, which needs none"
            .to_owned(),
        ErrorKind::Forbidden if id.is_some_and(|id| id != "forbidden") => BY_HAND.to_owned(),
        ErrorKind::Forbidden => match call.app() {
            Some(app) => format!(
                "give the token's account access with `heroku access:add EMAIL -a {app}` (operate rights in a team), or \
                 take the token of an account that has it"
            ),
            None => "the token's scope does not allow this: take one made by `heroku authorizations:create`".to_owned(),
        },
        ErrorKind::Suspended => "ask Heroku's support why the account or the app is suspended".to_owned(),
        ErrorKind::Delinquent => {
            "see to the account's payment method at https://dashboard.heroku.com/account/billing".to_owned()
        }
        ErrorKind::NotFound { resource } => not_found(call, resource.as_deref())?,
        ErrorKind::Conflict => "something else is changing the app just now; it passes by itself".to_owned(),
        ErrorKind::Invalid { id, limit, .. } => invalid(call, id, *limit).unwrap_or_else(|| BY_HAND.to_owned()),
        ErrorKind::RateLimited | ErrorKind::OverBudget { .. } => {
            "the account has 4500 calls, refilled 75 a minute, shared by all its tokens: raise `every` of the \
             `heroku_dynos` monitors, or see what else uses the account; `flyball doctor` shows what is left"
                .to_owned()
        }
        ErrorKind::Server { .. } => "see https://status.heroku.com; it is tried again by itself".to_owned(),
        ErrorKind::Unexpected { status } if (300..400).contains(status) => {
            "the Platform API never redirects: check HEROKU_HOST, and whether a proxy is in between".to_owned()
        }
        ErrorKind::Unexpected { .. } => return None,
        ErrorKind::TimedOut | ErrorKind::Broken => {
            "see https://status.heroku.com, and this machine's network".to_owned()
        }
        ErrorKind::Connect => {
            "check this machine's network and name look-up, its clock (for TLS), and HEROKU_HOST".to_owned()
        }
        ErrorKind::Unreadable => {
            "check HEROKU_HOST, and whether a proxy is in between; if it is Heroku itself, a newer Flyball may \
             understand it"
                .to_owned()
        }
        ErrorKind::ReadOnly => "this is a dry run: set `mode = \"act\"` to change Heroku".to_owned(),
    };
    Some(said)
}

fn unauthorized(token_from: Option<&Source>) -> String {
    match token_from {
        None => "the token is wrong or expired: make one with `heroku authorizations:create` and put it into \
                 HEROKU_API_KEY, or run `heroku login`"
            .to_owned(),
        Some(place) if place.is_read_anew() => format!(
            "the token from {place} is wrong or expired: run `heroku login`; the new one is found within a minute, or at \
             once after a SIGHUP"
        ),
        Some(variable) => format!(
            "the token in {variable} is wrong or expired: make one with `heroku authorizations:create`, put it into \
             {variable}, and start Flyball again, since variables are read at its start"
        ),
    }
}

fn not_found(call: &Call, resource: Option<&str>) -> Option<String> {
    let app = call.app()?;
    let about_the_app = format!(
        "the token's account sees no app `{app}`: check the name with `heroku apps --all`, and that HEROKU_API_KEY is \
         the right account's"
    );
    Some(match (call, resource) {
        (_, Some("app")) => about_the_app,
        (Call::SetQuantity { process_type, .. } | Call::SetSize { process_type, .. }, _) => format!(
            "check that `{app}` exists and has a process type `{process_type}`: `heroku ps:type -a {app}` lists them"
        ),
        (Call::RestartDyno { dyno, .. }, _) => {
            format!("`{app}` has no dyno `{dyno}` just now: `heroku ps -a {app}` lists them")
        }
        (Call::RollBack { .. }, _) => format!("`heroku releases -a {app}` lists the releases"),
        _ => about_the_app,
    })
}

fn invalid(call: &Call, id: &str, limit: Option<u32>) -> Option<String> {
    Some(match (id, call, limit) {
        ("cannot_update_above_limit", Call::SetQuantity { process_type, .. }, Some(limit)) => format!(
            "this dyno size allows {limit} for `{process_type}`: set `max_quantity = {limit}` in the reaction, or change \
             the size"
        ),
        ("cannot_update_above_limit", Call::SetSize { process_type, .. }, Some(limit)) => {
            format!("the new size allows {limit} of `{process_type}`: scale it in first, or keep the size")
        }
        ("cannot_run_above_limit", Call::RunOneOff { .. }, Some(limit)) => {
            format!(
                "{limit} of this size may run at once: wait for one to end, lower `at_once`, or take another `size`"
            )
        }
        (
            "cannot_update_above_limit" | "cannot_run_above_limit",
            Call::SetQuantity { app, .. } | Call::SetSize { app, .. } | Call::RunOneOff { app },
            _,
        ) => format!("the app has reached the limit of dynos of this size: `heroku ps -a {app}` shows what runs"),
        ("invalid_params", Call::SetQuantity { app, process_type, .. }, _) => {
            format!("what Heroku names must be put right first: `heroku ps -a {app}` shows `{process_type}` as it is")
        }
        ("invalid_params", Call::SetSize { app, .. }, _) => format!(
            "sizes of different tiers do not mix in one app, and every process type counts: see `heroku ps:type -a {app}`"
        ),
        ("invalid_params", Call::RollBack { app, .. }, _) => {
            format!("Heroku will not roll back to this release: `heroku releases -a {app}` shows which it keeps")
        }
        ("invalid_params", Call::AddDrain { app }, _) => format!(
            "an app has five log drains at most, to addresses with https: `heroku drains -a {app}` lists them, and `heroku \
             drains:remove` removes one"
        ),
        ("invalid_params", Call::RunOneOff { .. }, _) => {
            "check `command`, `size`, `time_to_live` (at most 24h) and `env`".to_owned()
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{DynoSize, ProcessType, Quantity, ReleaseId};

    #[test]
    fn a_refusal_s_hint_belongs_to_its_error_id_and_not_to_its_status() {
        let app = || "shop".parse().unwrap();
        let quantity = || Call::SetQuantity { app: app(), process_type: ProcessType::web(), to: Quantity::new(3) };
        let size = || Call::SetSize { app: app(), process_type: ProcessType::web(), to: DynoSize::new("basic") };
        let back = || Call::RollBack { app: app(), to: ReleaseId::new("r-1") };
        let one_off = || Call::RunOneOff { app: app() };
        for (call, id, limit, wanted) in [
            (quantity(), "cannot_update_above_limit", Some(1), "set `max_quantity = 1`"),
            (quantity(), "cannot_update_above_limit", None, "the limit of dynos of this size"),
            (quantity(), "cannot_run_above_limit", Some(2), "the limit of dynos of this size"),
            (quantity(), "invalid_params", None, "what Heroku names must be put right first"),
            // A number that comes beside another id is none of a size's limit.
            (quantity(), "something_new", Some(7), "try the same with Heroku's CLI"),
            (quantity(), "", None, "try the same with Heroku's CLI"),
            (size(), "cannot_update_above_limit", Some(1), "scale it in first"),
            (size(), "invalid_params", None, "sizes of different tiers do not mix"),
            (size(), "multiple_matches", None, "try the same with Heroku's CLI"),
            (back(), "invalid_params", None, "Heroku will not roll back to this release"),
            (back(), "something_new", None, "try the same with Heroku's CLI"),
            (one_off(), "cannot_run_above_limit", Some(2), "2 of this size may run at once"),
            (one_off(), "invalid_params", None, "check `command`"),
            (Call::AddDrain { app: app() }, "invalid_params", None, "five log drains at most"),
        ] {
            let kind = ErrorKind::Invalid { id: id.to_owned(), message: String::new(), limit };
            let hint = hint(&call, &kind, Some(id), None).unwrap();
            assert!(hint.contains(wanted), "{call} `{id}`: {hint}");
        }
        for (id, wanted) in
            [(Some("forbidden"), "heroku access:add"), (None, "heroku access:add"), (Some("new"), "CLI")]
        {
            assert!(hint(&quantity(), &ErrorKind::Forbidden, id, None).unwrap().contains(wanted), "{id:?}");
        }
    }
}
