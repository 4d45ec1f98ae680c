//! Every fuzz target, for a few seconds: on its seeds as they are, on seeds with pieces changed, on pieces of seeds put
//! together at random, and on any bytes. The same cases each time; a case that fails is printed as small as it can be.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::Path;

/// The longest input that is drawn: as `-max_len` of `fuzz/README.md`.
const BYTES_MAX: usize = 4_096;
/// Bytes that mean something to one parser or another.
const TELLING: &[u8] = b"\0\x01\x7f\x80\xff\n\r\t \"'\\{}[]()=,:;.#-+*?|^$0aZ<>/\xc3\xe2";

/// The seeds of a target, by name.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Bytes that are printed as a person would write them.
#[derive(Clone, PartialEq)]
struct Shown(Vec<u8>);

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// One change to what is there.
#[derive(Debug, Clone)]
enum Edit {
    Put(Vec<u8>),
    Replace(u8),
    Flip(u8),
    Cut(usize),
    Double(usize),
}

fn edit() -> impl Strategy<Value = (prop::sample::Index, Edit)> {
    let telling = || prop::sample::select(TELLING);
    let edits = prop_oneof![
        vec(telling(), 1..4).prop_map(Edit::Put),
        telling().prop_map(Edit::Replace),
        (0..8_u8).prop_map(|bit| Edit::Flip(1 << bit)),
        (1..60_usize).prop_map(Edit::Cut),
        (1..300_usize).prop_map(Edit::Double),
    ];
    (any::<prop::sample::Index>(), edits)
}

fn edited(mut data: Vec<u8>, edits: Vec<(prop::sample::Index, Edit)>) -> Vec<u8> {
    for (index, edit) in edits {
        if data.is_empty() {
            data.push(0);
        }
        let at = index.index(data.len());
        match edit {
            Edit::Put(bytes) => drop(data.splice(at..at, bytes)),
            Edit::Replace(byte) => data[at] = byte,
            Edit::Flip(bit) => data[at] ^= bit,
            Edit::Cut(length) => drop(data.drain(at..(at + length).min(data.len()))),
            Edit::Double(length) => {
                let piece = data[at..(at + length).min(data.len())].to_vec();
                drop(data.splice(at..at, piece));
            }
        }
    }
    data.truncate(BYTES_MAX);
    data
}

/// What is drawn for a target that has these seeds.
fn inputs(seeds: &[Vec<u8>]) -> impl Strategy<Value = Shown> + use<> {
    let seed = prop::sample::select(seeds.to_vec());
    let pieces: Vec<Vec<u8>> = seeds.iter().flat_map(|seed| seed.chunks(24).map(<[u8]>::to_vec)).collect();
    let garbage = vec(prop_oneof![prop::sample::select(pieces), vec(prop::sample::select(TELLING), 1..6)], 0..40);
    let any_of_them = prop_oneof![
        6 => (seed, vec(edit(), 1..8)).prop_map(|(seed, edits)| edited(seed, edits)),
        3 => garbage.prop_map(|pieces| edited(pieces.concat(), Vec::new())),
        1 => vec(any::<u8>(), 0..600),
    ];
    any_of_them.prop_map(Shown)
}

fn run(target: &str, cases: u32, judge: fn(&[u8])) {
    let seeds = seeds(target);
    for seed in &seeds {
        judge(seed);
    }
    // Each step of making a failure smaller prints it.
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let ran = runner.run(&inputs(&seeds), |data| {
        judge(&data.0);
        Ok(())
    });
    if let Err(error) = ran {
        panic!("{target}: {error}");
    }
}

#[test]
fn config() {
    run("config", 1_500, flyball_fuzzing::config);
}

#[test]
fn platform() {
    run("platform", 1_000, flyball_fuzzing::platform);
}

#[test]
fn headers() {
    run("headers", 1_500, flyball_fuzzing::headers);
}

#[test]
fn page() {
    run("page", 1_500, flyball_fuzzing::page);
}

#[test]
fn pattern() {
    run("pattern", 500, flyball_fuzzing::pattern);
}

#[test]
fn netrc() {
    run("netrc", 5_000, flyball_fuzzing::netrc);
}

#[test]
fn hook() {
    run("hook", 3_000, flyball_fuzzing::hook);
}

#[test]
fn frame() {
    run("frame", 3_000, flyball_fuzzing::frame);
}

#[test]
fn report() {
    run("report", 3_000, flyball_fuzzing::report);
}
