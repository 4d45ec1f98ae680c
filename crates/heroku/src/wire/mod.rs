//! From Heroku's JSON to our nouns.
//!
//! Tolerant by construction: only the fields that a noun needs are looked at, and only those that it cannot be without
//! may fail it. What fails is named by its place, never by its value, because a body may hold secrets.

mod account;
mod app;
mod config;
mod drain;
mod dyno;
mod fields;
mod formation;
mod release;
mod size;

pub(crate) use account::{account, rate_limit};
pub(crate) use app::{app, apps};
pub(crate) use config::{Config, config, difference};
pub(crate) use drain::{add_drain, drains};
pub(crate) use dyno::{dyno, dynos, start_one_off};
pub(crate) use fields::{Items, Misread};
pub(crate) use formation::{formation, process_after, resize, scale};
pub(crate) use release::{release, releases, roll_back};
pub(crate) use size::dyno_sizes;
