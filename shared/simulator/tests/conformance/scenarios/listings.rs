//! Listing images.

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, text};
use crate::scenario::{Section, scenario};

const DESCRIBE: &str = "AWSEC2/latest/APIReference/API_DescribeImages.html";
const ERRORS: &str = "AWSEC2/latest/APIReference/errors-overview.html";

pub const SECTION: Section = Section {
    name: "listings",
    title: "Listing images",
    scenarios: &[
        scenario!(
            unknown_and_malformed_ids_are_refused,
            Documented,
            ERRORS,
            "An id that is none is `InvalidAMIID.Malformed`, one that nobody has `InvalidAMIID.NotFound`.",
        )
        .and_moto(),
        scenario!(
            filters_select_by_what_an_image_is,
            Documented,
            DESCRIBE,
            "Filters of the page select images, with wildcards; an unknown filter is refused.",
        ),
        scenario!(
            owners_and_users_are_accounts_or_words,
            Documented,
            DESCRIBE,
            "`Owners` and `ExecutableUsers` take accounts and a few words; anything else is refused.",
        ),
        scenario!(
            ids_are_not_paged,
            Chosen,
            DESCRIBE,
            "`ImageIds` beside `MaxResults` is refused.",
        ),
        scenario!(
            pages_hold_every_image_once,
            Documented,
            "AWSEC2/latest/APIReference/Query-Requests.html",
            "Pages of `MaxResults` images hold each image once.",
        ),
    ],
};

fn unknown_and_malformed_ids_are_refused(aws: &Aws<'_>) {
    let named = |id: &str| json!({ "ImageIds": [id] });
    let code = aws.ec2_code("DescribeImages", named("image-1"));
    assert_eq!(code, "InvalidAMIID.Malformed");
    let refused = aws.refused("ec2", "DescribeImages", named("ami-00000000000000000"));
    assert_eq!(refused.code, "InvalidAMIID.NotFound");
    let message = "The image id '[ami-00000000000000000]' does not exist";
    assert_eq!(refused.message, message);
}

fn filters_select_by_what_an_image_is(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let web = aws.image_over("web-1", &snapshot);
    let bundled = json!({ "Name": "bundled", "ImageLocation": aws.bundle() });
    aws.ec2("RegisterImage", bundled);
    let found = |name: &str, value: &str| {
        let filter = json!([{ "Name": name, "Values": [value] }]);
        aws.ec2(
            "DescribeImages",
            json!({ "Filters": filter, "Owners": ["self"] }),
        )
    };
    for (name, value) in [
        ("name", "web-?"),
        ("block-device-mapping.snapshot-id", snapshot.as_str()),
        ("block-device-mapping.delete-on-termination", "true"),
        ("block-device-mapping.volume-size", "8"),
        ("root-device-type", "ebs"),
        ("manifest-location", "*/web-1"),
        ("virtualization-type", "hvm"),
    ] {
        let images = found(name, value);
        assert_eq!(images["Images"][0]["ImageId"], web, "{name}");
        assert!(images["Images"][1].is_null(), "{name}");
    }
    assert!(found("platform", "windows")["Images"][0].is_null());
    let unknown = json!({ "Filters": [{ "Name": "colour", "Values": ["blue"] }] });
    let code = aws.ec2_code("DescribeImages", unknown);
    assert_eq!(code, "InvalidParameterValue");
}

fn owners_and_users_are_accounts_or_words(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    let share = json!({ "ImageId": image, "LaunchPermission": add });
    aws.ec2("ModifyImageAttribute", share);
    let other = aws.by(OTHER);
    let sees = |parameters: Value| {
        let found = other.ec2("DescribeImages", parameters);
        found["Images"][0]["ImageId"] == json!(image)
    };
    assert!(sees(json!({ "Owners": [aws.account()] })));
    assert!(!sees(json!({ "Owners": ["self"] })));
    assert!(!sees(json!({ "Owners": ["aws-backup-vault"] })));
    assert!(sees(json!({ "ExecutableUsers": ["self"] })));
    assert!(sees(json!({ "ExecutableUsers": [OTHER] })));
    assert!(!sees(json!({ "ExecutableUsers": ["all"] })));
    for name in ["Owners", "ExecutableUsers"] {
        let code = aws.ec2_code("DescribeImages", json!({ name: ["nobody"] }));
        assert_eq!(code, "InvalidUserID.Malformed", "{name}");
    }
}

fn ids_are_not_paged(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let both = json!({ "ImageIds": [image], "MaxResults": 5 });
    let code = aws.ec2_code("DescribeImages", both);
    assert_eq!(code, "InvalidParameterCombination");
}

fn pages_hold_every_image_once(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let mut made: Vec<String> = (0..5)
        .map(|number| aws.image_over(&format!("image-{number}"), &snapshot))
        .collect();
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let mut parameters = json!({ "Owners": ["self"], "MaxResults": 2 });
        if let Some(token) = token {
            parameters["NextToken"] = token;
        }
        let page = aws.ec2("DescribeImages", parameters);
        let images = page["Images"].as_array().into_iter().flatten();
        found.extend(images.map(|image| text(&image["ImageId"])));
        match page.get("NextToken").and_then(Value::as_str) {
            Some(next) if !next.is_empty() => token = Some(json!(next)),
            _ => break,
        }
    }
    made.sort();
    found.sort();
    assert_eq!(found, made);
}
