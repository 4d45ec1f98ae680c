//! The choice, from outside: every gate closes for its own reason, in order, and what must be looked at is asked for.

use flyball_decide::{
    Adder, AppFacts, Call, Caller, Choice, FRESH, GATES, Home, Known, Pause, Planned, Reacts, Resumed, Scene, Sending,
    Situation, Stage, Step, Unseen, View, Wish, choose, may_send, unseen,
};
use flyball_model::{
    AccountName, AppId, AppLimits, AppName, Because, Cause, Changed, DynoId, DynoState, Effect, Finding, Foreign,
    ForeignChange, Mode, MonitorId, MonitorName, Needs, Outcome, PauseScope, Plan, Policy, ProcessType, Quantity, Rank,
    ReactionId, ReactionName, ReleaseVersion, Run, RunId, RunState, Sight, Standing, Timestamp, Trigger, Verdict,
    testing,
};
use std::collections::{BTreeSet, HashMap, VecDeque};
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
        !matches!(self.rank, Rank::Out | Rank::In | Rank::OneOff)
    }

    fn process_type(&self) -> Option<&ProcessType> {
        static WEB: LazyLock<ProcessType> = LazyLock::new(ProcessType::web);
        matches!(self.rank, Rank::Out | Rank::In | Rank::Up | Rank::Down).then_some(&*WEB)
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
        shared_interval: None,
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
        references: Some(vec![true, true]),
        sending: None,
    };
    Situation { wishes, scene }
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
const CLOSES: [(&str, &str, Change); 22] = [
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
    ("cut off", "cut_off", |it| it.scene.references = Some(vec![false, false])),
];

fn held(situation: &Situation<Plain>) -> Vec<(&'static str, &'static str)> {
    let told = |choice: &Choice| match choice {
        Choice::Act(_) => ("", "act"),
        Choice::Tell(_) => ("", "tell"),
        Choice::Hold { gate, because } => (*gate, because.code()),
    };
    choose(situation).iter().map(told).collect()
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
        let waived = matches!(
            GATES.iter().find(|of| of.name == gate).expect("it is in the table").by_hand,
            flyball_decide::ByHand::Waived
        );
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

    let mut old = one();
    seen(&mut old).taken_at = ago(6);
    assert_eq!(unseen(&old), Some(Unseen::App(Needs::ALL)), "nobody acts on what is older than five seconds");
    old.wishes[0].call.patience = Duration::from_secs(60);
    assert_eq!(unseen(&old), Some(Unseen::App(Needs::ALL)), "nor one who stood at its limit, once it would act");
    let max = Quantity::new(1);
    let at_limit = Because::AtMaximum { process_type: ProcessType::web(), quantity: max, max };
    old.wishes[0].reaction.plans = Planned::Hold(at_limit);
    assert_eq!(unseen(&old), None, "but it holds on it");

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

    let mut doubts = one();
    doubts.scene.references = None;
    assert_eq!(unseen(&doubts), Some(Unseen::References));
    doubts.wishes[0].reaction.rank = Rank::Out;
    doubts.wishes[0].reaction.plans = Planned::Do(Effect::SetQuantity {
        process_type: ProcessType::web(),
        from: Quantity::new(1),
        to: Quantity::new(2),
    });
    assert_eq!(unseen(&doubts), None, "a quantity makes nothing boot anew");
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
fn before_a_call_the_gates_are_asked_once_more_on_what_is_known_then() {
    let sending =
        || Sending { queued_at: ago(2), attached: true, effect: Effect::RestartAll { ids: Vec::new() }, gone: None };
    let about_to_send = |change: Change| {
        let mut situation = one();
        situation.scene.sending = Some(sending());
        change(&mut situation);
        may_send(&situation).map_err(|closed| (closed.gate, closed.because.code()))
    };
    assert_eq!(about_to_send(|_| ()), Ok(()));
    let cases: [(&str, &str, Change); 10] = [
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
        ("cut off", "cut_off", |it| it.scene.references = Some(vec![false, false])),
    ];
    for (gate, code, change) in cases {
        assert_eq!(about_to_send(change), Err((gate, code)));
    }
    assert_eq!(about_to_send(|it| policy(it).cooldown = Duration::from_secs(9)), Ok(()), "a cooldown was asked before");
}

#[test]
fn every_gate_is_asked_somewhere_and_has_a_name_of_its_own() {
    for (index, gate) in GATES.iter().enumerate() {
        assert!(!gate.stages.is_empty() && !gate.asks.is_empty(), "{}", gate.name);
        assert!(GATES[..index].iter().all(|other| other.name != gate.name), "{} stands twice", gate.name);
    }
    let together = GATES.iter().filter(|gate| gate.stages.contains(&Stage::Together)).count();
    assert_eq!(together, 3);
}
