//! What moto is right about: each of these runs there as well, and must come to the same.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, OWNER, THERE, text};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "agreement",
    title: "What moto is right about, too",
    scenarios: &[
        scenario!(
            accounts_and_everyone_are_let_launch_and_taken_out_again,
            Documented,
            "AWSEC2/latest/APIReference/API_ModifyImageAttribute.html",
            "Accounts and the group `all` are added to an image's launch permissions and removed \
             again, by either form of the call.",
        )
        .and_moto(),
        scenario!(
            organizations_and_units_are_let_launch_by_arn,
            Documented,
            "AWSEC2/latest/UserGuide/share-amis-with-organizations-and-OUs.html",
            "Organizations and organizational units are let launch an image by their ARNs.",
        )
        .and_moto(),
        scenario!(
            one_wrong_permission_keeps_the_others_out,
            Inferred,
            "AWSEC2/latest/APIReference/errors-overview.html",
            "A call in which one account's number is none is refused whole.",
        )
        .and_moto(),
        scenario!(
            fifty_tags_and_no_more,
            Documented,
            "AWSEC2/latest/UserGuide/Using_Tags.html",
            "A resource has at most 50 tags; a tag that is there already counts once.",
        )
        .and_moto(),
        scenario!(
            a_tag_is_deleted_by_its_key_or_by_key_and_value,
            Documented,
            "AWSEC2/latest/APIReference/API_DeleteTags.html",
            "Deleting a tag with another value than it has leaves it.",
        )
        .and_moto(),
        scenario!(
            tags_are_listed_by_key_and_resource,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeTags.html",
            "Tags are listed by the kind and id of their resource, by key and by value.",
        )
        .and_moto(),
        scenario!(
            wrong_ids_have_their_own_errors,
            Documented,
            "AWSEC2/latest/APIReference/errors-overview.html",
            "An id that is none is told from one that is not there.",
        )
        .and_moto(),
        scenario!(
            an_image_is_deregistered_once,
            Documented,
            "AWSEC2/latest/APIReference/API_DeregisterImage.html",
            "An image that was deregistered is no longer available.",
        )
        .and_moto(),
        scenario!(
            images_are_listed_by_owner,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeImages.html",
            "Images are listed by their owner: an account's number, or `self`.",
        )
        .and_moto(),
        scenario!(
            filters_match_any_value_and_all_filters,
            Documented,
            "AWSEC2/latest/UserGuide/Using_Filtering.html",
            "A filter matches any of its values, wildcards too; an image must match every filter.",
        )
        .and_moto(),
        scenario!(
            a_snapshot_of_an_image_stays,
            Documented,
            "AWSEC2/latest/APIReference/API_DeleteSnapshot.html",
            "The snapshot of a registered image is in use until the image is deregistered.",
        )
        .and_moto(),
        scenario!(
            a_copy_has_neither_the_permissions_nor_the_tags,
            Documented,
            "AWSEC2/latest/UserGuide/CopyingAMIs.html",
            "A copy carries neither launch permissions nor tags of its source.",
        )
        .and_moto(),
        scenario!(
            an_image_is_disabled_until_it_is_enabled,
            Documented,
            "AWSEC2/latest/UserGuide/disable-an-ami.html",
            "A disabled image is `disabled`, and `available` once it is enabled again.",
        )
        .and_moto(),
        scenario!(
            a_dry_run_changes_nothing,
            Documented,
            "AWSEC2/latest/APIReference/API_DeregisterImage.html",
            "A dry run that might go ahead answers `DryRunOperation` and does nothing.",
        )
        .and_moto(),
    ],
};

const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-123example";
const UNIT: &str = "arn:aws:organizations::111111111111:ou/o-123example/ou-1234-5example";

/// The launch permissions of an image, in an order of their own.
#[track_caller]
fn permissions(aws: &Aws<'_>, image: &str) -> Vec<Value> {
    let asked = json!({ "ImageId": image, "Attribute": "launchPermission" });
    let answer = aws.ec2("DescribeImageAttribute", asked);
    let found = answer["LaunchPermissions"].as_array().cloned();
    let mut found = found.unwrap_or_default();
    found.sort_by_key(Value::to_string);
    found
}

fn accounts_and_everyone_are_let_launch_and_taken_out_again(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let modify = |change: Value| {
        aws.ec2(
            "ModifyImageAttribute",
            json!({ "ImageId": image, "LaunchPermission": change }),
        );
        permissions(aws, &image)
    };
    let (all, other) = (json!({ "Group": "all" }), json!({ "UserId": OTHER }));
    assert_eq!(permissions(aws, &image), Vec::<Value>::new());
    assert_eq!(
        modify(json!({ "Add": [all, other] })),
        [all.clone(), other.clone()]
    );
    assert_eq!(
        modify(json!({ "Add": [other] })),
        [all.clone(), other.clone()]
    );
    assert_eq!(aws.described(&image)["Public"], true);
    assert_eq!(modify(json!({ "Remove": [all] })), [other]);
    assert_eq!(aws.described(&image)["Public"], false);
    let remove = json!({
        "ImageId": image, "Attribute": "launchPermission",
        "OperationType": "remove", "UserIds": [OTHER],
    });
    aws.ec2("ModifyImageAttribute", remove);
    assert_eq!(permissions(aws, &image), Vec::<Value>::new());
}

fn organizations_and_units_are_let_launch_by_arn(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let modify = |kind: &str, arns: &str, arn: &str| {
        let change = json!({
            "ImageId": image, "Attribute": "launchPermission", "OperationType": kind, arns: [arn],
        });
        aws.ec2("ModifyImageAttribute", change);
        permissions(aws, &image)
    };
    let organization = json!({ "OrganizationArn": ORGANIZATION });
    let unit = json!({ "OrganizationalUnitArn": UNIT });
    let added = modify("add", "OrganizationArns", ORGANIZATION);
    assert_eq!(added, std::slice::from_ref(&organization));
    assert_eq!(
        modify("add", "OrganizationalUnitArns", UNIT),
        [organization, unit.clone()]
    );
    assert_eq!(modify("remove", "OrganizationArns", ORGANIZATION), [unit]);
    assert_eq!(aws.described(&image)["Public"], false);
}

fn one_wrong_permission_keeps_the_others_out(aws: &Aws<'_>) {
    let image = aws.image("golden");
    for wrong in [
        json!({ "UserId": "12345" }),
        json!({ "UserId": "one of ours" }),
    ] {
        let change = json!({ "Add": [{ "UserId": OTHER }, wrong] });
        let change = json!({ "ImageId": image, "LaunchPermission": change });
        let code = aws.ec2_code("ModifyImageAttribute", change);
        assert_eq!(code, "InvalidAMIAttributeItemValue", "{wrong}");
    }
    assert_eq!(permissions(aws, &image), Vec::<Value>::new());
}

fn tags(numbers: std::ops::Range<u32>) -> Value {
    let tags = numbers.map(|number| json!({ "Key": format!("key-{number:02}"), "Value": "1" }));
    Value::Array(tags.collect())
}

fn fifty_tags_and_no_more(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let tagged = |tags: Value| json!({ "Resources": [image], "Tags": tags });
    let code = aws.ec2_code("CreateTags", tagged(tags(0..51)));
    assert_eq!(code, "TagLimitExceeded");
    assert!(
        aws.described(&image)["Tags"]
            .as_array()
            .is_none_or(Vec::is_empty)
    );
    aws.ec2("CreateTags", tagged(tags(0..50)));
    aws.ec2("CreateTags", tagged(tags(49..50)));
    let code = aws.ec2_code("CreateTags", tagged(tags(49..51)));
    assert_eq!(code, "TagLimitExceeded");
    let there = aws.described(&image)["Tags"].as_array().map(Vec::len);
    assert_eq!(there, Some(50));
}

fn a_tag_is_deleted_by_its_key_or_by_key_and_value(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.ec2(
        "CreateTags",
        json!({ "Resources": [image], "Tags": tags(0..3) }),
    );
    let delete = |tag: Value| {
        aws.ec2("DeleteTags", json!({ "Resources": [image], "Tags": [tag] }));
        aws.described(&image)["Tags"].as_array().map(Vec::len)
    };
    assert_eq!(delete(json!({ "Key": "key-00", "Value": "2" })), Some(3));
    assert_eq!(delete(json!({ "Key": "key-00", "Value": "1" })), Some(2));
    assert_eq!(delete(json!({ "Key": "key-01" })), Some(1));
    assert_eq!(delete(json!({ "Key": "key-99" })), Some(1));
}

fn tags_are_listed_by_key_and_resource(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let image = aws.image_over("golden", &snapshot);
    aws.ec2(
        "CreateTags",
        json!({ "Resources": [image, snapshot], "Tags": tags(0..2) }),
    );
    let found = |filters: &[(&str, &str)]| {
        let filters = filters.iter();
        let filters = filters.map(|(name, value)| json!({ "Name": name, "Values": [value] }));
        let filters: Vec<Value> = filters.collect();
        aws.ec2("DescribeTags", json!({ "Filters": filters }))["Tags"].clone()
    };
    let written = |key: &str| json!({ "Key": key, "Value": "1", "ResourceId": image, "ResourceType": "image" });
    assert_eq!(
        found(&[("resource-id", &image), ("key", "key-00")]),
        json!([written("key-00")])
    );
    assert_eq!(
        found(&[("resource-type", "image"), ("key", "*-01")]),
        json!([written("key-01")])
    );
    assert_eq!(found(&[("value", "1")]).as_array().map(Vec::len), Some(4));
    assert_eq!(found(&[("key", "key-9*")]), json!([]));
}

fn wrong_ids_have_their_own_errors(aws: &Aws<'_>) {
    let missing = "0123456789abcdef0";
    for (operation, parameters, code) in [
        (
            "DescribeImages",
            json!({ "ImageIds": ["golden"] }),
            "InvalidAMIID.Malformed",
        ),
        (
            "DescribeImages",
            json!({ "ImageIds": [format!("ami-{missing}")] }),
            "InvalidAMIID.NotFound",
        ),
        (
            "DeregisterImage",
            json!({ "ImageId": format!("ami-{missing}") }),
            "InvalidAMIID.NotFound",
        ),
        (
            "DescribeSnapshots",
            json!({ "SnapshotIds": [format!("snap-{missing}")] }),
            "InvalidSnapshot.NotFound",
        ),
        (
            "DeleteSnapshot",
            json!({ "SnapshotId": format!("snap-{missing}") }),
            "InvalidSnapshot.NotFound",
        ),
        (
            "CreateSnapshot",
            json!({ "VolumeId": format!("vol-{missing}") }),
            "InvalidVolume.NotFound",
        ),
        (
            "CreateTags",
            json!({ "Resources": [format!("ami-{missing}")], "Tags": tags(0..1) }),
            "InvalidAMIID.NotFound",
        ),
        (
            "CreateTags",
            json!({ "Resources": ["golden"], "Tags": tags(0..1) }),
            "InvalidID",
        ),
    ] {
        assert_eq!(aws.ec2_code(operation, parameters), code, "{operation}");
    }
}

fn an_image_is_deregistered_once(aws: &Aws<'_>) {
    let named = json!({ "ImageId": aws.image("golden") });
    aws.ec2("DeregisterImage", named.clone());
    let code = aws.ec2_code("DeregisterImage", named.clone());
    assert_eq!(code, "InvalidAMIID.Unavailable");
    let code = aws.ec2_code("DisableImage", named);
    assert_eq!(code, "InvalidAMIID.Unavailable");
}

/// The ids in a listing of images, in order.
#[track_caller]
fn listed(aws: &Aws<'_>, parameters: Value) -> Vec<String> {
    let answer = aws.ec2("DescribeImages", parameters);
    let images = answer["Images"].as_array().into_iter().flatten();
    let mut ids: Vec<String> = images.map(|image| text(&image["ImageId"])).collect();
    ids.sort();
    ids
}

fn images_are_listed_by_owner(aws: &Aws<'_>) {
    let image = aws.image("golden");
    for (owner, there) in [
        ("self", true),
        (OWNER, true),
        (OTHER, false),
        ("amazon", false),
    ] {
        let found = listed(aws, json!({ "Owners": [owner] }));
        assert_eq!(found.contains(&image), there, "{owner}");
    }
    let filter = json!([{ "Name": "owner-id", "Values": [OWNER] }]);
    assert_eq!(listed(aws, json!({ "Filters": filter })), [image]);
}

fn filters_match_any_value_and_all_filters(aws: &Aws<'_>) {
    let (one, two) = (aws.image("golden-1"), aws.image("golden-2"));
    let other = aws.image("silver-1");
    let tag = json!([{ "Key": "stage", "Value": "prod" }]);
    aws.ec2(
        "CreateTags",
        json!({ "Resources": [two, other], "Tags": tag }),
    );
    let found = |filters: Value| listed(aws, json!({ "Filters": filters }));
    let sorted = |mut ids: Vec<&String>| -> Vec<String> {
        ids.sort();
        ids.into_iter().cloned().collect()
    };
    let name = |values: Value| json!({ "Name": "name", "Values": values });
    let prod = json!({ "Name": "tag:stage", "Values": ["prod"] });
    assert_eq!(
        found(json!([name(json!(["golden-*"]))])),
        sorted(vec![&one, &two])
    );
    assert_eq!(
        found(json!([name(json!(["golden-1", "silver-1"]))])),
        sorted(vec![&one, &other])
    );
    assert_eq!(found(json!([name(json!(["golden-*"])), prod])), [two]);
    assert_eq!(
        found(json!([name(json!(["golden"]))])),
        Vec::<String>::new()
    );
}

fn a_snapshot_of_an_image_stays(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let devices = &aws.described(&image)["BlockDeviceMappings"];
    let snapshot = json!({ "SnapshotId": devices[0]["Ebs"]["SnapshotId"] });
    let code = aws.ec2_code("DeleteSnapshot", snapshot.clone());
    assert_eq!(code, "InvalidSnapshot.InUse");
    aws.ec2("DeregisterImage", json!({ "ImageId": image }));
    aws.ec2("DeleteSnapshot", snapshot.clone());
    let code = aws.ec2_code("DeleteSnapshot", snapshot);
    assert_eq!(code, "InvalidSnapshot.NotFound");
}

fn a_copy_has_neither_the_permissions_nor_the_tags(aws: &Aws<'_>) {
    let source = aws.image("golden");
    let share = json!({ "Add": [{ "UserId": OTHER }] });
    aws.ec2(
        "ModifyImageAttribute",
        json!({ "ImageId": source, "LaunchPermission": share }),
    );
    aws.ec2(
        "CreateTags",
        json!({ "Resources": [source], "Tags": tags(0..1) }),
    );
    let there = aws.at(THERE);
    let copy = there.ec2(
        "CopyImage",
        json!({ "Name": "copied", "SourceImageId": source, "SourceRegion": HERE }),
    );
    let copy = text(&copy["ImageId"]);
    aws.pass(Duration::from_hours(1));
    let described = there.described(&copy);
    assert_eq!(described["Name"], "copied");
    assert!(described["Tags"].as_array().is_none_or(Vec::is_empty));
    assert_eq!(permissions(&there, &copy), Vec::<Value>::new());
    let missing = aws.ec2_code("DescribeImages", json!({ "ImageIds": [copy] }));
    assert_eq!(missing, "InvalidAMIID.NotFound");
}

fn an_image_is_disabled_until_it_is_enabled(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let named = json!({ "ImageId": image });
    aws.ec2("DisableImage", named.clone());
    assert_eq!(aws.described(&image)["State"], "disabled");
    aws.ec2("EnableImage", named);
    assert_eq!(aws.described(&image)["State"], "available");
}

fn a_dry_run_changes_nothing(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let refused = aws.refused(
        "ec2",
        "DeregisterImage",
        json!({ "ImageId": image, "DryRun": true }),
    );
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("DryRunOperation", 412)
    );
    assert_eq!(aws.described(&image)["State"], "available");
}
