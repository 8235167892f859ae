//! `amiary replicate` and `amiary lineage`.

use crate::process::Shell;
use amiary_domain::ids::ImageRef;
use amiary_domain::notice::printable;
use amiary_simulator::Call;
use amiary_tests::{BUILDER, PRODUCTION, Stage, Wants, golden};
use jiff::SignedDuration;
use std::time::Duration;

const DESTINATIONS: [&str; 3] = [
    "111111111111/ap-southeast-2",
    "111111111111/eu-west-1",
    "222222222222/eu-west-1",
];

/// A stage with an image that no function has seen, and a shell on it.
async fn published() -> (Stage, Shell, ImageRef) {
    let wants = Wants {
        production: vec!["eu-west-1"],
        ..Wants::default()
    };
    let stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    let shell = Shell::over(stage.world());
    (stage, shell, source)
}

fn mutating(stage: &Stage) -> Vec<Call> {
    let calls = stage.world().calls().into_iter();
    calls.filter(|call| call.mutating).collect()
}

#[tokio::test]
async fn a_dry_run_shows_each_step_with_its_reason_and_changes_nothing() {
    let (stage, shell, source) = published().await;
    let image = source.to_string();
    let ended = shell.amiary(&["replicate", "--dry-run", &image]).expect(0);
    for place in DESTINATIONS {
        assert!(ended.out.contains(place), "{place}: {}", ended.out);
    }
    let json = shell
        .amiary(&["replicate", "--dry-run", &image, "--json"])
        .expect(0)
        .json();
    let steps = json["steps"].as_array().unwrap();
    assert!(!steps.is_empty());
    assert!(steps.iter().all(|step| step["reason"] != ""), "{json:#}");
    assert_eq!(mutating(&stage), []);
    assert!(stage.lineage(&source).await.is_none());
}

/// Text of an image's that a terminal would act on, in every character it can be tagged with.
#[tokio::test]
async fn what_an_image_is_tagged_with_acts_on_no_terminal() {
    let (stage, shell, _) = published().await;
    let odd = "\u{9b}31m\u{9d}0;title\u{85}\u{7f}\u{202e}\u{2028}";
    let mut image = golden("golden-odd");
    image.tags.insert(format!("key{odd}"), odd.to_owned());
    let source = stage.publish(image);
    let at = source.to_string();
    for (arguments, json) in [
        (&["replicate", "--dry-run", &at][..], false),
        (&["replicate", "--dry-run", &at, "--json"], true),
        (&["replicate", &at], false),
        (&["lineage", &at], false),
        (&["lineage", &at, "--json"], true),
    ] {
        let ended = shell.amiary(arguments);
        for line in ended.out.split('\n').chain(ended.err.split('\n')) {
            assert_eq!(line, printable(line), "{arguments:?}");
        }
        if json {
            let read = ended.json().to_string();
            assert!(arguments[0] == "replicate" || read.contains(odd), "{read}");
        }
    }
}

#[tokio::test]
async fn an_image_is_replicated_by_hand_in_two_runs_across_accounts() {
    let (stage, shell, source) = published().await;
    let image = source.to_string();
    let first = shell.amiary(&["replicate", &image]).expect(1);
    for place in DESTINATIONS {
        assert!(first.out.contains(place), "{place}: {}", first.out);
    }
    let copies = |stage: &Stage| {
        let calls = stage.world().calls().into_iter();
        calls.filter(|call| call.operation == "CopyImage").count()
    };
    assert_eq!(copies(&stage), 3);
    stage.world().advance(SignedDuration::from_mins(10));
    let second = shell.amiary(&["replicate", &image]).expect(0);
    assert!(second.out.contains("verified"), "{}", second.out);
    assert_eq!(copies(&stage), 3, "nothing is copied twice");
    assert!(stage.is_replicated(&source, 3).await);
    let replica = stage.replica(&source, DESTINATIONS[2]).await;
    assert_eq!(replica.account, PRODUCTION);
    assert_eq!(replica.tags["Team"], "web");
    let third = shell.amiary(&["replicate", &image]).expect(0);
    assert!(third.out.contains("nothing to do"), "{}", third.out);
}

#[tokio::test]
async fn a_recorded_image_is_known_by_its_bare_id_and_so_is_its_replica() {
    let (stage, shell, source) = published().await;
    let bare = source.id.as_str();
    let unknown = shell.amiary(&["replicate", bare]).expect(3);
    assert!(unknown.err.contains("is not on record"), "{}", unknown.err);
    assert!(unknown.err.contains("account/Region/"), "{}", unknown.err);
    shell.amiary(&["replicate", &source.to_string()]).expect(1);
    stage.world().advance(SignedDuration::from_mins(10));
    let ended = shell.amiary(&["replicate", bare, "--json"]).expect(0);
    let json = ended.json();
    assert_eq!(json["source"]["image"], source.to_string());
    let replica = json["replicas"][0]["image"].as_str().unwrap();
    let lineage = shell.amiary(&["lineage", replica, "--json"]).expect(0);
    assert_eq!(
        lineage.json()["source"]["image"],
        source.to_string(),
        "a replica leads to its source"
    );
}

#[tokio::test]
async fn the_lineage_is_a_tree_with_every_destination_and_a_history() {
    let (stage, shell, source) = published().await;
    shell.amiary(&["replicate", &source.to_string()]).expect(1);
    let tree = shell.amiary(&["lineage", source.id.as_str()]).expect(0).out;
    for part in DESTINATIONS
        .iter()
        .chain(&["golden-1", "├─", "└─", "copying"])
    {
        assert!(tree.contains(part), "{part}: {tree}");
    }
    let recorded = tree.find("recorded: family web selects it").unwrap();
    let asked = tree.find("copy asked for").unwrap();
    assert!(recorded < asked, "in the order of what happened: {tree}");
    stage.world().advance(SignedDuration::from_mins(10));
    shell.amiary(&["replicate", &source.to_string()]).expect(0);
    let json = shell
        .amiary(&["lineage", source.id.as_str(), "--json"])
        .expect(0)
        .json();
    let replicas = json["replicas"].as_array().unwrap();
    assert_eq!(replicas.len(), 3);
    assert!(
        replicas
            .iter()
            .all(|replica| replica["state"] == "verified")
    );
    assert!(json["history"].as_array().unwrap().len() > replicas.len());
}

#[tokio::test]
async fn one_destination_that_fails_is_shown_and_the_others_are_replicated() {
    let (stage, shell, source) = published().await;
    stage
        .world()
        .set_key_enabled(stage.key(DESTINATIONS[0]), false);
    shell.amiary(&["replicate", &source.to_string()]).expect(1);
    stage.world().advance(SignedDuration::from_mins(10));
    let ended = shell.amiary(&["replicate", &source.to_string()]).expect(1);
    assert_eq!(ended.out.matches("verified").count(), 2, "{}", ended.out);
    assert!(ended.out.contains("disabled"), "{}", ended.out);
    stage
        .world()
        .set_key_enabled(stage.key(DESTINATIONS[0]), true);
    shell.amiary(&["replicate", &source.to_string()]).expect(1);
    stage.world().advance(SignedDuration::from_mins(10));
    shell.amiary(&["replicate", &source.to_string()]).expect(0);
    assert!(stage.is_replicated(&source, 3).await);
}

#[tokio::test]
async fn an_id_that_nobody_knows_and_one_that_is_none_differ_in_their_exit_code() {
    let (_stage, shell, _) = published().await;
    for command in ["lineage", "replicate"] {
        let unknown = format!("{BUILDER}/us-east-1/ami-0123456789abcdef0");
        if command == "lineage" {
            shell.amiary(&[command, &unknown]).expect(3);
        }
        shell.amiary(&[command, "ami-0123456789abcdef0"]).expect(3);
        let wrong = shell.amiary(&[command, "ami-\u{1b}[31mred"]).expect(2);
        assert!(wrong.err.contains("is not an image id"), "{}", wrong.err);
    }
}

#[tokio::test]
async fn waiting_looks_again_until_every_destination_is_verified() {
    let (stage, shell, source) = published().await;
    let image = source.to_string();
    let world = stage.world().clone();
    let ended = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| shell.amiary(&["replicate", &image, "--wait", "1"]));
        while !waiting.is_finished() {
            // Slowly: a first look must be over long before the copies are.
            std::thread::sleep(Duration::from_millis(400));
            world.advance(SignedDuration::from_mins(1));
        }
        waiting.join().unwrap().expect(0)
    });
    assert!(ended.err.contains("3 copying"), "progress: {}", ended.err);
    assert!(stage.is_replicated(&source, 3).await);
}
