//! What was taken and had to be given back is not tried again at once.

use crate::support::{Scenario, mins, monitor, reaction, shop};
use std::time::Duration;

const HOUR: u64 = 60;

/// A page that is quick with three dynos, slow with two, and called for more and for fewer.
fn breathing() -> String {
    let page = |limit: &str| format!("http = {{ url = \"http://shop.localhost/\", slower_than = \"{limit}\" }}");
    monitor("in time", &page("300ms"), &["more"])
        + &monitor("has air", &page("200ms"), &["fewer"])
        + &reaction("more", "trigger = 2\nscale_out = { app = \"shop\", max_quantity = 4 }")
        + &reaction(
            "fewer",
            "trigger = 4\ncooldown = \"2m\"\nscale_in = { app = \"shop\", min_quantity = 1, stabilize = \"2m\" }",
        )
}

#[test]
fn load_that_needs_three_dynos_is_not_tried_with_two_at_every_turn() {
    // Each dyno answers fifteen requests a second at the most.
    let app = shop().load(Duration::ZERO, 31.0);
    let mut day = Scenario::of(app).file(breathing()).begin();
    day.pass(mins(HOUR));
    let tried = |day: &crate::support::Day| day.calls().iter().filter(|call| call.ends_with("web=2")).count();
    let in_first_hour = tried(&day);
    assert!((2..=4).contains(&in_first_hour), "{:#?}", day.calls());
    let (code, words) = day.why_on("has air", "fewer");
    assert_eq!(code, "undone", "{words}");
    assert!(words.contains("steps in were undone within 1m: next at"), "{words}");
    assert_eq!(day.web().0, 3);
    day.pass(mins(8 * HOUR));
    assert!(tried(&day) - in_first_hour <= 4, "{:#?}", day.calls());
}
