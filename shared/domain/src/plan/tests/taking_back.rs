//! When permissions are taken back, and what is left to whoever granted it.

use super::converging::{arrived, shares_volumes, users};
use super::toy::{account, grants, place};
use super::{IRELAND, reasons, seeing, takes_back};
use crate::image::LaunchPermission;
use crate::observation::{Mandate, Observation, Seen};

const STRANGER: &str = "666666666666";

/// Makes something unknown.
type Hide = fn(&mut Observation);

#[test]
fn what_someone_else_granted_is_named_and_what_amiary_granted_is_not() {
    let mut toy = arrived(&[1]);
    let plans = toy.converge(Mandate::Event);
    assert!(
        plans
            .iter()
            .all(|plan| !reasons(plan).contains("shared by someone else"))
    );
    let facts = toy.images.get_mut(&place(IRELAND)).unwrap();
    let mut present = grants(&[1]);
    present.insert(LaunchPermission::Account(account(STRANGER)));
    facts.permissions = Seen::Read(present.clone());
    let plan = toy.plan(Mandate::Schedule);
    assert_eq!(
        plan.steps().count(),
        1,
        "only that it is so is written down"
    );
    toy.apply(&plan);
    let recorded = &toy.lineage.as_ref().unwrap().replicas[&place(IRELAND)];
    assert_eq!(recorded.shared, Some(present));
    assert_eq!(recorded.shared_at, Some(toy.now), "and when it was read");
    let plan = toy.plan(Mandate::Schedule);
    assert!(plan.is_empty());
    assert_eq!(
        reasons(&plan),
        format!("shared by someone else, and left so: account {STRANGER}")
    );
    toy.family().sharing.launch.clear();
    let plan = toy.plan(Mandate::Event);
    assert!(reasons(&plan).contains(&format!("left so: account {STRANGER}")));
    assert!(
        reasons(&plan).contains("no longer wanted"),
        "Amiary's own, for a schedule"
    );
    assert!(
        !reasons(&plan).contains("left so: account 9"),
        "{}",
        reasons(&plan)
    );
}

#[test]
fn a_schedule_that_takes_permissions_back_defers_nothing() {
    let mut toy = arrived(&[1, 2]);
    toy.converge(Mandate::Event);
    toy.family().sharing.launch = grants(&[2]);
    let deferred = toy.plan(Mandate::Event);
    assert!(reasons(&deferred).contains("taken back only by a scheduled run"));
    let due = super::source(&deferred).unwrap().due;
    assert!(due <= toy.now, "the next scheduled run does it");
    let plan = toy.plan(Mandate::Schedule);
    assert_eq!(reasons(&plan), "");
    toy.converge(Mandate::Schedule);
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read(grants(&[2]))
    );
    assert_eq!(toy.replica(IRELAND).granted, grants(&[2]));
}

#[test]
fn a_source_that_is_not_available_or_was_not_read_lets_nothing_be_taken_back() {
    let mut toy = arrived(&[1]);
    shares_volumes(&mut toy);
    toy.converge(Mandate::Schedule);
    toy.family().sharing.launch.clear();
    toy.family().sharing.snapshots.clear();
    let hidden: [Hide; 3] = [
        |seen| seen.source = Seen::NotRead,
        |seen| seen.source = Seen::Unknown("throttled".to_owned()),
        |seen| {
            if let Seen::Read(facts) = &mut seen.source {
                facts.image.state = crate::image::ImageState::Disabled;
            }
        },
    ];
    for hide in hidden {
        let plan = seeing(&toy, Mandate::Schedule, hide);
        assert!(!takes_back(&plan), "{plan:#?}");
        assert_eq!(
            plan.left.len(),
            2,
            "of the image and of its snapshot: {:?}",
            plan.left
        );
    }
    assert!(takes_back(&toy.plan(Mandate::Schedule)));
}

#[test]
fn snapshots_are_shared_as_the_policy_says_and_taken_back_by_a_schedule() {
    let mut toy = arrived(&[]);
    let wanted = shares_volumes(&mut toy);
    toy.converge(Mandate::Event);
    assert_eq!(users(&toy), wanted);
    assert_eq!(toy.replica(IRELAND).granted_snapshots, wanted);
    assert!(toy.plan(Mandate::Schedule).is_empty());
    toy.family().sharing.snapshots = [account("900000000002")].into();
    let event = toy.plan(Mandate::Event);
    assert!(!takes_back(&event));
    assert!(reasons(&event).contains("taken back only by a scheduled run"));
    toy.converge(Mandate::Schedule);
    assert_eq!(users(&toy), [account("900000000002")].into());
    toy.family().sharing.snapshots.clear();
    toy.converge(Mandate::Schedule);
    assert_eq!(users(&toy), [].into(), "all that Amiary put there");
    assert!(toy.replica(IRELAND).granted_snapshots.is_empty());
}

#[test]
fn a_strangers_use_of_a_snapshot_is_left() {
    let mut toy = arrived(&[]);
    shares_volumes(&mut toy);
    toy.converge(Mandate::Event);
    let facts = toy.images.get_mut(&place(IRELAND)).unwrap();
    for seen in facts.volume_permissions.values_mut() {
        *seen = Seen::Read([account("900000000001"), account(STRANGER)].into());
    }
    toy.family().sharing.snapshots.clear();
    toy.converge(Mandate::Schedule);
    assert_eq!(users(&toy), [account(STRANGER)].into());
}

#[test]
fn what_someone_took_from_a_replica_is_amiarys_no_more_once_nobody_wants_it() {
    let mut toy = arrived(&[1, 2]);
    let wanted = shares_volumes(&mut toy);
    toy.converge(Mandate::Event);
    assert_eq!(toy.replica(IRELAND).granted_snapshots, wanted);
    toy.family().sharing.launch = grants(&[1]);
    toy.family().sharing.snapshots.clear();
    let facts = toy.images.get_mut(&place(IRELAND)).unwrap();
    facts.permissions = Seen::Read(grants(&[1]));
    for seen in facts.volume_permissions.values_mut() {
        *seen = Seen::Read([].into());
    }
    toy.converge(Mandate::Event);
    assert_eq!(toy.replica(IRELAND).granted, grants(&[1]));
    assert!(toy.replica(IRELAND).granted_snapshots.is_empty());
    toy.permissions(&crate::ids::ImageRef::new(
        place(IRELAND),
        "ami-00000002".parse().unwrap(),
    ))
    .extend(grants(&[2]));
    let plan = toy.plan(Mandate::Schedule);
    assert!(!takes_back(&plan), "a person's own grant since: {plan:#?}");
}
