//! Ports that answer, and ports that do not.

use crate::support::{BEGUN_AT, assert_failing, assert_passing, monitor, observer};
use flyball_model::{Cause, Evidence};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_port_that_listens_passes_and_its_address_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reading = observer().observe(&monitor("tcp", &format!(r#"{{ address = "{address}" }}"#)), BEGUN_AT).await;
    assert_passing(&reading);
    let Evidence::Tcp { address: seen, phases } = reading.evidence else { panic!() };
    assert_eq!(seen, Some(address.to_string()));
    assert!(phases.connect_ms.is_some() && phases.first_byte_ms.is_none());
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for (word, settings) in
        [("tcp", format!(r#"{{ address = "{address}" }}"#)), ("http", format!(r#"{{ url = "http://{address}/" }}"#))]
    {
        let reading = observer().observe(&monitor(word, &settings), BEGUN_AT).await;
        assert_failing(&reading, Cause::Refused, &format!("connection refused by {address}"));
    }
}

#[tokio::test]
async fn localhost_is_reached_whichever_family_listens() {
    for family in ["127.0.0.1:0", "[::1]:0"] {
        // A machine without IPv6 has nothing to show for the second.
        let Ok(listener) = TcpListener::bind(family).await else { continue };
        let port = listener.local_addr().unwrap().port();
        let settings = format!(r#"{{ address = "localhost:{port}" }}"#);
        assert_passing(&observer().observe(&monitor("tcp", &settings), BEGUN_AT).await);
    }
}

/// A port whose connection attempts are never answered, as long as this lives.
#[cfg(target_os = "linux")]
pub(crate) struct DeafPort {
    pub(crate) address: std::net::SocketAddr,
    _listener: TcpListener,
    _held: Vec<tokio::net::TcpStream>,
}

/// A port with a full backlog: Linux drops further attempts, as a firewall would.
#[cfg(target_os = "linux")]
pub(crate) async fn deaf_port() -> DeafPort {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut held = Vec::new();
    let within = std::time::Duration::from_millis(500);
    while let Ok(Ok(stream)) = tokio::time::timeout(within, tokio::net::TcpStream::connect(address)).await {
        held.push(stream);
        assert!(held.len() < 10, "the backlog never fills");
    }
    DeafPort { address, _listener: listener, _held: held }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_port_that_does_not_answer_is_a_time_out() {
    let port = deaf_port().await;
    let address = port.address;
    let settings = format!(r#"{{ address = "{address}", timeout = "100ms" }}"#);
    let reading = observer().observe(&monitor("tcp", &settings), BEGUN_AT).await;
    assert_failing(&reading, Cause::TimeOut, &format!("no connection to {address} within 100ms"));
}

#[tokio::test]
async fn a_group_of_hosts_is_not_connected_to() {
    for address in ["224.0.0.1:80", "255.255.255.255:80", "[ff02::1]:80"] {
        let reading = observer().observe(&monitor("tcp", &format!(r#"{{ address = "{address}" }}"#)), BEGUN_AT).await;
        assert_failing(&reading, Cause::Unreachable, "no single host");
    }
}
