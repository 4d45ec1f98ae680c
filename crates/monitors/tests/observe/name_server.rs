//! A name server on loopback that answers every name as it is told.

use std::net::{IpAddr, SocketAddr};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// What it answers.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Addresses: to the first question the first list, and so on; the last one from then on.
    InTurn(Vec<Vec<IpAddr>>),
    /// No records, with this response code.
    Code(u8),
    /// Nothing at all.
    Silence,
}

impl Reply {
    /// These addresses, always.
    pub(crate) fn of<const N: usize>(addresses: [IpAddr; N]) -> Self {
        Self::InTurn(vec![addresses.to_vec()])
    }

    /// The code and the addresses for the question of this number.
    fn to(&self, nth: usize) -> Option<(u8, &[IpAddr])> {
        match self {
            Self::InTurn(lists) => Some((0, &lists[nth.min(lists.len() - 1)])),
            Self::Code(code) => Some((*code, &[])),
            Self::Silence => None,
        }
    }
}

/// The server; stops when it is dropped.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    _task: JoinSet<()>,
}

impl NameServer {
    /// Answers questions for IPv4 addresses with the one, and those for IPv6 addresses with the other.
    pub(crate) async fn start(of_ipv4: Reply, of_ipv6: Reply) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut replies = [(of_ipv4, 0), (of_ipv6, 0)];
            let mut question = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                if let Some(reply) = reply(&question[..length], &mut replies) {
                    let _ = socket.send_to(&reply, from).await;
                }
            }
        });
        Self { address, _task: task }
    }
}

/// RFC 1035: the header, the question as it came, and the records, which may not be kept for the next question.
fn reply(question: &[u8], replies: &mut [(Reply, usize); 2]) -> Option<Vec<u8>> {
    let name_end = 12 + question[12..].iter().position(|byte| *byte == 0)? + 1;
    let is_a = question[name_end..name_end + 2] == [0, 1];
    let (reply, asked) = &mut replies[usize::from(!is_a)];
    let (code, addresses) = reply.to(*asked)?;
    *asked += 1;
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, 0x80 | code, 0, 1, 0, u8::try_from(addresses.len()).unwrap(), 0, 0, 0, 0]);
    answer.extend(&question[12..name_end + 4]);
    for address in addresses {
        let (kind, octets) = match address {
            IpAddr::V4(address) => (1, address.octets().to_vec()),
            IpAddr::V6(address) => (28, address.octets().to_vec()),
        };
        answer.extend([0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 0, 0, u8::try_from(octets.len()).unwrap()]);
        answer.extend(octets);
    }
    Some(answer)
}
