//! Who is armed: which reactions act by themselves now, and why the others do not. It is told at a start, and at each change.

use crate::engine::Engine;
use flyball_model::{Armed, EngineEvent, Event, Mode, Named, PauseScope};
use flyball_reactions::Reaction;
use flyball_store::{Error, Pause};
use std::sync::Arc;

/// Who is armed, of these reactions with their modes, while these pauses hold. What a person switched off or made a dry
/// run comes before a pause: it stays so when the pause ends.
pub(crate) fn armed<'a>(reactions: impl Iterator<Item = (&'a Reaction, Mode)>, pauses: &[Pause]) -> Armed {
    let mut reactions: Vec<_> = reactions.collect();
    reactions.sort_by_key(|(reaction, _)| &reaction.name);
    let mut armed = Armed::default();
    for (reaction, mode) in reactions {
        let is_paused = pauses.iter().any(|pause| match &pause.scope {
            PauseScope::Everything => true,
            PauseScope::App(app) => app == reaction.kind.app(),
            PauseScope::Reaction(name) => *name == reaction.name,
        });
        let among: &mut Named = match (reaction.policy.enabled, mode) {
            (false, _) => &mut armed.off,
            (true, Mode::DryRun) => &mut armed.tell,
            (true, Mode::Act) if is_paused => &mut armed.paused,
            (true, Mode::Act) => &mut armed.act,
        };
        among.add(&reaction.name);
    }
    armed
}

impl Engine {
    /// Tells who is armed, where that is not what was told last.
    ///
    /// # Errors
    ///
    /// When the store does not answer; it is told the next time then.
    pub async fn tell_who_is_armed(&self) -> Result<(), Error> {
        let pauses = self.ports.store.pauses(self.ports.clock.now()).await?;
        let armed = {
            let (whole, is_first) = (self.whole(), self.is_first());
            let mut memory = self.memory();
            let wiring = Arc::clone(&memory.wiring);
            let armed = match &whole {
                None => armed(wiring.reactions().map(|reaction| (&**reaction, wiring.mode(reaction))), &pauses),
                Some(whole) => {
                    let mode = self.mode().and(whole.settings.mode);
                    armed(whole.reactions.iter().map(|reaction| (reaction, mode.and(reaction.policy.mode))), &pauses)
                }
            };
            // Who cannot read the file that all go by works on nothing, and knows nobody: another node tells it.
            let knows_nobody = whole.is_some_and(|whole| whole.monitors.is_empty() && whole.reactions.is_empty());
            if knows_nobody || memory.armed.as_ref() == Some(&armed) {
                return Ok(());
            }
            // Noted before it is written: who asks meanwhile must not tell it as well.
            memory.armed = Some(armed.clone());
            // Of several nodes one tells it.
            if !is_first {
                return Ok(());
            }
            armed
        };
        let told = self.tell(Event::Engine { happened: EngineEvent::Armed { armed } }).await;
        if told.is_err() {
            self.memory().armed = None;
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_config::read;
    use flyball_model::Timestamp;

    /// A file with these reactions: a name and further lines.
    fn told(reactions: &[(&str, &str)], pauses: &[PauseScope]) -> String {
        let written = reactions.iter().map(|(name, lines)| {
            format!("[[reaction]]\nname = \"{name}\"\n{lines}\nscale_out = {{ app = \"shop\", max_quantity = 3 }}\n")
        });
        let definitions = read("flyball.toml", &written.collect::<String>()).unwrap();
        let paused = |scope: &PauseScope| {
            let (at, by) = (Timestamp::EPOCH, "ann".to_owned());
            Pause { scope: scope.clone(), at, until: None, by }
        };
        let pauses: Vec<Pause> = pauses.iter().map(paused).collect();
        let mode = |reaction: &Reaction| definitions.settings.mode.and(reaction.policy.mode);
        let armed = armed(definitions.reactions.iter().map(|one| (one, mode(one))), &pauses);
        EngineEvent::Armed { armed }.to_string()
    }

    #[test]
    fn who_is_armed_who_only_tells_and_who_is_switched_off_is_told_by_name() {
        let (dry, off) = ("mode = \"dry_run\"", "enabled = false");
        let shop = || PauseScope::App("shop".parse().unwrap());
        let of_a = || PauseScope::Reaction("a".parse().unwrap());
        let many: Vec<(String, &str)> = (10..25).map(|number| (format!("r{number}"), "")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|(name, lines)| (name.as_str(), *lines)).collect();
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [PauseScope], &'a str);
        let cases: [Case<'_>; 10] = [
            (&[], &[], "no reaction is armed: the file has none"),
            (&[("a", "")], &[], "1 reaction is armed: a"),
            (&[("b", ""), ("a", "")], &[], "2 reactions are armed: a, b"),
            (
                &[("a", ""), ("b", ""), ("c", dry), ("d", off)],
                &[],
                "2 reactions are armed: a, b; 1 only dry-runs: c; 1 is switched off: d",
            ),
            (&[("a", dry), ("b", dry)], &[], "no reaction is armed; 2 only dry-run: a, b"),
            (&[("a", off), ("b", off)], &[], "no reaction is armed; 2 are switched off: a, b"),
            (&[("a", ""), ("b", "")], &[of_a()], "1 reaction is armed: b; 1 is paused: a"),
            (&[("a", ""), ("b", dry)], &[shop()], "no reaction is armed; 1 only dry-runs: b; 1 is paused: a"),
            (
                &[("a", ""), ("b", off)],
                &[PauseScope::Everything],
                "no reaction is armed; 1 is switched off: b; 1 is paused: a",
            ),
            (&many, &[], "15 reactions are armed: r10, r11, r12, r13, r14, r15, r16, r17, r18, r19 and 5 more"),
        ];
        for (reactions, pauses, expected) in cases {
            assert_eq!(told(reactions, pauses), expected);
        }
    }
}
