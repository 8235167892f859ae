//! Events.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, OWNER, THERE, text};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "events",
    title: "Events",
    scenarios: &[
        scenario!(
            an_image_event_has_its_documented_members,
            Documented,
            "AWSEC2/latest/UserGuide/monitor-ami-events.html",
            "`EC2 AMI State Change` comes from `aws.ec2` with the image's ARN, id, state and an empty error."
        ),
        scenario!(
            an_image_is_told_available_when_it_is_registered,
            Documented,
            "AWSEC2/latest/UserGuide/monitor-ami-events.html",
            "`RegisterImage` is followed by `available`."
        ),
        scenario!(
            an_image_of_an_instance_is_told_available_once_it_is,
            Documented,
            "AWSEC2/latest/UserGuide/monitor-ami-events.html",
            "`CreateImage` is followed by `available` when the image is; nothing tells of `pending`."
        ),
        scenario!(
            a_copy_is_told_available_where_it_is,
            Documented,
            "AWSEC2/latest/UserGuide/monitor-ami-events.html",
            "`CopyImage` is followed by `available` in the destination Region when the copy is; nothing tells of `pending`."
        ),
        scenario!(
            a_failed_copy_is_told_with_its_cause,
            Documented,
            "AWSEC2/latest/UserGuide/monitor-ami-events.html",
            "A copy that fails is told as `failed`, with an error message."
        ),
        scenario!(
            disabling_enabling_and_deregistering_are_told,
            Documented,
            "AWSEC2/latest/UserGuide/monitor-ami-events.html",
            "`DisableImage`, `EnableImage` and `DeregisterImage` are told as `disabled`, `available` and `deregistered`."
        ),
        scenario!(
            other_changes_of_an_image_are_no_state_change,
            Documented,
            "AWSEC2/latest/UserGuide/monitor-ami-events.html",
            "Tags, permissions, descriptions and deprecation are no state change."
        ),
        scenario!(
            an_image_event_is_its_owners,
            Inferred,
            "AWSEC2/latest/UserGuide/monitor-ami-events.html",
            "State changes are told to the image's owner, and to no account it is shared with."
        ),
        scenario!(
            a_call_is_told_as_cloudtrail_records_it,
            Documented,
            "awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
            "Where a trail exists, a call is told as `AWS API Call via CloudTrail` with who called, its parameters and its answer."
        ),
        scenario!(
            permissions_and_tags_are_told_by_their_calls,
            Inferred,
            "eventbridge/latest/userguide/eb-service-event-cloudtrail.html",
            "`ModifyImageAttribute`, `ResetImageAttribute`, `CreateTags` and `DeleteTags` are told with the image they name."
        ),
        scenario!(
            a_launch_is_told_with_its_instances,
            Inferred,
            "awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
            "`RunInstances` and `TerminateInstances` are told with `instancesSet`, tags at creation with `tagSpecificationSet`."
        ),
        scenario!(
            a_refused_call_is_told_with_its_code,
            Documented,
            "awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
            "A refused call is told to its caller, with `errorCode` (EC2's begins with `Client.`) and without an answer."
        ),
        scenario!(
            calls_that_only_read_are_not_told,
            Documented,
            "eventbridge/latest/userguide/eb-service-event-cloudtrail.html",
            "Calls that only read reach no rule."
        ),
        scenario!(
            other_services_calls_are_told_by_their_own_sources,
            Inferred,
            "eventbridge/latest/userguide/eb-service-event-cloudtrail.html",
            "Calls of KMS and Systems Manager are told from `aws.kms` and `aws.ssm`."
        ),
        scenario!(
            deleting_a_missing_parameter_is_not_recorded,
            Documented,
            "systems-manager/latest/APIReference/API_DeleteParameter.html",
            "`ParameterNotFound` of `DeleteParameter` is not recorded by CloudTrail."
        ),
    ],
};

const HOUR: Duration = Duration::from_hours(1);

/// The state changes told of since events were last asked for, with their images.
fn states(aws: &Aws<'_>) -> Vec<(String, String)> {
    let events = aws.events().into_iter();
    let changes = events.filter(|event| event["detail-type"] == "EC2 AMI State Change");
    changes
        .map(|event| {
            let detail = &event["detail"];
            (text(&detail["ImageId"]), text(&detail["State"]))
        })
        .collect()
}

/// The calls told of since events were last asked for, as whole events.
fn calls(aws: &Aws<'_>) -> Vec<Value> {
    let mut events = aws.events();
    events.retain(|event| event["detail-type"] == "AWS API Call via CloudTrail");
    events
}

/// The one call of an operation that was told of.
#[track_caller]
fn told(aws: &Aws<'_>, operation: &str) -> Value {
    let mut calls = calls(aws);
    calls.retain(|event| event["detail"]["eventName"] == operation);
    assert_eq!(calls.len(), 1, "{operation}");
    calls.remove(0)["detail"].clone()
}

fn pair(image: &str, state: &str) -> (String, String) {
    (image.to_owned(), state.to_owned())
}

fn an_image_event_has_its_documented_members(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let mut events = aws.events();
    events.retain(|event| event["detail-type"] == "EC2 AMI State Change");
    let event = &events[0];
    let arn = format!("arn:aws:ec2:{HERE}::image/{image}");
    assert_eq!(event["version"], "0");
    assert_eq!(event["source"], "aws.ec2");
    assert_eq!(event["account"], OWNER);
    assert_eq!(event["region"], HERE);
    assert_eq!(event["resources"], json!([arn]));
    assert_eq!(text(&event["id"]).len(), 36);
    assert_eq!(text(&event["time"]).len(), "2026-01-01T00:00:00Z".len());
    let detail = event["detail"].as_object().expect("a detail");
    let names: Vec<&str> = detail.keys().map(String::as_str).collect();
    for name in ["RequestId", "ImageId", "State", "ErrorMessage"] {
        assert!(names.contains(&name), "{name}");
    }
    assert_eq!(names.len(), 4);
    assert_eq!(event["detail"]["ErrorMessage"], "");
}

fn an_image_is_told_available_when_it_is_registered(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    aws.events();
    let image = aws.image_over("golden", &snapshot);
    aws.pass(HOUR);
    assert_eq!(states(aws), [pair(&image, "available")]);
}

fn an_image_of_an_instance_is_told_available_once_it_is(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let run = aws.ec2(
        "RunInstances",
        json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 }),
    );
    aws.pass(HOUR);
    aws.events();
    let instance = &run["Instances"][0]["InstanceId"];
    let made = aws.ec2(
        "CreateImage",
        json!({ "InstanceId": instance, "Name": "silver" }),
    );
    assert_eq!(states(aws), []);
    aws.pass(HOUR);
    let made = text(&made["ImageId"]);
    assert_eq!(states(aws), [pair(&made, "available")]);
}

#[track_caller]
fn copy(aws: &Aws<'_>, source: &str, key: Option<&str>) -> String {
    let mut parameters = json!({
        "Name": "copy", "SourceImageId": source, "SourceRegion": HERE,
    });
    if let Some(key) = key {
        parameters["Encrypted"] = json!(true);
        parameters["KmsKeyId"] = json!(key);
    }
    text(&aws.at(THERE).ec2("CopyImage", parameters)["ImageId"])
}

fn a_copy_is_told_available_where_it_is(aws: &Aws<'_>) {
    let source = aws.image("golden");
    aws.events();
    let copy = copy(aws, &source, None);
    assert_eq!(states(aws), []);
    aws.pass(HOUR);
    let events = aws.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["region"], THERE);
    assert_eq!(events[0]["detail"]["ImageId"], copy);
    assert_eq!(events[0]["detail"]["State"], "available");
}

fn a_failed_copy_is_told_with_its_cause(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let copy = copy(aws, &source, Some("alias/none"));
    aws.events();
    aws.pass(HOUR);
    let events = aws.events();
    let failed = events
        .iter()
        .find(|event| event["detail"]["State"] == "failed");
    let failed = &failed.expect("a failure")["detail"];
    assert_eq!(failed["ImageId"], copy);
    assert_ne!(failed["ErrorMessage"], "");
}

fn disabling_enabling_and_deregistering_are_told(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let named = json!({ "ImageId": image });
    for (operation, state) in [
        ("DisableImage", "disabled"),
        ("EnableImage", "available"),
        ("DeregisterImage", "deregistered"),
    ] {
        aws.events();
        aws.ec2(operation, named.clone());
        aws.pass(HOUR);
        assert_eq!(states(aws), [pair(&image, state)], "{operation}");
    }
}

fn other_changes_of_an_image_are_no_state_change(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.events();
    let tags = json!([{ "Key": "team", "Value": "web" }]);
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    let about = json!({ "Value": "about it" });
    for (operation, parameters) in [
        ("CreateTags", json!({ "Resources": [image], "Tags": tags })),
        ("DeleteTags", json!({ "Resources": [image], "Tags": tags })),
        (
            "ModifyImageAttribute",
            json!({ "ImageId": image, "LaunchPermission": add }),
        ),
        (
            "ModifyImageAttribute",
            json!({ "ImageId": image, "Description": about }),
        ),
        (
            "EnableImageDeprecation",
            json!({ "ImageId": image, "DeprecateAt": "2026-01-02T00:00:00Z" }),
        ),
    ] {
        aws.ec2(operation, parameters);
    }
    aws.pass(48 * HOUR);
    assert_eq!(states(aws), []);
}

fn an_image_event_is_its_owners(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    let parameters = json!({ "ImageId": image, "LaunchPermission": add });
    aws.ec2("ModifyImageAttribute", parameters);
    aws.events();
    aws.ec2("DeregisterImage", json!({ "ImageId": image }));
    let mut events = aws.events();
    events.retain(|event| event["detail"]["State"] == "deregistered");
    let accounts: Vec<&Value> = events.iter().map(|event| &event["account"]).collect();
    assert_eq!(accounts, [OWNER]);
}

fn a_call_is_told_as_cloudtrail_records_it(aws: &Aws<'_>) {
    let source = aws.image("golden");
    aws.events();
    let copy = copy(aws, &source, None);
    let calls = calls(aws);
    let event = &calls[0];
    assert_eq!(calls.len(), 1);
    assert_eq!(event["source"], "aws.ec2");
    assert_eq!(event["region"], THERE);
    assert_eq!(event["resources"], json!([]));
    let detail = &event["detail"];
    for (name, value) in [
        ("eventSource", "ec2.amazonaws.com"),
        ("eventName", "CopyImage"),
        ("awsRegion", THERE),
        ("eventType", "AwsApiCall"),
        ("recipientAccountId", OWNER),
        ("eventCategory", "Management"),
    ] {
        assert_eq!(detail[name], value, "{name}");
    }
    assert_eq!(detail["readOnly"], false);
    assert_eq!(detail["managementEvent"], true);
    assert_eq!(detail["userIdentity"]["accountId"], OWNER);
    for name in ["eventTime", "eventID", "requestID", "sourceIPAddress"] {
        assert!(detail[name].is_string(), "{name}");
    }
    let asked = &detail["requestParameters"];
    assert_eq!(asked["sourceImageId"], source);
    assert_eq!(asked["sourceRegion"], HERE);
    assert_eq!(detail["responseElements"]["imageId"], copy);
    assert_eq!(detail["responseElements"]["requestId"], detail["requestID"]);
    assert_eq!(detail.get("errorCode"), None);
}

fn permissions_and_tags_are_told_by_their_calls(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.events();
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    let parameters = json!({ "ImageId": image, "LaunchPermission": add });
    aws.ec2("ModifyImageAttribute", parameters);
    let expected = json!({
        "imageId": image,
        "attributeType": "launchPermission",
        "launchPermission": { "add": { "items": [{ "userId": OTHER }] } },
    });
    let shared = told(aws, "ModifyImageAttribute");
    assert_eq!(shared["requestParameters"], expected);
    assert_eq!(shared["responseElements"]["_return"], true);
    let parameters = json!({ "ImageId": image, "Attribute": "launchPermission" });
    aws.ec2("ResetImageAttribute", parameters);
    let reset = told(aws, "ResetImageAttribute");
    assert_eq!(reset["requestParameters"]["imageId"], image);
    let tags = json!([{ "Key": "team", "Value": "web" }]);
    let expected = json!({
        "resourcesSet": { "items": [{ "resourceId": image }] },
        "tagSet": { "items": [{ "key": "team", "value": "web" }] },
    });
    for operation in ["CreateTags", "DeleteTags"] {
        aws.ec2(operation, json!({ "Resources": [image], "Tags": tags }));
        let told = told(aws, operation);
        assert_eq!(told["requestParameters"], expected, "{operation}");
    }
}

fn a_launch_is_told_with_its_instances(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.events();
    let tags = json!([{ "Key": "team", "Value": "web" }]);
    let run = aws.ec2(
        "RunInstances",
        json!({
            "ImageId": image, "MinCount": 1, "MaxCount": 1,
            "TagSpecifications": [{ "ResourceType": "instance", "Tags": tags }],
        }),
    );
    let instance = text(&run["Instances"][0]["InstanceId"]);
    let launch = told(aws, "RunInstances");
    let asked = &launch["requestParameters"];
    let item = json!({ "imageId": image, "minCount": 1, "maxCount": 1 });
    assert_eq!(asked["instancesSet"]["items"], json!([item]));
    let tagged = json!({
        "resourceType": "instance", "tags": [{ "key": "team", "value": "web" }],
    });
    assert_eq!(asked["tagSpecificationSet"]["items"], json!([tagged]));
    let made = &launch["responseElements"]["instancesSet"]["items"];
    assert_eq!(made[0]["instanceId"], instance);
    aws.pass(HOUR);
    aws.ec2("TerminateInstances", json!({ "InstanceIds": [instance] }));
    let ended = told(aws, "TerminateInstances");
    let ended = &ended["requestParameters"]["instancesSet"]["items"];
    assert_eq!(*ended, json!([{ "instanceId": instance }]));
}

fn a_refused_call_is_told_with_its_code(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.events();
    let stranger = aws.by(OTHER);
    stranger.ec2_code("DeregisterImage", json!({ "ImageId": image }));
    let calls = calls(aws);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["account"], OTHER);
    let detail = &calls[0]["detail"];
    assert_eq!(detail["eventName"], "DeregisterImage");
    assert_eq!(detail["errorCode"], "Client.InvalidAMIID.NotFound");
    assert!(text(&detail["errorMessage"]).contains(&image));
    assert_eq!(detail["requestParameters"]["imageId"], image);
    assert_eq!(detail["responseElements"], Value::Null);
    let missing = json!({ "KeyId": "00000000-0000-0000-0000-000000000000" });
    aws.refused("kms", "DisableKey", missing);
    let refused = told(aws, "DisableKey");
    assert_eq!(refused["errorCode"], "NotFoundException");
}

fn calls_that_only_read_are_not_told(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.events();
    aws.described(&image);
    aws.ec2("GetImageAncestry", json!({ "ImageId": image }));
    aws.refused("ssm", "GetParameter", json!({ "Name": "none" }));
    assert_eq!(aws.events(), Vec::<Value>::new());
}

fn other_services_calls_are_told_by_their_own_sources(aws: &Aws<'_>) {
    aws.events();
    aws.call("kms", "CreateKey", json!({ "Description": "for copies" }));
    let parameters = json!({ "Name": "size", "Value": "small", "Type": "String" });
    aws.call("ssm", "PutParameter", parameters);
    let calls = calls(aws);
    let told: Vec<(String, String)> = calls
        .iter()
        .map(|event| {
            let source = &event["detail"]["eventSource"];
            (text(&event["source"]), text(source))
        })
        .collect();
    let pair = |source: &str, service: &str| (source.to_owned(), service.to_owned());
    let expected = [
        pair("aws.kms", "kms.amazonaws.com"),
        pair("aws.ssm", "ssm.amazonaws.com"),
    ];
    assert_eq!(told, expected);
    let asked = &calls[1]["detail"]["requestParameters"];
    assert_eq!(asked["name"], "size");
    assert_eq!(asked["value"], "HIDDEN_DUE_TO_SECURITY_REASONS");
    assert_eq!(calls[1]["detail"]["responseElements"]["version"], 1);
}

fn deleting_a_missing_parameter_is_not_recorded(aws: &Aws<'_>) {
    aws.events();
    aws.refused("ssm", "DeleteParameter", json!({ "Name": "none" }));
    assert_eq!(calls(aws), Vec::<Value>::new());
}
