use super::toy::{Toy, family, grants, place};
use super::{ELSEWHERE, IRELAND, SYDNEY, copies, notices, reasons};
use crate::image::ImageState;
use crate::lineage::{Change, Record, Replica, ReplicaState, SourceStatus};
use crate::notice::NoticeKind;
use crate::observation::{Mandate, Seen};
use crate::plan::{Action, CopyAnswer, MOST_ATTEMPTS, after_copy};
use crate::policy::Encryption;
use jiff::SignedDuration;

fn copying(toy: &mut Toy) -> Replica {
    let plan = toy.plan(Mandate::Event);
    let copying = plan.steps().find_map(|(_, step)| match &step.action {
        Action::Copy(replica) => Some((**replica).clone()),
        _ => None,
    });
    toy.apply(&plan);
    copying.unwrap()
}

fn answered(toy: &Toy, copying: &Replica, answer: CopyAnswer) -> (Replica, Change) {
    let source = &toy.lineage.as_ref().unwrap().source;
    let change = after_copy(&toy.active.policy, source, copying, answer, toy.now);
    match &change.record {
        Record::Replica(replica) => ((**replica).clone(), change),
        Record::Source(_) => panic!("a copy's answer changes its replica"),
    }
}

#[test]
fn a_disabled_key_is_named_with_its_mend_its_owner_hears_once_and_the_others_go_on() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    let mut key = super::toy::key(&place(SYDNEY));
    key.state = "Disabled".to_owned();
    toy.keys.insert(place(SYDNEY), Seen::Read(key));
    let plan = toy.plan(Mandate::Event);
    assert_eq!(copies(&plan), [IRELAND]);
    assert_eq!(notices(&plan), [NoticeKind::Waiting]);
    assert!(reasons(&plan).contains("aws kms enable-key --region ap-southeast-2"));
    toy.apply(&plan);
    assert_eq!(
        notices(&toy.plan(Mandate::Schedule)),
        [],
        "told once of each cause"
    );

    toy.keys
        .insert(place(SYDNEY), Seen::Read(super::toy::key(&place(SYDNEY))));
    assert_eq!(
        copies(&toy.plan(Mandate::Person)),
        [SYDNEY],
        "only the one that waited"
    );
}

/// The story behind it: packer #7410.
#[test]
fn keys_that_cannot_work_are_refused_before_the_call() {
    for (change, expected) in [
        (
            "aws",
            "is managed by AWS, and what it encrypts can't be shared",
        ),
        ("asymmetric", "is not a symmetric encryption key"),
        ("deleted", "is PendingDeletion, not Enabled"),
    ] {
        let mut toy = Toy::new(family(&[IRELAND]));
        toy.family().sharing.launch = grants(&[1]);
        let mut key = super::toy::key(&place(IRELAND));
        match change {
            "aws" => key.aws_managed = true,
            "asymmetric" => key.symmetric = false,
            _ => key.state = "PendingDeletion".to_owned(),
        }
        toy.keys.insert(place(IRELAND), Seen::Read(key));
        let plan = toy.plan(Mandate::Event);
        assert!(copies(&plan).is_empty());
        assert!(reasons(&plan).contains(expected), "{}", reasons(&plan));
    }
}

/// The story behind it: packer #6778.
#[test]
fn an_encrypted_source_is_never_copied_unencrypted() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.source.image.encrypted = true;
    let destination = toy.family().destinations.get_mut(&place(IRELAND)).unwrap();
    destination.encryption = Encryption::Unencrypted;
    let plan = toy.plan(Mandate::Event);
    assert!(copies(&plan).is_empty());
    assert!(reasons(&plan).contains("a copy can't be decrypted"));
}

#[test]
fn a_late_failure_is_tried_again_with_a_new_token_and_then_told() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let mut tokens = Vec::new();
    let mut told = Vec::new();
    for _ in 0..12 {
        let plan = toy.plan(Mandate::Schedule);
        for (_, step) in plan.steps() {
            if let Action::Copy(replica) = &step.action {
                tokens.push(replica.request.clone().unwrap().token);
            }
        }
        told.extend(notices(&plan));
        toy.apply(&plan);
        for facts in toy.images.values_mut() {
            facts.image.state = ImageState::Failed;
            facts.image.state_reason = Some("the key was deleted".to_owned());
        }
        toy.now += SignedDuration::from_mins(15);
    }
    assert_eq!(tokens.len(), MOST_ATTEMPTS as usize);
    assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2]);
    assert_eq!(told, [NoticeKind::Failed]);
    assert!(
        toy.replica(IRELAND)
            .cause
            .as_ref()
            .unwrap()
            .contains("the key was deleted")
    );
    assert_eq!(
        toy.lineage.as_ref().unwrap().source.status,
        SourceStatus::Incomplete
    );

    let again = toy.plan(Mandate::Person);
    let Some((_, step)) = again
        .steps()
        .find(|(_, s)| matches!(s.action, Action::Copy(_)))
    else {
        panic!("a person's wish starts it again: {again:#?}");
    };
    let Action::Copy(replica) = &step.action else {
        unreachable!()
    };
    assert!(
        !tokens.contains(&replica.request.as_ref().unwrap().token),
        "a token never used before"
    );
}

/// The story behind it: openshift-tools #993.
#[test]
fn an_image_that_is_not_found_once_is_no_reason_to_copy_again() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let look = |toy: &Toy| {
        let mut observation = toy.observe(Mandate::Schedule);
        observation.replicas.insert(place(IRELAND), Seen::Absent);
        crate::plan::plan(&toy.active, &observation, toy.now)
    };
    let first = look(&toy);
    toy.apply(&first);
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Copying);
    assert!(
        look(&toy).is_empty(),
        "a second look at once tells nothing new"
    );
    toy.now += SignedDuration::from_mins(11);
    let later = look(&toy);
    toy.apply(&later);
    assert_eq!(toy.replica(IRELAND).attempt, 2);
}

#[test]
fn a_replica_that_someone_deregistered_is_told_and_not_made_again() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Event);
    toy.images.get_mut(&place(IRELAND)).unwrap().image.state = ImageState::Deregistered;
    let plan = toy.plan(Mandate::Schedule);
    assert_eq!(notices(&plan), [NoticeKind::Lost]);
    toy.apply(&plan);
    assert!(copies(&toy.plan(Mandate::Schedule)).is_empty());
}

/// The story behind it: packer #4771.
#[test]
fn a_destination_added_later_is_copied_alone() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Event);
    let more = family(&[IRELAND, SYDNEY]).destinations;
    toy.family().destinations = more;
    toy.keys
        .insert(place(SYDNEY), Seen::Read(super::toy::key(&place(SYDNEY))));
    assert_eq!(copies(&toy.plan(Mandate::Schedule)), [SYDNEY]);
}

#[test]
fn a_destination_that_the_policy_drops_keeps_what_is_there() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    toy.converge(Mandate::Event);
    toy.family().destinations.remove(&place(SYDNEY));
    let plan = toy.plan(Mandate::Schedule);
    assert!(plan.is_empty());
    assert!(reasons(&plan).contains("what is there stays as it is"));
}

#[test]
fn a_name_that_is_taken_by_the_copy_itself_is_the_copy() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let copying = copying(&mut toy);
    let image = toy.images[&place(IRELAND)].image.clone();
    let (replica, _) = answered(
        &toy,
        &copying,
        CopyAnswer::NameTaken(Some(Box::new(image.clone()))),
    );
    assert_eq!(replica.image, Some(image.at.id));
    assert_eq!(replica.state, ReplicaState::Copying);
}

#[test]
fn a_name_that_a_stranger_has_ends_the_destination_and_names_the_stranger() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let copying = copying(&mut toy);
    let mut image = toy.images[&place(IRELAND)].image.clone();
    image.tags.clear();
    let (replica, change) = answered(
        &toy,
        &copying,
        CopyAnswer::NameTaken(Some(Box::new(image.clone()))),
    );
    assert_eq!(replica.state, ReplicaState::Failed);
    assert!(replica.cause.unwrap().contains(image.at.id.as_str()));
    assert_eq!(change.notices.len(), 1);
}

#[test]
fn an_operation_tag_on_an_image_of_another_source_is_not_believed() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let copying = copying(&mut toy);
    let mut image = toy.images[&place(IRELAND)].image.clone();
    image.source = Some((
        "us-east-1".parse().unwrap(),
        "ami-0000bad1".parse().unwrap(),
    ));
    let (replica, _) = answered(&toy, &copying, CopyAnswer::NameTaken(Some(Box::new(image))));
    assert_eq!((replica.state, replica.image), (ReplicaState::Failed, None));
}

#[test]
fn a_full_quota_is_a_queue_and_not_a_failure() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let copying = copying(&mut toy);
    let (replica, change) = answered(
        &toy,
        &copying,
        CopyAnswer::QuotaFull("300 copies".to_owned()),
    );
    assert_eq!(
        (replica.state, replica.attempt),
        (ReplicaState::Wanted, copying.attempt)
    );
    assert!(change.notices.is_empty());
}

#[test]
fn a_copy_whose_answer_was_lost_is_asked_for_again_with_the_same_request() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let asked = copying(&mut toy);
    let lineage = toy.lineage.as_mut().unwrap();
    lineage.replicas.get_mut(&place(IRELAND)).unwrap().image = None;
    toy.images.clear();
    toy.source
        .image
        .tags
        .insert("Added".to_owned(), "since".to_owned());
    let again = copying(&mut toy);
    assert_eq!(
        again.request, asked.request,
        "the recorded request, not a new one"
    );
}

#[test]
fn a_failed_attempt_is_left_in_peace_for_a_while_unless_a_person_asks() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    toy.images.get_mut(&place(IRELAND)).unwrap().image.state = ImageState::Failed;
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let waiting = toy.plan(Mandate::Schedule);
    assert!(copies(&waiting).is_empty());
    assert!(reasons(&waiting).contains("tried again after"));
    assert_eq!(copies(&toy.plan(Mandate::Person)), [IRELAND]);
    toy.now += crate::plan::RETRY_AFTER;
    assert_eq!(copies(&toy.plan(Mandate::Schedule)), [IRELAND]);
}

/// The story behind it: openshift/os #330; bottlerocket PR #1066.
#[test]
fn a_replica_without_snapshot_ids_in_its_description_is_not_verified() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let facts = toy.images.get_mut(&place(IRELAND)).unwrap();
    let whole = facts.clone();
    facts.image.snapshots.clear();
    facts.snapshots = Seen::Read([].into());
    let plan = toy.plan(Mandate::Event);
    assert!(reasons(&plan).contains("does not describe its snapshots yet"));
    toy.images.insert(place(IRELAND), whole);
    toy.converge(Mandate::Schedule);
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Verified);
}

#[test]
fn two_looks_that_found_nothing_with_one_between_that_did_start_no_second_copy() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let look = |toy: &mut Toy, seen: Option<ImageState>| {
        let mut observation = toy.observe(Mandate::Schedule);
        match seen {
            None => {
                observation.replicas.insert(place(IRELAND), Seen::Absent);
            }
            Some(state) => {
                if let Some(Seen::Read(facts)) = observation.replicas.get_mut(&place(IRELAND)) {
                    facts.image.state = state;
                }
            }
        }
        let plan = crate::plan::plan(&toy.active, &observation, toy.now);
        toy.apply(&plan);
        toy.now += SignedDuration::from_mins(15);
    };
    look(&mut toy, None);
    look(&mut toy, Some(ImageState::Pending));
    look(&mut toy, None);
    assert_eq!(toy.replica(IRELAND).attempt, 1);
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Copying);
}

#[test]
fn an_image_made_from_an_instance_is_never_taken_for_the_copy() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let copying = copying(&mut toy);
    let mut image = toy.images[&place(ELSEWHERE)].image.clone();
    image.source_instance = Some("i-0123456789abcdef0".to_owned());
    let (replica, _) = answered(&toy, &copying, CopyAnswer::NameTaken(Some(Box::new(image))));
    assert_eq!((replica.state, replica.image), (ReplicaState::Failed, None));
}

#[test]
fn a_copy_that_takes_very_long_is_told_of_once_and_waited_for() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    toy.images.get_mut(&place(IRELAND)).unwrap().image.state = ImageState::Pending;
    let mut told = Vec::new();
    for _ in 0..60 {
        toy.now += SignedDuration::from_hours(1);
        let plan = toy.plan(Mandate::Schedule);
        told.extend(notices(&plan));
        toy.apply(&plan);
    }
    assert_eq!(told, [NoticeKind::Waiting]);
    toy.images.get_mut(&place(IRELAND)).unwrap().image.state = ImageState::Available;
    toy.converge(Mandate::Schedule);
    assert_eq!(toy.replica(IRELAND).state, ReplicaState::Verified);
}

#[test]
fn a_borrower_that_is_refused_just_after_the_loan_asks_again_with_the_same_token() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    let lending = toy.plan(Mandate::Event);
    toy.apply(&lending);
    let copying = copying(&mut toy);
    let refused = || CopyAnswer::Refused("no permission for the storage of this ami".to_owned());
    let (replica, change) = answered(&toy, &copying, refused());
    assert_eq!((replica.state, replica.attempt), (ReplicaState::Copying, 1));
    assert_eq!(replica.request, copying.request);
    assert!(change.notices.is_empty());
    toy.now += SignedDuration::from_mins(31);
    let (replica, _) = answered(&toy, &copying, refused());
    assert_eq!(
        replica.tries, 2,
        "after half an hour it is no delay any more"
    );
}
