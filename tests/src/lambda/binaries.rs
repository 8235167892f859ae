//! Owns finding the functions' binaries from a test of another package, and refusing old ones.
//!
//! Cargo tells only a package's own tests where its binaries are. They lie in the target folder
//! above the test's own executable, and `cargo test --workspace` builds them, because each function
//! has tests of its own. A narrower command may leave an old one there, so a binary is held against
//! the sources that the compiler lists for it and for the crates that a function is made of.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What builds the binaries.
const BUILD: &str =
    "cargo test --workspace builds it, and so does cargo test --workspace --test binary --no-run";
/// The project's crates that no function is made of.
const BESIDE: [&str; 4] = [
    "amiary_cli",
    "amiary_model",
    "amiary_simulator",
    "amiary_tests",
];
/// The functions.
const FUNCTIONS: [&str; 3] = ["notify", "reconcile", "replicate"];

/// A function's binary, by its name.
///
/// # Panics
/// Where it is missing, or older than one of its sources.
#[track_caller]
pub fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own executable");
    let folder = test.ancestors().nth(2).expect("target/<profile>/deps");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match refusal(folder, name, &root) {
        None => binary(folder, name),
        Some(refusal) => panic!("{refusal}: {BUILD}"),
    }
}

fn binary(folder: &Path, name: &str) -> PathBuf {
    let extension = std::env::consts::EXE_EXTENSION;
    folder.join(name).with_extension(extension)
}

/// Why a binary is not the one to test.
fn refusal(folder: &Path, name: &str, root: &Path) -> Option<String> {
    let binary = binary(folder, name);
    let shown = binary.display();
    let Some(made) = modified(&binary) else {
        return Some(format!("{shown} is not built"));
    };
    let sources = sources(&folder.join("deps"), name);
    let main = format!("functions/{name}/src/main.rs");
    if !sources.iter().any(|source| source.ends_with(&main)) {
        return Some(format!("the sources of {shown} are not known"));
    }
    let newer = sources.iter().find(|source| {
        // One that is gone was in an earlier version: whoever named it has changed since.
        modified(&root.join(source)).is_some_and(|changed| changed > made)
    })?;
    Some(format!("{shown} is older than {}", newer.display()))
}

/// The sources of a function's binary and of the crates it is made of, as the compiler listed them.
/// A source of tests alone is in no such list.
fn sources(lists: &Path, name: &str) -> Vec<PathBuf> {
    let lists = fs::read_dir(lists).into_iter().flatten().flatten();
    let lists = lists.map(|entry| entry.path());
    let lists = lists.filter(|list| list.extension().is_some_and(|end| end == "d"));
    let about = lists.filter(|list| {
        let file = list.file_stem().unwrap_or_default().to_string_lossy();
        let (made, _) = file.rsplit_once('-').unwrap_or((&file, ""));
        made == name || is_made_of(made, name)
    });
    let texts = about.filter_map(|list| fs::read_to_string(list).ok());
    texts.flat_map(|text| listed(&text, name)).collect()
}

/// Whether a crate may be part of a function.
fn is_made_of(made: &str, function: &str) -> bool {
    let Some(short) = made.strip_prefix("amiary_") else {
        return false;
    };
    !BESIDE.contains(&made) && (short == function || !FUNCTIONS.contains(&short))
}

/// What a list names of a library or of this binary: `made: source source…`, with spaces in names
/// escaped. The executable of a library's own tests has sources that are in nothing else.
fn listed(text: &str, name: &str) -> Vec<PathBuf> {
    let rules = text.lines().filter_map(|line| line.split_once(": "));
    let mut rules = rules.filter(|(made, _)| {
        let made = Path::new(made);
        let file = made.file_name().unwrap_or_default().to_string_lossy();
        made.extension().is_some_and(|end| end == "rlib") || file.starts_with(&format!("{name}-"))
    });
    let named = rules.next().map_or("", |(_, sources)| sources);
    let spaced = named.replace("\\ ", "\0");
    let words = spaced.split(' ').filter(|word| !word.is_empty());
    words.map(|word| word.replace('\0', " ").into()).collect()
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|about| about.modified()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    /// A target folder with a binary, a library, and what the compiler lists for them.
    fn target() -> PathBuf {
        let name = format!("amiary binaries {}", std::process::id());
        let root = std::env::temp_dir().join(name);
        for folder in ["deps", "functions/notify/src", "shared/domain/src"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let files = [
            ("notify", ""),
            (
                "deps/notify-1.d",
                "/t/deps/notify-1.d: functions/notify/src/main.rs\n\n/t/deps/notify-1: functions/notify/src/main.rs\n",
            ),
            (
                "deps/amiary_domain-2.d",
                "/t/deps/libamiary_domain-2.rlib: shared/domain/src/lib.rs shared/domain/src/a\\ b.rs\n",
            ),
            (
                "deps/amiary_domain-3.d",
                "/t/deps/amiary_domain-3: shared/domain/src/tests.rs\n",
            ),
            (
                "deps/amiary_cli-4.d",
                "/t/deps/libamiary_cli-4.rlib: shared/domain/src/tests.rs\n",
            ),
            ("functions/notify/src/main.rs", ""),
            ("shared/domain/src/lib.rs", ""),
            ("shared/domain/src/a b.rs", ""),
            ("shared/domain/src/tests.rs", ""),
        ];
        for (file, text) in files {
            fs::write(root.join(file), text).unwrap();
        }
        root
    }

    #[test]
    fn a_binary_is_refused_where_it_is_missing_or_older_than_a_source() {
        let root = target();
        let refused = || refusal(&root, "notify", &root);
        let write = |file: &str| File::options().write(true).open(root.join(file)).unwrap();
        let made = SystemTime::now();
        let later = made + Duration::from_secs(5);
        write("notify").set_modified(made).unwrap();
        write("shared/domain/src/tests.rs")
            .set_modified(later)
            .unwrap();
        assert_eq!(refused(), None, "tests and other crates are no part of it");
        for file in ["functions/notify/src/main.rs", "shared/domain/src/a b.rs"] {
            write(file).set_modified(later).unwrap();
            let said = refused().unwrap();
            assert!(said.ends_with(&format!("is older than {file}")), "{said}");
            write(file).set_modified(made).unwrap();
        }
        fs::remove_file(root.join("deps/notify-1.d")).unwrap();
        assert!(refused().unwrap().contains("are not known"));
        fs::remove_file(root.join("notify")).unwrap();
        assert!(refused().unwrap().contains("is not built"));
        fs::remove_dir_all(root).unwrap();
    }
}
