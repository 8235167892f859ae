use super::toy::{Toy, family, grants, place, source_ref};
use super::{ELSEWHERE, IRELAND, copies, notices, reasons, seeing, takes_back};
use crate::image::{ImageState, LaunchPermission};
use crate::lineage::{ReplicaState, SourceStatus};
use crate::notice::NoticeKind;
use crate::observation::{Mandate, Seen};
use crate::plan::{Action, Plan};
use jiff::SignedDuration;

#[test]
fn everyone_is_never_spread_from_a_source() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.family().sharing.as_source = true;
    toy.permissions(&source_ref())
        .insert(LaunchPermission::Everyone);
    toy.converge(Mandate::Schedule);
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read([].into())
    );
}

#[test]
fn a_disabled_source_takes_nothing_back_from_its_replicas() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.family().sharing.as_source = true;
    toy.permissions(&source_ref()).extend(grants(&[1, 2]));
    toy.converge(Mandate::Schedule);
    toy.source.image.state = ImageState::Disabled;
    toy.source.permissions = Seen::Read([].into());
    toy.converge(Mandate::Schedule);
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read(grants(&[1, 2]))
    );
    assert_eq!(
        toy.lineage.unwrap().source.status,
        SourceStatus::Unavailable
    );
}

#[test]
fn permissions_that_could_not_be_read_take_nothing_back() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.family().sharing.as_source = true;
    toy.permissions(&source_ref()).extend(grants(&[1]));
    toy.converge(Mandate::Schedule);
    toy.family().sharing.as_source = false;
    toy.source.permissions = Seen::Unknown("throttled".to_owned());
    let plan = toy.plan(Mandate::Schedule);
    assert!(plan.destinations.is_empty(), "{plan:#?}");
    assert!(reasons(&plan).contains("taken back only by a scheduled run"));
}

#[test]
fn a_replica_under_another_key_is_not_shared_and_its_owner_hears() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.family().sharing.launch = grants(&[1]);
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let facts = toy.images.get_mut(&place(IRELAND)).unwrap();
    if let Seen::Read(snapshots) = &mut facts.snapshots {
        for snapshot in snapshots.values_mut() {
            snapshot.key = Some("arn:aws:kms:other".to_owned());
        }
    }
    let plan = toy.plan(Mandate::Event);
    assert_eq!(notices(&plan), [NoticeKind::Failed]);
    toy.apply(&plan);
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Failed);
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read([].into())
    );
}

#[test]
fn a_replica_that_was_disabled_and_enabled_again_gets_its_permissions_back() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.family().sharing.launch = grants(&[1]);
    toy.converge(Mandate::Event);
    toy.images.get_mut(&place(IRELAND)).unwrap().image.state = ImageState::Disabled;
    toy.converge(Mandate::Event);
    let facts = toy.images.get_mut(&place(IRELAND)).unwrap();
    facts.image.state = ImageState::Available;
    facts.permissions = Seen::Read([].into());
    toy.converge(Mandate::Event);
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read(grants(&[1]))
    );
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Verified);
}

#[test]
fn a_loan_is_not_given_back_before_the_copy_ended() {
    const ELSEWHERE: &str = "222222222222/eu-west-1";
    let takes_back = |plan: &Plan| {
        plan.steps()
            .any(|(_, s)| matches!(s.action, Action::Unshare { .. }))
    };
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    let lending = toy.plan(Mandate::Event);
    assert!(copies(&lending).is_empty(), "lent first: {lending:#?}");
    toy.apply(&lending);
    let copying = toy.plan(Mandate::Event);
    assert_eq!(copies(&copying), [ELSEWHERE]);
    assert!(
        !takes_back(&copying),
        "not in the plan that starts the copy"
    );
    toy.apply(&copying);
    toy.images.get_mut(&place(ELSEWHERE)).unwrap().image.state = ImageState::Pending;
    assert!(
        toy.plan(Mandate::Schedule).is_empty(),
        "nor while the copy is pending"
    );
    toy.images.get_mut(&place(ELSEWHERE)).unwrap().image.state = ImageState::Available;
    let plans = toy.converge(Mandate::Event);
    assert!(plans.iter().any(takes_back));
}

#[test]
fn a_replica_is_not_shared_with_the_account_that_owns_it() {
    let mut toy = Toy::new(family(&["222222222222/eu-west-1"]));
    let owner = LaunchPermission::Account(super::toy::account("222222222222"));
    toy.family().sharing.launch.insert(owner);
    toy.converge(Mandate::Event);
    assert_eq!(
        toy.images[&place("222222222222/eu-west-1")].permissions,
        Seen::Read([].into())
    );
}

#[test]
fn nothing_is_taken_back_while_the_sources_permissions_were_never_read() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.family().sharing.launch = grants(&[1]);
    toy.converge(Mandate::Schedule);
    toy.family().sharing.launch.clear();
    toy.family().sharing.as_source = true;
    toy.lineage.as_mut().unwrap().source.permissions = None;
    toy.source.permissions = Seen::Unknown("throttled".to_owned());
    toy.converge(Mandate::Schedule);
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read(grants(&[1]))
    );
}

#[test]
fn a_loan_that_was_recorded_but_not_made_is_made_and_not_given_back() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    let lending = toy.plan(Mandate::Event);
    toy.apply_source_only(&lending);
    let again = toy.plan(Mandate::Schedule);
    assert!(!takes_back(&again), "{again:#?}");
    toy.converge(Mandate::Schedule);
    assert_eq!(
        toy.source.permissions,
        Seen::Read([].into()),
        "and given back in the end"
    );
}

/// Otherwise a run that is about to give the same loan back records that it is gone, while it is
/// lent anew.
#[test]
fn whoever_lends_writes_the_record_though_the_loan_is_recorded_already() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    let lending = toy.plan(Mandate::Event);
    toy.apply_source_only(&lending);
    let again = toy.plan(Mandate::Schedule);
    assert_eq!(again.source.len(), 1, "{again:#?}");
}

#[test]
fn a_loan_is_kept_while_the_next_attempt_is_not_due() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    for _ in 0..2 {
        let plan = toy.plan(Mandate::Event);
        toy.apply(&plan);
    }
    toy.images.get_mut(&place(ELSEWHERE)).unwrap().image.state = ImageState::Failed;
    let failed = toy.plan(Mandate::Event);
    toy.apply(&failed);
    assert_eq!(toy.replica(ELSEWHERE).state, ReplicaState::Wanted);
    let waiting = toy.plan(Mandate::Schedule);
    assert!(!takes_back(&waiting), "{waiting:#?}");
    toy.now += super::super::RETRY_AFTER;
    let plans = toy.converge(Mandate::Schedule);
    assert!(plans.iter().any(takes_back), "and given back in the end");
}

#[test]
fn a_destination_dropped_while_it_copies_ends_unshared_and_its_loan_is_given_back() {
    for drop_family in [false, true] {
        let mut toy = Toy::new(family(&[ELSEWHERE, IRELAND]));
        toy.family().sharing.launch = grants(&[1]);
        for _ in 0..2 {
            let plan = toy.plan(Mandate::Event);
            toy.apply(&plan);
        }
        if drop_family {
            toy.active.policy.families.clear();
        } else {
            toy.family().destinations.remove(&place(ELSEWHERE));
        }
        toy.converge(Mandate::Schedule);
        assert_eq!(toy.replica(ELSEWHERE).state, ReplicaState::Withdrawn);
        assert_eq!(
            toy.images[&place(ELSEWHERE)].permissions,
            Seen::Read([].into())
        );
        assert_eq!(toy.source.permissions, Seen::Read([].into()));
        let source = &toy.lineage.as_ref().unwrap().source;
        assert!(source.loans.is_empty());
        assert_ne!(
            source.status,
            SourceStatus::Replicating,
            "it is looked at daily, not always"
        );
    }
}

#[test]
fn a_replica_is_not_verified_before_its_sources_permissions_were_read() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.family().sharing.as_source = true;
    toy.source.permissions = Seen::Unknown("throttled".to_owned());
    for _ in 0..4 {
        let plan = toy.plan(Mandate::Event);
        toy.apply(&plan);
    }
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Copying);
    assert!(
        toy.lineage.as_ref().unwrap().source.due <= toy.now,
        "the next schedule looks again"
    );
    toy.source.permissions = Seen::Read(grants(&[1]));
    toy.converge(Mandate::Schedule);
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read(grants(&[1]))
    );
}

#[test]
fn a_source_that_was_disabled_and_enabled_again_takes_nothing_back() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.family().sharing.as_source = true;
    toy.permissions(&source_ref()).extend(grants(&[1, 2]));
    toy.converge(Mandate::Schedule);
    toy.source.image.state = ImageState::Disabled;
    toy.source.permissions = Seen::Read([].into());
    toy.converge(Mandate::Schedule);
    toy.source.image.state = ImageState::Available;
    toy.converge(Mandate::Schedule);
    toy.now += SignedDuration::from_hours(48);
    toy.converge(Mandate::Schedule);
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read(grants(&[1, 2]))
    );
    toy.permissions(&source_ref()).extend(grants(&[1]));
    toy.now += SignedDuration::from_hours(48);
    toy.converge(Mandate::Schedule);
    assert_eq!(
        toy.images[&place(IRELAND)].permissions,
        Seen::Read(grants(&[1])),
        "once its owner grants anew, that is what is wanted"
    );
}

#[test]
fn a_tag_that_a_person_sets_after_amiary_removed_it_is_theirs() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.source
        .image
        .tags
        .insert("Team".to_owned(), "web".to_owned());
    toy.converge(Mandate::Event);
    toy.source.image.tags.clear();
    toy.converge(Mandate::Event);
    assert!(!toy.images[&place(IRELAND)].image.tags.contains_key("Team"));
    let facts = toy.images.get_mut(&place(IRELAND)).unwrap();
    facts
        .image
        .tags
        .insert("Team".to_owned(), "theirs".to_owned());
    toy.converge(Mandate::Schedule);
    assert_eq!(toy.images[&place(IRELAND)].image.tags["Team"], "theirs");
}

#[test]
fn a_replica_whose_source_is_gone_unread_is_shared_with_those_whom_the_policy_names() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Schedule);
    let lineage = toy.lineage.as_mut().unwrap();
    lineage.source.permissions = None;
    lineage.source.status = SourceStatus::Unavailable;
    toy.family().sharing.as_source = true;
    toy.family().sharing.launch = grants(&[3]);
    let plan = seeing(&toy, Mandate::Schedule, |seen| seen.source = Seen::Absent);
    let shared = plan
        .steps()
        .any(|(_, step)| matches!(&step.action, Action::Share { add, .. } if *add == grants(&[3])));
    assert!(shared, "{plan:#?}");
}
