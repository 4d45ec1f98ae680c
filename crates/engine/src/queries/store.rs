//! What Flyball remembers, as a whole: where it is, how much room it takes, and what goes by itself.

use flyball_model::duration;
use flyball_store::{Error, Kept, Place, Store};
use flyball_views::{KeptView, StoreView};

/// A store as it is told.
///
/// # Errors
///
/// When it does not answer.
pub async fn store_view(store: &dyn Store) -> Result<StoreView, Error> {
    let kind = match store.place() {
        Place::File(_) => "SQLite",
        Place::Server(_) => "PostgreSQL",
    };
    let kept = Kept::ALL.iter().map(|Kept { what, long, of_a_monitor, of_an_app }| KeptView {
        what: (*what).to_owned(),
        long: duration::print(*long),
        of_a_monitor: *of_a_monitor,
        of_an_app: *of_an_app,
    });
    Ok(StoreView {
        place: store.place().to_string(),
        kind: kind.to_owned(),
        schema: store.schema(),
        bytes: store.weight().await?,
        kept: kept.collect(),
    })
}
