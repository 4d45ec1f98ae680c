//! Wrong files, each beside exactly what is told about it.
//!
//! `UPDATE=1 cargo nextest run -p flyball-config` writes the messages anew; read the difference before keeping it.

use flyball_config::{Colour, read};
use std::fs;
use std::path::{Path, PathBuf};

fn wrong_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let entries = fs::read_dir(folder).expect("the wrong files are there").map(|entry| entry.expect("a file").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

fn told(text: &str) -> String {
    let told = match read("flyball.toml", text) {
        Err(mistakes) => mistakes.render(Colour::Plain),
        Ok(definitions) if definitions.warnings.is_empty() => "valid".to_owned(),
        Ok(definitions) => definitions.warnings.render(Colour::Plain),
    };
    format!("{told}\n")
}

#[test]
fn each_wrong_file_is_told_exactly_so() {
    let update = update();
    let mut differing = Vec::new();
    for file in wrong_files() {
        let told = told(&fs::read_to_string(&file).unwrap());
        let beside = file.with_extension("txt");
        if update {
            fs::write(&beside, &told).unwrap();
        }
        if fs::read_to_string(&beside).ok().as_ref() != Some(&told) {
            differing.push(format!("{}\n{told}", file.display()));
        }
    }
    assert!(differing.is_empty(), "told differently than written beside:\n\n{}", differing.join("\n"));
    assert!(wrong_files().len() >= 60, "the wrong files are there");
}

#[test]
fn the_reference_is_as_the_code_reads() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference.md");
    let reference = flyball_config::reference();
    if update() {
        fs::create_dir_all(page.parent().unwrap()).unwrap();
        fs::write(&page, &reference).unwrap();
    }
    let written = fs::read_to_string(&page).unwrap_or_default();
    assert!(written == reference, "docs/reference.md is old: UPDATE=1 cargo nextest run -p flyball-config");
}

#[expect(clippy::disallowed_methods, reason = "a test asks whoever runs it whether files are to be written anew")]
fn update() -> bool {
    std::env::var_os("UPDATE").is_some()
}
