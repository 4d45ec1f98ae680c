//! The reference of every section, kind and field, made from the same lines that read them.

use crate::channel::ChannelFields;
use crate::monitor::{MonitorDefaults, MonitorFields};
use crate::network::{self, NetworkFields};
use crate::notify::{self, NotifyFields};
use crate::reaction::{ReactionDefaults, ReactionFields};
use crate::receive::ReceivedFields;
use crate::sections::{AccountFields, HerokuFields, InstanceFields, LimitFields};
use crate::server::{self, ServerFields};
use flyball_decide::{ByHand, GATES};
use flyball_settings::{FieldDescription, KindDescription, Need, Settings, describe};
use std::fmt::Write as _;

/// The reference as Markdown: `docs/reference.md`.
#[must_use]
pub fn reference() -> String {
    let mut page = String::from(
        "# Reference of the file\n\nMade from the code that reads the file; `UPDATE=1 cargo nextest run -p flyball-config` \
         writes it anew.\n\nOne TOML file, `flyball.toml` by default. Lengths of time are in words: `\"800ms\"`, \
         `\"30s\"`, `\"1h 30m\"`. A secret is named by its environment variable, `{ env = \"NAME\" }`, and never written \
         out; a header's, a body's, a one-off's or a channel's may stand sealed, `{ sealed = \"…\" }`, as `flyball secret seal` prints it for \
         this one place. A table may be written in one line, or as a section of its own: `http = { url = \"…\" }` is the same as \
         `[monitor.http]` with `url = \"…\"` below it.\n\nThe world file of the stand-in for \
         Heroku has a page of its own: [heroku-sim.md](heroku-sim.md).\n",
    );
    section::<InstanceFields>(&mut page, "The top level");
    section::<LimitFields>(&mut page, "`[limits]`");
    section::<NetworkFields>(&mut page, "`[network]`");
    say(&mut page, &network::notes());
    section::<ServerFields>(&mut page, "`[server]`");
    say(&mut page, server::notes());
    section::<HerokuFields>(&mut page, "`[heroku]`");
    section::<AccountFields>(&mut page, "`[heroku.accounts.NAME]`");
    section::<ReceivedFields>(&mut page, "`[receive.apps.NAME]`");
    section::<ChannelFields>(&mut page, "`[[channel]]`");
    say(&mut page, "A channel has exactly one of these kinds.\n");
    flyball_channels::Kind::descriptions().iter().for_each(|kind| kind_section(&mut page, kind));
    section::<NotifyFields>(&mut page, "`[notify]`");
    say(&mut page, notify::notes());
    section::<MonitorDefaults>(&mut page, "`[defaults.monitor]`");
    section::<ReactionDefaults>(&mut page, "`[defaults.reaction]`");
    section::<MonitorFields>(&mut page, "`[[monitor]]`");
    say(&mut page, "A monitor has exactly one of these kinds.\n");
    flyball_monitors::Kind::descriptions().iter().for_each(|kind| kind_section(&mut page, kind));
    section::<ReactionFields>(&mut page, "`[[reaction]]`");
    say(&mut page, "A reaction has exactly one of these kinds.\n");
    flyball_reactions::Kind::descriptions().iter().for_each(|kind| kind_section(&mut page, kind));
    gates(&mut page);
    page
}

/// What stands between being called and acting, from the table that decides.
fn gates(page: &mut String) {
    say(
        page,
        "## The gates\n\nWhat is asked before a reaction acts, in this order; the first gate that is closed is the reason for \
         holding still, and `flyball why` tells what each answers. Those that come before looking cost no call of the \
         Platform API. *By hand*: whether the gate holds a person's `flyball react` as well.\n\n| gate | open when | asked | \
         by hand |\n|---|---|---|---|\n",
    );
    for gate in &GATES {
        let asked: Vec<&str> = gate.stages.iter().map(|stage| stage.words()).collect();
        let by_hand = match gate.by_hand {
            ByHand::Holds => "holds",
            ByHand::Waived => "waived",
        };
        say(page, &format!("| {} | {} | {} | {by_hand} |\n", gate.name, cell(gate.asks), asked.join(", ")));
    }
}

fn section<S: Settings>(page: &mut String, title: &str) {
    section_of(page, &format!("## {title}"), S::SUMMARY, S::EXAMPLE, &describe::<S>());
}

fn kind_section(page: &mut String, kind: &KindDescription) {
    let KindDescription { word, summary, example, fields } = kind;
    section_of(page, &format!("### `{word}`"), summary, &format!("{word} = {example}"), fields);
}

fn section_of(page: &mut String, title: &str, summary: &str, example: &str, fields: &[FieldDescription]) {
    let mut summary = summary.chars();
    let first = summary.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    say(page, &format!("\n{title}\n\n{first}{}.\n\n```toml\n{example}\n```\n\n", summary.as_str()));
    say(page, "| field | what it is | takes | default |\n|---|---|---|---|\n");
    for FieldDescription { name, takes, need, doc, shape: _ } in fields {
        let default = match need {
            Need::Required => "required".to_owned(),
            Need::Optional => String::new(),
            Need::Default(words) if is_code(words) => format!("`{words}`"),
            Need::Default(words) => words.clone(),
        };
        say(page, &format!("| `{name}` | {} | {} | {default} |\n", cell(doc), cell(takes)));
    }
    say(page, "\n");
}

/// Whether a default is written as it would be in the file, rather than told in words.
fn is_code(words: &str) -> bool {
    words.starts_with(['"', '[', '{'])
        || words.starts_with(|c: char| c.is_ascii_digit())
        || matches!(words, "true" | "false")
}

/// A text within a table of Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn say(page: &mut String, text: &str) {
    write!(page, "{text}").expect("a String takes every text");
}
