//! Images between accounts: who sees a shared one, who may copy it, and what a copy of it keeps.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, text};
use crate::scenario::{Section, scenario};

const COPYING: &str = "AWSEC2/latest/UserGuide/CopyingAMIs.html";
const ERRORS: &str = "AWSEC2/latest/APIReference/errors-overview.html";

const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";
const UNIT: &str = "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-abcd-12345678";

pub const SECTION: Section = Section {
    name: "shares",
    title: "Images between accounts",
    scenarios: &[
        scenario!(
            permissions_of_no_form_are_refused,
            Documented,
            ERRORS,
            "What isn't an account, an organization, a unit or `all` is `InvalidAMIAttributeItemValue`, in both forms.",
        ),
        scenario!(
            members_of_an_organization_see_its_images,
            Documented,
            "AWSEC2/latest/UserGuide/share-amis-with-organizations-and-OUs.html",
            "An image shared with an organization or a unit is seen and launched by its members, and by nobody else.",
        ),
        scenario!(
            an_image_under_a_customers_key_is_shared_but_never_public,
            Documented,
            "AWSEC2/latest/UserGuide/sharingamis-intro.html",
            "An image encrypted under a customer-managed key can be shared with accounts, and never made public.",
        ),
        scenario!(
            a_shared_images_copy_keeps_shared_tags_alone,
            Documented,
            "AWSEC2/latest/APIReference/API_CopyImage.html",
            "`CopyImageTags` leaves out other accounts' tags, except those that begin with `ec2:SharedTag/`.",
        ),
        scenario!(
            a_share_is_needed_until_the_copy_ends,
            Inferred,
            COPYING,
            "A copy whose source's snapshot is shared no more when it ends has failed.",
        ),
        scenario!(
            an_encrypted_source_needs_its_key_shared,
            Documented,
            "AWSEC2/latest/UserGuide/AMIEncryption.html",
            "A shared image under its owner's key is copied only by who may use the key, and the copy is under the copier's own.",
        ),
        scenario!(
            another_accounts_snapshot_stays,
            Documented,
            "AWSEC2/latest/APIReference/API_DeregisterImage.html",
            "Deregistering with snapshots leaves one that another account owns, and says `missing-permissions`.",
        ),
        scenario!(
            the_last_fifty_are_told_of_an_ancestry,
            Documented,
            "AWSEC2/latest/UserGuide/ami-ancestry.html",
            "An ancestry has at most 50 entries.",
        ),
        scenario!(
            an_ancestry_ends_before_what_the_caller_does_not_see,
            Chosen,
            "AWSEC2/latest/UserGuide/ami-ancestry.html",
            "An ancestry ends at the last image the caller sees, which names the one it was copied from.",
        ),
    ],
};

fn add(image: &str, entry: &Value) -> Value {
    json!({ "ImageId": image, "LaunchPermission": { "Add": [entry] } })
}

fn copy_of(image: &str, name: &str) -> Value {
    json!({ "Name": name, "SourceImageId": image, "SourceRegion": HERE })
}

fn snapshot_of(aws: &Aws<'_>, image: &str) -> String {
    text(&aws.described(image)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"])
}

/// Lets another account make volumes of a snapshot, or not any more.
fn let_read(aws: &Aws<'_>, snapshot: &str, how: &str) {
    let permission = json!({ how: [{ "UserId": OTHER }] });
    let parameters = json!({ "SnapshotId": snapshot, "CreateVolumePermission": permission });
    aws.ec2("ModifySnapshotAttribute", parameters);
}

/// An image, shared with its storage with another account.
fn shared(aws: &Aws<'_>, name: &str) -> (String, String) {
    let snapshot = aws.snapshot();
    let image = aws.image_over(name, &snapshot);
    aws.ec2(
        "ModifyImageAttribute",
        add(&image, &json!({ "UserId": OTHER })),
    );
    let_read(aws, &snapshot, "Add");
    (image, snapshot)
}

/// A new key of the caller's, and an image that is encrypted under it.
fn under_own_key(aws: &Aws<'_>) -> (String, String) {
    let key = text(&aws.call("kms", "CreateKey", json!({}))["KeyMetadata"]["Arn"]);
    let mut copy = copy_of(&aws.image("plain"), "encrypted");
    copy["Encrypted"] = json!(true);
    copy["KmsKeyId"] = json!(key);
    let image = text(&aws.ec2("CopyImage", copy)["ImageId"]);
    aws.pass(Duration::from_hours(1));
    (key, image)
}

fn permissions_of_no_form_are_refused(aws: &Aws<'_>) {
    let image = aws.image("golden");
    for (member, list, value) in [
        ("UserId", "UserIds", "1234"),
        ("UserId", "UserIds", "all"),
        ("Group", "UserGroups", "everyone"),
        ("OrganizationArn", "OrganizationArns", "o-abcdefghij"),
        ("OrganizationArn", "OrganizationArns", UNIT),
        (
            "OrganizationalUnitArn",
            "OrganizationalUnitArns",
            ORGANIZATION,
        ),
        (
            "OrganizationalUnitArn",
            "OrganizationalUnitArns",
            "arn:aws:organizations::1:ou/o-abcdefghij/ou-abcd-12345678",
        ),
    ] {
        let structure = add(&image, &json!({ member: value }));
        let lists = json!({
            "ImageId": image,
            "Attribute": "launchPermission",
            "OperationType": "add",
            list: [value],
        });
        for form in [structure, lists] {
            let code = aws.ec2_code("ModifyImageAttribute", form.clone());
            assert_eq!(code, "InvalidAMIAttributeItemValue", "{form}");
        }
    }
    let asked = json!({ "ImageId": image, "Attribute": "launchPermission" });
    let read = aws.ec2("DescribeImageAttribute", asked);
    assert!(read["LaunchPermissions"][0].is_null());
}

fn members_of_an_organization_see_its_images(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let [whole, unit] = ["whole", "unit"].map(|name| aws.image_over(name, &snapshot));
    let permission = json!({ "OrganizationArn": ORGANIZATION });
    aws.ec2("ModifyImageAttribute", add(&whole, &permission));
    let permission = json!({ "OrganizationalUnitArn": UNIT });
    aws.ec2("ModifyImageAttribute", add(&unit, &permission));
    let member = aws.by(OTHER);
    let seen = || {
        let asked = json!({ "Owners": [aws.account()], "ExecutableUsers": ["self"] });
        let found = member.ec2("DescribeImages", asked)["Images"].clone();
        let mut names: Vec<String> = found
            .as_array()
            .into_iter()
            .flatten()
            .map(|image| text(&image["Name"]))
            .collect();
        names.sort();
        names
    };
    let run = |image: &str| json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    assert!(seen().is_empty());
    member.join(ORGANIZATION);
    assert_eq!(seen(), ["whole"]);
    let code = member.ec2_code("RunInstances", run(&unit));
    assert_eq!(code, "InvalidAMIID.NotFound");
    member.join(UNIT);
    assert_eq!(seen(), ["unit", "whole"]);
    member.ec2("RunInstances", run(&unit));
    let code = member.ec2_code("DisableImage", json!({ "ImageId": whole }));
    assert_eq!(code, "AuthFailure");
    let stranger = aws.by("333333333333");
    let code = stranger.ec2_code("DescribeImages", json!({ "ImageIds": [whole] }));
    assert_eq!(code, "InvalidAMIID.NotFound");
}

fn an_image_under_a_customers_key_is_shared_but_never_public(aws: &Aws<'_>) {
    let (_, image) = under_own_key(aws);
    let everyone = add(&image, &json!({ "Group": "all" }));
    let code = aws.ec2_code("ModifyImageAttribute", everyone);
    assert_eq!(code, "InvalidParameter");
    assert_eq!(aws.described(&image)["Public"], false);
    let account = add(&image, &json!({ "UserId": OTHER }));
    aws.ec2("ModifyImageAttribute", account);
    assert_eq!(aws.by(OTHER).described(&image)["ImageId"], image);
}

fn a_shared_images_copy_keeps_shared_tags_alone(aws: &Aws<'_>) {
    let (source, _) = shared(aws, "golden");
    let other = aws.by(OTHER);
    let tag = |aws: &Aws<'_>, key: &str| {
        let tags = json!([{ "Key": key, "Value": "x" }]);
        aws.ec2("CreateTags", json!({ "Resources": [source], "Tags": tags }));
    };
    for key in ["owners", "ec2:SharedTag/team"] {
        tag(aws, key);
    }
    tag(&other, "recipients");
    let mut copy = copy_of(&source, "copy");
    copy["CopyImageTags"] = json!(true);
    let keys = |aws: &Aws<'_>| {
        let copy = text(&aws.ec2("CopyImage", copy.clone())["ImageId"]);
        let tags = aws.described(&copy)["Tags"].clone();
        let tags = tags.as_array().cloned().unwrap_or_default();
        let mut keys: Vec<String> = tags.iter().map(|tag| text(&tag["Key"])).collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(aws), ["ec2:SharedTag/team", "owners"]);
    assert_eq!(keys(&other), ["ec2:SharedTag/team", "recipients"]);
}

fn a_share_is_needed_until_the_copy_ends(aws: &Aws<'_>) {
    let (source, snapshot) = shared(aws, "golden");
    let other = aws.by(OTHER);
    let ended = |name: &str, how: &str| {
        let copy = text(&other.ec2("CopyImage", copy_of(&source, name))["ImageId"]);
        let_read(aws, &snapshot, how);
        aws.pass(Duration::from_hours(1));
        let image = other.described(&copy);
        let told = aws.events().into_iter();
        let mut told = told.filter(|event| event["detail"]["ImageId"] == json!(copy));
        let told = told.next().expect("an event of the copy");
        assert_eq!(told["detail"]["State"], image["State"]);
        image
    };
    assert_eq!(ended("kept", "Add")["State"], "available");
    let failed = ended("taken-back", "Remove");
    assert_eq!(failed["State"], "failed");
    assert!(text(&failed["StateReason"]["Message"]).contains(&snapshot));
    let code = other.ec2_code("CopyImage", copy_of(&source, "again"));
    assert_eq!(code, "InvalidRequest");
}

fn an_encrypted_source_needs_its_key_shared(aws: &Aws<'_>) {
    let (key, source) = under_own_key(aws);
    aws.ec2(
        "ModifyImageAttribute",
        add(&source, &json!({ "UserId": OTHER })),
    );
    let_read(aws, &snapshot_of(aws, &source), "Add");
    let other = aws.by(OTHER);
    let refused = other.refused("ec2", "CopyImage", copy_of(&source, "copy"));
    let message = "You do not have permission to access the storage of this ami";
    assert_eq!(refused.message, message);
    let operations = ["DescribeKey", "CreateGrant", "Decrypt", "ReEncryptFrom"];
    aws.call(
        "kms",
        "CreateGrant",
        json!({
            "KeyId": key,
            "GranteePrincipal": format!("arn:aws:iam::{OTHER}:root"),
            "Operations": operations,
        }),
    );
    let copy = text(&other.ec2("CopyImage", copy_of(&source, "copy"))["ImageId"]);
    aws.pass(Duration::from_hours(1));
    assert_eq!(other.described(&copy)["State"], "available");
    let ids = json!({ "SnapshotIds": [snapshot_of(&other, &copy)] });
    let own = other.ec2("DescribeSnapshots", ids)["Snapshots"][0].clone();
    assert_eq!(own["Encrypted"], true);
    assert_ne!(own["KmsKeyId"], key);
    assert!(text(&own["KmsKeyId"]).contains(OTHER));
}

fn another_accounts_snapshot_stays(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let_read(aws, &snapshot, "Add");
    let other = aws.by(OTHER);
    let image = other.image_over("golden", &snapshot);
    let gone = json!({ "ImageId": image, "DeleteAssociatedSnapshots": true });
    let gone = other.ec2("DeregisterImage", gone);
    assert_eq!(gone["Return"], true);
    let results = json!([{ "SnapshotId": snapshot, "ReturnCode": "missing-permissions" }]);
    assert_eq!(gone["DeleteSnapshotResults"], results);
    let found = aws.ec2("DescribeSnapshots", json!({ "SnapshotIds": [snapshot] }));
    assert_eq!(found["Snapshots"][0]["SnapshotId"], snapshot);
}

fn ancestors(aws: &Aws<'_>, image: &str) -> Vec<Value> {
    let ancestry = aws.ec2("GetImageAncestry", json!({ "ImageId": image }));
    let entries = ancestry["ImageAncestryEntries"].as_array();
    entries.cloned().unwrap_or_default()
}

fn the_last_fifty_are_told_of_an_ancestry(aws: &Aws<'_>) {
    let mut line = vec![aws.image("root")];
    for number in 1..=50 {
        let parent = line.last().expect("an image");
        let copy = aws.ec2("CopyImage", copy_of(parent, &format!("copy-{number}")));
        line.push(text(&copy["ImageId"]));
        aws.pass(Duration::from_hours(1));
    }
    let told = ancestors(aws, &line[49]);
    assert_eq!(told.len(), 50);
    assert!(told[49].get("SourceImageId").is_none_or(Value::is_null));
    let told = ancestors(aws, &line[50]);
    assert_eq!(told.len(), 50);
    assert_eq!(told[0]["ImageId"], line[50]);
    assert_eq!(told[49]["ImageId"], line[1]);
    assert_eq!(told[49]["SourceImageId"], line[0]);
}

fn an_ancestry_ends_before_what_the_caller_does_not_see(aws: &Aws<'_>) {
    let (source, _) = shared(aws, "golden");
    let other = aws.by(OTHER);
    let copy = text(&other.ec2("CopyImage", copy_of(&source, "copy"))["ImageId"]);
    assert_eq!(ancestors(&other, &copy).len(), 2);
    let remove = json!({ "Remove": [{ "UserId": OTHER }] });
    let take_back = json!({ "ImageId": source, "LaunchPermission": remove });
    aws.ec2("ModifyImageAttribute", take_back);
    let told = ancestors(&other, &copy);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["ImageId"], copy);
    assert_eq!(told[0]["SourceImageId"], source);
    aws.ec2("DeregisterImage", json!({ "ImageId": source }));
    assert_eq!(ancestors(&other, &copy), told);
}
