//! Copying images.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, THERE, text};
use crate::scenario::{Section, scenario};

const COPY: &str = "AWSEC2/latest/APIReference/API_CopyImage.html";
const GUIDE: &str = "AWSEC2/latest/UserGuide/CopyingAMIs.html";
const ENCRYPTION: &str = "AWSEC2/latest/UserGuide/AMIEncryption.html";

pub const SECTION: Section = Section {
    name: "copy",
    title: "Copying images",
    scenarios: &[
        scenario!(
            a_copy_is_pending_first_and_available_later,
            Documented,
            GUIDE,
            "A copy is `pending` at first and `available` once its snapshots are copied.",
        ),
        scenario!(
            a_copy_has_snapshots_of_its_own,
            Documented,
            GUIDE,
            "A copy, in the same Region too, carries the block devices over snapshots that the caller owns.",
        ),
        scenario!(
            sources_that_cannot_be_copied_are_refused,
            Documented,
            "AWSEC2/latest/APIReference/errors-overview.html",
            "A source that is malformed, absent, pending, gone or in no Region is refused at once.",
        ),
        scenario!(
            what_belongs_to_the_source_is_not_copied,
            Documented,
            GUIDE,
            "Launch permissions, tags, deprecation and deregistration protection stay with the source.",
        ),
        scenario!(
            tags_are_given_or_copied,
            Documented,
            COPY,
            "Image and snapshots are tagged by the call; `CopyImageTags` adds the source's tags that are the caller's own.",
        ),
        scenario!(
            a_token_makes_one_copy,
            Documented,
            "ec2/latest/devguide/ec2-api-idempotency.html",
            "The same call under a token gets the same image, in its Region; another call is refused.",
        ),
        scenario!(
            a_shared_source_needs_its_storage_shared,
            Documented,
            GUIDE,
            "A shared image is copied only by who may read its snapshots.",
        ),
        scenario!(
            encryption_is_added_and_never_taken_off,
            Documented,
            ENCRYPTION,
            "A copy is encrypted where it is asked for, by default, or as the source is; `KmsKeyId` needs `Encrypted`.",
        ),
        scenario!(
            a_bad_key_fails_the_copy_later,
            Documented,
            COPY,
            "A key that is not in the destination Region is taken, and the copy fails later with its reason.",
        ),
        scenario!(
            an_instance_store_image_is_copied_to_a_bucket,
            Documented,
            GUIDE,
            "A copy of an instance-store image lies in a bucket of AWS's naming, and its encryption can't change.",
        ),
        scenario!(
            a_time_based_copy_is_done_in_time,
            Documented,
            "ebs/latest/userguide/time-based-copies.html",
            "A copy with a completion duration is done within it; durations are quarters of an hour up to 48 hours.",
        ),
        scenario!(
            concurrent_copies_have_a_quota,
            Documented,
            "AWSEC2/latest/UserGuide/ami-quotas.html",
            "At most 300 copies are under way for an account and destination Region.",
        ),
    ],
};

fn copy_of(image: &str, name: &str) -> Value {
    json!({ "Name": name, "SourceImageId": image, "SourceRegion": HERE })
}

/// A copy of an image of `HERE`, with more parameters.
fn copied(aws: &Aws<'_>, image: &str, name: &str, more: &[(&str, Value)]) -> String {
    let mut parameters = copy_of(image, name);
    for (name, value) in more {
        parameters[*name] = value.clone();
    }
    text(&aws.ec2("CopyImage", parameters)["ImageId"])
}

/// The snapshot of an image's first device.
fn first_snapshot(aws: &Aws<'_>, image: &str) -> Value {
    let id = aws.described(image)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"].clone();
    let found = aws.ec2("DescribeSnapshots", json!({ "SnapshotIds": [id] }));
    found["Snapshots"][0].clone()
}

fn a_copy_is_pending_first_and_available_later(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let there = aws.at(THERE);
    let copy = there.ec2(
        "CopyImage",
        json!({ "Name": "golden", "SourceImageId": source, "SourceRegion": HERE }),
    );
    let copy = text(&copy["ImageId"]);
    assert_eq!(there.described(&copy)["State"], "pending");
    aws.pass(Duration::from_hours(1));
    let described = there.described(&copy);
    assert_eq!(described["State"], "available");
    assert_eq!(described["SourceImageId"], source);
    assert_eq!(described["SourceImageRegion"], HERE);
}

fn a_copy_has_snapshots_of_its_own(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let other = aws.by(OTHER);
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    aws.ec2(
        "ModifyImageAttribute",
        json!({ "ImageId": source, "LaunchPermission": add }),
    );
    let snapshot = first_snapshot(aws, &source)["SnapshotId"].clone();
    aws.ec2(
        "ModifySnapshotAttribute",
        json!({ "SnapshotId": snapshot, "CreateVolumePermission": add }),
    );
    let copy = copied(&other, &source, "golden", &[]);
    let refused = other.ec2_code("CopyImage", copy_of(&source, "golden"));
    assert_eq!(refused, "InvalidAMIName.Duplicate");
    let image = other.described(&copy);
    assert_eq!(image["OwnerId"], OTHER);
    assert_eq!(image["RootDeviceName"], "/dev/xvda");
    assert_eq!(image["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"], 8);
    let own = first_snapshot(&other, &copy);
    assert_eq!(own["OwnerId"], OTHER);
    assert_ne!(own["SnapshotId"], snapshot);
}

fn sources_that_cannot_be_copied_are_refused(aws: &Aws<'_>) {
    let there = aws.at(THERE);
    let source = aws.image("golden");
    let gone = aws.image("gone");
    aws.ec2("DeregisterImage", json!({ "ImageId": gone }));
    let pending = copied(aws, &source, "pending", &[]);
    for (id, code) in [
        ("ami-nonsense", "InvalidAMIID.Malformed"),
        ("ami-00000000000000000", "InvalidAMIID.NotFound"),
        (pending.as_str(), "InvalidAMIID.Unavailable"),
        (gone.as_str(), "InvalidAMIID.Unavailable"),
    ] {
        let refused = there.ec2_code("CopyImage", copy_of(id, "copy"));
        assert_eq!(refused, code, "{id}");
    }
    let mut nowhere = copy_of(&source, "copy");
    nowhere["SourceRegion"] = json!("us-north-7");
    let refused = there.ec2_code("CopyImage", nowhere);
    assert_eq!(refused, "InvalidParameterValue");
    let refused = there.ec2_code("CopyImage", copy_of(&source, "semi;colon"));
    assert_eq!(refused, "InvalidAMIName.Malformed");
}

fn what_belongs_to_the_source_is_not_copied(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let add = json!({ "Add": [{ "UserId": OTHER }, { "Group": "all" }] });
    let tags = json!([{ "Key": "team", "Value": "web" }]);
    for (operation, more) in [
        ("ModifyImageAttribute", json!({ "LaunchPermission": add })),
        ("EnableImageDeregistrationProtection", json!({})),
    ] {
        let mut parameters = more;
        parameters["ImageId"] = json!(source);
        aws.ec2(operation, parameters);
    }
    aws.ec2("CreateTags", json!({ "Resources": [source], "Tags": tags }));
    let there = aws.at(THERE);
    let copy = copied(&there, &source, "copy", &[]);
    let image = there.described(&copy);
    assert_eq!(image["Public"], false);
    assert_eq!(image["DeregistrationProtection"], "disabled");
    assert!(image["DeprecationTime"].is_null());
    assert!(image["Tags"][0].is_null());
    let asked = json!({ "ImageId": copy, "Attribute": "launchPermission" });
    let read = there.ec2("DescribeImageAttribute", asked);
    assert!(read["LaunchPermissions"][0].is_null());
}

fn tags_are_given_or_copied(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let tag = |key: &str| json!([{ "Key": key, "Value": "x" }]);
    let on = |kind: &str, key: &str| json!({ "ResourceType": kind, "Tags": tag(key) });
    aws.ec2(
        "CreateTags",
        json!({ "Resources": [source], "Tags": tag("carried") }),
    );
    let given = json!([on("image", "given"), on("snapshot", "part")]);
    let more = [("CopyImageTags", json!(true)), ("TagSpecifications", given)];
    let there = aws.at(THERE);
    let copy = copied(&there, &source, "copy", &more);
    let tags = there.described(&copy)["Tags"].clone();
    let keys: Vec<String> = (0..2).map(|at| text(&tags[at]["Key"])).collect();
    assert!(keys.contains(&"carried".to_owned()) && keys.contains(&"given".to_owned()));
    assert_eq!(first_snapshot(&there, &copy)["Tags"], tag("part"));
    let mut wrong = copy_of(&source, "wrong");
    wrong["TagSpecifications"] = json!([on("volume", "x")]);
    let refused = there.ec2_code("CopyImage", wrong);
    assert_eq!(refused, "InvalidParameterValue");
}

fn a_token_makes_one_copy(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let there = aws.at(THERE);
    let token = [("ClientToken", json!("token-1"))];
    let copy = copied(&there, &source, "copy", &token);
    assert_eq!(copied(&there, &source, "copy", &token), copy);
    let mut other = copy_of(&source, "other");
    other["ClientToken"] = json!("token-1");
    let refused = there.ec2_code("CopyImage", other.clone());
    assert_eq!(refused, "IdempotentParameterMismatch");
    assert_ne!(text(&aws.ec2("CopyImage", other)["ImageId"]), copy);
    let long = "t".repeat(65);
    let mut long_token = copy_of(&source, "long");
    long_token["ClientToken"] = json!(long);
    let refused = there.ec2_code("CopyImage", long_token);
    assert_eq!(refused, "InvalidParameterValue");
}

fn a_shared_source_needs_its_storage_shared(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let other = aws.by(OTHER).at(THERE);
    let refused = other.ec2_code("CopyImage", copy_of(&source, "copy"));
    assert_eq!(refused, "InvalidAMIID.NotFound");
    let everyone = json!({ "Add": [{ "Group": "all" }] });
    let share = json!({ "ImageId": source, "LaunchPermission": everyone });
    aws.ec2("ModifyImageAttribute", share);
    let refused = other.refused("ec2", "CopyImage", copy_of(&source, "copy"));
    let message = "You do not have permission to access the storage of this ami";
    assert_eq!(refused.message, message);
}

fn encryption_is_added_and_never_taken_off(aws: &Aws<'_>) {
    let plain = aws.image("plain");
    let there = aws.at(THERE);
    let mut keyed = copy_of(&plain, "keyed");
    keyed["KmsKeyId"] = json!("alias/aws/ebs");
    let refused = there.ec2_code("CopyImage", keyed);
    assert_eq!(refused, "InvalidParameterDependency");
    let copy = copied(&there, &plain, "as-it-is", &[]);
    assert_eq!(first_snapshot(&there, &copy)["Encrypted"], false);
    let key = aws.call("kms", "CreateKey", json!({}));
    let key = key["KeyMetadata"]["Arn"].clone();
    let more = [("Encrypted", json!(true)), ("KmsKeyId", key.clone())];
    let encrypted = copied(aws, &plain, "encrypted", &more);
    aws.pass(Duration::from_hours(1));
    assert_eq!(first_snapshot(aws, &encrypted)["KmsKeyId"], key);
    let again = copied(aws, &encrypted, "again", &[]);
    assert_eq!(first_snapshot(aws, &again)["KmsKeyId"], key);
    let mut stripped = copy_of(&encrypted, "stripped");
    stripped["Encrypted"] = json!(false);
    let refused = there.ec2_code("CopyImage", stripped);
    assert_eq!(refused, "InvalidRequest");
    there.ec2("EnableEbsEncryptionByDefault", json!({}));
    let default = copied(&there, &plain, "by-default", &[]);
    assert_eq!(first_snapshot(&there, &default)["Encrypted"], true);
}

fn a_bad_key_fails_the_copy_later(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let key = aws.call("kms", "CreateKey", json!({}));
    let there = aws.at(THERE);
    let more = [
        ("Encrypted", json!(true)),
        ("KmsKeyId", key["KeyMetadata"]["Arn"].clone()),
    ];
    let copy = copied(&there, &source, "copy", &more);
    assert_eq!(there.described(&copy)["State"], "pending");
    aws.pass(Duration::from_hours(1));
    let image = there.described(&copy);
    assert_eq!(image["State"], "failed");
    assert!(!text(&image["StateReason"]["Code"]).is_empty());
    assert!(!text(&image["StateReason"]["Message"]).is_empty());
}

fn an_instance_store_image_is_copied_to_a_bucket(aws: &Aws<'_>) {
    let bundled = json!({ "Name": "bundled", "ImageLocation": aws.bundle() });
    let source = text(&aws.ec2("RegisterImage", bundled)["ImageId"]);
    let there = aws.at(THERE);
    let mut encrypted = copy_of(&source, "encrypted");
    encrypted["Encrypted"] = json!(true);
    let refused = there.ec2_code("CopyImage", encrypted);
    assert_eq!(refused, "InvalidRequest");
    let copy = copied(&there, &source, "copy", &[]);
    aws.pass(Duration::from_hours(1));
    let image = there.described(&copy);
    assert_eq!(image["State"], "available");
    assert_eq!(image["RootDeviceType"], "instance-store");
    let location = text(&image["ImageLocation"]);
    let bucket = format!("amis-for-{}-in-{THERE}-", aws.account());
    assert!(location.starts_with(&bucket), "{location}");
    assert!(location.ends_with(".manifest.xml"), "{location}");
}

fn a_time_based_copy_is_done_in_time(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let there = aws.at(THERE);
    for minutes in [10, 2895] {
        let mut wrong = copy_of(&source, "wrong");
        wrong["SnapshotCopyCompletionDurationMinutes"] = json!(minutes);
        let refused = there.ec2_code("CopyImage", wrong);
        assert_eq!(refused, "InvalidParameterValue", "{minutes}");
    }
    let within = [("SnapshotCopyCompletionDurationMinutes", json!(15))];
    let copy = copied(&there, &source, "copy", &within);
    aws.pass(Duration::from_mins(15));
    assert_eq!(there.described(&copy)["State"], "available");
}

fn concurrent_copies_have_a_quota(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let there = aws.at(THERE);
    for number in 0..300 {
        copied(&there, &source, &format!("copy-{number}"), &[]);
    }
    let refused = there.ec2_code("CopyImage", copy_of(&source, "one-more"));
    assert_eq!(refused, "ResourceLimitExceeded");
    copied(aws, &source, "elsewhere", &[]);
    aws.pass(Duration::from_hours(1));
    copied(&there, &source, "one-more", &[]);
}
