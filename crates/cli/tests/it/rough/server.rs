//! A PostgreSQL server of its own, which may be handled as roughly as the engines on it.

use sqlx::{Connection as _, PgConnection};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// What starts a server, runs a command beside it, and takes it away afterwards.
const WITH_POSTGRES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scratch/with-postgres");

/// It goes when it is closed, or dropped: what holds it up reads from us until there is nothing more to come.
pub(super) struct OwnServer {
    holding: Child,
    url: String,
}

impl OwnServer {
    pub(super) async fn start() -> Self {
        let mut command = Command::new(WITH_POSTGRES);
        command.args(["sh", "-c", "echo \"$FLYBALL_TEST_POSTGRES\"; cat"]);
        // Another's would not be ours to restart.
        command.env_remove("FLYBALL_TEST_POSTGRES");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut holding = command.spawn().unwrap();
        let mut lines = BufReader::new(holding.stdout.take().unwrap()).lines();
        let url = lines.next_line().await.unwrap().expect("a server starts: run `crates/scratch/with-postgres true`");
        Self { holding, url }
    }

    /// Where it is, with a database in it that nobody else uses.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect(&self.url).await
    }

    /// Ends every connection but the one that does it.
    pub(super) async fn cut(&self) {
        let mut connection = self.connect().await.unwrap();
        let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::query(all).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Restarts it as after a power failure: nobody is told, and nothing is put in order first.
    pub(super) async fn restart(&self) {
        let data = self.home().join("data");
        // Whose files they are starts it, by the programs that did so before.
        let owner = std::fs::metadata(&data).unwrap();
        let started_by = std::fs::read_to_string(data.join("postmaster.opts")).unwrap();
        let programs = Path::new(started_by.split_whitespace().next().unwrap()).parent().unwrap();
        let mut command = Command::new(programs.join("pg_ctl"));
        command.arg("-D").arg(&data).arg("-l").arg(self.home().join("server.log"));
        command.args(["-m", "immediate", "-w", "-s", "restart"]);
        command.current_dir(&data).uid(owner.uid()).gid(owner.gid());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().await.unwrap().success(), "the server comes back");
    }

    fn home(&self) -> PathBuf {
        let (_, at) = self.url.split_once('@').unwrap();
        let socket = at.split([':', '/']).next().unwrap();
        PathBuf::from(socket.replace("%2F", "/"))
    }

    pub(super) async fn close(mut self) {
        drop(self.holding.stdin.take());
        assert!(self.holding.wait().await.unwrap().success());
    }
}
