//! `flyball hook`: where others tell a monitor something. The address goes to stdout alone, so that a script takes it as it is.

use super::check::no_such;
use super::face;
use super::reading::Desk;
use crate::arguments::Hook;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_server::hook_of;
use flyball_views::HookView;

pub(super) async fn hook(wiring: &Wiring, asked: &Hook) -> Result<Exit, Failure> {
    let hook: HookView = match wiring.server() {
        Some(server) => server.get(&["monitors", asked.monitor.as_str(), "hook"], &[]).await?,
        None => here(wiring, asked).await?,
    };
    if hook.url.starts_with('/') {
        output::say(
            "by which name Flyball is asked is not known here, so this is the path alone: `[server] hosts`, `[notify] pages` or \
             `[server] listen` in the file says it",
        );
    }
    match wiring.format {
        Format::Json => output::json(&hook)?,
        Format::Text => output::data(&hook.url)?,
    }
    Ok(Exit::GOOD)
}

async fn here(wiring: &Wiring, asked: &Hook) -> Result<HookView, Failure> {
    let desk = Desk::open(wiring, Exit::NO).await?;
    let monitors = &desk.definitions.monitors;
    let Some(monitor) = monitors.iter().find(|monitor| monitor.name == asked.monitor) else {
        let names = monitors.iter().map(|monitor| monitor.name.as_str());
        return Err(no_such("monitor", asked.monitor.as_str(), wiring, names));
    };
    let listen = face::address(wiring, None, &desk.definitions.server)?;
    hook_of(&*desk.store, &desk.definitions, listen, monitor).await?.ok_or_else(|| {
        Failure::new(Exit::NO, format!("nothing comes in for the monitor \"{}\"", monitor.name))
            .because(format!("its kind is `{}`, which looks by itself", monitor.kind.word()))
            .hint("`heartbeat` and `hook` are told")
    })
}
