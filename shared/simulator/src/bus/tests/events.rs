//! Proves which image events reach the function, and what becomes of those that it can't handle.

use super::*;
use crate::{EventFate, NewImage, World};

#[test]
fn an_image_event_anywhere_reaches_replicate() {
    for (account, region) in [
        (ACCOUNT, REGION),
        (ACCOUNT, "us-east-1"),
        ("222222222222", REGION),
    ] {
        for change in ["available", "failed", "deregistered", "disabled"] {
            let mut bus = bus();
            bus.put_event(start(), account, region, &state("ami-1", change));
            let delivery = bus.due(start()).expect("it is delivered");
            assert_eq!(delivery.function, "ReplicateFunction");
            assert_eq!(delivery.kind, Kind::Queue("ImageEventsQueue".into()));
            assert_eq!(images(&delivery), ["ami-1"]);
            bus.done(start(), delivery.id, Ok(Value::Null));
            assert_eq!(bus.next_work(), None, "once, and then it is quiet");
        }
    }
}

#[test]
fn without_spokes_only_the_hubs_own_events_arrive() {
    let mut bus = Bus::from_template(HUB, ACCOUNT, REGION).expect("the template is understood");
    bus.put_event(start(), ACCOUNT, "us-east-1", &state("ami-1", "available"));
    assert_eq!(bus.due(start()), None);
}

#[test]
fn calls_that_changed_an_image_arrive_and_others_do_not() {
    let tagged =
        |id| json!({"requestParameters": {"resourcesSet": {"items": [{"resourceId": id}]}}});
    let denied = json!({"errorCode": "Client.UnauthorizedOperation"});
    let cases = [
        (call("ModifyImageAttribute", &json!({})), true),
        (call("CreateTags", &tagged("ami-1")), true),
        (call("DeleteTags", &tagged("ami-1")), true),
        (call("CreateTags", &tagged("i-1")), false),
        (call("ModifyImageAttribute", &denied), false),
        (call("RunInstances", &json!({})), false),
        (state("ami-1", "pending"), false),
    ];
    for (account, region) in [(ACCOUNT, REGION), ("222222222222", "us-east-1")] {
        for (event, arrives) in &cases {
            let mut bus = bus();
            bus.put_event(start(), account, region, event);
            assert_eq!(bus.due(start()).is_some(), *arrives, "{event}");
        }
    }
}

#[test]
fn of_all_the_calls_that_a_world_tells_of_only_those_on_images_arrive() {
    let world = World::new(1);
    let image = world.publish_image(NewImage::new(ACCOUNT, REGION, "golden"));
    world.create_key(ACCOUNT, REGION, "alias/golden");
    let ec2 = |operation: &str, parameters: Value| {
        let answer = world.perform(ACCOUNT, REGION, "ec2", operation, parameters);
        answer.expect("the call is answered")
    };
    let tags = json!([{"Key": "team", "Value": "web"}]);
    let launch = json!({"ImageId": image, "MinCount": 1, "MaxCount": 1});
    let launched = ec2("RunInstances", launch);
    let instance = &launched["Instances"][0]["InstanceId"];
    ec2("CreateTags", json!({"Resources": [instance], "Tags": tags}));
    ec2("CreateTags", json!({"Resources": [image], "Tags": tags}));
    let copy = json!({"Name": "copy", "SourceImageId": image, "SourceRegion": REGION});
    ec2("CopyImage", copy);
    let reset = json!({"ImageId": image, "Attribute": "launchPermission"});
    ec2("ResetImageAttribute", reset);
    let put = json!({"Name": "size", "Value": "1", "Type": "String"});
    let put = world.perform(ACCOUNT, REGION, "ssm", "PutParameter", put);
    put.expect("a parameter");
    let mut arrived = Vec::new();
    for event in world.take_events() {
        let mut bus = bus();
        bus.put_event(start(), &event.account, &event.region, &event.body);
        let name = event.body["detail"]["eventName"].as_str();
        if let (Some(name), Some(_)) = (name, bus.due(start())) {
            arrived.push(name.to_owned());
        }
    }
    assert_eq!(arrived, ["CreateTags", "ResetImageAttribute"]);
}

#[test]
fn events_come_ten_at_a_time() {
    let mut bus = bus();
    for _ in 0..12 {
        bus.put_event(start(), ACCOUNT, REGION, &state("ami-1", "available"));
    }
    let sizes = [bus.due(start()), bus.due(start())].map(|d| images(&d.expect("due")).len());
    assert_eq!(sizes, [10, 2]);
    assert_eq!(bus.due(start()), None);
}

#[test]
fn only_the_messages_that_failed_come_again_and_after_five_times_they_are_dead() {
    let mut bus = bus();
    bus.put_event(start(), ACCOUNT, REGION, &state("ami-good", "available"));
    bus.put_event(start(), ACCOUNT, REGION, &state("ami-bad", "available"));
    let mut now = start();
    for attempt in 1..=5 {
        let delivery = due_for(&mut bus, now, "ReplicateFunction").expect("it is tried five times");
        let bad = delivery.payload["Records"]
            .as_array()
            .and_then(|r| r.last())
            .expect("a record");
        assert_eq!(
            bad["attributes"]["ApproximateReceiveCount"],
            attempt.to_string()
        );
        assert_eq!(images(&delivery).len(), if attempt == 1 { 2 } else { 1 });
        bus.done(now, delivery.id, failed(&[&bad["messageId"]]));
        let again = due_for(&mut bus, now, "ReplicateFunction");
        assert_eq!(again, None, "not before the visibility timeout has passed");
        now = bus.next_work().expect("it will be there again");
    }
    assert_eq!(due_for(&mut bus, now, "ReplicateFunction"), None);
    assert_eq!(bus.next_work(), None);
    assert_eq!(
        bus.dead_letters("ImageEventsDeadLetters"),
        [state("ami-bad", "available")]
    );
}

#[test]
fn a_call_without_an_answer_is_over_at_its_deadline() {
    let mut bus = bus();
    bus.put_event(start(), ACCOUNT, REGION, &state("ami-1", "available"));
    let first = bus.due(start()).expect("due");
    assert_eq!(bus.next_work(), Some(first.deadline));
    assert_eq!(bus.due(first.deadline), None);
    bus.done(first.deadline, first.id, Ok(Value::Null));
    let again = bus.next_work().expect("the late answer did not count");
    assert_eq!(again, after(720));
    assert_eq!(
        bus.due(again).map(|d| images(&d)),
        Some(vec!["ami-1".to_owned()])
    );
}

#[test]
fn events_can_be_lost_doubled_and_reversed() {
    let delivered = |delivering| {
        let mut bus = bus();
        bus.set_delivery(delivering);
        bus.put_event(start(), ACCOUNT, REGION, &state("ami-1", "available"));
        bus.put_event(
            start(),
            "222222222222",
            REGION,
            &state("ami-2", "available"),
        );
        bus.due(start())
            .map(|delivery| images(&delivery))
            .unwrap_or_default()
    };
    assert_eq!(delivered(Delivering::Faithful), ["ami-1", "ami-2"]);
    assert!(delivered(Delivering::Lost).is_empty());
    assert_eq!(
        delivered(Delivering::Doubled),
        ["ami-1", "ami-1", "ami-2", "ami-2"]
    );
    assert_eq!(delivered(Delivering::Reversed), ["ami-2", "ami-1"]);
}

#[test]
fn what_is_lost_or_doubled_is_reported() {
    let mut bus = bus();
    for delivering in [Delivering::Faithful, Delivering::Lost, Delivering::Doubled] {
        bus.set_delivery(delivering);
        bus.put_event(start(), ACCOUNT, REGION, &state("ami-1", "available"));
    }
    let report = bus.event_report().into_iter();
    let fates: Vec<EventFate> = report.map(|report| report.fate).collect();
    assert_eq!(fates, [EventFate::Lost, EventFate::Doubled]);
}

#[test]
fn no_more_batches_are_handled_at_once_than_the_template_says() {
    let mut bus = bus();
    for _ in 0..60 {
        bus.put_event(start(), ACCOUNT, REGION, &state("ami-1", "available"));
    }
    let under_way: Vec<_> = std::iter::from_fn(|| bus.due(start())).collect();
    assert_eq!(under_way.len(), 5);
    bus.done(start(), under_way[0].id, Ok(Value::Null));
    assert!(bus.due(start()).is_some());
}
