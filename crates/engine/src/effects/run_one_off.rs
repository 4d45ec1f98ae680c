//! Starting a one-off dyno: recognised by its exact command, an id that was not there before, and a creation time since.
//! It may have come and gone, so not seeing it means nothing; and another run of the same command may have started it.

use super::{Made, NotMade, Others, Trace, Variables};
use flyball_heroku::{Heroku, OneOff};
use flyball_model::{AppName, Dyno, DynoId, DynoSize, EnvValue, Sight, Timestamp, Unclear};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;

/// Heroku's times have whole seconds, and its clock is known to a second: a dyno made "just before" may be ours.
const SLACK: Duration = Duration::from_secs(2);

pub(super) fn one_off(
    command: &str,
    size: Option<&DynoSize>,
    time_to_live: Duration,
    env: &BTreeMap<String, EnvValue>,
    variables: Variables<'_>,
) -> Result<OneOff, NotMade> {
    let value = |value: &EnvValue| match value {
        EnvValue::Plain(value) => Ok(SecretString::from(value.clone())),
        EnvValue::Variable(asked) | EnvValue::Sealed(asked) => {
            variables(asked).ok_or_else(|| NotMade::NoVariable(asked.clone()))
        }
    };
    let env = env.iter().map(|(name, written)| value(written).map(|value| (name.clone(), value)));
    Ok(OneOff { command: command.to_owned(), size: size.cloned(), time_to_live, env: env.collect::<Result<_, _>>()? })
}

pub(super) async fn perform(one_off: &OneOff, app: &AppName, heroku: &dyn Heroku) -> Result<Made, NotMade> {
    let answer = heroku.run_one_off(app, one_off).await?;
    let Dyno { id, name, .. } = answer.value;
    Ok(Made { request_id: answer.request_id, release: None, dyno: Some(id), dyno_name: Some(name) })
}

pub(super) fn find(command: &str, present: &[DynoId], others: &Others, sight: &Sight, sent_at: Timestamp) -> Trace {
    let may_be_ours = sight.dynos.iter().filter(|dyno| {
        !dyno.is_formation()
            && dyno.command == command
            && !present.contains(&dyno.id)
            && !others.known.contains(&dyno.id)
            && dyno.created_at + SLACK >= sent_at
    });
    let may_be_ours: Vec<_> = may_be_ours.collect();
    match may_be_ours.as_slice() {
        [] => Trace::InDoubt(Unclear::NoOneOff),
        [dyno] if others.unknown == 0 => {
            Trace::Done { release: None, dyno: Some(dyno.id.clone()), dyno_name: Some(dyno.name.clone()) }
        }
        // More than others can have started: ours is among them, and which it is nobody can tell.
        several if several.len() > others.unknown => Trace::Done { release: None, dyno: None, dyno_name: None },
        _ => Trace::InDoubt(Unclear::OneOffOfAnother),
    }
}

#[cfg(test)]
mod tests {
    use crate::effects::Others;
    use crate::effects::testing::{SENT_AT, found, found_beside, sight};
    use flyball_model::{DynoId, Effect};
    use std::collections::BTreeMap;
    use std::time::Duration;

    #[test]
    fn the_table() {
        let effect = Effect::RunOneOff {
            command: "clean".into(),
            size: None,
            time_to_live: Duration::from_secs(60),
            env: BTreeMap::new(),
            present: vec![DynoId::new("before")],
        };
        let later = SENT_AT + Duration::from_secs(1);
        let earlier = SENT_AT - Duration::from_secs(10);
        let cases = [
            ("none", sight(), "in doubt"),
            ("ours", sight().one_off("run.1", "new", "clean", later), "done"),
            ("one that was there before", sight().one_off("run.1", "before", "clean", later), "in doubt"),
            ("another command", sight().one_off("run.1", "new", "clean all", later), "in doubt"),
            ("made earlier", sight().one_off("run.1", "new", "clean", earlier), "in doubt"),
            ("a formation dyno", sight().one_off("web.1", "new", "clean", later), "in doubt"),
        ];
        for (case, sight, find) in cases {
            assert_eq!(found(&effect, &sight), find, "{case}");
        }

        let one = sight().one_off("run.1", "new", "clean", later);
        let two = one.clone().one_off("run.2", "newer", "clean", later);
        let known = |id: &str| Others { known: vec![DynoId::new(id)], unknown: 0 };
        let unknown = |count| Others { known: Vec::new(), unknown: count };
        let cases = [
            ("another run's", &one, known("new"), "in doubt"),
            ("another run's, and ours", &two, known("new"), "done"),
            ("ours, and one that anybody may have started", &two, known("other"), "done by one of several"),
            ("one, and another run may have started it", &one, unknown(1), "in doubt"),
            ("one for each", &two, unknown(1), "done by one of several"),
        ];
        for (case, sight, others, find) in cases {
            assert_eq!(found_beside(&effect, sight, &others), find, "{case}");
        }
    }
}
