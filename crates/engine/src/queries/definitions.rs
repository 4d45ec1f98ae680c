//! `definitions`: each monitor and each reaction as text, of the files and of what is made.

use flyball_config::{Defined, Files, Form};
use flyball_model::{Family, TextHash};
use flyball_store::{MadeText, Piece};
use flyball_views::{DefinitionOrigin, DefinitionView};

/// Everything that is defined: monitors and then reactions, of each first those of the files. Where both have a name, both are told;
/// that of the files is the one in force.
#[must_use]
pub fn definitions(files: &Files, made: &MadeText) -> Vec<DefinitionView> {
    let defined = files.defined();
    let of_family = |family: Family| {
        let form = Form::of(family);
        let of_files = defined.iter().filter(|one| one.family == family).map(|one| of_file(&form, one));
        let of_pages = made.pieces.iter().filter(|piece| piece.family == family).map(|piece| of_piece(&form, piece));
        of_files.chain(of_pages).collect::<Vec<_>>()
    };
    [of_family(Family::Monitor), of_family(Family::Reaction)].concat()
}

/// What is made, as it is told.
#[must_use]
pub fn definition_of(piece: &Piece) -> DefinitionView {
    of_piece(&Form::of(piece.family), piece)
}

fn of_piece(form: &Form, piece: &Piece) -> DefinitionView {
    DefinitionView {
        family: piece.family.word().into(),
        name: piece.name.clone(),
        kind: form.kind_of_piece(piece.family, &piece.text).map(Into::into),
        origin: DefinitionOrigin::Pages,
        file: None,
        toml: piece.text.clone(),
        version: piece.version.to_string(),
        changed_at: Some(piece.changed_at),
        changed_by: Some(piece.changed_by.clone()),
    }
}

fn of_file(form: &Form, defined: &Defined<'_>) -> DefinitionView {
    let toml = defined.text();
    DefinitionView {
        family: defined.family.word().into(),
        name: defined.name.clone(),
        kind: form.kind_of_piece(defined.family, &toml).map(Into::into),
        origin: DefinitionOrigin::File,
        file: Some(defined.file.to_owned()),
        // Of a file nobody counts versions, and none is a number as those of what is made are.
        version: format!("file-{}", TextHash::of([toml.as_str()])),
        toml,
        changed_at: None,
        changed_by: None,
    }
}
