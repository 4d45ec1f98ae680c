//! The file of the demo: what somebody who runs this shop could have written, with the waits of a short day.

use super::kind::Kind;
use super::shop::{
    APP, BLOG, BLOG_MAX, BLOG_MIN, BLOG_PER_DYNO, CLEAN_UP, LARGEST, OLDEST_RELEASE, QUANTITY_MAX, QUANTITY_MIN,
    SMALLEST,
};

/// One monitor of the shop's page: its name, what else the page is judged by, and the reactions attached to it.
struct Watched {
    name: &'static str,
    judged_by: &'static str,
    kinds: &'static [Kind],
}

const MONITORS: [Watched; 5] = [
    Watched {
        name: "front page is quick",
        judged_by: r#"status = "2xx", slower_than = "500ms""#,
        kinds: &[Kind::ScaleOut, Kind::ScaleUp, Kind::ScaleIn, Kind::ScaleDown],
    },
    Watched {
        name: "no dyno is out of memory",
        judged_by: r#"keyword = "out of memory", present = false"#,
        kinds: &[Kind::RestartDyno],
    },
    Watched {
        name: "no error page",
        judged_by: r#"keyword = "something went wrong", present = false"#,
        kinds: &[Kind::RollbackRelease],
    },
    Watched {
        name: "no database error",
        judged_by: r#"keyword = "database error", present = false"#,
        kinds: &[Kind::CreateOneOffDyno],
    },
    Watched {
        name: "connections flow",
        judged_by: r#"keyword = "connection pool is stuck", present = false"#,
        kinds: &[Kind::RestartAllDynos],
    },
];

/// What the reaction of a kind is called in the file.
pub(super) const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::ScaleOut => "more dynos",
        Kind::ScaleUp => "bigger dynos",
        Kind::ScaleIn => "fewer dynos",
        Kind::ScaleDown => "smaller dynos",
        Kind::ScaleTo => "enough for the blog",
        Kind::RestartDyno => "restart the first dyno",
        Kind::RollbackRelease => "roll back",
        Kind::CreateOneOffDyno => "clean up",
        Kind::RestartAllDynos => "restart everything",
    }
}

/// The text of the file, for a shop whose front page is at `page`. Without one of the kinds, if so asked.
pub(super) fn text(page: &str, without: Option<Kind>) -> String {
    let there = |kind: &&Kind| Some(**kind) != without;
    let mut text = String::from(
        "# Two apps, six monitors, nine reactions. The waits (settle, stabilize, cooldown, give_way) are those of a day\n\
         # that takes a minute and a half: leave them out, and they are minutes.\n",
    );
    for Watched { name: monitor, judged_by, kinds } in &MONITORS {
        let attached: Vec<String> = kinds.iter().filter(there).map(|kind| format!("\"{}\"", name(*kind))).collect();
        text.push_str(&format!(
            "\n[[monitor]]\nname = \"{monitor}\"\nevery = \"1s\"\nhttp = {{ url = \"{page}\", {judged_by} }}\n"
        ));
        if !attached.is_empty() {
            text.push_str(&format!("reactions = [{}]\n", attached.join(", ")));
        }
    }
    text.push_str(&format!(
        "\n# The blog's log drain: Heroku's routers tell every request, and those of ten seconds are a load.\n\
         [receive.apps.{BLOG}]\n\n[[monitor]]\nname = \"readers of the blog\"\nevery = \"1s\"\n\
         heroku_router = {{ app = \"{BLOG}\", measure = \"requests\", over = \"10s\" }}\n"
    ));
    if there(&&Kind::ScaleTo) {
        text.push_str(&format!("reactions = [\"{}\"]\n", name(Kind::ScaleTo)));
    }
    for kind in Kind::ALL.iter().filter(there) {
        let (comment, settings) = reaction(*kind);
        text.push_str(&format!("\n# {comment}\n[[reaction]]\nname = \"{}\"\n{settings}\n", name(*kind)));
    }
    text
}

/// What a reaction is for, and its settings.
fn reaction(kind: Kind) -> (&'static str, String) {
    match kind {
        Kind::ScaleOut => (
            "Too slow: one dyno more at every reading. A page that is down for another reason needs no dynos.",
            format!("causes = [\"slow\"]\nscale_out = {{ app = \"{APP}\", max_quantity = {QUANTITY_MAX} }}"),
        ),
        Kind::ScaleUp => (
            "Still too slow with all of them up: larger ones.",
            format!(
                "causes = [\"slow\"]\ntrigger = 2\nsettle = \"10s\"\n\
                 scale_up = {{ app = \"{APP}\", max_size = \"{}\" }}",
                LARGEST.to_ascii_lowercase()
            ),
        ),
        Kind::ScaleIn => (
            "Quick again: one dyno fewer, but not just after some were added.",
            format!(
                "call_on = \"passing\"\ntrigger = 2\n\
                 scale_in = {{ app = \"{APP}\", min_quantity = {QUANTITY_MIN}, stabilize = \"5s\" }}"
            ),
        ),
        Kind::ScaleDown => (
            "Still quick: smaller ones.",
            format!(
                "call_on = \"passing\"\ntrigger = 3\nsettle = \"10s\"\n\
                 scale_down = {{ app = \"{APP}\", min_size = \"{}\" }}",
                SMALLEST.to_ascii_lowercase()
            ),
        ),
        Kind::ScaleTo => (
            "As many dynos as the readers need, in one step. They are taken one by one, and only after five minutes.",
            format!(
                "scale_to = {{ app = \"{BLOG}\", per_dyno = {BLOG_PER_DYNO}, min_quantity = {BLOG_MIN}, \
                 max_quantity = {BLOG_MAX} }}"
            ),
        ),
        Kind::RestartDyno => (
            "web.1 is the one that leaks.",
            format!("causes = [\"text\"]\nsettle = \"10s\"\nrestart_dyno = {{ app = \"{APP}\", dyno = \"web.1\" }}"),
        ),
        Kind::RollbackRelease => (
            "One release further back at a time, until the page is well.",
            format!(
                "causes = [\"text\"]\ntrigger = 2\nsettle = \"10s\"\ngive_way = \"1s\"\n\
                 rollback_release = {{ app = \"{APP}\", min_release = {OLDEST_RELEASE} }}"
            ),
        ),
        Kind::CreateOneOffDyno => (
            "Only where the page says so, and never two of them at once.",
            format!(
                "causes = [\"text\"]\ntrigger = 2\ncooldown = \"2s\"\n\
                 create_one_off_dyno = {{ app = \"{APP}\", command = \"{CLEAN_UP}\", size = \"{}\", at_once = 1, \
                 time_to_live = \"1m\" }}",
                SMALLEST.to_ascii_lowercase()
            ),
        ),
        Kind::RestartAllDynos => (
            "The platform hiccuped, and no dyno got over it.",
            format!("causes = [\"text\"]\ntrigger = 2\nsettle = \"10s\"\nrestart_all_dynos = {{ app = \"{APP}\" }}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_file_is_valid_with_all_nine_and_without_any_one_of_them() {
        for without in [None].into_iter().chain(Kind::ALL.map(Some)) {
            let text = text("http://127.0.0.1:5000/_apps/shop/", without);
            let definitions = flyball_config::read("shop.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
            assert!(definitions.warnings.is_empty(), "{}", definitions.warnings);
            assert_eq!(definitions.monitors.len(), 6);
            let words: BTreeSet<&str> = definitions.reactions.iter().map(|reaction| reaction.kind.word()).collect();
            let wanted = Kind::ALL.into_iter().filter(|kind| Some(*kind) != without).map(Kind::word);
            assert_eq!(words, wanted.collect());
        }
    }
}
