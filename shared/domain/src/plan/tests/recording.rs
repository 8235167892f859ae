//! What is remembered of a source, and when it is looked at again.

use super::toy::{Toy, account, family, grants, place, source_ref};
use super::{ELSEWHERE, IRELAND, entries, notices, reasons, recorded, seeing, source};
use crate::image::{ImageState, LaunchPermission};
use crate::lineage::{Ancestor, Record, Source, SourceStatus};
use crate::observation::{Mandate, Parent, Seen};
use crate::plan::{Action, Plan, RECHECK_AFTER, RETRY_AFTER, select};
use crate::policy::{Destination, Ready};
use jiff::SignedDuration;

fn without(toy: &Toy, mandate: Mandate, source: Seen<ImageState>) -> Plan {
    seeing(toy, mandate, |seen| match source {
        Seen::Read(state) => {
            if let Seen::Read(facts) = &mut seen.source {
                facts.image.state = state;
                facts.permissions = Seen::NotRead;
            }
        }
        Seen::Absent => seen.source = Seen::Absent,
        _ => seen.source = Seen::Unknown("throttled".to_owned()),
    })
}

#[test]
fn a_new_source_is_remembered_as_it_was_seen() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.active.revision = 4;
    toy.permissions(&source_ref()).extend(grants(&[1]));
    toy.source
        .image
        .tags
        .insert("Team".to_owned(), "web".to_owned());
    toy.source.image.encrypted = true;
    let plan = toy.plan(Mandate::Event);
    let new = source(&plan).unwrap();
    let image = &toy.source.image;
    assert_eq!((&new.image, new.family.as_str()), (&image.at, "web"));
    assert_eq!(
        (&new.name, &new.architecture),
        (&image.name, &image.architecture)
    );
    assert_eq!((new.created, &new.tags), (image.created, &image.tags));
    assert_eq!((&new.snapshots, new.encrypted), (&image.snapshots, true));
    assert_eq!(new.permissions, Some(grants(&[1])));
    assert_eq!((new.revision, new.version), (4, 0));
    assert_eq!(new.due, toy.now + RECHECK_AFTER);
    assert_eq!(new.status, SourceStatus::Replicating);
    assert!(new.ancestors.is_empty() && new.parent.is_none());
    assert_eq!(entries(&plan)[0], "recorded: family web selects it");
}

#[test]
fn a_new_source_names_what_it_was_built_from_as_far_as_that_is_known() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let direct = Ancestor {
        region: "us-east-1".parse().unwrap(),
        id: "ami-0000000b".parse().unwrap(),
    };
    toy.source.image.source = Some((direct.region.clone(), direct.id.clone()));
    let new = source(&toy.plan(Mandate::Event)).unwrap();
    assert_eq!((new.ancestors, new.parent), (vec![direct.clone()], None));
    let parent = Parent {
        source: "111111111111/us-east-1/ami-0000000c".parse().unwrap(),
        ancestors: vec![
            direct,
            Ancestor {
                region: "us-east-1".parse().unwrap(),
                id: "ami-0000000c".parse().unwrap(),
            },
        ],
    };
    let plan = seeing(&toy, Mandate::Event, |seen| {
        seen.parent = Some(parent.clone());
    });
    let new = source(&plan).unwrap();
    assert_eq!(
        (new.ancestors, new.parent),
        (parent.ancestors, Some(parent.source))
    );
}

#[test]
fn an_image_that_can_not_be_a_source_says_why() {
    let mut toy = Toy::new(family(&[IRELAND]));
    let said = |toy: &Toy| reasons(&toy.plan(Mandate::Event));
    let unseen = |seen| {
        reasons(&without(
            &Toy::new(family(&[IRELAND])),
            Mandate::Event,
            seen,
        ))
    };
    assert_eq!(
        unseen(Seen::Absent),
        "there is no such image, or it can't be seen"
    );
    assert_eq!(unseen(Seen::NotRead), "it could not be read: throttled");
    let not_read = seeing(&toy, Mandate::Event, |seen| seen.source = Seen::NotRead);
    assert_eq!(
        reasons(&not_read),
        "no account or Region that the policy names"
    );
    assert_eq!(not_read.left[0].place, source_ref().place);
    toy.source.image.state = ImageState::Pending;
    assert_eq!(said(&toy), "it is not available but Pending");
    toy.source.image.state = ImageState::Available;
    toy.family().ready = Ready::Settled(SignedDuration::from_mins(30));
    toy.source.image.created = None;
    assert_eq!(said(&toy), "it is not ready: when it was made is unknown");
    toy.family().ready = Ready::Tagged {
        key: "Status".to_owned(),
        value: "released".to_owned(),
    };
    toy.source
        .image
        .tags
        .insert("Status".to_owned(), "draft".to_owned());
    assert!(said(&toy).contains("the tag Status is not \"released\" yet"));
    assert!(select(&toy.active, &toy.source.image, toy.now).is_err());
    toy.source
        .image
        .tags
        .insert("Status".to_owned(), "released".to_owned());
    assert_eq!(
        select(&toy.active, &toy.source.image, toy.now)
            .unwrap()
            .name,
        "web"
    );
}

#[test]
fn a_source_that_was_not_read_or_is_not_available_keeps_what_is_remembered_of_it() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.permissions(&source_ref()).extend(grants(&[1]));
    toy.converge(Mandate::Schedule);
    let before = recorded(&mut toy).clone();
    let plan = without(&toy, Mandate::Schedule, Seen::NotRead);
    let unread = source(&plan).unwrap().clone();
    assert_eq!(unread.due, toy.now, "the next run looks again");
    let due = before.due;
    assert_eq!(Source { due, ..unread }, before, "unknown is no other news");
    assert!(notices(&plan).is_empty());
    for (seen, dropped) in [
        (Seen::Read(ImageState::Disabled), true),
        (Seen::Read(ImageState::Deregistered), false),
        (Seen::Read(ImageState::Pending), false),
        (Seen::Absent, false),
    ] {
        let plan = without(&toy, Mandate::Schedule, seen.clone());
        let after = source(&plan).unwrap();
        assert_eq!(after.status, SourceStatus::Unavailable, "{seen:?}");
        assert_eq!(after.permissions_dropped, dropped, "{seen:?}");
        assert_eq!(after.permissions, before.permissions);
        assert_eq!(
            after.due,
            toy.now + RETRY_AFTER,
            "it may have been EC2's delay"
        );
        assert_eq!(entries(&plan), ["unavailable, was replicated"]);
        assert!(plan.destinations.is_empty() && notices(&plan).is_empty());
    }
}

#[test]
fn a_source_that_is_back_goes_on_and_its_owner_is_not_told_again() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Schedule);
    toy.source.image.state = ImageState::Disabled;
    toy.converge(Mandate::Schedule);
    assert_eq!(recorded(&mut toy).status, SourceStatus::Unavailable);
    toy.source.image.state = ImageState::Available;
    let plans = toy.converge(Mandate::Schedule);
    assert!(plans.iter().all(|plan| notices(plan).is_empty()));
    assert_eq!(recorded(&mut toy).status, SourceStatus::Replicated);
    assert!(!recorded(&mut toy).told.is_empty());
}

#[test]
fn permissions_are_remembered_without_loans_and_only_from_a_read() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    toy.permissions(&source_ref()).extend(grants(&[1]));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    let lent = LaunchPermission::Account(account("222222222222"));
    assert!(toy.permissions(&source_ref()).contains(&lent));
    let plan = toy.plan(Mandate::Event);
    toy.apply(&plan);
    toy.permissions(&source_ref()).extend(grants(&[2]));
    let plan = toy.plan(Mandate::Event);
    assert_eq!(source(&plan).unwrap().permissions, Some(grants(&[1, 2])));
    // What was lent of the snapshots alone does not hide a grant of the image's.
    recorded(&mut toy)
        .loans
        .values_mut()
        .for_each(|loan| loan.image = false);
    let plan = toy.plan(Mandate::Event);
    assert!(source(&plan).unwrap().permissions.unwrap().contains(&lent));
}

#[test]
fn every_schedule_that_finds_nothing_to_do_puts_the_next_look_a_day_off() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Event);
    let due = recorded(&mut toy).due;
    toy.now = due - SignedDuration::from_secs(1);
    assert!(
        toy.plan(Mandate::Schedule).is_empty(),
        "not due, and nothing to write"
    );
    toy.now = due;
    assert!(
        toy.plan(Mandate::Event).is_empty(),
        "an event is no whole look"
    );
    for mandate in [Mandate::Schedule, Mandate::Person] {
        let plan = toy.plan(mandate);
        assert_eq!(source(&plan).unwrap().due, toy.now + RECHECK_AFTER);
        assert_eq!(entries(&plan), ["seen again: nothing changed"]);
    }
}

#[test]
fn a_lineage_stays_due_while_something_of_it_is_still_to_be_done() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Event);
    toy.now = recorded(&mut toy).due;
    let due = toy.now;
    toy.source
        .image
        .tags
        .insert("Team".to_owned(), "web".to_owned());
    let plan = toy.plan(Mandate::Schedule);
    assert!(!plan.destinations.is_empty());
    assert_eq!(
        source(&plan).unwrap().due,
        due,
        "a run that dies here is not forgotten for a day"
    );
    assert_eq!(entries(&plan)[0], "seen again: changed tags");
    toy.converge(Mandate::Schedule);
    assert!(recorded(&mut toy).due > due);
}

#[test]
fn a_new_revision_is_written_down_once_it_was_followed() {
    let mut toy = Toy::new(family(&[IRELAND]));
    toy.converge(Mandate::Event);
    toy.active.revision = 2;
    assert!(toy.plan(Mandate::Event).is_empty());
    let plan = toy.plan(Mandate::Schedule);
    assert_eq!(source(&plan).unwrap().revision, 2);
    assert_eq!(
        entries(&plan),
        ["seen again: changed the policy's revision"]
    );
    toy.source
        .image
        .tags
        .insert("Team".to_owned(), "web".to_owned());
    let plan = toy.plan(Mandate::Event);
    assert_eq!(
        source(&plan).unwrap().revision,
        1,
        "an event saw only a part of it"
    );
}

#[test]
fn what_changed_of_a_source_is_named() {
    let mut toy = Toy::new(family(&[IRELAND, ELSEWHERE]));
    toy.converge(Mandate::Event);
    let before = toy.source.clone();
    let said = |toy: &Toy| entries(&toy.plan(Mandate::Event))[0].clone();
    toy.permissions(&source_ref()).extend(grants(&[1]));
    assert_eq!(said(&toy), "seen again: changed launch permissions");
    toy.source = before.clone();
    toy.source
        .image
        .snapshots
        .insert("snap-0000000b".parse().unwrap());
    assert_eq!(said(&toy), "seen again: changed snapshots");
    toy.source
        .image
        .tags
        .insert("Team".to_owned(), "web".to_owned());
    assert_eq!(said(&toy), "seen again: changed tags, snapshots");
    toy.source = before;
    let mut more = toy.family().destinations.clone();
    let west = place("222222222222/us-west-2");
    more.insert(
        west.clone(),
        Destination {
            place: west.clone(),
            ..more[&place(ELSEWHERE)].clone()
        },
    );
    toy.family().destinations = more;
    toy.keys
        .insert(west.clone(), Seen::Read(super::toy::key(&west)));
    recorded(&mut toy).status = SourceStatus::Replicating;
    assert_eq!(said(&toy), "seen again: changed loans");
}

#[test]
fn a_plan_writes_a_sources_record_once() {
    let mut toy = Toy::new(family(&[ELSEWHERE]));
    for _ in 0..12 {
        let plan = toy.plan(Mandate::Schedule);
        let writes = plan.steps().filter(|(_, step)| match &step.action {
            Action::Write(change) => matches!(change.record, Record::Source(_)),
            _ => false,
        });
        assert!(writes.count() <= 1, "{plan:#?}");
        toy.apply(&plan);
        toy.source
            .image
            .tags
            .insert(format!("t{}", toy.now), "x".to_owned());
        toy.now += SignedDuration::from_mins(15);
    }
}
