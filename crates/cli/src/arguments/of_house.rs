//! What the commands take that are about Flyball itself: its file and its store, who comes in, and the machine that it runs on.

use super::length;
use crate::moment::Moment;
use clap::{Args, Subcommand, ValueEnum};
use flyball_model::{AppName, ChannelName, Right};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `flyball up`
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Serve pages and the HTTP interface on this address; stronger than `[server] listen` in the file.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// How words and the log are written to stderr: for people, or one JSON object a line.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) log: Log,
}

/// How words and the log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Log {
    /// For people.
    #[default]
    Text,
    /// One object a line: `timestamp`, `level`, `target`, `message`, and the fields.
    Json,
}

/// `flyball install-service`
#[derive(Debug, Args)]
pub(crate) struct InstallService {
    /// Only print the unit.
    #[arg(long, conflicts_with_all = ["root", "force"])]
    pub(crate) print: bool,
    /// Write below this folder instead of `/`, as for an image; whether systemd runs here is not asked then.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// Write over another unit that is there.
    #[arg(long)]
    pub(crate) force: bool,
}

/// `flyball healthz`
#[derive(Debug, Args)]
pub(crate) struct Healthz {
    /// Where `up` listens.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Ask whether its loop turns and its store takes its sign of life, not only whether the process answers.
    #[arg(long)]
    pub(crate) ready: bool,
}

/// `flyball init`
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The app to watch; without it, you are asked.
    #[arg(short, long)]
    pub(crate) app: Option<AppName>,
    /// One file for every app of the accounts, in apps/, and a main file that includes them; writes over nothing that is there.
    #[arg(long, conflicts_with_all = ["app", "force"])]
    pub(crate) all: bool,
    /// Write over a file that is there.
    #[arg(long)]
    pub(crate) force: bool,
}

/// `flyball notify`
#[derive(Debug, Args)]
pub(crate) struct Notify {
    /// Tell this channel of the file that it is tried.
    #[arg(long, value_name = "CHANNEL")]
    pub(crate) test: Option<ChannelName>,
    /// Show what would be sent, without secrets, and send nothing.
    #[arg(long, requires = "test")]
    pub(crate) dry_run: bool,
    /// Without `--test`: only what this channel was told.
    #[arg(short, long, conflicts_with = "test")]
    pub(crate) channel: Option<ChannelName>,
    /// Only since then: 2h, 03:04, 2026-01-02; in the zone that is shown.
    #[arg(short, long, value_name = "AGO|TIME", conflicts_with = "test")]
    pub(crate) since: Option<Moment>,
    /// At most this many, the latest.
    #[arg(short = 'n', long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) lines: u32,
}

/// `flyball node`
#[derive(Debug, Args)]
pub(crate) struct Node {
    #[command(subcommand)]
    pub(crate) command: Option<NodeCommand>,
}

/// What is done with a node.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// Have a node give its share to the others, and take none: before its machine goes.
    Drain {
        /// As `flyball node` names it: HOST:PROCESS.
        node: String,
    },
    /// Have it take its share again.
    Undrain {
        /// As `flyball node` names it: HOST:PROCESS.
        node: String,
    },
}

/// `flyball token`
#[derive(Debug, Args)]
pub(crate) struct Token {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

/// What is done with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token. It goes to stdout, and is never shown again.
    Create(TokenCreate),
    /// The tokens that are good.
    List,
    /// Have a token be good for nothing any more.
    Revoke {
        /// As `flyball token list` names it.
        #[arg(value_name = "NAME|ID")]
        token: String,
    },
}

/// `flyball token create`
#[derive(Debug, Args)]
pub(crate) struct TokenCreate {
    /// What whoever has it may do: `read`, `operate` (also pause, resume, settle, react) or `admin`.
    #[arg(long)]
    pub(crate) scope: Right,
    /// What it is called.
    #[arg(long)]
    pub(crate) name: String,
    /// How long it is good, such as 90d; without it, until it is revoked.
    #[arg(long = "for", value_name = "LENGTH", value_parser = length)]
    pub(crate) lasts: Option<Duration>,
}

/// `flyball secret`
#[derive(Debug, Args)]
pub(crate) struct Secret {
    #[command(subcommand)]
    pub(crate) command: SecretCommand,
}

/// What is done with secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Seal the first line of stdin for a place, and print what is to stand there.
    Seal(Seal),
}

/// `flyball secret seal`
#[derive(Debug, Args)]
pub(crate) struct Seal {
    /// Of what: `monitor`, `reaction` or `channel`.
    #[arg(value_name = "monitor|reaction|channel", value_parser = ["monitor", "reaction", "channel"])]
    pub(crate) family: String,
    /// Its name.
    pub(crate) name: String,
    /// The field, as a path: `http.headers.authorization`, `create_one_off_dyno.env.API_KEY`.
    pub(crate) field: String,
}

/// `flyball user`
#[derive(Debug, Args)]
pub(crate) struct User {
    #[command(subcommand)]
    pub(crate) command: UserCommand,
}

/// What is done with users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user. From the first one on, everybody has to sign in.
    Add {
        /// What they are called.
        name: String,
        /// What they may do: `read`, `operate` (also pause, resume, settle, react) or `admin`.
        #[arg(long)]
        scope: Right,
    },
    /// The users.
    List,
    /// Remove a user, with all sessions.
    Remove {
        /// As `flyball user list` names them.
        name: String,
    },
}

/// `flyball store`
#[derive(Debug, Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

/// What is done with a store.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Where it is, how much room it takes, and what is kept for how long.
    Show,
    /// Make the database, or bring one of an earlier version up to date, and end: what `up` does first, for the release phase of a dyno.
    #[command(
        after_help = "Exit codes: 0 it is up to date, 1 it is of a later version, 75 an engine runs on the file, or the database does not answer."
    )]
    Migrate,
    /// Copy all that is remembered to another database, and compare it there value by value.
    #[command(after_help = "\
No engine may run on either meanwhile. The source is only read. The target must be empty, or hold a part of the same \
history: a copy that was cut goes on where it was, and until it is done no engine starts on the target.

Exit codes: 0 both are the same, 1 they are not or the target holds another history, 75 an engine runs, or a database does \
not answer.")]
    Copy(StoreCopy),
}

/// `flyball store copy`
#[derive(Debug, Args)]
pub(crate) struct StoreCopy {
    /// Where it is now: `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/DATABASE`.
    #[arg(long, value_name = "URL")]
    pub(crate) from: String,
    /// Where it is copied to; without it, what `DATABASE_URL` or --database names.
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
}

/// `flyball export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Only what is made in pages, which is the default.
    #[arg(long, conflicts_with = "all")]
    pub(crate) made: bool,
    /// The file and what it includes as well: one file that says everything that would be in force.
    #[arg(long)]
    pub(crate) all: bool,
}

/// `flyball validate`
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// Ask Heroku too whether each reaction can act on its app as that is. Changes nothing there.
    #[arg(long)]
    pub(crate) online: bool,
}

/// `flyball heroku-sim`
#[derive(Debug, Args)]
pub(crate) struct HerokuSim {
    /// The address to listen on: this machine's loopback. Port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5000")]
    pub(crate) listen: SocketAddr,
    /// A world file, of at most 4 MiB; without one there is one app, `shop`.
    #[arg(long, value_name = "FILE")]
    pub(crate) world: Option<PathBuf>,
    /// The only token that is taken; without it, any is.
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// Where chance begins: the same seed gives the same ids.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// `flyball chaos`
#[derive(Debug, Args)]
pub(crate) struct Chaos {
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many seeds, counted on from the first.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seeds: u64,
    /// How many minutes each seed plays, before everything is let come to rest.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=1440))]
    pub(crate) minutes: u32,
    /// Aim at lost calls: most that change something lose their answer, or Flyball is killed at them.
    #[arg(long)]
    pub(crate) lost_calls: bool,
    /// Aim at several machines on one store: two to five of them, that are killed, stand still, and whose clocks differ.
    #[arg(long, conflicts_with = "lost_calls")]
    pub(crate) nodes: bool,
    /// Aim at what people are told: their channels fail and hang, and Flyball is killed while it tells.
    #[arg(long, conflicts_with_all = ["lost_calls", "nodes"])]
    pub(crate) telling: bool,
}

/// `flyball completions`
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}
