//! What `scale_up` and `scale_down` share: a limit, a ladder, and the names of a Shield space.

use flyball_decide::Planned;
use flyball_decide::ladder::{Direction, Ladder, Rung, old_name};
use flyball_model::{Because, DynoSize, Effect, ProcessType, Sight};
use flyball_settings::{Fields, Mistake, Node, Shape, Take, Value, did_you_mean};
use serde::Serialize;

/// A limit, and the ladder that leads to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct SizeLimit {
    limit: DynoSize,
    ladder: Ladder,
}

/// A limit as it was written: a size, or one of Runbook's old names.
struct WrittenLimit {
    size: DynoSize,
    old: bool,
}

impl Take for WrittenLimit {
    fn expected() -> String {
        DynoSize::EXPECTED.to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if old_name(text).is_some() => old_name(text).map(|size| Self { size, old: true }),
            _ => DynoSize::take(node, mistakes).map(|size| Self { size, old: false }),
        }
    }
}

/// A ladder as it was written: `"memory"`, or a list of sizes.
struct WrittenLadder(Ladder);

impl Take for WrittenLadder {
    fn expected() -> String {
        "\"memory\", or a list of dyno sizes, smallest first".to_owned()
    }

    fn shape() -> Shape {
        Shape::OneOrList(Box::new(Shape::Text))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let wrong =
            |message: String| Mistake::new(node.span.clone(), message, format!("expected {}", Self::expected()));
        match &node.value {
            Value::Text(text) if text == "memory" => Some(Self(Ladder::Memory)),
            Value::Text(text) => {
                mistakes.push(wrong(format!("unknown ladder \"{text}\"")));
                None
            }
            Value::List(_) => {
                let rungs = Vec::<DynoSize>::take(node, mistakes)?;
                match what_is_wrong_with(&rungs) {
                    Some(message) => {
                        mistakes.push(wrong(message));
                        None
                    }
                    None => Some(Self(Ladder::Own(rungs))),
                }
            }
            other => {
                mistakes.push(wrong(format!("expected a ladder, found {}", other.kind())));
                None
            }
        }
    }
}

/// One's own ladder has two rungs or more, each once, all of one tier where that is known.
fn what_is_wrong_with(rungs: &[DynoSize]) -> Option<String> {
    if rungs.len() < 2 {
        return Some("a ladder has two sizes or more".to_owned());
    }
    for (index, rung) in rungs.iter().enumerate() {
        if rungs[..index].contains(rung) {
            return Some(format!("{rung} is on the ladder twice"));
        }
    }
    let mut tiers = rungs.iter().filter_map(|rung| rung.facts().map(|facts| (rung, facts.tier)));
    let (first, tier) = tiers.next()?;
    let (other, _) = tiers.find(|(_, other)| *other != tier)?;
    Some(format!("{first} and {other} are of different tiers, and a tier is never left"))
}

impl SizeLimit {
    /// Reads the limit under `name`, and the ladder.
    pub(super) fn read(fields: &mut Fields<'_>, name: &'static str, doc: &'static str) -> Option<Self> {
        let limit = fields.required::<WrittenLimit>(name, doc);
        let ladder = fields.or(
            "ladder",
            WrittenLadder(Ladder::Balanced),
            "every size of the tier that loses neither memory nor compute",
            "the sizes that it goes through",
        );
        let (WrittenLimit { size, old }, WrittenLadder(ladder)) = (limit?, ladder?);
        let ladder = match (old, fields.has("ladder")) {
            (false, _) => ladder,
            (true, false) => Ladder::Old,
            (true, true) => {
                let hint = format!("write the limit as \"{}\", or leave `ladder` out", size.as_str().to_lowercase());
                let message = "an old name has a ladder of its own: 1X, 2X, PX";
                fields.wrong("ladder", message, format!("not beside an old name in `{name}`"), Some(hint));
                return None;
            }
        };
        if !ladder.rungs(&size).contains(&size) {
            fields.wrong(name, format!("{size} is not on the ladder"), "expected a size of the ladder", hint(&size));
            return None;
        }
        Some(Self { limit: size, ladder })
    }

    /// The size at which it stops.
    pub(super) const fn limit(&self) -> &DynoSize {
        &self.limit
    }

    /// One rung towards the limit.
    pub(super) fn plan(&self, direction: Direction, of: &ProcessType, sight: &Sight) -> Planned {
        let Some(process) = sight.process(of) else {
            return Planned::Hold(Because::NoSuchProcessType { process_type: of.clone() });
        };
        let process_type = of.clone();
        let present =
            if sight.app.shield { renamed(&process.size, "Private-", "Shield-") } else { process.size.clone() };
        match self.ladder.next(direction, &present, &self.limit) {
            Rung::Next(next) => {
                let to = if sight.app.shield { renamed(&next, "Shield-", "Private-") } else { next };
                Planned::Do(Effect::SetSize { process_type, from: process.size.clone(), to })
            }
            Rung::AtLimit => {
                Planned::Hold(Because::AtSizeLimit { process_type, size: present, limit: self.limit.clone() })
            }
            Rung::Off => Planned::Hold(Because::OffLadder { process_type, size: present }),
        }
    }

    /// Whether an effect is one rung towards the limit, from whatever size. The API's names are the file's own, or those of
    /// a Shield space.
    pub(super) fn may_have_planned(&self, direction: Direction, effect: &Effect) -> bool {
        let Effect::SetSize { from, to, .. } = effect else { return false };
        let is_a_rung = |from: &DynoSize, to| self.ladder.next(direction, from, &self.limit) == Rung::Next(to);
        let shield = |size| renamed(size, "Private-", "Shield-");
        is_a_rung(from, to.clone()) || is_a_rung(&shield(from), shield(to))
    }
}

/// In a Shield space the API says `Private-*` for `Shield-*`. Source: the official CLI, which renames both ways.
fn renamed(size: &DynoSize, from: &str, to: &str) -> DynoSize {
    size.as_str().strip_prefix(from).map_or_else(|| size.clone(), |rest| DynoSize::new(format!("{to}{rest}")))
}

fn hint(size: &DynoSize) -> Option<String> {
    if let Some(facts) = size.facts() {
        let tier: Vec<&str> = DynoSize::of_tier(facts.tier).map(|size| size.name).collect();
        return Some(if facts.name.ends_with("L-RAM") {
            "it has less compute than the size below it: `ladder = \"memory\"` takes it in".to_owned()
        } else {
            format!("sizes of its tier: {}", tier.join(", "))
        });
    }
    did_you_mean(size.as_str(), DynoSize::known_names())
        .map(|meant| format!("did you mean \"{}\"?", meant.to_lowercase()))
}
