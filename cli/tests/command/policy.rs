//! `amiary policy`.

use crate::process::Shell;
use amiary_cli::local::clients;
use amiary_simulator::World;
use amiary_tests::{BUILDER, Wants};

const EXAMPLE: &str = "infra/policy.example.toml";

/// A world with an empty table.
async fn installed() -> World {
    let world = World::new(7);
    let admin = clients(&world, BUILDER, "administrator").await;
    admin.create_table().await.expect("a table");
    world
}

#[test]
fn the_example_is_valid_and_needs_no_aws() {
    let shell = Shell::empty();
    let ended = shell.amiary(&["policy", "check", EXAMPLE]).expect(0);
    assert!(ended.out.contains("is valid"), "{}", ended.out);
    let ended = shell
        .amiary(&["policy", "check", EXAMPLE, "--json"])
        .expect(0);
    assert_eq!(ended.json()["valid"], true);
}

#[test]
fn every_mistake_is_shown_at_once_with_a_caret_under_its_place() {
    let shell = Shell::empty();
    let bad = Wants::default()
        .policy()
        .replace("drop =", "dropp =")
        .replace("\"builders\"", "\"bilders\"");
    let file = shell.folder.file("bad.toml", &bad);
    let ended = shell.amiary(&["policy", "check", &file]).expect(1);
    for part in ["dropp", "bilders", "builders", "^^^", "bad.toml:"] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    let json = shell
        .amiary(&["policy", "check", &file, "--json"])
        .expect(1)
        .json();
    assert_eq!(json["valid"], false);
    let mistakes = json["diagnostics"].as_array().unwrap().len();
    assert!(mistakes >= 3, "{json:#}");
    assert!(
        ended.out.contains(&format!("{mistakes} mistakes")),
        "{}",
        ended.out
    );
}

#[test]
fn a_file_that_can_t_be_read_is_a_wrong_argument() {
    let shell = Shell::empty();
    let ended = shell
        .amiary(&["policy", "check", "no-such-file.toml"])
        .expect(2);
    assert_eq!(ended.out, "");
    for part in [
        "error: no-such-file.toml can't be read",
        "because: No such file",
    ] {
        assert!(ended.err.contains(part), "{}", ended.err);
    }
}

#[tokio::test]
async fn each_applied_policy_is_the_next_revision_and_the_last_is_shown() {
    let shell = Shell::over(&installed().await);
    let none = shell.amiary(&["policy", "show"]).expect(4);
    assert!(none.err.contains("no policy is active"), "{}", none.err);
    let first = shell.amiary(&["policy", "apply", EXAMPLE]).expect(0);
    assert!(
        first.out.contains("revision 1 is active, after 0"),
        "{}",
        first.out
    );
    let text = Wants::default().policy();
    let file = shell.folder.file("next.toml", &text);
    let second = shell.amiary(&["policy", "apply", &file]).expect(0);
    assert!(
        second.out.contains("revision 2 is active, after 1"),
        "{}",
        second.out
    );
    let shown = shell.amiary(&["policy", "show"]).expect(0);
    assert!(shown.out.starts_with("# revision 2, by "), "{}", shown.out);
    assert!(shown.out.contains(text.trim_end()), "{}", shown.out);
    let shown = shell.amiary(&["policy", "show", "--json"]).expect(0).json();
    assert_eq!(shown["revision"], 2);
    assert_eq!(shown["text"], text);
}

#[tokio::test]
async fn what_was_shown_can_be_applied_again() {
    let shell = Shell::over(&installed().await);
    shell.amiary(&["policy", "apply", EXAMPLE]).expect(0);
    let shown = shell.amiary(&["policy", "show"]).expect(0);
    let file = shell.folder.file("shown.toml", &shown.out);
    shell.amiary(&["policy", "apply", &file]).expect(0);
}

#[tokio::test]
async fn a_refused_policy_is_not_stored() {
    let world = installed().await;
    let shell = Shell::over(&world);
    let file = shell.folder.file("bad.toml", "[familys]\n");
    world.forget_calls();
    shell.amiary(&["policy", "apply", &file]).expect(1);
    assert_eq!(world.calls(), [], "AWS is not even asked");
}

#[tokio::test]
async fn applying_says_as_json_which_revision_is_active() {
    let shell = Shell::over(&installed().await);
    let ended = shell
        .amiary(&["policy", "apply", EXAMPLE, "--json"])
        .expect(0);
    let json = ended.json();
    assert_eq!(json["valid"], true, "{json}");
    assert_eq!(json["revision"], 1, "{json}");
    assert_eq!(json["after"], 0, "{json}");
}
