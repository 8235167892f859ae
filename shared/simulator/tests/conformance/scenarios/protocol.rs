//! Requests, errors, pages, filters.

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, text};
use crate::scenario::{Scenario, Section, scenario};

pub const SECTION: Section = Section {
    name: "protocol",
    title: "Requests, errors, pages, filters",
    scenarios: SCENARIOS,
};

const SCENARIOS: &[Scenario] = &[
    scenario!(
        a_dry_run_is_answered_and_does_nothing,
        Documented,
        "AWSEC2/latest/APIReference/CommonParameters.html",
        "A dry run that would succeed is `DryRunOperation`, status 412, and changes nothing.",
    ),
    scenario!(
        a_page_says_where_the_next_begins,
        Documented,
        "AWSEC2/latest/APIReference/Query-Requests.html",
        "A page holds at most `MaxResults`, and its token leads to the next; the last has none.",
    ),
    scenario!(
        a_token_is_of_its_own_call,
        Inferred,
        "AWSEC2/latest/APIReference/errors-overview.html",
        "A token that was invented, or given to another call, is `InvalidNextToken`.",
    ),
    scenario!(
        deletions_between_pages_shift_nothing,
        Inferred,
        "AWSEC2/latest/APIReference/Query-Requests.html",
        "What is deleted between two pages neither hides nor doubles anything else.",
    ),
    scenario!(
        a_page_is_of_a_size_the_operation_allows,
        Documented,
        "AWSEC2/latest/APIReference/API_DescribeSnapshots.html",
        "A `MaxResults` beyond the operation's limits is refused.",
    ),
    scenario!(
        an_unknown_filter_is_refused,
        Inferred,
        "AWSEC2/latest/APIReference/errors-overview.html",
        "A filter that an operation doesn't have is `InvalidParameterValue`.",
    ),
    scenario!(
        filters_are_joined_by_and_and_values_by_or,
        Documented,
        "AWSEC2/latest/UserGuide/Using_Filtering.html",
        "A resource must match every filter, each by any of its values, case-sensitively.",
    )
    .and_moto(),
    scenario!(
        filter_values_have_wildcards,
        Documented,
        "AWSEC2/latest/UserGuide/Using_Filtering.html",
        "`*` is any characters and `?` is any one; a backslash takes them as they are.",
    ),
    scenario!(
        a_filter_has_at_most_200_values,
        Documented,
        "AWSEC2/latest/UserGuide/Using_Filtering.html",
        "More than 200 values in a filter are `FilterLimitExceeded`.",
    ),
    scenario!(
        an_id_of_the_wrong_form_is_malformed,
        Documented,
        "AWSEC2/latest/APIReference/errors-overview.html",
        "An id that is none of its kind is `Malformed`, one that isn't there `NotFound`.",
    ),
    scenario!(
        a_value_outside_its_list_is_refused,
        Documented,
        "AWSEC2/latest/APIReference/errors-overview.html",
        "A value that an EC2 parameter can't have is `InvalidParameterValue`.",
    ),
];

fn tag(aws: &Aws<'_>, id: &str, key: &str, value: &str) {
    let tags = json!([{ "Key": key, "Value": value }]);
    aws.ec2("CreateTags", json!({ "Resources": [id], "Tags": tags }));
}

/// Images over one snapshot, in the order of their ids.
fn images(aws: &Aws<'_>, names: &[&str]) -> Vec<String> {
    let snapshot = aws.snapshot();
    let mut images: Vec<String> = names
        .iter()
        .map(|name| aws.image_over(name, &snapshot))
        .collect();
    images.sort();
    images
}

fn ids(answer: &Value) -> Vec<String> {
    let images = answer["Images"].as_array().into_iter().flatten();
    images.map(|image| text(&image["ImageId"])).collect()
}

fn names(aws: &Aws<'_>, filters: &Value) -> Vec<String> {
    let asked = json!({ "Owners": ["self"], "Filters": filters });
    let answer = aws.ec2("DescribeImages", asked);
    let images = answer["Images"].as_array().into_iter().flatten();
    let mut names: Vec<String> = images.map(|image| text(&image["Name"])).collect();
    names.sort();
    names
}

fn a_dry_run_is_answered_and_does_nothing(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let dry = json!({ "ImageId": image, "DryRun": true });
    let told = aws.refused("ec2", "DeregisterImage", dry);
    assert_eq!((told.code.as_str(), told.status), ("DryRunOperation", 412));
    assert_eq!(aws.described(&image)["State"], "available");
}

fn a_page_says_where_the_next_begins(aws: &Aws<'_>) {
    let images = images(aws, &["one", "two", "three"]);
    let page = |next: &Value| {
        let mut asked = json!({ "Owners": ["self"], "MaxResults": 2 });
        if !next.is_null() {
            asked["NextToken"] = next.clone();
        }
        aws.ec2("DescribeImages", asked)
    };
    let first = page(&Value::Null);
    let second = page(&first["NextToken"]);
    assert_eq!(ids(&first), images[..2]);
    assert_eq!(ids(&second), images[2..]);
    assert!(second["NextToken"].is_null());
}

fn a_token_is_of_its_own_call(aws: &Aws<'_>) {
    images(aws, &["one", "two"]);
    let page = json!({ "Owners": ["self"], "MaxResults": 1 });
    let next = aws.ec2("DescribeImages", page)["NextToken"].clone();
    let other = json!({ "NextToken": next });
    assert_eq!(aws.ec2_code("DescribeImages", other), "InvalidNextToken");
    let same = json!({ "Owners": ["self"], "NextToken": next });
    let stranger = aws.by(OTHER).ec2_code("DescribeImages", same);
    assert_eq!(stranger, "InvalidNextToken");
    let invented = json!({ "NextToken": "invented" });
    assert_eq!(aws.ec2_code("DescribeImages", invented), "InvalidNextToken");
}

fn deletions_between_pages_shift_nothing(aws: &Aws<'_>) {
    let images = images(aws, &["one", "two", "three", "four"]);
    let first = json!({ "Owners": ["self"], "MaxResults": 2 });
    let next = aws.ec2("DescribeImages", first)["NextToken"].clone();
    for gone in &images[..2] {
        aws.ec2("DeregisterImage", json!({ "ImageId": gone }));
    }
    let rest = json!({ "Owners": ["self"], "MaxResults": 2, "NextToken": next });
    assert_eq!(ids(&aws.ec2("DescribeImages", rest)), images[2..]);
}

fn a_page_is_of_a_size_the_operation_allows(aws: &Aws<'_>) {
    for (operation, size) in [
        ("DescribeImages", 1001),
        ("DescribeSnapshots", 4),
        ("DescribeSnapshots", 1001),
        ("DescribeTags", 4),
    ] {
        let refused = aws.ec2_code(operation, json!({ "MaxResults": size }));
        assert_eq!(refused, "InvalidParameterValue", "{operation} {size}");
    }
}

fn an_unknown_filter_is_refused(aws: &Aws<'_>) {
    let filters = json!([{ "Name": "colour", "Values": ["blue"] }]);
    for operation in [
        "DescribeImages",
        "DescribeSnapshots",
        "DescribeVolumes",
        "DescribeTags",
    ] {
        let refused = aws.ec2_code(operation, json!({ "Filters": filters }));
        assert_eq!(refused, "InvalidParameterValue", "{operation}");
    }
}

fn filters_are_joined_by_and_and_values_by_or(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    for (name, team) in [("web-1", "web"), ("web-2", "data"), ("db-1", "data")] {
        let image = aws.image_over(name, &snapshot);
        tag(aws, &image, "team", team);
    }
    let either = json!([{ "Name": "name", "Values": ["web-1", "db-1"] }]);
    assert_eq!(names(aws, &either), ["db-1", "web-1"]);
    let both = json!([
        { "Name": "name", "Values": ["web-1", "web-2"] },
        { "Name": "tag:team", "Values": ["data"] },
    ]);
    assert_eq!(names(aws, &both), ["web-2"]);
    let upper = json!([{ "Name": "tag:team", "Values": ["DATA"] }]);
    assert!(names(aws, &upper).is_empty());
}

fn filter_values_have_wildcards(aws: &Aws<'_>) {
    images(aws, &["web-1", "web-10", "db-1"]);
    let by = |value: &str| names(aws, &json!([{ "Name": "name", "Values": [value] }]));
    assert_eq!(by("web-*"), ["web-1", "web-10"]);
    assert_eq!(by("web-?"), ["web-1"]);
    assert_eq!(by("*-1"), ["db-1", "web-1"]);
    assert!(by("web-\\*").is_empty());
}

fn a_filter_has_at_most_200_values(aws: &Aws<'_>) {
    let values = |number: usize| {
        let values: Vec<String> = (0..number).map(|number| number.to_string()).collect();
        json!({ "Filters": [{ "Name": "name", "Values": values }] })
    };
    aws.ec2("DescribeImages", values(200));
    let refused = aws.ec2_code("DescribeImages", values(201));
    assert_eq!(refused, "FilterLimitExceeded");
}

fn an_id_of_the_wrong_form_is_malformed(aws: &Aws<'_>) {
    for (operation, name, id, code) in [
        (
            "DeregisterImage",
            "ImageId",
            "golden",
            "InvalidAMIID.Malformed",
        ),
        (
            "DeregisterImage",
            "ImageId",
            "ami-12345678",
            "InvalidAMIID.NotFound",
        ),
        (
            "DeleteSnapshot",
            "SnapshotId",
            "vol-12345678",
            "InvalidSnapshotID.Malformed",
        ),
        (
            "DeleteSnapshot",
            "SnapshotId",
            "snap-12345678",
            "InvalidSnapshot.NotFound",
        ),
    ] {
        assert_eq!(
            aws.ec2_code(operation, json!({ name: id })),
            code,
            "{operation} {id}"
        );
    }
}

fn a_value_outside_its_list_is_refused(aws: &Aws<'_>) {
    let volume = json!({ "AvailabilityZone": "us-east-1a", "Size": 8, "VolumeType": "fast" });
    assert_eq!(
        aws.ec2_code("CreateVolume", volume),
        "InvalidParameterValue"
    );
    let attribute = json!({ "ImageId": "ami-12345678", "Attribute": "colour" });
    let refused = aws.ec2_code("DescribeImageAttribute", attribute);
    assert_eq!(refused, "InvalidParameterValue");
}
