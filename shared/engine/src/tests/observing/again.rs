//! What is read again between two rounds.

use super::{kind, observed, source};
use crate::observe::observe_again;
use crate::ports::Class;
use crate::tests::world::{HOME, World, account, place};
use crate::tests::{ELSEWHERE, IRELAND, SYDNEY, look, now, policy, reasons, replicated, world};
use amiary_domain::lineage::ReplicaState;
use amiary_domain::observation::{Mandate, Observation, Seen};
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
        let again = now(observe_again(world.reading(), &seen, &plan)).unwrap();
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
    let again = now(observe_again(world.reading(), &seen, &plan)).unwrap();
    assert_eq!(again, seen);
    assert!(world.calls("").is_empty());
}

/// What an observation is after an empty plan, while another run did something.
fn seen_again(world: &World, seen: &Observation) -> Observation {
    world.calls("");
    let plan = amiary_domain::plan::Plan::default();
    now(observe_again(world.reading(), seen, &plan)).unwrap()
}

#[test]
fn what_was_seen_is_forgotten_once_the_record_names_another_image() {
    let world = world();
    let active = policy(&[IRELAND, SYDNEY], "");
    let image = replicated(&world, &active, "golden-1");
    let seen = observed(&world, &active, &image, Mandate::Schedule);
    assert_eq!(
        seen_again(&world, &seen).replicas,
        seen.replicas,
        "nothing happened"
    );
    world.set(&image, IRELAND, |replica| replica.version += 1);
    assert_eq!(
        seen_again(&world, &seen).replicas,
        seen.replicas,
        "the image is the same"
    );
    world.set(&image, IRELAND, |replica| {
        replica.image = Some("ami-0badbad0".parse().unwrap());
    });
    let left = seen_again(&world, &seen).replicas;
    assert_eq!(left.keys().collect::<Vec<_>>(), [&place(SYDNEY)]);
}

#[test]
fn a_source_is_read_again_only_where_a_loan_that_it_still_shows_was_taken_back() {
    let world = world();
    let active = policy(&[ELSEWHERE], "[families.web.sharing]\nas-source = true");
    let image = world.publish(HOME, "golden-1");
    look(&world, &active, &image, Mandate::Event);
    let seen = observed(&world, &active, &image, Mandate::Schedule);
    let borrower = account("222222222222");
    let shows = |seen: &Observation| {
        let permissions = &source(seen).permissions;
        permissions.read().unwrap().contains(&borrower)
    };
    assert!(shows(&seen_again(&world, &seen)), "it is still lent");
    assert!(world.calls("Describe").is_empty());
    {
        let mut state = world.state();
        let source = &mut state.lineages.get_mut(&image).unwrap().source;
        source.loans.clear();
        state.permissions.clear();
    }
    assert!(
        !shows(&seen_again(&world, &seen)),
        "what was read still showed the loan"
    );
    assert_eq!(world.calls("Describe").len(), 1);

    let mut hidden = seen.clone();
    if let Seen::Read(facts) = &mut hidden.source {
        facts.permissions = Seen::Read([account("333333333333")].into());
    }
    seen_again(&world, &hidden);
    assert!(world.calls("Describe").is_empty(), "it did not show it");
    let mut snapshots = seen.clone();
    let lineage = snapshots.lineage.as_mut().unwrap();
    for loan in lineage.source.loans.values_mut() {
        loan.image = false;
    }
    assert!(
        shows(&seen_again(&world, &snapshots)),
        "that is its owner's wish"
    );
    assert!(world.calls("Describe").is_empty());
}
