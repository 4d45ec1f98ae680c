//! A notice in plain words, for somebody who was asleep a moment ago: what, since when, what was done, what comes, how to stop it.
//! There is no markup in it: each channel escapes what its service would take for some.

use crate::{About, Notice};
use flyball_model::Timestamp;

/// The line that a telephone shows: "Needs you: page of shop".
#[must_use]
pub fn headline(notice: &Notice) -> String {
    let news = match notice.about {
        About::Trouble => "Trouble",
        About::Update => "Still in trouble",
        About::Recovered => "Recovered",
        About::NeedsPerson => "Needs you",
        About::Effect => "Flyball acted",
        About::Would => "Flyball would act",
        About::Daily => "The day",
        About::Test => "Test",
    };
    format!("{news}: {}", notice.title)
}

/// Everything below the headline, a line for each thing; never more than [`Done::LINES_MAX`](crate::Done::LINES_MAX) and a few.
#[must_use]
pub fn body(notice: &Notice) -> String {
    let Notice { what_is_wrong, what_was_done, next, link, stop_command, at, .. } = notice;
    let mut lines = Vec::new();
    if !what_is_wrong.as_str().is_empty() {
        lines.push(what_is_wrong.to_string());
    }
    if let [first, ..] = what_was_done.told() {
        lines.push(String::new());
        match what_was_done.told() {
            [_] => lines.push(format!("Done so far: {first}")),
            several => {
                lines.push("Done so far:".to_owned());
                lines.extend(several.iter().map(|done| format!("- {done}")));
            }
        }
        if what_was_done.more() > 0 {
            lines.push(format!("- and {} more", what_was_done.more()));
        }
    }
    if let Some(next) = next {
        lines.push(format!("Next: {}, at {}", next.what, time(next.at)));
    }
    lines.push(String::new());
    lines.extend(link.iter().map(|link| format!("More: {link}")));
    if !stop_command.as_str().is_empty() {
        lines.push(format!("To stop Flyball: {stop_command}"));
    }
    lines.push(format!("As of {}", time(*at)));
    lines.join("\n").trim_start().to_owned()
}

/// A time as it is said at night: without a year, and never without its zone.
fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or_else(|_| at.to_string(), |at| at.strftime("%H:%M UTC on %-d %B").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::testing::notice;
    use crate::{Done, Text};

    #[test]
    fn a_notice_says_what_why_and_how_to_stop() {
        let trouble = notice(About::Trouble);
        assert_eq!(headline(&trouble), "Trouble: page of shop");
        insta::assert_snapshot!(body(&trouble), @"
        it answers 503 <b>since</b> 03:05 & is slow

        Done so far:
        - restarted web.1
        - rolled back to v41
        Next: a restart of every dyno, at 03:15 UTC on 29 November

        More: https://flyball.example.com/monitors/page
        To stop Flyball: flyball pause --app shop
        As of 03:05 UTC on 29 November
        ");
    }

    #[test]
    fn what_is_not_there_leaves_no_line() {
        let bare = Notice { next: None, link: None, what_was_done: Done::default(), ..notice(About::Recovered) };
        insta::assert_snapshot!(body(&bare), @"
        it answers 503 <b>since</b> 03:05 & is slow

        To stop Flyball: flyball pause --app shop
        As of 03:05 UTC on 29 November
        ");
        let many = Done::of((1..=12).map(|nth| Text::of(&format!("restart {nth}"))));
        let shown = body(&Notice { what_was_done: many, ..bare });
        assert!(shown.contains("- restart 10\n- and 2 more\n"), "{shown}");
    }

    #[test]
    fn each_kind_of_news_has_a_headline_of_its_own() {
        let headlines: std::collections::HashSet<String> =
            About::ALL.into_iter().map(|about| headline(&notice(about))).collect();
        assert_eq!(headlines.len(), About::ALL.len());
    }
}
