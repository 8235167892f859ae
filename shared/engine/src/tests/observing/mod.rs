//! What is read, and what is not.

mod again;
mod lineages;
mod sources;
mod unread;

use crate::observe::observe;
use crate::ports::Class;
use crate::tests::world::{HOME, World, place};
use crate::tests::{ELSEWHERE, IRELAND, SYDNEY, look, now, policy, replicated, world};
use amiary_domain::ids::{ImageRef, Place};
use amiary_domain::lineage::ReplicaState;
use amiary_domain::observation::{ImageFacts, Mandate, Observation, Seen};
use amiary_domain::plan::ActivePolicy;

const MANDATES: [Mandate; 3] = [Mandate::Event, Mandate::Schedule, Mandate::Person];

fn observed(
    world: &World,
    active: &ActivePolicy,
    image: &ImageRef,
    mandate: Mandate,
) -> Observation {
    world.calls("");
    now(observe(world.reading(), active, image, mandate)).unwrap()
}

fn source(observation: &Observation) -> &ImageFacts {
    observation.source.read().expect("the source was read")
}

fn replica<'a>(observation: &'a Observation, at: &str) -> &'a ImageFacts {
    observation.replicas[&place(at)]
        .read()
        .expect("it was read")
}

/// The class of a failed call as what was seen of the thing.
fn kind<T>(seen: &Seen<T>) -> &'static str {
    match seen {
        Seen::NotRead => "not read",
        Seen::Unknown(_) => "unknown",
        Seen::Refused(_) => "refused",
        Seen::Absent => "absent",
        Seen::Read(_) => "read",
    }
}

const KINDS: [(Class, &str); 4] = [
    (Class::Retry, "unknown"),
    (Class::NotReady, "unknown"),
    (Class::Permanent, "refused"),
    (Class::Gone, "absent"),
];

#[test]
fn an_image_at_a_place_that_the_policy_does_not_name_is_not_even_looked_at() {
    let world = World::new(&[]);
    let active = policy(&[IRELAND], "");
    for at in ["333333333333/us-east-1", "111111111111/us-west-2"] {
        let image = world.publish(at, "golden-1");
        let seen = observed(&world, &active, &image, Mandate::Event);
        assert_eq!(seen.source, Seen::NotRead);
        assert_eq!(world.calls("Describe"), [] as [&str; 0]);
    }
}

#[test]
fn an_image_that_nobody_recorded_is_described_and_nothing_more_unless_a_family_selects_it() {
    let world = world();
    let active = policy(&[ELSEWHERE], "");
    for (at, name) in [(HOME, "other-1"), (ELSEWHERE, "golden-1")] {
        let image = world.publish(at, name);
        let seen = observed(&world, &active, &image, Mandate::Schedule);
        assert_eq!(source(&seen).permissions, Seen::NotRead);
        assert_eq!(world.calls("Describe").len(), 1, "{at}");
        assert!(
            look(&world, &active, &image, Mandate::Event)
                .applied
                .is_empty()
        );
    }
    let missing = "111111111111/us-east-1/ami-0badbad0".parse().unwrap();
    let seen = observed(&world, &active, &missing, Mandate::Event);
    assert_eq!(seen.source, Seen::Absent);
}

#[test]
fn an_event_about_a_replica_reads_that_replica_alone() {
    let world = world();
    let active = policy(&[IRELAND, SYDNEY], "");
    let image = replicated(&world, &active, "golden-1");
    let copy = world.copy_of(&image, SYDNEY);
    let seen = observed(&world, &active, &copy, Mandate::Event);
    assert_eq!(seen.source, Seen::NotRead);
    let read: Vec<&Place> = seen.replicas.keys().collect();
    assert_eq!(read, [&place(SYDNEY)]);
    assert!(
        world
            .calls("Describe")
            .iter()
            .all(|call| call.contains(SYDNEY))
    );
    for mandate in [Mandate::Schedule, Mandate::Person] {
        let seen = observed(&world, &active, &copy, mandate);
        assert_eq!(
            kind(&seen.source),
            "read",
            "others look at the whole lineage"
        );
        assert_eq!(seen.replicas.len(), 2);
    }
}

#[test]
fn only_the_keys_that_a_copy_may_be_started_under_are_read() {
    let active = policy(&[IRELAND, SYDNEY], "");
    let world = world();
    let image = world.publish(HOME, "golden-1");
    observed(&world, &active, &image, Mandate::Event);
    assert_eq!(world.calls("DescribeKey").len(), 2, "each once");
    let image = replicated(&world, &active, "golden-2");
    let states = [
        (ReplicaState::Wanted, [true, true, true]),
        (ReplicaState::Withdrawn, [true, true, true]),
        (ReplicaState::Failed, [false, false, true]),
        (ReplicaState::Gone, [false, false, true]),
        (ReplicaState::Copying, [false, false, false]),
        (ReplicaState::Verified, [false, false, false]),
    ];
    for (state, expected) in states {
        world.set(&image, IRELAND, |replica| replica.state = state);
        for (mandate, expected) in MANDATES.into_iter().zip(expected) {
            let seen = observed(&world, &active, &image, mandate);
            assert_eq!(
                seen.keys.contains_key(&place(IRELAND)),
                expected,
                "{state:?} {mandate:?}"
            );
        }
    }
}

#[test]
fn a_source_that_stands_at_a_destination_needs_no_key_there() {
    let world = world();
    let mut active = policy(&[IRELAND, SYDNEY], "");
    let family = active.policy.families.get_mut("web").unwrap();
    family.select.regions.insert(place(IRELAND).region);
    let image = world.publish(IRELAND, "golden-1");
    let seen = observed(&world, &active, &image, Mandate::Event);
    let read: Vec<&Place> = seen.keys.keys().collect();
    assert_eq!(read, [&place(SYDNEY)]);
    look(&world, &active, &image, Mandate::Event);
    let copy = world.copy_of(&image, SYDNEY);
    let seen = observed(&world, &active, &copy, Mandate::Person);
    assert!(
        seen.keys.is_empty(),
        "nor where the run looks from the replica"
    );
}

#[test]
fn the_permissions_of_a_fresh_copy_are_read_only_after_they_were_set() {
    let world = world();
    let shared = "[families.web.sharing]\naccounts = [\"partner\"]\nsnapshots = [\"partner\"]";
    let active = policy(&[IRELAND], shared);
    let image = world.publish(HOME, "golden-1");
    look(&world, &active, &image, Mandate::Event);
    let copy = world.copy_of(&image, IRELAND);
    let seen = observed(&world, &active, &copy, Mandate::Event);
    assert_eq!(
        replica(&seen, IRELAND).snapshots,
        Seen::NotRead,
        "it is not there yet"
    );
    world.arrive();
    let seen = observed(&world, &active, &copy, Mandate::Event);
    assert_eq!(replica(&seen, IRELAND).permissions, Seen::NotRead);
    assert!(replica(&seen, IRELAND).volume_permissions.is_empty());
    look(&world, &active, &copy, Mandate::Event);
    let calls = world.calls("eu-west-1");
    let at = |part| calls.iter().rposition(|call| call.contains(part)).unwrap();
    assert!(at("DescribeImageAttribute") > at("ModifyImageAttribute"));
    assert!(at("DescribeSnapshotAttribute") > at("ModifySnapshotAttribute"));
    assert_eq!(world.replica(&image, IRELAND).state, ReplicaState::Verified);
}

#[test]
fn of_a_family_that_the_policy_dropped_a_replica_is_read_as_a_whole() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let image = replicated(&world, &active, "golden-1");
    let seen = observed(&world, &active, &image, Mandate::Schedule);
    assert!(
        replica(&seen, IRELAND).volume_permissions.is_empty(),
        "nothing is shared"
    );
    let mut dropped = active.clone();
    dropped.policy.families.clear();
    let seen = observed(&world, &dropped, &image, Mandate::Schedule);
    assert_eq!(kind(&replica(&seen, IRELAND).permissions), "read");
    assert_eq!(replica(&seen, IRELAND).volume_permissions.len(), 1);
}

#[test]
fn an_id_names_a_replica_only_in_its_own_region() {
    let world = world();
    let active = policy(&[IRELAND, SYDNEY], "");
    let image = replicated(&world, &active, "golden-1");
    let copy = world.copy_of(&image, IRELAND);
    world.set(&image, SYDNEY, |replica| {
        replica.image = Some(copy.id.clone());
    });
    let seen = observed(&world, &active, &copy, Mandate::Event);
    let read: Vec<&Place> = seen.replicas.keys().collect();
    assert_eq!(read, [&place(IRELAND)]);
}
