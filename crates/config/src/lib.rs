//! The configuration file: all mistakes at once, each at its place.
//!
//! [`read`] turns the text of a file into [`Definitions`], or into [`Mistakes`]: all of them, each with file, line and
//! column, an excerpt with the spot marked, what was expected, and a hint. [`read_files`] does the same with the files that
//! it includes. Both are pure; [`Files::of`] takes the texts from disk. The kinds of monitors and reactions read their own settings; here stands what they share, the
//! sections around them, and what must fit between them.
//!
//! Nothing is told that only follows from something else: a line that is no TOML is told, and not also that its block
//! lacks a name.

mod altered;
mod channel;
mod cost;
mod cross;
mod defaults;
mod defined;
mod definitions;
mod difference;
mod disk;
mod document;
mod entries;
mod export;
mod files;
mod forms;
mod found;
mod include;
mod lines;
mod made;
mod mistakes;
mod monitor;
mod network;
mod notify;
mod reaction;
mod receive;
mod reference;
mod sealed;
mod secrets;
mod sections;
mod server;
mod starting;
mod starting_apps;

pub use altered::{Alteration, NotAltered};
pub use cost::{AccountCost, Cost, cost};
pub use defined::Defined;
pub use definitions::{Account, Definitions, Instance};
pub use difference::{Arming, Becomes, Change, Difference, Unarmed};
pub use disk::read_text;
pub use files::{File, Files};
pub use forms::{Form, Typed, name_of_piece, written};
pub use made::{LeftOut, file_of_piece, piece, read_with_made};
pub use mistakes::{Colour, Located, Mistakes, Place, Severity};
pub use network::Network;
pub use receive::{OfKey, Received, Told};
pub use reference::reference;
pub use sealed::seal;
pub use server::Server;
pub use starting::{stand_in_page, starting_file, starting_file_at_stand_in};
pub use starting_apps::{
    APPS_FOLDER, DryRun, LeftAlone, STARTING_MAIN_FILE, StartingApp, calls_an_hour, left_alone, left_alone_by,
    starting_app_file, starting_interval,
};

use definitions::Made;
use document::{Damage, document};
use entries::{Entry, Family, entries, sort_out};
use files::{Joined, Part};
use flyball_settings::{Mistake, Span, Table};
use found::Found;
use secrets::Secrets;
use std::collections::HashSet;

/// The most that is read, of all files together: some 300,000 monitors, far more than one engine looks at. What is beyond
/// it was not written for us.
pub const FILE_BYTES_MAX: usize = 64 << 20;
/// The most files that are included: all of them are looked at every second.
pub const FILES_MAX: usize = 1_000;

/// Reads the text of a file; `file` is what it is called in messages. Its `include` is taken as read already.
///
/// # Errors
///
/// Everything that is wrong with it. Secrets that stand in it are blotted out of the excerpts.
pub fn read(file: &str, text: &str) -> Result<Definitions, Mistakes> {
    read_files(&Files::one(file, text))
}

/// Reads files as one, with what is made in pages: names are unique in all of them, and what one refers to may stand in another.
///
/// # Errors
///
/// As [`read`], each mistake with its own file.
pub fn read_files(files: &Files) -> Result<Definitions, Mistakes> {
    read_as(files, Extent::Everything)
}

/// Whether everything is there, so that what is not can be missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Everything,
    /// What is named may stand elsewhere.
    Part,
}

fn read_as(files: &Files, extent: Extent) -> Result<Definitions, Mistakes> {
    if files.bytes() > FILE_BYTES_MAX {
        let message = if files.included.is_empty() { "the file is too large" } else { "the files are too large" };
        let mistake = Mistake::new(0..0, message, format!("expected at most {FILE_BYTES_MAX} bytes in all"));
        let nowhere = [Part { name: files.name(), span: 0..0 }];
        return Err(Mistakes::new("", &nowhere, Severity::Mistake, vec![mistake.into()]));
    }
    let Joined { text, parts } = files.joined();
    let mut damage = Damage::default();
    let mut found_by_parser = Vec::new();
    let documents = parts.iter().map(|part| document(&text[part.span.clone()], part.span.start));
    let mut roots: Vec<Table> = documents
        .map(|document| {
            damage.join(document.damage);
            found_by_parser.extend(document.found);
            document.root
        })
        .collect();
    if let Some(altered) = &files.altered {
        altered::alter(&mut roots, &altered.reaction, &reaction::family());
    }
    let roots: Vec<&Table> = roots.iter().collect();
    let (of_files, of_made) = roots.split_at(1 + files.included.len());
    let of_made = &of_made[..files.made.len()];
    let (of_main, included) = of_files.split_at(1);
    let main = of_main[0];
    let made_parts = &parts[of_files.len()..][..of_made.len()];
    let mut found = Vec::new();

    let settings = sections::instance(main, &mut found);
    let network = network::network(main, &mut found);
    let server = server::server(main, &mut found);
    let defaults = defaults::defaults(main, &mut found);
    included.iter().for_each(|root| include::refuse_global(root, &mut found));
    for ((made, root), part) in files.made.iter().zip(of_made).zip(made_parts) {
        let is_readable = !found_by_parser.iter().any(|found| part.span.contains(&found.mistake.span.start));
        made::refuse_other(made, root, part, is_readable, &mut found);
    }
    let accounts = sections::accounts(&roots, &mut found);
    let receive = receive::received(&roots, &mut found);
    let (monitor_family, reaction_family) = (monitor::family(), reaction::family());
    let channel_family = channel::family();
    let channel_entries = all_entries(of_main, &channel_family, &monitor_family, &mut found);
    let channels: Vec<_> = channel_entries.iter().map(|entry| channel::read(entry, &mut found)).collect();
    let rules = notify::rules(main, &mut found);
    let mut monitor_entries = all_entries(&roots, &monitor_family, &reaction_family, &mut found);
    let mut reaction_entries = all_entries(&roots, &reaction_family, &monitor_family, &mut found);
    monitor_entries.iter_mut().for_each(|entry| entry.take(&defaults.monitor));
    reaction_entries.iter_mut().for_each(|entry| entry.take(&defaults.reaction));
    let monitors: Vec<_> = monitor_entries.iter().map(|entry| monitor::read(entry, &mut found)).collect();
    let reactions: Vec<_> = reaction_entries.iter().map(|entry| reaction::read(entry, &mut found)).collect();
    channel_entries.iter().for_each(|entry| sealed::misplaced(channel_family.word, entry, &mut found));
    monitor_entries.iter().for_each(|entry| sealed::misplaced(monitor_family.word, entry, &mut found));
    reaction_entries.iter().for_each(|entry| sealed::misplaced(reaction_family.word, entry, &mut found));

    let mut warnings = Vec::new();
    let read_monitors: Vec<_> = monitor_entries.iter().zip(&monitors).collect();
    let read_reactions: Vec<_> = reaction_entries.iter().zip(&reactions).collect();
    cross::causes(&read_monitors, &read_reactions, &damage, &mut found, &mut warnings);
    cross::limits(&read_reactions, &mut warnings);
    cross::loads(&read_monitors, &read_reactions, &mut found);
    cross::duplicate_names(&channel_entries, &channel_family, &mut found);
    cross::duplicate_names(&monitor_entries, &monitor_family, &mut found);
    cross::duplicate_names(&reaction_entries, &reaction_family, &mut found);
    let named = notify::named(main, monitor_entries.iter().chain(&reaction_entries));
    if files.unread.is_empty() && extent == Extent::Everything {
        // What could not be read may hold what is missed.
        cross::channel_names(&named, &channel_entries, &damage, &mut found);
        cross::reaction_names(&monitor_entries, &reaction_entries, &damage, &mut found);
        cross::after(&read_reactions, &damage, &mut found);
        receive::missing(&read_monitors, &receive, &damage, &mut found);
        receive::untold_jobs(&read_reactions, &receive, &damage, &mut warnings);
        cross::account_names(&monitor_entries, &accounts, &damage, &mut found);
        cross::account_names(&reaction_entries, &accounts, &damage, &mut found);
    }

    // What is wrong with a default is wrong once, however many have it.
    let mut told = HashSet::new();
    found.retain(|found| told.insert((found.mistake.span.clone(), found.mistake.message.clone())));

    let secrets = Secrets::of(&text, &roots);
    found.retain(|found| !damage.explains(&found.mistake.span));
    found.extend(found_by_parser);
    found.extend(files.unread.iter().cloned().map(Found::from));
    found.retain(|found| !secrets.explain(&found.mistake.span));
    let shown = secrets.blotted(&text);
    found.extend(secrets.found());
    let is_made = |span: &Span| made_parts.first().is_some_and(|first| span.start >= first.span.start);
    for found in found.iter_mut().filter(|found| is_made(&found.mistake.span)) {
        found.key = made::key(of_made, &found.mistake);
    }
    if !found.is_empty() {
        return Err(Mistakes::new(&shown, &parts, Severity::Mistake, found));
    }

    let made_monitors = monitor_entries.iter().zip(&monitors).filter(|(entry, _)| is_made(&entry.span));
    let made_reactions = reaction_entries.iter().zip(&reactions).filter(|(entry, _)| is_made(&entry.span));
    let made = Made {
        monitors: made_monitors.filter_map(|(_, monitor)| Some(monitor.as_ref()?.id)).collect(),
        reactions: made_reactions.filter_map(|(_, reaction)| Some(reaction.as_ref()?.id)).collect(),
    };
    let notify = rules.of(
        monitor_entries.iter().zip(monitors.iter().flatten()).map(|(entry, monitor)| (entry, monitor.id)),
        reaction_entries.iter().zip(reactions.iter().flatten()).map(|(entry, reaction)| (entry, reaction.id)),
        &server,
    );
    let mut definitions = Definitions {
        settings,
        network,
        server,
        channels: channels.into_iter().flatten().collect(),
        notify,
        // Nothing was wrong, so that each entry has become one.
        monitors: monitors.into_iter().flatten().collect(),
        reactions: reactions.into_iter().flatten().collect(),
        accounts,
        receive,
        warnings: Mistakes::new("", &parts, Severity::Warning, Vec::new()),
        left_out: Vec::new(),
        made,
    };
    cross::unattached(&monitor_entries, &reaction_entries, &mut warnings);
    cross::untold(&named, &channel_entries, &mut warnings);
    let monitors = monitor_entries.iter().zip(&definitions.monitors);
    warnings.extend(monitors.flat_map(|(entry, monitor)| monitor::doubts(entry, monitor)));
    let reactions = reaction_entries.iter().zip(&definitions.reactions);
    warnings.extend(reactions.filter_map(|(entry, reaction)| reaction::direction(entry, reaction)));
    warnings.extend(reaction_entries.iter().filter_map(reaction::trigger_of_none));
    // The same of a default once.
    told.clear();
    warnings.retain(|found| told.insert((found.mistake.span.clone(), found.mistake.message.clone())));
    warnings.extend(warned(&definitions, &roots));
    warnings.extend(files.doubtful.iter().cloned().map(Found::from));
    definitions.warnings = Mistakes::new(&shown, &parts, Severity::Warning, warnings);
    Ok(definitions)
}

/// The entries of one family in all files, their keys sorted out.
fn all_entries<'t>(roots: &[&'t Table], family: &Family, other: &Family, found: &mut Vec<Found>) -> Vec<Entry<'t>> {
    let mut all = Vec::new();
    for root in roots {
        for (table, span) in entries(root, family, found) {
            all.push(sort_out(table, &span, family, other, found));
        }
    }
    all
}

/// Warnings about the file as a whole.
fn warned(definitions: &Definitions, roots: &[&Table]) -> Vec<Found> {
    let mut warnings = Vec::new();
    if definitions.monitors.is_empty() {
        let mistake = Mistake::new(0..0, "nothing is watched", "expected a [[monitor]] in this file")
            .hint("`flyball init` writes a file to start from");
        warnings.push(mistake.into());
    }
    let first = roots.iter().find_map(|root| root.get("monitor"));
    let place = first.map_or(0..0, |(_, node)| node.span.clone());
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
