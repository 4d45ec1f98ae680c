//! What kinds share that take dynos away: how long they wait for the jobs that run on them, and who is asked meanwhile to take no more.

use flyball_model::ProcessType;
use flyball_settings::{Bounds, Endpoint, Fields, Mistake, Node, Secret, Settings, Shape, Take, Value};
use serde::{Serialize, Serializer};
use std::time::Duration;

/// How long taking away waits for jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Drain {
    may_kill_jobs: bool,
    drain_max: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet: Option<Quiet>,
}

/// Who is asked that workers take no more jobs, once dynos of theirs are to be taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// Where it listens.
    pub url: Endpoint,
    /// What signs.
    pub secret: Secret,
}

impl Drain {
    /// Default: what takes longer is rare, and begins again where its library is told to. A dyno that stays half an hour longer costs cents.
    const MAX: Duration = Duration::from_secs(1800);

    /// `of` is the process type that is scaled.
    pub(super) fn read(fields: &mut Fields<'_>, of: Option<&ProcessType>) -> Option<Self> {
        let doc = "of process types other than web: whether it takes dynos away while jobs run, as far as an adapter tells of that";
        let may_kill_jobs = fields.or("may_kill_jobs", false, "false", doc);
        let (least, most) = (Duration::from_secs(60), Duration::from_secs(86_400));
        let bounds = Bounds { least, most, words: "\"1m\" to \"24h\"" };
        let doc = "how long it waits for jobs that run, at most; then it takes dynos away all the same";
        let drain_max = fields.within("drain_max", Self::MAX, "\"30m\"", &bounds, doc);
        let doc = "who is asked that workers take no more jobs, once it begins to wait for those that run: an address, and what signs, \
                   as by the `webhook` of a channel";
        let quiet: Option<Option<Quiet>> = fields.optional("quiet", doc);

        let (may_kill_jobs, quiet) = (may_kill_jobs?, quiet?);
        let waits_for_none = may_kill_jobs || of.is_some_and(|of| *of == ProcessType::web());
        if quiet.is_some() && waits_for_none {
            let why = if may_kill_jobs { "with `may_kill_jobs`" } else { "on web" };
            let label = format!("{why} it waits for no jobs, and would ask nobody");
            fields.wrong("quiet", "`quiet`: nobody would be asked", label, None);
            return None;
        }
        Some(Self { may_kill_jobs, drain_max: drain_max?, quiet })
    }

    /// Who is asked that workers take no more jobs.
    pub(super) const fn quiet(&self) -> Option<&Quiet> {
        self.quiet.as_ref()
    }

    /// How long it waits at most on a process type. Jobs run on others than web, whose requests Heroku lets end.
    pub(super) fn of(&self, process_type: &ProcessType) -> Option<Duration> {
        (!self.may_kill_jobs && *process_type != ProcessType::web()).then_some(self.drain_max)
    }
}

impl Settings for Quiet {
    const KIND: &str = "quiet";
    const SUMMARY: &str = "who is asked that workers take no more jobs";
    const EXAMPLE: &str = r#"{ url = "https://shop.example.com/quiet", secret = { env = "QUIET_SECRET" } }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.required("url", "where it listens");
        let secret = fields.required("secret", "what signs: `whsec_` and 24 to 64 bytes in base64");
        Some(Self { url: url?, secret: secret? })
    }
}

impl Take for Quiet {
    fn expected() -> String {
        <Self as Settings>::EXAMPLE.to_owned()
    }

    fn shape() -> Shape {
        Shape::Table(Box::new(Shape::TextOrVariable))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        if let Value::Table(table) = &node.value {
            return Self::from_table(table, node.span.clone(), mistakes);
        }
        let label = format!("expected {}", <Self as Take>::expected());
        mistakes.push(Mistake::new(node.span.clone(), format!("found {}", node.value.kind()), label));
        None
    }
}

impl Serialize for Quiet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("url", self.url.url().as_str()), ("secret", self.secret.0.as_str())])
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::testing::mistakes;

    #[test]
    fn who_is_asked_is_reached_unread_and_only_where_jobs_are_waited_for() {
        let secret = r#"secret = { env = "QUIET" }"#;
        let here = r#"url = "http://127.0.0.1:3000/quiet""#;
        let worker = r#"process_type = "worker", "#;
        for (others, quiet, expected) in [
            (worker, format!("{{ {here}, {secret} }}"), None),
            (worker, r#"{ url = "https://a.example/", secret = { sealed = "v1.a.b.c" } }"#.to_owned(), None),
            (worker, format!(r#"{{ url = "http://a.example/", {secret} }}"#), Some("not an address")),
            (worker, format!(r#"{{ {here}, secret = "whsec_written" }}"#), Some("found text")),
            (worker, format!("{{ {here} }}"), Some("`secret` is missing")),
            (worker, r#""https://a.example/""#.to_owned(), Some("found text")),
            ("", format!("{{ {here}, {secret} }}"), Some("nobody would be asked")),
            (
                r#"process_type = "worker", may_kill_jobs = true, "#,
                format!("{{ {here}, {secret} }}"),
                Some("nobody would be"),
            ),
        ] {
            for kind in ["scale_in", "scale_to"] {
                let load = if kind == "scale_to" { "per_dyno = 25, max_quantity = 9, " } else { "" };
                let written =
                    format!(r#"{kind} = {{ app = "shop", {load}{others}min_quantity = 1, quiet = {quiet} }}"#);
                let told = mistakes(&written);
                let is_as_expected = match expected {
                    None => told.is_empty(),
                    Some(words) => told.iter().any(|message| message.contains(words)),
                };
                assert!(is_as_expected && !format!("{told:?}").contains("whsec_written"), "{written}: {told:?}");
            }
        }
    }
}
