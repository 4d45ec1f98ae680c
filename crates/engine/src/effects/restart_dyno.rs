//! Restarting one dyno: recognised by its new id.

use super::{Found, Made, NotMade};
use flyball_heroku::Heroku;
use flyball_model::{AppName, DynoId, DynoName, Sight};

pub(super) fn check(dyno: &DynoName, id: &DynoId, sight: &Sight) -> Result<(), String> {
    match sight.dyno(dyno) {
        Some(present) if present.id == *id => Ok(()),
        Some(_) => Err(format!("{dyno} has been restarted already")),
        None => Err(format!("there is no {dyno} any more")),
    }
}

pub(super) async fn perform(dyno: &DynoName, app: &AppName, heroku: &dyn Heroku) -> Result<Made, NotMade> {
    let answer = heroku.restart_dyno(app, dyno).await?;
    Ok(Made { request_id: answer.request_id, ..Made::default() })
}

pub(super) fn find(dyno: &DynoName, id: &DynoId, sight: &Sight) -> Found {
    if sight.dynos.iter().any(|present| present.id == *id) {
        return Found::NotDone(format!("{dyno} is still the same dyno"));
    }
    match sight.dyno(dyno) {
        Some(_) => Found::DONE,
        None => Found::InDoubt(format!("{dyno} is gone, and none has come under its name")),
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
            ("both for a moment", sight().dyno("web.1", "new").dyno("web.1", "old"), "gone", "not done"),
            ("none", sight(), "gone", "in doubt"),
        ];
        for (case, sight, check, find) in cases {
            assert_eq!((checked(&effect, &sight), found(&effect, &sight)), (check, find), "{case}");
        }
    }
}
