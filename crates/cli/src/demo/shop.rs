//! The shop: one small app in the stand-in's world, whose boots, leaks and clean-ups are as fast as its day; and its
//! blog.

use flyball_heroku_sim::{
    App, AppEvent, AppSpec, Behaviour, CommandSpec, Cures, Cycling, DeploySpec, DynoState, Serving, World, WorldFile,
};
use flyball_model::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// The app.
pub(super) const APP: &str = "shop";
/// The only token that the stand-in takes from Flyball.
pub(super) const TOKEN: &str = "demo-token-of-the-stand-in";
/// How many web dynos there are at the least, and in the morning.
pub(super) const QUANTITY_MIN: u32 = 2;
/// How many there may be.
pub(super) const QUANTITY_MAX: u32 = 4;
/// The sizes of the web dynos, rung by rung.
pub(super) const SIZES: [&str; 3] = ["Standard-1X", "Standard-2X", "Performance-M"];
/// The size in the morning.
pub(super) const SMALLEST: &str = SIZES[0];
/// The largest that they may have.
pub(super) const LARGEST: &str = SIZES[2];
/// The oldest release that may run: the first with code.
pub(super) const OLDEST_RELEASE: u64 = 3;
/// What cures a database error.
pub(super) const CLEAN_UP: &str = "bin/shop db:cleanup";

/// Requests a second on a quiet day: one small dyno alone could serve them, so that the restart of another goes
/// unnoticed.
pub(super) const QUIET: f64 = 8.0;
/// How much more comes in a surge than the shop can serve: its page is slow then, and not yet lost to the router.
pub(super) const RUSH: f64 = 1.4;

/// The app of the shop's blog, whose log drain tells its load.
pub(super) const BLOG: &str = "blog";
/// How many web dynos the blog has at the least, and in the morning.
pub(super) const BLOG_MIN: u32 = 2;
/// How many it may have: more than it ever needs, so that it is the load that says when to stop.
pub(super) const BLOG_MAX: u32 = 8;
/// Requests a second that one dyno of the blog carries with room to spare: a third of what its threads could do.
pub(super) const BLOG_PER_DYNO: u32 = 10;
/// Its requests a second on a quiet day.
pub(super) const BLOG_QUIET: f64 = 8.0;
/// And when the newsletter is out. Between two whole numbers of dynos, nearer to the larger: that a tenth of a slot's
/// lines come late on a busy machine changes nothing, nor that a few of its neighbour's are among them.
pub(super) const BLOG_RUSH: f64 = 56.0;
/// Web dynos that the blog then needs: 56 / 10, rounded up.
pub(super) const BLOG_NEEDS: u32 = 6;

/// So fast leaks the leaking dyno: out of its 512 MiB within half a second.
const LEAK_MIB_PER_MINUTE: f64 = 60_000.0;
/// Ids in the world come from here; any number will do.
const SEED: u64 = 7;

/// One dyno of the web begins to leak.
pub(super) fn leak(dyno: &str) -> AppEvent {
    AppEvent::Leak { dyno: Some(dyno.to_owned()), mib_per_minute: LEAK_MIB_PER_MINUTE }
}

/// The world in the morning: v3 to v5 are good, and v5 runs.
pub(super) fn world(start: Timestamp) -> World {
    let shop = AppSpec::new(APP)
        .process("web", QUANTITY_MIN, SMALLEST)
        .process("worker", 1, SMALLEST)
        .deploy_with(deploy("spring"))
        .config("CURRENCY", "EUR")
        .deploy_with(deploy("summer"))
        .load(Duration::ZERO, QUIET)
        .mechanics(|mechanics| {
            mechanics.boot = Duration::from_millis(800);
            mechanics.one_off_boot = Duration::from_millis(700);
            mechanics.commands = vec![CommandSpec {
                contains: "db:cleanup".to_owned(),
                runs: Duration::from_millis(2800),
                exit: 0,
                cures: Cures::DatabaseError,
            }];
            // Quick is 40 ms; in the rush it is 40 * (1 + 40 * 0.4) = 680 ms: both far from the 500 ms of the file.
            mechanics.latency = Duration::from_millis(40);
            mechanics.slowdown = 40.0;
            mechanics.router_timeout = Duration::from_secs(2);
            mechanics.cycling = Cycling::Never;
        });
    let blog = AppSpec::new(BLOG)
        .process("web", BLOG_MIN, SMALLEST)
        .deploy_with(DeploySpec::new("essays").process_types(&[("web", "bin/blog serve")]))
        .load(Duration::ZERO, BLOG_QUIET)
        .mechanics(|mechanics| {
            mechanics.boot = Duration::from_millis(800);
            // 33 requests a second at the most: with the newsletter two dynos are nearly full, and lose none of it, so
            // that every slot has as many lines as requests came.
            mechanics.serving = Some(Serving { threads: 4, service: Duration::from_millis(120), broken_off: 0.0 });
            // A line comes when its request has ended: within the second.
            mechanics.router_timeout = Duration::from_millis(800);
            mechanics.cycling = Cycling::Never;
        });
    World::new(&WorldFile::with_apps([shop, blog]).token(TOKEN), start, SEED)
}

/// A deploy of the shop's code under this name.
fn deploy(slug: &str) -> DeploySpec {
    DeploySpec::new(slug).process_types(&[("web", "bin/shop serve"), ("worker", "bin/shop work")])
}

/// What goes wrong in the afternoon, in a hurry: a bad deploy, a fix that never gets out, and a config var that does
/// not help. Three releases; the middle one has failed.
pub(super) fn bad_releases(world: &mut World) {
    let text = world.app(APP).map(|app| app.mechanics().texts.bad_release.clone()).unwrap_or_default();
    let bad = deploy("redesign").behaviour(Behaviour::ErrorPage { status: 500, text });
    let workaround = BTreeMap::from([("CHECKOUT".to_owned(), Some("simple".to_owned()))]);
    let made = [
        world.deploy(APP, &bad),
        world.deploy(APP, &deploy("redesign-fix").fails()),
        world.set_config(APP, &workaround),
    ];
    debug_assert!(made.iter().all(Result::is_ok), "the platform refuses none of the three: {made:?}");
}

/// The shop.
pub(super) fn shop(world: &World) -> &App {
    world.app(APP).expect("the world was made with the shop in it")
}

/// Its blog.
pub(super) fn blog(world: &World) -> &App {
    world.app(BLOG).expect("the world was made with the blog in it")
}

/// Whether every dyno of the formation is up.
pub(super) fn is_up(app: &App) -> bool {
    app.formation_dynos().all(|dyno| dyno.state == DynoState::Up)
}

/// Whether a visitor gets the shop's page, and every dyno is up.
pub(super) fn is_well(world: &World) -> bool {
    world.page(APP).is_some_and(|page| page.status == 200) && is_up(shop(world))
}
