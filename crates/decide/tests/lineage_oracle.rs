//! Rollbacks over thousands of generated release histories, against an oracle that follows content in a small world of
//! its own and never reads a description.

use flyball_decide::{BackLimits, step_back};
use flyball_model::{Content, Release, ReleaseHistory, ReleaseId, ReleaseStatus, ReleaseVersion, SlugId, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// What people, Flyball and Heroku do to an app.
#[derive(Debug, Clone)]
enum Happening {
    Deploy { fails: bool },
    ConfigChange,
    PersonRollsBack { pick: prop::sample::Index },
    FlyballRollsBack { fails: bool },
    MonitorPasses,
    Expire { older_than_newest: usize },
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => prop::bool::weighted(0.25).prop_map(|fails| Happening::Deploy { fails }),
        2 => Just(Happening::ConfigChange),
        2 => any::<prop::sample::Index>().prop_map(|pick| Happening::PersonRollsBack { pick }),
        6 => prop::bool::weighted(0.2).prop_map(|fails| Happening::FlyballRollsBack { fails }),
        1 => Just(Happening::MonitorPasses),
        1 => (3usize..20).prop_map(|older_than_newest| Happening::Expire { older_than_newest }),
    ]
}

/// A release as the world knows it: `source` is the release whose content it has, by construction.
struct Made {
    slug: Option<u32>,
    source: usize,
    status: ReleaseStatus,
    description: String,
    minute: i64,
}

/// A small Heroku that knows where content came from.
struct World {
    /// Whether its releases show their code, as a container's do not.
    shows_code: bool,
    releases: Vec<Made>,
    current: usize,
    minute: i64,
    slugs: u32,
    episode: i64,
    /// Sources that rollbacks left in this episode.
    left: BTreeSet<usize>,
    /// Sources that were tried from what is current, and failed.
    tried: BTreeSet<usize>,
    ours: BTreeSet<ReleaseVersion>,
}

impl World {
    fn new(shows_code: bool) -> Self {
        let mut world = Self {
            shows_code,
            releases: Vec::new(),
            current: 0,
            minute: 0,
            slugs: 0,
            episode: 0,
            left: BTreeSet::new(),
            tried: BTreeSet::new(),
            ours: BTreeSet::new(),
        };
        world.make(None, None, false, "Initial release");
        world.make(None, None, false, "Enable Logplex");
        world
    }

    /// Makes a release with content of its own, or with that of `source`; it becomes current unless it fails.
    fn make(&mut self, slug: Option<u32>, source: Option<usize>, fails: bool, description: &str) -> usize {
        self.minute += 1;
        let index = self.releases.len();
        let status = if fails { ReleaseStatus::Failed } else { ReleaseStatus::Succeeded };
        let source = source.unwrap_or(index);
        self.releases.push(Made { slug, source, status, description: description.to_owned(), minute: self.minute });
        if !fails {
            self.current = index;
            self.tried.clear();
        }
        index
    }

    fn can_be_gone_back_to(&self, index: usize) -> bool {
        let release = &self.releases[index];
        release.status == ReleaseStatus::Succeeded && release.slug.is_some() && index != self.current
    }

    fn roll_back(&mut self, to: usize, fails: bool) -> usize {
        let (slug, source) = (self.releases[to].slug, self.releases[to].source);
        let was = self.releases[self.current].source;
        let made = self.make(slug, Some(source), fails, &format!("Rollback to v{}", to + 1));
        if fails {
            self.tried.insert(source);
        } else {
            self.left.insert(was);
        }
        made
    }

    /// What Heroku would answer: no sources in it.
    fn history(&self) -> ReleaseHistory {
        let release = |(index, made): (usize, &Made)| Release {
            id: ReleaseId::new(format!("id-{}", index + 1)),
            version: ReleaseVersion::new(index as u64 + 1),
            status: made.status.clone(),
            current: index == self.current,
            eligible_for_rollback: Some(made.status == ReleaseStatus::Succeeded && made.slug.is_some()),
            content: made
                .slug
                .filter(|_| self.shows_code)
                .map_or(Content::None, |slug| Content::Slug(SlugId::new(format!("slug-{slug}")))),
            description: made.description.clone(),
            user: None,
            created_at: Timestamp::from_millis(made.minute * 60_000),
        };
        let mut newest_first: Vec<Release> = self.releases.iter().enumerate().map(release).collect();
        newest_first.reverse();
        ReleaseHistory { newest_first, reaches_the_first: true }
    }

    /// What one step back must be, told from where content came from: the newest release older than the source of what
    /// runs that can be gone back to, whose own source is neither below the minimum nor known to be bad.
    fn oracle(&self, min: Option<usize>) -> Option<usize> {
        let source = self.releases[self.current].source;
        if min.is_some_and(|min| source <= min) {
            return None;
        }
        (0..source).rev().find(|index| {
            let content = self.releases[*index].source;
            self.can_be_gone_back_to(*index)
                && min.is_none_or(|min| content >= min)
                && !self.left.contains(&content)
                && !self.tried.contains(&content)
        })
    }
}

type Choose = fn(&World, Option<usize>) -> Option<usize>;

/// The real thing.
fn by_content(world: &World, min: Option<usize>) -> Option<usize> {
    let limits = BackLimits {
        min_release: min.map(|min| ReleaseVersion::new(min as u64 + 1)),
        max_steps: min.is_none().then_some(1000),
    };
    let minute = |minute: i64| Timestamp::from_millis(minute * 60_000);
    let step = step_back(&world.history(), limits, &world.ours, minute(world.episode), minute(world.minute + 120));
    step.ok().map(|step| usize::try_from(step.to.get()).expect("a small version") - 1)
}

/// The trap: what `heroku releases:rollback` without a version does.
fn by_number(world: &World, min: Option<usize>) -> Option<usize> {
    (min.unwrap_or(0)..world.current).rev().find(|index| world.can_be_gone_back_to(*index))
}

/// Plays the happenings; says what went wrong at the first wrong choice, or how many rollbacks were right.
fn play(life: &Life, choose: Choose) -> Result<u32, String> {
    let Life { happenings, shows_code, min } = life;
    let (mut world, min) = (World::new(*shows_code), *min);
    let mut rollbacks = 0;
    for happening in happenings {
        match happening {
            Happening::Deploy { fails } => {
                world.slugs += 1;
                let slug = world.slugs;
                world.make(Some(slug), None, *fails, &format!("Deploy {slug:08x}"));
            }
            Happening::ConfigChange => {
                let slug = world.releases[world.current].slug;
                world.make(slug, None, false, "Set FOO config vars");
            }
            Happening::PersonRollsBack { pick } => {
                let able: Vec<usize> = (0..world.releases.len()).filter(|i| world.can_be_gone_back_to(*i)).collect();
                if !able.is_empty() {
                    world.roll_back(able[pick.index(able.len())], false);
                }
            }
            Happening::FlyballRollsBack { fails } => {
                let (chosen, right) = (choose(&world, min), world.oracle(min));
                if chosen != right {
                    return Err(format!("chose {chosen:?}, and {right:?} was right"));
                }
                let Some(target) = chosen else { continue };
                let (before, after) = (world.releases[world.current].source, world.releases[target].source);
                if after >= before || !world.can_be_gone_back_to(target) || world.left.contains(&after) {
                    return Err(format!("{target} has content {after}, which is not older than {before}, or was left"));
                }
                let made = world.roll_back(target, *fails);
                if !fails {
                    world.ours.insert(ReleaseVersion::new(made as u64 + 1));
                }
                rollbacks += 1;
            }
            Happening::MonitorPasses => {
                world.minute += 1;
                world.episode = world.minute;
                world.minute += 1;
                world.left.clear();
            }
            Happening::Expire { older_than_newest } => {
                let old = world.releases.len().saturating_sub(*older_than_newest);
                for index in (0..old).filter(|index| *index != world.current) {
                    if world.releases[index].status == ReleaseStatus::Succeeded {
                        world.releases[index].status = ReleaseStatus::Expired;
                    }
                }
            }
        }
    }
    Ok(rollbacks)
}

/// What happens to an app, and the oldest release that may run.
#[derive(Debug, Clone)]
struct Life {
    happenings: Vec<Happening>,
    shows_code: bool,
    min: Option<usize>,
}

fn a_life() -> impl Strategy<Value = Life> {
    let parts = (prop::collection::vec(happening(), 1..60), any::<bool>(), prop::option::of(0usize..12));
    parts.prop_map(|(happenings, shows_code, min)| Life { happenings, shows_code, min })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rollbacks_follow_content(life in a_life()) {
        if let Err(wrong) = play(&life, by_content) {
            prop_assert!(false, "{wrong}");
        }
    }
}

#[test]
fn going_by_number_is_caught() {
    use proptest::test_runner::{Config, TestRunner};
    let mut runner =
        TestRunner::new(Config { cases: 200, failure_persistence: None, max_shrink_iters: 0, ..Config::default() });
    let caught = runner.run(&a_life(), |life| {
        play(&life, by_number).map_err(TestCaseError::fail)?;
        Ok(())
    });
    assert!(caught.is_err(), "the oracle lets a rollback by number pass");
}
