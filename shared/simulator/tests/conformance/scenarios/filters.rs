//! The filters and pages of `DescribeImages`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, text};
use crate::scenario::{Section, scenario};

const DESCRIBE: &str = "AWSEC2/latest/APIReference/API_DescribeImages.html";

pub const SECTION: Section = Section {
    name: "filters",
    title: "Listing images: filters and pages",
    scenarios: &[
        scenario!(
            every_filter_selects_some_images_and_not_others,
            Documented,
            DESCRIBE,
            "Each filter about what images here have selects those that have it, and no others.",
        ),
        scenario!(
            filters_tell_where_an_image_came_from,
            Documented,
            DESCRIBE,
            "Images are found by their source image and its Region, their instance, their state and its reason.",
        ),
        scenario!(
            filters_by_tags_see_what_the_caller_sees,
            Documented,
            DESCRIBE,
            "Images are found by a tag, a key or both; another account's tags find nothing.",
        ),
        scenario!(
            filters_about_what_images_here_lack_match_nothing,
            Inferred,
            DESCRIBE,
            "Filters about platforms, product codes, watermarks and scans are known, and match no image that has none.",
        ),
        scenario!(
            filters_are_joined,
            Documented,
            "AWSEC2/latest/UserGuide/Using_Filtering.html",
            "An image must match every filter, and one of each filter's values, letter by letter.",
        ),
        scenario!(
            all_unknown_ids_are_named,
            Inferred,
            "AWSEC2/latest/APIReference/errors-overview.html",
            "Of several ids every one that is unknown is named in the refusal.",
        ),
        scenario!(
            a_page_has_one_to_a_thousand_images,
            Chosen,
            DESCRIBE,
            "`MaxResults` is 1 to 1,000; a token that isn't one, or of another call, is refused.",
        ),
    ],
};

/// The ids that a filter finds.
#[track_caller]
fn found(aws: &Aws<'_>, name: &str, values: &[&str]) -> Vec<String> {
    let parameters = json!({
        "Filters": [{ "Name": name, "Values": values }],
        "IncludeDisabled": true,
    });
    listed(&aws.ec2("DescribeImages", parameters))
}

fn listed(answer: &Value) -> Vec<String> {
    let images = answer["Images"].as_array().into_iter().flatten();
    images.map(|image| text(&image["ImageId"])).collect()
}

/// An image with every feature, over a snapshot of its own, and its creation date.
fn full(aws: &Aws<'_>, snapshot: &str) -> (String, String) {
    let registered = aws.ec2(
        "RegisterImage",
        json!({
            "Name": "full",
            "Description": "all there is",
            "Architecture": "arm64",
            "VirtualizationType": "hvm",
            "BootMode": "uefi",
            "EnaSupport": true,
            "SriovNetSupport": "simple",
            "RootDeviceName": "/dev/sda1",
            "BlockDeviceMappings": [{ "DeviceName": "/dev/sda1", "Ebs": {
                "SnapshotId": snapshot,
                "VolumeSize": 20,
                "VolumeType": "gp3",
                "DeleteOnTermination": false,
            } }, { "DeviceName": "/dev/sdb", "Ebs": { "VolumeSize": 1, "Encrypted": true } }],
        }),
    );
    let id = text(&registered["ImageId"]);
    let created = text(&aws.described(&id)["CreationDate"]);
    (id, created)
}

/// A paravirtual image in S3.
fn bare(aws: &Aws<'_>) -> String {
    let bundled = json!({
        "Name": "bare",
        "ImageLocation": aws.bundle(),
        "KernelId": "aki-12345678",
        "RamdiskId": "ari-12345678",
    });
    text(&aws.ec2("RegisterImage", bundled)["ImageId"])
}

fn every_filter_selects_some_images_and_not_others(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let (full, created) = full(aws, &snapshot);
    aws.pass(Duration::from_mins(1));
    let bare = bare(aws);
    aws.ec2("DisableImage", json!({ "ImageId": bare }));
    let shared = json!({ "Add": [{ "UserId": OTHER }, { "Group": "all" }] });
    let shared = json!({ "ImageId": full, "LaunchPermission": shared });
    // Nothing encrypted becomes public.
    assert_eq!(
        aws.ec2_code("ModifyImageAttribute", shared),
        "InvalidParameter"
    );
    let foreign = aws.by(OTHER).image("public");
    let public = json!({ "Add": [{ "Group": "all" }] });
    let public = json!({ "ImageId": foreign, "LaunchPermission": public });
    aws.by(OTHER).ec2("ModifyImageAttribute", public);
    for (name, value, expected) in [
        ("architecture", "arm64", &full),
        ("architecture", "i386", &bare),
        ("block-device-mapping.delete-on-termination", "false", &full),
        ("block-device-mapping.device-name", "/dev/sdb", &full),
        ("block-device-mapping.encrypted", "true", &full),
        ("block-device-mapping.snapshot-id", &snapshot, &full),
        ("block-device-mapping.volume-size", "20", &full),
        ("block-device-mapping.volume-type", "gp3", &full),
        ("boot-mode", "uefi", &full),
        ("creation-date", &created, &full),
        ("description", "all there *", &full),
        ("ena-support", "true", &full),
        ("image-id", &bare, &bare),
        ("is-public", "true", &foreign),
        ("kernel-id", "aki-12345678", &bare),
        ("manifest-location", "golden-bundles/*", &bare),
        ("name", "bar?", &bare),
        ("owner-id", OTHER, &foreign),
        ("ramdisk-id", "ari-12345678", &bare),
        ("root-device-name", "/dev/xvda", &foreign),
        ("root-device-type", "instance-store", &bare),
        ("sriov-net-support", "simple", &full),
        ("state", "disabled", &bare),
        ("virtualization-type", "paravirtual", &bare),
    ] {
        assert_eq!(found(aws, name, &[value]), [expected.as_str()], "{name}");
    }
    for (name, value, other) in [
        ("hypervisor", "xen", "ovm"),
        ("image-type", "machine", "kernel"),
    ] {
        assert_eq!(found(aws, name, &[value]).len(), 3, "{name}");
        assert!(found(aws, name, &[other]).is_empty(), "{name}");
    }
}

fn filters_tell_where_an_image_came_from(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let copy = |more: Value| {
        let mut parameters = more;
        parameters["SourceImageId"] = json!(source);
        parameters["SourceRegion"] = json!(HERE);
        text(&aws.ec2("CopyImage", parameters)["ImageId"])
    };
    let good = copy(json!({ "Name": "good" }));
    let key = "arn:aws:kms:us-east-1:111111111111:key/none";
    let failed = copy(json!({ "Name": "failed", "Encrypted": true, "KmsKeyId": key }));
    let run = json!({ "ImageId": source, "MinCount": 1, "MaxCount": 1 });
    let instance = text(&aws.ec2("RunInstances", run)["Instances"][0]["InstanceId"]);
    aws.pass(Duration::from_hours(1));
    let create = json!({ "InstanceId": instance, "Name": "baked" });
    let baked = text(&aws.ec2("CreateImage", create)["ImageId"]);
    let mut derived = vec![good, failed.clone(), baked.clone()];
    derived.sort();
    let sorted = |name: &str, value: &str| {
        let mut ids = found(aws, name, &[value]);
        ids.sort();
        ids
    };
    assert_eq!(sorted("source-image-id", &source), derived);
    assert_eq!(sorted("source-image-region", HERE), derived);
    assert_eq!(sorted("source-instance-id", &instance), [baked.as_str()]);
    assert_eq!(sorted("state", "pending"), [baked.as_str()]);
    assert_eq!(sorted("state", "failed"), [failed.as_str()]);
    let reason = aws.described(&failed)["StateReason"].clone();
    for (name, value) in [
        ("state-reason-code", &reason["Code"]),
        ("state-reason-message", &reason["Message"]),
    ] {
        assert_eq!(sorted(name, &text(value)), [failed.as_str()], "{name}");
    }
}

fn filters_by_tags_see_what_the_caller_sees(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let [web, data] = ["web", "data"].map(|team| {
        let image = aws.image_over(team, &snapshot);
        let tags = json!([{ "Key": "team", "Value": team }, { "Key": team, "Value": "" }]);
        aws.ec2("CreateTags", json!({ "Resources": [image], "Tags": tags }));
        let add = json!({ "Add": [{ "UserId": OTHER }] });
        let share = json!({ "ImageId": image, "LaunchPermission": add });
        aws.ec2("ModifyImageAttribute", share);
        image
    });
    assert_eq!(found(aws, "tag:team", &["web"]), [web.as_str()]);
    assert_eq!(found(aws, "tag-key", &["data"]), [data.as_str()]);
    assert_eq!(found(aws, "tag-key", &["team"]).len(), 2);
    assert!(found(aws, "tag:web", &["team"]).is_empty());
    let other = aws.by(OTHER);
    assert_eq!(found(&other, "name", &["web"]), [web.as_str()]);
    assert!(found(&other, "tag:team", &["web"]).is_empty());
}

fn filters_about_what_images_here_lack_match_nothing(aws: &Aws<'_>) {
    aws.image("golden");
    for name in [
        "free-tier-eligible",
        "image-watermark.watermark-key",
        "instance-type-specification.supported-instance-type",
        "owner-alias",
        "platform",
        "product-code",
        "product-code.type",
        "public-ssm-parameter-name",
        "scan-result.highest-finding-severity-label",
        "source-image-id",
        "state-reason-code",
    ] {
        assert!(found(aws, name, &["*"]).is_empty(), "{name}");
    }
    for name in ["tag", "Name", "owner", "image-watermark"] {
        let filters = json!([{ "Name": name, "Values": ["*"] }]);
        let code = aws.ec2_code("DescribeImages", json!({ "Filters": filters }));
        assert_eq!(code, "InvalidParameterValue", "{name}");
    }
}

fn filters_are_joined(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let [one, two] = ["web-1", "web-2"].map(|name| aws.image_over(name, &snapshot));
    assert_eq!(found(aws, "name", &["web-1", "web-2"]).len(), 2);
    assert!(found(aws, "name", &["WEB-1"]).is_empty());
    assert!(found(aws, "name", &["web"]).is_empty());
    let both = json!({ "Filters": [
        { "Name": "name", "Values": ["web-*"] },
        { "Name": "image-id", "Values": [two] },
    ] });
    assert_eq!(listed(&aws.ec2("DescribeImages", both)), [two.as_str()]);
    let neither =
        json!({ "ImageIds": [one], "Filters": [{ "Name": "image-id", "Values": [two] }] });
    assert!(listed(&aws.ec2("DescribeImages", neither)).is_empty());
}

fn all_unknown_ids_are_named(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let unknown = ["ami-00000000000000001", "ami-00000000000000002"];
    let ids = json!({ "ImageIds": [unknown[0], image, unknown[1]] });
    let refused = aws.refused("ec2", "DescribeImages", ids);
    assert_eq!(refused.code, "InvalidAMIID.NotFound");
    let message = format!("The image ids '[{}]' do not exist", unknown.join(", "));
    assert_eq!(refused.message, message);
    let malformed = json!({ "ImageIds": [unknown[0], "golden"] });
    let code = aws.ec2_code("DescribeImages", malformed);
    assert_eq!(code, "InvalidAMIID.Malformed");
}

fn a_page_has_one_to_a_thousand_images(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    for name in ["web-1", "web-2"] {
        aws.image_over(name, &snapshot);
    }
    for wrong in [-1, 0, 1001] {
        let code = aws.ec2_code("DescribeImages", json!({ "MaxResults": wrong }));
        assert_eq!(code, "InvalidParameterValue", "{wrong}");
    }
    let whole = aws.ec2("DescribeImages", json!({ "MaxResults": 1000 }));
    assert_eq!(listed(&whole).len(), 2);
    let first = aws.ec2("DescribeImages", json!({ "MaxResults": 1 }));
    assert_eq!(listed(&first).len(), 1);
    let token = text(&first["NextToken"]);
    for wrong in [
        json!({ "NextToken": "none" }),
        json!({ "NextToken": token, "Owners": ["self"] }),
    ] {
        let code = aws.ec2_code("DescribeImages", wrong.clone());
        assert_eq!(code, "InvalidNextToken", "{wrong}");
    }
}
