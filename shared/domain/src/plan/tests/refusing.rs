//! What follows where AWS refused a step and would refuse it again.

use super::toy::{Toy, family, place, source_ref};
use super::{ELSEWHERE, IRELAND, SYDNEY};
use crate::ids::Place;
use crate::lineage::{Change, Record, Replica, ReplicaState};
use crate::notice::NoticeKind;
use crate::observation::Mandate;
use crate::plan::refused;

const ALSO_ELSEWHERE: &str = "222222222222/us-west-2";

fn told(toy: &Toy, at: &str) -> Vec<Change> {
    let lineage = toy.lineage.as_ref().unwrap();
    refused(&toy.active, lineage, &place(at), "denied", toy.now)
}

fn replica(change: &Change) -> &Replica {
    match &change.record {
        Record::Replica(replica) => replica,
        Record::Source(source) => panic!("{source:?}"),
    }
}

fn places(changes: &[Change]) -> Vec<Place> {
    let places = changes
        .iter()
        .map(|change| replica(change).destination.clone());
    places.collect()
}

#[test]
fn a_refusal_at_a_replica_is_its_cause_alone_and_told_once() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    toy.converge(Mandate::Event);
    let changes = told(&toy, IRELAND);
    assert_eq!(places(&changes), [place(IRELAND)]);
    let [change] = &changes[..] else {
        panic!("{changes:#?}");
    };
    assert_eq!(replica(change).cause.as_deref(), Some("denied"));
    assert_eq!(
        replica(change).state,
        ReplicaState::Verified,
        "it is there all the same"
    );
    assert_eq!(change.entry, "refused: denied");
    let [notice] = &change.notices[..] else {
        panic!("{change:#?}");
    };
    assert_eq!(
        (notice.kind, notice.owner.as_str()),
        (NoticeKind::Waiting, "platform")
    );
    assert_eq!(notice.destinations, [(place(IRELAND), "denied".to_owned())]);
    let lineage = toy.lineage.as_mut().unwrap();
    lineage
        .replicas
        .insert(place(IRELAND), replica(change).clone());
    assert!(told(&toy, IRELAND).is_empty(), "the same cause is no news");
}

#[test]
fn a_refused_loan_is_the_cause_of_each_destination_that_waits_for_it() {
    let mut toy = Toy::new(family(&[IRELAND, ELSEWHERE, ALSO_ELSEWHERE]));
    toy.converge(Mandate::Event);
    let lineage = toy.lineage.as_mut().unwrap();
    lineage.replicas.remove(&place(ALSO_ELSEWHERE));
    // A loan is a step at the borrower's account in the source's Region.
    let changes = told(&toy, "222222222222/us-east-1");
    assert_eq!(
        places(&changes),
        [place(ALSO_ELSEWHERE)],
        "the other has its copy"
    );
    assert_eq!(replica(&changes[0]).state, ReplicaState::Wanted);
    assert_eq!(replica(&changes[0]).source, source_ref());
    assert!(told(&toy, "333333333333/us-east-1").is_empty());
}

#[test]
fn what_is_refused_at_a_copy_without_an_image_is_that_copys_cause_alone() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let lineage = toy.lineage.as_mut().unwrap();
    for replica in lineage.replicas.values_mut() {
        replica.image = None;
        replica.attempt = 2;
    }
    let changes = told(&toy, IRELAND);
    assert_eq!(places(&changes), [place(IRELAND)]);
    assert_eq!(replica(&changes[0]).attempt, 2, "what is known of it stays");
}

#[test]
fn a_refused_loan_is_no_cause_of_a_destination_that_failed_for_good() {
    let mut toy = Toy::new(family(&[ELSEWHERE, ALSO_ELSEWHERE]));
    toy.converge(Mandate::Event);
    let lineage = toy.lineage.as_mut().unwrap();
    for (replica, state) in lineage
        .replicas
        .values_mut()
        .zip([ReplicaState::Failed, ReplicaState::Wanted])
    {
        replica.image = None;
        replica.state = state;
    }
    let waiting = lineage.replicas.values().next_back().unwrap();
    let waiting = waiting.destination.clone();
    assert_eq!(places(&told(&toy, "222222222222/us-east-1")), [waiting]);
}

#[test]
fn a_dropped_family_has_nobody_to_tell() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Event);
    toy.active.policy.families.clear();
    let changes = told(&toy, IRELAND);
    assert_eq!(changes.len(), 1, "it is written down");
    assert!(changes[0].notices.is_empty());
    let lineage = toy.lineage.as_mut().unwrap();
    lineage.replicas.get_mut(&place(IRELAND)).unwrap().image = None;
    assert!(told(&toy, IRELAND).is_empty());
}

#[test]
fn each_change_of_a_record_has_a_notice_of_its_own() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    toy.converge(Mandate::Event);
    let id = |changes: &[Change]| changes[0].notices[0].id.clone();
    let first = id(&told(&toy, IRELAND));
    assert_eq!(
        first,
        id(&told(&toy, IRELAND)),
        "decided twice, it is the same notice"
    );
    assert_ne!(first, id(&told(&toy, SYDNEY)));
    let lineage = toy.lineage.as_mut().unwrap();
    lineage.replicas.get_mut(&place(IRELAND)).unwrap().version += 1;
    assert_ne!(first, id(&told(&toy, IRELAND)));
    toy.active.policy.owners.clear();
    assert!(
        told(&toy, IRELAND)[0].notices.is_empty(),
        "where nobody is named, nobody is told"
    );
}
