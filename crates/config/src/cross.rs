//! What only shows when the whole file is looked at: names that are there twice, or not at all.

use crate::definitions::Account;
use crate::document::Damage;
use crate::entries::{Entry, Family, texts};
use crate::found::Found;
use crate::mistakes::MISTAKES_MAX;
use flyball_model::{AccountName, CallOn, Cause, ChannelName, Policy, ReactionName, Unit};
use flyball_monitors::Monitor;
use flyball_reactions::{Kind, Reaction, ScaleTo};
use flyball_settings::{Mistake, Node, Span, Value, did_you_mean};
use std::collections::{HashMap, HashSet};

/// For so many wrong names the one that was meant is sought among all that there are: no more mistakes are ever shown.
const SOUGHT_MAX: usize = MISTAKES_MAX;

/// Names that are taken.
pub(crate) fn duplicate_names(entries: &[Entry<'_>], family: &Family, found: &mut Vec<Found>) {
    let mut taken: HashMap<&str, &Span> = HashMap::new();
    for (name, span) in entries.iter().filter_map(|entry| entry.name.as_ref()) {
        if let Some(first) = taken.get(name.as_str()) {
            let message = format!("two {}s are called \"{name}\"", family.word);
            let mistake = Mistake::new(span.clone(), message, "expected a name of its own")
                .hint("what is remembered goes by the name; give this one another");
            found.push(Found::from(mistake).also((*first).clone(), "already here"));
        } else {
            taken.insert(name, span);
        }
    }
}

/// Reactions that a monitor calls twice, or that are not there.
pub(crate) fn reaction_names(monitors: &[Entry<'_>], reactions: &[Entry<'_>], damage: &Damage, found: &mut Vec<Found>) {
    let written = reactions.iter().filter_map(|entry| entry.name.as_ref()).map(|(name, _)| name.as_str());
    let known: Vec<&str> = written.chain(damage.reactions().iter().map(String::as_str)).collect();
    let set: HashSet<&str> = known.iter().copied().collect();
    let lists: Vec<Vec<(String, Span)>> = monitors.iter().map(|entry| texts(&entry.common, "reactions")).collect();
    let mut sought = 0;
    let nameless = reactions.iter().any(|entry| entry.name.is_none() && !damage.explains(&entry.span));
    for list in &lists {
        let mut before: HashMap<&str, &Span> = HashMap::new();
        for (name, span) in list {
            if let Some(first) = before.get(name.as_str()) {
                let mistake = Mistake::new(span.clone(), format!("\"{name}\" is called twice"), "already in this list")
                    .hint("each reaction is asked once after each reading; leave this one out");
                found.push(Found::from(mistake).also((*first).clone(), "already here"));
                continue;
            }
            before.insert(name, span);
            // A name that cannot be one was told as that.
            if set.contains(name.as_str()) || name.parse::<ReactionName>().is_err() {
                continue;
            }
            // A reaction whose name could not be read may be the one that is missed here.
            let candidates = if sought < SOUGHT_MAX { known.as_slice() } else { &[] };
            sought += 1;
            let slip = candidates.iter().copied().find(|known| is_slip(name, known));
            if slip.is_none() && nameless {
                continue;
            }
            let mistake =
                Mistake::new(span.clone(), format!("no reaction is called \"{name}\""), "not among the reactions");
            let hint = match slip.or_else(|| did_you_mean(name, candidates.iter().copied())) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None if known.is_empty() => "there is no [[reaction]] in this file".to_owned(),
                None => format!("there are: {}", some_of(&known)),
            };
            found.push(mistake.hint(hint).into());
        }
    }
}

/// Whether a name is probably another one misspelt: one or two slips of the finger, but not in a number, since
/// "web 1" and "web 2" are two names.
fn is_slip(written: &str, known: &str) -> bool {
    const SLIPS_MAX: usize = 2;
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    digits(written) == digits(known) && strsim::osa_distance(written, known) <= SLIPS_MAX
}

/// What a reaction comes after: another reaction on its app, and in the end one that comes after none.
pub(crate) fn after(reactions: &[(&Entry<'_>, &Option<Reaction>)], damage: &Damage, found: &mut Vec<Found>) {
    if damage.touches("reaction") || reactions.iter().any(|(_, reaction)| reaction.is_none()) {
        return;
    }
    let by_name: HashMap<&str, &Reaction> =
        reactions.iter().filter_map(|(_, reaction)| reaction.as_ref()).map(|one| (one.name.as_str(), one)).collect();
    let mut sought = 0;
    for (entry, reaction) in reactions {
        let (Some(reaction), Some((_, node))) = (reaction, entry.common.get("after")) else { continue };
        let Some(after) = &reaction.policy.after else { continue };
        let wrong = |message: String, label: &str, hint: String| {
            Found::from(Mistake::new(node.span.clone(), message, label).hint(hint))
        };
        let Some(named) = by_name.get(after.as_str()) else {
            let names: Vec<&str> = by_name.keys().copied().collect();
            let candidates = if sought < SOUGHT_MAX { names.as_slice() } else { &[] };
            sought += 1;
            let hint = match did_you_mean(after.as_str(), candidates.iter().copied()) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => "name another [[reaction]] of this file".to_owned(),
            };
            found.push(wrong(format!("no reaction is called \"{after}\""), "not among the reactions", hint));
            continue;
        };
        if named.kind.app() != reaction.kind.app() {
            let message = format!("\"{after}\" acts on another app, {}", named.kind.app());
            found.push(wrong(message, "never in the same incident", "name a reaction on the same app".to_owned()));
        } else if comes_after_itself(reaction, &by_name) {
            let message = format!("\"{}\" comes after itself", reaction.name);
            found.push(wrong(message, "never acts", "a ladder begins with a reaction without `after`".to_owned()));
        }
    }
}

/// Whether the chain of what a reaction comes after leads back to it.
fn comes_after_itself(reaction: &Reaction, by_name: &HashMap<&str, &Reaction>) -> bool {
    let before = |one: &&Reaction| one.policy.after.as_ref().and_then(|after| by_name.get(after.as_str()).copied());
    // A chain has each reaction once, or goes in a circle.
    let mut chain = std::iter::successors(before(&reaction), before).take(by_name.len());
    chain.any(|one| one.name == reaction.name)
}

/// Channels that are named and not there, or twice in one list.
pub(crate) fn channel_names(
    lists: &[Vec<(String, Span)>],
    channels: &[Entry<'_>],
    damage: &Damage,
    found: &mut Vec<Found>,
) {
    let nameless = channels.iter().any(|entry| entry.name.is_none());
    if damage.touches("channel") || nameless {
        return;
    }
    let written = channels.iter().filter_map(|entry| entry.name.as_ref()).map(|(name, _)| name.as_str());
    let known: Vec<&str> = written.collect();
    let mut sought = 0;
    for list in lists {
        for (nth, (name, span)) in list.iter().enumerate() {
            if let Some((_, first)) = list[..nth].iter().find(|(before, _)| before == name) {
                let mistake = Mistake::new(span.clone(), format!("\"{name}\" is told twice"), "already in this list")
                    .hint("each channel is told once; leave this one out");
                found.push(Found::from(mistake).also(first.clone(), "already here"));
                continue;
            }
            // A name that cannot be one was told as that.
            if known.contains(&name.as_str()) || name.parse::<ChannelName>().is_err() {
                continue;
            }
            let candidates = if sought < SOUGHT_MAX { known.as_slice() } else { &[] };
            sought += 1;
            let mistake =
                Mistake::new(span.clone(), format!("no channel is called \"{name}\""), "not among the channels");
            let hint = match did_you_mean(name, candidates.iter().copied()) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None if known.is_empty() => "there is no [[channel]] in the main file".to_owned(),
                None => format!("there are: {}", some_of(&known)),
            };
            found.push(mistake.hint(hint).into());
        }
    }
}

/// Channels that nobody is told by: who writes one waits for word by it.
pub(crate) fn untold(lists: &[Vec<(String, Span)>], channels: &[Entry<'_>], warnings: &mut Vec<Found>) {
    let named: HashSet<&str> = lists.iter().flatten().map(|(name, _)| name.as_str()).collect();
    let written = channels.iter().filter_map(|entry| entry.name.as_ref());
    for (name, span) in written.filter(|(name, _)| !named.contains(name.as_str())) {
        let message = format!("nobody is told anything by \"{name}\"");
        let mistake = Mistake::new(span.clone(), message, "it is named nowhere").hint(format!(
            "name it for everything: [notify] with default = [\"{name}\"]; or as `notify` of a monitor or reaction"
        ));
        warnings.push(mistake.into());
    }
}

/// Accounts that are named and not there.
pub(crate) fn account_names(entries: &[Entry<'_>], accounts: &[Account], damage: &Damage, found: &mut Vec<Found>) {
    if damage.touches("heroku") {
        return;
    }
    let known: HashSet<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    let mut sought = 0;
    for (_, table, _) in entries.iter().filter_map(|entry| entry.kind.as_ref()) {
        let Some((_, Node { value: Value::Text(name), span })) = table.get("account") else { continue };
        if known.contains(name.as_str()) || name.parse::<AccountName>().is_err() {
            continue;
        }
        let mistake = Mistake::new(span.clone(), format!("no account is called \"{name}\""), "not among the accounts");
        let candidates = if sought < SOUGHT_MAX { accounts } else { &[] };
        sought += 1;
        let hint = match did_you_mean(name, candidates.iter().map(|account| account.name.as_str())) {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => format!("an account needs its section: [heroku.accounts.{name}]"),
        };
        found.push(mistake.hint(hint).into());
    }
}

/// Reactions that no monitor calls: nothing will ever come of them.
pub(crate) fn unattached(monitors: &[Entry<'_>], reactions: &[Entry<'_>], warnings: &mut Vec<Found>) {
    let called: HashSet<String> =
        monitors.iter().flat_map(|entry| texts(&entry.common, "reactions")).map(|(name, _)| name).collect();
    for (name, span) in reactions.iter().filter_map(|entry| entry.name.as_ref()) {
        if !called.contains(name) {
            let mistake = Mistake::new(span.clone(), format!("no monitor calls \"{name}\""), "never runs by itself")
                .hint("put its name into the `reactions` of a [[monitor]]");
            warnings.push(mistake.into());
        }
    }
}

/// Causes that no monitor of a reaction can fail for: a mistake where they are all that it waits for, else a doubt.
/// Nothing is told while a monitor could not be read: it may be the one that calls.
pub(crate) fn causes(
    monitors: &[(&Entry<'_>, &Option<Monitor>)],
    reactions: &[(&Entry<'_>, &Option<Reaction>)],
    damage: &Damage,
    found: &mut Vec<Found>,
    warnings: &mut Vec<Found>,
) {
    let read = monitors.iter().map(|(entry, monitor)| {
        let monitor = monitor.as_ref().filter(|_| !entry.is_of_two_kinds)?;
        Some((*entry, monitor))
    });
    let Some(monitors) = read.collect::<Option<Vec<_>>>().filter(|_| !damage.touches("monitor")) else { return };
    let mut callers_of: HashMap<String, Vec<&Monitor>> = HashMap::new();
    for (entry, monitor) in monitors {
        let called: HashSet<String> = texts(&entry.common, "reactions").into_iter().map(|(name, _)| name).collect();
        called.into_iter().for_each(|name| callers_of.entry(name).or_default().push(monitor));
    }
    for (entry, reaction) in reactions {
        // That a passing reading has no cause was told.
        let waits = |policy: &Policy| policy.call_on == CallOn::Failing && !policy.causes.is_empty();
        let Some(reaction) = reaction.as_ref().filter(|reaction| waits(&reaction.policy)) else { continue };
        let Some(callers) = callers_of.get(reaction.name.as_str()) else { continue };
        let can = |cause: Cause| callers.iter().any(|monitor| monitor.kind.can_fail_for(cause));
        let idle: Vec<(String, Span)> = texts(&entry.common, "causes")
            .into_iter()
            .filter(|(word, _)| Cause::ALL.iter().any(|cause| cause.as_str() == word && !can(*cause)))
            .collect();
        let never_acts = idle.len() == reaction.policy.causes.len();
        let possible: Vec<&str> = Cause::ALL.iter().filter(|cause| can(**cause)).map(|cause| cause.as_str()).collect();
        for (word, span) in idle {
            let message = format!("no monitor that calls \"{}\" can fail for \"{word}\"", reaction.name);
            let label = if never_acts { "never acts" } else { "never the cause" };
            let mistake = Mistake::new(span, message, label).hint(format!("they can for {}", possible.join(", ")));
            if never_acts { &mut *found } else { &mut *warnings }.push(mistake.into());
        }
    }
}

/// What scales to a load: its monitor measures one, and nothing that goes by no load takes dynos on its process type.
pub(crate) fn loads(
    monitors: &[(&Entry<'_>, &Option<Monitor>)],
    reactions: &[(&Entry<'_>, &Option<Reaction>)],
    found: &mut Vec<Found>,
) {
    let scaling = || {
        reactions.iter().filter_map(|(entry, reaction)| {
            let reaction = reaction.as_ref()?;
            let Kind::ScaleTo(kind) = &reaction.kind else { return None };
            Some((*entry, reaction, kind))
        })
    };
    for (entry, reaction, kind) in scaling() {
        let mut callers = 0;
        for (monitor_entry, monitor) in monitors {
            let Some(monitor) = monitor else { continue };
            let called = texts(&monitor_entry.common, "reactions");
            let Some((_, span)) = called.into_iter().find(|(name, _)| name == reaction.name.as_str()) else { continue };
            callers += 1;
            // Of shares only this one is carried by dynos: more of them make no memory smaller.
            let is_utilization = matches!(monitor.kind, flyball_monitors::Kind::Utilization(_));
            let wrong = match (monitor.kind.measures(), kind.goes_by_delay()) {
                (Some(Unit::Percent), _) if is_utilization => (!kind.goes_by_share())
                    .then_some(("it measures for which share of the time dynos are busy", "`per_dyno = \"70%\"`")),
                (Some(Unit::Things | Unit::PerSecond), false) if kind.goes_by_share() => {
                    Some(("it measures no share of a dyno's time", "`per_dyno` as a number"))
                }
                (Some(Unit::Millis), true) | (Some(Unit::Things | Unit::PerSecond), false) => None,
                (None, _) => Some(("it measures nothing that dynos could carry", "a monitor such as `heroku_router`")),
                (Some(Unit::Millis), false) => {
                    Some(("a delay does not halve when dynos double", "`between`, and not `per_dyno`"))
                }
                (Some(Unit::Percent), _) => Some(("a share is not carried by dynos", "a load, or a time")),
                (Some(Unit::Things | Unit::PerSecond), true) => {
                    Some(("a load is no delay", "`per_dyno`, and not `between`"))
                }
            };
            let is_late = monitor.kind.measures_over().is_some_and(|over| over > ScaleTo::DELAY_OVER_MAX);
            let late =
                (kind.goes_by_delay() && is_late).then_some(("a step shows too late in it", "`over` of 30s at most"));
            let seldom =
                (monitor.every * 3 > ScaleTo::LATE).then_some(("it looks too seldom", "`every` of 30s at most"));
            let second = (callers > 1).then_some(("two monitors tell it how many dynos there are to be", "one"));
            if let Some((message, expected)) = wrong.or(late).or(second).or(seldom) {
                let mistake = Mistake::new(span, message, format!("\"{}\" expects {expected}", reaction.name));
                found.push(mistake.into());
            }
        }
        let of = |reaction: &Reaction| (reaction.kind.app().clone(), reaction.kind.process_type().cloned());
        let rivals = reactions.iter().filter_map(|(entry, other)| Some((*entry, other.as_ref()?)));
        for (there, other) in rivals.filter(|(_, other)| other.id != reaction.id && of(other) == of(reaction)) {
            let Kind::ScaleIn(_) = &other.kind else { continue };
            let message = format!("\"{}\" takes dynos where \"{}\" scales to a load", other.name, reaction.name);
            let hint = "two hands on one brake: leave one of them out";
            let mistake = Mistake::new(there.span.clone(), message, "on the same process type").hint(hint);
            found.push(Found::from(mistake).also(entry.span.clone(), "it stands here"));
        }
    }
}

/// A process type has a handful of reactions; who has more is warned of the first ones, in no more time.
const COMPARED_MAX: usize = 1_000;

/// Reactions on one process type of which one takes away no further than to where the other never adds.
pub(crate) fn limits(reactions: &[(&Entry<'_>, &Option<Reaction>)], warnings: &mut Vec<Found>) {
    let limits = || {
        reactions.iter().filter_map(|(entry, reaction)| {
            let reaction = reaction.as_ref().filter(|reaction| reaction.policy.enabled)?;
            Some((reaction, reaction.kind.limit()?, entry))
        })
    };
    let of = |reaction: &Reaction| (reaction.kind.app().clone(), reaction.kind.process_type().cloned());
    let mut on_the_same: HashMap<_, Vec<_>> = HashMap::new();
    for limit in limits() {
        on_the_same.entry(of(limit.0)).or_default().push(limit);
    }
    for (reaction, min, entry) in limits() {
        let others = &on_the_same[&of(reaction)][..];
        let above = others.iter().take(COMPARED_MAX).find(|(_, max, _)| min.is_above(max));
        let Some((other, max, there)) = above else { continue };
        let (Some(span), Some(also)) = (entry.setting(min.setting()), there.setting(max.setting())) else { continue };
        let message = format!("the minimum of \"{}\" is above the maximum of \"{}\"", reaction.name, other.name);
        let mistake = Mistake::new(span, message, format!("{min} here")).hint(
            "whatever one of them reaches is out of bounds for the other: lower the minimum, or raise the maximum",
        );
        warnings.push(Found::from(mistake).also(also, format!("{max} here")));
    }
}

/// A few names for a hint.
fn some_of(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("\"{name}\"")).collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
