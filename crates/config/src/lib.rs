//! The configuration file: all mistakes at once, each at its place.
//!
//! [`read`] turns the text of a file into [`Definitions`], or into [`Mistakes`]: all of them, each with file, line and
//! column, an excerpt with the spot marked, what was expected, and a hint. It is pure; whoever reads the file from disk
//! hands its text over. The kinds of monitors and reactions read their own settings; here stands what they share, the
//! sections around them, and what must fit between them.
//!
//! Nothing is told that only follows from something else: a line that is no TOML is told, and not also that its block
//! lacks a name.

mod cost;
mod cross;
mod definitions;
mod document;
mod entries;
mod found;
mod lines;
mod mistakes;
mod monitor;
mod network;
mod reaction;
mod reference;
mod secrets;
mod sections;
mod starting;

pub use cost::{AccountCost, Cost, cost};
pub use definitions::{Account, Definitions, Instance};
pub use mistakes::{Colour, Located, Mistakes, Place, Severity};
pub use network::Network;
pub use reference::reference;
pub use starting::{starting_file, starting_file_at_stand_in};

use document::document;
use entries::{Entry, entries, sort_out};
use flyball_settings::Mistake;
use found::Found;
use secrets::Secrets;

/// The largest file that is read: some 5,000 monitors. Every byte of it is parsed and shown by people, not by machines.
pub const FILE_BYTES_MAX: usize = 1 << 20;

/// Reads the text of a file; `file` is what it is called in messages.
///
/// # Errors
///
/// Everything that is wrong with it. Secrets that stand in it are blotted out of the excerpts.
pub fn read(file: &str, text: &str) -> Result<Definitions, Mistakes> {
    if text.len() > FILE_BYTES_MAX {
        let mistake = Mistake::new(0..0, "the file is too large", format!("expected at most {FILE_BYTES_MAX} bytes"));
        return Err(Mistakes::new(file, "", Severity::Mistake, vec![mistake.into()]));
    }
    let document = document(text);
    let (root, damage) = (&document.root, &document.damage);
    let mut found = Vec::new();

    let settings = sections::instance(root, &mut found);
    let network = network::network(root, &mut found);
    let accounts = sections::accounts(root, &mut found);
    let (monitor_family, reaction_family) = (monitor::family(), reaction::family());
    let monitor_entries: Vec<Entry<'_>> = entries(root, &monitor_family, &mut found)
        .into_iter()
        .map(|(table, span)| sort_out(table, &span, &monitor_family, &reaction_family, &mut found))
        .collect();
    let reaction_entries: Vec<Entry<'_>> = entries(root, &reaction_family, &mut found)
        .into_iter()
        .map(|(table, span)| sort_out(table, &span, &reaction_family, &monitor_family, &mut found))
        .collect();
    let monitors: Vec<_> = monitor_entries.iter().map(|entry| monitor::read(entry, &mut found)).collect();
    let reactions: Vec<_> = reaction_entries.iter().map(|entry| reaction::read(entry, &mut found)).collect();

    let mut warnings = Vec::new();
    let read_monitors: Vec<_> = monitor_entries.iter().zip(&monitors).collect();
    let read_reactions: Vec<_> = reaction_entries.iter().zip(&reactions).collect();
    cross::causes(&read_monitors, &read_reactions, damage, &mut found, &mut warnings);
    cross::limits(&read_reactions, &mut warnings);
    cross::duplicate_names(&monitor_entries, &monitor_family, &mut found);
    cross::duplicate_names(&reaction_entries, &reaction_family, &mut found);
    cross::reaction_names(&monitor_entries, &reaction_entries, damage, &mut found);
    cross::account_names(&monitor_entries, &accounts, damage, &mut found);
    cross::account_names(&reaction_entries, &accounts, damage, &mut found);

    let secrets = Secrets::of(text, root);
    found.retain(|found| !damage.explains(&found.mistake.span));
    found.extend(document.found);
    found.retain(|found| !secrets.explain(&found.mistake.span));
    let shown = secrets.blotted(text);
    found.extend(secrets.found());
    if !found.is_empty() {
        return Err(Mistakes::new(file, &shown, Severity::Mistake, found));
    }

    let mut definitions = Definitions {
        settings,
        network,
        // Nothing was wrong, so that each entry has become one.
        monitors: monitors.into_iter().flatten().collect(),
        reactions: reactions.into_iter().flatten().collect(),
        accounts,
        warnings: Mistakes::new(file, "", Severity::Warning, Vec::new()),
    };
    cross::unattached(&monitor_entries, &reaction_entries, &mut warnings);
    let monitors = monitor_entries.iter().zip(&definitions.monitors);
    warnings.extend(monitors.flat_map(|(entry, monitor)| monitor::doubts(entry, monitor)));
    let reactions = reaction_entries.iter().zip(&definitions.reactions);
    warnings.extend(reactions.filter_map(|(entry, reaction)| reaction::direction(entry, reaction)));
    warnings.extend(reaction_entries.iter().filter_map(reaction::trigger_of_none));
    warnings.extend(warned(&definitions, root));
    definitions.warnings = Mistakes::new(file, &shown, Severity::Warning, warnings);
    Ok(definitions)
}

/// Warnings about the file as a whole.
fn warned(definitions: &Definitions, root: &flyball_settings::Table) -> Vec<Found> {
    let mut warnings = Vec::new();
    if definitions.monitors.is_empty() {
        let mistake = Mistake::new(0..0, "nothing is watched", "expected a [[monitor]] in this file")
            .hint("`flyball init` writes a file to start from");
        warnings.push(mistake.into());
    }
    let place = root.get("monitor").map_or(0..0, |(_, node)| node.span.clone());
    for account in cost(definitions).accounts.into_iter().filter(AccountCost::is_over) {
        let AccountCost { account, monitors, calls_per_minute, allowed_per_minute } = account;
        let message = format!("the account \"{account}\" will be asked {calls_per_minute:.0} times a minute");
        let label = format!("Heroku allows {allowed_per_minute:.0}");
        let monitors = if monitors == 1 { "its monitor".to_owned() } else { format!("its {monitors} monitors") };
        let hint = format!("{monitors} will be blind at times: raise `every`, or use another account");
        warnings.push(Mistake::new(place.clone(), message, label).hint(hint).into());
    }
    warnings
}
