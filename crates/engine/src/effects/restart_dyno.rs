//! Restarting one dyno: recognised by a newer one under its name. With preboot the old one answers beside it for minutes.
//!
//! Seen counts also while the call may still be on its way. Where somebody else did the same and ours comes later, dynos boot
//! once more; nothing else that makes them boot is sent meanwhile, since the app settles for longer than a call takes.

use super::{Made, NotMade, Trace};
use flyball_heroku::Heroku;
use flyball_model::{AppName, Changed, DynoId, DynoName, Sight, Unchanged, Unclear};

pub(super) fn check(dyno: &DynoName, id: &DynoId, sight: &Sight) -> Result<(), Changed> {
    match sight.dyno(dyno) {
        Some(present) if present.id == *id => Ok(()),
        Some(_) => Err(Changed::DynoRestarted { dyno: dyno.clone() }),
        None => Err(Changed::NoDyno { dyno: dyno.clone() }),
    }
}

pub(super) async fn perform(dyno: &DynoName, app: &AppName, heroku: &dyn Heroku) -> Result<Made, NotMade> {
    let answer = heroku.restart_dyno(app, dyno).await?;
    Ok(Made { request_id: answer.request_id, ..Made::default() })
}

pub(super) fn find(dyno: &DynoName, id: &DynoId, sight: &Sight) -> Trace {
    match sight.dyno(dyno) {
        Some(newest) if newest.id == *id => Trace::NotDone(Unchanged::SameDyno { dyno: dyno.clone() }),
        Some(_) => Trace::DONE,
        None => Trace::InDoubt(Unclear::DynoGone { dyno: dyno.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use crate::effects::testing::{checked, found, sight};
    use flyball_model::{DynoId, Effect};

    #[test]
    fn the_table() {
        let effect = Effect::RestartDyno { dyno: "web.1".parse().unwrap(), id: DynoId::new("old") };
        let cases = [
            ("the same dyno", sight().dyno("web.1", "old"), "holds", "not done"),
            ("a new one under its name", sight().dyno("web.1", "new"), "gone", "done"),
            ("both, with preboot", sight().old_dyno("web.1", "old").dyno("web.1", "new"), "gone", "done"),
            ("both, in another order", sight().dyno("web.1", "new").old_dyno("web.1", "old"), "gone", "done"),
            (
                "one that has gone on for long",
                sight().old_dyno("web.1", "older").dyno("web.1", "old"),
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
