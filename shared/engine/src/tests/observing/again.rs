//! What is read again between two rounds.

use super::{kind, observed};
use crate::ports::Class;
use crate::tests::world::{HOME, place};
use crate::tests::{IRELAND, SYDNEY, look, now, policy, reasons, replicated, world};
use amiary_domain::lineage::ReplicaState;
use amiary_domain::observation::Mandate;
use jiff::SignedDuration;

#[test]
fn a_round_reads_again_only_what_the_steps_before_it_touched() {
    let world = world();
    let active = policy(&[IRELAND, SYDNEY], "");
    let image = replicated(&world, &active, "golden-1");
    let copy = world.copy_of(&image, SYDNEY);
    world.state().images.get_mut(&copy).unwrap().tags.clear();
    world.calls("");
    look(&world, &active, &image, Mandate::Schedule);
    let calls = world.calls("");
    let tagged = calls
        .iter()
        .position(|call| call.contains("CreateTags"))
        .unwrap();
    let after: Vec<&String> = calls[tagged..]
        .iter()
        .filter(|c| c.contains("Describe"))
        .collect();
    assert_eq!(after.len(), 2, "{after:?}");
    assert!(after.iter().all(|call| call.contains(SYDNEY)), "{after:?}");
    assert_eq!(world.replica(&image, SYDNEY).state, ReplicaState::Verified);
}

#[test]
fn what_could_not_be_read_back_is_not_called_verified() {
    let shared = "[families.web.sharing]\naccounts = [\"partner\"]\nsnapshots = [\"partner\"]";
    let reads = [
        "DescribeImageAttribute 111111111111/eu-west-1",
        "DescribeSnapshotAttribute 111111111111/eu-west-1",
    ];
    for read in reads {
        let world = world();
        let active = policy(&[IRELAND], shared);
        let image = world.publish(HOME, "golden-1");
        look(&world, &active, &image, Mandate::Event);
        world.arrive();
        let copy = world.copy_of(&image, IRELAND);
        world.fail(read, Class::Retry, 1);
        let report = look(&world, &active, &copy, Mandate::Event);
        assert_eq!(
            world.replica(&image, IRELAND).state,
            ReplicaState::Completed,
            "{read}"
        );
        assert!(
            reasons(&report).contains("could not be read"),
            "{}",
            reasons(&report)
        );
        look(&world, &active, &copy, Mandate::Event);
        assert_eq!(world.replica(&image, IRELAND).state, ReplicaState::Verified);
    }
}

#[test]
fn tags_are_read_back_from_image_and_snapshots() {
    for (read, class) in [
        ("DescribeImages", Class::Retry),
        ("DescribeImages", Class::Gone),
        ("DescribeSnapshots", Class::Retry),
    ] {
        let world = world();
        let active = policy(&[IRELAND], "");
        let image = replicated(&world, &active, "golden-1");
        let copy = world.copy_of(&image, IRELAND);
        world.state().images.get_mut(&copy).unwrap().tags.clear();
        world.wait(SignedDuration::from_mins(1));
        let seen = observed(&world, &active, &copy, Mandate::Event);
        let plan = amiary_domain::plan::plan(&active, &seen, world.state().now);
        world.fail(read, class, 1);
        let again = now(crate::observe::observe_again(world.reading(), &seen, &plan)).unwrap();
        let expected = if class == Class::Gone {
            "absent"
        } else {
            "unknown"
        };
        match (read, &again.replicas[&place(IRELAND)]) {
            ("DescribeImages", other) => assert_eq!(kind(other), expected),
            (_, other) => assert_eq!(kind(&other.read().unwrap().snapshots), expected),
        }
    }
}

#[test]
fn where_nothing_is_known_there_is_nothing_to_read_again() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let missing = "111111111111/us-east-1/ami-0badbad0".parse().unwrap();
    let seen = observed(&world, &active, &missing, Mandate::Event);
    world.calls("");
    let plan = amiary_domain::plan::Plan::default();
    let again = now(crate::observe::observe_again(world.reading(), &seen, &plan)).unwrap();
    assert_eq!(again, seen);
    assert!(world.calls("").is_empty());
}
