//! The choice, from outside: every gate closes for its own reason, in order, and what must be looked at is asked for.

use flyball_decide::{
    Adder, Answered, AppFacts, ByHand, Call, Caller, Choice, FRESH, GATES, Home, Known, Pause, Planned, Reacts,
    Resumed, Scene, Sending, Situation, Stage, Step, Unseen, View, Wish, answers, choose, may_send, must_doubt, unseen,
    waits_for,
};
use flyball_model::{
    AccountName, AppId, AppLimits, AppName, Because, Cause, Changed, DynoId, DynoState, Effect, Excerpt, Finding,
    Foreign, ForeignChange, Mode, MonitorId, MonitorName, Needs, Outcome, PauseScope, Plan, Policy, ProcessType,
    Quantity, Rank, ReactionId, ReactionName, Reference, ReleaseVersion, Run, RunId, RunState, Sight, Standing,
    Timestamp, Trigger, Verdict, testing,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::LazyLock;
use std::time::Duration;

/// When the turn begins.
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn ago(seconds: u64) -> Timestamp {
    NOW - Duration::from_secs(seconds)
}

/// A reaction that plans what it is told to.
#[derive(Debug, Clone, PartialEq)]
struct Plain {
    name: ReactionName,
    app: AppName,
    account: AccountName,
    rank: Rank,
    policy: Policy,
    plans: Planned,
}

impl Reacts for Plain {
    fn id(&self) -> ReactionId {
        ReactionId::of(&self.name)
    }

    fn name(&self) -> &ReactionName {
        &self.name
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn app(&self) -> &AppName {
        &self.app
    }

    fn account(&self) -> &AccountName {
        &self.account
    }

    fn rank(&self) -> Rank {
        self.rank
    }

    fn needs(&self) -> Needs {
        Needs::ALL
    }

    fn boots_anew(&self) -> bool {
        !matches!(self.rank, Rank::Out | Rank::In | Rank::To | Rank::OneOff)
    }

    fn process_type(&self) -> Option<&ProcessType> {
        static WEB: LazyLock<ProcessType> = LazyLock::new(ProcessType::web);
        matches!(self.rank, Rank::Out | Rank::In | Rank::To | Rank::Up | Rank::Down).then_some(&*WEB)
    }

    fn variables(&self) -> Vec<&str> {
        vec!["SHOP_KEY"]
    }

    fn plan(&self, _: &Sight, _: &Known<'_>) -> Planned {
        self.plans.clone()
    }

    fn may_have_planned(&self, effect: &Effect) -> bool {
        effect.kind() == self.rank.effect()
    }
}

fn restarts(name: &str) -> Plain {
    Plain {
        name: name.parse().expect("a name"),
        app: "shop".parse().expect("a name"),
        account: AccountName::default(),
        rank: Rank::RestartAll,
        policy: Policy::default(),
        plans: Planned::Do(Effect::RestartAll { ids: vec![DynoId::new("id-of-web.1")] }),
    }
}

fn called_by(monitor: &str, reaction: Plain) -> Wish<Plain> {
    let name: MonitorName = monitor.parse().expect("a name");
    let standing = Standing {
        verdict: Verdict::Failing,
        cause: Some(Cause::TimeOut),
        streak: 3,
        since: ago(90),
        known_at: ago(1),
        begun: VecDeque::from([ago(61), ago(31), ago(1)]),
    };
    let caller = Caller::Monitor {
        id: MonitorId::of(&name),
        name,
        finding: Finding::Failing(Cause::TimeOut),
        standing: Some(standing),
        hosts: Vec::new(),
    };
    let call = Call {
        caller,
        mode: Mode::Act,
        since: ago(3600),
        rungs_below: Vec::new(),
        after: None,
        shared_interval: None,
        looks: None,
        jobs: flyball_decide::Jobs::default(),
        would_have_acted: None,
        patience: FRESH,
    };
    Wish { reaction, call }
}

fn sight() -> Sight {
    let mut dyno = testing::dyno("web.1", ago(7200));
    dyno.updated_at = ago(7200);
    let current = flyball_model::Release { current: true, ..testing::release(1, ago(9000)) };
    let mut sight = Sight { dynos: vec![dyno], ..testing::sight(NOW) };
    sight.releases.newest_first.push(current);
    sight
}

fn situation(wishes: Vec<Wish<Plain>>) -> Situation<Plain> {
    let sight = sight();
    let scene = Scene {
        now: NOW,
        subject: testing::subject(),
        limits: AppLimits::default(),
        home: Home::Elsewhere,
        store_loss: None,
        facts: AppFacts { app_id: Some(sight.app.id.clone()), ..AppFacts::default() },
        before: None,
        adders: Vec::new(),
        unset: BTreeSet::new(),
        view: View::Seen { sight: Box::new(sight), parts: Needs::ALL, no_further: None },
        foreign: Vec::new(),
        references: reached(true),
        sending: None,
    };
    Situation { wishes, beside: Vec::new(), scene }
}

/// Two references that are both reached, or neither of them.
fn reached(reached: bool) -> Option<Vec<Reference>> {
    let of = |address: &str| Reference { address: Excerpt::of(address), reached };
    Some(vec![of("a.example:443"), of("b.example:443")])
}

fn one() -> Situation<Plain> {
    situation(vec![called_by("page", restarts("again"))])
}

/// A run of a reaction, in this state.
fn run(reaction: &str, rank: Rank, sent_at: Option<Timestamp>, state: RunState) -> Run {
    let name: ReactionName = reaction.parse().expect("a name");
    Run {
        id: RunId(uuid::Uuid::nil()),
        reaction: ReactionId::of(&name),
        reaction_name: name,
        actor: flyball_model::Actor::Person { name: "ada".into() },
        because: Because::ByHand,
        plan: Plan {
            subject: flyball_model::testing::subject(),
            effect: Effect::RestartAll { ids: Vec::new() },
            seen_at: ago(100),
            gist: sight().gist(Needs::ALL),
            restores: None,
        },
        rank,
        queued_at: ago(20),
        sent_at,
        request_ids: Vec::new(),
        state,
    }
}

fn refused() -> Run {
    let outcome = Outcome::Refused { status: 422, id: "no".into(), why: "no".into() };
    run("again", Rank::RestartAll, Some(ago(10)), RunState::Ended { at: ago(9), outcome })
}

fn of_again<T>(value: T) -> HashMap<ReactionId, T> {
    HashMap::from([(restarts("again").id(), value)])
}

fn restart_of_one() -> Effect {
    Effect::RestartDyno { dyno: "web.1".parse().expect("a name"), id: DynoId::new("id-of-web.1") }
}

type Change = fn(&mut Situation<Plain>);

fn policy(situation: &mut Situation<Plain>) -> &mut Policy {
    &mut situation.wishes[0].reaction.policy
}

fn seen(situation: &mut Situation<Plain>) -> &mut Sight {
    match &mut situation.scene.view {
        View::Seen { sight, .. } => sight,
        View::NotYet | View::Failed(_) => unreachable!("it was looked at"),
    }
}

/// What closes each gate that is asked on the way to a plan, in the order of the table.
const CLOSES: [(&str, &str, Change); 23] = [
    ("enabled", "disabled", |it| policy(it).enabled = false),
    ("called", "below_trigger", |it| policy(it).trigger = Trigger::new(4)),
    ("resumed", "too_few_since", |it| {
        policy(it).trigger = Trigger::new(2);
        it.scene.facts.resumed = vec![Resumed { scope: PauseScope::Everything, at: ago(20) }];
    }),
    ("pause", "paused", |it| {
        let pause = Pause { scope: PauseScope::Everything, at: ago(5), until: None, by: "ada".into() };
        it.scene.facts.pauses = vec![pause];
    }),
    // It is Tuesday, 22:13.
    ("hours", "outside_hours", |it| policy(it).during = Some("Tue 08:00-22:13 UTC".parse().expect("hours"))),
    ("own run", "run_open", |it| it.scene.facts.open = vec![run("again", Rank::RestartAll, None, RunState::Queued)]),
    ("app", "app_busy", |it| it.scene.facts.open = vec![run("other", Rank::Out, None, RunState::Queued)]),
    ("cooldown", "cooling_down", |it| {
        policy(it).cooldown = Duration::from_secs(60);
        it.scene.facts.last_effect = of_again(run("again", Rank::RestartAll, Some(ago(59)), RunState::Queued));
    }),
    ("undone", "undone", |it| {
        it.wishes[0].reaction.rank = Rank::In;
        let step = |rank, at| Step { process_type: ProcessType::web(), rank, at };
        it.scene.facts.steps = vec![step(Rank::Out, ago(60)), step(Rank::In, ago(120))];
    }),
    ("interval", "once_per_interval", |it| {
        it.wishes[0].call.shared_interval = Some(Duration::from_secs(3600));
        it.scene.facts.last_effect = of_again(run("again", Rank::RestartAll, Some(ago(9)), RunState::Queued));
    }),
    ("home", "unknown_home", |it| it.scene.home = Home::SomeApp),
    ("give up", "given_up", |it| {
        policy(it).give_up_after = 1;
        it.scene.facts.acted = of_again(vec![ago(80)]);
    }),
    ("reaction's limit", "reaction_spent", |it| {
        policy(it).max_per_hour = Some(1);
        it.scene.facts.acted = of_again(vec![ago(3500)]);
    }),
    ("app's limit", "app_spent", |it| {
        it.scene.limits = AppLimits { effects_per_hour: 1, rollbacks_per_hour: 1 };
        it.scene.facts.effects = vec![(Rank::OneOff, ago(3500))];
    }),
    ("variables", "no_variable", |it| it.scene.unset = BTreeSet::from(["SHOP_KEY".to_owned()])),
    ("dry run", "dry_settling", |it| {
        it.wishes[0].call.mode = Mode::DryRun;
        it.wishes[0].call.would_have_acted = Some(ago(299));
    }),
    ("sight", "cannot_see", |it| it.scene.view = View::Failed(Because::CannotSee { error: "no".into() })),
    ("maintenance", "maintenance", |it| seen(it).app.maintenance = true),
    ("settled", "settling", |it| {
        seen(it).dynos[0].state = DynoState::Starting;
        seen(it).dynos[0].created_at = ago(10);
    }),
    ("evidence", "too_few_since", |it| {
        policy(it).trigger = Trigger::new(3);
        seen(it).dynos[0].updated_at = ago(40);
    }),
    ("plan", "no_dynos", |it| it.wishes[0].reaction.plans = Planned::Hold(Because::NoDynos)),
    ("others' changes", "giving_way", |it| {
        policy(it).give_way = Some(Duration::from_secs(60));
        let (from, to) = (Quantity::new(1), Quantity::new(2));
        let change = ForeignChange::Quantity { process_type: ProcessType::web(), from, to };
        it.scene.foreign = vec![Foreign { at: ago(30), change }];
    }),
    ("cut off", "cut_off", |it| it.scene.references = reached(false)),
];

/// A kind that is at its limit.
fn at_limit() -> Planned {
    let max = Quantity::new(1);
    Planned::Hold(Because::AtMaximum { process_type: ProcessType::web(), quantity: max, max })
}

/// A kind that sets a quantity.
fn sets(from: u32, to: u32) -> Planned {
    let (from, to) = (Quantity::new(from), Quantity::new(to));
    Planned::Do(Effect::SetQuantity { process_type: ProcessType::web(), from, to })
}

/// What scales to a load.
fn scales_to(name: &str, plans: Planned) -> Plain {
    Plain { rank: Rank::To, plans, ..restarts(name) }
}

/// A kind that starts a one-off dyno.
fn starts_one_off() -> Effect {
    Effect::RunOneOff {
        command: "clean".into(),
        size: None,
        time_to_live: Duration::from_secs(600),
        env: BTreeMap::new(),
        present: Vec::new(),
    }
}

fn fails_for(situation: &mut Situation<Plain>, cause: Cause) {
    let Caller::Monitor { finding, .. } = &mut situation.wishes[0].call.caller else {
        unreachable!("a monitor calls it")
    };
    *finding = Finding::Failing(cause);
}

fn held(situation: &Situation<Plain>) -> Vec<(&'static str, &'static str)> {
    let told = |choice: &Choice| match choice {
        Choice::Act(_) => ("", "act"),
        Choice::Tell(_) => ("", "tell"),
        Choice::Hold { gate, because } => (*gate, because.code()),
    };
    choose(situation).iter().map(told).collect()
}

#[test]
fn of_several_that_scale_to_a_load_the_largest_need_counts() {
    let of = |ours: Planned, theirs: Planned, change: Change| {
        let mut situation = situation(vec![called_by("busy", scales_to("enough", ours))]);
        situation.beside = vec![called_by("jobs", scales_to("enough for jobs", theirs))];
        change(&mut situation);
        held(&situation)[0].1
    };
    let unchanged: Change = |_| {};
    let cases: [(&str, Planned, Planned, Change, &str); 10] = [
        ("more is given at once", sets(6, 9), at_limit(), unchanged, "act"),
        ("the other holds", sets(6, 5), at_limit(), unchanged, "needed_by"),
        ("the other adds", sets(6, 5), sets(6, 9), unchanged, "needed_by"),
        ("both would take as many", sets(6, 5), sets(6, 5), unchanged, "act"),
        ("the other would take more", sets(6, 5), sets(6, 3), unchanged, "act"),
        ("the other would leave more", sets(6, 3), sets(6, 5), unchanged, "needed_by"),
        ("the other is off", sets(6, 5), at_limit(), |it| it.beside[0].reaction.policy.enabled = false, "act"),
        (
            "the other is outside its hours",
            sets(6, 5),
            at_limit(),
            |it| it.beside[0].reaction.policy.during = Some("Tue 08:00-22:13 UTC".parse().expect("hours")),
            "act",
        ),
        ("the other only tells", sets(6, 5), at_limit(), |it| it.beside[0].call.mode = Mode::DryRun, "act"),
        (
            "both only tell",
            sets(6, 5),
            at_limit(),
            |it| (it.wishes[0].call.mode, it.beside[0].call.mode) = (Mode::DryRun, Mode::DryRun),
            "needed_by",
        ),
    ];
    for (case, ours, theirs, change, expected) in cases {
        assert_eq!(of(ours, theirs, change), expected, "{case}");
    }
    // What takes for a reading is none of it.
    let scales_in = Plain { rank: Rank::In, plans: sets(6, 5), ..restarts("fewer") };
    let mut situation = situation(vec![called_by("idle", scales_in)]);
    situation.beside = vec![called_by("jobs", scales_to("enough for jobs", at_limit()))];
    assert_eq!(held(&situation)[0].1, "act");
}

#[test]
fn nothing_in_the_way_is_an_act_with_its_plan() {
    let choices = choose(&one());
    let [Choice::Act(plan)] = choices.as_slice() else { panic!("it acts: {choices:?}") };
    assert_eq!((&plan.subject, plan.seen_at), (&testing::subject(), NOW));
    assert_eq!(unseen(&one()), None);
    let mut only_tells = one();
    only_tells.wishes[0].call.mode = Mode::DryRun;
    assert_eq!(held(&only_tells), [("", "tell")]);
}

#[test]
fn a_reaction_that_is_shared_decides_as_it_does_by_itself() {
    /// All that a choice asks of a reaction, but for its plan.
    fn asked(of: &dyn Reacts) -> impl PartialEq + std::fmt::Debug + use<> {
        let effects = [Effect::RestartAll { ids: Vec::new() }, restart_of_one()];
        let texts = (of.name().to_string(), of.app().to_string(), of.account().to_string());
        let variables: Vec<String> = of.variables().into_iter().map(str::to_owned).collect();
        let kind = (of.rank(), of.needs(), of.boots_anew(), of.process_type().cloned(), variables);
        (of.id(), texts, of.policy().clone(), kind, effects.map(|effect| of.may_have_planned(&effect)))
    }
    for rank in [Rank::RestartAll, Rank::Out] {
        let account = "second".parse().expect("a name");
        let policy = Policy { trigger: Trigger::new(3), ..Policy::default() };
        let mut situation = situation(vec![called_by("page", Plain { rank, account, policy, ..restarts("again") })]);
        let reaction = situation.wishes[0].reaction.clone();
        assert_eq!(asked(&std::sync::Arc::new(reaction.clone())), asked(&reaction));
        situation.scene.view = View::NotYet;
        let shared = situation.clone().with_reactions(std::sync::Arc::new);
        assert_eq!((choose(&shared), unseen(&shared)), (choose(&situation), unseen(&situation)));
    }
}

#[test]
fn each_gate_closes_for_its_own_reason() {
    for (gate, code, change) in CLOSES {
        let mut situation = one();
        change(&mut situation);
        assert_eq!(held(&situation), [(gate, code)], "{gate}");
    }
    let mut refusal = one();
    refusal.scene.facts.last_ended = of_again(refused());
    assert_eq!(held(&refusal), [("refusal", "backed_off")]);
    let mut behind = one();
    behind.wishes[0].reaction.rank = Rank::Down;
    let adder =
        |of: &str| Adder { reaction: "more".parse().expect("a name"), process_type: of.parse().expect("a name") };
    behind.scene.adders = vec![adder("web")];
    assert_eq!(held(&behind), [("adders", "stands_back")]);
    behind.scene.adders = vec![adder("worker")];
    assert_eq!(held(&behind), [("", "act")], "another process type");
}

#[test]
fn of_two_that_are_closed_the_first_of_the_table_is_the_reason() {
    for (index, (gate, code, change)) in CLOSES.iter().enumerate() {
        // What also changes what is looked at, or who is asked, stands for itself.
        for (later_gate, _, later) in &CLOSES[index + 1..] {
            let mut situation = one();
            later(&mut situation);
            change(&mut situation);
            let (closed, _) = held(&situation)[0];
            let place = |name: &str| GATES.iter().position(|of| of.name == name).expect("it is in the table");
            assert!(place(closed) <= place(gate), "{gate} ({code}) and {later_gate}: {closed}");
        }
    }
}

#[test]
fn a_person_is_held_by_what_holds_a_person() {
    for (gate, code, change) in CLOSES {
        let mut situation = one();
        situation.wishes[0].call.caller = Caller::Person { episode: NOW };
        change(&mut situation);
        let waived =
            matches!(GATES.iter().find(|of| of.name == gate).expect("it is in the table").by_hand, ByHand::Waived);
        let (closed, came_to) = held(&situation)[0];
        if waived {
            assert!(["act", "tell"].contains(&came_to), "{gate} is waived by hand: {closed}");
        } else {
            assert_eq!((closed, came_to), (gate, code));
        }
    }
}

#[test]
fn what_must_be_looked_at_is_asked_for_in_turn_and_only_by_those_who_may_look() {
    let mut situation = one();
    situation.scene.view = View::NotYet;
    assert_eq!(unseen(&situation), Some(Unseen::App(Needs::ALL)));
    policy(&mut situation).enabled = false;
    assert_eq!(unseen(&situation), None, "it is held before looking");

    let mut renamed = one();
    renamed.scene.facts.app_id = None;
    assert_eq!(unseen(&renamed), Some(Unseen::FactsOf(AppId::new("id-of-shop"))));

    let mut deep = one();
    let below = ReleaseVersion::new(1);
    deep.wishes[0].reaction.plans = Planned::LookFurther { below };
    assert_eq!(unseen(&deep), Some(Unseen::ReleasesBelow(below)));
    let View::Seen { no_further, .. } = &mut deep.scene.view else { unreachable!("it was looked at") };
    *no_further = Some(Because::CannotSee { error: "no".into() });
    assert_eq!((unseen(&deep), held(&deep)), (None, vec![("plan", "cannot_see")]));
    let mut before_its_plan = one();
    before_its_plan.wishes[0].reaction.plans = Planned::LookFurther { below };
    seen(&mut before_its_plan).app.maintenance = true;
    assert_eq!(unseen(&before_its_plan), None, "what is held before it plans looks no further");

    let mut doubts = one();
    doubts.scene.references = None;
    assert_eq!(unseen(&doubts), Some(Unseen::References));
    fails_for(&mut doubts, Cause::Status);
    assert_eq!(unseen(&doubts), None, "a page that answers was reached");
    fails_for(&mut doubts, Cause::TimeOut);
    doubts.wishes[0].reaction.rank = Rank::Out;
    doubts.wishes[0].reaction.plans = Planned::Do(Effect::SetQuantity {
        process_type: ProcessType::web(),
        from: Quantity::new(1),
        to: Quantity::new(2),
    });
    assert_eq!(unseen(&doubts), None, "a quantity makes nothing boot anew");
}

#[test]
fn nobody_acts_on_an_old_sight_and_one_at_its_limit_bears_an_older_one() {
    let (acts, minute) = (Planned::Do(Effect::RestartAll { ids: Vec::new() }), Duration::from_secs(60));
    let anew = Some(Unseen::App(Needs::ALL));
    let no_releases = Needs { releases: false, ..Needs::ALL };
    let cases = [
        ("five seconds are fresh", FRESH, 5, Needs::ALL, acts.clone(), None),
        ("six are not", FRESH, 6, Needs::ALL, acts.clone(), anew.clone()),
        ("nor are they to one that holds", FRESH, 6, Needs::ALL, at_limit(), anew.clone()),
        ("one that stood at its limit holds on what is a minute old", minute, 60, Needs::ALL, at_limit(), None),
        ("and on nothing older", minute, 61, Needs::ALL, at_limit(), anew.clone()),
        ("once it would act it looks anew", minute, 6, Needs::ALL, acts.clone(), anew.clone()),
        ("unless that is fresh", minute, 5, Needs::ALL, acts.clone(), None),
        ("a part was not looked at", FRESH, 0, no_releases, acts, anew),
    ];
    for (case, patience, age, looked_at, planned, expected) in cases {
        let mut situation = one();
        seen(&mut situation).taken_at = ago(age);
        let View::Seen { parts, .. } = &mut situation.scene.view else { unreachable!("it was looked at") };
        *parts = looked_at;
        situation.wishes[0].call.patience = patience;
        situation.wishes[0].reaction.plans = planned;
        assert_eq!(unseen(&situation), expected, "{case}");
    }
}

#[test]
fn before_dynos_boot_anew_because_a_page_is_out_of_reach_it_is_asked_whether_we_are_cut_off() {
    let cases: [(&str, bool, Change); 5] = [
        ("a restart for a page that does not answer", true, |_| ()),
        ("it was asked already", false, |it| it.scene.references = reached(true)),
        ("the page answers", false, |it| fails_for(it, Cause::Status)),
        ("a quantity boots nothing anew", false, |it| it.wishes[0].reaction.rank = Rank::Out),
        ("a person has looked", false, |it| it.wishes[0].call.caller = Caller::Person { episode: NOW }),
    ];
    for (case, asked, change) in cases {
        let mut situation = one();
        situation.scene.references = None;
        change(&mut situation);
        assert_eq!(must_doubt(&situation), asked, "{case}");
    }
}

/// The gates that are asked on the way to a plan, and those of them that are not open, with what they answer.
fn answered(situation: &Situation<Plain>) -> (Vec<&'static str>, Vec<(&'static str, &'static str)>) {
    let answers = answers(situation, &situation.wishes[0]);
    let told = answers.iter().filter_map(|answer| match &answer.answered {
        Answered::Open => None,
        Answered::Closed(because) => Some((answer.gate, because.code())),
        Answered::NotAsked => Some((answer.gate, "not asked")),
    });
    (answers.iter().map(|answer| answer.gate).collect(), told.collect())
}

#[test]
fn every_gate_on_the_way_to_a_plan_is_told_once_also_behind_one_that_is_closed() {
    let mut situation = one();
    let on_the_way = |by_hand: bool| -> BTreeSet<&str> {
        let stages = [Stage::BeforeLooking, Stage::AfterLooking];
        let gates = GATES.iter().filter(|gate| stages.iter().any(|stage| gate.stages.contains(stage)));
        gates.filter(|gate| !by_hand || gate.by_hand == ByHand::Holds).map(|gate| gate.name).collect()
    };
    let (gates, told) = answered(&situation);
    assert_eq!(gates.len(), on_the_way(false).len(), "each once");
    assert_eq!(BTreeSet::from_iter(gates), on_the_way(false));
    assert!(told.is_empty(), "all of them are open: {told:?}");

    situation.scene.facts.pauses =
        vec![Pause { scope: PauseScope::Everything, at: ago(5), until: None, by: "ada".into() }];
    seen(&mut situation).app.maintenance = true;
    let (gates, told) = answered(&situation);
    assert_eq!(gates.len(), on_the_way(false).len(), "those behind a closed one as well");
    assert_eq!(told, [("pause", "paused"), ("maintenance", "maintenance")]);

    situation = one();
    situation.wishes[0].call.caller = Caller::Person { episode: NOW };
    assert_eq!(BTreeSet::from_iter(answered(&situation).0), on_the_way(true), "a person's react");

    situation = one();
    situation.scene.view = View::NotYet;
    let (_, told) = answered(&situation);
    assert!(told.iter().all(|(_, answered)| *answered == "not asked"), "{told:?}");
    let not_asked: BTreeSet<&str> = told.into_iter().map(|(gate, _)| gate).collect();
    let needs_no_look =
        |name: &&str| GATES.iter().any(|gate| gate.name == *name && gate.stages.contains(&Stage::BeforeLooking));
    let needs_a_look: BTreeSet<&str> = on_the_way(false).into_iter().filter(|name| !needs_no_look(name)).collect();
    assert_eq!(not_asked, needs_a_look);
}

#[test]
fn next_names_what_a_reaction_waits_for_beside_its_readings_and_the_app() {
    let waits = [
        "enabled",
        "pause",
        "hours",
        "own run",
        "app",
        "cooldown",
        "undone",
        "interval",
        "home",
        "reaction's limit",
        "app's limit",
        "variables",
    ];
    assert_eq!(waits_for(&one()), None);
    for (gate, code, change) in CLOSES {
        let mut situation = one();
        change(&mut situation);
        let told = waits_for(&situation);
        let expected = waits.contains(&gate).then_some(code);
        assert_eq!(told.as_ref().map(Because::code), expected, "{gate}");
    }
    let mut refusal = one();
    refusal.scene.facts.last_ended = of_again(refused());
    assert_eq!(waits_for(&refusal).as_ref().map(Because::code), Some("backed_off"));
}

#[test]
fn a_refusal_is_forgiven_when_the_file_changes_after_it() {
    for (since, expected) in [(ago(3600), "backed_off"), (ago(9), "backed_off"), (ago(8), "act")] {
        let mut situation = one();
        situation.scene.facts.last_ended = of_again(refused());
        situation.wishes[0].call.since = since;
        assert_eq!(held(&situation)[0].1, expected, "refused 9 s ago, and as it is in the file since {since}");
    }
}

#[test]
fn a_pause_covers_what_it_names_and_so_does_its_end() {
    let app = |name: &str| PauseScope::App(name.parse().expect("a name"));
    let reaction = |name: &str| PauseScope::Reaction(name.parse().expect("a name"));
    let cases = [
        ("everything", PauseScope::Everything, true),
        ("its app", app("shop"), true),
        ("another app", app("blog"), false),
        ("the reaction", reaction("again"), true),
        ("another reaction", reaction("more"), false),
    ];
    for (case, scope, covers) in cases {
        let mut paused = one();
        paused.scene.facts.pauses = vec![Pause { scope: scope.clone(), at: ago(5), until: None, by: "ada".into() }];
        assert_eq!(held(&paused)[0].1, if covers { "paused" } else { "act" }, "{case} is paused");
        let mut resumed = one();
        policy(&mut resumed).trigger = Trigger::new(2);
        resumed.scene.facts.resumed = vec![Resumed { scope, at: ago(20) }];
        assert_eq!(held(&resumed)[0].1, if covers { "too_few_since" } else { "act" }, "{case} goes on");
        // The clock was set back since: what is still to come says nothing about the readings that there are.
        resumed.scene.facts.resumed[0].at = NOW + Duration::from_secs(1);
        assert_eq!(held(&resumed)[0].1, "act", "{case} goes on in a second");
    }
}

#[test]
fn a_dry_run_waits_for_its_own_cooldown_and_then_for_the_app_to_settle_as_it_would() {
    let cases = [
        ("it cools down", Mode::DryRun, Rank::Out, 59, ("dry run", "cooling_down")),
        ("it has cooled down", Mode::DryRun, Rank::Out, 60, ("", "tell")),
        ("the app would still settle", Mode::DryRun, Rank::RestartAll, 299, ("dry run", "dry_settling")),
        ("it would have settled", Mode::DryRun, Rank::RestartAll, 300, ("", "tell")),
        ("what acts now was a dry run before", Mode::Act, Rank::Out, 59, ("", "act")),
    ];
    for (case, mode, rank, seconds, expected) in cases {
        let mut situation = one();
        situation.wishes[0].reaction.rank = rank;
        policy(&mut situation).cooldown = Duration::from_secs(60);
        situation.wishes[0].call.mode = mode;
        situation.wishes[0].call.would_have_acted = Some(ago(seconds));
        assert_eq!(held(&situation), [expected], "{case}");
    }
}

#[test]
fn of_those_that_would_act_together_the_first_of_the_order_goes_and_one_offs_stand_outside() {
    let ranked = |name: &str, rank| Plain { rank, ..restarts(name) };
    let wishes = vec![
        called_by("page", ranked("more", Rank::Out)),
        called_by("job", ranked("clean", Rank::OneOff)),
        called_by("page", ranked("back", Rank::RollBack)),
        called_by("other page", ranked("back", Rank::RollBack)),
        called_by("other job", ranked("clean", Rank::OneOff)),
    ];
    let mut situation = situation(wishes);
    let expected = [("order", "outranked"), ("", "act"), ("", "act"), ("order", "run_open"), ("order", "run_open")];
    assert_eq!(held(&situation), expected);
    situation.scene.limits = AppLimits { effects_per_hour: 1, rollbacks_per_hour: 1 };
    situation.wishes[4] = called_by("other job", ranked("report", Rank::OneOff));
    assert_eq!(held(&situation)[4], ("room", "app_spent"), "one-offs of one turn count against the app's purse");
}

#[test]
fn without_room_a_reaction_that_two_monitors_call_says_so_to_both() {
    let clean = Plain { rank: Rank::OneOff, ..restarts("clean") };
    let (first, second) = (called_by("page", restarts("again")), called_by("other page", restarts("again")));
    let mut situation = situation(vec![called_by("job", clean), first, second]);
    situation.scene.limits = AppLimits { effects_per_hour: 1, rollbacks_per_hour: 1 };
    assert_eq!(held(&situation), [("", "act"), ("room", "app_spent"), ("room", "app_spent")]);
}

#[test]
fn of_a_clean_up_and_a_rollback_on_one_monitor_the_clean_up_has_its_chance_first() {
    let ranked = |name: &str, rank| Plain { rank, ..restarts(name) };
    let (clean, back) = (ranked("again", Rank::OneOff), ranked("back", Rank::RollBack));
    let mut situation = situation(vec![called_by("page", clean), called_by("page", back)]);
    assert_eq!(held(&situation), [("", "act"), ("ladder", "outranked")]);
    // It acted in this episode, and enough readings followed.
    let mut acted = run("again", Rank::OneOff, Some(ago(80)), RunState::Queued);
    situation.wishes[1].call.rungs_below = vec![acted.reaction];
    situation.scene.facts.last_effect = of_again(acted.clone());
    assert_eq!(held(&situation), [("ladder", "outranked"), ("", "act")]);
    // Too few did: the rollback waits for them, and the clean-up for the rollback.
    acted.sent_at = Some(ago(50));
    situation.scene.facts.last_effect = of_again(acted.clone());
    situation.wishes[1].reaction.policy.trigger = Trigger::new(3);
    assert_eq!(held(&situation), [("ladder", "outranked"), ("evidence", "too_few_since")]);
    // A rollback that could do nothing then keeps nobody waiting.
    situation.wishes[1].reaction.plans = Planned::Hold(Because::NoDynos);
    assert_eq!(held(&situation), [("", "act"), ("evidence", "too_few_since")]);
    // In an earlier episode it says nothing about this one.
    acted.sent_at = Some(ago(3600));
    situation.scene.facts.last_effect = of_again(acted);
    situation.wishes[1].reaction.plans = Planned::Do(Effect::RestartAll { ids: Vec::new() });
    assert_eq!(held(&situation), [("", "act"), ("ladder", "outranked")]);
}

#[test]
fn a_rung_that_only_waits_for_readings_lets_no_lower_rung_of_its_monitor_act() {
    let back = Plain {
        rank: Rank::RollBack,
        policy: Policy { trigger: Trigger::new(3), ..Policy::default() },
        ..restarts("back")
    };
    let mut situation = situation(vec![called_by("page", restarts("again")), called_by("page", back)]);
    seen(&mut situation).dynos[0].updated_at = ago(40);
    assert_eq!(held(&situation), [("ladder", "outranked"), ("evidence", "too_few_since")]);
    let Caller::Monitor { id, .. } = &mut situation.wishes[0].call.caller else { unreachable!("a monitor calls it") };
    *id = MonitorId::of(&"another".parse().expect("a name"));
    assert_eq!(held(&situation)[0], ("", "act"), "on another monitor there is no ladder");
}

#[test]
fn of_two_that_do_the_same_neither_is_a_rung_above_the_other() {
    let later = Plain { policy: Policy { trigger: Trigger::new(3), ..Policy::default() }, ..restarts("later") };
    let mut situation = situation(vec![called_by("page", restarts("again")), called_by("page", later)]);
    seen(&mut situation).dynos[0].updated_at = ago(40);
    assert_eq!(held(&situation), [("", "act"), ("evidence", "too_few_since")]);
}

#[test]
fn before_a_call_the_gates_are_asked_once_more_on_what_is_known_then() {
    let sending = || Sending {
        queued_at: ago(2),
        attached: true,
        effect: Effect::RestartAll { ids: Vec::new() },
        gone: None,
        jobs_waited_for: false,
    };
    let about_to_send = |change: Change| {
        let mut situation = one();
        situation.scene.sending = Some(sending());
        change(&mut situation);
        may_send(&situation).map_err(|closed| (closed.gate, closed.because.code()))
    };
    assert_eq!(about_to_send(|_| ()), Ok(()));
    let cases: [(&str, &str, Change); 11] = [
        ("hours", "outside_hours", |it| policy(it).during = Some("Tue 08:00-22:13 UTC".parse().expect("hours"))),
        ("in force", "only_tells", |it| it.wishes[0].call.mode = Mode::DryRun),
        ("in force", "changed_in_file", |it| it.wishes[0].call.since = ago(1)),
        ("own plan", "not_its_plan", |it| {
            let (release, version) = (flyball_model::ReleaseId::new("r"), ReleaseVersion::new(1));
            let (from, origin, to) = (version, version, version);
            it.scene.sending.as_mut().expect("it is").effect = Effect::RollBack { from, origin, to, release };
        }),
        ("own plan", "not_its_plan", |it| it.wishes[0].reaction.app = "bank".parse().expect("a name")),
        ("in force", "not_attached", |it| it.scene.sending.as_mut().expect("it is about to be sent").attached = false),
        ("called", "no_longer_called", |it| policy(it).trigger = Trigger::new(4)),
        ("same app", "another_app", |it| seen(it).app.id = AppId::new("another")),
        ("maintenance", "maintenance", |it| seen(it).app.maintenance = true),
        ("basis", "basis_gone", |it| {
            it.scene.sending.as_mut().expect("it is about to be sent").gone = Some(Changed::NoCurrentRelease);
        }),
        ("cut off", "cut_off", |it| it.scene.references = reached(false)),
    ];
    for (gate, code, change) in cases {
        assert_eq!(about_to_send(change), Err((gate, code)));
    }
    let may_go: [(&str, Change); 4] = [
        ("a cooldown was asked before", |it| policy(it).cooldown = Duration::from_secs(9)),
        ("decided in the moment in which the file was taken", |it| it.wishes[0].call.since = ago(2)),
        ("one run at a time changes an app", |it| {
            it.scene.facts.open = vec![run("again", Rank::RestartAll, None, RunState::Queued)];
        }),
        ("its basis was looked at, and it is not planned once more", |it| {
            it.wishes[0].reaction.plans = Planned::Hold(Because::NoDynos);
        }),
    ];
    for (case, change) in may_go {
        assert_eq!(about_to_send(change), Ok(()), "{case}");
    }
}

#[test]
fn before_a_one_off_dyno_starts_those_that_there_are_by_then_are_counted() {
    let about_to_start = |change: Change| {
        let mut situation = one();
        situation.wishes[0].reaction.rank = Rank::OneOff;
        situation.wishes[0].reaction.plans = Planned::Do(starts_one_off());
        situation.scene.sending = Some(Sending {
            queued_at: ago(2),
            attached: true,
            effect: starts_one_off(),
            gone: None,
            jobs_waited_for: false,
        });
        change(&mut situation);
        may_send(&situation).map_err(|closed| (closed.gate, closed.because.code()))
    };
    assert_eq!(about_to_start(|_| ()), Ok(()));
    let earlier: Change = |it| it.scene.facts.open = vec![run("again", Rank::OneOff, None, RunState::Queued)];
    assert_eq!(about_to_start(earlier), Err(("own run", "run_open")), "of two at once the earlier goes");
    let full: Change = |it| it.wishes[0].reaction.plans = at_limit();
    assert_eq!(about_to_start(full), Err(("plan", "at_maximum")), "it has as many as it may");
}

#[test]
fn every_gate_is_asked_somewhere_and_has_a_name_of_its_own() {
    for (index, gate) in GATES.iter().enumerate() {
        assert!(!gate.stages.is_empty() && !gate.asks.is_empty(), "{}", gate.name);
        assert!(GATES[..index].iter().all(|other| other.name != gate.name), "{} stands twice", gate.name);
    }
    let stages = [Stage::BeforeLooking, Stage::AfterLooking, Stage::Together, Stage::BeforeSending];
    let words: BTreeSet<&str> = stages.into_iter().map(Stage::words).collect();
    assert_eq!(words.len(), stages.len(), "the page of gates tells each stage from the others");
    let together = GATES.iter().filter(|gate| gate.stages.contains(&Stage::Together)).count();
    assert_eq!(together, 3);
}
