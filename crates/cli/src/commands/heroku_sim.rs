//! `flyball heroku-sim`: the stand-in for Heroku, served on this machine until somebody ends it.

use crate::arguments::HerokuSim;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::{SystemClock, Wiring, stopped_by_person};
use flyball_engine::Clock as _;
use flyball_heroku_sim::{ServeError, Server, World, WorldFile};
use serde::Serialize;
use std::error::Error as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The token that is printed where any is taken.
const ANY_TOKEN: &str = "stand-in";

/// What there is to watch and to put right where no world was given.
const TROUBLE: &str = "two minutes from now, and every twenty after that, the page says \"database error\"; a one-off dyno \
                       that runs `db:cleanup` puts it right, as in the file of `flyball init --app shop`";

/// Where it listens, as data.
#[derive(Serialize)]
struct Listening {
    heroku_host: String,
    heroku_api_key: String,
    pages: Vec<String>,
}

pub(super) async fn heroku_sim(wiring: &Wiring, asked: &HerokuSim) -> Result<Exit, Failure> {
    let file = match &asked.world {
        Some(file) => world_file(file)?,
        None => WorldFile::shop_with_trouble(),
    };
    let file = match &asked.token {
        Some(token) => file.token(token),
        None => file,
    };
    let token = file.accounts.first().and_then(|account| account.token.clone());
    let world = World::new(&file, SystemClock.now(), asked.seed);
    let apps: Vec<String> = world.apps().map(|app| app.name().to_string()).collect();
    let clock = Arc::new(|| SystemClock.now());
    let server =
        Server::bind(asked.listen, Arc::new(Mutex::new(world)), clock).await.map_err(|error| cannot_listen(&error))?;
    let listening = Listening {
        heroku_host: server.url(),
        heroku_api_key: token.unwrap_or_else(|| ANY_TOKEN.to_owned()),
        pages: apps.iter().map(|app| server.page_url(app)).collect(),
    };
    tell(wiring.format, &apps, &listening)?;
    if asked.world.is_none() && wiring.format == Format::Text {
        output::data(TROUBLE)?;
    }
    stopped_by_person().await;
    server.stop().await;
    Ok(Exit::GOOD)
}

/// Tells where it listens; `apps` are those of the pages, in their order.
fn tell(format: Format, apps: &[String], listening: &Listening) -> Result<(), Failure> {
    match format {
        Format::Json => output::json_line(listening),
        Format::Text => {
            output::data(&format!("A stand-in for Heroku listens at {}", listening.heroku_host))?;
            output::data(&format!(
                "HEROKU_HOST={} HEROKU_API_KEY={}",
                listening.heroku_host, listening.heroku_api_key
            ))?;
            let pages = apps.iter().zip(&listening.pages);
            pages.map(|(app, page)| format!("the page of {app}: {page}")).try_for_each(|line| output::data(&line))
        }
    }
}

fn world_file(file: &Path) -> Result<WorldFile, Failure> {
    let cannot = || Failure::new(Exit::CONFIGURATION, format!("cannot use the world file {}", file.display()));
    // One byte beyond what is taken tells that it is too much.
    let room = WorldFile::BYTES_MAX as u64 + 1;
    let text = flyball_config::read_text(file, room).map_err(|error| cannot().because(error))?;
    WorldFile::parse(&text)
        .map_err(|error| error.mistakes().iter().fold(cannot(), |failure, mistake| failure.because(mistake)))
}

fn cannot_listen(error: &ServeError) -> Failure {
    let failure = Failure::new(Exit::NO, format!("cannot {error}"));
    match error.source() {
        Some(cause) => failure.because(cause).hint("--listen names another address; port 0 takes any free one"),
        None => failure.hint("the stand-in takes any token, so it speaks to this machine only"),
    }
}
