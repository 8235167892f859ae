//! What is made of what could not be read.

use super::{KINDS, kind, observed, replica, source};
use crate::ports::Class;
use crate::tests::world::{HOME, World, account, place};
use crate::tests::{ELSEWHERE, IRELAND, look, policy, replicated, try_look, world};
use amiary_domain::lineage::ReplicaState;
use amiary_domain::observation::{Mandate, Seen};

#[test]
fn a_failure_to_read_what_an_event_names_makes_it_worth_repeating() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let image = world.publish(HOME, "golden-1");
    for part in ["record: find", "DescribeImages"] {
        world.fail(part, Class::Retry, 1);
        let error = try_look(&world, &active, &image, Mandate::Event).unwrap_err();
        assert_eq!(error.class, Class::Retry, "{part}");
    }
    look(&world, &active, &image, Mandate::Event);
    world.fail("DescribeImages", Class::Retry, 1);
    assert!(
        try_look(&world, &active, &image, Mandate::Event).is_err(),
        "recorded as well"
    );
    let copy = world.copy_of(&image, IRELAND);
    world.fail("DescribeImages", Class::Retry, 1);
    assert!(
        try_look(&world, &active, &copy, Mandate::Event).is_err(),
        "and of a replica"
    );
}

#[test]
fn an_event_about_a_replica_that_may_not_be_read_is_not_worth_repeating() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let image = world.publish(HOME, "golden-1");
    look(&world, &active, &image, Mandate::Event);
    let copy = world.copy_of(&image, IRELAND);
    for (class, expected) in [(Class::Permanent, "refused"), (Class::NotReady, "unknown")] {
        world.fail("DescribeImages", class, 1);
        let seen = observed(&world, &active, &copy, Mandate::Event);
        assert_eq!(kind(&seen.replicas[&place(IRELAND)]), expected);
    }
}

#[test]
fn a_sources_key_that_could_not_be_read_is_told_as_what_it_is() {
    let active = policy(&[ELSEWHERE], "");
    for call in ["DescribeSnapshots", "DescribeKey 111111111111/us-east-1"] {
        for (class, expected) in KINDS {
            let world = world();
            let image = world.publish(HOME, "golden-1");
            world.encrypt(&image, "arn:aws:kms:the-source", false);
            world.fail(call, class, 1);
            let seen = observed(&world, &active, &image, Mandate::Event);
            assert_eq!(
                kind(&source(&seen).under_aws_key),
                expected,
                "{call} {class:?}"
            );
        }
    }
    let world = world();
    let image = world.publish(HOME, "golden-1");
    world.encrypt(&image, "arn:aws:kms:the-source", false);
    world.state().keys.clear();
    let seen = observed(&world, &active, &image, Mandate::Event);
    assert_eq!(source(&seen).under_aws_key, Seen::Absent);
}

#[test]
fn each_class_of_failure_becomes_what_was_seen_and_never_an_empty_fact() {
    let active = policy(
        &[IRELAND, ELSEWHERE],
        "[families.web.sharing]\naccounts = [\"partner\"]\nsnapshots = [\"partner\"]",
    );
    for (class, expected) in KINDS {
        let world = world();
        let image = replicated(&world, &active, "golden-1");
        let see = |call| {
            world.fail(call, class, 1);
            observed(&world, &active, &image, Mandate::Schedule)
        };
        let seen = see("DescribeImages 111111111111/us-east-1");
        assert_eq!(kind(&seen.source), expected);
        assert_eq!(seen.replicas.len(), 2, "the replicas are read all the same");
        let seen = see("DescribeImageAttribute 111111111111/us-east-1");
        assert_eq!(kind(&source(&seen).permissions), expected);
        let seen = see("DescribeSnapshotAttribute 111111111111/us-east-1");
        let volumes = source(&seen).volume_permissions.values().map(kind);
        assert_eq!(volumes.collect::<Vec<_>>(), [expected]);
        let seen = see("DescribeImages 111111111111/eu-west-1");
        assert_eq!(kind(&seen.replicas[&place(IRELAND)]), expected);
        assert_eq!(
            kind(&seen.replicas[&place(ELSEWHERE)]),
            "read",
            "each for itself"
        );
        let seen = see("DescribeSnapshots 111111111111/eu-west-1");
        assert_eq!(kind(&replica(&seen, IRELAND).snapshots), expected);
        let seen = see("DescribeImageAttribute 111111111111/eu-west-1");
        assert_eq!(kind(&replica(&seen, IRELAND).permissions), expected);
        let seen = see("DescribeSnapshotAttribute 111111111111/eu-west-1");
        let volumes = replica(&seen, IRELAND)
            .volume_permissions
            .values()
            .map(kind);
        assert_eq!(volumes.collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn a_key_that_could_not_be_read_is_seen_as_what_it_is() {
    let active = policy(&[IRELAND], "");
    for (class, expected) in KINDS {
        let world = world();
        let image = world.publish(HOME, "golden-1");
        world.fail("DescribeKey", class, 1);
        let seen = observed(&world, &active, &image, Mandate::Event);
        assert_eq!(kind(&seen.keys[&place(IRELAND)]), expected, "{class:?}");
    }
    let world = World::new(&[]);
    let image = world.publish(HOME, "golden-1");
    let seen = observed(&world, &active, &image, Mandate::Event);
    assert_eq!(seen.keys[&place(IRELAND)], Seen::Absent);
}

#[test]
fn nothing_is_taken_back_and_nothing_copied_again_because_something_could_not_be_read() {
    let shared = "[families.web.sharing]\naccounts = [\"partner\"]\nsnapshots = [\"partner\"]";
    let before = policy(&[IRELAND], shared);
    let after = policy(&[IRELAND], "");
    for call in [
        "DescribeImages",
        "DescribeImageAttribute",
        "DescribeSnapshot",
        "DescribeKey",
    ] {
        for class in [Class::Retry, Class::Permanent, Class::NotReady] {
            let world = world();
            let image = replicated(&world, &before, "golden-1");
            let copy = world.copy_of(&image, IRELAND);
            world.fail(call, class, 99);
            look(&world, &after, &image, Mandate::Schedule);
            let calls = world.calls("");
            assert!(
                !calls.iter().any(|call| call.contains("CopyImage")),
                "{call} {class:?}"
            );
            if call != "DescribeKey" {
                let present = world.shared_with(&copy);
                assert_eq!(
                    present,
                    [account("333333333333")].into(),
                    "{call} {class:?}"
                );
            }
            assert_eq!(world.replica(&image, IRELAND).state, ReplicaState::Verified);
        }
    }
}
