//! Images: registering, and creating from instances.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, text};
use crate::scenario::{Section, scenario};

const REGISTER: &str = "AWSEC2/latest/APIReference/API_RegisterImage.html";
const EBS: &str = "AWSEC2/latest/APIReference/API_EbsBlockDevice.html";
const CREATE: &str = "AWSEC2/latest/APIReference/API_CreateImage.html";

pub const SECTION: Section = Section {
    name: "images",
    title: "Images: registering and creating",
    scenarios: &[
        scenario!(
            a_registered_image_is_over_a_root_snapshot,
            Documented,
            REGISTER,
            "A registered image has the size and encryption of its snapshots; without a snapshot for its root it is refused.",
        ),
        scenario!(
            a_block_device_is_not_smaller_than_its_snapshot,
            Documented,
            EBS,
            "A mapped volume may be larger than its snapshot, never smaller, and keeps to the sizes of its type.",
        ),
        scenario!(
            the_encryption_of_a_snapshot_is_not_mapped,
            Documented,
            EBS,
            "`Encrypted` is refused beside a snapshot, whatever it says, and taken for an empty volume.",
        ),
        scenario!(
            performance_follows_the_volume_type,
            Documented,
            EBS,
            "IOPS are needed by io1 and io2, refused for gp2, and 3,000 for gp3 unless said otherwise; throughput is for gp3 alone.",
        ),
        scenario!(
            mappings_name_devices_ephemerals_and_omissions,
            Documented,
            "AWSEC2/latest/APIReference/API_BlockDeviceMapping.html",
            "A mapping may name an instance store volume, and `NoDevice` leaves its device out; one device is mapped once.",
        ),
        scenario!(
            features_are_registered_with_the_image,
            Documented,
            REGISTER,
            "Boot mode, TPM, IMDSv2, enhanced networking and UEFI data are registered with an image and read back.",
        ),
        scenario!(
            features_that_do_not_fit_are_refused,
            Inferred,
            REGISTER,
            "Enhanced networking needs HVM and a TPM needs UEFI; billing products need an account that AWS authorized.",
        ),
        scenario!(
            an_instance_store_image_lies_in_s3,
            Documented,
            REGISTER,
            "An image over a manifest in S3 has its location and the root device type `instance-store`.",
        ),
        scenario!(
            names_are_unique_for_an_account_and_region,
            Documented,
            "AWSEC2/latest/APIReference/API_CopyImage.html",
            "A name is taken once by an account in a Region; a missing snapshot is refused, too.",
        ),
        scenario!(
            an_image_of_an_instance_has_all_its_volumes,
            Documented,
            CREATE,
            "An image of an instance has a snapshot of each volume, the given tags, and its source image and instance.",
        ),
        scenario!(
            of_an_instances_volumes_only_their_ending_is_changed,
            Documented,
            CREATE,
            "`CreateImage` leaves out devices, adds empty ones and changes `DeleteOnTermination`, but no size of an existing volume.",
        ),
        scenario!(
            snapshots_are_completed_without_their_image,
            Inferred,
            "AWSEC2/latest/APIReference/API_DeregisterImage.html",
            "Snapshots of an instance are completed even if their image is deregistered meanwhile.",
        ),
        scenario!(
            an_image_of_a_terminated_instance_is_refused,
            Documented,
            CREATE,
            "An image is made of a running or stopped instance only.",
        ),
    ],
};

fn over(name: &str, ebs: &Value) -> Value {
    json!({
        "Name": name,
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [{ "DeviceName": "/dev/xvda", "Ebs": ebs }],
    })
}

/// An image over a root snapshot with a second volume.
fn with_volume(name: &str, root: &str, ebs: &Value) -> Value {
    json!({
        "Name": name,
        "RootDeviceName": "/dev/xvda",
        "BlockDeviceMappings": [
            { "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": root } },
            { "DeviceName": "/dev/xvdb", "Ebs": ebs },
        ],
    })
}

fn a_registered_image_is_over_a_root_snapshot(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let image = aws.described(&aws.image_over("golden", &snapshot));
    assert_eq!(image["RootDeviceType"], "ebs");
    assert_eq!(image["ImageLocation"], "111111111111/golden");
    let ebs = &image["BlockDeviceMappings"][0]["Ebs"];
    assert_eq!(ebs["SnapshotId"], snapshot);
    assert_eq!(
        (&ebs["VolumeSize"], &ebs["Encrypted"]),
        (&json!(8), &json!(false))
    );
    let rootless = over("rootless", &json!({ "VolumeSize": 8 }));
    let code = aws.ec2_code("RegisterImage", rootless);
    assert_eq!(code, "InvalidBlockDeviceMapping");
    let code = aws.ec2_code("RegisterImage", json!({ "Name": "empty" }));
    assert_eq!(code, "MissingParameter");
}

fn a_block_device_is_not_smaller_than_its_snapshot(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let sized = |size: i64| {
        over(
            "sized",
            &json!({ "SnapshotId": snapshot, "VolumeSize": size }),
        )
    };
    let code = aws.ec2_code("RegisterImage", sized(7));
    assert_eq!(code, "InvalidBlockDeviceMapping");
    let code = aws.ec2_code("RegisterImage", sized(16_385));
    assert_eq!(code, "InvalidParameterValue");
    let larger = aws.ec2("RegisterImage", sized(20));
    let image = aws.described(&text(&larger["ImageId"]));
    assert_eq!(image["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"], 20);
}

fn the_encryption_of_a_snapshot_is_not_mapped(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    for encrypted in [true, false] {
        let ebs = json!({ "SnapshotId": snapshot, "Encrypted": encrypted });
        let code = aws.ec2_code("RegisterImage", over("golden", &ebs));
        assert_eq!(code, "InvalidBlockDeviceMapping");
    }
    let empty = json!({ "VolumeSize": 1, "Encrypted": true });
    let made = aws.ec2("RegisterImage", with_volume("golden", &snapshot, &empty));
    let image = aws.described(&text(&made["ImageId"]));
    assert_eq!(image["BlockDeviceMappings"][1]["Ebs"]["Encrypted"], true);
}

fn performance_follows_the_volume_type(aws: &Aws<'_>) {
    let root = aws.snapshot();
    for (ebs, code) in [
        (json!({ "VolumeType": "io2" }), "MissingParameter"),
        (
            json!({ "VolumeType": "gp2", "Iops": 3000 }),
            "InvalidParameterCombination",
        ),
        (
            json!({ "VolumeType": "gp2", "Throughput": 200 }),
            "InvalidParameterCombination",
        ),
        (
            json!({ "VolumeType": "gp3", "Iops": 2999 }),
            "InvalidParameterValue",
        ),
        (
            json!({ "VolumeType": "gp3", "Throughput": 1000 }),
            "InvalidParameterValue",
        ),
    ] {
        let mut ebs = ebs;
        ebs["VolumeSize"] = json!(100);
        let parameters = with_volume("golden", &root, &ebs);
        assert_eq!(aws.ec2_code("RegisterImage", parameters), code, "{ebs}");
    }
    let gp3 = json!({ "VolumeType": "gp3", "VolumeSize": 100 });
    let made = aws.ec2("RegisterImage", with_volume("golden", &root, &gp3));
    let image = aws.described(&text(&made["ImageId"]));
    assert_eq!(image["BlockDeviceMappings"][1]["Ebs"]["Iops"], 3000);
}

fn mappings_name_devices_ephemerals_and_omissions(aws: &Aws<'_>) {
    let root = json!({ "DeviceName": "/dev/xvda", "Ebs": { "SnapshotId": aws.snapshot() } });
    let register = |more: &[Value]| {
        let mut mappings = vec![root.clone()];
        mappings.extend_from_slice(more);
        json!({ "Name": "golden", "RootDeviceName": "/dev/xvda", "BlockDeviceMappings": mappings })
    };
    let store = json!({ "DeviceName": "/dev/sdb", "VirtualName": "ephemeral0" });
    let none = json!({ "DeviceName": "/dev/sdc", "VirtualName": "sleepy" });
    for wrong in [&[root.clone()][..], std::slice::from_ref(&none)] {
        let code = aws.ec2_code("RegisterImage", register(wrong));
        assert_eq!(code, "InvalidBlockDeviceMapping");
    }
    let left_out = json!({ "DeviceName": "/dev/sdd", "NoDevice": "" });
    let made = aws.ec2("RegisterImage", register(&[store, left_out]));
    let image = aws.described(&text(&made["ImageId"]));
    let devices = image["BlockDeviceMappings"].as_array().map(Vec::len);
    assert_eq!(devices, Some(2));
    assert_eq!(image["BlockDeviceMappings"][1]["VirtualName"], "ephemeral0");
}

fn features_are_registered_with_the_image(aws: &Aws<'_>) {
    let mut parameters = over("golden", &json!({ "SnapshotId": aws.snapshot() }));
    for (name, value) in [
        ("VirtualizationType", "hvm"),
        ("BootMode", "uefi"),
        ("TpmSupport", "v2.0"),
        ("ImdsSupport", "v2.0"),
        ("SriovNetSupport", "simple"),
        ("UefiData", "QU1aTlVFRkk="),
    ] {
        parameters[name] = json!(value);
    }
    let id = text(&aws.ec2("RegisterImage", parameters)["ImageId"]);
    let image = aws.described(&id);
    assert_eq!(image["BootMode"], "uefi");
    assert_eq!(image["TpmSupport"], "v2.0");
    assert_eq!(image["ImdsSupport"], "v2.0");
    let read = |attribute: &str, name: &str| {
        let asked = json!({ "ImageId": id, "Attribute": attribute });
        text(&aws.ec2("DescribeImageAttribute", asked)[name]["Value"])
    };
    assert_eq!(read("sriovNetSupport", "SriovNetSupport"), "simple");
    assert_eq!(read("uefiData", "UefiData"), "QU1aTlVFRkk=");
    assert_eq!(read("bootMode", "BootMode"), "uefi");
}

fn features_that_do_not_fit_are_refused(aws: &Aws<'_>) {
    let plain = over("golden", &json!({ "SnapshotId": aws.snapshot() }));
    for (name, value, code) in [
        ("EnaSupport", json!(true), "InvalidParameterCombination"),
        ("TpmSupport", json!("v2.0"), "InvalidParameterCombination"),
        ("SriovNetSupport", json!("double"), "InvalidParameterValue"),
        ("VirtualizationType", json!("xen"), "InvalidParameterValue"),
        (
            "KernelId",
            json!("ami-12345678"),
            "InvalidKernelId.Malformed",
        ),
        ("BillingProducts", json!(["bp-12345678"]), "AuthFailure"),
    ] {
        let mut parameters = plain.clone();
        parameters[name] = value;
        assert_eq!(aws.ec2_code("RegisterImage", parameters), code, "{name}");
    }
}

fn an_instance_store_image_lies_in_s3(aws: &Aws<'_>) {
    let at = |location: &str| json!({ "Name": "bundled", "ImageLocation": location });
    let absent = "golden-bundles/web/image.manifest.xml";
    for wrong in ["bucket", "bucket/image.xml", "/image.manifest.xml", absent] {
        let code = aws.ec2_code("RegisterImage", at(wrong));
        assert_eq!(code, "InvalidManifest", "{wrong}");
    }
    let location = aws.bundle();
    let made = aws.ec2("RegisterImage", at(&location));
    let image = aws.described(&text(&made["ImageId"]));
    assert_eq!(image["ImageLocation"], location.as_str());
    assert_eq!(image["RootDeviceType"], "instance-store");
}

fn names_are_unique_for_an_account_and_region(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    aws.image_over("golden", &snapshot);
    let again = over("golden", &json!({ "SnapshotId": snapshot }));
    let code = aws.ec2_code("RegisterImage", again.clone());
    assert_eq!(code, "InvalidAMIName.Duplicate");
    let missing = over("silver", &json!({ "SnapshotId": "snap-00000000000000000" }));
    let code = aws.ec2_code("RegisterImage", missing);
    assert_eq!(code, "InvalidSnapshot.NotFound");
    let other = aws.by(OTHER);
    other.image_over("golden", &other.snapshot());
}

/// An instance with a root volume and another one.
fn instance(aws: &Aws<'_>) -> (String, String) {
    let root = aws.snapshot();
    let extra = json!({ "VolumeSize": 2 });
    let made = aws.ec2("RegisterImage", with_volume("base", &root, &extra));
    let image = text(&made["ImageId"]);
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    let instance = text(&aws.ec2("RunInstances", run)["Instances"][0]["InstanceId"]);
    aws.pass(Duration::from_mins(1));
    (image, instance)
}

fn an_image_of_an_instance_has_all_its_volumes(aws: &Aws<'_>) {
    let (source, instance) = instance(aws);
    let tags = json!([{ "Key": "team", "Value": "web" }]);
    let create = json!({
        "InstanceId": instance,
        "Name": "baked",
        "NoReboot": true,
        "TagSpecifications": [
            { "ResourceType": "image", "Tags": tags },
            { "ResourceType": "snapshot", "Tags": tags },
        ],
    });
    let id = text(&aws.ec2("CreateImage", create)["ImageId"]);
    assert_eq!(aws.described(&id)["State"], "pending");
    aws.pass(Duration::from_hours(1));
    let image = aws.described(&id);
    assert_eq!(image["State"], "available");
    assert_eq!(image["SourceImageId"], source);
    assert_eq!(image["SourceImageRegion"], HERE);
    assert_eq!(image["SourceInstanceId"], instance);
    assert_eq!(image["Tags"], tags);
    let snapshots: Vec<String> = (0..2)
        .map(|at| text(&image["BlockDeviceMappings"][at]["Ebs"]["SnapshotId"]))
        .collect();
    let found = aws.ec2("DescribeSnapshots", json!({ "SnapshotIds": snapshots }));
    for snapshot in found["Snapshots"].as_array().into_iter().flatten() {
        assert_eq!(snapshot["State"], "completed");
        assert_eq!(snapshot["Tags"], tags);
    }
}

fn of_an_instances_volumes_only_their_ending_is_changed(aws: &Aws<'_>) {
    let (_, instance) = instance(aws);
    let create = |mappings: Value| json!({ "InstanceId": instance, "Name": "baked", "BlockDeviceMappings": mappings });
    for wrong in [
        json!([{ "DeviceName": "/dev/xvda", "Ebs": { "VolumeSize": 100 } }]),
        json!([{ "DeviceName": "/dev/xvda", "Ebs": { "Encrypted": true } }]),
        json!([{ "DeviceName": "/dev/xvda", "NoDevice": "" }]),
    ] {
        let code = aws.ec2_code("CreateImage", create(wrong));
        assert_eq!(code, "InvalidBlockDeviceMapping");
    }
    let made = aws.ec2(
        "CreateImage",
        create(json!([
            { "DeviceName": "/dev/xvda", "Ebs": { "DeleteOnTermination": false } },
            { "DeviceName": "/dev/xvdb", "NoDevice": "" },
            { "DeviceName": "/dev/xvdc", "Ebs": { "VolumeSize": 5 } },
        ])),
    );
    let image = aws.described(&text(&made["ImageId"]));
    let devices = &image["BlockDeviceMappings"];
    assert_eq!(devices.as_array().map(Vec::len), Some(2));
    assert_eq!(devices[0]["Ebs"]["DeleteOnTermination"], false);
    assert_eq!(devices[1]["DeviceName"], "/dev/xvdc");
    assert_eq!(devices[1]["Ebs"]["VolumeSize"], 5);
}

fn snapshots_are_completed_without_their_image(aws: &Aws<'_>) {
    let (_, instance) = instance(aws);
    let create = json!({ "InstanceId": instance, "Name": "baked" });
    let image = text(&aws.ec2("CreateImage", create)["ImageId"]);
    let ebs = aws.described(&image)["BlockDeviceMappings"][0]["Ebs"].clone();
    aws.ec2("DeregisterImage", json!({ "ImageId": image }));
    aws.pass(Duration::from_hours(1));
    let found = aws.ec2(
        "DescribeSnapshots",
        json!({ "SnapshotIds": [ebs["SnapshotId"]] }),
    );
    assert_eq!(found["Snapshots"][0]["State"], "completed");
}

fn an_image_of_a_terminated_instance_is_refused(aws: &Aws<'_>) {
    let (_, instance) = instance(aws);
    aws.ec2("TerminateInstances", json!({ "InstanceIds": [instance] }));
    aws.pass(Duration::from_hours(1));
    let create = |id: &str| json!({ "InstanceId": id, "Name": "baked" });
    let code = aws.ec2_code("CreateImage", create(&instance));
    assert_eq!(code, "IncorrectInstanceState");
    let code = aws.ec2_code("CreateImage", create("i-00000000000000000"));
    assert_eq!(code, "InvalidInstanceID.NotFound");
}
