use super::*;
use flyball_model::{SlugId, testing};

/// A history written in one line, oldest first, one release a word:
/// `slug` alone is a deploy, `slug<N` a rollback to vN, `+c` after a slug a config change; a leading `!` failed,
/// `?` pending, `x` expired; `-` has no slug, `@` none either but may be rolled back to, as a container's; `*` marks the current one, which is otherwise the last that succeeded.
fn history(words: &str) -> ReleaseHistory {
    let mut releases: Vec<Release> = Vec::new();
    for (index, word) in words.split_whitespace().enumerate() {
        let version = index as u64 + 1;
        let (word, starred) = word.strip_suffix('*').map_or((word, false), |word| (word, true));
        let (status, word) = match word.as_bytes()[0] {
            b'!' => (ReleaseStatus::Failed, &word[1..]),
            b'?' => (ReleaseStatus::Pending, &word[1..]),
            b'x' => (ReleaseStatus::Expired, &word[1..]),
            _ => (ReleaseStatus::Succeeded, word),
        };
        let (slug, description) = match word.split_once('<') {
            Some((slug, to)) => (slug, format!("Rollback to v{to}")),
            None => match word.strip_suffix("+c") {
                Some(slug) => (slug, "Set FOO config vars".to_owned()),
                None => (word, format!("Deploy {word}")),
            },
        };
        let content = if slug == "-" || slug == "@" { Content::None } else { Content::Slug(SlugId::new(slug)) };
        let eligible = status == ReleaseStatus::Succeeded && slug != "-";
        releases.push(Release {
            status,
            current: starred,
            eligible_for_rollback: Some(eligible),
            content,
            description,
            ..testing::release(version, at(version))
        });
    }
    if !releases.iter().any(|release| release.current)
        && let Some(last) = releases.iter_mut().rfind(|release| release.status == ReleaseStatus::Succeeded)
    {
        last.current = true;
    }
    releases.reverse();
    ReleaseHistory { newest_first: releases, reaches_the_first: true }
}

/// Release vN was made at minute N.
fn at(version: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(version).unwrap() * 60_000)
}

fn ours(versions: &[u64]) -> BTreeSet<ReleaseVersion> {
    versions.iter().copied().map(ReleaseVersion::new).collect()
}

fn step(words: &str, limits: BackLimits, our_rollbacks: &[u64], episode: u64) -> String {
    match step_back(&history(words), limits, &ours(our_rollbacks), at(episode), at(100)) {
        Ok(step) => format!("{} to {}", step.from, step.to),
        Err(NoStep::Hold(because)) => because.code().to_owned(),
        Err(NoStep::LookFurther { below }) => format!("below {below}"),
    }
}

fn min(version: u64) -> BackLimits {
    BackLimits { min_release: Some(ReleaseVersion::new(version)), max_steps: None }
}

fn steps(max: u32) -> BackLimits {
    BackLimits { min_release: None, max_steps: Some(max) }
}

#[test]
fn one_release_further_back_by_content() {
    let cases = [
        ("a bad deploy goes to the one before", "- - a b", min(1), "v4 to v3"),
        ("from a rollback one further than its origin", "- - a b c b<4", min(1), "v6 to v3"),
        ("a chain of rollbacks is followed to its end", "- - a b c c b<4 b<7", min(1), "v8 to v3"),
        ("a config change is a step of its own", "- - a a+c", min(1), "v4 to v3"),
        ("a failed release is passed over", "- - a !b c", min(1), "v5 to v3"),
        ("an expired release is passed over", "- - a xb c", min(1), "v5 to v3"),
        ("a release without a slug is passed over", "- - a", steps(9), "nothing_older"),
        ("nor is it the minimum that it stops at", "- - a", min(1), "nothing_older"),
        ("the minimum stops it", "- - a b c b<4", min(4), "at_minimum_release"),
        ("a minimum above what runs stops it too", "- - a b c b<4", min(5), "at_minimum_release"),
        ("nothing between the minimum and what runs", "- - a !b c", min(4), "at_minimum_release"),
        ("a candidate with older content than the minimum is passed over", "- a b c b<3 d", min(4), "v6 to v4"),
        ("a description that lies is not followed", "- a b c<3", min(1), "v4 to v3"),
        ("one to a higher version neither", "- - a b b<9", min(1), "v5 to v4"),
        ("an origin that was destroyed is still the origin", "- a x- c b<3", min(1), "v5 to v2"),
        ("nor is a link to one that shows other code, destroyed or not", "- a xb c c<3", min(1), "v5 to v4"),
        ("nor to one that never had code", "- - a b<2", min(1), "v4 to v3"),
        ("nor from a container to a slug", "- a b @<2", min(1), "v4 to v3"),
        ("a link of one that was destroyed is followed", "- z a b x-<3 a<5", min(1), "v6 to v2"),
        ("unless it shows other code", "- a b xc<2 c<4", min(1), "v5 to v3"),
        ("a rollback that a person made in between", "- a b c d e b<3", min(1), "v7 to v2"),
        ("of a container Heroku's word decides", "- - @ @", min(1), "v4 to v3"),
        ("its rollbacks are followed without code", "- - @ @ @ @<4", min(1), "v6 to v3"),
        ("through a chain", "- - @ @ @ @ @<5 @<4", min(1), "v8 to v3"),
        ("and down to its first release alone", "- - @ @ @<3", min(1), "nothing_older"),
        ("one that became a container goes back to a slug", "- - a @", min(1), "v4 to v3"),
        ("a deploy in the middle begins anew from there", "- a b c b<3 d", min(1), "v6 to v5"),
    ];
    for (case, words, limits, expected) in cases {
        assert_eq!(step(words, limits, &[], 99), expected, "{case}: {words}");
    }
}

#[test]
fn a_pending_release_is_waited_for_up_to_an_hour() {
    let history = history("- - a b ?c");
    let step = |now| step_back(&history, min(1), &BTreeSet::new(), at(99), now);
    let waits = Err(NoStep::Hold(Because::PendingRelease { version: ReleaseVersion::new(5) }));
    assert_eq!(step(at(6)), waits);
    assert_eq!(step(at(64)), waits);
    assert_eq!(step(at(65)).unwrap().to, ReleaseVersion::new(3));
}

#[test]
fn nothing_else_is_waited_for() {
    for (case, words, expected) in [
        ("a newer one that failed", "- - a b* !c", "v4 to v3"),
        ("an older one whose phase hangs", "- a ?b c", "v4 to v2"),
        ("what is current already", "- - a ?b*", "v4 to v3"),
    ] {
        let now = at(6);
        let answer = step_back(&history(words), min(1), &BTreeSet::new(), at(99), now);
        let told = answer.map(|step| format!("{} to {}", step.from, step.to));
        assert_eq!(told.as_deref(), Ok(expected), "{case}: {words}");
    }
}

#[test]
fn a_target_whose_rollback_failed_counts_as_tried() {
    assert_eq!(step("- - a b c d* !c<5", min(1), &[], 99), "v6 to v4");
    assert_eq!(step("- - a b c d* !c<5 !b<4", min(1), &[], 99), "v6 to v3");
    // Tried from something else: that says nothing of what runs now.
    assert_eq!(step("- - a b c !b<4 d", min(1), &[], 99), "v7 to v5");
}

#[test]
fn what_a_rollback_left_in_this_episode_is_not_gone_back_to() {
    // v5 was left for v3; then a person rolled forward to v4, and that fails too. v3 is left: the next is v2.
    let words = "- a b c d b<3 c<4";
    assert_eq!(step(words, min(1), &[6], 6), "v7 to v2");
    // In another episode v3 may be good again.
    assert_eq!(step(words, min(1), &[6], 8), "v7 to v3");
    // A deploy leaves nothing behind that is known to be bad.
    assert_eq!(step("- a b c", min(1), &[], 2), "v4 to v3");
    // A rollback release whose content was left is passed over like that content.
    assert_eq!(step("- a b c b<3 a<2 d", min(1), &[5, 6], 5), "v7 to v6");
}

#[test]
fn a_descent_is_the_unbroken_chain_of_our_rollbacks() {
    assert_eq!(step("- a b c d c<4 b<3", steps(2), &[6, 7], 5), "at_maximum_steps");
    assert_eq!(step("- a b c d c<4 b<3", steps(3), &[6, 7], 5), "v7 to v2");
    // A failed rollback is no step.
    assert_eq!(step("- a b c d !c<4 b<3", steps(2), &[6, 7], 5), "v7 to v2");
    // Somebody else's release ends the descent.
    assert_eq!(step("- a b c d c<4 b<3", steps(2), &[6], 5), "v7 to v2");
    assert_eq!(step("- a b c d c<4 b<3 e", steps(1), &[6, 7], 8), "v8 to v7");
}

#[test]
fn what_is_not_known_is_asked_for_and_not_guessed() {
    let cut_to = |words: &str, known: usize, limits: BackLimits| {
        let mut history = history(words);
        history.newest_first.truncate(known);
        history.reaches_the_first = false;
        match step_back(&history, limits, &BTreeSet::new(), at(99), at(100)) {
            Ok(step) => format!("{} to {}", step.from, step.to),
            Err(NoStep::Hold(because)) => because.code().to_owned(),
            Err(NoStep::LookFurther { below }) => format!("below {below}"),
        }
    };
    let cut = |words: &str, known: usize| cut_to(words, known, min(1));
    assert_eq!(cut("- - a b c d c<5", 3), "below v5", "its origin is v5, and the next below is not known");
    assert_eq!(cut("- - a b c d a<3", 3), "below v5", "where its content came from is not known");
    assert_eq!(cut("- - a b* !c !d !e", 3), "below v5", "what is current is not known");
    assert_eq!(cut("- - a b c", 2), "v5 to v4", "enough is known");
    assert_eq!(cut_to("- - a !b c", 2, min(3)), "below v4", "v3 may run, and is not known");
    assert_eq!(cut_to("- - a !b c", 2, min(4)), "at_minimum_release", "what is not known is older than may run");
}

#[test]
fn without_a_current_release_nothing_is_done() {
    let mut history = history("- - a b");
    for release in &mut history.newest_first {
        release.current = false;
    }
    let answer = step_back(&history, min(1), &BTreeSet::new(), at(99), at(100));
    assert_eq!(answer, Err(NoStep::Hold(Because::NoCurrentRelease)));
}

#[test]
fn heroku_s_word_decides_what_can_be_gone_back_to_and_the_code_only_where_it_says_nothing() {
    // (what Heroku says of v3, whether v3 shows its code, what is done from v4)
    for (eligible, slug, expected) in [
        (Some(true), "a", Some(3)),
        (Some(true), "-", Some(3)),
        (Some(false), "a", None),
        (Some(false), "-", None),
        (None, "a", Some(3)),
        (None, "-", None),
    ] {
        let mut history = history(&format!("- - {slug} b"));
        history.newest_first[1].eligible_for_rollback = eligible;
        let step = step_back(&history, min(1), &BTreeSet::new(), at(99), at(100));
        assert_eq!(step.ok().map(|step| step.to.get()), expected, "{eligible:?} {slug}");
    }
}
