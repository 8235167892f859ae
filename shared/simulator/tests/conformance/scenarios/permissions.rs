//! Launch permissions, and keeping images from becoming public.

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, THERE};
use crate::scenario::{Section, scenario};

const MODIFY: &str = "AWSEC2/latest/APIReference/API_ModifyImageAttribute.html";
const BLOCK: &str = "AWSEC2/latest/UserGuide/block-public-access-to-amis.html";
const QUOTAS: &str = "AWSEC2/latest/UserGuide/ami-quotas.html";

const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";
const UNIT: &str = "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-abcd-12345678";

pub const SECTION: Section = Section {
    name: "permissions",
    title: "Launch permissions",
    scenarios: &[
        scenario!(
            all_four_kinds_are_added_and_removed_in_both_forms,
            Documented,
            MODIFY,
            "Accounts, organizations, units and everyone are added and removed by structure or by lists.",
        )
        .and_moto(),
        scenario!(
            accounts_that_are_none_are_refused,
            Documented,
            "AWSEC2/latest/APIReference/errors-overview.html",
            "An account, organization or unit that can't be one is `InvalidAMIAttributeItemValue`.",
        )
        .and_moto(),
        scenario!(
            one_attribute_is_modified_at_a_time,
            Documented,
            MODIFY,
            "One attribute is modified by a call, in one of two forms; others than the page's three are refused.",
        ),
        scenario!(
            imdsv2_is_required_for_good,
            Documented,
            MODIFY,
            "`ImdsSupport` can be set to `v2.0` and to nothing else.",
        ),
        scenario!(
            resetting_takes_all_permissions_away,
            Documented,
            "AWSEC2/latest/APIReference/API_ResetImageAttribute.html",
            "Resetting takes all launch permissions away.",
        ),
        scenario!(
            an_image_under_the_default_key_is_not_shared,
            Documented,
            "AWSEC2/latest/UserGuide/sharingamis-explicit.html",
            "An image under the AWS-managed key can't be shared.",
        ),
        scenario!(
            a_receiver_gives_its_permission_up,
            Documented,
            "AWSEC2/latest/UserGuide/cancel-sharing-an-AMI.html",
            "An account takes itself out of an image's launch permissions, where it is named there itself.",
        ),
        scenario!(
            public_sharing_is_blocked_by_account_and_region,
            Documented,
            BLOCK,
            "Where public access is blocked, no image becomes public; one that is public stays so.",
        ),
        scenario!(
            accounts_begin_unblocked,
            Chosen,
            BLOCK,
            "An account's images can be made public until it blocks that.",
        ),
        scenario!(
            public_images_have_a_quota,
            Documented,
            QUOTAS,
            "An account has at most five public images in a Region.",
        ),
        scenario!(
            an_image_is_shared_with_a_thousand_at_most,
            Documented,
            QUOTAS,
            "An image is shared with at most 1,000 accounts, organizations and units.",
        ),
    ],
};

fn modify(image: &str, permissions: &Value) -> Value {
    json!({ "ImageId": image, "LaunchPermission": permissions })
}

fn permissions(aws: &Aws<'_>, image: &str) -> Vec<Value> {
    let asked = json!({ "ImageId": image, "Attribute": "launchPermission" });
    let read = aws.ec2("DescribeImageAttribute", asked);
    let entries = read["LaunchPermissions"].as_array();
    entries.cloned().unwrap_or_default()
}

fn all_four_kinds_are_added_and_removed_in_both_forms(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let entries = [
        json!({ "UserId": OTHER }),
        json!({ "OrganizationArn": ORGANIZATION }),
        json!({ "OrganizationalUnitArn": UNIT }),
        json!({ "Group": "all" }),
    ];
    aws.ec2(
        "ModifyImageAttribute",
        modify(&image, &json!({ "Add": entries })),
    );
    let read = permissions(aws, &image);
    assert!(read.len() == 4 && entries.iter().all(|entry| read.contains(entry)));
    assert_eq!(aws.described(&image)["Public"], true);
    let listed = |operation: &str| {
        json!({
            "ImageId": image,
            "Attribute": "launchPermission",
            "OperationType": operation,
            "UserIds": [OTHER],
            "UserGroups": ["all"],
            "OrganizationArns": [ORGANIZATION],
            "OrganizationalUnitArns": [UNIT],
        })
    };
    aws.ec2("ModifyImageAttribute", listed("remove"));
    assert!(permissions(aws, &image).is_empty());
    aws.ec2("ModifyImageAttribute", listed("add"));
    assert_eq!(permissions(aws, &image).len(), 4);
    aws.ec2(
        "ModifyImageAttribute",
        modify(&image, &json!({ "Remove": entries })),
    );
    assert!(permissions(aws, &image).is_empty());
}

fn accounts_that_are_none_are_refused(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let add = json!({ "Add": [{ "UserId": "42" }, { "UserId": OTHER }] });
    let code = aws.ec2_code("ModifyImageAttribute", modify(&image, &add));
    assert_eq!(code, "InvalidAMIAttributeItemValue");
    assert!(permissions(aws, &image).is_empty());
}

fn one_attribute_is_modified_at_a_time(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let with = |more: Value| {
        let mut parameters = more;
        parameters["ImageId"] = json!(image);
        parameters
    };
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    for (wrong, code) in [
        (
            json!({ "LaunchPermission": add, "Description": { "Value": "x" } }),
            "InvalidParameterCombination",
        ),
        (json!({}), "InvalidParameterCombination"),
        (
            json!({ "LaunchPermission": add, "UserIds": ["333333333333"] }),
            "InvalidParameterCombination",
        ),
        (
            json!({ "Attribute": "description", "Value": "x", "OperationType": "add", "UserIds": [OTHER] }),
            "InvalidParameterCombination",
        ),
        (
            json!({ "Attribute": "launchPermission", "UserIds": [OTHER] }),
            "MissingParameter",
        ),
        (
            json!({ "Attribute": "kernel", "Value": "aki-12345678" }),
            "InvalidParameterValue",
        ),
    ] {
        let refused = aws.ec2_code("ModifyImageAttribute", with(wrong.clone()));
        assert_eq!(refused, code, "{wrong}");
    }
    let described = |form: Value| {
        aws.ec2("ModifyImageAttribute", with(form));
        aws.described(&image)["Description"].clone()
    };
    assert_eq!(
        described(json!({ "Description": { "Value": "one" } })),
        "one"
    );
    let listed = json!({ "Attribute": "description", "Value": "two" });
    assert_eq!(described(listed), "two");
}

fn imdsv2_is_required_for_good(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let set = |version: &str| json!({ "ImageId": image, "ImdsSupport": { "Value": version } });
    aws.ec2("ModifyImageAttribute", set("v2.0"));
    assert_eq!(aws.described(&image)["ImdsSupport"], "v2.0");
    let code = aws.ec2_code("ModifyImageAttribute", set("v1.0"));
    assert_eq!(code, "InvalidParameterValue");
}

fn resetting_takes_all_permissions_away(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let add = json!({ "Add": [{ "UserId": OTHER }, { "Group": "all" }] });
    aws.ec2("ModifyImageAttribute", modify(&image, &add));
    let reset = |attribute: &str| json!({ "ImageId": image, "Attribute": attribute });
    aws.ec2("ResetImageAttribute", reset("launchPermission"));
    assert!(permissions(aws, &image).is_empty());
    let code = aws
        .by(OTHER)
        .ec2_code("ResetImageAttribute", reset("launchPermission"));
    assert_eq!(code, "InvalidAMIID.NotFound");
}

fn an_image_under_the_default_key_is_not_shared(aws: &Aws<'_>) {
    aws.ec2("EnableEbsEncryptionByDefault", json!({}));
    let image = aws.image("golden");
    for entry in [json!({ "UserId": OTHER }), json!({ "Group": "all" })] {
        let add = json!({ "Add": [entry] });
        let code = aws.ec2_code("ModifyImageAttribute", modify(&image, &add));
        assert_eq!(code, "InvalidParameter");
    }
    let remove = json!({ "Remove": [{ "UserId": OTHER }] });
    aws.ec2("ModifyImageAttribute", modify(&image, &remove));
}

fn a_receiver_gives_its_permission_up(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let other = aws.by(OTHER);
    let cancel = json!({ "ImageId": image });
    let code = other.ec2_code("CancelImageLaunchPermission", cancel.clone());
    assert_eq!(code, "InvalidAMIID.NotFound");
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    aws.ec2("ModifyImageAttribute", modify(&image, &add));
    other.ec2("CancelImageLaunchPermission", cancel.clone());
    assert!(permissions(aws, &image).is_empty());
    let everyone = json!({ "Add": [{ "Group": "all" }] });
    aws.ec2("ModifyImageAttribute", modify(&image, &everyone));
    let code = other.ec2_code("CancelImageLaunchPermission", cancel);
    assert_eq!(code, "OperationNotPermitted");
}

fn public_sharing_is_blocked_by_account_and_region(aws: &Aws<'_>) {
    let (one, two) = (aws.image("one"), aws.image("two"));
    let everyone = json!({ "Add": [{ "Group": "all" }] });
    aws.ec2("ModifyImageAttribute", modify(&one, &everyone));
    let block = json!({ "ImageBlockPublicAccessState": "block-new-sharing" });
    let blocked = aws.ec2("EnableImageBlockPublicAccess", block.clone());
    assert_eq!(blocked, block);
    let code = aws.ec2_code("ModifyImageAttribute", modify(&two, &everyone));
    assert_eq!(code, "OperationNotPermitted");
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    aws.ec2("ModifyImageAttribute", modify(&two, &add));
    assert_eq!(aws.described(&one)["Public"], true);
    let there = aws.at(THERE).image("elsewhere");
    aws.at(THERE)
        .ec2("ModifyImageAttribute", modify(&there, &everyone));
    let open = aws.ec2("DisableImageBlockPublicAccess", json!({}));
    assert_eq!(open["ImageBlockPublicAccessState"], "unblocked");
    aws.ec2("ModifyImageAttribute", modify(&two, &everyone));
}

fn accounts_begin_unblocked(aws: &Aws<'_>) {
    let state = aws.ec2("GetImageBlockPublicAccessState", json!({}));
    assert_eq!(state["ImageBlockPublicAccessState"], "unblocked");
    assert_eq!(state["ManagedBy"], "account");
}

fn public_images_have_a_quota(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let everyone = json!({ "Add": [{ "Group": "all" }] });
    let images: Vec<String> = (0..6)
        .map(|number| aws.image_over(&format!("image-{number}"), &snapshot))
        .collect();
    let (last, first) = images.split_last().expect("six images");
    for image in first {
        aws.ec2("ModifyImageAttribute", modify(image, &everyone));
    }
    let code = aws.ec2_code("ModifyImageAttribute", modify(last, &everyone));
    assert_eq!(code, "ResourceLimitExceeded");
    let private = json!({ "Remove": [{ "Group": "all" }] });
    aws.ec2("ModifyImageAttribute", modify(&first[0], &private));
    aws.ec2("ModifyImageAttribute", modify(last, &everyone));
}

fn an_image_is_shared_with_a_thousand_at_most(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let accounts = |from: u64, count: u64| {
        let users = (from..from + count).map(|number| json!({ "UserId": format!("{number:012}") }));
        modify(&image, &json!({ "Add": users.collect::<Vec<_>>() }))
    };
    aws.ec2("ModifyImageAttribute", accounts(500_000_000_000, 1000));
    let code = aws.ec2_code("ModifyImageAttribute", accounts(600_000_000_000, 1));
    assert_eq!(code, "ResourceLimitExceeded");
    assert_eq!(permissions(aws, &image).len(), 1000);
}
