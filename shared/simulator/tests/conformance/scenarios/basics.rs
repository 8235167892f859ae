//! What every image has: its name, its description, and what AWS says of it by itself.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, text};
use crate::scenario::{Section, scenario};

const REGISTER: &str = "AWSEC2/latest/APIReference/API_RegisterImage.html";
const COPY: &str = "AWSEC2/latest/APIReference/API_CopyImage.html";
const IMAGE: &str = "AWSEC2/latest/APIReference/API_Image.html";

pub const SECTION: Section = Section {
    name: "basics",
    title: "What every image has",
    scenarios: &[
        scenario!(
            names_have_a_form,
            Documented,
            COPY,
            "A name has 3 to 128 letters, digits, spaces and a few marks, however the image is made; another is `InvalidAMIName.Malformed`.",
        ),
        scenario!(
            descriptions_have_a_length,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateImage.html",
            "A description has up to 255 characters, however it is given.",
        ),
        scenario!(
            ena_support_is_shown,
            Documented,
            IMAGE,
            "Enhanced networking with ENA is on where it was asked for, and a copy keeps it.",
        ),
        scenario!(
            a_pending_snapshot_is_not_registered,
            Chosen,
            REGISTER,
            "An image is registered over completed snapshots only.",
        ),
        scenario!(
            a_shared_snapshot_is_registered,
            Inferred,
            REGISTER,
            "An image may be over another account's snapshot that is shared with the caller; one that isn't is `InvalidSnapshot.NotFound`.",
        ),
        scenario!(
            an_image_says_what_it_runs,
            Documented,
            IMAGE,
            "An image is a machine of Linux under Xen, billed as `RunInstances`, and has no alias of an owner that has none.",
        ),
        scenario!(
            a_creation_date_is_a_time_in_milliseconds,
            Inferred,
            IMAGE,
            "`CreationDate` is the UTC time of the call, with three digits of a second.",
        ),
        scenario!(
            images_of_other_places_are_refused,
            Chosen,
            COPY,
            "Outposts, Local Zones and chosen Availability Zones are refused, as there are none.",
        ),
    ],
};

fn over(name: &str, snapshot: &str) -> Value {
    let ebs = json!({ "SnapshotId": snapshot });
    json!({
        "Name": name,
        "VirtualizationType": "hvm",
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [{ "DeviceName": "/dev/xvda", "Ebs": ebs }],
    })
}

/// The three calls that make an image, with their parameters but for the name.
fn ways(aws: &Aws<'_>) -> [(&'static str, Value); 3] {
    let snapshot = aws.snapshot();
    let image = aws.image_over("source", &snapshot);
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    let instance = aws.ec2("RunInstances", run)["Instances"][0]["InstanceId"].clone();
    aws.pass(Duration::from_mins(1));
    [
        ("RegisterImage", over("", &snapshot)),
        (
            "CopyImage",
            json!({ "SourceImageId": image, "SourceRegion": HERE }),
        ),
        ("CreateImage", json!({ "InstanceId": instance })),
    ]
}

fn with(parameters: &Value, name: &str, value: &str) -> Value {
    let mut parameters = parameters.clone();
    parameters[name] = json!(value);
    parameters
}

fn names_have_a_form(aws: &Aws<'_>) {
    let (long, longest) = ("n".repeat(129), "n".repeat(128));
    for (operation, parameters) in ways(aws) {
        for wrong in ["ab", &long, "semi;colon", "stern*", "schön"] {
            let code = aws.ec2_code(operation, with(&parameters, "Name", wrong));
            assert_eq!(code, "InvalidAMIName.Malformed", "{operation} {wrong}");
        }
        let marks = "A b-1_(2)[3]./'@";
        for right in [operation.get(..3).expect("a name"), &longest, marks] {
            let made = aws.ec2(operation, with(&parameters, "Name", right));
            let id = text(&made["ImageId"]);
            assert_eq!(aws.described(&id)["Name"], right);
            aws.ec2("DeregisterImage", json!({ "ImageId": id }));
        }
    }
}

fn descriptions_have_a_length(aws: &Aws<'_>) {
    let (long, longest) = ("d".repeat(256), "d".repeat(255));
    let mut image = String::new();
    for (operation, parameters) in ways(aws) {
        let parameters = with(&parameters, "Name", operation);
        let code = aws.ec2_code(operation, with(&parameters, "Description", &long));
        assert_eq!(code, "InvalidParameterValue", "{operation}");
        let made = aws.ec2(operation, with(&parameters, "Description", &longest));
        image = text(&made["ImageId"]);
        assert_eq!(aws.described(&image)["Description"], longest, "{operation}");
    }
    aws.pass(Duration::from_hours(1));
    let modify = |value: &str| json!({ "ImageId": image, "Description": { "Value": value } });
    let code = aws.ec2_code("ModifyImageAttribute", modify(&long));
    assert_eq!(code, "InvalidParameterValue");
    aws.ec2("ModifyImageAttribute", modify("short"));
    assert_eq!(aws.described(&image)["Description"], "short");
}

fn ena_support_is_shown(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    for asked in [true, false] {
        let mut parameters = over(&format!("ena-{asked}"), &snapshot);
        parameters["EnaSupport"] = json!(asked);
        let image = text(&aws.ec2("RegisterImage", parameters)["ImageId"]);
        let copy = json!({
            "Name": format!("copy-{asked}"), "SourceImageId": image, "SourceRegion": HERE,
        });
        let copy = text(&aws.ec2("CopyImage", copy)["ImageId"]);
        for id in [image, copy] {
            assert_eq!(aws.described(&id)["EnaSupport"], asked);
        }
    }
}

fn a_pending_snapshot_is_not_registered(aws: &Aws<'_>) {
    let zone = format!("{HERE}a");
    let volume = aws.ec2(
        "CreateVolume",
        json!({ "AvailabilityZone": zone, "Size": 8 }),
    );
    let made = aws.ec2("CreateSnapshot", json!({ "VolumeId": volume["VolumeId"] }));
    let snapshot = text(&made["SnapshotId"]);
    let code = aws.ec2_code("RegisterImage", over("golden", &snapshot));
    assert_eq!(code, "IncorrectState");
    aws.pass(Duration::from_hours(1));
    aws.image_over("golden", &snapshot);
}

fn a_shared_snapshot_is_registered(aws: &Aws<'_>) {
    let (snapshot, other) = (aws.snapshot(), aws.by(OTHER));
    let code = other.ec2_code("RegisterImage", over("golden", &snapshot));
    assert_eq!(code, "InvalidSnapshot.NotFound");
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    let share = json!({ "SnapshotId": snapshot, "CreateVolumePermission": add });
    aws.ec2("ModifySnapshotAttribute", share);
    let image = other.described(&other.image_over("golden", &snapshot));
    assert_eq!(image["OwnerId"], OTHER);
    let ebs = &image["BlockDeviceMappings"][0]["Ebs"];
    assert_eq!(ebs["SnapshotId"], snapshot);
}

fn an_image_says_what_it_runs(aws: &Aws<'_>) {
    let image = aws.described(&aws.image("golden"));
    for (name, value) in [
        ("ImageType", "machine"),
        ("PlatformDetails", "Linux/UNIX"),
        ("UsageOperation", "RunInstances"),
        ("Hypervisor", "xen"),
        ("VirtualizationType", "hvm"),
        ("Architecture", "x86_64"),
        ("OwnerId", aws.account()),
    ] {
        assert_eq!(image[name], value, "{name}");
    }
    for name in ["ImageOwnerAlias", "Platform", "DeprecationTime"] {
        assert!(image[name].is_null(), "{name}");
    }
}

fn a_creation_date_is_a_time_in_milliseconds(aws: &Aws<'_>) {
    let created = |name: &str| text(&aws.described(&aws.image(name))["CreationDate"]);
    let (first, second) = (created("first"), created("second"));
    for date in [&first, &second] {
        let form: String = date
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        assert_eq!(form, "0000-00-00T00:00:00.000Z");
    }
    assert!(first < second, "{first} {second}");
}

fn images_of_other_places_are_refused(aws: &Aws<'_>) {
    let outpost = "arn:aws:outposts:us-east-1:111111111111:outpost/op-0123456789abcdef0";
    let [(_, register), (_, copy), (_, create)] = ways(aws);
    for (operation, parameters, name, value) in [
        ("CopyImage", &copy, "DestinationOutpostArn", outpost),
        (
            "CopyImage",
            &copy,
            "DestinationAvailabilityZone",
            "us-east-1-lax-1a",
        ),
        (
            "CopyImage",
            &copy,
            "DestinationAvailabilityZoneId",
            "use1-az1",
        ),
        ("CreateImage", &create, "SnapshotLocation", "local"),
    ] {
        let parameters = with(&with(parameters, "Name", "placed"), name, value);
        let code = aws.ec2_code(operation, parameters);
        let codes = ["UnsupportedOperation", "InvalidParameterCombination"];
        assert!(codes.contains(&code.as_str()), "{name} {code}");
    }
    for (name, value) in [("OutpostArn", outpost), ("AvailabilityZone", "us-east-1a")] {
        let mut parameters = with(&register, "Name", "placed");
        parameters["BlockDeviceMappings"][0]["Ebs"][name] = json!(value);
        let code = aws.ec2_code("RegisterImage", parameters);
        assert_eq!(code, "UnsupportedOperation", "{name}");
    }
    let filter = json!([{ "Name": "name", "Values": ["placed"] }]);
    let found = aws.ec2("DescribeImages", json!({ "Filters": filter }));
    assert!(found["Images"][0].is_null());
}
