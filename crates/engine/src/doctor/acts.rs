//! Whether each reaction can act on its app at all: planned against the app as it is.

use super::finding::Finding;
use flyball_decide::{Known, Planned};
use flyball_model::{AppName, Because, DynoName, DynoSize, Effect, ProcessType, Quantity, Sight};
use flyball_reactions::Reaction;
use std::collections::BTreeSet;

/// Whether a reaction would act on what is seen, holds just now, or can never act until a person changes something: then
/// with what.
pub(super) fn reaction(reaction: &Reaction, sight: &Sight) -> Finding {
    let (name, app) = (&reaction.name, reaction.kind.app());
    let now = sight.heroku_now.unwrap_or(sight.taken_at);
    let known = Known { now, episode: now, our_rollbacks: &BTreeSet::new(), one_offs: &[], last_out: None, load: None };
    let never = |why: String, cure: String| {
        Finding::bad("reaction", format!("\"{name}\" can never act on {app} as it is: {why}")).hint(cure)
    };
    match reaction.kind.plan(sight, &known) {
        Planned::Do(effect) => match above_the_size(&effect, sight) {
            Some((process_type, size, most)) if most <= 1 => never(
                format!("a process type of {size} dynos has {most} at most"),
                format!(
                    "set another size for every process type by `heroku ps:type {process_type}=standard-1x -a {app}`, or \
                     leave the reaction out"
                ),
            ),
            // A limit above one may have been raised on request, which nothing tells.
            Some((process_type, size, most)) => {
                let words =
                    format!("\"{name}\": Heroku allows {most} {size} dynos of {process_type}, unless asked for more");
                Finding::note("reaction", words)
            }
            None => Finding::good("reaction", format!("\"{name}\" can act on {app} as it is")),
        },
        Planned::LookFurther { .. } => Finding::good("reaction", format!("\"{name}\" can act on {app} as it is")),
        Planned::Hold(because) => match cure(&because, app, sight) {
            Some(cure) => never(because.to_string(), cure),
            None => Finding::note("reaction", format!("\"{name}\" holds as {app} is now: {because}")),
        },
    }
}

/// The process type, size and default limit, where an effect wants more dynos than that.
fn above_the_size(effect: &Effect, sight: &Sight) -> Option<(ProcessType, DynoSize, u32)> {
    let Effect::SetQuantity { process_type, from, to } = effect else { return None };
    let size = &sight.process(process_type)?.size;
    let most = size.facts()?.dynos_max;
    // Where there are more already, the limit was raised.
    let is_above = to > from && *to > Quantity::new(most) && *from <= Quantity::new(most);
    is_above.then(|| (process_type.clone(), size.clone(), most))
}

/// What ends a hold that does not pass by itself; `None` for one that does.
fn cure(because: &Because, app: &AppName, sight: &Sight) -> Option<String> {
    match because {
        Because::OffLadder { process_type, size } => Some(onto_the_ladder(process_type, size, app)),
        Because::NoSuchProcessType { .. } => {
            Some(format!("`heroku ps:type -a {app}` lists them; correct `process_type`"))
        }
        Because::NoSuchDyno { dyno } if !may_come(dyno, sight) => {
            Some(format!("`heroku ps -a {app}` lists the dynos, such as `web.1`; correct `dyno`"))
        }
        Because::FirDynoNames { .. } => Some("use `restart_all_dynos`: on Fir no dyno keeps its name".to_owned()),
        _ => None,
    }
}

/// Whether a dyno of this name comes with a larger quantity.
fn may_come(dyno: &DynoName, sight: &Sight) -> bool {
    let parts = dyno.cedar_parts();
    parts.is_some_and(|(process_type, ordinal)| ordinal > 0 && sight.process(&process_type).is_some())
}

fn onto_the_ladder(process_type: &ProcessType, size: &DynoSize, app: &AppName) -> String {
    let resize = format!("by `heroku ps:type {process_type}=SIZE -a {app}`");
    let tier: Vec<&str> =
        size.facts().map(|facts| DynoSize::of_tier(facts.tier).map(|size| size.name).collect()).unwrap_or_default();
    match tier.as_slice() {
        [] => format!("write a `ladder` that names {size} and the limit, or set a size of the ladder {resize}"),
        [_] => format!(
            "{size} is the only size of its tier: set a size of the ladder for every process type {resize}, or leave the \
             reaction out"
        ),
        sizes => format!(
            "write the limit, and the `ladder` where there is one, with sizes of its tier ({}), or set a size of the ladder \
             {resize}",
            sizes.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;
    use flyball_model::{Generation, ProcessFormation, Timestamp, testing};

    /// What is said of a reaction, written as in the file, on an app with one web dyno of this size.
    fn said(written: &str, size: &str, fir: bool) -> Finding {
        let file = format!(
            "[[monitor]]\nname = \"page\"\nhttp = {{ url = \"https://shop.example.com\" }}\nreactions = [\"it\"]\n\
             [[reaction]]\nname = \"it\"\n{written}\n"
        );
        let definitions = flyball_config::read("flyball.toml", &file).unwrap();
        let mut sight = testing::sight(Timestamp::EPOCH);
        let size = DynoSize::new(size);
        sight.formation.push(ProcessFormation { process_type: ProcessType::web(), quantity: Quantity::new(1), size });
        sight.dynos.push(testing::dyno("web.1", Timestamp::EPOCH));
        if fir {
            sight.app.generation = Generation::Fir;
        }
        reaction(&definitions.reactions[0], &sight)
    }

    #[test]
    fn a_reaction_that_can_never_act_is_told_with_a_cure_that_can_be_followed() {
        let up = r#"scale_up = { app = "shop", max_size = "standard-2x" }"#;
        let own =
            r#"scale_up = { app = "shop", max_size = "performance-l", ladder = ["standard-2x", "performance-l"] }"#;
        let out = r#"scale_out = { app = "shop", max_quantity = 5 }"#;
        let dyno = |name| format!(r#"restart_dyno = {{ app = "shop", dyno = "{name}" }}"#);
        let worker = r#"scale_out = { app = "shop", process_type = "worker", max_quantity = 5 }"#;
        // (the reaction, today's size, on Fir, what it is, a part of what to do)
        for (written, size, fir, health, hint) in [
            (up.to_owned(), "basic", false, Health::Bad, "Basic is the only size of its tier"),
            (own.to_owned(), "standard-1x", false, Health::Bad, "with sizes of its tier (Standard-1X, Standard-2X"),
            (up.to_owned(), "mega-9x", false, Health::Bad, "write a `ladder` that names mega-9x"),
            (out.to_owned(), "basic", false, Health::Bad, "heroku ps:type web=standard-1x -a shop"),
            (dyno("wrker.1"), "basic", false, Health::Bad, "correct `dyno`"),
            (dyno("web.1"), "dyno-1c-4gb", true, Health::Bad, "use `restart_all_dynos`"),
            (worker.to_owned(), "basic", false, Health::Bad, "correct `process_type`"),
            // These act, or will some day without anybody's help.
            (up.to_owned(), "standard-1x", false, Health::Good, ""),
            (up.to_owned(), "standard-2x", false, Health::Note, ""),
            (out.to_owned(), "standard-1x", false, Health::Good, ""),
            (dyno("web.1"), "basic", false, Health::Good, ""),
            (dyno("web.2"), "basic", false, Health::Note, ""),
        ] {
            let finding = said(&written, size, fir);
            assert_eq!(finding.health, health, "{written} on {size}: {finding:?}");
            let told = finding.hint.unwrap_or_default();
            assert!(told.contains(hint) && told.is_empty() == hint.is_empty(), "{written} on {size}: {told}");
        }
    }
}
