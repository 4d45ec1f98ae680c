//! What an observer sees: of servers that misbehave on purpose, of names that do not exist, of dynos that are down.

#![expect(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod certificate;
mod dns;
mod dynos;
mod faults;
mod hostile;
mod http;
mod json;
mod judge;
mod name_server;
mod names;
mod networks;
mod numbers;
mod proxy;
mod proxy_server;
mod settings;
mod stall;
mod support;
mod tcp;
mod tls;
