//! Instances: launching, changing state, describing.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, text};
use crate::scenario::{Section, scenario};

const RUN: &str = "AWSEC2/latest/APIReference/API_RunInstances.html";
const LIFECYCLE: &str = "AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html";
const DESCRIBE: &str = "AWSEC2/latest/APIReference/API_DescribeInstances.html";

pub const SECTION: Section = Section {
    name: "instances",
    title: "Instances",
    scenarios: &[
        scenario!(
            an_instance_is_pending_first_and_running_soon,
            Documented,
            LIFECYCLE,
            "A new instance is `pending`, and `running` soon after.",
        ),
        scenario!(
            a_stopped_instance_starts_again_and_keeps_its_volumes,
            Documented,
            LIFECYCLE,
            "An instance is `stopping` before it is `stopped`; it keeps its volumes and can be started again; calls tell the state before and after.",
        ),
        scenario!(
            a_terminated_instance_is_told_of_for_about_an_hour,
            Documented,
            "AWSEC2/latest/UserGuide/terminating-instances.html",
            "A terminated instance stays visible for about an hour; terminating it again changes nothing, and it can't be started.",
        ),
        scenario!(
            volumes_go_with_an_instance_unless_they_are_to_stay,
            Documented,
            "AWSEC2/latest/UserGuide/preserving-volumes-on-termination.html",
            "Volumes are deleted with their instance unless `DeleteOnTermination` is false; those become `available`.",
        ),
        scenario!(
            block_devices_of_the_image_can_be_overridden,
            Documented,
            "AWSEC2/latest/UserGuide/block-device-mapping-concepts.html",
            "Launches make volumes larger, leave devices out and add others, but make none smaller than its snapshot.",
        ),
        scenario!(
            only_images_that_are_there_and_available_are_launched,
            Inferred,
            "AWSEC2/latest/APIReference/errors-overview.html",
            "An image that is absent, malformed, deregistered or another's can't be launched, each with its code.",
        ),
        scenario!(
            the_last_launch_is_told_a_day_late,
            Documented,
            "AWSEC2/latest/UserGuide/ami-last-launched-time.html",
            "An image's last launch is told after a day, whatever launches follow it.",
        ),
        scenario!(
            a_deprecated_image_is_launched_by_its_id_and_a_disabled_one_is_not,
            Documented,
            "AWSEC2/latest/UserGuide/ami-lifecycle.html",
            "A deprecated image can still be launched by its id; a disabled one can't.",
        ),
        scenario!(
            a_template_gives_parameters_and_the_call_overrides_them,
            Documented,
            "AWSEC2/latest/UserGuide/launch-instances-from-launch-template.html",
            "A launch takes its parameters from a launch template's version, those of the call win, and AWS tags the instance with the template and version.",
        ),
        scenario!(
            an_image_is_needed_from_somewhere,
            Documented,
            RUN,
            "A launch without an image, in the call or in a template, is refused.",
        ),
        scenario!(
            an_instance_shows_what_it_was_launched_with,
            Documented,
            DESCRIBE,
            "Key, profile, placement, monitoring, metadata options and tags of a launch show in the description.",
        ),
        scenario!(
            instances_are_found_by_filters,
            Documented,
            DESCRIBE,
            "Instances are found by state, image, type, tag, VPC and others; an unknown filter is refused.",
        ),
        scenario!(
            instances_of_one_launch_share_a_reservation_and_pages_are_bounded,
            Documented,
            DESCRIBE,
            "Instances launched together share a reservation; pages hold at least five, and ids and page sizes exclude each other.",
        ),
        scenario!(
            instances_that_are_absent_or_malformed_are_told_apart,
            Documented,
            "AWSEC2/latest/APIReference/errors-overview.html",
            "An instance id that is malformed and one that does not exist are refused with different codes.",
        ),
        scenario!(
            protection_keeps_an_instance_from_being_terminated,
            Documented,
            "AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html",
            "An instance launched with termination protection can't be terminated, nor can any other in the same call.",
        ),
        scenario!(
            a_status_is_told_of_running_instances_unless_all_are_asked_for,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html",
            "Status checks are told of running instances only, unless all are asked for.",
        ),
        scenario!(
            changes_of_state_are_told_in_events,
            Documented,
            "AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html",
            "Each change of an instance's state is told in an event.",
        ),
        scenario!(
            a_key_that_cannot_be_used_ends_the_launch,
            Documented,
            "AWSEC2/latest/UserGuide/troubleshooting-launch.html",
            "An instance whose volume needs a key that can't be used is terminated instead of running, with `Client.InternalError`.",
        ),
        scenario!(
            a_parameter_name_that_holds_no_image_is_refused,
            Inferred,
            "AWSEC2/latest/UserGuide/using-systems-manager-parameter-to-find-AMI.html",
            "An image named by a Systems Manager parameter that is not there can't be launched.",
        ),
        scenario!(
            a_spot_launch_has_a_request,
            Documented,
            "AWSEC2/latest/UserGuide/spot-requests.html",
            "A launch with the market type `spot` makes a fulfilled Spot request; a one-time instance can't be stopped.",
        ),
    ],
};

const MINUTE: Duration = Duration::from_mins(1);

/// Launches one instance; gives its id.
#[track_caller]
fn launched(aws: &Aws<'_>, more: &Value) -> String {
    let mut parameters = json!({ "MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro" });
    for (name, value) in more.as_object().expect("parameters") {
        parameters[name] = value.clone();
    }
    let answer = aws.ec2("RunInstances", parameters);
    text(&answer["Instances"][0]["InstanceId"])
}

#[track_caller]
fn described(aws: &Aws<'_>, id: &str) -> Value {
    let answer = aws.ec2("DescribeInstances", json!({ "InstanceIds": [id] }));
    answer["Reservations"][0]["Instances"][0].clone()
}

#[track_caller]
fn state(aws: &Aws<'_>, id: &str) -> String {
    text(&described(aws, id)["State"]["Name"])
}

/// The ids that a filter finds.
#[track_caller]
fn found(aws: &Aws<'_>, name: &str, value: &str) -> Vec<String> {
    let filters = json!([{ "Name": name, "Values": [value] }]);
    let answer = aws.ec2("DescribeInstances", json!({ "Filters": filters }));
    let reservations = answer["Reservations"].as_array().expect("a list").iter();
    let instances = reservations.flat_map(|one| one["Instances"].as_array().expect("a list"));
    instances
        .map(|instance| text(&instance["InstanceId"]))
        .collect()
}

fn an_instance_is_pending_first_and_running_soon(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    let answer = aws.ec2("RunInstances", run);
    let instance = &answer["Instances"][0];
    assert_eq!(instance["State"], json!({ "Code": 0, "Name": "pending" }));
    assert_eq!(instance["ImageId"], image);
    assert_eq!(instance["InstanceType"], "m1.small");
    assert_eq!(answer["OwnerId"], aws.account());
    let id = text(&instance["InstanceId"]);
    let refused = aws.ec2_code("CreateImage", json!({ "InstanceId": id, "Name": "early" }));
    assert_eq!(refused, "IncorrectInstanceState");
    aws.pass(MINUTE);
    assert_eq!(state(aws, &id), "running");
}

fn a_stopped_instance_starts_again_and_keeps_its_volumes(aws: &Aws<'_>) {
    let id = launched(aws, &json!({ "ImageId": aws.image("golden") }));
    aws.pass(MINUTE);
    let volumes = described(aws, &id)["BlockDeviceMappings"].clone();
    let answer = aws.ec2("StopInstances", json!({ "InstanceIds": [id] }));
    let change = &answer["StoppingInstances"][0];
    assert_eq!(change["PreviousState"]["Name"], "running");
    assert_eq!(
        change["CurrentState"],
        json!({ "Code": 64, "Name": "stopping" })
    );
    let start = json!({ "InstanceIds": [id] });
    let code = aws.ec2_code("StartInstances", start.clone());
    assert_eq!(code, "IncorrectInstanceState");
    aws.pass(MINUTE);
    assert_eq!(state(aws, &id), "stopped");
    let kept = described(aws, &id)["BlockDeviceMappings"].clone();
    assert_eq!(kept[0]["Ebs"]["VolumeId"], volumes[0]["Ebs"]["VolumeId"]);
    let answer = aws.ec2("StartInstances", start);
    assert_eq!(
        answer["StartingInstances"][0]["CurrentState"]["Name"],
        "pending"
    );
    aws.pass(MINUTE);
    assert_eq!(state(aws, &id), "running");
    aws.ec2("RebootInstances", json!({ "InstanceIds": [id] }));
    assert_eq!(state(aws, &id), "running");
}

fn a_terminated_instance_is_told_of_for_about_an_hour(aws: &Aws<'_>) {
    let id = launched(aws, &json!({ "ImageId": aws.image("golden") }));
    aws.pass(MINUTE);
    let ids = json!({ "InstanceIds": [id] });
    let answer = aws.ec2("TerminateInstances", ids.clone());
    let change = &answer["TerminatingInstances"][0];
    assert_eq!(change["CurrentState"]["Name"], "shutting-down");
    aws.pass(MINUTE);
    assert_eq!(state(aws, &id), "terminated");
    let again = aws.ec2("TerminateInstances", ids.clone());
    assert_eq!(again["TerminatingInstances"][0]["CurrentState"]["Code"], 48);
    assert_eq!(
        aws.ec2_code("StartInstances", ids.clone()),
        "IncorrectInstanceState"
    );
    aws.pass(2 * 60 * MINUTE);
    let code = aws.ec2_code("DescribeInstances", ids);
    assert_eq!(code, "InvalidInstanceID.NotFound");
}

fn volumes_go_with_an_instance_unless_they_are_to_stay(aws: &Aws<'_>) {
    let devices = json!([
        { "DeviceName": "/dev/sdf", "Ebs": { "VolumeSize": 3, "DeleteOnTermination": false } },
    ]);
    let image = aws.image("golden");
    let id = launched(
        aws,
        &json!({ "ImageId": image, "BlockDeviceMappings": devices }),
    );
    let held = described(aws, &id)["BlockDeviceMappings"].clone();
    let volume = |device: &str| {
        let mut held = held.as_array().expect("a list").iter();
        let found = held.find(|held| held["DeviceName"] == device).expect("it");
        text(&found["Ebs"]["VolumeId"])
    };
    let (root, data) = (volume("/dev/xvda"), volume("/dev/sdf"));
    aws.ec2("TerminateInstances", json!({ "InstanceIds": [id] }));
    aws.pass(MINUTE);
    let code = aws.ec2_code("DescribeVolumes", json!({ "VolumeIds": [root] }));
    assert_eq!(code, "InvalidVolume.NotFound");
    let left = aws.ec2("DescribeVolumes", json!({ "VolumeIds": [data] }));
    assert_eq!(left["Volumes"][0]["State"], "available");
}

fn block_devices_of_the_image_can_be_overridden(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let with = |devices: Value| json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1, "BlockDeviceMappings": devices });
    let small = json!([{ "DeviceName": "/dev/xvda", "Ebs": { "VolumeSize": 1 } }]);
    let code = aws.ec2_code("RunInstances", with(small));
    assert_eq!(code, "InvalidBlockDeviceMapping");
    let empty = json!([{ "DeviceName": "/dev/sdf", "Ebs": { "VolumeType": "gp3" } }]);
    assert_eq!(
        aws.ec2_code("RunInstances", with(empty)),
        "MissingParameter"
    );
    let devices = json!([
        { "DeviceName": "/dev/xvda", "Ebs": { "VolumeSize": 20, "VolumeType": "gp3" } },
        { "DeviceName": "/dev/sdf", "Ebs": { "VolumeSize": 3 } },
    ]);
    let id = launched(
        aws,
        &json!({ "ImageId": image, "BlockDeviceMappings": devices }),
    );
    let filters = json!([{ "Name": "size", "Values": ["20", "3"] }]);
    let volumes = aws.ec2("DescribeVolumes", json!({ "Filters": filters }));
    assert_eq!(volumes["Volumes"].as_array().expect("a list").len(), 2);
    assert_eq!(
        found(aws, "block-device-mapping.device-name", "/dev/sdf"),
        [id]
    );
    let none = json!([{ "DeviceName": "/dev/xvda", "NoDevice": "" }]);
    let bare = launched(
        aws,
        &json!({ "ImageId": image, "BlockDeviceMappings": none }),
    );
    let devices = described(aws, &bare)["BlockDeviceMappings"].clone();
    assert!(devices.as_array().is_none_or(Vec::is_empty));
}

fn only_images_that_are_there_and_available_are_launched(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let run = |aws: &Aws<'_>, id: &str| {
        let run = json!({ "ImageId": id, "MinCount": 1, "MaxCount": 1 });
        aws.ec2_code("RunInstances", run)
    };
    assert_eq!(run(aws, "ami-0123456789abcdef0"), "InvalidAMIID.NotFound");
    assert_eq!(run(aws, "golden"), "InvalidAMIID.Malformed");
    assert_eq!(run(&aws.by(OTHER), &image), "InvalidAMIID.NotFound");
    aws.ec2("DeregisterImage", json!({ "ImageId": image }));
    assert_eq!(run(aws, &image), "InvalidAMIID.Unavailable");
}

fn the_last_launch_is_told_a_day_late(aws: &Aws<'_>) {
    const EVERY: Duration = Duration::from_hours(20);
    let image = aws.image("golden");
    let told = || aws.described(&image)["LastLaunchedTime"].clone();
    let mut launched: Vec<String> = Vec::new();
    for _ in 0..6 {
        let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
        let made = aws.ec2("RunInstances", run);
        launched.push(text(&made["Instances"][0]["LaunchTime"]));
        match launched.len().checked_sub(3) {
            None => assert_eq!(told(), Value::Null),
            // AWS tells times to the second.
            Some(two_ago) => assert_eq!(text(&told())[..19], launched[two_ago][..19]),
        }
        aws.pass(EVERY);
    }
}

fn a_deprecated_image_is_launched_by_its_id_and_a_disabled_one_is_not(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let at = "2026-01-01T06:00:00Z";
    let soon = json!({ "ImageId": image, "DeprecateAt": at });
    aws.ec2("EnableImageDeprecation", soon);
    aws.pass(10 * 60 * MINUTE);
    launched(aws, &json!({ "ImageId": image }));
    aws.ec2("DisableImage", json!({ "ImageId": image }));
    aws.pass(60 * MINUTE);
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    assert_eq!(
        aws.ec2_code("RunInstances", run),
        "InvalidAMIID.Unavailable"
    );
}

fn a_template_gives_parameters_and_the_call_overrides_them(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let tags = json!([{ "ResourceType": "instance", "Tags": [{ "Key": "team", "Value": "web" }] }]);
    let data = json!({
        "ImageId": image, "InstanceType": "t3.small", "KeyName": "k", "TagSpecifications": tags,
    });
    let made = aws.ec2(
        "CreateLaunchTemplate",
        json!({ "LaunchTemplateName": "web", "LaunchTemplateData": data }),
    );
    let template = text(&made["LaunchTemplate"]["LaunchTemplateId"]);
    let named = json!({ "LaunchTemplateName": "web", "Version": "$Latest" });
    let id = launched(aws, &json!({ "LaunchTemplate": named }));
    let instance = described(aws, &id);
    assert_eq!(instance["ImageId"], image);
    assert_eq!(instance["InstanceType"], "t3.micro");
    assert_eq!(instance["KeyName"], "k");
    let tags = instance["Tags"].as_array().expect("a list");
    for (key, value) in [
        ("team", "web"),
        ("aws:ec2launchtemplate:id", template.as_str()),
        ("aws:ec2launchtemplate:version", "1"),
    ] {
        assert!(
            tags.contains(&json!({ "Key": key, "Value": value })),
            "{key}"
        );
    }
    let missing = json!({ "LaunchTemplateName": "web", "Version": "7" });
    let run = json!({ "LaunchTemplate": missing, "MinCount": 1, "MaxCount": 1 });
    let code = aws.ec2_code("RunInstances", run);
    assert_eq!(code, "InvalidLaunchTemplateId.VersionNotFound");
}

fn an_image_is_needed_from_somewhere(aws: &Aws<'_>) {
    let run = json!({ "MinCount": 1, "MaxCount": 1 });
    assert_eq!(aws.ec2_code("RunInstances", run), "MissingParameter");
}

fn an_instance_shows_what_it_was_launched_with(aws: &Aws<'_>) {
    let tags = json!([
        { "ResourceType": "instance", "Tags": [{ "Key": "team", "Value": "web" }] },
        { "ResourceType": "volume", "Tags": [{ "Key": "disk", "Value": "root" }] },
    ]);
    let id = launched(
        aws,
        &json!({
            "ImageId": aws.image("golden"),
            "KeyName": "k",
            "IamInstanceProfile": { "Name": "web" },
            "Placement": { "AvailabilityZone": "us-east-1b" },
            "Monitoring": { "Enabled": true },
            "MetadataOptions": { "HttpTokens": "required" },
            "UserData": "aGVsbG8=",
            "TagSpecifications": tags,
        }),
    );
    let instance = described(aws, &id);
    assert_eq!(instance["KeyName"], "k");
    let profile = "arn:aws:iam::111111111111:instance-profile/web";
    assert_eq!(instance["IamInstanceProfile"]["Arn"], profile);
    assert_eq!(instance["Placement"]["AvailabilityZone"], "us-east-1b");
    assert_eq!(instance["Monitoring"]["State"], "enabled");
    assert_eq!(instance["MetadataOptions"]["HttpTokens"], "required");
    assert_eq!(instance["MetadataOptions"]["HttpEndpoint"], "enabled");
    assert_eq!(instance["Tags"], json!([{ "Key": "team", "Value": "web" }]));
    let filters = json!([{ "Name": "tag:disk", "Values": ["root"] }]);
    let volumes = aws.ec2("DescribeVolumes", json!({ "Filters": filters }));
    assert_eq!(volumes["Volumes"][0]["AvailabilityZone"], "us-east-1b");
    let other_zone = json!({
        "ImageId": instance["ImageId"], "MinCount": 1, "MaxCount": 1,
        "Placement": { "AvailabilityZone": "eu-west-1a" },
    });
    assert_eq!(
        aws.ec2_code("RunInstances", other_zone),
        "InvalidParameterValue"
    );
}

fn instances_are_found_by_filters(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let tags = json!([{ "ResourceType": "instance", "Tags": [{ "Key": "team", "Value": "web" }] }]);
    let id = launched(aws, &json!({ "ImageId": image, "TagSpecifications": tags }));
    launched(
        aws,
        &json!({ "ImageId": aws.image("other"), "InstanceType": "t3.large" }),
    );
    aws.pass(MINUTE);
    let vpc = text(&described(aws, &id)["VpcId"]);
    let ours = vec![id];
    assert_eq!(found(aws, "image-id", &image), ours);
    assert_eq!(found(aws, "instance-type", "t3.micro"), ours);
    assert_eq!(found(aws, "tag:team", "w*"), ours);
    assert_eq!(found(aws, "vpc-id", &vpc).len(), 2);
    assert_eq!(found(aws, "instance-state-name", "running").len(), 2);
    assert!(found(aws, "instance-state-name", "stopped").is_empty());
    let filters = json!([{ "Name": "colour", "Values": ["blue"] }]);
    let code = aws.ec2_code("DescribeInstances", json!({ "Filters": filters }));
    assert_eq!(code, "InvalidParameterValue");
    let others = aws.by(OTHER).ec2("DescribeInstances", json!({}));
    assert!(others["Reservations"].as_array().is_none_or(Vec::is_empty));
}

fn instances_of_one_launch_share_a_reservation_and_pages_are_bounded(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let run = json!({ "ImageId": image, "MinCount": 7, "MaxCount": 7 });
    let id = text(&aws.ec2("RunInstances", run)["Instances"][0]["InstanceId"]);
    let all = aws.ec2("DescribeInstances", json!({}));
    assert_eq!(all["Reservations"].as_array().expect("a list").len(), 1);
    let first = aws.ec2("DescribeInstances", json!({ "MaxResults": 5 }));
    let next = json!({ "MaxResults": 5, "NextToken": first["NextToken"] });
    let second = aws.ec2("DescribeInstances", next);
    let count = |page: &Value| {
        page["Reservations"][0]["Instances"]
            .as_array()
            .map(Vec::len)
    };
    assert_eq!((count(&first), count(&second)), (Some(5), Some(2)));
    let code = aws.ec2_code("DescribeInstances", json!({ "MaxResults": 4 }));
    assert_eq!(code, "InvalidParameterValue");
    let both = json!({ "MaxResults": 5, "InstanceIds": [id] });
    let code = aws.ec2_code("DescribeInstances", both);
    assert_eq!(code, "InvalidParameterCombination");
}

fn instances_that_are_absent_or_malformed_are_told_apart(aws: &Aws<'_>) {
    let absent = json!({ "InstanceIds": ["i-0123456789abcdef0"] });
    for operation in ["DescribeInstances", "StopInstances", "TerminateInstances"] {
        let code = aws.ec2_code(operation, absent.clone());
        assert_eq!(code, "InvalidInstanceID.NotFound", "{operation}");
    }
    let malformed = json!({ "InstanceIds": ["ours"] });
    let code = aws.ec2_code("TerminateInstances", malformed);
    assert_eq!(code, "InvalidInstanceID.Malformed");
}

fn protection_keeps_an_instance_from_being_terminated(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let kept = launched(
        aws,
        &json!({ "ImageId": image, "DisableApiTermination": true }),
    );
    let other = launched(aws, &json!({ "ImageId": image }));
    aws.pass(MINUTE);
    let code = aws.ec2_code(
        "TerminateInstances",
        json!({ "InstanceIds": [kept, other] }),
    );
    assert_eq!(code, "OperationNotPermitted");
    assert_eq!(found(aws, "instance-state-name", "running").len(), 2);
}

fn a_status_is_told_of_running_instances_unless_all_are_asked_for(aws: &Aws<'_>) {
    let id = launched(aws, &json!({ "ImageId": aws.image("golden") }));
    let none = aws.ec2("DescribeInstanceStatus", json!({}));
    assert!(
        none["InstanceStatuses"]
            .as_array()
            .is_none_or(Vec::is_empty)
    );
    let all = aws.ec2(
        "DescribeInstanceStatus",
        json!({ "IncludeAllInstances": true }),
    );
    assert_eq!(
        all["InstanceStatuses"][0]["InstanceState"]["Name"],
        "pending"
    );
    aws.pass(10 * MINUTE);
    let named = aws.ec2("DescribeInstanceStatus", json!({ "InstanceIds": [id] }));
    assert_eq!(
        named["InstanceStatuses"][0]["InstanceStatus"]["Status"],
        "ok"
    );
}

fn changes_of_state_are_told_in_events(aws: &Aws<'_>) {
    let id = launched(aws, &json!({ "ImageId": aws.image("golden") }));
    aws.pass(MINUTE);
    let events = aws.events().into_iter();
    let told: Vec<Value> = events
        .filter(|event| event["detail-type"] == "EC2 Instance State-change Notification")
        .map(|event| event["detail"].clone())
        .collect();
    let expected = |state: &str| json!({ "instance-id": id, "state": state });
    assert_eq!(told, [expected("pending"), expected("running")]);
}

fn a_key_that_cannot_be_used_ends_the_launch(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let key = aws.call("kms", "CreateKey", json!({}));
    let key = text(&key["KeyMetadata"]["KeyId"]);
    aws.call("kms", "DisableKey", json!({ "KeyId": key }));
    let ebs = json!({ "Encrypted": true, "KmsKeyId": key });
    let devices = json!([{ "DeviceName": "/dev/xvda", "Ebs": ebs }]);
    let id = launched(
        aws,
        &json!({ "ImageId": image, "BlockDeviceMappings": devices }),
    );
    aws.pass(MINUTE);
    let instance = described(aws, &id);
    assert_eq!(instance["State"]["Name"], "terminated");
    assert_eq!(instance["StateReason"]["Code"], "Client.InternalError");
    let lone = json!([{ "DeviceName": "/dev/xvda", "Ebs": { "KmsKeyId": key } }]);
    let run = json!({
        "ImageId": image, "MinCount": 1, "MaxCount": 1, "BlockDeviceMappings": lone,
    });
    assert_eq!(
        aws.ec2_code("RunInstances", run),
        "InvalidParameterDependency"
    );
}

fn a_parameter_name_that_holds_no_image_is_refused(aws: &Aws<'_>) {
    let run = json!({ "ImageId": "resolve:ssm:/golden", "MinCount": 1, "MaxCount": 1 });
    assert_eq!(aws.ec2_code("RunInstances", run), "SsmInvalidParameter");
}

fn a_spot_launch_has_a_request(aws: &Aws<'_>) {
    let market = json!({ "MarketType": "spot" });
    let image = aws.image("golden");
    let id = launched(
        aws,
        &json!({ "ImageId": image, "InstanceMarketOptions": market }),
    );
    aws.pass(MINUTE);
    let instance = described(aws, &id);
    assert_eq!(instance["InstanceLifecycle"], "spot");
    let ids = json!([instance["SpotInstanceRequestId"]]);
    let requests = aws.ec2(
        "DescribeSpotInstanceRequests",
        json!({ "SpotInstanceRequestIds": ids }),
    );
    assert_eq!(requests["SpotInstanceRequests"][0]["InstanceId"], id);
    let code = aws.ec2_code("StopInstances", json!({ "InstanceIds": [id] }));
    assert_eq!(code, "UnsupportedOperation");
    let options = json!({ "SpotInstanceType": "persistent" });
    let market = json!({ "MarketType": "spot", "SpotOptions": options });
    let id = launched(
        aws,
        &json!({ "ImageId": image, "InstanceMarketOptions": market }),
    );
    aws.pass(MINUTE);
    aws.ec2("StopInstances", json!({ "InstanceIds": [id] }));
}
