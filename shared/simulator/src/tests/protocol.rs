//! What every request must get, whatever it asks.

use super::*;
use crate::{Fault, FaultKind};

#[test]
fn unknown_actions_and_parameters_are_refused_as_ec2_does() {
    let world = World::new(1);
    let unknown = ec2(&world, OWNER, HERE, "InventImage", &[]);
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (400, "InvalidAction")
    );
    let message = "The action InventImage is not valid for this web service.";
    assert_eq!(unknown.text("Message"), message);
    let parameter = ec2(&world, OWNER, HERE, "DescribeImages", &[("Colour", "blue")]);
    assert_eq!(parameter.code(), "UnknownParameter");
    assert_eq!(
        parameter.text("Message"),
        "The parameter Colour is not recognized"
    );
    let missing = ec2(&world, OWNER, HERE, "DeregisterImage", &[]);
    assert_eq!(missing.code(), "MissingParameter");
    assert_eq!(
        missing.text("Message"),
        "The request must contain the parameter ImageId"
    );
}

#[test]
fn parameters_that_are_not_simulated_are_refused_not_ignored() {
    let (world, id) = world_with_image();
    let mut parameters = copy_of(&id, "copy");
    parameters.push(("DestinationOutpostArn", "arn:aws:outposts:::x"));
    let refused = ec2(&world, OWNER, THERE, "CopyImage", &parameters);
    assert_eq!(refused.code(), "UnsupportedOperation");
}

#[test]
fn a_dry_run_does_nothing() {
    let (world, id) = world_with_image();
    let parameters = [("ImageId", id.as_str()), ("DryRun", "true")];
    let answer = ec2(&world, OWNER, HERE, "DeregisterImage", &parameters);
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (412, "DryRunOperation")
    );
    assert_eq!(state_of(&world, OWNER, HERE, &id), "available");
}

#[test]
fn unsigned_requests_are_refused() {
    let world = World::new(1);
    let request = Request::post("https://aws.example/")
        .body(Bytes::new())
        .expect("a request");
    let refused = answer(world.call(request));
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "MissingAuthenticationToken")
    );
}

#[test]
fn garbage_is_refused_and_never_panics() {
    let world = World::new(1);
    let bodies: [&[u8]; 6] = [
        b"\xff\xfe\x00garbage",
        b"Action=DescribeImages&Filter.99999999999.Name=x",
        b"Action=DescribeImages&Filter=1&Filter.1.Name=2",
        b"Action=CopyImage&=&&&%%%",
        b"{\"KeyId\": [[[[",
        b"",
    ];
    let services = [
        "ec2",
        "sns",
        "sts",
        "kms",
        "dynamodb",
        "s3",
        "rbin",
        "imagebuilder",
        "none",
    ];
    for service in services {
        for body in bodies {
            let mut request = signed(OWNER, HERE, service, body.to_vec());
            let status = world.call(request.clone()).status();
            assert!(status.is_client_error(), "{service} {body:?} {status}");
            let target = "TrentService.DescribeKey".parse().expect("a header");
            request.headers_mut().insert("x-amz-target", target);
            let status = world.call(request).status();
            assert!(status.is_client_error(), "{service} {body:?} {status}");
        }
    }
}

#[test]
fn the_response_is_ec2s_xml() {
    let world = World::new(1);
    let answer = ec2(&world, OWNER, HERE, "DescribeImages", &[]);
    let start =
        "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15\"><requestId>";
    assert!(answer.body.starts_with(start), "{}", answer.body);
    assert!(
        answer
            .body
            .ends_with("<imagesSet></imagesSet></DescribeImagesResponse>")
    );
}

fn fault(kind: FaultKind) -> Fault {
    Fault {
        operation: "DeregisterImage".to_owned(),
        caller: None,
        region: Some(HERE.to_owned()),
        nth: 1,
        kind,
    }
}

#[test]
fn an_error_before_leaves_the_world_as_it_was() {
    let (world, id) = world_with_image();
    world.fail_next(fault(FaultKind::ErrorBefore {
        code: "RequestLimitExceeded".to_owned(),
        status: 503,
        message: "Request limit exceeded.".to_owned(),
    }));
    let answer = ec2(&world, OWNER, HERE, "DeregisterImage", &[("ImageId", &id)]);
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "RequestLimitExceeded")
    );
    assert_eq!(state_of(&world, OWNER, HERE, &id), "available");
    assert_eq!(world.faults_pending(), 0);
    let call = world.calls().pop().expect("a call");
    assert_eq!(call.error.as_deref(), Some("RequestLimitExceeded"));
}

#[test]
fn a_lost_reply_is_of_an_operation_that_was_done() {
    let (world, id) = world_with_image();
    world.fail_next(fault(FaultKind::ReplyLost));
    let body = format!("Action=DeregisterImage&ImageId={id}");
    let response = world.call(signed(OWNER, HERE, "ec2", body.into_bytes()));
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["x-simulator-connection"], "aborted");
    assert_eq!(world.image(OWNER, HERE, &id), None);
}

#[test]
fn callers_are_told_apart_by_their_keys() {
    let world = World::new(1);
    let credentials = world.credentials(OTHER, "hub");
    for key in [credentials.access_key_id.as_str(), OTHER, "AKIASOMETHING"] {
        ec2(&world, key, HERE, "DescribeImages", &[]);
    }
    let callers: Vec<String> = world.calls().into_iter().map(|call| call.caller).collect();
    let expected = [
        "arn:aws:sts::222222222222:assumed-role/hub/session",
        "arn:aws:iam::222222222222:root",
        "arn:aws:iam::111111111111:root",
    ];
    assert_eq!(callers, expected);
}

#[test]
fn a_query_may_carry_what_a_form_does() {
    let (world, id) = world_with_image();
    let path = format!("/?Action=DescribeImages&Version=2016-11-15&ImageId.1={id}");
    let mut request = signed(OWNER, HERE, "ec2", Vec::new());
    *request.method_mut() = http::Method::GET;
    *request.uri_mut() = path.parse().expect("a path");
    let described = answer(world.call(request));
    assert_eq!(described.texts("imageId"), [id]);
}

#[test]
fn a_request_without_an_action_or_of_another_version_is_refused() {
    let world = World::new(1);
    for service in ["ec2", "sns", "sts"] {
        let missing = answer(world.call(signed(OWNER, HERE, service, Vec::new())));
        assert_eq!(
            (missing.status, missing.code().as_str()),
            (400, "MissingAction")
        );
        let place = (OWNER, HERE, service);
        let old = send(&world, place, "ListTopics", &[("Version", "1999-01-01")]);
        assert_eq!((old.status, old.code().as_str()), (400, "NoSuchVersion"));
    }
    let unknown = send(&world, (OWNER, HERE, "sts"), "InventRole", &[]);
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (400, "InvalidAction")
    );
    let message = "Could not find operation InventRole for version 2011-06-15";
    assert_eq!(unknown.text("Message"), message);
}

#[test]
fn a_target_that_is_not_the_services_own_is_unknown() {
    let world = World::new(1);
    for target in [
        "TrentService.InventKey",
        "AmazonSSM.DescribeKey",
        "DescribeKey",
        "",
    ] {
        let mut request = signed(OWNER, HERE, "kms", b"{}".to_vec());
        let value = target.parse().expect("a header");
        request.headers_mut().insert("x-amz-target", value);
        let unknown = answer(world.call(request));
        assert_eq!(unknown.status, 400, "{target}");
        let code = "\"__type\":\"UnknownOperationException\"";
        assert!(unknown.body.contains(code), "{target}: {}", unknown.body);
    }
}

#[test]
fn a_service_that_is_not_simulated_is_refused() {
    let world = World::new(1);
    let unknown = send(&world, (OWNER, HERE, "lambda"), "Invoke", &[]);
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (400, "UnknownService")
    );
}
