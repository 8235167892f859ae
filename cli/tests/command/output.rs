//! What needs no AWS: help, completions, the demo.

use crate::process::Shell;

#[test]
fn every_shell_has_its_completions() {
    let shell = Shell::empty();
    for name in ["bash", "zsh", "fish"] {
        let ended = shell.amiary(&["completions", name]).expect(0);
        for word in ["amiary", "replicate", "lineage", "explain", "plan"] {
            assert!(ended.out.contains(word), "{name}: {word}");
        }
    }
}

#[test]
fn help_tells_the_exit_codes_and_where_aws_is_found() {
    let ended = Shell::empty().amiary(&["--help"]).expect(0);
    for part in ["Exit codes:", "AWS_PROFILE", "AWS_ENDPOINT_URL"] {
        assert!(ended.out.contains(part), "{}", ended.out);
    }
}

#[test]
fn a_wrong_argument_has_exit_code_2() {
    let shell = Shell::empty();
    for arguments in [
        &[][..],
        &["unknown"],
        &["lineage"],
        &["demo", "--seed", "x"],
    ] {
        let ended = shell.amiary(arguments).expect(2);
        assert_eq!(ended.out, "");
        assert!(ended.err.contains("--help"), "{}", ended.err);
    }
}

#[test]
fn the_demo_is_one_json_document_for_scripts() {
    let json = Shell::empty().amiary(&["demo", "--json"]).expect(0).json();
    let lineages = json["lineages"].as_array().unwrap();
    assert!(!lineages.is_empty());
    for lineage in lineages {
        assert_eq!(lineage["source"]["status"], "replicated", "{lineage:#}");
    }
    assert!(!json["inbox"].as_array().unwrap().is_empty());
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let shell = Shell::empty();
    let tell = || shell.amiary(&["demo", "--seed", "7"]).expect(0).out;
    assert_eq!(tell(), tell());
    let another = shell.amiary(&["demo", "--seed", "8"]).expect(0).out;
    assert_ne!(tell(), another);
}

#[test]
fn the_demo_needs_nothing_of_the_environment() {
    let mut shell = Shell::at("http://127.0.0.1:9");
    shell.set("AWS_PROFILE", "no-such-profile");
    shell.set("AMIARY_TABLE", "no-such-table");
    let lost = shell.amiary(&["demo", "--json"]).expect(0);
    let plain = Shell::empty().amiary(&["demo", "--json"]).expect(0);
    assert_eq!(lost.out, plain.out);
}

#[test]
fn the_readme_shows_what_the_demo_really_prints() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(root).unwrap();
    let blocks = readme.split("```console\n$ cargo run -- demo\n").skip(1);
    let shown = blocks
        .filter_map(|block| block.split("\n```").next())
        .find(|block| block.contains("is published"))
        .unwrap();
    let told = Shell::empty().amiary(&["demo"]).expect(0).out;
    assert!(shown.lines().count() > 10);
    assert!(told.contains(shown), "README.md shows another story");
}
