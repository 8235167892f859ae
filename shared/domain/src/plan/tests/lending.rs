//! What is lent to the accounts that copy, and when it is given back.

use super::toy::{Toy, account, family, place, source_ref};
use super::{ELSEWHERE, IRELAND, copies, reasons, seeing, source};
use crate::ids::{AccountId, Place, SnapshotId};
use crate::image::{ImageState, LaunchPermission};
use crate::lineage::{Loan, ReplicaState, SourceStatus};
use crate::observation::{Mandate, Seen};
use crate::plan::{Action, Plan};
use std::collections::BTreeSet;

const OTHER: &str = "222222222222";
const THIRD: &str = "333333333333";
const ALSO_THIRD: &str = "333333333333/eu-west-1";

fn snapshot() -> SnapshotId {
    "snap-00000001".parse().unwrap()
}

fn launches(account: &str) -> LaunchPermission {
    LaunchPermission::Account(super::toy::account(account))
}

/// What a plan lends and gives back, as text, with the place of its group.
fn lending(plan: &Plan) -> Vec<String> {
    let steps = plan.steps().filter_map(|(at, step)| {
        let said = match &step.action {
            Action::Share { image, add } if *image == source_ref() => {
                format!("lend image to {}", crate::plan::list(add))
            }
            Action::ShareSnapshot { snapshot, add, .. } => {
                format!("lend {snapshot} to {}", crate::plan::list(add))
            }
            Action::Unshare { remove, loan, .. } => {
                format!("return image from {}: {loan}", crate::plan::list(remove))
            }
            Action::UnshareSnapshot {
                snapshot,
                remove,
                loan,
                ..
            } => {
                format!(
                    "return {snapshot} from {}: {loan}",
                    crate::plan::list(remove)
                )
            }
            _ => return None,
        };
        let at = at.map_or_else(String::new, Place::to_string);
        Some(format!("{at}: {said}"))
    });
    steps.collect()
}

fn loan(image: bool, snapshots: &[SnapshotId]) -> Loan {
    Loan {
        image,
        snapshots: snapshots.iter().cloned().collect(),
    }
}

fn volumes(toy: &mut Toy, accounts: BTreeSet<AccountId>) {
    toy.source
        .volume_permissions
        .insert(snapshot(), Seen::Read(accounts));
}

#[test]
fn exactly_what_an_account_lacks_is_lent_and_written_down() {
    let image_step = format!("222222222222/us-east-1: lend image to account {OTHER}");
    let snapshot_step = format!("222222222222/us-east-1: lend snap-00000001 to {OTHER}");
    for (has_image, has_snapshot) in [(false, false), (true, false), (false, true)] {
        let mut toy = Toy::new(family(&[ELSEWHERE]));
        if has_image {
            toy.permissions(&source_ref()).insert(launches(OTHER));
        }
        if has_snapshot {
            volumes(&mut toy, [account(OTHER)].into());
        }
        let plan = toy.plan(Mandate::Event);
        assert!(copies(&plan).is_empty());
        let mut steps = Vec::new();
        if !has_snapshot {
            steps.push(snapshot_step.clone());
        }
        if !has_image {
            steps.push(image_step.clone());
        }
        assert_eq!(lending(&plan), steps);
        let snapshots = if has_snapshot {
            vec![]
        } else {
            vec![snapshot()]
        };
        let recorded = &source(&plan).unwrap().loans[&account(OTHER)];
        assert_eq!(*recorded, loan(!has_image, &snapshots));
    }
}

#[test]
fn an_account_that_can_read_the_source_borrows_nothing_and_keeps_everything() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    toy.permissions(&source_ref()).insert(launches(OTHER));
    volumes(&mut toy, [account(OTHER)].into());
    let plan = toy.plan(Mandate::Event);
    assert_eq!(copies(&plan), [ELSEWHERE]);
    assert!(source(&plan).unwrap().loans.is_empty());
    toy.converge(Mandate::Event);
    assert!(toy.permissions(&source_ref()).contains(&launches(OTHER)));
}

#[test]
fn a_loan_that_lacks_something_since_is_added_to() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    volumes(&mut toy, [].into());
    let plan = toy.plan(Mandate::Event);
    assert_eq!(
        lending(&plan),
        [format!(
            "222222222222/us-east-1: lend snap-00000001 to {OTHER}"
        )]
    );
    toy.apply(&plan);
    let recorded = &toy.lineage.as_ref().unwrap().source.loans[&account(OTHER)];
    assert_eq!(
        *recorded,
        loan(true, &[snapshot()]),
        "the image's loan is not forgotten"
    );
    toy.converge(Mandate::Event);
    assert_eq!(toy.source.permissions, Seen::Read([].into()));
}

#[test]
fn nothing_is_lent_where_who_can_read_the_source_is_unknown() {
    let unread = "who the source is shared with could not be read";
    let toy = Toy::new(family(&[ELSEWHERE, IRELAND]));
    let permissions = seeing(&toy, Mandate::Event, |seen| {
        if let Seen::Read(facts) = &mut seen.source {
            facts.permissions = Seen::Unknown("throttled".to_owned());
        }
    });
    let volumes = seeing(&toy, Mandate::Event, |seen| {
        if let Seen::Read(facts) = &mut seen.source {
            facts.volume_permissions.clear();
        }
    });
    for plan in [permissions, volumes] {
        assert_eq!(copies(&plan), [IRELAND], "its own account's copy goes on");
        assert!(lending(&plan).is_empty());
        assert_eq!(reasons(&plan), unread);
    }
}

#[test]
fn each_account_has_a_loan_of_its_own_given_back_when_its_own_copies_ended() {
    let mut toy = Toy::new(family(&[ELSEWHERE, ALSO_THIRD]));
    let plan = toy.plan(Mandate::Event);
    assert_eq!(lending(&plan).len(), 4);
    toy.apply(&plan);
    let plan = toy.plan(Mandate::Event);
    assert_eq!(copies(&plan).len(), 2);
    toy.apply(&plan);
    toy.images.get_mut(&place(ALSO_THIRD)).unwrap().image.state = ImageState::Pending;
    for _ in 0..6 {
        let plan = toy.plan(Mandate::Event);
        toy.apply(&plan);
    }
    let present = toy.permissions(&source_ref()).clone();
    assert_eq!(
        present,
        [launches(THIRD)].into(),
        "that one is still copying"
    );
    let loans = &toy.lineage.as_ref().unwrap().source.loans;
    assert_eq!(loans.keys().collect::<Vec<_>>(), [&account(THIRD)]);
    toy.images.get_mut(&place(ALSO_THIRD)).unwrap().image.state = ImageState::Available;
    toy.converge(Mandate::Event);
    assert_eq!(toy.source.permissions, Seen::Read([].into()));
    assert_eq!(
        toy.source.volume_permissions[&snapshot()],
        Seen::Read([].into())
    );
}

#[test]
fn exactly_what_was_lent_is_given_back_and_then_written_down() {
    for lent in [
        loan(true, &[]),
        loan(false, &[snapshot()]),
        loan(true, &[snapshot()]),
    ] {
        let mut toy = Toy::new(family(&[ELSEWHERE]));
        toy.converge(Mandate::Event);
        toy.active.revision = 2;
        let lineage = toy.lineage.as_mut().unwrap();
        lineage.source.loans.insert(account(OTHER), lent.clone());
        lineage.source.status = crate::lineage::SourceStatus::Replicating;
        let plan = toy.plan(Mandate::Event);
        let mut expected = Vec::new();
        if lent.image {
            expected.push(format!(
                "222222222222/us-east-1: return image from account {OTHER}: true"
            ));
        }
        if !lent.snapshots.is_empty() {
            expected.push(format!(
                "222222222222/us-east-1: return snap-00000001 from {OTHER}: true"
            ));
        }
        assert_eq!(lending(&plan), expected);
        let group = plan.destinations.last().unwrap();
        let Action::Write(change) = &group.steps.last().unwrap().action else {
            panic!("{group:#?}");
        };
        let crate::lineage::Record::Source(written) = &change.record else {
            panic!("{change:#?}");
        };
        assert!(written.loans.is_empty());
        assert_eq!(
            written.revision, 1,
            "the rest of it is still to be looked at"
        );
        assert!(
            change
                .entry
                .contains("no copy of account 222222222222 reads it any more")
        );
    }
}

#[test]
fn a_loan_is_kept_while_a_copy_is_about_to_be_asked_for_or_waits_for_it() {
    let mut toy = Toy::new(family(&[ELSEWHERE, "222222222222/us-west-2"]));
    let lent = toy.plan(Mandate::Event);
    toy.apply(&lent);
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    // One has arrived and the other's attempt failed: it is tried again later.
    let west = place("222222222222/us-west-2");
    toy.images.get_mut(&west).unwrap().image.state = ImageState::Failed;
    for _ in 0..3 {
        let plan = toy.plan(Mandate::Event);
        toy.apply(&plan);
    }
    assert_eq!(
        toy.replica("222222222222/us-west-2").state,
        ReplicaState::Wanted
    );
    toy.images.remove(&west);
    toy.converge(Mandate::Schedule);
    toy.now = toy.replica("222222222222/us-west-2").due;
    toy.converge(Mandate::Schedule);
    assert_eq!(
        toy.replica("222222222222/us-west-2").state,
        ReplicaState::Verified
    );
    assert_eq!(toy.source.permissions, Seen::Read([].into()));
}

#[test]
fn a_source_that_is_about_to_lend_is_unfinished_work_whatever_became_of_it_before() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    toy.converge(Mandate::Schedule);
    let lineage = toy.lineage.as_mut().unwrap();
    let replica = lineage.replicas.get_mut(&place(ELSEWHERE)).unwrap();
    replica.state = ReplicaState::Failed;
    lineage.source.status = SourceStatus::Incomplete;
    toy.images.clear();
    let written = source(&toy.plan(Mandate::Person)).unwrap();
    assert!(!written.loans.is_empty());
    assert_eq!(written.status, SourceStatus::Replicating);
}
