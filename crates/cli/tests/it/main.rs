//! The real binary, from the outside: its words, its exit codes, and what it does to a stand-in for Heroku.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod copying;
#[cfg(test)]
mod database;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod explaining;
#[cfg(test)]
mod extremes;
#[cfg(test)]
mod file;
#[cfg(test)]
mod footing;
#[cfg(test)]
mod home;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod made;
#[cfg(test)]
mod measuring;
#[cfg(test)]
mod one_file;
#[cfg(test)]
mod pausing;
#[cfg(test)]
mod placed;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod reacting;
#[cfg(test)]
mod refused;
mod remote;
#[cfg(test)]
mod report;
#[cfg(test)]
mod reporting;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod rough;
#[cfg(test)]
mod running;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod server;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod starving;
#[cfg(test)]
mod streaming;
#[cfg(test)]
mod support;
