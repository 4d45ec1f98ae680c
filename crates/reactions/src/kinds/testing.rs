//! What the tests of the kinds share: an app in a few words, and a kind as it is written in the file.

use super::Kind;
use flyball_decide::{Known, Planned, StartedOneOff};
use flyball_model::{
    Content, DynoId, DynoSize, Generation, Plan, ProcessFormation, ProcessType, Quantity, Release, RunId, Sight,
    SlugId, Timestamp, testing,
};
use flyball_settings::{Key, Mistake, Node, Table, Value};
use std::collections::BTreeSet;
use std::time::Duration;

/// When the tests are.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// An app, and what is known beside what is seen of it.
#[derive(Clone)]
pub(super) struct Shop {
    sight: Sight,
    last_out: Option<Timestamp>,
    one_offs: Vec<StartedOneOff>,
}

/// An app without dynos.
pub(super) fn shop() -> Shop {
    Shop { sight: testing::sight(NOW), last_out: None, one_offs: Vec::new() }
}

impl Shop {
    pub(super) fn web(mut self, quantity: u32, size: &str) -> Self {
        let (process_type, size) = (ProcessType::web(), DynoSize::new(size));
        self.sight.formation.push(ProcessFormation { process_type, quantity: Quantity::new(quantity), size });
        (1..=quantity).fold(self, |shop, n| shop.dyno(&format!("web.{n}")))
    }

    pub(super) fn one_off(self, name: &str) -> Self {
        self.dyno(name)
    }

    fn dyno(mut self, name: &str) -> Self {
        self.sight.dynos.push(testing::dyno(name, NOW));
        self
    }

    pub(super) fn releases(mut self, count: u64) -> Self {
        let release = |version| Release {
            current: version == count,
            content: Content::Slug(SlugId::new(format!("slug-{version}"))),
            ..testing::release(version, NOW - Duration::from_secs(86_400))
        };
        self.sight.releases.newest_first = (1..=count).rev().map(release).collect();
        self
    }

    pub(super) fn fir(mut self) -> Self {
        self.sight.app.generation = Generation::Fir;
        self
    }

    pub(super) fn shield(mut self) -> Self {
        self.sight.app.shield = true;
        self
    }

    pub(super) fn last_out(mut self, at: Timestamp) -> Self {
        self.last_out = Some(at);
        self
    }

    pub(super) fn started(mut self, name: &str, at: Timestamp) -> Self {
        let dyno = Some(DynoId::new(format!("id-of-{name}")));
        self.one_offs.push(StartedOneOff { at, dyno, time_to_live: Duration::from_secs(600), run: Self::run() });
        self
    }

    /// The run of which a one-off dyno is.
    fn run() -> RunId {
        "0192f000-0000-7000-8000-000000000001".parse().expect("an id")
    }

    pub(super) fn in_doubt(mut self, at: Timestamp) -> Self {
        self.one_offs.push(StartedOneOff { at, dyno: None, time_to_live: Duration::from_secs(600), run: Self::run() });
        self
    }
}

/// What a kind, written `word = { … }`, does about an app: the plan in words, or the word of its reason.
pub(super) fn outcome(written: &str, shop: &Shop) -> String {
    let (kind, mistakes) = read(written);
    let kind = kind.unwrap_or_else(|| panic!("{written}: {mistakes:?}"));
    let known = Known {
        now: NOW,
        episode: NOW,
        our_rollbacks: &BTreeSet::new(),
        one_offs: &shop.one_offs,
        last_out: shop.last_out,
    };
    match kind.plan(&shop.sight, &known) {
        Planned::Hold(because) => because.code().to_owned(),
        Planned::LookFurther { below } => format!("below {below}"),
        Planned::Do(effect) => {
            assert_eq!(kind.rank().effect(), effect.kind(), "a kind plans the effect that its rank names");
            let Sight { app, taken_at, .. } = shop.sight.clone();
            let plan = Plan {
                subject: flyball_model::testing::subject().seen_as(&app),
                effect,
                seen_at: taken_at,
                gist: String::new(),
                restores: None,
            };
            plan.to_string()
        }
    }
}

/// The messages of the mistakes in a kind's settings.
pub(super) fn mistakes(written: &str) -> Vec<String> {
    read(written).1.into_iter().map(|mistake| mistake.message).collect()
}

fn read(written: &str) -> (Option<Kind>, Vec<Mistake>) {
    let table: toml::Table = written.parse().unwrap();
    let (word, settings) = table.into_iter().next().unwrap();
    let node = node(settings);
    let Value::Table(settings) = &node.value else { panic!("{written} is not a table") };
    let mut mistakes = Vec::new();
    let kind = Kind::read(&word, settings, 0..0, &mut mistakes);
    (kind, mistakes)
}

fn node(value: toml::Value) -> Node {
    let value = match value {
        toml::Value::String(text) => Value::Text(text),
        toml::Value::Integer(number) => Value::Integer(number),
        toml::Value::Float(number) => Value::Float(number),
        toml::Value::Boolean(value) => Value::Boolean(value),
        toml::Value::Datetime(_) => Value::Date,
        toml::Value::Array(list) => Value::List(list.into_iter().map(node).collect()),
        toml::Value::Table(table) => {
            let entry = |(name, value)| (Key { name, span: 0..0 }, node(value));
            Value::Table(Table { entries: table.into_iter().map(entry).collect(), span: 0..0 })
        }
    };
    Node { value, span: 0..0 }
}

#[test]
fn every_kinds_example_is_valid_and_its_fields_are_described() {
    for description in Kind::descriptions() {
        let (kind, mistakes) = read(&format!("{} = {}", description.word, description.example));
        assert!(mistakes.is_empty(), "{}: {mistakes:?}", description.word);
        assert_eq!(kind.map(|kind| kind.word()), Some(description.word));
        assert!(description.fields.iter().any(|field| field.name == "app"));
    }
}

#[test]
fn an_unknown_key_is_told_with_what_was_meant() {
    let (kind, mistakes) = read(r#"scale_out = { app = "shop", max_quantety = 3 }"#);
    assert_eq!(kind, None);
    let hints: Vec<_> = mistakes.iter().filter_map(|mistake| mistake.hint.as_deref()).collect();
    assert!(hints.contains(&"did you mean `max_quantity`?"), "{mistakes:?}");
}
