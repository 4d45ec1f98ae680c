//! What the tests share: a folder of its own, a stand-in for Heroku on a free port of this machine, the real binary, and
//! waiting for a state with a bound.

use flyball_heroku_sim::{AppEvent, AppSpec, DeploySpec, Event, Fault, ReceivedCall, Server, World, WorldFile};
use flyball_model::{MonitorId, Reading, Run, Timestamp};
use flyball_scratch::{PASSWORD, Scratch};
use flyball_store::{Address, ReadingsPage, RunsPage, Store};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

/// The token that the stand-in takes.
pub(crate) const TOKEN: &str = "HRKU-pl4nted-cli";

/// What every secret of the tests holds. Whatever the binary writes anywhere is searched for it, and so is all that the
/// tests themselves print (see `test`).
const PLANTED: &str = "pl4nted";

/// A user who owns nothing, wherever tests run as one who may write everywhere.
const NOBODY: u32 = 65_534;

/// Everything that is waited for comes well within this, also on a machine with much else to do.
pub(crate) const SOON: Duration = Duration::from_secs(40);

/// Now, by this machine's clock, which the binary goes by as well.
#[expect(clippy::disallowed_methods, reason = "the binary under test goes by this clock")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

/// A shop that boots quickly, so that nothing waits for it to settle.
pub(crate) fn shop() -> AppSpec {
    app("shop")
}

/// An app like the shop.
pub(crate) fn app(name: &str) -> AppSpec {
    AppSpec::new(name)
        .process("web", 1, "Standard-1X")
        .deploy_with(DeploySpec::new("first"))
        .deploy_with(DeploySpec::new("second"))
        .mechanics(|mechanics| {
            mechanics.boot = Duration::from_millis(100);
            mechanics.latency = Duration::ZERO;
        })
}

/// A number below `below`; the same numbers for the same seed (Knuth's MMIX generator).
pub(crate) fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

/// A folder, a stand-in, and the binary.
pub(crate) struct Stage {
    folder: TempDir,
    pub(crate) sim: Server,
    token: String,
    database: Database,
    way: Way,
    /// Where the engines that run serve, the last that was started last.
    served: Served,
}

type Served = Arc<Mutex<Vec<Door>>>;

/// Where a server is, without a slash at the end, and what its door takes where nobody comes in without.
#[derive(Clone)]
struct Door {
    address: String,
    token: Option<String>,
}

/// Whom the commands of a stage ask while an engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The store, beside the engine.
    Beside,
    /// The engine's server. Once no engine runs, nobody serves, and it is the store again.
    Through,
}

impl Way {
    /// The way of every test that does not say its own: with `FLYBALL_IT_SERVER=1`, through the server.
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says so")]
    fn of_environment() -> Self {
        let is_through = std::env::var_os("FLYBALL_IT_SERVER").is_some_and(|value| value == "1");
        if is_through { Self::Through } else { Self::Beside }
    }
}

/// Makes each of these functions two tests, `<name>::beside_the_engine` and `<name>::through_the_server`, in every run.
macro_rules! both_ways {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            use crate::support::Way;

            #[tokio::test]
            async fn beside_the_engine() {
                super::$test(Way::Beside).await;
            }

            #[tokio::test]
            async fn through_the_server() {
                super::$test(Way::Through).await;
            }
        }
    )+};
}
pub(crate) use both_ways;

/// The commands that can ask a server instead of the database beside them.
const FROM_AFAR: [&str; 18] = [
    "status",
    "why",
    "history",
    "incidents",
    "incident",
    "report",
    "suggest",
    "replay",
    "pause",
    "resume",
    "settle",
    "check",
    "hook",
    "drain",
    "react",
    "node",
    "token",
    "user",
];

/// Where a stage remembers.
enum Database {
    /// In `flyball.db`, beside the file.
    File,
    /// On a server, which is reached by TLS and a password that is a secret like any other.
    Server(Box<Scratch>),
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Stage {
    /// With these apps.
    pub(crate) async fn with(apps: impl IntoIterator<Item = AppSpec>) -> Self {
        Self::of(WorldFile::with_apps(apps)).await
    }

    /// With the world of this file.
    pub(crate) async fn of(file: WorldFile) -> Self {
        let world = World::new(&file.token(TOKEN), now(), 1);
        let address = "127.0.0.1:0".parse().unwrap();
        let sim = Server::bind(address, Arc::new(Mutex::new(world)), Arc::new(now)).await.unwrap();
        let (folder, token) = (tempfile::tempdir().unwrap(), TOKEN.to_owned());
        Self { folder, sim, token, database: Database::File, way: Way::of_environment(), served: Served::default() }
    }

    /// The same with its database on a server.
    pub(crate) async fn on_server(mut self) -> Self {
        assert!(PASSWORD.contains(PLANTED), "it would not be found");
        self.database = Database::Server(Box::new(Scratch::new().await.unwrap()));
        self
    }

    /// The database on the server.
    pub(crate) fn scratch(&self) -> &Scratch {
        match &self.database {
            Database::Server(scratch) => scratch,
            Database::File => panic!("it is a file"),
        }
    }

    /// With a shop.
    pub(crate) async fn new() -> Self {
        Self::with([shop()]).await
    }

    /// The same with commands that ask in this way, whatever the environment says.
    pub(crate) fn asking(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    /// The same with another token in the environment.
    pub(crate) fn token(mut self, token: &str) -> Self {
        self.token = token.to_owned();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of the shop's page.
    pub(crate) fn page(&self) -> String {
        self.sim.page_url("shop")
    }

    /// Writes the file. `PAGE` becomes the address of the shop's page.
    pub(crate) fn write(&self, text: &str) {
        std::fs::write(self.path("flyball.toml"), text.replace("PAGE", &self.page())).unwrap();
    }

    /// The binary, with nothing in its environment but what a test gives it. It asks a server where the stage's commands do.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.known(bare(self.folder.path(), &self.asked(arguments)))
    }

    /// The same arguments, to a server where the stage's commands ask one, one is there, and the command can. One that names a file or
    /// a database first means those.
    fn asked(&self, arguments: &[&str]) -> Vec<String> {
        let named = arguments.iter().find(|argument| !argument.starts_with('-'));
        let door = self.door().filter(|_| named.is_some_and(|named| FROM_AFAR.contains(named)));
        let to_server = door.into_iter().flat_map(|door| ["--server".to_owned(), door.address]);
        to_server.chain(arguments.iter().map(|&argument| argument.to_owned())).collect()
    }

    /// The server that the stage's commands ask, where they ask one and one is there.
    fn door(&self) -> Option<Door> {
        self.served.lock().unwrap().last().filter(|_| self.way == Way::Through).cloned()
    }

    /// The same, in another folder, and with all that it could ever log: as from another machine.
    pub(crate) fn command_in(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = self.known(bare(folder, &self.asked(arguments)));
        command.env("RUST_LOG", "trace");
        command
    }

    /// The same, in a shell that does something first.
    pub(crate) fn command_after(&self, first: &str, arguments: &[&str]) -> Command {
        self.known(after(self.folder.path(), first, arguments))
    }

    /// The same, as a user who owns nothing here.
    pub(crate) fn command_as_nobody(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.uid(NOBODY);
        command
    }

    /// Gives the folder and the file to that user.
    pub(crate) fn give_to_nobody(&self) {
        for path in [self.path(""), self.path("flyball.toml")] {
            std::os::unix::fs::chown(path, Some(NOBODY), None).unwrap();
        }
    }

    /// Tells a command where the stand-in is, and the server.
    fn known(&self, mut command: Command) -> Command {
        command.env("HEROKU_HOST", self.sim.url()).env("HEROKU_API_KEY", &self.token);
        if let Some(token) = self.door().and_then(|door| door.token) {
            command.env("FLYBALL_TOKEN", token);
        }
        if let Database::Server(scratch) = &self.database {
            let verified = format!("sslmode=verify-full&sslrootcert={}", scratch.certificate().display());
            command.env("DATABASE_URL", format!("{}?{verified}", scratch.network_url()));
        }
        command
    }

    /// Runs the binary to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments)).await
    }

    /// Where the engine that was started last serves its pages.
    pub(crate) fn server(&self) -> String {
        let served = self.served.lock().unwrap().last().cloned();
        served.expect("it was started by `serve`, and runs").address
    }

    /// Starts `flyball up` with pages on a free port, and waits until it is up.
    pub(crate) async fn serve(&self) -> Up {
        self.serve_with(&[]).await
    }

    /// The same, with these variables beside.
    pub(crate) async fn serve_with(&self, variables: &[(&str, &str)]) -> Up {
        let mut command = self.command(&["up"]);
        command.envs(variables.iter().copied());
        // All that it could ever log: nothing of it may hold a secret.
        command.env("RUST_LOG", "trace");
        self.serve_by(command).await
    }

    /// Starts this `flyball up` with pages on a free port, and waits until it is up.
    async fn serve_by(&self, mut command: Command) -> Up {
        command.args(["--listen", "127.0.0.1:0"]);
        let mut up = Self::started(command).await;
        let address = up.pages().await;
        let token = match self.way {
            Way::Through if up.printed().contains("nobody can sign in yet") => Some(self.admin_token(up.id()).await),
            Way::Through | Way::Beside => None,
        };
        self.served.lock().unwrap().push(Door { address: address.clone(), token });
        up.serves = Some((Arc::clone(&self.served), address));
        up
    }

    /// A token that may everything, made beside the engine; it is called by a number, since no two have the same name.
    async fn admin_token(&self, number: u32) -> String {
        let made = ["token", "create", "--scope", "admin", "--name", &format!("test {number}")];
        let made = ended(self.known(bare(self.folder.path(), &made))).await;
        assert_eq!(made.code, Some(0), "{made:?}");
        made.stdout.trim().to_owned()
    }

    /// Runs the binary to its end, and reads what it printed as JSON.
    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[&["--json"], arguments].concat()).await;
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
    }

    /// The same in another folder, as from another machine.
    pub(crate) async fn json_in(&self, folder: &Path, arguments: &[&str]) -> Value {
        let ended = ended(self.command_in(folder, &[&["--json"], arguments].concat())).await;
        serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
    }

    /// Starts `flyball up`, and waits until it is up.
    pub(crate) async fn up(&self) -> Up {
        let mut command = self.command(&["up"]);
        // All that it could ever log: nothing of it may hold a secret.
        command.env("RUST_LOG", "trace");
        self.up_with(command).await
    }

    /// Starts an engine where the stage's commands ask a server. Beside none, they do by themselves what an engine would.
    pub(crate) async fn engine_to_ask(&self) -> Option<Up> {
        match self.way {
            Way::Beside => None,
            Way::Through => Some(self.up().await),
        }
    }

    /// Starts this `flyball up`, and waits until it is up.
    pub(crate) async fn up_with(&self, command: Command) -> Up {
        match self.way {
            Way::Beside => Self::started(command).await,
            Way::Through => self.serve_by(command).await,
        }
    }

    async fn started(command: Command) -> Up {
        let up = Up::spawn(command);
        up.until("it is up", |up| up.printed().contains(" started with ")).await;
        up
    }

    /// Something goes wrong with calls from now on.
    pub(crate) fn fault(&self, fault: Fault) {
        self.sim.world().lock().unwrap().add_fault(fault);
    }

    /// Every changing call that the stand-in received.
    pub(crate) fn changes(&self) -> Vec<ReceivedCall> {
        self.sim.world().lock().unwrap().effects().cloned().collect()
    }

    /// Something happens to the shop.
    pub(crate) fn happens(&self, what: AppEvent) {
        self.sim.world().lock().unwrap().apply(Event::app("shop", what)).unwrap();
    }

    /// Every run that is remembered.
    pub(crate) async fn runs(&self) -> Vec<Run> {
        let store = self.store().await;
        let runs = store.runs(&RunsPage::default()).await.unwrap();
        store.close().await;
        assert!(runs.len() < RunsPage::RUNS_MAX as usize, "all of them are looked at");
        runs
    }

    /// The latest readings of a monitor, as they are remembered; the first comes first.
    pub(crate) async fn readings(&self, monitor: &str) -> Vec<Reading> {
        let monitor = MonitorId::of(&monitor.parse().unwrap());
        let store = self.store().await;
        let mut readings =
            store.readings(&ReadingsPage { monitor, since: None, until: None, readings: 0 }).await.unwrap();
        store.close().await;
        readings.sort_by_key(|reading| reading.begun_at);
        readings
    }

    /// A database, as an engine leaves it that has ended: no command but `up` makes one.
    pub(crate) async fn make_database(&self) {
        self.store().await.close().await;
    }

    /// The database.
    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        let url = match &self.database {
            Database::File => "sqlite:flyball.db".to_owned(),
            Database::Server(scratch) => scratch.url(),
        };
        Address::of(&url, self.folder.path()).unwrap().open().await.unwrap()
    }

    /// How many web dynos the shop has.
    pub(crate) fn web(&self) -> u32 {
        self.sim.world().lock().unwrap().app("shop").unwrap().quantity("web")
    }

    /// Waits until the timeline has a line with these words, and returns it.
    pub(crate) async fn history_until(&self, words: &str) -> String {
        let mut found = String::new();
        wait_for(&format!("a line with {words:?}"), async || {
            let history = self.run(&["history"]).await;
            found = history.stdout.lines().find(|line| line.contains(words)).unwrap_or_default().to_owned();
            !found.is_empty()
        })
        .await;
        found
    }

    /// The status's view of a monitor.
    pub(crate) async fn monitor(&self, name: &str) -> Value {
        of(&self.json(&["status"]).await["monitors"], name)
    }

    /// The status's view of a reaction.
    pub(crate) async fn reaction(&self, name: &str) -> Value {
        of(&self.json(&["status"]).await["reactions"], name)
    }
}

impl Drop for Stage {
    /// Database, log and settings hold no secret.
    fn drop(&mut self) {
        for entry in std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten() {
            // A folder cannot be read, and holds what the test itself put there.
            if let Ok(bytes) = std::fs::read(entry.path()) {
                must_hold_no_secret(&entry.path().display().to_string(), &bytes);
            }
        }
    }
}

/// Fails the test when a secret stands in this. What stands there is not shown once more.
pub(crate) fn must_hold_no_secret(what: &str, bytes: &[u8]) {
    let found = bytes.windows(PLANTED.len()).position(|window| window == PLANTED.as_bytes());
    if let Some(at) = found.filter(|_| !std::thread::panicking()) {
        panic!("{what} holds a secret at byte {at}");
    }
}

fn of(views: &Value, name: &str) -> Value {
    views.as_array().unwrap().iter().find(|view| view["name"] == name).unwrap().clone()
}

/// The binary in a folder, with an environment that is empty.
pub(crate) fn bare(folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flyball"));
    command.args(arguments);
    held(command, folder)
}

/// The binary, in a shell that does something first.
fn after(folder: &Path, first: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{first}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_flyball")]).args(arguments);
    held(command, folder)
}

/// A command that knows nothing of us, that we listen to, and that does not outlive us.
fn held(mut command: Command, folder: &Path) -> Command {
    command.current_dir(folder).env_clear().env("USER", "ann").env("HOME", folder).env("TZ", "UTC");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn ended(mut command: Command) -> Ended {
    let output = tokio::time::timeout(SOON * 3, command.output()).await.expect("it ends").unwrap();
    must_hold_no_secret("stdout", &output.stdout);
    must_hold_no_secret("stderr", &output.stderr);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Waits until something is so, and fails when it does not become so.
pub(crate) async fn wait_for(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = now();
    while !is_so().await {
        assert!(now().since(begun) < SOON, "it did not come about that {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A running `flyball up`. Killed when it is dropped.
pub(crate) struct Up {
    child: Child,
    lines: Arc<Mutex<String>>,
    /// Where it serves, among those who do on its stage.
    serves: Option<(Served, String)>,
    /// Reads what it says, for as long as we look.
    _listening: tokio::task::JoinSet<()>,
}

impl Up {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let lines = Arc::new(Mutex::new(String::new()));
        let mut listening = tokio::task::JoinSet::new();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (to, and_to) = (Arc::clone(&lines), Arc::clone(&lines));
        listening.spawn(async move { collect(BufReader::new(stdout), &to).await });
        listening.spawn(async move { collect(BufReader::new(stderr), &and_to).await });

        Self { child, lines, serves: None, _listening: listening }
    }

    /// Everything that it said so far.
    pub(crate) fn printed(&self) -> String {
        self.lines.lock().unwrap().clone()
    }

    /// Waits until it says where its pages are; returns their address, without a slash at its end.
    pub(crate) async fn pages(&self) -> String {
        let address = |up: &Self| Some(up.printed().split_once("pages: ")?.1.split_once("/ ")?.0.to_owned());
        self.until("it says where its pages are", |up| address(up).is_some()).await;
        address(self).unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = now();
        while !is_so(self) {
            assert!(now().since(begun) < SOON, "it did not come about that {what}: {}", self.printed());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sends it a signal, by the system's own `kill`.
    pub(crate) async fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Kills it as the operating system does, without a word.
    pub(crate) async fn kill(mut self) {
        self.serves_no_more();
        self.child.kill().await.unwrap();
    }

    /// From now on commands ask somebody else.
    fn serves_no_more(&mut self) {
        if let Some((served, address)) = self.serves.take() {
            served.lock().unwrap().retain(|other| other.address != address);
        }
    }

    /// Waits for its end; returns its exit code and how long that took.
    pub(crate) async fn end(&mut self) -> (Option<i32>, Duration) {
        let begun = now();
        let status = tokio::time::timeout(SOON, self.child.wait()).await.expect("it ends").unwrap();
        self.serves_no_more();
        (status.code(), now().since(begun))
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.serves_no_more();
        must_hold_no_secret("what it said", self.printed().as_bytes());
    }
}

async fn collect(mut stream: impl AsyncBufReadExt + AsyncReadExt + Unpin, to: &Mutex<String>) {
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|bytes| bytes > 0) {
        to.lock().unwrap().push_str(&line);
        line.clear();
    }
}
