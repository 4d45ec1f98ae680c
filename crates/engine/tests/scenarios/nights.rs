//! Generated nights: what incidents say of beginning, end and what helped is held against the world's own record.
//!
//! The page is looked at in the world itself, a moment before each reading, and effects are those that the world received. Nothing
//! of that passes through Flyball. A person mends what nobody else did, long after the latest effect: whether an effect or somebody
//! whom Flyball cannot see made a page well, no monitor can tell.

use crate::interruption::Chance;
use crate::support::{Day, START, Scenario, bare_shop, front, reaction, secs};
use flyball_heroku_sim::{AppEvent, DeploySpec, Took};
use flyball_model::Timestamp;
use flyball_store::IncidentsPage;
use flyball_views::{Helped, IncidentStory};
use std::collections::BTreeMap;
use std::time::Duration;

/// Nights of each run of the tests; all of them are played where `FLYBALL_NIGHTS` says how many.
const NIGHTS: u64 = 15;
/// In how many cases out of a hundred both must say the same.
const AGREE_PERCENT: usize = 98;
/// The interval of the monitor.
const EVERY: Duration = secs(30);
/// How long an effect has to show: `settle`, since two intervals are shorter.
const SHOWS_WITHIN: Duration = secs(300);
/// After this time a person mends what still fails, unless something was done of late.
const MENDED_AFTER: Duration = secs(900);
/// What was done of late.
const OF_LATE: Duration = secs(480);
/// Troubles of a night.
const TROUBLES: u64 = 3;

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how many nights are played")]
fn nights() -> u64 {
    std::env::var("FLYBALL_NIGHTS").ok().and_then(|nights| nights.parse().ok()).unwrap_or(NIGHTS)
}

/// A night as the world saw it.
struct Night {
    day: Day,
    /// Whether the page was well, a moment before each reading.
    seen: Vec<(Timestamp, bool)>,
}

impl Night {
    fn begin(chance: &mut Chance) -> Self {
        let app = r#"app = "shop""#;
        let kinds = [
            ("all", format!("restart_all_dynos = {{ {app} }}")),
            ("one", format!("restart_dyno = {{ {app}, dyno = \"web.1\" }}")),
            ("clean", format!("create_one_off_dyno = {{ {app}, command = \"db:cleanup\", time_to_live = \"2m\" }}")),
            ("more", format!("scale_out = {{ {app}, max_quantity = 3 }}")),
        ];
        let count = 1 + chance.below(2);
        let first = chance.below(4);
        let drawn: Vec<&(&str, String)> =
            (0..count).map(|nth| &kinds[usize::try_from((first + nth) % 4).expect("four kinds")]).collect();
        let names: Vec<&str> = drawn.iter().map(|(name, _)| *name).collect();
        let lines = |kind: &str, trigger: u64| format!("trigger = {trigger}\ncooldown = \"10m\"\n{kind}");
        let reactions: String =
            drawn.iter().map(|(name, kind)| reaction(name, &lines(kind, 1 + chance.below(3)))).collect();
        let day = Scenario::of(bare_shop().deploys(2)).file(front(&names) + &reactions).begin();
        Self { day, seen: Vec::new() }
    }

    /// One reading later.
    fn goes_on(&mut self) -> bool {
        self.day.pass(EVERY - secs(1));
        let is_well = self.day.world(|world| world.page("shop").is_some_and(|page| page.status == 200));
        self.day.pass(secs(1));
        self.seen.push((self.day.now(), is_well));
        is_well
    }

    fn effects(&self) -> Vec<Timestamp> {
        self.day.world(|world| world.effects().filter(|call| call.took == Took::Effect).map(|call| call.at).collect())
    }

    fn play(&mut self, chance: &mut Chance) {
        for _ in 0..TROUBLES {
            for _ in 0..6 + chance.below(14) {
                self.goes_on();
            }
            let began = self.day.now();
            self.day.happens(match chance.below(3) {
                0 => AppEvent::Hiccup,
                1 => AppEvent::Leak { dyno: Some("web.1".to_owned()), mib_per_minute: 2000.0 },
                _ => AppEvent::DatabaseError(500),
            });
            // It shows after a while, and may be mended by then.
            let mut well = 0;
            while well < 20 {
                well = if self.goes_on() { well + 1 } else { 0 };
                let now = self.day.now();
                let was_idle = self.effects().last().is_none_or(|at| now.since(*at) > OF_LATE);
                if well == 0 && was_idle && now.since(began) > MENDED_AFTER {
                    self.day.happens(AppEvent::DatabaseHeals);
                    self.day.happens(AppEvent::Deploy(DeploySpec::new("mended")));
                }
            }
        }
    }

    /// The outages that the world had: from the first reading that could not be good to the first that could.
    fn outages(&self) -> Vec<(Timestamp, Timestamp)> {
        let mut outages = Vec::new();
        let mut began = None;
        for (at, is_well) in &self.seen {
            match (began, is_well) {
                (None, false) => began = Some(*at),
                (Some(since), true) => {
                    outages.push((since, *at));
                    began = None;
                }
                (None, true) | (Some(_), false) => {}
            }
        }
        outages
    }

    /// Whether each effect that was sent while the page was down made it well, as the world saw it.
    fn helped(&self) -> BTreeMap<Timestamp, &'static str> {
        let effects = self.effects();
        let of = |(nth, at): (usize, &Timestamp)| {
            let before = self.seen.iter().rev().find(|(seen, _)| seen <= at)?;
            if before.1 {
                return None;
            }
            let well = self.seen.iter().find(|(seen, is_well)| *is_well && seen > at).map(|(seen, _)| *seen);
            let well = well.filter(|well| well.since(*at) <= SHOWS_WITHIN);
            let other = effects.get(nth + 1).copied();
            Some((
                *at,
                match well {
                    None => "no",
                    Some(well) if other.is_some_and(|other| other <= well) => "shared",
                    Some(_) => "yes",
                },
            ))
        };
        effects.iter().enumerate().filter_map(of).collect()
    }

    fn stories(&self) -> Vec<IncidentStory> {
        self.day.asks_reader(async |reader| {
            let mut stories = Vec::new();
            for incident in reader.incidents(&IncidentsPage::default()).await? {
                stories.extend(reader.incident_story(incident.number).await?);
            }
            stories.reverse();
            Ok(stories)
        })
    }
}

fn is_near(one: Timestamp, other: Timestamp) -> bool {
    one.since(other).max(other.since(one)) <= EVERY
}

/// In how many of how many cases both say the same, and where they do not.
fn judge(night: &Night) -> (usize, usize, Vec<String>) {
    let (stories, outages, truth) = (night.stories(), night.outages(), night.helped());
    let mut wrong = Vec::new();
    for (began, ended) in &outages {
        let is_it = |story: &IncidentStory| {
            is_near(story.incident.began_at, *began) && story.incident.ended_at.is_some_and(|at| is_near(at, *ended))
        };
        if !stories.iter().any(is_it) {
            wrong.push(format!("an outage from {began} to {ended} is no incident"));
        }
    }
    let mut cases = outages.len().max(stories.len());
    wrong.extend((outages.len()..stories.len()).map(|_| "an incident was no outage".to_owned()));
    for (at, expected) in truth {
        cases += 1;
        let runs = stories.iter().flat_map(|story| &story.runs);
        let mut told = runs.filter(|run| run.run.sent_at == Some(at)).map(|run| match run.helped {
            Some(Helped::Yes { .. }) => "yes",
            Some(Helped::No) => "no",
            Some(Helped::Shared) => "shared",
            Some(Helped::NotYet) | None => "not known",
        });
        let told = told.next_back().unwrap_or("in no incident");
        if told != expected {
            wrong.push(format!(
                "what was sent {} after the beginning helped: {expected}, and is told as: {told}",
                at.since(START).as_secs()
            ));
        }
    }
    (cases.saturating_sub(wrong.len()), cases, wrong)
}

#[test]
fn incidents_say_of_generated_nights_what_the_world_says() {
    let (mut agreed, mut cases, mut wrong) = (0, 0, Vec::new());
    for seed in 0..nights() {
        let mut chance = Chance(seed);
        let mut night = Night::begin(&mut chance);
        night.play(&mut chance);
        let (right, of, differences) = judge(&night);
        assert!(night.stories().iter().all(|story| story.incident.ended_at.is_some()), "seed {seed}: one is open");
        agreed += right;
        cases += of;
        wrong.extend(differences.into_iter().map(|difference| format!("seed {seed}: {difference}")));
    }
    assert!(cases > 100, "{cases} cases show little");
    assert!(agreed * 100 >= cases * AGREE_PERCENT, "{agreed} of {cases}:\n{}", wrong.join("\n"));
}
