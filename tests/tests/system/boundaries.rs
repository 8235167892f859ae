use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if path
            .extension()
            .is_some_and(|end| end == "rs" || end == "toml")
        {
            found.push(path);
        }
    }
}

#[test]
fn only_the_aws_crate_names_an_sdk_type() {
    let mut files = Vec::new();
    for folder in ["cli", "functions", "shared", "tests"] {
        sources(&root().join(folder), &mut files);
    }
    assert!(files.len() > 50, "the whole tree was read");
    let words = [
        ["aws", "_sdk_"].concat(),
        ["aws", "-sdk-"].concat(),
        ["aws", "_smithy_"].concat(),
    ];
    for file in files {
        if file.starts_with(root().join("shared/aws")) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        // The user agent of a foreign SDK is data, not a type of it.
        let text = text.replace("aws-sdk-rust/", "");
        for word in &words {
            assert!(!text.contains(word), "{} names {word}", file.display());
        }
    }
}

#[test]
fn the_domain_depends_on_no_async_clock_random_or_aws_crate() {
    let manifest = fs::read_to_string(root().join("shared/domain/Cargo.toml")).unwrap();
    let mine = manifest
        .split("[dependencies]")
        .nth(1)
        .unwrap()
        .split("\n[")
        .next()
        .unwrap();
    let names: Vec<&str> = mine
        .lines()
        .filter_map(|line| line.split('.').next())
        .filter(|name| !name.is_empty())
        .collect();
    let pure = [
        "annotate-snippets",
        "jiff",
        "serde",
        "serde_json",
        "sha2",
        "thiserror",
        "toml",
        "wildmatch",
    ];
    assert_eq!(
        names, pure,
        "a new dependency of the domain is a decision: see docs/decisions"
    );
    let root = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(
        root.contains("jiff = { version = \"1\", default-features = false"),
        "jiff without a clock"
    );
}

#[test]
fn no_aws_lc_is_in_the_tree() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for banned in ["aws-lc-rs", "aws-lc-sys", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{banned}\"")), "{banned}");
    }
}
