//! What a person reads of a plan: each step by what it does, where and for whom.

use super::IRELAND;
use super::toy::{account, grants, place, source_ref, wanted};
use crate::ids::ImageRef;
use crate::image::Tags;
use crate::lineage::{Change, Record};
use crate::plan::{Action, Group, Plan, Step, list};
use std::collections::BTreeSet;

fn step(action: Action) -> Step {
    Step {
        action,
        reason: "a test".to_owned(),
    }
}

#[test]
fn every_action_says_what_it_does_to_what_and_for_whom() {
    let image: ImageRef = "111111111111/eu-west-1/ami-0000000a".parse().unwrap();
    let snapshot: crate::ids::SnapshotId = "snap-0000000a".parse().unwrap();
    let replica = wanted(IRELAND);
    let change = Change {
        record: Record::Replica(Box::new(replica.clone())),
        entry: "waits".to_owned(),
        notices: Vec::new(),
    };
    let at = || {
        (
            place(IRELAND),
            image.id.clone(),
            BTreeSet::from([snapshot.clone()]),
        )
    };
    let (place, id, snapshots) = at();
    let users = BTreeSet::from([account("900000000001")]);
    let cases = [
        (Action::Write(Box::new(change)), "record: waits"),
        (
            Action::Copy(Box::new(replica)),
            "copy 111111111111/us-east-1/ami-00000001 to 111111111111/eu-west-1, attempt 1",
        ),
        (
            Action::Tag {
                place: place.clone(),
                image: id.clone(),
                snapshots: snapshots.clone(),
                tags: Tags::from(["A", "B"].map(|key| (key.to_owned(), String::new()))),
            },
            "tag ami-0000000a and its snapshots: A, B",
        ),
        (
            Action::Untag {
                place: place.clone(),
                image: id,
                snapshots,
                keys: BTreeSet::from(["A".to_owned()]),
            },
            "untag ami-0000000a and its snapshots: A",
        ),
        (
            Action::Share {
                image: image.clone(),
                add: grants(&[1, 2]),
            },
            "share ami-0000000a with account 900000000001, account 900000000002",
        ),
        (
            Action::Unshare {
                image,
                remove: grants(&[1]),
                loan: false,
            },
            "stop sharing ami-0000000a with account 900000000001",
        ),
        (
            Action::ShareSnapshot {
                place: place.clone(),
                snapshot: snapshot.clone(),
                add: users.clone(),
            },
            "share snap-0000000a with 900000000001",
        ),
        (
            Action::UnshareSnapshot {
                place,
                snapshot,
                remove: users,
                loan: false,
            },
            "stop sharing snap-0000000a with 900000000001",
        ),
    ];
    for (action, expected) in cases {
        assert_eq!(action.to_string(), expected);
    }
    assert_eq!(list::<u8>([]), "");
}

#[test]
fn a_plan_is_empty_only_if_neither_source_nor_destination_has_a_step() {
    let share = || {
        step(Action::Share {
            image: source_ref(),
            add: grants(&[1]),
        })
    };
    let group = || Group {
        place: place(IRELAND),
        steps: vec![share(), share()],
    };
    let nothing = Plan::default();
    let source = Plan {
        source: vec![share()],
        ..Plan::default()
    };
    let destination = Plan {
        destinations: vec![group()],
        ..Plan::default()
    };
    let both = Plan {
        source: vec![share()],
        destinations: vec![group()],
        ..Plan::default()
    };
    assert!(nothing.is_empty() && nothing.steps().next().is_none());
    assert!(!source.is_empty() && !destination.is_empty() && !both.is_empty());
    let places: Vec<_> = both.steps().map(|(at, _)| at.cloned()).collect();
    assert_eq!(
        places,
        [None, Some(place(IRELAND)), Some(place(IRELAND))],
        "the source's first"
    );
}
