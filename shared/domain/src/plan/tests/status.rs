//! How far a source is, and what its owner is told of that.

use super::toy::{Toy, family, place};
use super::{ELSEWHERE, IRELAND, SYDNEY, recorded, seeing, source};
use crate::image::ImageState;
use crate::lineage::{ReplicaState, SourceStatus};
use crate::notice::{Notice, NoticeKind};
use crate::observation::{Mandate, Seen};
use crate::plan::{Action, Plan};

fn told(plan: &Plan) -> Vec<Notice> {
    let steps = plan.source.iter().filter_map(|step| match &step.action {
        Action::Write(change) => Some(change.notices.clone()),
        _ => None,
    });
    steps.flatten().collect()
}

#[test]
fn a_source_is_replicated_exactly_when_every_destination_of_the_policy_is_verified() {
    let verified = ReplicaState::Verified;
    let cases = [
        (verified, SourceStatus::Replicated),
        (ReplicaState::Copying, SourceStatus::Replicating),
        (ReplicaState::Available, SourceStatus::Replicating),
        (ReplicaState::Completed, SourceStatus::Replicating),
        (ReplicaState::Wanted, SourceStatus::Replicating),
        (ReplicaState::Withdrawn, SourceStatus::Replicating),
        (ReplicaState::Failed, SourceStatus::Incomplete),
        (ReplicaState::Gone, SourceStatus::Incomplete),
    ];
    for (state, expected) in cases {
        let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
        toy.converge(Mandate::Event);
        // Neither status is the one that would be written, so that one is.
        recorded(&mut toy).status = match expected {
            SourceStatus::Replicating => SourceStatus::Replicated,
            _ => SourceStatus::Replicating,
        };
        let lineage = toy.lineage.as_mut().unwrap();
        lineage.replicas.get_mut(&place(SYDNEY)).unwrap().state = state;
        let plan = seeing(&toy, Mandate::Event, |seen| seen.replicas.clear());
        assert_eq!(source(&plan).unwrap().status, expected, "{state}");
    }
}

#[test]
fn what_the_policy_dropped_keeps_a_source_open_only_while_it_copies() {
    for (state, expected) in [
        (ReplicaState::Copying, SourceStatus::Replicating),
        (ReplicaState::Available, SourceStatus::Replicated),
        (ReplicaState::Completed, SourceStatus::Replicated),
        (ReplicaState::Failed, SourceStatus::Replicated),
    ] {
        let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
        toy.converge(Mandate::Event);
        toy.family().destinations.remove(&place(SYDNEY));
        recorded(&mut toy).status = SourceStatus::Incomplete;
        let lineage = toy.lineage.as_mut().unwrap();
        lineage.replicas.get_mut(&place(SYDNEY)).unwrap().state = state;
        let plan = seeing(&toy, Mandate::Event, |seen| seen.replicas.clear());
        assert_eq!(source(&plan).unwrap().status, expected, "{state}");
    }
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Event);
    toy.family().destinations.clear();
    let plan = toy.plan(Mandate::Event);
    assert_eq!(
        source(&plan).unwrap().status,
        SourceStatus::Incomplete,
        "without destinations"
    );
}

#[test]
fn an_unavailable_source_stays_open_while_a_copy_of_it_runs_or_it_is_lent() {
    let mut toy = Toy::new(family(&[ELSEWHERE, IRELAND]));
    for _ in 0..2 {
        let plan = toy.plan(Mandate::Event);
        toy.apply(&plan);
    }
    toy.source.image.state = ImageState::Disabled;
    for facts in toy.images.values_mut() {
        facts.image.state = ImageState::Pending;
    }
    toy.converge(Mandate::Schedule);
    assert_eq!(recorded(&mut toy).status, SourceStatus::Replicating);
    for facts in toy.images.values_mut() {
        facts.image.state = ImageState::Available;
    }
    toy.converge(Mandate::Schedule);
    assert_eq!(recorded(&mut toy).status, SourceStatus::Unavailable);
    assert!(recorded(&mut toy).loans.is_empty());
}

#[test]
fn the_owner_is_told_of_every_verified_replica_and_again_only_of_others() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    let plans = toy.converge(Mandate::Event);
    let news: Vec<Notice> = plans.iter().flat_map(told).collect();
    let [notice] = &news[..] else {
        panic!("{news:#?}");
    };
    assert_eq!(
        (notice.kind, notice.topic.as_str()),
        (
            NoticeKind::Replicated,
            "arn:aws:sns:us-east-1:111111111111:images"
        )
    );
    let said: Vec<&str> = notice
        .destinations
        .iter()
        .map(|(_, said)| said.as_str())
        .collect();
    assert_eq!(said, ["ami-00000002 verified", "ami-00000003 verified"]);
    assert_eq!(recorded(&mut toy).told.len(), 2);
    let third = "111111111111/us-west-2";
    toy.family().destinations = family(&[IRELAND, SYDNEY, third]).destinations;
    toy.keys
        .insert(place(third), Seen::Read(super::toy::key(&place(third))));
    let plans = toy.converge(Mandate::Schedule);
    let more: Vec<Notice> = plans.iter().flat_map(told).collect();
    assert_eq!(more.len(), 1);
    assert_eq!(more[0].destinations.len(), 3);
    assert_ne!(more[0].id, notice.id);
}

#[test]
fn a_destination_that_failed_is_not_told_as_replicated() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    toy.images.get_mut(&place(SYDNEY)).unwrap().image.state = ImageState::Deregistered;
    let plans = toy.converge(Mandate::Schedule);
    assert!(plans.iter().flat_map(told).next().is_none());
    assert_eq!(recorded(&mut toy).status, SourceStatus::Incomplete);
}
