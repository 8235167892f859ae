use super::toy::{Toy, family, place};
use super::{IRELAND, SYDNEY, copies, notices, reasons};
use crate::image::ImageState;
use crate::lineage::SourceStatus;
use crate::naming::OPERATION_TAG;
use crate::notice::NoticeKind;
use crate::observation::{Mandate, Seen};
use crate::policy::Ready;
use jiff::SignedDuration;

#[test]
fn an_image_that_no_family_selects_is_left_alone_with_the_reason() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.source.image.name = "other-1".to_owned();
    let plan = toy.plan(Mandate::Event);
    assert!(plan.is_empty());
    assert_eq!(reasons(&plan), "no family of the policy selects it");
}

/// The story behind it: whoAMI, 2025.
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
fn a_key_that_could_not_be_read_is_unknown_and_nobody_is_told() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.keys
        .insert(place(IRELAND), Seen::Unknown("throttled".to_owned()));
    let plan = toy.plan(Mandate::Event);
    assert!(copies(&plan).is_empty() && notices(&plan).is_empty());
    assert!(reasons(&plan).contains("could not be read: throttled"));
}

#[test]
fn an_image_whose_root_is_in_s3_is_left_alone() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.source.image.ebs_backed = false;
    assert!(reasons(&toy.plan(Mandate::Event)).contains("a bundle in S3"));
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
fn a_destination_named_again_is_unfinished_work_even_before_its_copy_may_start() {
    let mut toy = Toy::new(family(&[IRELAND, SYDNEY]));
    let mut key = super::toy::key(&place(SYDNEY));
    key.state = "Disabled".to_owned();
    toy.keys.insert(place(SYDNEY), Seen::Read(key));
    let both = toy.family().destinations.clone();
    toy.converge(Mandate::Schedule);
    toy.family().destinations.remove(&place(SYDNEY));
    toy.converge(Mandate::Schedule);
    toy.family().destinations = both;
    let mut plans = [toy.plan(Mandate::Schedule)];
    let caps = crate::policy::Caps {
        copies_per_run: 0,
        revocations_per_run: 0,
        ..crate::policy::Caps::default()
    };
    crate::plan::check(&mut plans, &mut crate::plan::Budget::from(&caps));
    toy.apply_source_only(&plans[0]);
    let status = toy.lineage.as_ref().unwrap().source.status;
    assert_eq!(status, SourceStatus::Replicating);
}
