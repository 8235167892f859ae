//! Which images are counted together, and what pushes another out of the newest.

use super::*;

fn first_is_newest(inventory: &[Subject]) -> bool {
    let judged = judge(&policy(), inventory, &quiet(), now());
    let reasons = judged[0].verdict.reasons();
    reasons.contains(&Reason::NewestVerified)
}

/// The story behind it: rust-lang/simpleinfra #1229.
#[test]
fn another_architecture_pushes_nothing_out() {
    let mut inventory = [source(1, 100), source(2, 2), source(3, 1)];
    inventory[1].image.architecture = "arm64".to_owned();
    inventory[2].image.architecture = "arm64".to_owned();
    let judged = judge(&policy(), &inventory, &quiet(), now());
    let nth = Reason::AmongNewest { nth: 1, kept: 2 };
    assert_eq!(judged[0].verdict.reasons(), [Reason::NewestVerified, nth]);
}

/// The story behind it: widdix/aws-amicleaner.
#[test]
fn another_account_or_region_or_kind_pushes_nothing_out() {
    let elsewhere = ["222222222222/us-east-1", "111111111111/eu-west-1"];
    for place in elsewhere {
        let kind = || Kind::Source {
            unfinished: BTreeSet::new(),
        };
        let inventory = [
            source(1, 100),
            subject(place, 2, 2, kind()),
            subject(place, 3, 1, kind()),
        ];
        let judged = judge(&policy(), &inventory, &quiet(), now());
        assert!(
            judged[0]
                .verdict
                .reasons()
                .contains(&Reason::NewestVerified),
            "{place}"
        );
    }
    let of: ImageRef = format!("{HOME}/ami-0000000a").parse().unwrap();
    let copy = |number| subject(HOME, number, 1, Kind::Replica { of: of.clone() });
    let inventory = [source(1, 100), copy(2), copy(3)];
    let judged = judge(&policy(), &inventory, &quiet(), now());
    assert!(
        judged[0]
            .verdict
            .reasons()
            .contains(&Reason::NewestVerified),
        "replicas"
    );
}

#[test]
fn what_is_not_verified_pushes_nothing_out() {
    let mut inventory = [source(1, 100), source(2, 2), source(3, 1)];
    inventory[1].verified = false;
    inventory[2].verified = false;
    assert!(first_is_newest(&inventory));
}

#[test]
fn what_retires_already_pushes_nothing_out() {
    let mut inventory = [source(1, 100), source(2, 2), source(3, 1)];
    for newer in &mut inventory[1..] {
        newer.retirement.at = Some((Stage::Marked, days_ago(1)));
    }
    assert!(first_is_newest(&inventory));
}

#[test]
fn of_equally_old_images_none_pushes_out_another() {
    let mut inventory = [source(1, 100), source(2, 100), source(3, 100)];
    inventory[2].version = None;
    let judged = judge(&policy(), &inventory, &quiet(), now());
    for one in judged {
        let nth = Reason::AmongNewest { nth: 1, kept: 2 };
        assert!(one.verdict.reasons().contains(&nth), "{}", one.image);
    }
}
