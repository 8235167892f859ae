//! Owns the proof that `docs/proof/protocol.md` names files and functions that exist.

use amiary_model::guards::Guards;
use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

/// What a reference names that is not there; a reference is a file and the names in it.
fn missing(reference: &str) -> Option<String> {
    let (file, names) = reference.split_once(": ").unwrap_or((reference, ""));
    let Ok(text) = fs::read_to_string(root().join(file)) else {
        return Some(format!("there is no {file}"));
    };
    let mut names = names.split(", ").filter(|name| !name.is_empty());
    names
        .find(|name| {
            let kinds = ["fn ", "struct ", "enum ", "const "];
            !kinds
                .iter()
                .any(|kind| text.contains(&format!("{kind}{name}")))
        })
        .map(|name| format!("there is no {name} in {file}"))
}

/// The references of a page: what stands in backticks and is a file of the tree, with its names.
fn references(page: &str) -> Vec<&str> {
    let spans = page.split('`').skip(1).step_by(2);
    let folders = ["shared/", "tests/", "functions/"];
    spans
        .filter(|span| {
            folders.iter().any(|folder| span.starts_with(folder)) && span.contains(".rs")
        })
        .collect()
}

#[test]
fn what_the_page_names_is_in_the_code() {
    let page = fs::read_to_string(root().join("docs/proof/protocol.md")).unwrap();
    let references = references(&page);
    assert!(
        references.len() > 40,
        "only {} references",
        references.len()
    );
    let wrong: Vec<String> = references.into_iter().filter_map(missing).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_reference_to_nothing_is_noticed() {
    assert!(missing("shared/engine/src/nowhere.rs").is_some());
    assert!(missing("shared/engine/src/observe.rs: nothing_of_the_kind").is_some());
    assert!(missing("shared/engine/src/observe.rs: still_tells").is_none());
}

#[test]
fn every_guard_has_its_row() {
    let page = fs::read_to_string(root().join("docs/proof/protocol.md")).unwrap();
    let shown = format!("{:?}", Guards::ALL);
    let (_, fields) = shown.split_once("{ ").unwrap();
    for field in fields.trim_end_matches(" }").split(", ") {
        let (name, _) = field.split_once(':').unwrap();
        assert!(page.contains(&format!("| {name} |")), "no row for {name}");
    }
}
