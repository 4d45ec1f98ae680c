//! An app's own page: under `/_apps/NAME/`, or by the `Host` that belongs to the app.

use super::{Connection, Reply, Request, garble, wire};
use crate::world::{FaultKind, Visit, World};

/// Which app's page is asked for, if any, and the path under which faults know it.
pub(super) fn asked_for(world: &World, request: &Request) -> Option<(String, String)> {
    if let Some(rest) = request.path.strip_prefix("/_apps/") {
        let name = rest.split('/').next().unwrap_or_default();
        return Some((wire::percent_decoded(name), request.path.clone()));
    }
    let host = request.get("Host")?.trim().to_ascii_lowercase();
    let host = host.rsplit_once(':').map_or(host.as_str(), |(host, _)| host);
    let label = host.strip_suffix(".localhost").or_else(|| host.strip_suffix(".herokuapp.com"))?;
    // A host for the API itself, as in production.
    if label == "api" {
        return None;
    }
    let app = world.apps().find(|app| app.name().as_str() == label || app.host_label() == label);
    let name = app.map_or_else(|| label.to_owned(), |app| app.name().to_string());
    let path = format!("/_apps/{name}{}", request.path);
    Some((name, path))
}

/// Answers a visitor.
pub(super) fn visit(world: &mut World, request: &Request, app: &str, path: &str) -> Reply {
    world.traffic_mut().visits += 1;
    let faults = world.faults_for(&request.method, path);
    let mut code = None;
    let mut reply = match world.visit(app) {
        Some(page) => {
            code = page.code;
            let mut reply = Reply::new(page.status, page.body);
            reply.headers = page.headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            reply.delay = std::time::Duration::from_millis(page.latency_ms);
            reply
        }
        None => {
            let body = "<!DOCTYPE html>\n<html><head><title>No such app</title></head>\n\
                        <body><h1>There's nothing here, yet.</h1></body></html>\n";
            let mut reply = Reply::new(404, body);
            reply.headers.push(("Content-Type", "text/html; charset=utf-8".to_owned()));
            reply
        }
    };
    for fault in &faults {
        match fault {
            FaultKind::Status(status) => reply.status = *status,
            FaultKind::TooMany => reply.status = 429,
            FaultKind::Html => reply = garble::html_page(),
            FaultKind::CutBefore | FaultKind::CutAfter => reply.connection = Connection::Cut,
            FaultKind::Slow(by) => reply.delay += *by,
            FaultKind::Truncated => reply.body.truncate(reply.body.len() / 2),
            FaultKind::Stale(_)
            | FaultKind::UnknownFields
            | FaultKind::UnknownStates
            | FaultKind::UnknownSizes
            | FaultKind::UnknownError => {}
        }
    }
    world.log_visit(app, &seen_by_the_router(request, &reply, code));
    reply.headers.push(("Date", wire::http_date(world.now())));
    if request.method == "HEAD" {
        reply.body.clear();
    }
    reply
}

/// The visit as its line tells it: by the path and the host that the visitor would have named at the app's own address.
fn seen_by_the_router<'a>(request: &'a Request, reply: &Reply, code: Option<&'static str>) -> Visit<'a> {
    let own = request.path.strip_prefix("/_apps/");
    let path = own.map_or(request.path.as_str(), |rest| rest.find('/').map_or("/", |slash| &rest[slash..]));
    Visit {
        method: &request.method,
        path,
        query: request.query.as_deref(),
        host: if own.is_some() { None } else { request.get("Host") },
        request_id: request.get("X-Request-ID"),
        status: (!reply.is_cut()).then_some(reply.status),
        bytes: reply.body.len(),
        took: reply.delay,
        code: code.filter(|_| reply.status == 503),
    }
}
