//! What three public clients of the Platform API were recorded to send, replayed without a network and without the
//! clients: each request is answered as it was then, and after each step the world is what `steps.toml` says.
//!
//! `clients/run --record`, from the root of the repository, runs the clients and writes the recordings anew.

#[cfg(test)]
#[path = "clients/recording.rs"]
mod recording;
#[cfg(test)]
#[path = "clients/replay.rs"]
mod replay;
#[cfg(test)]
#[path = "clients/steps.rs"]
mod steps;
