use super::toy::{Toy, family, grants, place, source_ref};
use crate::image::{ImageState, LaunchPermission};
use crate::lineage::{Change, Record, Replica, ReplicaState, SourceStatus};
use crate::naming::OPERATION_TAG;
use crate::notice::NoticeKind;
use crate::observation::{Mandate, Seen};
use crate::plan::{Action, CopyAnswer, MOST_ATTEMPTS, Plan, after_copy};
use crate::policy::{Encryption, Ready};
use jiff::SignedDuration;

const IRELAND: &str = "111111111111/eu-west-1";
const SYDNEY: &str = "111111111111/ap-southeast-2";

fn reasons(plan: &Plan) -> String {
    plan.left
        .iter()
        .map(|left| left.reason.clone())
        .collect::<Vec<_>>()
        .join("\n")
}

fn notices(plan: &Plan) -> Vec<NoticeKind> {
    plan.steps()
        .filter_map(|(_, step)| match &step.action {
            Action::Write(change) => Some(change.notices.clone()),
            _ => None,
        })
        .flatten()
        .map(|notice| notice.kind)
        .collect()
}

fn copies(plan: &Plan) -> Vec<String> {
    plan.steps()
        .filter_map(|(_, step)| match &step.action {
            Action::Copy(replica) => Some(replica.destination.to_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn an_image_that_no_family_selects_is_left_alone_with_the_reason() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.source.image.name = "other-1".to_owned();
    let plan = toy.plan(Mandate::Event);
    assert!(plan.is_empty());
    assert_eq!(reasons(&plan), "no family of the policy selects it");
}

#[test]
fn a_strangers_image_with_the_right_name_is_never_a_source() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.source.image.at = "666666666666/us-east-1/ami-00000001".parse().unwrap();
    assert_eq!(
        reasons(&toy.plan(Mandate::Event)),
        "no family of the policy selects it"
    );
}

#[test]
fn an_image_with_an_operation_tag_is_never_a_source() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.source
        .image
        .tags
        .insert(OPERATION_TAG.to_owned(), "anything".to_owned());
    assert!(toy.plan(Mandate::Event).is_empty());
}

#[test]
fn an_image_that_names_a_source_image_is_a_source_all_the_same() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.source.image.source = Some((
        "us-east-1".parse().unwrap(),
        "ami-0000000b".parse().unwrap(),
    ));
    assert_eq!(copies(&toy.plan(Mandate::Event)), [IRELAND]);
}

#[test]
fn an_image_that_is_not_ready_waits_and_says_for_what() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.family().ready = Ready::Tagged {
        key: "Status".to_owned(),
        value: "released".to_owned(),
    };
    assert_eq!(
        reasons(&toy.plan(Mandate::Event)),
        "it is not ready: the tag Status is not \"released\" yet"
    );
    toy.source
        .image
        .tags
        .insert("Status".to_owned(), "released".to_owned());
    assert_eq!(copies(&toy.plan(Mandate::Event)), [IRELAND]);

    toy.family().ready = Ready::Settled(SignedDuration::from_mins(30));
    toy.now += SignedDuration::from_mins(29);
    assert!(reasons(&toy.plan(Mandate::Event)).starts_with("it is not ready: it settles until"));
    toy.now += SignedDuration::from_mins(1);
    assert_eq!(copies(&toy.plan(Mandate::Event)), [IRELAND]);
}

#[test]
fn the_family_stays_as_first_recorded_whatever_tags_or_names_become() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Event);
    toy.source.image.name = "renamed".to_owned();
    toy.converge(Mandate::Schedule);
    assert_eq!(toy.lineage.unwrap().source.family, "web");
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

#[test]
fn a_key_that_could_not_be_read_is_unknown_and_nobody_is_told() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.keys
        .insert(place(IRELAND), Seen::Unknown("throttled".to_owned()));
    let plan = toy.plan(Mandate::Event);
    assert!(copies(&plan).is_empty() && notices(&plan).is_empty());
    assert!(reasons(&plan).contains("could not be read: throttled"));
}

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

#[test]
fn an_image_that_is_not_found_once_is_no_reason_to_copy_again() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let look = |toy: &Toy| {
        let mut observation = toy.observe(Mandate::Schedule);
        observation.replicas.insert(place(IRELAND), Seen::Absent);
        super::super::plan(&toy.active, &observation, toy.now)
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
fn an_image_whose_root_is_in_s3_is_left_alone() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.source.image.ebs_backed = false;
    assert!(reasons(&toy.plan(Mandate::Event)).contains("a bundle in S3"));
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
fn a_source_is_incomplete_only_once_nothing_is_under_way() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    toy.images.get_mut(&place(SYDNEY)).unwrap().image.state = ImageState::Deregistered;
    toy.images.get_mut(&place(IRELAND)).unwrap().image.state = ImageState::Pending;
    for _ in 0..3 {
        let plan = toy.plan(Mandate::Schedule);
        toy.apply(&plan);
    }
    let status = |toy: &Toy| toy.lineage.as_ref().unwrap().source.status;
    assert_eq!(status(&toy), SourceStatus::Replicating);
    toy.images.get_mut(&place(IRELAND)).unwrap().image.state = ImageState::Available;
    toy.converge(Mandate::Schedule);
    assert_eq!(status(&toy), SourceStatus::Incomplete);
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

fn takes_back(plan: &Plan) -> bool {
    plan.steps().any(|(_, step)| {
        matches!(
            step.action,
            Action::Unshare { .. } | Action::UnshareSnapshot { .. }
        )
    })
}

const ELSEWHERE: &str = "222222222222/eu-west-1";

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
        let plan = super::super::plan(&toy.active, &observation, toy.now);
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
fn a_repair_is_not_told_as_if_the_image_were_replicated_again() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let first = toy.converge(Mandate::Event);
    assert_eq!(
        first.iter().flat_map(notices).collect::<Vec<_>>(),
        [NoticeKind::Replicated]
    );
    toy.source
        .image
        .tags
        .insert("Team".to_owned(), "web".to_owned());
    let repair = toy.converge(Mandate::Event);
    assert!(!repair.is_empty());
    assert_eq!(repair.iter().flat_map(notices).collect::<Vec<_>>(), []);
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
