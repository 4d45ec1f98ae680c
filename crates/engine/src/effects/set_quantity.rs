//! Setting a quantity: absolute, so that it may be seen afterwards whoever did it.
//!
//! Seen counts also while the call may still be on its way. Where somebody else set the same number and ours comes later, it
//! changes nothing; had we gone a step further meanwhile, it undoes that one step, within the limits, and the next reading
//! takes it again.

use super::{Made, NotMade, Trace};
use flyball_heroku::Heroku;
use flyball_model::{AppName, Changed, ProcessType, Quantity, Sight, Unchanged, WhyLost};

pub(super) fn check(of: &ProcessType, from: Quantity, sight: &Sight) -> Result<(), Changed> {
    match sight.process(of).map(|process| process.quantity) {
        Some(quantity) if quantity == from => Ok(()),
        Some(quantity) => Err(Changed::Quantity { process_type: of.clone(), quantity, from }),
        None => Err(Changed::NoProcessType { process_type: of.clone() }),
    }
}

pub(super) async fn perform(
    of: &ProcessType,
    to: Quantity,
    app: &AppName,
    heroku: &dyn Heroku,
) -> Result<Made, NotMade> {
    let answer = heroku.set_quantity(app, of, to).await?;
    if answer.value.quantity != to {
        let why = WhyLost::OtherQuantity { process_type: of.clone(), quantity: answer.value.quantity };
        return Err(NotMade::Odd { why, request_id: answer.request_id });
    }
    Ok(Made { request_id: answer.request_id, ..Made::default() })
}

pub(super) fn find(of: &ProcessType, to: Quantity, sight: &Sight) -> Trace {
    match sight.process(of).map(|process| process.quantity) {
        Some(quantity) if quantity == to => Trace::DONE,
        Some(quantity) => Trace::NotDone(Unchanged::Quantity { process_type: of.clone(), quantity }),
        None => Trace::NotDone(Unchanged::NoProcessType { process_type: of.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use crate::effects::testing::{checked, found, sight};
    use flyball_model::{Effect, ProcessType, Quantity};

    #[test]
    fn the_table() {
        let (from, to) = (Quantity::new(2), Quantity::new(3));
        let effect = Effect::SetQuantity { process_type: ProcessType::web(), from, to };
        for (quantity, check, find) in [(2, "holds", "not done"), (3, "gone", "done"), (5, "gone", "not done")] {
            let sight = sight().web(quantity, "standard-1x");
            assert_eq!((checked(&effect, &sight), found(&effect, &sight)), (check, find), "{quantity}");
        }
        assert_eq!((checked(&effect, &sight()), found(&effect, &sight())), ("gone", "not done"));
    }
}
