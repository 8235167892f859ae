//! Planned faults: which calls they meet, what they do, what is reported of them.

use super::*;
use crate::{Fault, FaultKind, PlannedFault};

/// The header that says what became of the connection.
fn connection(response: &Response<Bytes>) -> &str {
    let header = response.headers().get("x-simulator-connection");
    header.map_or("", |value| value.to_str().expect("text"))
}

fn deregister(world: &World, id: &str) -> Response<Bytes> {
    let body = format!("Action=DeregisterImage&ImageId={id}");
    world.call(signed(OWNER, HERE, "ec2", body.into_bytes()))
}

fn on(operation: &str, kind: FaultKind) -> PlannedFault {
    PlannedFault::new(kind).operation(operation)
}

#[test]
fn each_kind_does_or_does_not_do_the_operation_and_says_what_becomes_of_the_reply() {
    let kinds = [
        (FaultKind::throttled(), 503, "", false),
        (FaultKind::server_error(), 500, "", false),
        (FaultKind::unavailable(), 503, "", false),
        (FaultKind::ConnectionLost, 500, "aborted", false),
        (FaultKind::ReplyLost, 500, "aborted", true),
        (FaultKind::CrashBefore, 500, "crashed", false),
        (FaultKind::CrashAfter, 500, "crashed", true),
        (FaultKind::CrashAfterReply, 200, "crashed-after-reply", true),
    ];
    for (kind, status, said, done) in kinds {
        let (world, id) = world_with_image();
        world.plan_fault(on("DeregisterImage", kind.clone()));
        let response = deregister(&world, &id);
        assert_eq!(response.status(), status, "{kind:?}");
        assert_eq!(connection(&response), said, "{kind:?}");
        assert_eq!(world.image(OWNER, HERE, &id).is_none(), done, "{kind:?}");
        let call = world.calls().pop().expect("a call");
        assert_eq!(call.error.is_none(), done, "{kind:?}");
    }
}

#[test]
fn dynamodb_is_met_too() {
    let world = World::new(1);
    let create = |name: &str| {
        let body = serde_json::json!({
            "TableName": name,
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        let body = body.to_string().into_bytes();
        let mut request = signed(OWNER, HERE, "dynamodb", body);
        let target = "DynamoDB_20120810.CreateTable".parse().expect("a header");
        request.headers_mut().insert("x-amz-target", target);
        world.call(request)
    };
    let fault = |kind| PlannedFault::new(kind).service("dynamodb");
    world.plan_fault(fault(FaultKind::ConnectionLost));
    world.plan_fault(fault(FaultKind::CrashAfterReply).nth(2));
    assert_eq!(connection(&create("one")), "aborted");
    let made = create("one");
    assert_eq!(
        (made.status().as_u16(), connection(&made)),
        (200, "crashed-after-reply")
    );
    let again = create("one");
    assert_eq!((again.status().as_u16(), connection(&again)), (400, ""));
}

#[test]
fn a_fault_meets_only_the_calls_it_is_narrowed_down_to() {
    let world = World::new(1);
    let fault = on("DescribeImages", FaultKind::throttled());
    let fault = fault.service("ec2").caller("role/hub").region(HERE);
    world.plan_fault(fault.nth(2));
    let hub = world.credentials(OWNER, "hub").access_key_id;
    let asked = [
        (OWNER, HERE, "DescribeImages", 200),
        (&hub, THERE, "DescribeImages", 200),
        (&hub, HERE, "DescribeRegions", 200),
        (&hub, HERE, "DescribeImages", 200),
        (&hub, HERE, "DescribeImages", 503),
        (&hub, HERE, "DescribeImages", 200),
    ];
    for (caller, region, operation, status) in asked {
        let answer = ec2(&world, caller, region, operation, &[]);
        assert_eq!(answer.status, status, "{caller} {region} {operation}");
    }
    let report = &world.fault_report()[0];
    assert_eq!((report.matched, report.fired), (3, 1));
    assert_eq!(report.calls, [4]);
    world.forget_calls();
    assert!(world.fault_report()[0].calls.is_empty());
}

#[test]
fn every_call_is_met_as_often_as_the_fault_may() {
    let world = World::new(1);
    let fault = PlannedFault::new(FaultKind::unavailable());
    world.plan_fault(fault.every().at_most(2));
    let status = || ec2(&world, OWNER, HERE, "DescribeRegions", &[]).status;
    assert_eq!([status(), status(), status()], [503, 503, 200]);
    assert_eq!(world.faults_pending(), 0);
    world.forget_faults();
    assert!(world.fault_report().is_empty());
}

#[test]
fn chance_follows_from_the_seed_and_shifts_no_ids() {
    let run = |planned: bool| {
        let world = World::new(9);
        if planned {
            let fault = on("DescribeRegions", FaultKind::ReplyLost);
            world.plan_fault(fault.by_chance(0.3));
        }
        for _ in 0..100 {
            ec2(&world, OWNER, HERE, "DescribeRegions", &[]);
        }
        let met = world.fault_report().pop().map(|report| report.calls);
        let id = world.publish_image(NewImage::new(OWNER, HERE, "golden-1"));
        (met.unwrap_or_default(), id)
    };
    let (met, id) = run(true);
    assert!((15..45).contains(&met.len()), "{met:?}");
    assert_eq!(run(true), (met, id.clone()));
    assert_eq!(run(false).1, id);
}

#[test]
fn two_faults_for_the_next_call_meet_one_call_each() {
    let world = World::new(1);
    for kind in [FaultKind::throttled(), FaultKind::server_error()] {
        world.fail_next(Fault {
            operation: "DescribeRegions".to_owned(),
            caller: None,
            region: None,
            nth: 1,
            kind,
        });
    }
    let status = || ec2(&world, OWNER, HERE, "DescribeRegions", &[]).status;
    assert_eq!(world.faults_pending(), 2);
    assert_eq!([status(), status(), status()], [503, 500, 200]);
    assert_eq!(world.faults_pending(), 0);
}

#[test]
fn a_copy_fails_late_with_the_planned_cause() {
    let (world, id) = world_with_image();
    let cause = "The disk is on fire".to_owned();
    world.plan_fault(PlannedFault::new(FaultKind::CopyFails { cause }));
    let refused = ec2(&world, OWNER, THERE, "CopyImage", &copy_of(&id, "x"));
    assert_eq!(refused.status, 400, "a name of one letter");
    assert_eq!(world.faults_pending(), 1, "there was no copy to fail");
    let copy = copied(&world, OWNER, &copy_of(&id, "copy-1"));
    let second = copied(&world, OWNER, &copy_of(&id, "copy-2"));
    assert_eq!(state_of(&world, OWNER, THERE, &copy), "pending");
    world.advance(hour());
    let image = world.image(OWNER, THERE, &copy).expect("the copy");
    assert_eq!(image.state, "failed");
    assert_eq!(image.state_reason.as_deref(), Some("The disk is on fire"));
    assert_eq!(state_of(&world, OWNER, THERE, &second), "available");
    assert_eq!(world.faults_pending(), 0);
}

#[test]
fn what_is_not_recorded_is_not_trailed_either() {
    let (world, id) = world_with_image();
    world.take_events();
    world.set_recording(false);
    let tags = [("ResourceId.1", id.as_str()), ("Tag.1.Key", "a")];
    ec2(&world, OWNER, HERE, "CreateTags", &tags);
    assert!(world.calls().is_empty() && world.take_events().is_empty());
    world.set_recording(true);
    ec2(&world, OWNER, HERE, "CreateTags", &tags);
    assert_eq!((world.calls().len(), world.take_events().len()), (1, 1));
}
