//! Restarting every dyno: recognised by newer ones under their names. With preboot the old ones answer beside them for
//! minutes.
//!
//! Seen counts also while the call may still be on its way: see [`super::restart_dyno`].

use super::{Made, NotMade, Trace};
use flyball_heroku::Heroku;
use flyball_model::{AppName, Changed, Dyno, DynoId, Sight, Unchanged, Unclear};

pub(super) fn check(ids: &[DynoId], sight: &Sight) -> Result<(), Changed> {
    // A dyno that came since, by a scale-out, is restarted with them.
    let gone = ids.len() - still_the_same(ids, sight);
    if gone == 0 { Ok(()) } else { Err(Changed::DynosGone { gone }) }
}

/// How many of these dynos are there, and nothing newer than them has come under their names.
fn still_the_same(ids: &[DynoId], sight: &Sight) -> usize {
    let is_new = |dyno: &Dyno| !ids.contains(&dyno.id);
    let same = |id: &DynoId| {
        let dyno = sight.dynos.iter().find(|dyno| dyno.id == *id);
        dyno.is_some_and(|dyno| !sight.successor_of(dyno).is_some_and(is_new))
    };
    ids.iter().filter(|id| same(id)).count()
}

pub(super) async fn perform(app: &AppName, heroku: &dyn Heroku) -> Result<Made, NotMade> {
    let answer = heroku.restart_all(app).await?;
    Ok(Made { request_id: answer.request_id, ..Made::default() })
}

pub(super) fn find(ids: &[DynoId], sight: &Sight) -> Trace {
    match still_the_same(ids, sight) {
        0 if sight.formation_dynos().next().is_none() => Trace::InDoubt(Unclear::NoDynos),
        0 => Trace::DONE,
        all if all == ids.len() => Trace::NotDone(Unchanged::AllSameDynos),
        // One crash gives one new id; the call gives all of them, and has had its time.
        same => Trace::NotDone(Unchanged::SomeSameDynos { same, of: ids.len() }),
    }
}

#[cfg(test)]
mod tests {
    use crate::effects::testing::{checked, found, sight};
    use flyball_model::{DynoId, Effect};

    #[test]
    fn the_table() {
        let effect = Effect::RestartAll { ids: vec![DynoId::new("a"), DynoId::new("b")] };
        let two = |one, other| sight().dyno("web.1", one).dyno("web.2", other);
        let both = |one, other| sight().old_dyno("web.1", one).old_dyno("web.2", other);
        let cases = [
            ("the same dynos", two("a", "b"), "holds", "not done"),
            ("one more", two("a", "b").dyno("web.3", "c"), "holds", "not done"),
            ("one crashed", two("a", "c"), "gone", "not done"),
            ("all new", two("c", "d"), "gone", "done"),
            ("all new, with preboot", both("a", "b").dyno("web.1", "c").dyno("web.2", "d"), "gone", "done"),
            ("one new, with preboot", both("a", "b").dyno("web.1", "c"), "gone", "not done"),
            (
                "one of the two has gone on for long",
                sight().old_dyno("web.1", "a").dyno("web.1", "b"),
                "holds",
                "not done",
            ),
            ("none", sight(), "gone", "in doubt"),
        ];
        for (case, sight, check, find) in cases {
            assert_eq!((checked(&effect, &sight), found(&effect, &sight)), (check, find), "{case}");
        }
    }
}
