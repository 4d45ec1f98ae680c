//! Restarting every dyno: recognised by their new ids.

use super::{Found, Made, NotMade};
use flyball_heroku::Heroku;
use flyball_model::{AppName, DynoId, Sight};

pub(super) fn check(ids: &[DynoId], sight: &Sight) -> Result<(), String> {
    // A dyno that came since, by a scale-out, is restarted with them.
    let gone = ids.len() - still_there(ids, sight);
    if gone == 0 { Ok(()) } else { Err(format!("{gone} of the dynos have been restarted, or stopped, already")) }
}

fn still_there(ids: &[DynoId], sight: &Sight) -> usize {
    ids.iter().filter(|id| sight.dynos.iter().any(|dyno| dyno.id == **id)).count()
}

pub(super) async fn perform(app: &AppName, heroku: &dyn Heroku) -> Result<Made, NotMade> {
    let answer = heroku.restart_all(app).await?;
    Ok(Made { request_id: answer.request_id, ..Made::default() })
}

pub(super) fn find(ids: &[DynoId], sight: &Sight) -> Found {
    match still_there(ids, sight) {
        0 if sight.formation_dynos().next().is_none() => Found::InDoubt("the app has no dynos now".to_owned()),
        0 => Found::DONE,
        all if all == ids.len() => Found::NotDone("every dyno is still the same".to_owned()),
        // One crash gives one new id; the call gives all of them, and has had its time.
        some => Found::NotDone(format!("{some} of {} dynos are still the same", ids.len())),
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
        let cases = [
            ("the same dynos", two("a", "b"), "holds", "not done"),
            ("one more", two("a", "b").dyno("web.3", "c"), "holds", "not done"),
            ("one crashed", two("a", "c"), "gone", "not done"),
            ("all new", two("c", "d"), "gone", "done"),
            ("none", sight(), "gone", "in doubt"),
        ];
        for (case, sight, check, find) in cases {
            assert_eq!((checked(&effect, &sight), found(&effect, &sight)), (check, find), "{case}");
        }
    }
}
