//! The scenes of the day: what happens to the shop, when a scene has come to its end, and what a person does where
//! nobody else did. Pure: a world in, a changed world out.

use super::mark::Mark;
use super::shop::{
    APP, BLOG, BLOG_NEEDS, BLOG_RUSH, LARGEST, QUANTITY_MAX, QUANTITY_MIN, QUIET, RUSH, SMALLEST, bad_releases, blog,
    is_up, is_well, leak, shop,
};
use flyball_heroku_sim::{AppEvent, Event, Refusal, World};
use flyball_model::Timestamp;
use flyball_signals::{SLOT, Slot};
use serde::Serialize;
use std::time::Duration;

/// Looks of the five monitors at the page until each has seen it four times: as often as any of them needs to say why
/// nothing is done.
const FIRST_VISITS: u64 = 20;

/// A page that takes no longer is quick, for whoever tells his friends: well below what the file calls slow.
const QUICK_MS: u64 = 250;

/// A newsletter goes out so long before a slot begins: two seconds of it come to 18 requests a second with what else
/// comes in that slot, and two dynos carry 20. The world takes up to a second of it to begin.
const UNTIL: Duration = Duration::from_millis(2_100);
/// And at the latest so long before. A busy machine that misses all of it waits for the next.
const FROM: Duration = Duration::from_millis(1_300);

/// One scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scene {
    /// Nothing happens.
    Morning,
    /// More and more visitors.
    Surge,
    /// They leave.
    Ebb,
    /// A newsletter sends readers to the blog, all at once.
    Newsletter,
    /// One dyno leaks.
    Leak,
    /// Three releases in a hurry, all of them bad.
    Release,
    /// The database is in trouble.
    Database,
    /// The platform hiccups.
    Hiccup,
}

/// When a scene is, and how long it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    /// From when of the shop's day, in minutes since midnight.
    pub(super) from: u32,
    /// Until when.
    pub(super) until: u32,
    /// How long it usually takes.
    pub(super) usual: Duration,
    /// How long it may take: several times as long, so that a busy machine is no reason to fail. All of them together
    /// stay below three and a half minutes.
    pub(super) bound: Duration,
    /// How long its end must have lasted, so that the monitors see it too, and have their say.
    pub(super) lasting: Duration,
}

const fn time(from: u32, until: u32, usual_ms: u64, bound_ms: u64, lasting_ms: u64) -> Time {
    let (usual, bound) = (Duration::from_millis(usual_ms), Duration::from_millis(bound_ms));
    Time { from: from * 60, until: until * 60, usual, bound, lasting: Duration::from_millis(lasting_ms) }
}

impl Scene {
    /// The day.
    pub(super) const DAY: [Self; 8] = [
        Self::Morning,
        Self::Surge,
        Self::Ebb,
        Self::Newsletter,
        Self::Leak,
        Self::Release,
        Self::Database,
        Self::Hiccup,
    ];

    /// When it is, and how long it takes.
    pub(super) const fn time(self) -> Time {
        match self {
            Self::Morning => time(6, 8, 5_000, 8_000, 0),
            // What is at its limit says so a few readings after the last dyno came up.
            Self::Surge => time(8, 12, 20_000, 36_000, 4_000),
            Self::Ebb => time(12, 15, 16_000, 33_000, 4_500),
            // Up to a slot until the newsletter goes out, a slot that is counted, and what is waited for its last
            // lines.
            Self::Newsletter => time(15, 16, 22_000, 50_000, 3_000),
            Self::Leak => time(16, 17, 5_000, 14_000, 2_000),
            Self::Release => time(17, 19, 12_000, 24_000, 2_000),
            Self::Database => time(19, 20, 8_000, 18_000, 2_000),
            Self::Hiccup => time(20, 22, 6_000, 14_000, 2_000),
        }
    }

    /// What happens at its beginning; in words.
    pub(super) fn begin(self, world: &mut World) -> String {
        match self {
            Self::Morning => {
                let (quantity, size) = (shop(world).quantity("web"), shop(world).size("web"));
                format!("the shop opens: {quantity} web dynos on {size}, {QUIET} requests a second")
            }
            Self::Surge => {
                let load = more(world);
                format!("the shop is in the news, and visitors pour in: {load:.0} requests a second")
            }
            Self::Ebb => {
                happen(world, AppEvent::Load(QUIET));
                format!("the rush is over: {QUIET} requests a second")
            }
            Self::Newsletter => {
                let (quantity, load) = (blog(world).quantity("web"), blog(world).load(world.now()));
                format!("the blog has {quantity} web dynos, {load:.0} requests a second, and a newsletter to send")
            }
            Self::Leak => {
                happen(world, leak("web.1"));
                "web.1 leaks memory".to_owned()
            }
            Self::Release => {
                let good = shop(world).current_release().version;
                bad_releases(world);
                let [bad, fix, workaround] = [good + 1, good + 2, good + 3];
                format!("v{bad} is deployed, and broken; its fix v{fix} fails; config var v{workaround} does not help")
            }
            Self::Database => {
                happen(world, AppEvent::DatabaseError(500));
                "the database is in trouble".to_owned()
            }
            Self::Hiccup => {
                happen(world, AppEvent::Hiccup);
                "the platform hiccups, and every dyno of the shop hangs".to_owned()
            }
        }
    }

    /// What happens while it lasts; in words, if anything does.
    pub(super) fn go_on(self, world: &mut World) -> Option<String> {
        match self {
            Self::Surge if is_quick(world) => {
                let load = more(world);
                Some(format!("the page is quick, word spreads, and more come: {load:.0} requests a second"))
            }
            Self::Newsletter if !is_out(world) && is_just_before_a_slot(world.now()) => {
                told(world.apply(Event::app(BLOG, AppEvent::Load(BLOG_RUSH))));
                Some(format!("the newsletter is out, and all read it at once: {BLOG_RUSH:.0} requests a second"))
            }
            _ => None,
        }
    }

    /// Whether its visitors have come: from then on dynos and load are drawn.
    pub(super) fn is_drawn(self, world: &World) -> bool {
        self == Self::Surge || self == Self::Newsletter && is_out(world)
    }

    /// Whether it has come to its end, which began as `before`.
    pub(super) fn is_over(self, world: &World, before: &Mark) -> bool {
        let shop = shop(world);
        let (quantity, size) = (shop.quantity("web"), shop.size("web"));
        match self {
            Self::Morning => world.traffic().visits >= FIRST_VISITS,
            Self::Surge => quantity == QUANTITY_MAX && size == LARGEST && is_up(shop),
            Self::Ebb => quantity == QUANTITY_MIN && size == SMALLEST && is_up(shop),
            Self::Newsletter => is_out(world) && blog(world).quantity("web") == BLOG_NEEDS && is_up(blog(world)),
            Self::Leak => {
                let id = shop.dyno("web.1").map(|dyno| dyno.id);
                id != before.dynos.get("web.1").copied() && is_well(world)
            }
            Self::Release => *shop.current_content() == before.content && is_well(world),
            Self::Database => !shop.has_database_error() && is_well(world),
            Self::Hiccup => !shop.is_wedged() && is_well(world),
        }
    }

    /// What a person does whose scene did not come to its end, so that the next one begins as it should; in words.
    pub(super) fn by_hand(self, world: &mut World, before: &Mark) -> Option<String> {
        let words = match self {
            Self::Morning => return None,
            Self::Surge => {
                happen(world, AppEvent::Scale { process: "web".to_owned(), quantity: QUANTITY_MAX });
                happen(world, AppEvent::Resize { process: "web".to_owned(), size: LARGEST.to_owned() });
                format!("sets web to {QUANTITY_MAX} dynos on {LARGEST}")
            }
            Self::Ebb => {
                happen(world, AppEvent::Scale { process: "web".to_owned(), quantity: QUANTITY_MIN });
                happen(world, AppEvent::Resize { process: "web".to_owned(), size: SMALLEST.to_owned() });
                format!("sets web to {QUANTITY_MIN} dynos on {SMALLEST}")
            }
            Self::Newsletter => {
                let scale = AppEvent::Scale { process: "web".to_owned(), quantity: BLOG_NEEDS };
                told(world.apply(Event::app(BLOG, scale)));
                format!("sets web of the blog to {BLOG_NEEDS} dynos")
            }
            Self::Leak => {
                happen(world, AppEvent::Restart("web.1".to_owned()));
                "restarts web.1".to_owned()
            }
            Self::Release => {
                happen(world, AppEvent::Rollback(before.current));
                format!("rolls back to v{}", before.current)
            }
            Self::Database => {
                happen(world, AppEvent::DatabaseHeals);
                "cleans the database up".to_owned()
            }
            Self::Hiccup => {
                happen(world, AppEvent::RestartAll);
                "restarts every dyno".to_owned()
            }
        };
        Some(words)
    }
}

/// Whether the newsletter is out.
fn is_out(world: &World) -> bool {
    blog(world).load(world.now()) >= BLOG_RUSH
}

/// Whether a slot, over which a drain is counted, begins in one or two seconds. What comes in them is too little to
/// need another dyno, and the slot has the lines of all its requests, also of those that wait: so the first number that
/// is told of the newsletter is all of it.
fn is_just_before_a_slot(now: Timestamp) -> bool {
    let left = SLOT.saturating_sub(now.since(Slot::start_of(now)));
    (FROM..=UNTIL).contains(&left)
}

/// Whether the shop has caught up with its visitors.
fn is_quick(world: &World) -> bool {
    is_well(world) && world.page(APP).is_some_and(|page| page.latency_ms <= QUICK_MS)
}

/// More visitors come than the shop can serve; returns how many requests a second that is.
fn more(world: &mut World) -> f64 {
    let load = (shop(world).capacity(world.now()) * RUSH).round();
    happen(world, AppEvent::Load(load));
    load
}

fn happen(world: &mut World, what: AppEvent) {
    told(world.apply(Event::app(APP, what)));
}

/// The platform refuses nothing of what is in the play; if it did, the scene would not come to its end, and say so.
fn told(done: Result<(), Refusal>) {
    if let Err(refusal) = done {
        tracing::warn!(?refusal, "the stand-in refused what the demo wanted to happen");
    }
}
