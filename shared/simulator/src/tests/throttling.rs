//! Throttling by buckets of tokens.

use super::*;
use crate::Throttled;

/// How many calls in a row are answered before one is throttled. A call takes a millisecond, in
/// which a bucket gains a little.
fn answered(world: &World, operation: &str, parameters: &[(&str, &str)]) -> usize {
    let throttled = |answer: &Answer| answer.code() == "RequestLimitExceeded";
    (0..1000)
        .take_while(|_| !throttled(&ec2(world, OWNER, HERE, operation, parameters)))
        .count()
}

fn throttling() -> World {
    let world = World::new(1);
    world.set_throttling(true);
    world
}

#[test]
fn nothing_is_throttled_unless_a_world_is_told_to() {
    assert_eq!(answered(&World::new(1), "DescribeRegions", &[]), 1000);
}

#[test]
fn each_category_and_some_operations_have_their_capacity() {
    let cases = [
        ("DescribeImages", None, 100),
        ("DescribeSnapshots", None, 50),
        ("DescribeSnapshots", Some(("MaxResults", "5")), 100),
        ("CopyImage", None, 100),
        ("DisableImage", None, 50),
        ("EnableImageBlockPublicAccess", None, 1),
    ];
    for (operation, parameters, capacity) in cases {
        let answered = answered(&throttling(), operation, parameters.as_slice());
        // What a bucket gains while it is emptied: at most twenty tokens a second.
        let most = capacity + capacity / 40;
        assert!(
            (capacity..=most).contains(&answered),
            "{operation}: {answered}"
        );
    }
}

#[test]
fn a_bucket_refills_with_the_worlds_time_and_belongs_to_one_operation() {
    let world = throttling();
    answered(&world, "CopyImage", &[]);
    let refused = ec2(&world, OWNER, HERE, "CopyImage", &[]);
    assert_eq!(refused.status, 503);
    assert_eq!(refused.text("Message"), "Request limit exceeded.");
    for (account, region, operation) in [
        (OWNER, HERE, "DeregisterImage"),
        (OWNER, THERE, "CopyImage"),
        (OTHER, HERE, "CopyImage"),
    ] {
        let code = ec2(&world, account, region, operation, &[]).code();
        assert_eq!(code, "MissingParameter");
    }
    world.advance(SignedDuration::from_secs(3));
    assert_eq!(answered(&world, "CopyImage", &[]), 3);
    world.advance(hour());
    assert_eq!(answered(&world, "CopyImage", &[]), 100);
}

#[test]
fn throttled_calls_are_counted_and_recorded() {
    let world = throttling();
    let answered = answered(&world, "DescribeRegions", &[]);
    let throttled = Throttled {
        account: OWNER.to_owned(),
        region: HERE.to_owned(),
        operation: "DescribeRegions".to_owned(),
        calls: 1,
    };
    assert_eq!(world.throttled_calls(), [throttled]);
    let last = world.calls().pop().and_then(|call| call.error);
    let refused = Some("RequestLimitExceeded".to_owned());
    assert_eq!((last, answered), (refused, 100 + 2));
}

#[test]
fn other_services_are_not_throttled() {
    let world = throttling();
    let caller = (OWNER, HERE, "sts");
    let status = |_| send(&world, caller, "GetCallerIdentity", &[]).status;
    assert!((0..300).map(status).all(|status| status == 200));
}
