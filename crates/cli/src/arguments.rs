//! The command line: which commands there are, and what all of them take. What each takes stands in two files.

mod of_apps;
mod of_house;

pub(crate) use of_apps::*;
pub(crate) use of_house::*;

use crate::exit::Exit;
use clap::{Args, Parser, Subcommand};
use flyball_model::duration;
use std::path::PathBuf;
use std::time::Duration;

/// Watches Heroku apps and puts them right.
#[derive(Debug, Parser)]
#[command(name = "flyball", version, after_help = Exit::HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// The file that says what is watched and what is done.
    #[arg(long, global = true, env = "FLYBALL_CONFIG", value_name = "FILE", default_value = "flyball.toml")]
    pub(crate) config: PathBuf,
    /// Where Flyball remembers: `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`; the default is `flyball.db` beside
    /// the file.
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Ask the Flyball that serves pages at this address, instead of the database here: https://HOST, or http:// on this machine.
    /// The token is in FLYBALL_TOKEN. [env: FLYBALL_SERVER=]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Print data as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show times in UTC, and read them so, instead of the terminal's zone (`TZ`); with --json they always are.
    #[arg(long, global = true)]
    pub(crate) utc: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch, decide, act: run everything in the file, and follow the file.
    Up(Up),
    /// Write a commented file to start from, which only tells what it would do: for one app, or with --all for every app.
    #[command(after_help = "\
With --all, the apps are those that the token sees, and the accounts of `[heroku.accounts]` in a file that is there. Left out are \
apps in maintenance mode, without a web dyno, that are watched already, and the one that Flyball runs on.

Exit codes: 0 written, 1 it is there already, or there is no app to write one for, 2 no app was named.")]
    Init(Init),
    /// Tell every mistake in the file, each at its place, and what the file costs.
    #[command(after_help = "\
Exit codes: 0 the file is good, 78 it has mistakes; with --online 1 where a reaction can never act, or an app cannot be seen.")]
    Validate(Validate),
    /// Show what the file as it is now would change of what is in force: what it adds, drops, arms and does at once, and what it costs.
    #[command(after_help = "\
+ is added, - is dropped, ~ is changed; ! acts from then on, and !! does so at the next reading, since its trigger is met now.

Exit codes: 0 shown, 78 the file has mistakes.")]
    Plan,
    /// Write what is made in pages as the text of a file: for a file that is included, or to go on without pages.
    Export(Export),
    /// Show every monitor and reaction: where they stand, and since when. What needs a person stands first.
    #[command(after_help = "\
Exit codes: 0 shown; with --check 1 unless an engine runs, the file is in force, every monitor is passing, and nothing needs \
a person.")]
    Status(Status),
    /// Look now with one monitor and show everything seen. Stores nothing.
    #[command(after_help = "Exit codes: 0 passing, 1 failing, 75 unknown (could not look).")]
    Check(Check),
    /// Show where others tell a monitor something: signs of life, or what their webhooks say.
    #[command(after_help = "\
Whoever has the address can tell this monitor something, and nothing else. A monitor of another name has another address. One that
somebody has who should not is replaced with --new: give the new one at once to whatever tells the monitor.

Exit codes: 0 shown, 1 there is no such monitor, or nothing comes in for its kind.")]
    Hook(Hook),
    /// Show where Heroku is to send the logs of an app, or have it do so; or what to set so that an adapter in it reports here.
    #[command(after_help = "\
Whoever has the address can tell lines of this app, and nothing else. With --add a log drain is made at Heroku with this machine's token, \
unless the app has one to this address: that is no release, and restarts nothing. With --adapter the command is shown that sets the \
config vars by which it reports here: that is a release, and restarts the app once.

Exit codes: 0 shown, or Heroku sends them, 1 the logs of the app do not come in, or the address is none that Heroku takes, 75 Heroku \
cannot be asked just now, 77 the token may not do this.")]
    Drain(Drain),
    /// Do what a reaction does, now. Its limits, maintenance mode, pauses and settling hold; trigger and cooldown do not.
    #[command(after_help = "\
A reaction with `mode = \"dry_run\"` is only shown.

Exit codes: 0 done (with --dry-run: it would act), 1 held, refused or not done, 75 not possible or not known yet, 77 the \
token may not do this.")]
    React(React),
    /// Give back what a run did, now: a quantity, a size or a release is what it was before. A restart and a one-off dyno have no way back.
    #[command(after_help = "\
It is planned against the app as it is now, and is done only if the app is still what the run made it. Maintenance mode, pauses and \
settling hold, and what may be done to an app in an hour; the reaction acts again when it is called.

Exit codes: 0 done (with --dry-run: it would be), 1 held, refused or not done, 75 not possible or not known yet, 77 the \
token may not do this.")]
    Undo(Undo),
    /// Show how far an app is from what others than Flyball made it: release, quantities, sizes; and what Flyball changed since.
    #[command(after_help = "\
The app is looked at where a token is at hand, and else it is told as it was seen last. Through a server it is always the latter.

Exit codes: 0 it is as others made it, or nothing is known of it, 1 it is not.")]
    Drift(Drift),
    /// Explain a monitor, a reaction or an app: what was seen, what is held and for what reason, what may come next.
    Why(Why),
    /// What was seen, decided and done, oldest first; times are in the terminal's zone, unless --utc is given.
    History(History),
    /// Incidents, newest first: one for each outage, from the first failure of an app to when all of it passes.
    Incidents(Incidents),
    /// The story of an incident: what failed, what was done, what of it helped, and what is in the way.
    Incident(Incident),
    /// Uptime and times of monitors over days and months: for how long each was down, and how long its checks took.
    Report(Report),
    /// Say how much load each dyno of an app carries without requests waiting, from what was recorded. Changes nothing.
    #[command(after_help = "\
The monitor is a `heroku_router` that measures `busy` or `requests`. What each dyno carries is the `per_dyno` of a `scale_to`, which is \
printed as it can stand in the file.

Exit codes: 0 it is suggested, 1 nothing can be said yet, or there is no such monitor.")]
    Suggest(Suggest),
    /// Play a reaction anew over what was recorded, as it is or with other settings: what it would have done, and what it did.
    #[command(after_help = "\
A load does not depend on how many dynos there are, so that `scale_to` with `per_dyno` is played as it would have been. Everything else is \
played as it was: its readings are those of what ran then. Changes nothing.

Exit codes: 0 it was played, 1 there is no such reaction, or nothing is recorded, 78 the settings are wrong.")]
    Replay(Replay),
    /// Stop effects; looking goes on.
    #[command(after_help = "Without --app and --reaction, everything is paused.")]
    Pause(Pause),
    /// End a pause.
    #[command(after_help = "Without --app and --reaction, the pause of everything ends.")]
    Resume(Resume),
    /// Say how a run had ended that is in doubt: from then on it counts as that.
    #[command(after_help = "Exit codes: 0 settled, 1 it was not in doubt.")]
    Settle(Settle),
    /// The engines that share the work on one database, what each has of it, and taking one out of it.
    #[command(after_help = "Exit codes: 0 done, 1 there is no such node, 75 not done yet.")]
    Node(Node),
    /// What programs come in with that use the HTTP interface: making tokens, listing and revoking them.
    #[command(after_help = "Exit codes: 0 done, 1 there is no such token, or one of this name.")]
    Token(Token),
    /// Who signs in at the pages: adding users, listing and removing them.
    #[command(after_help = "\
The password of a user is asked for at a terminal, and else is the first line of stdin.

Exit codes: 0 done, 1 there is no such user, or one of this name, 2 the name or the password is none.")]
    User(User),
    /// What Flyball remembers as a whole: showing its bounds, and copying it to another database.
    Store(Store),
    /// Secrets that stand sealed in the file or in pages: opened only with FLYBALL_SECRET_KEY, and only at their place.
    #[command(after_help = "\
The key is 32 bytes in base64, as `openssl rand -base64 32` makes them. To change it, put the old one into \
FLYBALL_SECRET_KEY_OLD: it still opens, and the new one seals.

Exit codes: 0 sealed, 2 there is no secret, 78 there is no key.")]
    Secret(Secret),
    /// Have systemd run Flyball on this machine: write its unit, which lets it do no more than it must, and say what is next.
    #[command(after_help = "\
Exit codes: 0 written, 1 it cannot be written, or another unit is there, 2 a service cannot read the file there, 77 only root may do it.")]
    InstallService(InstallService),
    /// Ask the `flyball up` of this machine whether it answers: for what watches containers.
    #[command(after_help = "\
It asks where --listen says, or on a dyno its port, or as the file says; no token is needed.

Exit codes: 0 it does, 1 it does not.")]
    Healthz(Healthz),
    /// Tell a channel something, to see whether it arrives. Needs no running engine, and stores nothing.
    #[command(after_help = "\
Exit codes: 0 the channel took it (with --dry-run: shown), 1 it never will, 75 not possible just now, 78 the file has mistakes.")]
    Notify(Notify),
    /// See whether everything is as it should be: token, apps, sizes, clock, quota, database.
    Doctor,
    /// Play a day at a small shop, in about a minute and a half: the stand-in for Heroku, Flyball, and all nine reactions.
    #[command(after_help = "Exit codes: 0 all nine reactions did what they should, 1 one of them did not.")]
    Demo(crate::demo::Arguments),
    /// A stand-in for Heroku on this machine, to try things out on.
    HerokuSim(HerokuSim),
    /// Measure what watching costs on this machine.
    #[command(after_help = "\
Exit codes: 0 all that was due was done, in time where a time is promised; 1 it was not. DATABASE_URL and --database name what \
somebody works with, and are not measured: --store says where a bench is to be.")]
    Bench(crate::bench::Arguments),
    /// Play hours in which everything goes wrong, from seeds, and judge whether everything held that must.
    #[command(after_help = "\
The real engine, client and store, and the stand-in for Heroku, on a stopped clock: nothing leaves this machine. The \
same seed plays the same hours. A seed in which something does not hold is made as small as it gets, and told.

Exit codes: 0 everything held, 1 something did not.")]
    Chaos(Chaos),
    /// Print completions for a shell.
    Completions(Completions),
}

fn length(text: &str) -> Result<Duration, String> {
    match duration::parse(text) {
        Ok(Duration::ZERO) => Err("expected a length of time above zero".to_owned()),
        Ok(length) => Ok(length),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    /// Pages whose commands somebody types at night.
    const PAGES: [(&str, &str); 2] = [
        ("docs/on-call.md", include_str!("../../../docs/on-call.md")),
        ("docs/host-it.md", include_str!("../../../docs/host-it.md")),
    ];

    /// What stands for something else in a page, and what may stand there.
    const STANDS_FOR: [(&str, &str); 2] = [("APP", "shop"), ("RUN", "0192f000-0000-7000-8000-000000000001")];

    /// Every command of ours in a page: lines of blocks, with or without a prompt, and what stands within one line in backticks. What
    /// a shell does with it, and remarks, are left out.
    fn commands(page: &str) -> Vec<Vec<String>> {
        let is_block = |line: &&str| line.starts_with("```");
        let mut in_block = false;
        let mut found = Vec::new();
        for line in page.lines() {
            if is_block(&line) {
                in_block = !in_block;
                continue;
            }
            if in_block {
                found.push(line.strip_prefix("$ ").unwrap_or(line));
            } else {
                found.extend(line.split('`').skip(1).step_by(2));
            }
        }
        found.retain(|text| text.starts_with("flyball "));
        found.into_iter().map(words).collect()
    }

    /// The words of a command, as a shell has them.
    fn words(text: &str) -> Vec<String> {
        let (mut words, mut word, mut is_quoted) = (Vec::new(), String::new(), false);
        for char in text.chars() {
            match char {
                '"' => is_quoted = !is_quoted,
                '|' | '>' | '#' if !is_quoted && word.is_empty() => break,
                ' ' if !is_quoted => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
                char => word.push(char),
            }
        }
        words.extend(Some(word).filter(|word| !word.is_empty()));
        let meant = |word: String| {
            STANDS_FOR.iter().find(|(blank, _)| *blank == word).map_or(word, |(_, meant)| (*meant).to_owned())
        };
        words.into_iter().map(meant).collect()
    }

    #[test]
    fn every_command_in_the_pages_for_the_night_is_one() {
        for (name, page) in PAGES {
            let commands = commands(page);
            assert!(commands.len() >= 5, "{name} has {} commands", commands.len());
            for words in commands {
                let parsed = Arguments::try_parse_from(&words);
                assert!(parsed.is_ok(), "{name}: {}: {}", words.join(" "), parsed.map(drop).unwrap_err());
            }
        }
    }

    #[test]
    fn help_can_be_asked_for_as_a_command() {
        for words in [&["flyball", "help"][..], &["flyball", "help", "history"]] {
            let shown = Arguments::try_parse_from(words).expect_err("help is no command to run");
            assert_eq!(shown.kind(), clap::error::ErrorKind::DisplayHelp, "{words:?}");
        }
    }

    #[test]
    fn an_app_and_a_reaction_are_not_paused_at_once() {
        let parsed = |words: &[&str]| Arguments::try_parse_from(words).is_ok();
        assert!(parsed(&["flyball", "pause", "--app", "shop", "--for", "2h"]));
        assert!(!parsed(&["flyball", "pause", "--app", "shop", "--reaction", "more"]));
        assert!(!parsed(&["flyball", "pause", "--for", "0s"]));
        assert!(!parsed(&["flyball", "why"]));
    }
}
