//! The stand-in, from the outside: the world's rules, the API over it, the sockets around it, and the files it is made
//! from.

#[cfg(test)]
mod determinism;
#[cfg(test)]
mod drains;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod page;
#[cfg(test)]
mod releases;
#[cfg(test)]
mod socket;
#[cfg(test)]
mod support;
#[cfg(test)]
mod wire;
#[cfg(test)]
mod world;
#[cfg(test)]
mod world_file;
