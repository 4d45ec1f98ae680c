//! Pages and the HTTP interface, as `flyball up` serves them.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::wiring::Wiring;
use flyball_config::Server;
use flyball_engine::{Engine, Growth};
use flyball_server::{Entrance, House, Settings, serve};
use ipnet::IpNet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The network of Heroku's router, as a dyno sees it.
const ROUTER: &str = "10.0.0.0/8";

/// Where to listen: as the command line says, or on a dyno its port, or as the file says; none where nothing is served.
///
/// # Errors
///
/// When the dyno's port is none.
pub(super) fn address(
    wiring: &Wiring,
    asked: Option<SocketAddr>,
    of_file: &Server,
) -> Result<Option<SocketAddr>, Failure> {
    let on_dyno = wiring.environment.dyno().and_then(|_| wiring.environment.port());
    Ok(match (asked, on_dyno) {
        (Some(address), _) => Some(address),
        (None, Some(port)) => {
            let port = port.parse().map_err(|_| {
                Failure::new(Exit::CONFIGURATION, "cannot listen").because("PORT, which the dyno gives, is no port")
            })?;
            Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
        }
        (None, None) => of_file.listen,
    })
}

/// Listens, and serves until `stop` is cancelled. Says where, and how the first person comes in.
pub(super) async fn open(
    wiring: &Wiring,
    address: SocketAddr,
    of_file: &Server,
    engine: &Arc<Engine>,
    growth: Growth,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<(), Failure> {
    let cannot = || Failure::new(Exit::CONFIGURATION, format!("cannot listen on {address}"));
    let listener = TcpListener::bind(address).await.map_err(|error| {
        cannot().because(error).hint("another program may have the port; `up --listen` names another")
    })?;
    let listen = listener.local_addr().map_err(|error| cannot().because(error))?;
    let mut hosts = of_file.hosts.clone();
    let mut trusted_proxies: Vec<IpNet> = of_file.trusted_proxies.clone();
    if wiring.environment.dyno().is_some() {
        // The name that Heroku gives an app, where it tells it.
        hosts.extend(wiring.environment.app_name().map(|app| format!("{app}.herokuapp.com")));
        trusted_proxies.extend(ROUTER.parse::<IpNet>());
    }
    let settings = Settings {
        listen,
        hosts,
        trusted_proxies,
        version: env!("CARGO_PKG_VERSION"),
        file: wiring.config().display().to_string(),
        person: wiring.environment.person(),
    };
    let keys = wiring.environment.secret_keys().map_err(|error| cannot().because(error))?;
    let house = Arc::new(House::of(Arc::clone(engine), growth, settings, keys, stop.clone()));
    let password = wiring.environment.admin_password();
    let entrance = house.open_door(password).await.map_err(|problem| cannot().because(problem))?;
    output::say(&match entrance {
        Entrance::Open => {
            format!("pages: http://{listen}/ (open to whoever is on this machine: there is no user yet)")
        }
        Entrance::SignIn => format!("pages: http://{listen}/"),
        Entrance::FirstAdmin(key) => format!(
            "pages: http://{listen}/ - nobody can sign in yet: open http://{listen}/first?key={key} once to make the first \
             administrator"
        ),
        Entrance::MadeAdmin => format!("pages: http://{listen}/ (made the user `admin` from FLYBALL_ADMIN_PASSWORD)"),
    });
    tasks.spawn(serve(house, listener));
    Ok(())
}
