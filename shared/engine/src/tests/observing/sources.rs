//! What is read of a source, and when its replicas are read for it.

use super::{MANDATES, kind, observed, source};
use crate::ports::Class;
use crate::tests::world::{HOME, World, account};
use crate::tests::{ELSEWHERE, IRELAND, look, policy, replicated, world};
use amiary_domain::ids::ImageRef;
use amiary_domain::image::ImageState;
use amiary_domain::observation::{Mandate, Seen};

/// What becomes of a source.
type Change = fn(&World, &ImageRef);

#[test]
fn an_event_about_a_source_reads_its_replicas_only_where_it_changed() {
    let active = policy(&[IRELAND], "[families.web.sharing]\nas-source = true");
    let changes: [(&str, Change, usize); 4] = [
        ("nothing", |_, _| (), 0),
        (
            "its tags",
            |world, image| {
                let mut state = world.state();
                let tags = &mut state.images.get_mut(image).unwrap().tags;
                tags.insert("Team".to_owned(), "web".to_owned());
            },
            1,
        ),
        (
            "its permissions",
            |world, image| {
                let grants = [account("333333333333")].into();
                world.state().permissions.insert(image.clone(), grants);
            },
            1,
        ),
        (
            "its state",
            |world, image| world.turn(image, ImageState::Disabled),
            0,
        ),
    ];
    for (what, change, expected) in changes {
        let world = world();
        let image = replicated(&world, &active, "golden-1");
        change(&world, &image);
        let seen = observed(&world, &active, &image, Mandate::Event);
        assert_eq!(seen.replicas.len(), expected, "{what}");
        let seen = observed(&world, &active, &image, Mandate::Schedule);
        assert_eq!(
            seen.replicas.len(),
            1,
            "a schedule reads everything: {what}"
        );
    }
}

#[test]
fn permissions_that_could_not_be_read_are_no_change_of_the_source() {
    let world = world();
    let active = policy(&[IRELAND], "[families.web.sharing]\nas-source = true");
    let image = replicated(&world, &active, "golden-1");
    world.fail("DescribeImageAttribute", Class::Retry, 1);
    let seen = observed(&world, &active, &image, Mandate::Event);
    assert_eq!(kind(&source(&seen).permissions), "unknown");
    assert!(seen.replicas.is_empty());
}

#[test]
fn a_loan_is_no_change_of_the_source_and_a_borrower_of_snapshots_alone_is() {
    let world = world();
    let active = policy(&[ELSEWHERE], "");
    let image = world.publish(HOME, "golden-1");
    look(&world, &active, &image, Mandate::Event);
    let borrower = account("222222222222");
    assert!(
        world.shared_with(&image).contains(&borrower),
        "the copy is under way"
    );
    let seen = observed(&world, &active, &image, Mandate::Event);
    assert!(seen.replicas.is_empty());
    {
        let mut state = world.state();
        let lineage = state.lineages.get_mut(&image).unwrap();
        lineage
            .source
            .loans
            .values_mut()
            .for_each(|loan| loan.image = false);
    }
    let seen = observed(&world, &active, &image, Mandate::Event);
    assert_eq!(seen.replicas.len(), 1, "what its owner grants is a change");
    world
        .state()
        .permissions
        .insert(image.clone(), [account("333333333333")].into());
    let seen = observed(&world, &active, &image, Mandate::Event);
    assert_eq!(seen.replicas.len(), 1, "whoever else is borrowing");
}

#[test]
fn who_may_launch_a_source_is_read_where_a_decision_follows_from_it() {
    let shared = "[families.web.sharing]\nas-source = true";
    let cases = [
        (IRELAND, "", Mandate::Event, false),
        (IRELAND, "", Mandate::Schedule, true),
        (IRELAND, "", Mandate::Person, true),
        (IRELAND, shared, Mandate::Event, true),
        (ELSEWHERE, "", Mandate::Event, true),
    ];
    for (at, more, mandate, expected) in cases {
        let world = world();
        let active = policy(&[at], more);
        let image = world.publish(HOME, "golden-1");
        let seen = observed(&world, &active, &image, mandate);
        let is_read = kind(&source(&seen).permissions) == "read";
        assert_eq!(is_read, expected, "{at} {more} {mandate:?}");
        let lent = at == ELSEWHERE;
        assert_eq!(source(&seen).volume_permissions.len(), usize::from(lent));
        assert_eq!(world.calls("DescribeSnapshot").len(), usize::from(lent));
    }
}

#[test]
fn of_a_source_that_is_not_available_nothing_but_its_description_is_read() {
    let world = world();
    let active = policy(&[ELSEWHERE], "");
    let image = replicated(&world, &active, "golden-1");
    world.turn(&image, ImageState::Disabled);
    for mandate in MANDATES {
        let seen = observed(&world, &active, &image, mandate);
        assert_eq!(source(&seen).permissions, Seen::NotRead);
        assert!(source(&seen).volume_permissions.is_empty());
    }
}

#[test]
fn what_a_source_is_encrypted_under_is_read_only_where_it_is_lent() {
    for (at, aws_managed, expected) in [
        (IRELAND, true, Seen::NotRead),
        (ELSEWHERE, true, Seen::Read(true)),
        (ELSEWHERE, false, Seen::Read(false)),
    ] {
        let world = world();
        let active = policy(&[at], "");
        let image = world.publish(HOME, "golden-1");
        let seen = observed(&world, &active, &image, Mandate::Event);
        assert_eq!(
            source(&seen).under_aws_key,
            Seen::NotRead,
            "it is not encrypted"
        );
        assert!(world.calls("DescribeSnapshots").is_empty());
        world.encrypt(&image, "arn:aws:kms:the-source", aws_managed);
        let seen = observed(&world, &active, &image, Mandate::Event);
        assert_eq!(source(&seen).under_aws_key, expected);
    }
}
