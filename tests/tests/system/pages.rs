//! Owns the proof of the pages: their links lead somewhere, their policies are valid, and their
//! commands are ones that CI or a test runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every command of a `console` block, the file that runs it, and the words it is run by.
const RUN: [(&str, &str, &str); 10] = [
    ("cargo run -- demo", ".ci/run", "\n  cargo run -- demo\n"),
    (
        "cargo test --workspace",
        ".ci/run",
        "\n  cargo test --workspace\n",
    ),
    ("cargo run -- local", ".ci/run", "cargo run -- local"),
    (
        "amiary policy check infra/policy.example.toml",
        "cli/tests/command/policy.rs",
        "policy.example.toml",
    ),
    (
        "amiary explain 111111111111/eu-west-1/ami-0591cfaa0eaa959eb",
        "cli/tests/command/retention.rs",
        "\"$ amiary explain ",
    ),
    (
        "amiary plan --retention",
        "cli/tests/command/retention.rs",
        "[\"plan\", \"--retention\"]",
    ),
    (
        "amiary plan --retention --going",
        "cli/tests/command/retention.rs",
        "[\"plan\", \"--retention\", \"--going\"]",
    ),
    (
        "amiary plan --retention --ask-reports",
        "cli/tests/command/retention.rs",
        "[\"plan\", \"--retention\", \"--ask-reports\"]",
    ),
    ("bash .ci/run", ".ci/run", "steps=(format templates tests"),
    (
        "bash .ci/mutants sample",
        ".ci/run",
        "\n  bash .ci/mutants sample\n",
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn markdown(folder: &Path, deeper: bool, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && deeper {
            markdown(&path, deeper, found);
        } else if path.extension().is_some_and(|end| end == "md") {
            found.push(path);
        }
    }
}

fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    markdown(root(), false, &mut found);
    markdown(&root().join("docs"), true, &mut found);
    for page in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/local.md",
        "docs/policy.md",
        "docs/retention.md",
        "docs/runbook.md",
        "docs/simulator.md",
    ] {
        assert!(found.contains(&root().join(page)), "{page} is missing");
    }
    found
}

/// A fenced block, and the page it stands in.
struct Block {
    page: String,
    language: String,
    text: String,
}

/// A page's prose, without its fenced blocks, and those blocks.
fn parts(page: &Path) -> (String, Vec<Block>) {
    let (mut prose, mut blocks) = (String::new(), Vec::new());
    let mut open: Option<Block> = None;
    for line in read(page).lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(language)) => {
                open = Some(Block {
                    page: page.display().to_string(),
                    language: language.trim().to_owned(),
                    text: String::new(),
                });
            }
            (None, None) => prose = prose + line + "\n",
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text = format!("{}{line}\n", block.text),
        }
    }
    assert!(open.is_none(), "{} leaves a block open", page.display());
    (prose, blocks)
}

fn blocks(language: &str) -> Vec<Block> {
    let all = pages().into_iter().flat_map(|page| parts(&page).1);
    all.filter(|block| block.language == language).collect()
}

/// The targets of a page's links, in their order.
fn links(prose: &str) -> Vec<&str> {
    let after = prose.split("](").skip(1);
    after.filter_map(|rest| rest.split(')').next()).collect()
}

/// The fragments that a page's headings can be reached by.
fn anchors(page: &Path) -> BTreeSet<String> {
    let (prose, _) = parts(page);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let kept = line.trim_start_matches('#').trim().to_lowercase();
            let kept = kept.chars().filter_map(|c| match c {
                ' ' => Some('-'),
                c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                _ => None,
            });
            kept.collect()
        })
        .collect()
}

#[test]
fn every_link_within_the_tree_leads_to_a_file_and_a_heading() {
    let mut followed = 0;
    for page in pages() {
        let (prose, _) = parts(&page);
        for link in links(&prose) {
            if link.contains("://") {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.clone(),
                path => page.parent().unwrap().join(path),
            };
            assert!(target.exists(), "{}: {link}", page.display());
            let known = heading.is_empty() || anchors(&target).contains(heading);
            assert!(known, "{}: no heading for {link}", page.display());
            followed += 1;
        }
    }
    assert!(followed > 30, "only {followed} links were found");
}

#[test]
fn every_whole_policy_in_the_pages_is_valid_and_without_doubts() {
    let mut whole = 0;
    for block in blocks("toml") {
        let parts = ["[accounts.", "[owners.", "[families."];
        if !parts.iter().all(|part| block.text.contains(part)) {
            continue;
        }
        match amiary_domain::policy::parse(&block.page, &block.text) {
            Ok(checked) => assert!(checked.warnings.is_empty(), "{}", block.text),
            Err(rejected) => panic!("{rejected}\n{}", block.text),
        }
        whole += 1;
    }
    assert!(whole >= 3, "only {whole} policies were found");
}

#[test]
fn every_command_that_the_pages_show_is_run_by_ci_or_a_test() {
    let mut shown = BTreeSet::new();
    for block in blocks("console") {
        let commands = block
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("$ "));
        for command in commands {
            let known = RUN.iter().any(|(known, _, _)| *known == command);
            assert!(known, "{}: nothing runs {command:?}", block.page);
            shown.insert(command.to_owned());
        }
    }
    for (command, file, words) in RUN {
        assert!(
            shown.contains(command),
            "no page shows {command:?} any more"
        );
        let runs = read(&root().join(file)).contains(words);
        assert!(runs, "{file} does not run {command:?} any more");
    }
}

#[test]
fn the_readme_begins_with_the_demo_and_the_tests() {
    let (_, blocks) = parts(&root().join("README.md"));
    assert_eq!(
        blocks[0].text,
        "$ cargo run -- demo\n$ cargo test --workspace\n"
    );
}

#[test]
fn every_decision_has_its_four_parts_and_a_number_of_its_own() {
    let mut found = Vec::new();
    markdown(&root().join("docs/decisions"), false, &mut found);
    found.sort();
    assert!(found.len() >= 7, "{found:?}");
    for (index, page) in found.iter().enumerate() {
        let number = format!("{:04}", index + 1);
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(&number), "{name} is not {number}");
        let text = read(page);
        assert!(text.starts_with(&format!("# {number} ")), "{name}");
        for part in ["Context", "Decision", "Consequences", "Alternatives"] {
            assert!(text.contains(&format!("\n## {part}\n")), "{name}: {part}");
        }
    }
}
