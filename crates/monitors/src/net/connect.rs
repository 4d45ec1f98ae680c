//! Connecting to whichever of a host's addresses answers first: Happy Eyeballs (RFC 8305), with one attempt after the
//! other begun as soon as the one before has failed, or has had its head start.

use super::permit::Permitted;
use super::{Failure, of_io};
use flyball_model::{Blind, Finding};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;

/// RFC 8305, section 8: the recommended delay between attempts.
const HEAD_START: Duration = Duration::from_millis(250);

/// More addresses than this are not tried: at a head start each, they take two and a half seconds.
const ADDRESSES_MAX: usize = 10;

/// Connects to one of the addresses. `trying` is told each that is tried, and last the one that answered.
pub(super) async fn connect(
    to: Permitted,
    port: u16,
    mut trying: impl FnMut(SocketAddr),
) -> Result<TcpStream, Failure> {
    let mut waiting = in_turns(to.into_addresses()).into_iter().take(ADDRESSES_MAX);
    let mut attempts = FuturesUnordered::new();
    let mut failures = Vec::new();
    loop {
        let next = waiting.next().map(|address| SocketAddr::new(address, port));
        match next {
            Some(address) => {
                trying(address);
                attempts.push(async move { (address, TcpStream::connect(address).await) });
            }
            None if attempts.is_empty() => return Err(gravest(failures)),
            None => {}
        }
        let is_last = waiting.len() == 0;
        let ended = tokio::select! {
            biased;
            Some(ended) = attempts.next() => ended,
            () = tokio::time::sleep(HEAD_START), if !is_last => continue,
        };
        match ended {
            (address, Ok(stream)) => {
                trying(address);
                // A request is one packet, and nothing follows that it could wait for.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            (address, Err(error)) => failures.push(of_io(&error, &format!("by {address}"))),
        }
    }
}

/// One address of each family after the other, IPv6 first, otherwise in the resolver's order.
fn in_turns(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let (six, four): (Vec<IpAddr>, Vec<IpAddr>) = addresses.into_iter().partition(IpAddr::is_ipv6);
    let mut turns = Vec::with_capacity(six.len() + four.len());
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    loop {
        let pair = [six.next(), four.next()];
        if pair == [None, None] {
            return turns;
        }
        turns.extend(pair.into_iter().flatten());
    }
}

/// The failure that says most: one of the other side (the last, which is of IPv4 where there is any), else a shortage
/// here, else that there is no network.
fn gravest(failures: Vec<Failure>) -> Failure {
    let rank = |failure: &Failure| match failure.finding {
        Finding::Failing(_) | Finding::Passing => 2,
        Finding::Unknown(Blind::Network) => 0,
        Finding::Unknown(_) => 1,
    };
    let none = || Failure::unknown(Blind::Network, "no address was tried");
    failures.into_iter().max_by_key(rank).unwrap_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Cause;

    #[test]
    fn families_take_turns_and_ipv6_begins() {
        let addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3", "::1", "::2"].map(|text| text.parse().unwrap()).to_vec();
        let shown: Vec<String> = in_turns(addresses).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["::1", "10.0.0.1", "::2", "10.0.0.2", "10.0.0.3"]);
    }

    #[test]
    fn no_network_is_told_only_when_no_family_had_any() {
        let network = || Failure::unknown(Blind::Network, "n");
        let refused = || Failure::failing(Cause::Refused, "r");
        assert_eq!(gravest(vec![network(), network()]), network());
        assert_eq!(gravest(vec![refused(), network()]), refused());
        assert_eq!(gravest(vec![network(), refused()]), refused());
    }
}
