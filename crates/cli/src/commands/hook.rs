//! `flyball hook`: where others tell a monitor something, and with `--new` from then on elsewhere. The address goes to stdout alone, so that a script takes it as it is.

use super::check::no_such;
use super::face;
use super::reading::Desk;
use crate::arguments::Hook;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_server::{hook_of, renew_hook_of};
use flyball_views::HookView;

pub(super) async fn hook(wiring: &Wiring, asked: &Hook) -> Result<Exit, Failure> {
    let hook: HookView = match wiring.server() {
        Some(server) => {
            let path = ["monitors", asked.monitor.as_str(), "hook"];
            if asked.new { server.post(&path, &()).await? } else { server.get(&path, &[]).await? }
        }
        None => here(wiring, asked).await?,
    };
    if hook.url.starts_with('/') {
        output::say(
            "by which name Flyball is asked is not known here, so this is the path alone: `[server] hosts`, `[notify] pages` or \
             `[server] listen` in the file says it",
        );
    }
    if asked.new {
        output::say(&format!("the address of the monitor \"{}\" before is refused from now on", hook.monitor));
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
    let hook = if asked.new {
        let by = wiring.environment.person();
        renew_hook_of(&*desk.store, &desk.definitions, listen, monitor, (wiring.now(), &by)).await?
    } else {
        hook_of(&*desk.store, &desk.definitions, listen, monitor).await?
    };
    hook.ok_or_else(|| {
        Failure::new(Exit::NO, format!("nothing comes in for the monitor \"{}\"", monitor.name))
            .because(format!("its kind is `{}`, which looks by itself", monitor.kind.word()))
            .hint("`heartbeat` and `hook` are told")
    })
}
