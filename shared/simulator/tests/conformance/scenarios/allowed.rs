//! Allowed AMIs, and which images instances were launched from.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, THERE, text};
use crate::scenario::{Section, scenario};

const ALLOWED: &str = "AWSEC2/latest/APIReference/API_EnableAllowedImagesSettings.html";
const METADATA: &str = "AWSEC2/latest/APIReference/API_DescribeInstanceImageMetadata.html";

pub const SECTION: Section = Section {
    name: "allowed",
    title: "Allowed images, and the images of instances",
    scenarios: &[
        scenario!(
            allowed_images_are_set_by_account_and_region,
            Documented,
            ALLOWED,
            "Allowed AMIs are `disabled`, `enabled` or in `audit-mode`, for an account in a Region; the account manages it.",
        ),
        scenario!(
            images_say_that_they_are_allowed,
            Inferred,
            ALLOWED,
            "Images say that they are allowed while the setting is on; without criteria they all are.",
        ),
        scenario!(
            an_instances_image_is_told_of_after_it_is_gone,
            Documented,
            METADATA,
            "An instance's image is told of with its state and owner, also when it was made private or is deregistered.",
        ),
        scenario!(
            instances_are_chosen_for_their_images,
            Documented,
            METADATA,
            "Instances are chosen by ids and filters, the caller's own alone.",
        ),
        scenario!(
            no_fast_snapshot_restores_are_listed,
            Chosen,
            "AWSEC2/latest/APIReference/API_DescribeFastSnapshotRestores.html",
            "There are no fast snapshot restores; unknown filters are refused all the same.",
        ),
    ],
};

fn allowed_images_are_set_by_account_and_region(aws: &Aws<'_>) {
    let state = |aws: &Aws<'_>| {
        let settings = aws.ec2("GetAllowedImagesSettings", json!({}));
        assert_eq!(settings["ManagedBy"], "account");
        assert!(settings["ImageCriteria"][0].is_null());
        text(&settings["State"])
    };
    assert_eq!(state(aws), "disabled");
    for name in ["audit-mode", "enabled"] {
        let set = json!({ "AllowedImagesSettingsState": name });
        let answer = aws.ec2("EnableAllowedImagesSettings", set.clone());
        assert_eq!(answer, set);
        assert_eq!(state(aws), name);
    }
    assert_eq!(state(&aws.at(THERE)), "disabled");
    assert_eq!(state(&aws.by(OTHER)), "disabled");
    let wrong = json!({ "AllowedImagesSettingsState": "disabled" });
    let code = aws.ec2_code("EnableAllowedImagesSettings", wrong);
    assert_eq!(code, "InvalidParameterValue");
    let answer = aws.ec2("DisableAllowedImagesSettings", json!({}));
    assert_eq!(answer["AllowedImagesSettingsState"], "disabled");
    assert_eq!(state(aws), "disabled");
}

fn images_say_that_they_are_allowed(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let filtered = || {
        let filters = json!([{ "Name": "image-allowed", "Values": ["true"] }]);
        let found = aws.ec2("DescribeImages", json!({ "Filters": filters }));
        found["Images"][0]["ImageId"] == json!(image)
    };
    assert!(aws.described(&image)["ImageAllowed"].is_null());
    assert!(!filtered());
    let audit = json!({ "AllowedImagesSettingsState": "audit-mode" });
    aws.ec2("EnableAllowedImagesSettings", audit);
    assert_eq!(aws.described(&image)["ImageAllowed"], true);
    assert!(filtered());
}

/// An image of another account's, and an instance of it.
fn launched(aws: &Aws<'_>) -> (String, String) {
    let other = aws.by(OTHER);
    let image = other.image("golden");
    let add = json!({ "Add": [{ "UserId": aws.account() }] });
    let share = json!({ "ImageId": image, "LaunchPermission": add });
    other.ec2("ModifyImageAttribute", share);
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    let run = aws.ec2("RunInstances", run);
    aws.pass(Duration::from_mins(5));
    (image, text(&run["Instances"][0]["InstanceId"]))
}

fn an_instances_image_is_told_of_after_it_is_gone(aws: &Aws<'_>) {
    let (image, instance) = launched(aws);
    let other = aws.by(OTHER);
    let told = || {
        let asked = json!({ "InstanceIds": [instance] });
        let answer = aws.ec2("DescribeInstanceImageMetadata", asked);
        answer["InstanceImageMetadata"][0].clone()
    };
    let first = told();
    assert_eq!(first["InstanceId"], instance);
    assert_eq!(first["State"]["Name"], "running");
    assert_eq!(first["OwnerId"], aws.account());
    assert!(text(&first["AvailabilityZone"]).starts_with(HERE));
    let created = other.described(&image)["CreationDate"].clone();
    let expected = |state: &str| {
        let metadata = told()["ImageMetadata"].clone();
        assert_eq!(metadata["ImageId"], image);
        assert_eq!(metadata["Name"], "golden");
        assert_eq!(metadata["OwnerId"], OTHER);
        assert_eq!(metadata["CreationDate"], created);
        assert_eq!(metadata["IsPublic"], false);
        assert_eq!(metadata["State"], state);
    };
    expected("available");
    let reset = json!({ "ImageId": image, "Attribute": "launchPermission" });
    other.ec2("ResetImageAttribute", reset);
    expected("available");
    other.ec2("DisableImage", json!({ "ImageId": image }));
    expected("disabled");
    other.ec2("DeregisterImage", json!({ "ImageId": image }));
    expected("deregistered");
}

fn instances_are_chosen_for_their_images(aws: &Aws<'_>) {
    let (_, instance) = launched(aws);
    let listed = |aws: &Aws<'_>, parameters: Value| {
        let answer = aws.ec2("DescribeInstanceImageMetadata", parameters);
        let list = answer["InstanceImageMetadata"].as_array().cloned();
        let list = list.unwrap_or_default().into_iter();
        list.map(|one| text(&one["InstanceId"])).collect::<Vec<_>>()
    };
    let by = |name: &str, value: &str| json!({ "Filters": [{ "Name": name, "Values": [value] }] });
    let tag = json!([{ "Key": "team", "Value": "web" }]);
    aws.ec2(
        "CreateTags",
        json!({ "Resources": [instance], "Tags": tag }),
    );
    for (name, value, other) in [
        ("instance-id", instance.as_str(), "i-00000000000000000"),
        ("instance-state-name", "running", "stopped"),
        ("availability-zone", "us-east-1?", "eu-west-1?"),
        ("owner-id", OTHER, aws.account()),
        ("launch-time", "2*", "1*"),
        ("tag:team", "web", "data"),
        ("tag-key", "team", "web"),
    ] {
        assert_eq!(listed(aws, by(name, value)), [instance.as_str()], "{name}");
        assert!(listed(aws, by(name, other)).is_empty(), "{name}");
    }
    assert!(listed(&aws.by(OTHER), json!({})).is_empty());
    for (wrong, code) in [
        (by("image-id", "ami-*"), "InvalidParameterValue"),
        (json!({ "MaxResults": 1001 }), "InvalidParameterValue"),
        (
            json!({ "InstanceIds": ["i-00000000000000000"] }),
            "InvalidInstanceID.NotFound",
        ),
    ] {
        let refused = aws.ec2_code("DescribeInstanceImageMetadata", wrong.clone());
        assert_eq!(refused, code, "{wrong}");
    }
    let theirs = json!({ "InstanceIds": [instance] });
    let code = aws
        .by(OTHER)
        .ec2_code("DescribeInstanceImageMetadata", theirs);
    assert_eq!(code, "InvalidInstanceID.NotFound");
}

fn no_fast_snapshot_restores_are_listed(aws: &Aws<'_>) {
    aws.snapshot();
    let by = |name: &str| json!({ "Filters": [{ "Name": name, "Values": ["*"] }] });
    let found = aws.ec2("DescribeFastSnapshotRestores", by("snapshot-id"));
    assert_eq!(found["FastSnapshotRestores"], json!([]));
    let code = aws.ec2_code("DescribeFastSnapshotRestores", by("colour"));
    assert_eq!(code, "InvalidParameterValue");
}
