//! Retiring images: deprecating, disabling, protecting, deregistering.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, THERE, text};
use crate::scenario::{Section, scenario};

const DEPRECATE: &str = "AWSEC2/latest/UserGuide/ami-deprecate.html";
const DISABLE: &str = "AWSEC2/latest/UserGuide/disable-an-ami.html";
const PROTECT: &str = "AWSEC2/latest/UserGuide/ami-deregistration-protection.html";
const DEREGISTER: &str = "AWSEC2/latest/APIReference/API_DeregisterImage.html";
const ANCESTRY: &str = "AWSEC2/latest/UserGuide/ami-ancestry.html";

const DAY: Duration = Duration::from_hours(24);

pub const SECTION: Section = Section {
    name: "lifecycle",
    title: "Retiring images",
    scenarios: &[
        scenario!(
            a_disabled_image_is_hidden_and_of_no_use,
            Documented,
            DISABLE,
            "A disabled image is listed only when asked for, and can't be shared, copied or launched.",
        ),
        scenario!(
            enabling_does_not_bring_permissions_back,
            Documented,
            DISABLE,
            "Disabling takes launch permissions away for good; it is for available images, enabling for disabled ones.",
        ),
        scenario!(
            an_image_over_archived_snapshots_is_not_enabled,
            Inferred,
            DISABLE,
            "A disabled image whose snapshots were archived is enabled only once they are restored.",
        ),
        scenario!(
            deprecated_images_of_others_are_hidden_but_by_id,
            Documented,
            DEPRECATE,
            "A deprecated image is hidden from all but its owner, unless it is asked for or named by id.",
        ),
        scenario!(
            a_deprecation_is_neither_past_nor_too_far,
            Documented,
            DEPRECATE,
            "A deprecation is not in the past, at most ten years ahead, to the minute, and can be taken back.",
        ),
        scenario!(
            a_public_image_is_deprecated_after_two_years,
            Documented,
            DEPRECATE,
            "A public image is deprecated two years after its creation at the latest.",
        ),
        scenario!(
            a_protected_image_is_not_deregistered,
            Documented,
            PROTECT,
            "A protected image is not deregistered until its protection is switched off.",
        ),
        scenario!(
            a_cooldown_protects_for_a_day_more,
            Documented,
            PROTECT,
            "Protection with a cooldown lasts 24 hours after it is switched off.",
        ),
        scenario!(
            protection_is_shown,
            Inferred,
            PROTECT,
            "Protection is shown as `disabled`, `enabled-without-cooldown` or `enabled-with-cooldown`.",
        ),
        scenario!(
            a_deregistered_image_is_gone,
            Documented,
            DEREGISTER,
            "A deregistered image can't be used any more; its snapshots stay, and its name is free.",
        ),
        scenario!(
            snapshots_go_with_their_last_image,
            Documented,
            DEREGISTER,
            "Deregistering tells what became of each snapshot: one that another image uses is skipped.",
        ),
        scenario!(
            an_ancestry_leads_to_the_root,
            Documented,
            ANCESTRY,
            "An ancestry lists an image and those it was copied from, back to one that was registered.",
        ),
    ],
};

fn of(image: &str) -> Value {
    json!({ "ImageId": image })
}

fn copy_of(image: &str, name: &str) -> Value {
    json!({ "Name": name, "SourceImageId": image, "SourceRegion": HERE })
}

fn share(image: &str, entry: &Value) -> Value {
    json!({ "ImageId": image, "LaunchPermission": { "Add": [entry] } })
}

fn a_disabled_image_is_hidden_and_of_no_use(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.ec2("DisableImage", of(&image));
    let listed = |disabled: bool| {
        let asked = json!({ "Owners": ["self"], "IncludeDisabled": disabled });
        aws.ec2("DescribeImages", asked)["Images"][0]["State"].clone()
    };
    assert_eq!(listed(false), Value::Null);
    assert_eq!(listed(true), "disabled");
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    for (operation, parameters) in [
        (
            "ModifyImageAttribute",
            share(&image, &json!({ "UserId": OTHER })),
        ),
        ("CopyImage", copy_of(&image, "copy")),
        ("RunInstances", run),
    ] {
        let code = aws.ec2_code(operation, parameters);
        assert_eq!(code, "InvalidAMIID.Unavailable", "{operation}");
    }
}

fn enabling_does_not_bring_permissions_back(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.ec2(
        "ModifyImageAttribute",
        share(&image, &json!({ "UserId": OTHER })),
    );
    let code = aws.ec2_code("EnableImage", of(&image));
    assert_eq!(code, "InvalidAMIID.Unavailable");
    let code = aws.by(OTHER).ec2_code("DisableImage", of(&image));
    assert_eq!(code, "AuthFailure");
    aws.ec2("DisableImage", of(&image));
    let code = aws.ec2_code("DisableImage", of(&image));
    assert_eq!(code, "InvalidAMIID.Unavailable");
    aws.ec2("EnableImage", of(&image));
    assert_eq!(aws.described(&image)["State"], "available");
    let code = aws
        .by(OTHER)
        .ec2_code("DescribeImages", json!({ "ImageIds": [image] }));
    assert_eq!(code, "InvalidAMIID.NotFound");
}

fn an_image_over_archived_snapshots_is_not_enabled(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let image = aws.image_over("golden", &snapshot);
    aws.ec2("DisableImage", of(&image));
    let archive = json!({ "SnapshotId": snapshot, "StorageTier": "archive" });
    aws.ec2("ModifySnapshotTier", archive);
    aws.pass(DAY * 3);
    let code = aws.ec2_code("EnableImage", of(&image));
    assert_eq!(code, "IncorrectState");
    assert_eq!(aws.described(&image)["State"], "disabled");
    let restore = json!({ "SnapshotId": snapshot, "PermanentRestore": true });
    aws.ec2("RestoreSnapshotTier", restore);
    aws.pass(DAY * 3);
    aws.ec2("EnableImage", of(&image));
    assert_eq!(aws.described(&image)["State"], "available");
}

/// The deprecation that an image shows.
fn deprecation(aws: &Aws<'_>, image: &str) -> String {
    let time = aws.described(image)["DeprecationTime"].clone();
    time.as_str().unwrap_or_default().to_owned()
}

/// A time so many days after an image's creation, which is in a year of 365 days.
fn after(aws: &Aws<'_>, image: &str, years: i32) -> String {
    let created = text(&aws.described(image)["CreationDate"]);
    let year: i32 = created[..4].parse().expect("a year");
    format!("{}-01-02T03:04:29Z", year + years)
}

fn deprecated_images_of_others_are_hidden_but_by_id(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.ec2(
        "ModifyImageAttribute",
        share(&image, &json!({ "UserId": OTHER })),
    );
    let at = after(aws, &image, 1);
    let deprecate = json!({ "ImageId": image, "DeprecateAt": at });
    aws.ec2("EnableImageDeprecation", deprecate);
    let sees = |aws: &Aws<'_>, asked: Value| {
        let found = aws.ec2("DescribeImages", asked);
        found["Images"][0]["ImageId"] == json!(image)
    };
    let from_owner = json!({ "Owners": [aws.account()] });
    assert!(sees(&aws.by(OTHER), from_owner.clone()), "not yet");
    aws.pass(DAY * 400);
    assert!(!sees(&aws.by(OTHER), from_owner.clone()));
    let asked = json!({ "Owners": [aws.account()], "IncludeDeprecated": true });
    assert!(sees(&aws.by(OTHER), asked));
    assert!(sees(&aws.by(OTHER), json!({ "ImageIds": [image] })));
    assert!(sees(aws, from_owner));
}

fn a_deprecation_is_neither_past_nor_too_far(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let at = |time: &str| json!({ "ImageId": image, "DeprecateAt": time });
    for wrong in [after(aws, &image, -1), after(aws, &image, 11)] {
        let code = aws.ec2_code("EnableImageDeprecation", at(&wrong));
        assert_eq!(code, "InvalidParameterValue");
    }
    aws.ec2("EnableImageDeprecation", at(&after(aws, &image, 9)));
    assert!(deprecation(aws, &image).contains("-01-02T03:04:00"));
    aws.ec2("DisableImageDeprecation", of(&image));
    assert_eq!(deprecation(aws, &image), "");
}

fn a_public_image_is_deprecated_after_two_years(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let at = |time: &str| json!({ "ImageId": image, "DeprecateAt": time });
    aws.ec2("EnableImageDeprecation", at(&after(aws, &image, 9)));
    aws.ec2(
        "ModifyImageAttribute",
        share(&image, &json!({ "Group": "all" })),
    );
    let latest = deprecation(aws, &image);
    assert!(latest < after(aws, &image, 3), "{latest}");
    let code = aws.ec2_code("EnableImageDeprecation", at(&after(aws, &image, 3)));
    assert_eq!(code, "InvalidParameterValue");
    let code = aws.ec2_code("DisableImageDeprecation", of(&image));
    assert_eq!(code, "OperationNotPermitted");
}

fn a_protected_image_is_not_deregistered(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let answer = aws.ec2("EnableImageDeregistrationProtection", of(&image));
    assert_eq!(answer["Return"], "true");
    let code = aws.ec2_code("DeregisterImage", of(&image));
    assert_eq!(code, "OperationNotPermitted");
    let code = aws
        .by(OTHER)
        .ec2_code("DisableImageDeregistrationProtection", of(&image));
    assert_eq!(code, "InvalidAMIID.NotFound");
    aws.ec2("DisableImageDeregistrationProtection", of(&image));
    aws.ec2("DeregisterImage", of(&image));
}

fn a_cooldown_protects_for_a_day_more(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let protect = json!({ "ImageId": image, "WithCooldown": true });
    aws.ec2("EnableImageDeregistrationProtection", protect);
    aws.ec2("DisableImageDeregistrationProtection", of(&image));
    aws.pass(DAY / 2);
    let code = aws.ec2_code("DeregisterImage", of(&image));
    assert_eq!(code, "OperationNotPermitted");
    aws.ec2("DisableImageDeregistrationProtection", of(&image));
    aws.pass(DAY / 2);
    aws.ec2("DeregisterImage", of(&image));
}

fn protection_is_shown(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let shown = || aws.described(&image)["DeregistrationProtection"].clone();
    assert_eq!(shown(), "disabled");
    let protect = json!({ "ImageId": image, "WithCooldown": false });
    aws.ec2("EnableImageDeregistrationProtection", protect);
    assert_eq!(shown(), "enabled-without-cooldown");
    let protect = json!({ "ImageId": image, "WithCooldown": true });
    aws.ec2("EnableImageDeregistrationProtection", protect);
    assert_eq!(shown(), "enabled-with-cooldown");
    let asked = json!({ "ImageId": image, "Attribute": "deregistrationProtection" });
    let read = aws.ec2("DescribeImageAttribute", asked);
    assert_eq!(read["DeregistrationProtection"]["Value"], shown());
    let there = aws.at(THERE);
    let copy = there.ec2("CopyImage", copy_of(&image, "copy"));
    let copy = there.described(&text(&copy["ImageId"]));
    assert_eq!(copy["DeregistrationProtection"], "disabled");
}

fn a_deregistered_image_is_gone(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let image = aws.image_over("golden", &snapshot);
    aws.ec2("DeregisterImage", of(&image));
    let code = aws.ec2_code("DeregisterImage", of(&image));
    assert_eq!(code, "InvalidAMIID.Unavailable");
    let found = aws.ec2("DescribeSnapshots", json!({ "SnapshotIds": [snapshot] }));
    assert_eq!(found["Snapshots"][0]["SnapshotId"], snapshot);
    aws.image_over("golden", &snapshot);
}

fn snapshots_go_with_their_last_image(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let one = aws.image_over("one", &snapshot);
    let two = aws.image_over("two", &snapshot);
    let gone = |image: &str| {
        let asked = json!({ "ImageId": image, "DeleteAssociatedSnapshots": true });
        aws.ec2("DeregisterImage", asked)["DeleteSnapshotResults"][0]["ReturnCode"].clone()
    };
    let code = aws.ec2_code("DeleteSnapshot", json!({ "SnapshotId": snapshot }));
    assert_eq!(code, "InvalidSnapshot.InUse");
    assert_eq!(gone(&one), "skipped");
    assert_eq!(gone(&two), "success");
    let code = aws.ec2_code("DescribeSnapshots", json!({ "SnapshotIds": [snapshot] }));
    assert_eq!(code, "InvalidSnapshot.NotFound");
}

fn an_ancestry_leads_to_the_root(aws: &Aws<'_>) {
    let root = aws.image("golden");
    let there = aws.at(THERE);
    let copy = text(&there.ec2("CopyImage", copy_of(&root, "copy"))["ImageId"]);
    let ancestry = there.ec2("GetImageAncestry", of(&copy));
    let entries = &ancestry["ImageAncestryEntries"];
    assert_eq!(entries.as_array().map(Vec::len), Some(2));
    assert_eq!(entries[0]["ImageId"], copy);
    assert_eq!(entries[0]["SourceImageId"], root);
    assert_eq!(entries[0]["SourceImageRegion"], HERE);
    assert_eq!(entries[1]["ImageId"], root);
    assert!(entries[1]["SourceImageId"].is_null());
    let code = aws.by(OTHER).ec2_code("GetImageAncestry", of(&root));
    assert_eq!(code, "InvalidAMIID.NotFound");
}
