//! Marks: what the world was like at a moment. Taken from the stand-in, and from nothing that Flyball says.

use super::shop::{blog, is_well, shop};
use flyball_heroku_sim::{Content, World};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What the world was like at a moment.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// How many changing calls had been received.
    pub(super) calls: usize,
    /// How many web dynos there should be.
    pub(super) quantity: u32,
    /// How many the blog should have.
    pub(super) blog_quantity: u32,
    /// The size of the shop's.
    pub(super) size: &'static str,
    /// Every dyno of the formation, by name.
    pub(super) dynos: BTreeMap<String, Uuid>,
    /// The newest release, current or not.
    pub(super) newest: u64,
    /// The current release.
    pub(super) current: u64,
    /// What it consists of.
    pub(super) content: Content,
    /// Whether visitors got the page, from dynos that were all up.
    pub(super) well: bool,
    /// Whether the database was in trouble.
    pub(super) database_error: bool,
    /// Whether a dyno was wedged by a hiccup.
    pub(super) wedged: bool,
}

impl Mark {
    /// What the world is like now.
    pub(super) fn of(world: &World) -> Self {
        let shop = shop(world);
        Self {
            calls: world.effects().len(),
            quantity: shop.quantity("web"),
            blog_quantity: blog(world).quantity("web"),
            size: shop.size("web"),
            dynos: shop.formation_dynos().map(|dyno| (dyno.name.clone(), dyno.id)).collect(),
            newest: shop.releases().next_back().map_or(0, |release| release.version),
            current: shop.current_release().version,
            content: shop.current_content().clone(),
            well: is_well(world),
            database_error: shop.has_database_error(),
            wedged: shop.is_wedged(),
        }
    }
}

/// What the world was like when a scene began, and when it was over: before anybody lent a hand.
#[derive(Debug, Clone)]
pub(super) struct Marked {
    /// When it began, just before anything happened.
    pub(super) before: Mark,
    /// When it came to its end, or its time was up.
    pub(super) after: Mark,
}
