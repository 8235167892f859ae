//! Volumes.

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, text};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "volumes",
    title: "Volumes",
    scenarios: &[
        scenario!(
            a_volume_is_made_described_and_deleted,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateVolume.html",
            "A volume is `creating`, then `available`, and gone once it is deleted.",
        ),
        scenario!(
            each_type_has_its_sizes,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateVolume.html",
            "Each type of volume has its smallest and its largest size.",
        ),
        scenario!(
            iops_and_throughput_have_rules,
            Documented,
            "ebs/latest/userguide/ebs-volume-types.html",
            "IOPS and throughput can be set only where the type has them, within its limits and \
             its ratios.",
        ),
        scenario!(
            a_volume_is_not_smaller_than_its_snapshot,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateVolume.html",
            "A volume of a snapshot is as large as that unless a larger size is asked for.",
        ),
        scenario!(
            a_volume_of_an_encrypted_snapshot_is_encrypted,
            Documented,
            "ebs/latest/userguide/encryption-examples.html",
            "A volume of one's own encrypted snapshot is under the same key; of another's, under \
             one's own default key.",
        ),
        scenario!(
            a_key_needs_encrypted,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateVolume.html",
            "A key can be named only where encryption is asked for.",
        ),
        scenario!(
            an_attached_volume_is_not_deleted,
            Documented,
            "AWSEC2/latest/APIReference/API_DeleteVolume.html",
            "A volume that is attached can't be deleted.",
        ),
        scenario!(
            volumes_are_filtered,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeVolumes.html",
            "Volumes are found by filters; an unknown filter is refused.",
        ),
        scenario!(
            volumes_are_their_owners_alone,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeVolumes.html",
            "Nobody sees another account's volumes, and ids that are none are refused.",
        ),
        scenario!(
            zones_are_described,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html",
            "A Region's zones are described by name and id; either names the zone of a volume.",
        ),
    ],
};

fn here() -> String {
    format!("{HERE}a")
}

fn volume(aws: &Aws<'_>, more: Value) -> Value {
    aws.ec2("CreateVolume", with_zone(more))
}

fn code(aws: &Aws<'_>, more: Value) -> String {
    aws.ec2_code("CreateVolume", with_zone(more))
}

fn with_zone(mut parameters: Value) -> Value {
    parameters["AvailabilityZone"] = json!(here());
    parameters
}

fn described(aws: &Aws<'_>, id: &Value) -> Value {
    let answer = aws.ec2("DescribeVolumes", json!({ "VolumeIds": [id] }));
    answer["Volumes"][0].clone()
}

fn a_volume_is_made_described_and_deleted(aws: &Aws<'_>) {
    let made = volume(aws, json!({ "Size": 8, "VolumeType": "gp3" }));
    assert_eq!(made["State"], "creating");
    let id = &made["VolumeId"];
    let found = described(aws, id);
    assert_eq!(found["State"], "available");
    assert_eq!(found["Size"], 8);
    assert_eq!(found["VolumeType"], "gp3");
    assert_eq!(found["AvailabilityZone"], here());
    assert_eq!(found["Encrypted"], false);
    aws.ec2("DeleteVolume", json!({ "VolumeId": id }));
    let gone = json!({ "VolumeId": id });
    assert_eq!(aws.ec2_code("DeleteVolume", gone), "InvalidVolume.NotFound");
}

fn each_type_has_its_sizes(aws: &Aws<'_>) {
    for (kind, least, most) in [
        ("gp2", 1, 16_384),
        ("gp3", 1, 65_536),
        ("io1", 4, 16_384),
        ("io2", 4, 65_536),
        ("st1", 125, 16_384),
        ("sc1", 125, 16_384),
        ("standard", 1, 1_024),
    ] {
        let sized = |size: i64| {
            let mut parameters = json!({ "VolumeType": kind, "Size": size });
            if kind.starts_with("io") {
                parameters["Iops"] = json!(100);
            }
            parameters
        };
        assert_eq!(volume(aws, sized(least))["Size"], least, "{kind}");
        assert_eq!(volume(aws, sized(most))["Size"], most, "{kind}");
        assert_eq!(
            code(aws, sized(least - 1)),
            "InvalidParameterValue",
            "{kind}"
        );
        assert_eq!(
            code(aws, sized(most + 1)),
            "InvalidParameterValue",
            "{kind}"
        );
    }
    assert_eq!(code(aws, json!({})), "MissingParameter");
}

fn iops_and_throughput_have_rules(aws: &Aws<'_>) {
    let asked = |kind: &str, iops: Option<i64>, throughput: Option<i64>| json!({ "VolumeType": kind, "Size": 10, "Iops": iops, "Throughput": throughput });
    for (kind, iops, throughput, expected) in [
        ("gp2", Some(100), None, "InvalidParameterCombination"),
        ("gp2", None, Some(125), "InvalidParameterCombination"),
        ("io1", None, None, "MissingParameter"),
        ("io1", Some(99), None, "InvalidParameterValue"),
        ("io1", Some(501), None, "InvalidParameterValue"),
        ("gp3", Some(2_999), None, "InvalidParameterValue"),
        ("gp3", Some(5_001), None, "InvalidParameterValue"),
        ("gp3", None, Some(124), "InvalidParameterValue"),
        ("gp3", Some(3_000), Some(751), "InvalidParameterValue"),
    ] {
        let refused = code(aws, asked(kind, iops, throughput));
        assert_eq!(refused, expected, "{kind} {iops:?} {throughput:?}");
    }
    assert_eq!(volume(aws, asked("io1", Some(500), None))["Iops"], 500);
    let made = volume(aws, asked("gp3", Some(5_000), Some(1_250)));
    assert_eq!(
        (&made["Iops"], &made["Throughput"]),
        (&json!(5_000), &json!(1_250))
    );
    let usual = volume(aws, asked("gp3", None, None));
    assert_eq!(
        (&usual["Iops"], &usual["Throughput"]),
        (&json!(3_000), &json!(125))
    );
}

fn a_volume_is_not_smaller_than_its_snapshot(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let of = |size: Option<i64>| json!({ "SnapshotId": snapshot, "Size": size });
    let made = volume(aws, of(None));
    assert_eq!(
        (&made["Size"], &made["SnapshotId"]),
        (&json!(8), &json!(snapshot))
    );
    assert_eq!(volume(aws, of(Some(9)))["Size"], 9);
    assert_eq!(code(aws, of(Some(7))), "InvalidParameterValue");
    let absent = json!({ "SnapshotId": "snap-00000000000000000" });
    assert_eq!(code(aws, absent), "InvalidSnapshot.NotFound");
}

fn a_volume_of_an_encrypted_snapshot_is_encrypted(aws: &Aws<'_>) {
    let key = aws.call("kms", "CreateKey", json!({}));
    let key = text(&key["KeyMetadata"]["Arn"]);
    let encrypted = json!({ "Size": 8, "Encrypted": true, "KmsKeyId": key });
    let source = volume(aws, encrypted);
    let snapshot = aws.ec2("CreateSnapshot", json!({ "VolumeId": source["VolumeId"] }));
    aws.pass(std::time::Duration::from_mins(10));
    let of = json!({ "SnapshotId": snapshot["SnapshotId"] });
    assert_eq!(volume(aws, of.clone())["KmsKeyId"], key.as_str());
    let plain = json!({ "SnapshotId": snapshot["SnapshotId"], "Encrypted": false });
    assert_eq!(code(aws, plain), "InvalidParameterValue");
    let share = json!({
        "SnapshotId": snapshot["SnapshotId"],
        "CreateVolumePermission": { "Add": [{ "UserId": OTHER }] },
    });
    aws.ec2("ModifySnapshotAttribute", share);
    assert_eq!(code(&aws.by(OTHER), of.clone()), "InvalidParameterValue");
    let grant = json!({
        "KeyId": key,
        "GranteePrincipal": format!("arn:aws:iam::{OTHER}:root"),
        "Operations": ["Decrypt"],
    });
    aws.call("kms", "CreateGrant", grant);
    let made = volume(&aws.by(OTHER), of);
    let managed = json!({ "KeyId": "alias/aws/ebs" });
    let managed = aws.by(OTHER).call("kms", "DescribeKey", managed);
    assert_eq!(made["KmsKeyId"], managed["KeyMetadata"]["Arn"]);
}

fn a_key_needs_encrypted(aws: &Aws<'_>) {
    let key = aws.call("kms", "CreateKey", json!({}));
    let key = &key["KeyMetadata"]["KeyId"];
    let refused = code(aws, json!({ "Size": 8, "KmsKeyId": key }));
    assert_eq!(refused, "InvalidParameterDependency");
}

fn an_attached_volume_is_not_deleted(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    let instance = aws.ec2("RunInstances", run);
    let instance = text(&instance["Instances"][0]["InstanceId"]);
    let attached = json!({ "Filters": [
        { "Name": "attachment.instance-id", "Values": [instance] },
    ]});
    let volumes = aws.ec2("DescribeVolumes", attached);
    let volume = &volumes["Volumes"][0];
    assert_eq!(volume["State"], "in-use");
    assert_eq!(volume["Attachments"][0]["Device"], "/dev/xvda");
    let delete = json!({ "VolumeId": volume["VolumeId"] });
    assert_eq!(aws.ec2_code("DeleteVolume", delete), "VolumeInUse");
}

fn volumes_are_filtered(aws: &Aws<'_>) {
    let tags = json!([{
        "ResourceType": "volume", "Tags": [{ "Key": "team", "Value": "core" }],
    }]);
    let wanted = json!({ "Size": 9, "Encrypted": true, "TagSpecifications": tags });
    let wanted = volume(aws, wanted);
    volume(aws, json!({ "Size": 8 }));
    for (name, value) in [
        ("size", "9"),
        ("encrypted", "true"),
        ("tag:team", "core"),
        ("volume-id", wanted["VolumeId"].as_str().unwrap_or_default()),
    ] {
        let filter = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
        let found = aws.ec2("DescribeVolumes", filter);
        let found = found["Volumes"].as_array().cloned().unwrap_or_default();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0]["VolumeId"], wanted["VolumeId"], "{name}");
    }
    let unknown = json!({ "Filters": [{ "Name": "colour", "Values": ["blue"] }] });
    assert_eq!(
        aws.ec2_code("DescribeVolumes", unknown),
        "InvalidParameterValue"
    );
}

fn volumes_are_their_owners_alone(aws: &Aws<'_>) {
    let made = volume(aws, json!({ "Size": 8 }));
    let named = json!({ "VolumeIds": [made["VolumeId"]] });
    let other = aws.by(OTHER);
    assert_eq!(
        other.ec2_code("DescribeVolumes", named),
        "InvalidVolume.NotFound"
    );
    let snapshot = json!({ "VolumeId": made["VolumeId"] });
    assert_eq!(
        other.ec2_code("CreateSnapshot", snapshot),
        "InvalidVolume.NotFound"
    );
    let malformed = json!({ "VolumeIds": ["volume"] });
    assert_eq!(
        aws.ec2_code("DescribeVolumes", malformed),
        "InvalidParameterValue"
    );
}

fn zones_are_described(aws: &Aws<'_>) {
    let zones = aws.ec2("DescribeAvailabilityZones", json!({}));
    let zones = zones["AvailabilityZones"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert!(zones.len() >= 3);
    assert!(zones.iter().all(|zone| zone["RegionName"] == HERE));
    let zone = &zones[1];
    let filter = json!({ "Filters": [{ "Name": "zone-id", "Values": [zone["ZoneId"]] }] });
    let found = aws.ec2("DescribeAvailabilityZones", filter);
    assert_eq!(found["AvailabilityZones"], json!([zone]));
    let by_id = json!({ "AvailabilityZoneId": zone["ZoneId"], "Size": 8 });
    let made = aws.ec2("CreateVolume", by_id);
    assert_eq!(made["AvailabilityZone"], zone["ZoneName"]);
    let nowhere = json!({ "AvailabilityZone": "us-east-1z", "Size": 8 });
    assert_eq!(
        aws.ec2_code("CreateVolume", nowhere),
        "InvalidZone.NotFound"
    );
    let unknown = json!({ "ZoneNames": ["us-east-1z"] });
    let refused = aws.ec2_code("DescribeAvailabilityZones", unknown);
    assert_eq!(refused, "InvalidParameterValue");
}
