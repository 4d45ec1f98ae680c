//! Setting a dyno size: absolute, like a quantity.
//!
//! Seen counts also while the call may still be on its way: see [`super::set_quantity`].

use super::{Made, NotMade, Trace};
use flyball_heroku::Heroku;
use flyball_model::{AppName, Changed, DynoSize, ProcessType, Sight, Unchanged, WhyLost};

pub(super) fn check(of: &ProcessType, from: &DynoSize, sight: &Sight) -> Result<(), Changed> {
    match sight.process(of).map(|process| &process.size) {
        Some(size) if size == from => Ok(()),
        Some(size) => Err(Changed::Size { process_type: of.clone(), size: size.clone(), from: from.clone() }),
        None => Err(Changed::NoProcessType { process_type: of.clone() }),
    }
}

pub(super) async fn perform(
    of: &ProcessType,
    to: &DynoSize,
    app: &AppName,
    heroku: &dyn Heroku,
) -> Result<Made, NotMade> {
    let answer = heroku.set_size(app, of, to).await?;
    if answer.value.size != *to {
        let why = WhyLost::OtherSize { process_type: of.clone(), size: answer.value.size };
        return Err(NotMade::Odd { why, request_id: answer.request_id });
    }
    Ok(Made { request_id: answer.request_id, ..Made::default() })
}

pub(super) fn find(of: &ProcessType, to: &DynoSize, sight: &Sight) -> Trace {
    match sight.process(of).map(|process| &process.size) {
        Some(size) if size == to => Trace::DONE,
        Some(size) => Trace::NotDone(Unchanged::Size { process_type: of.clone(), size: size.clone() }),
        None => Trace::NotDone(Unchanged::NoProcessType { process_type: of.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use crate::effects::testing::{checked, found, sight};
    use flyball_model::{DynoSize, Effect, ProcessType};

    #[test]
    fn the_table() {
        let (from, to) = (DynoSize::new("standard-1x"), DynoSize::new("standard-2x"));
        let effect = Effect::SetSize { process_type: ProcessType::web(), from, to };
        for (size, check, find) in
            [("standard-1x", "holds", "not done"), ("Standard-2X", "gone", "done"), ("eco", "gone", "not done")]
        {
            let sight = sight().web(1, size);
            assert_eq!((checked(&effect, &sight), found(&effect, &sight)), (check, find), "{size}");
        }
    }
}
