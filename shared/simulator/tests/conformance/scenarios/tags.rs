//! Tags.

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, text};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "tags",
    title: "Tags",
    scenarios: &[
        scenario!(
            tags_are_put_overwritten_and_taken_off,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateTags.html",
            "A tag is put or overwritten on each resource that a call names.",
        )
        .and_moto(),
        scenario!(
            a_tag_is_taken_off_only_with_its_value,
            Documented,
            "AWSEC2/latest/APIReference/API_DeleteTags.html",
            "A tag that is named with a value is taken off only if it has that value; without \
             tags, all are taken off.",
        ),
        scenario!(
            tags_of_aws_are_reserved,
            Documented,
            "AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions",
            "Tags that begin with `aws:` are neither put nor taken off.",
        ),
        scenario!(
            a_resource_has_fifty_tags,
            Documented,
            "AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions",
            "A resource has at most 50 tags; overwriting one is no new one.",
        ),
        scenario!(
            keys_and_values_have_their_lengths,
            Documented,
            "AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions",
            "Keys and values that are too long are refused, and so is a key that stands there \
             twice.",
        ),
        scenario!(
            each_kind_has_its_own_error_for_what_is_absent,
            Documented,
            "AWSEC2/latest/APIReference/errors-overview.html",
            "What isn't there, what is malformed and what is no kind of resource are told apart.",
        ),
        scenario!(
            tagging_is_for_all_or_for_none,
            Inferred,
            "AWSEC2/latest/APIReference/API_CreateTags.html",
            "Where one of the resources can't be tagged, none is.",
        ),
        scenario!(
            tags_are_each_accounts_own,
            Documented,
            "AWSEC2/latest/UserGuide/Using_Tags.html",
            "Others' tags on a shared snapshot are not seen, nor do others see one's own.",
        ),
        scenario!(
            tags_are_described_by_filter,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeTags.html",
            "Tags are found by key, value, resource and kind.",
        ),
        scenario!(
            tags_are_described_in_pages,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeTags.html",
            "Tags come in pages of 5 to 1,000, which may end in the middle of a resource.",
        ),
        scenario!(
            many_resources_are_tagged_at_once,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateTags.html",
            "A call names up to 1,000 resources.",
        ),
    ],
};

fn tag(key: &str, value: &str) -> Value {
    json!({ "Key": key, "Value": value })
}

fn put(aws: &Aws<'_>, id: &str, tags: Value) -> Result<(), String> {
    let mut parameters = json!({ "Resources": [id] });
    parameters["Tags"] = tags;
    let answer = aws.ask("ec2", "CreateTags", parameters);
    answer.map(|_| ()).map_err(|refused| refused.code)
}

fn take_off(aws: &Aws<'_>, id: &str, tags: Value) {
    let mut parameters = json!({ "Resources": [id] });
    parameters["Tags"] = tags;
    aws.ec2("DeleteTags", parameters);
}

/// The keys and values on a resource.
fn on(aws: &Aws<'_>, id: &str) -> Vec<(String, String)> {
    let filter = json!({ "Filters": [{ "Name": "resource-id", "Values": [id] }] });
    let found = aws.ec2("DescribeTags", filter);
    let found = found["Tags"].as_array().into_iter().flatten();
    found
        .map(|tag| (text(&tag["Key"]), text(&tag["Value"])))
        .collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn volume(aws: &Aws<'_>) -> String {
    let parameters = json!({ "AvailabilityZone": format!("{HERE}a"), "Size": 8 });
    text(&aws.ec2("CreateVolume", parameters)["VolumeId"])
}

fn refused<T>(code: &str) -> Result<T, String> {
    Err(code.to_owned())
}

fn tags_are_put_overwritten_and_taken_off(aws: &Aws<'_>) {
    let (one, other) = (volume(aws), volume(aws));
    let both = json!({ "Resources": [one, other], "Tags": [tag("team", "core"), tag("env", "")] });
    aws.ec2("CreateTags", both);
    let expected = [pair("env", ""), pair("team", "core")];
    let sorted = |id: &str| {
        let mut tags = on(aws, id);
        tags.sort();
        tags
    };
    assert_eq!(sorted(&one), expected);
    assert_eq!(sorted(&other), expected);
    assert_eq!(put(aws, &one, json!([tag("team", "images")])), Ok(()));
    take_off(aws, &one, json!([{ "Key": "env" }]));
    assert_eq!(on(aws, &one), [pair("team", "images")]);
    assert_eq!(sorted(&other), expected);
}

fn a_tag_is_taken_off_only_with_its_value(aws: &Aws<'_>) {
    let id = volume(aws);
    let tags = json!([tag("team", "core"), tag("env", "test"), tag("empty", "")]);
    assert_eq!(put(aws, &id, tags), Ok(()));
    take_off(aws, &id, json!([tag("team", "other"), tag("env", "")]));
    assert_eq!(on(aws, &id).len(), 3);
    take_off(aws, &id, json!([tag("team", "core"), tag("empty", "")]));
    assert_eq!(on(aws, &id), [pair("env", "test")]);
    aws.ec2("DeleteTags", json!({ "Resources": [id] }));
    assert!(on(aws, &id).is_empty());
}

fn tags_of_aws_are_reserved(aws: &Aws<'_>) {
    let id = volume(aws);
    for key in ["aws:team", "AWS:team"] {
        let code = put(aws, &id, json!([tag(key, "x")]));
        assert_eq!(code, refused("InvalidParameterValue"), "{key}");
    }
    let parameters = json!({ "Resources": [id], "Tags": [{ "Key": "aws:team" }] });
    assert_eq!(
        aws.ec2_code("DeleteTags", parameters),
        "InvalidParameterValue"
    );
}

fn a_resource_has_fifty_tags(aws: &Aws<'_>) {
    let id = volume(aws);
    let many: Vec<Value> = (0..50)
        .map(|number| tag(&format!("k{number}"), "v"))
        .collect();
    assert_eq!(put(aws, &id, json!(many)), Ok(()));
    assert_eq!(
        put(aws, &id, json!([tag("more", "v")])),
        refused("TagLimitExceeded")
    );
    assert_eq!(put(aws, &id, json!([tag("k0", "w")])), Ok(()));
    assert_eq!(on(aws, &id).len(), 50);
}

fn keys_and_values_have_their_lengths(aws: &Aws<'_>) {
    let id = volume(aws);
    let (long, longer) = ("k".repeat(129), "v".repeat(257));
    for tags in [
        json!([tag(&long, "v")]),
        json!([tag("k", &longer)]),
        json!([tag("", "v")]),
        json!([tag("k", "v"), tag("k", "w")]),
    ] {
        assert_eq!(
            put(aws, &id, tags.clone()),
            refused("InvalidParameterValue"),
            "{tags}"
        );
    }
    assert!(on(aws, &id).is_empty());
}

fn each_kind_has_its_own_error_for_what_is_absent(aws: &Aws<'_>) {
    for (id, code) in [
        ("ami-00000000000000000", "InvalidAMIID.NotFound"),
        ("snap-00000000000000000", "InvalidSnapshot.NotFound"),
        ("vol-00000000000000000", "InvalidVolume.NotFound"),
        ("i-00000000000000000", "InvalidInstanceID.NotFound"),
        ("ami-1", "InvalidAMIID.Malformed"),
        ("snap-1", "InvalidSnapshotID.Malformed"),
        ("vol-1", "InvalidVolumeID.Malformed"),
        ("i-1", "InvalidInstanceID.Malformed"),
        ("colour-00000000", "InvalidID"),
        ("nonsense", "InvalidID"),
    ] {
        assert_eq!(put(aws, id, json!([tag("k", "v")])), refused(code), "{id}");
    }
    let others = volume(&aws.by(OTHER));
    let code = put(aws, &others, json!([tag("k", "v")]));
    assert_eq!(code, refused("InvalidVolume.NotFound"));
}

fn tagging_is_for_all_or_for_none(aws: &Aws<'_>) {
    let id = volume(aws);
    let parameters = json!({
        "Resources": [id, "vol-00000000000000000"], "Tags": [tag("k", "v")],
    });
    assert_eq!(
        aws.ec2_code("CreateTags", parameters),
        "InvalidVolume.NotFound"
    );
    assert!(on(aws, &id).is_empty());
}

fn tags_are_each_accounts_own(aws: &Aws<'_>) {
    let (snapshot, other) = (aws.snapshot(), aws.by(OTHER));
    let share = json!({
        "SnapshotId": snapshot, "CreateVolumePermission": { "Add": [{ "UserId": OTHER }] },
    });
    aws.ec2("ModifySnapshotAttribute", share);
    assert_eq!(put(aws, &snapshot, json!([tag("team", "core")])), Ok(()));
    assert_eq!(put(&other, &snapshot, json!([tag("use", "base")])), Ok(()));
    assert_eq!(on(aws, &snapshot), [pair("team", "core")]);
    assert_eq!(on(&other, &snapshot), [pair("use", "base")]);
    let named = json!({ "SnapshotIds": [snapshot] });
    let seen = other.ec2("DescribeSnapshots", named);
    assert_eq!(seen["Snapshots"][0]["Tags"], json!([tag("use", "base")]));
}

fn tags_are_described_by_filter(aws: &Aws<'_>) {
    let (volume, snapshot) = (volume(aws), aws.snapshot());
    assert_eq!(
        put(
            aws,
            &volume,
            json!([tag("team", "core"), tag("env", "test")])
        ),
        Ok(())
    );
    assert_eq!(put(aws, &snapshot, json!([tag("team", "images")])), Ok(()));
    for (name, value, expected) in [
        ("key", "team", 2),
        ("value", "core", 1),
        ("value", "*e*", 3),
        ("resource-type", "volume", 2),
        ("resource-id", snapshot.as_str(), 1),
        ("resource-id", "vol-*", 2),
        ("tag:team", "core", 1),
    ] {
        let filter = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
        let found = aws.ec2("DescribeTags", filter);
        let found = found["Tags"].as_array().map(Vec::len);
        assert_eq!(found, Some(expected), "{name} {value}");
    }
    let wrong = json!({ "Filters": [{ "Name": "colour", "Values": ["blue"] }] });
    assert_eq!(aws.ec2_code("DescribeTags", wrong), "InvalidParameterValue");
}

fn tags_are_described_in_pages(aws: &Aws<'_>) {
    let mut all = Vec::new();
    for resource in 0..3 {
        let id = volume(aws);
        let tags: Vec<Value> = (0..4)
            .map(|number| tag(&format!("k{number}"), "v"))
            .collect();
        assert_eq!(put(aws, &id, json!(tags)), Ok(()), "{resource}");
        all.extend((0..4).map(|number| (id.clone(), format!("k{number}"))));
    }
    all.sort();
    let mut found = Vec::new();
    let mut next = Value::Null;
    loop {
        let page = aws.ec2(
            "DescribeTags",
            json!({ "MaxResults": 5, "NextToken": next }),
        );
        let tags = page["Tags"].as_array().cloned().unwrap_or_default();
        assert!(tags.len() <= 5);
        found.extend(
            tags.iter()
                .map(|one| (text(&one["ResourceId"]), text(&one["Key"]))),
        );
        match page.get("NextToken") {
            Some(token) if !token.is_null() => next = token.clone(),
            _ => break,
        }
    }
    assert_eq!(found, all);
    assert_eq!(
        aws.ec2_code("DescribeTags", json!({ "MaxResults": 4 })),
        "InvalidParameterValue"
    );
}

fn many_resources_are_tagged_at_once(aws: &Aws<'_>) {
    let id = volume(aws);
    let ids =
        |count: usize| json!({ "Resources": vec![id.clone(); count], "Tags": [tag("k", "v")] });
    aws.ec2("CreateTags", ids(1000));
    assert_eq!(
        aws.ec2_code("CreateTags", ids(1001)),
        "InvalidParameterValue"
    );
}
