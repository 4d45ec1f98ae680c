//! The real binary, from the outside: its words, its exit codes, and what it does to a stand-in for Heroku.
//!
//! Commands that ask of a running engine are held to say the same beside it and through its server. Tests that are listed in `both_ways!`
//! are played both ways in every run; with `FLYBALL_IT_SERVER=1` all engines serve, and every such command asks the server. Beside the
//! engine alone stay those who say so (`Way::Beside`), since what they try is about this machine: its processes, its files, or who has no
//! token yet; and what is read where no engine runs.

#[cfg(test)]
mod adapters;
#[cfg(test)]
mod beginning;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod copying;
#[cfg(test)]
mod database;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod drains;
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
mod hooks;
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
#[cfg(test)]
mod remote;
#[cfg(test)]
mod replaying;
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
#[cfg(test)]
mod telling;
