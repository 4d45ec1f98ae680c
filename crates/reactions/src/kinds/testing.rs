//! What the tests of the kinds share: an app in a few words, and a kind as it is written in the file.

use super::Kind;
use crate::Reaction;
use flyball_decide::{Known, KnownLoad, LookedAt, Planned, Reacts, StartedOneOff};
use flyball_model::{
    Amount, Content, DynoId, DynoSize, Effect, EnvValue, Generation, Measured, Needs, Plan, Policy, ProcessFormation,
    ProcessType, Quantity, ReactionId, ReactionName, Release, ReleaseId, ReleaseVersion, RunId, Sight, SlugId,
    Timestamp, Trigger, Unit, testing,
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
    looks: Option<Vec<LookedAt>>,
}

/// An app without dynos.
pub(super) fn shop() -> Shop {
    Shop { sight: testing::sight(NOW), last_out: None, one_offs: Vec::new(), looks: None }
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

    /// This was measured every ten seconds for six minutes, and in the end that; nothing where it was not known.
    pub(super) fn measured(mut self, before: f64, now: Option<f64>) -> Self {
        let told = |load| Measured { amount: Amount::new(load, Unit::Things), complete: true, few: false, dynos: None };
        let earlier = (1..=36).rev().map(|nth| (nth * 10, Some(before)));
        let looks = earlier
            .chain([(0, now)])
            .map(|(ago, load)| LookedAt { at: NOW - Duration::from_secs(ago), told: load.map(told) });
        self.looks = Some(looks.collect());
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

/// A kind, written `word = { … }`.
fn kind(written: &str) -> Kind {
    let (kind, mistakes) = read(written);
    kind.unwrap_or_else(|| panic!("{written}: {mistakes:?}"))
}

/// What a kind, written `word = { … }`, does about an app.
pub(super) fn planned(written: &str, shop: &Shop) -> Planned {
    let known = Known {
        now: NOW,
        episode: NOW,
        our_rollbacks: &BTreeSet::new(),
        one_offs: &shop.one_offs,
        last_out: shop.last_out,
        load: shop.looks.as_ref().map(|looks| KnownLoad { now: NOW, looks, added_at: None, acted_at: None }),
    };
    kind(written).plan(&shop.sight, &known)
}

/// The same: the plan in words, or the word of its reason.
pub(super) fn outcome(written: &str, shop: &Shop) -> String {
    match planned(written, shop) {
        Planned::Hold(because) => because.code().to_owned(),
        Planned::LookFurther { below } => format!("below {below}"),
        Planned::Do(effect) => {
            let kind = kind(written);
            assert_eq!(kind.rank().effect(), effect.kind(), "a kind plans the effect that its rank names");
            assert!(kind.may_have_planned(&effect), "a kind knows its own plan again");
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

#[test]
fn a_mistake_says_what_was_expected_or_what_was_meant() {
    let up = |settings: &str| format!(r#"scale_up = {{ app = "shop", {settings} }}"#);
    let one_off = r#"create_one_off_dyno = { app = "shop", command = "x", in_doubt = "maybe" }"#;
    for (written, label, hint) in [
        (one_off.to_owned(), r#"expected "hold" or "repeat""#, None),
        (
            up(r#"max_size = "2x", ladder = "speed""#),
            r#"expected "memory", or a list of dyno sizes, smallest first"#,
            None,
        ),
        (up(r#"ladder = "memory""#), "`max_size` belongs here", Some("a dyno size such as")),
        (
            up(r#"max_size = "performance-l-ram""#),
            "expected a size of the ladder",
            Some("`ladder = \"memory\"` takes it in"),
        ),
        (
            up(r#"max_size = "basic", ladder = ["standard-1x", "standard-2x"]"#),
            "expected a size of the ladder",
            Some("of its tier: Basic"),
        ),
        (up(r#"max_size = "perfomance-l""#), "expected a size of the ladder", Some(r#"did you mean "performance-l"?"#)),
    ] {
        let (kind, mistakes) = read(&written);
        let [mistake] = mistakes.as_slice() else { panic!("{written}: {mistakes:?}") };
        assert_eq!((kind, mistake.label.as_str()), (None, label), "{written}");
        let told = mistake.hint.as_deref().unwrap_or_default();
        assert!(told.contains(hint.unwrap_or_default()) && told.is_empty() == hint.is_none(), "{written}: {told}");
    }
}

/// A reaction of this kind, with a policy that is not the default.
fn reaction(written: &str) -> Reaction {
    let name: ReactionName = "mend".parse().expect("a name");
    let policy = Policy { trigger: Trigger::new(7), ..Policy::default() };
    Reaction { id: ReactionId::of(&name), name, policy, kind: kind(written) }
}

#[test]
fn a_reaction_tells_a_choice_what_stands_in_the_file_and_what_follows_from_its_kind() {
    const FORMATION: Needs = Needs { formation: true, dynos: false, releases: false };
    const DYNOS: Needs = Needs { formation: false, dynos: true, releases: false };
    const DYNOS_AND_RELEASES: Needs = Needs { formation: false, dynos: true, releases: true };
    // What is written beside app and account, what it must see, whether dynos boot anew, the process type, and its limit.
    type Case = (&'static str, &'static str, Needs, bool, Option<&'static str>, Option<&'static str>);
    let of_worker = r#"process_type = "worker", "#;
    let cases: [Case; 9] = [
        ("scale_out", "max_quantity = 3", FORMATION, false, Some("worker"), Some("max_quantity 3")),
        ("scale_in", "min_quantity = 2", FORMATION, false, Some("worker"), Some("min_quantity 2")),
        (
            "scale_to",
            "per_dyno = 2, min_quantity = 2, max_quantity = 3",
            Needs::ALL,
            false,
            Some("worker"),
            Some("max_quantity 3"),
        ),
        ("scale_up", r#"max_size = "2x""#, Needs::ALL, true, Some("worker"), Some("max_size Standard-2X")),
        ("scale_down", r#"min_size = "1x""#, Needs::ALL, true, Some("worker"), Some("min_size Standard-1X")),
        ("restart_dyno", r#"dyno = "web.1""#, DYNOS_AND_RELEASES, true, None, None),
        ("restart_all_dynos", "", DYNOS_AND_RELEASES, true, None, None),
        ("rollback_release", "max_steps = 2", DYNOS_AND_RELEASES, true, None, None),
        ("create_one_off_dyno", r#"command = "x""#, DYNOS, false, None, None),
    ];
    assert_eq!(cases.map(|(word, ..)| word), Kind::words());
    for (word, settings, needs, boots_anew, process_type, limit) in cases {
        let of = process_type.map_or("", |_| of_worker);
        let settings = if settings.is_empty() { String::new() } else { format!(", {settings}") };
        let reaction = reaction(&format!(r#"{word} = {{ {of}app = "shop", account = "second"{settings} }}"#));
        let of: &dyn Reacts = &reaction;
        assert_eq!(
            (of.name().as_str(), of.app().as_str(), of.account().as_str()),
            ("mend", "shop", "second"),
            "{word}"
        );
        assert_eq!((of.id(), of.policy().trigger), (ReactionId::of(&reaction.name), Trigger::new(7)), "{word}");
        assert_eq!((of.needs(), of.boots_anew()), (needs, boots_anew), "{word}");
        assert_eq!(of.process_type().map(ProcessType::as_str), process_type, "{word}");
        assert_eq!(of.variables(), Vec::<&str>::new(), "{word}");
        let told = reaction.kind.limit().map(|limit| format!("{} {limit}", limit.setting()));
        assert_eq!(told.as_deref(), limit, "{word}");
    }
    let env = r#"env = { KEY = { env = "SHOP_KEY" }, MODE = "fast" }"#;
    let cleans = reaction(&format!(r#"create_one_off_dyno = {{ app = "shop", command = "x", {env} }}"#));
    assert_eq!(Reacts::variables(&cleans), ["SHOP_KEY"], "a variable that must be set before it acts");
}

#[test]
fn a_stored_plan_is_a_reaction_s_own_only_within_what_stands_in_the_file() {
    let quantity = |of: &str, from: u32, to: u32| Effect::SetQuantity {
        process_type: of.parse().expect("a name"),
        from: Quantity::new(from),
        to: Quantity::new(to),
    };
    let size = |from: &str, to: &str| Effect::SetSize {
        process_type: ProcessType::web(),
        from: DynoSize::new(from),
        to: DynoSize::new(to),
    };
    let dyno = |name: &str| Effect::RestartDyno { dyno: name.parse().expect("a name"), id: DynoId::new("id") };
    let back = |from: u64, to: u64| Effect::RollBack {
        from: ReleaseVersion::new(from),
        origin: ReleaseVersion::new(from),
        to: ReleaseVersion::new(to),
        release: ReleaseId::new("id"),
    };
    let run = |command: &str, size: Option<&str>, minutes: u64, mode: Option<&str>| Effect::RunOneOff {
        command: command.to_owned(),
        size: size.map(DynoSize::new),
        time_to_live: Duration::from_secs(minutes * 60),
        env: mode.map(|mode| ("MODE".to_owned(), EnvValue::Plain(mode.to_owned()))).into_iter().collect(),
        present: Vec::new(),
    };
    let all = || Effect::RestartAll { ids: Vec::new() };

    let more = r#"scale_out = { app = "shop", max_quantity = 3 }"#;
    let fewer = r#"scale_in = { app = "shop", min_quantity = 2 }"#;
    let larger = r#"scale_up = { app = "shop", max_size = "performance-m" }"#;
    let smaller = r#"scale_down = { app = "shop", min_size = "standard-2x" }"#;
    let shield = r#"scale_up = { app = "shop", max_size = "shield-l" }"#;
    let restart = r#"restart_dyno = { app = "shop", dyno = "web.1" }"#;
    let restart_all = r#"restart_all_dynos = { app = "shop" }"#;
    let back_to_3 = r#"rollback_release = { app = "shop", min_release = 3 }"#;
    let steps = r#"rollback_release = { app = "shop", max_steps = 3 }"#;
    let clean = r#"create_one_off_dyno = { app = "shop", command = "clean", time_to_live = "10m", size = "basic", env = { MODE = "fast" } }"#;
    #[rustfmt::skip]
    let cases = [
        (more, quantity("web", 2, 3), true),
        (more, quantity("web", 3, 4), false),
        (more, quantity("web", 1, 3), false),
        (more, quantity("web", 3, 2), false),
        (more, quantity("worker", 2, 3), false),
        (more, all(), false),
        (fewer, quantity("web", 3, 2), true),
        (fewer, quantity("web", 2, 1), false),
        (fewer, quantity("web", 5, 3), false),
        (larger, size("standard-2x", "performance-m"), true),
        (larger, size("performance-m", "performance-l"), false),
        (larger, size("standard-1x", "performance-m"), false),
        (larger, size("performance-m", "standard-2x"), false),
        (smaller, size("performance-m", "standard-2x"), true),
        (smaller, size("standard-2x", "standard-1x"), false),
        (shield, size("private-s", "private-m"), true),
        (shield, size("private-l", "private-xl"), false),
        (restart, dyno("web.1"), true),
        (restart, dyno("web.2"), false),
        (restart, all(), false),
        (restart_all, all(), true),
        (restart_all, dyno("web.1"), false),
        (back_to_3, back(5, 3), true),
        (back_to_3, back(5, 2), false),
        (back_to_3, back(4, 4), false),
        (back_to_3, back(4, 5), false),
        (steps, back(5, 1), true),
        (steps, back(5, 5), false),
        (clean, run("clean", Some("basic"), 10, Some("fast")), true),
        (clean, run("launcher clean", Some("basic"), 10, Some("fast")), true),
        (clean, run("drop", Some("basic"), 10, Some("fast")), false),
        (clean, run("clean", None, 10, Some("fast")), false),
        (clean, run("clean", Some("basic"), 60, Some("fast")), false),
        (clean, run("clean", Some("basic"), 10, None), false),
    ];
    for (written, effect, expected) in cases {
        assert_eq!(Reacts::may_have_planned(&reaction(written), &effect), expected, "{written}: {effect:?}");
    }
}

/// Whether a kind could have planned to set web to another quantity.
pub(super) fn may_have_planned(written: &str, from: u32, to: u32) -> bool {
    let (from, to) = (Quantity::new(from), Quantity::new(to));
    kind(written).may_have_planned(&Effect::SetQuantity { process_type: ProcessType::web(), from, to })
}
