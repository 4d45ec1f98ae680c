//! ETags: conditional reads are answered 304, and a write with a stale tag 412. Source: platform-api 1 (REF14, WIRE22).

use super::call::{Answer, Call};
use super::{Reply, Request, route};
use crate::world::{Refusal, World};

/// The tag of a body: 128 bits of it (FNV-1a over words, twice), in quotes.
pub(super) fn of(body: &[u8]) -> String {
    format!("\"{:016x}{:016x}\"", hash(body, 0xcbf2_9ce4_8422_2325), hash(body, 0x8422_2325_cbf2_9ce4))
}

fn hash(body: &[u8], start: u64) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let words = body.chunks_exact(8);
    let tail = words.remainder().iter().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
    let mut hash = start ^ body.len() as u64;
    for word in words {
        let word = u64::from_le_bytes(word.try_into().expect("chunks of eight are eight bytes"));
        hash = (hash ^ word).wrapping_mul(PRIME).rotate_left(29);
    }
    (hash ^ tail).wrapping_mul(PRIME).rotate_left(31).wrapping_mul(PRIME)
}

/// Whether a list of tags, as in `If-None-Match`, names this one.
fn names(list: &str, tag: &str) -> bool {
    list.split(',').map(|named| named.trim().trim_start_matches("W/")).any(|named| named == tag || named == "*")
}

/// The answer with its tag; 304 without a body when the caller has it already.
pub(super) fn conditional(request: &Request, answer: Answer) -> Reply {
    let tag = of(&answer.body);
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    let known = reads && request.get("If-None-Match").is_some_and(|list| names(list, &tag));
    let mut reply = if known { Reply::new(304, "") } else { Reply::new(answer.status, answer.body) };
    reply.headers = answer.headers;
    reply.headers.push(("ETag", tag));
    reply
}

/// `If-Match` on a change: 412 unless the resource still reads as the caller last saw it. Only where the path of the
/// change can be read; for releases nothing of the kind is documented to work. Source: platform-api 1, 6 (UNCONFIRMED).
pub(super) fn check_precondition(world: &mut World, call: &Call<'_>) -> Result<(), Refusal> {
    let Some(list) =
        call.request.get("If-Match").filter(|_| matches!(call.request.method.as_str(), "PATCH" | "DELETE"))
    else {
        return Ok(());
    };
    let read = Request { method: "GET".to_owned(), body: Vec::new(), ..call.request.clone() };
    let read = Call::read(&read, call.variant, call.account)?;
    match route::route(world, &read) {
        Ok(answer) if names(list, &of(&answer.body)) => Ok(()),
        Ok(_) | Err(_) => {
            // The id of a 412 is not known. // platform-api 2 [UNCONFIRMED]
            Err(Refusal::new(412, "precondition_failed", "The resource has changed since you last read it."))
        }
    }
}
