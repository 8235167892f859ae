//! What only an image's owner may do, reading its attributes, and dry runs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, text};
use crate::scenario::{Section, scenario};

const ATTRIBUTE: &str = "AWSEC2/latest/APIReference/API_DescribeImageAttribute.html";
const ERRORS: &str = "AWSEC2/latest/APIReference/errors-overview.html";

pub const SECTION: Section = Section {
    name: "ownership",
    title: "Owners, attributes and dry runs",
    scenarios: &[
        scenario!(
            owners_alone_change_their_images,
            Inferred,
            ERRORS,
            "To a stranger an image isn't there; one it is shared with is refused as unauthorized, whatever would be changed.",
        ),
        scenario!(
            attributes_are_read_one_by_one,
            Documented,
            ATTRIBUTE,
            "Each attribute is read alone, with the image's id; one that isn't one is refused.",
        ),
        scenario!(
            launches_are_an_attribute_a_day_later,
            Documented,
            "AWSEC2/latest/UserGuide/ami-last-launched-time.html",
            "`lastLaunchedTime` tells of a launch 24 hours later, to the owner alone.",
        ),
        scenario!(
            block_devices_are_no_attribute_any_more,
            Documented,
            ATTRIBUTE,
            "The attribute `blockDeviceMapping` is answered with `AuthFailure`.",
        ),
        scenario!(
            a_dry_run_changes_nothing,
            Documented,
            "AWSEC2/latest/APIReference/CommonParameters.html",
            "A dry run of what would be done is `DryRunOperation`, and nothing is done.",
        ),
        scenario!(
            a_dry_run_reads_its_parameters_and_no_more,
            Chosen,
            "AWSEC2/latest/APIReference/CommonParameters.html",
            "A dry run refuses parameters that can't be read, and looks at nothing they name.",
        ),
    ],
};

fn share(aws: &Aws<'_>, image: &str, entry: &Value) {
    let add = json!({ "Add": [entry] });
    let parameters = json!({ "ImageId": image, "LaunchPermission": add });
    aws.ec2("ModifyImageAttribute", parameters);
}

/// The calls that only an image's owner may make, with their parameters besides the image.
fn owners_calls() -> Vec<(&'static str, Value)> {
    vec![
        (
            "CreateImageUsageReport",
            json!({ "ResourceTypes": [{ "ResourceType": "ec2:Instance" }] }),
        ),
        ("DeregisterImage", json!({})),
        (
            "DescribeImageAttribute",
            json!({ "Attribute": "launchPermission" }),
        ),
        ("DisableImage", json!({})),
        ("DisableImageDeprecation", json!({})),
        ("DisableImageDeregistrationProtection", json!({})),
        ("EnableImage", json!({})),
        (
            "EnableImageDeprecation",
            json!({ "DeprecateAt": "2029-01-01T00:00:00Z" }),
        ),
        ("EnableImageDeregistrationProtection", json!({})),
        (
            "ModifyImageAttribute",
            json!({ "Description": { "Value": "mine" } }),
        ),
        (
            "ResetImageAttribute",
            json!({ "Attribute": "launchPermission" }),
        ),
    ]
}

fn of(image: &str, mut more: Value) -> Value {
    more["ImageId"] = json!(image);
    more
}

fn owners_alone_change_their_images(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let (recipient, stranger) = (aws.by(OTHER), aws.by("333333333333"));
    share(aws, &image, &json!({ "UserId": OTHER }));
    let before = aws.described(&image);
    for (operation, more) in owners_calls() {
        let refused = stranger.refused("ec2", operation, of(&image, more.clone()));
        let found = (refused.code.as_str(), refused.status);
        assert_eq!(found, ("InvalidAMIID.NotFound", 400), "{operation}");
        let refused = recipient.refused("ec2", operation, of(&image, more.clone()));
        let found = (refused.code.as_str(), refused.status);
        assert_eq!(found, ("AuthFailure", 403), "{operation}");
        let code = stranger.ec2_code(operation, of("golden", more));
        assert_eq!(code, "InvalidAMIID.Malformed", "{operation}");
    }
    assert_eq!(aws.described(&image), before);
}

fn attributes_are_read_one_by_one(aws: &Aws<'_>) {
    let register = json!({
        "Name": "golden",
        "Description": "all there is",
        "VirtualizationType": "hvm",
        "BootMode": "uefi",
        "TpmSupport": "v2.0",
        "ImdsSupport": "v2.0",
        "SriovNetSupport": "simple",
        "UefiData": "QU1aTlVFRkk=",
        "KernelId": "aki-12345678",
        "RamdiskId": "ari-12345678",
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [
            { "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": aws.snapshot() } }
        ],
    });
    let image = text(&aws.ec2("RegisterImage", register)["ImageId"]);
    share(aws, &image, &json!({ "UserId": OTHER }));
    let entries = json!([{ "UserId": OTHER }]);
    let value = |value: &str| json!({ "Value": value });
    for (attribute, name, expected) in [
        ("bootMode", "BootMode", value("uefi")),
        (
            "deregistrationProtection",
            "DeregistrationProtection",
            value("disabled"),
        ),
        ("description", "Description", value("all there is")),
        ("imdsSupport", "ImdsSupport", value("v2.0")),
        ("kernel", "KernelId", value("aki-12345678")),
        ("lastLaunchedTime", "LastLaunchedTime", json!({})),
        ("launchPermission", "LaunchPermissions", entries),
        ("productCodes", "ProductCodes", json!([])),
        ("ramdisk", "RamdiskId", value("ari-12345678")),
        ("sriovNetSupport", "SriovNetSupport", value("simple")),
        ("tpmSupport", "TpmSupport", value("v2.0")),
        ("uefiData", "UefiData", value("QU1aTlVFRkk=")),
    ] {
        let asked = json!({ "ImageId": image, "Attribute": attribute });
        let read = aws.ec2("DescribeImageAttribute", asked);
        assert_eq!(read["ImageId"], image, "{attribute}");
        let members: Vec<&String> = read.as_object().expect("members").keys().collect();
        let others = |member: &&&String| !["ImageId", name].contains(&member.as_str());
        let filled =
            |member: &&&String| !read[member.as_str()].as_array().is_some_and(Vec::is_empty);
        let others: Vec<_> = members.iter().filter(others).filter(filled).collect();
        assert!(others.is_empty(), "{attribute} {others:?}");
        let shown = read.get(name).cloned().unwrap_or(json!([]));
        assert_eq!(shown, expected, "{attribute}");
    }
    let colour = json!({ "ImageId": image, "Attribute": "colour" });
    let code = aws.ec2_code("DescribeImageAttribute", colour);
    assert_eq!(code, "InvalidParameterValue");
}

fn launches_are_an_attribute_a_day_later(aws: &Aws<'_>) {
    let image = aws.image("golden");
    share(aws, &image, &json!({ "UserId": OTHER }));
    let launched = || {
        let asked = json!({ "ImageId": image, "Attribute": "lastLaunchedTime" });
        let read = aws.ec2("DescribeImageAttribute", asked);
        read["LastLaunchedTime"]["Value"].clone()
    };
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    let run = aws.by(OTHER).ec2("RunInstances", run);
    let time = text(&run["Instances"][0]["LaunchTime"]);
    aws.pass(Duration::from_hours(23));
    assert_eq!(launched(), Value::Null);
    aws.pass(Duration::from_hours(2));
    let told = text(&launched());
    assert_eq!(told.get(..19), time.get(..19), "{told}");
    assert_eq!(aws.described(&image)["LastLaunchedTime"], told);
    assert!(aws.by(OTHER).described(&image)["LastLaunchedTime"].is_null());
}

fn block_devices_are_no_attribute_any_more(aws: &Aws<'_>) {
    let asked = json!({ "ImageId": aws.image("golden"), "Attribute": "blockDeviceMapping" });
    let refused = aws.refused("ec2", "DescribeImageAttribute", asked);
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("AuthFailure", 403)
    );
}

/// The calls that change something about images, with what they need.
fn changes(image: &str, snapshot: &str, instance: &str) -> Vec<(&'static str, Value)> {
    let mut calls: Vec<(&str, Value)> = owners_calls()
        .into_iter()
        .map(|(operation, more)| (operation, of(image, more)))
        .collect();
    let root = json!({ "DeviceName": "/dev/sda1", "Ebs": { "SnapshotId": snapshot } });
    calls.extend([
        ("CancelImageLaunchPermission", json!({ "ImageId": image })),
        (
            "CopyImage",
            json!({ "Name": "dry", "SourceImageId": image, "SourceRegion": HERE }),
        ),
        (
            "CreateImage",
            json!({ "Name": "dry", "InstanceId": instance }),
        ),
        (
            "CreateTags",
            json!({ "Resources": [image], "Tags": [{ "Key": "dry", "Value": "run" }] }),
        ),
        (
            "DeleteTags",
            json!({ "Resources": [image], "Tags": [{ "Key": "team" }] }),
        ),
        (
            "CreateRestoreImageTask",
            json!({ "Bucket": "golden-bins", "ObjectKey": "golden.bin", "Name": "dry" }),
        ),
        (
            "CreateStoreImageTask",
            json!({ "ImageId": image, "Bucket": "golden-bins" }),
        ),
        (
            "DeleteImageUsageReport",
            json!({ "ReportId": "amiur-00000000000000000" }),
        ),
        ("DisableAllowedImagesSettings", json!({})),
        ("DisableImageBlockPublicAccess", json!({})),
        (
            "EnableAllowedImagesSettings",
            json!({ "AllowedImagesSettingsState": "enabled" }),
        ),
        (
            "EnableImageBlockPublicAccess",
            json!({ "ImageBlockPublicAccessState": "block-new-sharing" }),
        ),
        (
            "RegisterImage",
            json!({ "Name": "dry", "BlockDeviceMappings": [root] }),
        ),
        ("RestoreImageFromRecycleBin", json!({ "ImageId": image })),
    ]);
    calls
}

fn a_dry_run_changes_nothing(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let image = aws.image_over("golden", &snapshot);
    let tags = json!([{ "Key": "team", "Value": "web" }]);
    aws.ec2("CreateTags", json!({ "Resources": [image], "Tags": tags }));
    share(aws, &image, &json!({ "UserId": OTHER }));
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    let instance = text(&aws.ec2("RunInstances", run)["Instances"][0]["InstanceId"]);
    aws.pass(Duration::from_hours(48));
    let state = || {
        let images = aws.ec2("DescribeImages", json!({ "Owners": ["self"] }))["Images"].clone();
        let asked = json!({ "ImageId": image, "Attribute": "launchPermission" });
        let permissions = aws.ec2("DescribeImageAttribute", asked)["LaunchPermissions"].clone();
        let settings = [
            aws.ec2("GetImageBlockPublicAccessState", json!({})),
            aws.ec2("GetAllowedImagesSettings", json!({})),
            aws.ec2("DescribeStoreImageTasks", json!({})),
        ];
        let reports = aws.ec2("DescribeImageUsageReports", json!({}));
        let reports = reports["ImageUsageReports"].as_array().map(Vec::len);
        (images, permissions, settings, reports.unwrap_or_default())
    };
    let before = state();
    for (operation, mut parameters) in changes(&image, &snapshot, &instance) {
        parameters["DryRun"] = json!(true);
        let refused = aws.refused("ec2", operation, parameters);
        let found = (refused.code.as_str(), refused.status);
        assert_eq!(found, ("DryRunOperation", 412), "{operation}");
    }
    assert_eq!(state(), before);
}

fn a_dry_run_reads_its_parameters_and_no_more(aws: &Aws<'_>) {
    let dry = |operation: &str, parameters: Value| {
        let mut parameters = parameters;
        parameters["DryRun"] = json!(true);
        aws.ec2_code(operation, parameters)
    };
    let absent = json!({ "ImageId": "ami-00000000000000000" });
    assert_eq!(dry("DeregisterImage", absent), "DryRunOperation");
    let attribute = json!({ "ImageId": "ami-00000000000000000", "Attribute": "colour" });
    let code = dry("ResetImageAttribute", attribute);
    assert_eq!(code, "InvalidParameterValue");
}
