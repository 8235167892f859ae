//! What a world that goes on for long keeps, and for how long.

use serde_json::json;

use super::*;

fn day() -> SignedDuration {
    SignedDuration::from_hours(24)
}

#[test]
fn a_client_token_lives_for_a_day() {
    let world = World::new(1);
    let create = || {
        let volume = json!({ "AvailabilityZone": "us-east-1a", "Size": 8, "ClientToken": "once" });
        let made = world.perform(OWNER, HERE, "ec2", "CreateVolume", volume);
        made.expect("a volume")["VolumeId"].clone()
    };
    let first = create();
    world.advance(day() - SignedDuration::from_secs(1));
    assert_eq!(create(), first);
    world.advance(SignedDuration::from_secs(1));
    assert_ne!(create(), first);
}

#[test]
fn a_deregistered_image_is_told_from_one_that_never_was_for_three_months() {
    let (world, id) = world_with_image();
    let other = world.publish_image(NewImage::new(OWNER, HERE, "golden-2"));
    let deregister = |id: &str| ec2(&world, OWNER, HERE, "DeregisterImage", &[("ImageId", id)]);
    assert_eq!(deregister(&id).status, 200);
    world.advance(day() * 89);
    assert_eq!(deregister(&id).code(), "InvalidAMIID.Unavailable");
    world.advance(day() * 2);
    assert_eq!(deregister(&other).status, 200);
    assert_eq!(deregister(&id).code(), "InvalidAMIID.NotFound");
}

#[test]
fn the_inbox_keeps_the_newest_messages() {
    let world = World::new(1);
    let topic = world.create_topic(OWNER, HERE, "notices");
    for number in 0..=10_000 {
        let message = json!({ "TopicArn": topic, "Message": number.to_string() });
        let published = world.perform(OWNER, HERE, "sns", "Publish", message);
        published.expect("it is published");
    }
    let inbox = world.inbox(&topic);
    assert_eq!(inbox.len(), 10_000);
    assert_eq!(inbox[0].message, "1");
}

#[test]
fn an_assumed_session_expires_and_one_given_out_does_not() {
    let world = World::new(1);
    world.create_role(OTHER, "reader");
    let assume = json!({
        "RoleArn": format!("arn:aws:iam::{OTHER}:role/reader"),
        "RoleSessionName": "short",
        "DurationSeconds": 900,
    });
    let made = world.perform(OWNER, HERE, "sts", "AssumeRole", assume);
    let key = made.expect("a session")["Credentials"]["AccessKeyId"].clone();
    let key = key.as_str().expect("a key");
    let given = world.credentials(OTHER, "reader").access_key_id;
    let asked = |key: &str, service: &str, operation: &str| {
        let answer = send(&world, (key, HERE, service), operation, &[]);
        (answer.status, answer.code())
    };
    let images = |key: &str| asked(key, "ec2", "DescribeImages");
    let fine = (200, String::new());
    assert_eq!(images(key), fine);
    world.advance(SignedDuration::from_mins(16));
    assert_eq!(images(key), (400, "RequestExpired".to_owned()));
    let who = asked(key, "sts", "GetCallerIdentity");
    assert_eq!(who, (403, "ExpiredToken".to_owned()));
    world.advance(day() * 365);
    assert_eq!(images(&given), fine);
}

#[test]
fn a_region_that_is_not_there_is_refused_and_leaves_nothing_behind() {
    let world = World::new(1);
    let refused = ec2(&world, OWNER, "us-north-7", "DescribeVolumes", &[]);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (401, "AuthFailure")
    );
    for service in ["sns", "sts"] {
        let refused = send(&world, (OWNER, "us-north-7", service), "ListTopics", &[]);
        assert_eq!(refused.code(), "SignatureDoesNotMatch", "{service}");
    }
    for operation in ["DescribeVolumes", "DescribeSnapshots", "DescribeInstances"] {
        assert_eq!(ec2(&world, OWNER, THERE, operation, &[]).status, 200);
    }
    assert!(world.state().ec2.region(THERE).is_none());
}
