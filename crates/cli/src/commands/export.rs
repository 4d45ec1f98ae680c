//! `flyball export`: what is made in pages as the text of a file, alone or with the file.

use crate::arguments::Export;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::wiring::Wiring;
use flyball_config::{Files, LeftOut};
use flyball_engine::made::Joined;

pub(super) async fn export(wiring: &Wiring, asked: &Export) -> Result<Exit, Failure> {
    let store = wiring.store(Exit::NO).await?;
    let pieces = store.made().await?.pieces;
    let pieces = || pieces.iter().map(|piece| (piece.family, piece.name.as_str(), piece.text.as_str()));
    let files = if asked.all {
        let files = wiring.files()?;
        let left_out = Joined::of(&files, &*store).await?.read?.left_out;
        for LeftOut { family, name, .. } in &left_out {
            output::say(&format!("without the {family} \"{name}\": it does not go with the file"));
        }
        let is_out = |one: &LeftOut, family, name: &str| one.family == family && one.name == name;
        files.with_made(pieces().filter(|(family, name, _)| !left_out.iter().any(|one| is_out(one, *family, name))))
    } else {
        Files::one("", "").with_made(pieces())
    };
    store.close().await;
    let exported = files.exported().ok_or_else(|| {
        Failure::new(Exit::CONFIGURATION, "cannot export what is made in pages")
            .because("one of it is no TOML")
            .hint("`flyball status` names what is not in force; mend or remove it there")
    })?;
    output::data(exported.trim_end())?;
    Ok(Exit::GOOD)
}
