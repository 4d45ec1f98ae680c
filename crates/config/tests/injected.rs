//! Mistakes injected at random: exactly as many are told as were made, each at its place.

use flyball_config::{Colour, read};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What a mistake is made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Block {
    Top,
    Network,
    Heroku,
    Account,
    Monitor,
    Reaction,
}
use Block::{Account, Heroku, Monitor, Network, Reaction, Top};

/// How many monitors, reactions and accounts the valid file has.
const BLOCKS: usize = 32;

/// The lines of a block in the valid file; `#` stands for its number.
fn valid(block: Block, number: usize) -> Vec<String> {
    let kind = [
        "scale_out = { app = \"shop\", max_quantity = 5 }",
        "scale_in = { app = \"shop\", min_quantity = 1 }",
        "scale_up = { app = \"shop\", max_size = \"standard-2x\" }",
        "scale_down = { app = \"shop\", min_size = \"standard-1x\" }",
        "restart_dyno = { app = \"shop\", dyno = \"web.1\" }",
        "restart_all_dynos = { app = \"shop\" }",
        "rollback_release = { app = \"shop\", max_steps = 2 }",
        "create_one_off_dyno = { app = \"shop\", command = \"bin/clean up\" }",
    ];
    let lines: &[&str] = match block {
        Top => &["", "mode = \"act\"", ""],
        Network => &["[network]", "deny_networks = [\"private\"]", "references = []", ""],
        Heroku => &["[heroku]", "token = { env = \"KEY\" }", ""],
        Account => &["[heroku.accounts.team-#]", "token = { env = \"KEY_#\" }", ""],
        Monitor => &[
            "[[monitor]]",
            "name = \"page #\"",
            "every = \"30s\"",
            "enabled = true",
            "http = { url = \"https://shop-#.example.com/\" }",
            "reactions = [\"mend #\"]",
            "",
        ],
        Reaction => &[
            "[[reaction]]",
            "name = \"mend #\"",
            "call_on = \"failing\"",
            "causes = [\"status\"]",
            "trigger = 2",
            "cooldown = \"10m\"",
            "settle = \"5m\"",
            "mode = \"act\"",
            kind[number % kind.len()],
            "",
        ],
    };
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// The kinds of mistake: in what, and which lines are written instead. `»` marks where it is told.
#[rustfmt::skip]
const MISTAKES: &[(Block, &[(usize, &str)])] = &[
    (Top, &[(1, "mode = »\"try\"")]),
    (Top, &[(1, "»mood = \"act\"")]),
    (Top, &[(1, "mode = »act")]),
    (Network, &[(1, "deny_networks = [\"10.0.0.0/8\", »\"10.0.0.1/8\"]")]),
    (Network, &[(1, "allow_networks = [\"loopback\", \"private\", »\"loopback\"]")]),
    (Network, &[(1, "»deny_network = [\"private\"]")]),
    (Network, &[(2, "references = »[\"dns.google:443\"]")]),
    (Heroku, &[(1, "token = »\"geheim\"")]),
    (Heroku, &[(1, "»host = \"staging\"")]),
    (Heroku, &[(1, "»tokne = { env = \"KEY\" }")]),
    (Account, &[(0, "»[heroku.accounts.team-#]"), (1, "")]),
    (Account, &[(1, "token = { env = »\"MY-KEY\" }")]),
    (Account, &[(1, "token = { env = \"KEY\" }\n»colour = 1")]),
    (Monitor, &[(0, "[[monitor]»")]),
    (Monitor, &[(0, "»[[monitor]]"), (1, "")]),
    (Monitor, &[(1, "name = »12")]),
    (Monitor, &[(1, "name = »\"page 0\"")]),
    (Monitor, &[(1, "name = »\" page #\"")]),
    (Monitor, &[(1, "name = \"page #»")]),
    (Monitor, &[(1, "»naem = \"page #\"")]),
    (Monitor, &[(1, "name = \"page #\"\n»name = \"page\"")]),
    (Monitor, &[(2, "every = »30")]),
    (Monitor, &[(2, "every = »30s")]),
    (Monitor, &[(2, "every =»")]),
    (Monitor, &[(2, "every »\"30s\"")]),
    (Monitor, &[(2, "every»: \"30s\"")]),
    (Monitor, &[(2, "every = »\"100ms\"")]),
    (Monitor, &[(2, "every = »\"often\"")]),
    (Monitor, &[(2, "»evry = \"30s\"")]),
    (Monitor, &[(2, "»trigger = 2")]),
    (Monitor, &[(3, "enabled = »\"true\"")]),
    (Monitor, &[(3, "enabled = »yes")]),
    (Monitor, &[(0, "»[[monitor]]"), (4, "")]),
    (Monitor, &[(4, "http = »{ }")]),
    (Monitor, &[(4, "http = »\"https://shop.example.com/\"")]),
    (Monitor, &[(4, "»htpp = { url = \"https://shop.example.com/\" }")]),
    (Monitor, &[(4, "»scale_out = { app = \"shop\", max_quantity = 5 }")]),
    (Monitor, &[(4, "tcp = { address = \"a.example.com:1\" }\n»http = { url = \"https://shop.example.com/\" }")]),
    (Monitor, &[(4, "http = { url = \"https://shop.example.com/\", »timeot = \"1s\" }")]),
    (Monitor, &[(4, "http = { url = \"https://shop.example.com/\", timeout = »1 }")]),
    (Monitor, &[(4, "heroku_dynos = { app = \"shop\", account = »\"taem-0\" }"), (5, "")]),
    (Monitor, &[(5, "reactions = »\"mend #\"")]),
    (Monitor, &[(5, "reactions = [\"mend #\", »\"mnd #\"]")]),
    (Monitor, &[(5, "reactions = [\"mend #\", »\"mend #\"]")]),
    (Monitor, &[(5, "reactions = [\n  \"mend #\",\n  »7,\n]")]),
    (Monitor, &[(5, "reactions = [\"mend #\"»")]),
    (Reaction, &[(0, "[[reaction]»")]),
    (Reaction, &[(0, "»[[reaction]]"), (1, "")]),
    (Reaction, &[(1, "name = »true")]),
    (Reaction, &[(1, "name = »mend #")]),
    (Reaction, &[(2, "call_on = »\"failure\"")]),
    (Reaction, &[(2, "call_on = »[\"failing\"]")]),
    (Reaction, &[(3, "causes = [\"status\", »\"timeout\"]")]),
    (Reaction, &[(2, "call_on = \"passing\""), (3, "causes = »[\"status\"]")]),
    (Reaction, &[(4, "trigger = »-1")]),
    (Reaction, &[(4, "trigger = »2.5")]),
    (Reaction, &[(5, "cooldown = \"10m\"\nfrequency = »\"5m\"")]),
    (Reaction, &[(5, "cooldown = »1979-05-27")]),
    (Reaction, &[(6, "settle = »\"3d\"")]),
    (Reaction, &[(7, "mode = »\"dry\"")]),
    (Reaction, &[(7, "»every = \"30s\"")]),
    (Reaction, &[(8, "scale_out = »{ app = \"shop\" }")]),
    (Reaction, &[(8, "scale_out = { app = »\"Shop\", max_quantity = 5 }")]),
    (Reaction, &[(8, "rollback_release = »{ app = \"shop\" }")]),
    (Reaction, &[(8, "scale_in = { app = \"shop\", »min_quantty = 1 }")]),
    (Reaction, &[(8, "restart_all_dynos = { app = \"shop\", account = »\"nobody\" }")]),
    (Reaction, &[(8, "restart_all_dynos = { app = \"shop\" }\n»restart_dyno = { app = \"shop\", dyno = \"web.1\" }")]),
    (Reaction, &[(8, "»tcp = { address = \"a.example.com:1\" }")]),
    (Reaction, &[(9, "\n[[reaction]]\nname = »\"mend 0\"\nrestart_all_dynos = { app = \"shop\" }\n")]),
];

/// The valid file with these mistakes in it, and the lines and columns at which they are to be told.
fn file(injected: &BTreeMap<(Block, usize), usize>) -> (String, BTreeSet<(usize, usize)>) {
    let blocks = [Top, Network, Heroku].into_iter().map(|block| (block, 0));
    let many =
        [Account, Monitor, Reaction].into_iter().flat_map(|block| (0..BLOCKS).map(move |number| (block, number)));
    let mut text = String::new();
    for (block, number) in blocks.chain(many) {
        let mut lines = valid(block, number);
        if let Some(mistake) = injected.get(&(block, number)) {
            for (line, instead) in MISTAKES[*mistake].1 {
                lines[*line] = (*instead).to_owned();
            }
        }
        for line in lines {
            writeln!(text, "{}", line.replace('#', &number.to_string())).expect("a String takes every text");
        }
    }
    let mut places = BTreeSet::new();
    for (line, written) in text.lines().enumerate() {
        if let Some(at) = written.find('»') {
            places.insert((line + 1, written[..at].chars().count() + 1));
        }
    }
    (text.replace('»', ""), places)
}

/// Whether two mistakes hide each other: a reaction is called by a wrong name, and has lost its own.
fn hide_each_other(injected: &BTreeMap<(Block, usize), usize>, number: usize) -> bool {
    injected.contains_key(&(Monitor, number)) && injected.contains_key(&(Reaction, number))
}

fn check(injected: &BTreeMap<(Block, usize), usize>) {
    let (text, places) = file(injected);
    assert_eq!(places.len(), injected.len(), "each mistake has one mark");
    match read("flyball.toml", &text) {
        Ok(_) => assert!(injected.is_empty(), "nothing was told of {injected:?}"),
        Err(mistakes) => {
            let told: Vec<_> = mistakes.iter().map(|mistake| (mistake.place.line, mistake.place.column)).collect();
            let expected: Vec<_> = places.into_iter().collect();
            assert_eq!(told, expected, "{injected:?}\n{}", mistakes.render(Colour::Plain));
        }
    }
}

#[test]
fn there_are_more_than_thirty_kinds_of_mistake_and_each_is_told_alone() {
    assert!(MISTAKES.len() > 30);
    check(&BTreeMap::new());
    for (mistake, (block, _)) in MISTAKES.iter().enumerate() {
        let number = if matches!(block, Top | Network | Heroku) { 0 } else { 1 + mistake % (BLOCKS - 1) };
        check(&BTreeMap::from([((*block, number), mistake)]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_k_mistakes_exactly_k_are_told_each_at_its_place(
        picked in proptest::collection::vec((0..MISTAKES.len(), 1..BLOCKS), 0..=40),
    ) {
        let mut injected = BTreeMap::new();
        for (mistake, number) in picked {
            let block = MISTAKES[mistake].0;
            let number = if matches!(block, Top | Network | Heroku) { 0 } else { number };
            injected.entry((block, number)).or_insert(mistake);
        }
        for number in 1..BLOCKS {
            if hide_each_other(&injected, number) {
                injected.remove(&(Monitor, number));
            }
        }
        check(&injected);
    }
}
