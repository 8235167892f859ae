//! How an available replica is brought to what the policy wants.

use super::toy::{Toy, account, family, grants, place};
use super::{IRELAND, SYDNEY, entries, reasons, replicas, seeing};
use crate::ids::AccountId;
use crate::lineage::ReplicaState;
use crate::observation::{ImageFacts, Mandate, Observation, Seen};
use crate::plan::{Action, Plan};
use std::collections::BTreeSet;

/// Makes something unknown.
type HideFacts = fn(&mut ImageFacts);

/// A toy whose copy has just arrived.
pub(super) fn arrived(launch: &[u8]) -> Toy {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.family().sharing.launch = grants(launch);
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    toy
}

pub(super) fn shares_volumes(toy: &mut Toy) -> BTreeSet<AccountId> {
    let users = BTreeSet::from([account("900000000001")]);
    toy.family().sharing.snapshots.clone_from(&users);
    users
}

fn replica_facts(observation: &mut Observation) -> &mut ImageFacts {
    match observation.replicas.get_mut(&place(IRELAND)) {
        Some(Seen::Read(facts)) => facts,
        other => panic!("{other:?}"),
    }
}

/// Who may use a replica's snapshots, where that is the same for all of them.
pub(super) fn users(toy: &Toy) -> BTreeSet<AccountId> {
    let all = toy.images[&place(IRELAND)].volume_permissions.values();
    let all: BTreeSet<_> = all.map(|seen| seen.read().unwrap().clone()).collect();
    all.into_iter().next().unwrap_or_default()
}

fn changes(plan: &Plan) -> usize {
    let steps = plan.steps();
    steps
        .filter(|(_, step)| !matches!(step.action, Action::Write(_)))
        .count()
}

#[test]
fn the_unread_permissions_of_a_fresh_copy_that_will_be_shared_are_nobodys() {
    let toy = arrived(&[1]);
    let plan = seeing(&toy, Mandate::Event, |seen| {
        replica_facts(seen).permissions = Seen::NotRead;
    });
    let shared = plan.steps().any(|(_, step)| match &step.action {
        Action::Share { add, .. } => *add == grants(&[1]),
        _ => false,
    });
    assert!(shared, "{plan:#?}");
}

#[test]
fn a_copy_that_is_shared_with_nobody_is_not_verified_before_that_was_read() {
    let toy = arrived(&[]);
    let plan = seeing(&toy, Mandate::Event, |seen| {
        replica_facts(seen).permissions = Seen::NotRead;
    });
    assert!(plan.is_empty());
    assert_eq!(
        reasons(&plan),
        "its launch permissions were not read in this run"
    );
}

#[test]
fn a_replica_that_was_shared_before_is_not_taken_for_unshared_because_nobody_looked() {
    let mut toy = arrived(&[1]);
    toy.converge(Mandate::Event);
    let plan = seeing(&toy, Mandate::Schedule, |seen| {
        replica_facts(seen).permissions = Seen::NotRead;
    });
    assert_eq!(changes(&plan), 0);
    assert!(reasons(&plan).contains("were not read in this run"));
}

#[test]
fn what_could_not_be_read_of_a_replica_is_named_with_the_reason_and_nothing_follows() {
    let mut toy = arrived(&[1]);
    let users = shares_volumes(&mut toy);
    toy.converge(Mandate::Event);
    let unknown: [(HideFacts, &str); 5] = [
        (
            |facts| facts.snapshots = Seen::Unknown("throttled".to_owned()),
            "its snapshots could not be read: throttled",
        ),
        (
            |facts| facts.snapshots = Seen::NotRead,
            "its snapshots were not read",
        ),
        (
            |facts| facts.permissions = Seen::Refused("denied".to_owned()),
            "its launch permissions could not be read: denied",
        ),
        (
            |facts| {
                for seen in facts.volume_permissions.values_mut() {
                    *seen = Seen::Unknown("throttled".to_owned());
                }
            },
            "who may use its snapshots could not be read: throttled",
        ),
        (
            |facts| facts.volume_permissions.clear(),
            "who may use its snapshots were not read in this run",
        ),
    ];
    for (hide, expected) in unknown {
        toy.family()
            .sharing
            .snapshots
            .insert(account("900000000002"));
        let plan = seeing(&toy, Mandate::Schedule, |seen| hide(replica_facts(seen)));
        assert_eq!(changes(&plan), 0, "{expected}");
        assert!(reasons(&plan).contains(expected), "{}", reasons(&plan));
    }
    assert_eq!(self::users(&toy), users);
}

#[test]
fn the_snapshots_of_a_fresh_copy_need_no_reading_and_of_any_other_they_do() {
    let mut toy = arrived(&[]);
    shares_volumes(&mut toy);
    let plan = toy.plan(Mandate::Event);
    let shares = |plan: &Plan| {
        let mut steps = plan.steps();
        steps.any(|(_, step)| matches!(step.action, Action::ShareSnapshot { .. }))
    };
    assert!(shares(&plan));
    toy.converge(Mandate::Event);
    let plan = seeing(&toy, Mandate::Schedule, |seen| {
        replica_facts(seen).volume_permissions.clear();
    });
    assert!(!shares(&plan), "{plan:#?}");
}

#[test]
fn what_amiary_is_about_to_put_there_is_written_down_before_and_what_it_did_after() {
    let mut toy = arrived(&[1]);
    let users = shares_volumes(&mut toy);
    toy.source
        .image
        .tags
        .insert("Team".to_owned(), "web".to_owned());
    toy.active.revision = 3;
    let plan = toy.plan(Mandate::Event);
    let steps = &plan.destinations[0].steps;
    assert!(matches!(steps[0].action, Action::Write(_)));
    assert!(matches!(steps[steps.len() - 1].action, Action::Write(_)));
    assert!(
        steps[1..steps.len() - 1]
            .iter()
            .all(|s| !matches!(s.action, Action::Write(_)))
    );
    let [intent, done] = &replicas(&plan)[..] else {
        panic!("{plan:#?}");
    };
    assert_eq!(
        (intent.state, done.state),
        (ReplicaState::Available, ReplicaState::Completed)
    );
    assert_eq!((intent.revision, done.version), (3, intent.version + 1));
    assert_eq!(
        (&intent.granted, &intent.granted_snapshots),
        (&grants(&[1]), &users)
    );
    assert!(intent.tagged.contains("Team"));
    assert!(steps[1].reason.contains("a copy drops permissions"));
    toy.apply(&plan);
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Completed);
    let plan = toy.plan(Mandate::Event);
    assert_eq!(replicas(&plan)[0].state, ReplicaState::Verified);
    assert_eq!(replicas(&plan)[0].revision, 3);
}

#[test]
fn a_repair_that_was_written_down_already_is_made_without_writing_it_again() {
    let mut toy = arrived(&[1]);
    let plan = toy.plan(Mandate::Event);
    let intent = &plan.destinations[0].steps[..1];
    let died = Plan {
        destinations: vec![crate::plan::Group {
            place: place(IRELAND),
            steps: intent.to_vec(),
        }],
        ..Plan::default()
    };
    toy.apply(&died);
    let plan = toy.plan(Mandate::Event);
    assert_eq!(replicas(&plan).len(), 1, "{:?}", entries(&plan));
    assert!(
        plan.destinations[0].steps[0]
            .reason
            .contains("it differs from")
    );
    toy.converge(Mandate::Event);
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read(grants(&[1]))
    );
}

#[test]
fn what_someone_took_from_a_replica_is_put_back_and_known_as_amiarys() {
    let mut toy = arrived(&[1, 2]);
    toy.converge(Mandate::Event);
    let facts = toy.images.get_mut(&place(IRELAND)).unwrap();
    facts.permissions = Seen::Read(grants(&[1]));
    let plans = toy.converge(Mandate::Event);
    assert!(
        plans[0].destinations[0].steps[1]
            .reason
            .contains("it differs from")
    );
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read(grants(&[1, 2]))
    );
    assert_eq!(toy.replica(IRELAND).granted, grants(&[1, 2]));
}

#[test]
fn a_replica_whose_snapshots_are_not_all_described_is_looked_at_again_soon() {
    let toy = arrived(&[]);
    let plan = seeing(&toy, Mandate::Event, |seen| {
        let facts = replica_facts(seen);
        facts
            .image
            .snapshots
            .insert("snap-0000000b".parse().unwrap());
    });
    assert!(reasons(&plan).contains("does not describe its snapshots yet"));
    assert!(plan.destinations.is_empty());
    assert!(super::source(&plan).unwrap().due <= toy.now);
}

#[test]
fn an_unencrypted_snapshot_of_an_encrypted_replica_is_named() {
    let toy = arrived(&[]);
    let plan = seeing(&toy, Mandate::Event, |seen| {
        if let Seen::Read(snapshots) = &mut replica_facts(seen).snapshots {
            for snapshot in snapshots.values_mut() {
                snapshot.encrypted = false;
            }
        }
    });
    assert_eq!(replicas(&plan)[0].state, ReplicaState::Failed);
    let plan = seeing(&toy, Mandate::Event, |seen| {
        if let Seen::Read(snapshots) = &mut replica_facts(seen).snapshots {
            for snapshot in snapshots.values_mut() {
                snapshot.key = None;
            }
        }
    });
    let failed = &replicas(&plan)[0];
    assert!(
        failed
            .cause
            .as_ref()
            .unwrap()
            .contains("encrypted under no key, not under arn")
    );
}

#[test]
fn tags_are_the_same_on_image_and_snapshots_whichever_of_them_differs() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    toy.source
        .image
        .tags
        .insert("Team".to_owned(), "web".to_owned());
    toy.converge(Mandate::Event);
    let facts = toy.images.get_mut(&place(IRELAND)).unwrap();
    if let Seen::Read(snapshots) = &mut facts.snapshots {
        for snapshot in snapshots.values_mut() {
            snapshot.tags.clear();
        }
    }
    let plan = toy.plan(Mandate::Event);
    let [group] = &plan.destinations[..] else {
        panic!("{plan:#?}");
    };
    assert_eq!(group.place, place(IRELAND));
    toy.converge(Mandate::Event);
    toy.source.image.tags.clear();
    toy.images
        .get_mut(&place(SYDNEY))
        .unwrap()
        .image
        .tags
        .remove("Team");
    let plans = toy.converge(Mandate::Event);
    let untagged = plans[0].steps().filter(|(_, step)| match &step.action {
        Action::Untag { keys, .. } => *keys == BTreeSet::from(["Team".to_owned()]),
        _ => false,
    });
    assert_eq!(untagged.count(), 2, "from the snapshots alone, too");
    assert!(!toy.replica(IRELAND).tagged.contains("Team"));
}

#[test]
fn a_source_shared_as_it_is_needs_its_permissions_only_where_the_policy_follows_them() {
    let mut toy = arrived(&[1]);
    toy.source.permissions = Seen::NotRead;
    toy.lineage.as_mut().unwrap().source.permissions = None;
    toy.converge(Mandate::Event);
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Verified);
}
