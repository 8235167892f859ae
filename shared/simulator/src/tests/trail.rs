//! What CloudTrail tells of who called, and when it tells nothing.

use serde_json::{Value, json};

use super::*;

/// The details of the calls told of since they were last asked for.
fn calls(world: &World) -> Vec<Value> {
    let events = world.take_events().into_iter();
    events
        .filter(|event| event.body["detail-type"] == "AWS API Call via CloudTrail")
        .map(|event| event.body["detail"].clone())
        .collect()
}

fn tag(world: &World, key: &str, image: &str) {
    let parameters = [
        ("ResourceId.1", image),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "web"),
    ];
    ec2(world, key, HERE, "CreateTags", &parameters);
}

#[test]
fn a_session_is_told_with_its_role() {
    let (world, image) = world_with_image();
    let credentials = world.credentials(OWNER, "builder");
    world.take_events();
    tag(&world, &credentials.access_key_id, &image);
    let identity = &calls(&world)[0]["userIdentity"];
    assert_eq!(identity["type"], "AssumedRole");
    let arn = format!("arn:aws:sts::{OWNER}:assumed-role/builder/session");
    assert_eq!(identity["arn"], arn);
    assert_eq!(identity["accessKeyId"], credentials.access_key_id);
    let issuer = &identity["sessionContext"]["sessionIssuer"];
    assert_eq!(issuer["arn"], format!("arn:aws:iam::{OWNER}:role/builder"));
    assert_eq!(issuer["userName"], "builder");
}

#[test]
fn the_root_is_told_without_a_session() {
    let (world, image) = world_with_image();
    world.take_events();
    tag(&world, OWNER, &image);
    let identity = &calls(&world)[0]["userIdentity"];
    let expected = json!({
        "type": "Root",
        "principalId": OWNER,
        "arn": format!("arn:aws:iam::{OWNER}:root"),
        "accountId": OWNER,
    });
    assert_eq!(*identity, expected);
}

#[test]
fn without_a_trail_no_call_is_told_and_states_still_are() {
    let (world, image) = world_with_image();
    world.take_events();
    world.set_trail(false);
    tag(&world, OWNER, &image);
    ec2(&world, OWNER, HERE, "DisableImage", &[("ImageId", &image)]);
    let events = world.take_events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].body["detail"]["State"], "disabled");
}

#[test]
fn what_a_fault_refuses_is_told_as_refused() {
    let (world, image) = world_with_image();
    world.take_events();
    let kind = |code: &str, status: u16| crate::FaultKind::ErrorBefore {
        code: code.to_owned(),
        status,
        message: String::new(),
    };
    for (code, status, told) in [
        ("InternalError", 500, "Server.InternalError"),
        ("RequestLimitExceeded", 503, "Client.RequestLimitExceeded"),
        ("UnauthorizedOperation", 403, "Client.UnauthorizedOperation"),
    ] {
        world.fail_next(crate::Fault {
            operation: "CreateTags".to_owned(),
            caller: None,
            region: None,
            nth: 1,
            kind: kind(code, status),
        });
        tag(&world, OWNER, &image);
        assert_eq!(calls(&world)[0]["errorCode"], told);
    }
}

#[test]
fn secrets_are_hidden() {
    let world = World::new(1);
    let parameters = json!({ "Name": "secret", "Value": "s3", "Type": "SecureString" });
    let put = world.perform(OWNER, HERE, "ssm", "PutParameter", parameters);
    put.expect("a parameter");
    let calls = calls(&world);
    assert_eq!(calls[0]["eventSource"], "ssm.amazonaws.com");
    assert_eq!(calls[0]["requestParameters"]["name"], "secret");
    assert!(!calls[0].to_string().contains("s3\""), "{}", calls[0]);
}
