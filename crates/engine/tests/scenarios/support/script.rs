//! What happens at the ports beside what should: deeds before and after a call, and the cut of a process.
//!
//! Every call of a port has a line: `GET /apps/shop`, `store save`. A deed waits for the Nth call whose line matches. A
//! cut waits for the Nth call of all that count.

use flyball_engine::Engine;
use flyball_engine::live::Live;
use flyball_heroku_sim::World;
use flyball_testing::{Disk, People, Starter, StoppedTime, lock};
use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex};

/// An engine, and its loop.
pub(crate) type Process = (Arc<Engine>, Arc<Live>);

/// The outside, for deeds: nothing in here passes through the ports.
#[derive(Clone)]
pub(crate) struct Outside {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) time: StoppedTime,
    pub(crate) starter: Starter,
    /// The engine that runs now, and its loop.
    pub(crate) process: Arc<Mutex<Option<Process>>>,
    /// Of each reference, whether it can be reached.
    pub(crate) references: Arc<Mutex<Vec<bool>>>,
    /// Whether the store takes nothing, and why.
    pub(crate) refuses: Refusing,
    /// Who is told.
    pub(crate) people: People,
}

/// Why a store takes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refuses {
    /// The disk is full.
    Full,
    /// Somebody else has it locked.
    Busy,
}

/// Whether the store takes nothing, and why.
#[derive(Clone, Default)]
pub(crate) struct Refusing(Arc<Mutex<Option<Refuses>>>);

impl Refusing {
    pub(crate) fn set(&self, refuses: Option<Refuses>) {
        *lock(&self.0) = refuses;
    }

    pub(crate) fn get(&self) -> Option<Refuses> {
        *lock(&self.0)
    }
}

impl Outside {
    /// The engine that runs now.
    pub(crate) fn engine(&self) -> Arc<Engine> {
        self.process().0
    }

    /// Its loop.
    pub(crate) fn live(&self) -> Arc<Live> {
        self.process().1
    }

    fn process(&self) -> Process {
        lock(&self.process).clone().expect("an engine runs")
    }
}

/// What somebody does in the middle of a call.
pub(crate) type Deed = Box<dyn FnOnce(Outside) -> BoxFuture<'static, ()> + Send>;

/// When a deed is done: before the call has its effect, or after that and before its answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// How a call is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The process dies before the call has any effect.
    Before,
    /// The process dies after the call had its effect.
    After,
    /// The call has its effect, its answer is lost, and the process goes on.
    Lost,
    /// The call has no effect and is answered with an error, and the process goes on.
    Failed,
}

struct Rule {
    line: String,
    passed_by: u32,
    side: Side,
    deed: Deed,
}

#[derive(Default)]
struct State {
    rules: Vec<Rule>,
    calls: usize,
    cut: Option<(usize, Cut)>,
    fails: Vec<(String, Cut)>,
    was_cut: Option<String>,
    dead: bool,
}

/// The script of one scenario.
#[derive(Default)]
pub(crate) struct Script(Mutex<State>);

impl Script {
    /// Does this at the `nth` call whose line is `line`; a `*` at its end stands for anything.
    pub(crate) fn add(&self, line: &str, nth: u32, side: Side, deed: Deed) {
        let passed_by = nth.checked_sub(1).expect("calls count from 1");
        lock(&self.0).rules.push(Rule { line: line.to_owned(), passed_by, side, deed });
    }

    /// Cuts the call number `point`, counted from 0 and from now.
    pub(crate) fn cut(&self, point: usize, cut: Cut) {
        let mut state = lock(&self.0);
        state.calls = 0;
        state.cut = Some((point, cut));
        state.was_cut = None;
    }

    /// Cuts the next call with this line.
    pub(crate) fn fail(&self, line: &str, cut: Cut) {
        lock(&self.0).fails.push((line.to_owned(), cut));
    }

    /// How many calls there were that could have been cut.
    pub(crate) fn calls(&self) -> usize {
        lock(&self.0).calls
    }

    /// The line of the call that was cut, if one was.
    pub(crate) fn was_cut(&self) -> Option<String> {
        lock(&self.0).was_cut.clone()
    }

    /// Whether the process is dead.
    pub(crate) fn is_dead(&self) -> bool {
        lock(&self.0).dead
    }

    /// The next process is alive.
    pub(crate) fn revive(&self) {
        lock(&self.0).dead = false;
    }

    /// Does the deeds whose call has come.
    pub(crate) async fn run(&self, line: &str, side: Side, outside: &Outside) {
        for deed in self.due(line, side) {
            deed(outside.clone()).await;
        }
    }

    fn due(&self, line: &str, side: Side) -> Vec<Deed> {
        let mut state = lock(&self.0);
        let mut due = Vec::new();
        let mut kept = Vec::new();
        for mut rule in state.rules.drain(..) {
            if rule.side != side || !matches(&rule.line, line) {
                kept.push(rule);
            } else if rule.passed_by > 0 {
                rule.passed_by -= 1;
                kept.push(rule);
            } else {
                due.push(rule.deed);
            }
        }
        state.rules = kept;
        due
    }

    /// Counts a call, and says whether it is the one that is cut.
    pub(crate) fn fate(&self, line: &str) -> Option<Cut> {
        let mut state = lock(&self.0);
        let number = state.calls;
        state.calls += 1;
        if let Some(index) = state.fails.iter().position(|(of, _)| of == line) {
            state.was_cut = Some(line.to_owned());
            return Some(state.fails.remove(index).1);
        }
        let (_, cut) = state.cut.filter(|(point, _)| *point == number)?;
        state.cut = None;
        state.was_cut = Some(line.to_owned());
        Some(cut)
    }

    /// The process is dead: the call never returns, and whoever plays it stops.
    pub(crate) async fn die(&self) {
        lock(&self.0).dead = true;
        std::future::pending::<()>().await;
    }
}

fn matches(pattern: &str, line: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => line.starts_with(start),
        None => pattern == line,
    }
}
