//! Launch templates and their versions.

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, text};
use crate::scenario::{Section, scenario};

const CREATE: &str = "AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html";
const CREATE_VERSION: &str = "AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html";
const DESCRIBE_VERSIONS: &str =
    "AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html";
const ERRORS: &str = "AWSEC2/latest/APIReference/errors-overview.html";

pub const SECTION: Section = Section {
    name: "launch_templates",
    title: "Launch templates",
    scenarios: &[
        scenario!(
            a_template_begins_with_version_one,
            Documented,
            CREATE,
            "A launch template begins with version 1, which is the default and the latest; its image need not exist.",
        )
        .and_moto(),
        scenario!(
            names_are_well_formed_and_unique,
            Documented,
            ERRORS,
            "A template's name has 3 to 128 characters of a set, and is unique in an account's Region.",
        ),
        scenario!(
            a_version_inherits_from_its_source_but_not_snapshots,
            Documented,
            CREATE_VERSION,
            "A version inherits its source's parameters where it names a source, except the snapshots of block devices; without one it inherits nothing.",
        ),
        scenario!(
            the_default_version_is_chosen_by_hand,
            Documented,
            "AWSEC2/latest/APIReference/API_ModifyLaunchTemplate.html",
            "A new version is the latest but not the default, until it is chosen; an absent one can't be.",
        )
        .and_moto(),
        scenario!(
            versions_are_told_by_number_alias_and_range,
            Documented,
            DESCRIBE_VERSIONS,
            "Versions of a template are asked for by number, `$Latest`, `$Default`, or a range.",
        ),
        scenario!(
            the_newest_version_comes_first,
            Inferred,
            DESCRIBE_VERSIONS,
            "Versions are listed with the newest first.",
        ),
        scenario!(
            latest_and_default_are_told_across_all_templates,
            Documented,
            DESCRIBE_VERSIONS,
            "Without a template, `$Latest` and `$Default` are told of all templates, and numbers are refused.",
        ),
        scenario!(
            pages_of_versions_hold_at_most_two_hundred,
            Documented,
            DESCRIBE_VERSIONS,
            "A page of versions holds 1 to 200, and the next follows by its token.",
        ),
        scenario!(
            versions_are_found_by_image,
            Documented,
            DESCRIBE_VERSIONS,
            "Versions are found by image and by being the default; an unknown filter is refused.",
        ),
        scenario!(
            an_alias_stays_as_it_is_unless_it_is_to_be_resolved,
            Documented,
            DESCRIBE_VERSIONS,
            "`resolve:ssm:` in a template is told as it is, unless `ResolveAlias` is asked for.",
        ),
        scenario!(
            the_default_version_cannot_be_deleted,
            Documented,
            "AWSEC2/latest/APIReference/API_DeleteLaunchTemplateVersions.html",
            "Deleting versions has an outcome for each: the default version stays, an absent one is told, and numbers are not given again.",
        ),
        scenario!(
            a_deleted_template_is_gone_with_its_versions,
            Documented,
            "AWSEC2/latest/APIReference/API_DeleteLaunchTemplate.html",
            "A deleted template is gone with all its versions, and its name is free.",
        ),
        scenario!(
            absent_and_malformed_templates_are_told_apart,
            Documented,
            ERRORS,
            "An absent template by id, by name, and a malformed id have codes of their own; other accounts' templates are absent.",
        ),
        scenario!(
            templates_are_found_by_name_and_tag,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeLaunchTemplates.html",
            "Templates are found by id, name, and tag, and are tagged when made or later.",
        ),
    ],
};

const IMAGE: &str = "ami-0123456789abcdef0";

/// Makes a template of an image; gives its id.
#[track_caller]
fn template(aws: &Aws<'_>, name: &str, data: &Value) -> String {
    let parameters = json!({ "LaunchTemplateName": name, "LaunchTemplateData": data });
    let made = aws.ec2("CreateLaunchTemplate", parameters);
    text(&made["LaunchTemplate"]["LaunchTemplateId"])
}

/// Makes a version; gives what is told of it.
#[track_caller]
fn version(aws: &Aws<'_>, id: &str, data: &Value) -> Value {
    let parameters = json!({ "LaunchTemplateId": id, "LaunchTemplateData": data });
    let made = aws.ec2("CreateLaunchTemplateVersion", parameters);
    made["LaunchTemplateVersion"].clone()
}

/// The numbers of the versions that a call tells of.
#[track_caller]
fn numbers(aws: &Aws<'_>, parameters: Value) -> Vec<i64> {
    let answer = aws.ec2("DescribeLaunchTemplateVersions", parameters);
    let versions = answer["LaunchTemplateVersions"].as_array().expect("a list");
    let numbers = versions.iter();
    numbers
        .map(|version| version["VersionNumber"].as_i64().expect("a number"))
        .collect()
}

fn a_template_begins_with_version_one(aws: &Aws<'_>) {
    let id = template(
        aws,
        "web",
        &json!({ "ImageId": IMAGE, "InstanceType": "t3.micro" }),
    );
    let named = json!({ "LaunchTemplateIds": [id] });
    let told = aws.ec2("DescribeLaunchTemplates", named);
    let told = &told["LaunchTemplates"][0];
    assert_eq!(told["LaunchTemplateName"], "web");
    assert_eq!(told["DefaultVersionNumber"], 1);
    assert_eq!(told["LatestVersionNumber"], 1);
    let of = json!({ "LaunchTemplateName": "web" });
    let versions = aws.ec2("DescribeLaunchTemplateVersions", of);
    let version = &versions["LaunchTemplateVersions"][0];
    assert_eq!(version["DefaultVersion"], true);
    assert_eq!(version["LaunchTemplateData"]["ImageId"], IMAGE);
}

fn names_are_well_formed_and_unique(aws: &Aws<'_>) {
    let make = |name: &str| {
        let data = json!({ "ImageId": IMAGE });
        let parameters = json!({ "LaunchTemplateName": name, "LaunchTemplateData": data });
        aws.ec2_code("CreateLaunchTemplate", parameters)
    };
    template(aws, "web", &json!({ "ImageId": IMAGE }));
    assert_eq!(
        make("web"),
        "InvalidLaunchTemplateName.AlreadyExistsException"
    );
    assert_eq!(make("we"), "InvalidLaunchTemplateName.MalformedException");
    assert_eq!(make("we b"), "InvalidLaunchTemplateName.MalformedException");
    template(&aws.by(OTHER), "web", &json!({ "ImageId": IMAGE }));
}

fn a_version_inherits_from_its_source_but_not_snapshots(aws: &Aws<'_>) {
    let ebs = json!({ "SnapshotId": "snap-0123456789abcdef0", "VolumeSize": 9 });
    let devices = json!([{ "DeviceName": "/dev/sdf", "Ebs": ebs }]);
    let id = template(
        aws,
        "web",
        &json!({ "ImageId": IMAGE, "KeyName": "k", "BlockDeviceMappings": devices }),
    );
    let made = aws.ec2(
        "CreateLaunchTemplateVersion",
        json!({
            "LaunchTemplateId": id, "SourceVersion": "1",
            "LaunchTemplateData": { "InstanceType": "t3.micro" },
        }),
    );
    let data = &made["LaunchTemplateVersion"]["LaunchTemplateData"];
    assert_eq!(data["ImageId"], IMAGE);
    assert_eq!(data["KeyName"], "k");
    assert_eq!(data["InstanceType"], "t3.micro");
    assert_eq!(data["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"], 9);
    assert!(data["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"].is_null());
    let bare = version(aws, &id, &json!({ "KeyName": "other" }));
    assert!(bare["LaunchTemplateData"]["ImageId"].is_null());
    let absent = json!({
        "LaunchTemplateId": id, "SourceVersion": "9", "LaunchTemplateData": { "KeyName": "k" },
    });
    let code = aws.ec2_code("CreateLaunchTemplateVersion", absent);
    assert_eq!(code, "InvalidLaunchTemplateId.VersionNotFound");
}

fn the_default_version_is_chosen_by_hand(aws: &Aws<'_>) {
    let id = template(aws, "web", &json!({ "ImageId": IMAGE }));
    let second = version(aws, &id, &json!({ "ImageId": IMAGE }));
    assert_eq!(second["VersionNumber"], 2);
    assert_eq!(second["DefaultVersion"], false);
    let choose = json!({ "LaunchTemplateId": id, "DefaultVersion": "2" });
    let told = aws.ec2("ModifyLaunchTemplate", choose);
    assert_eq!(told["LaunchTemplate"]["DefaultVersionNumber"], 2);
    assert_eq!(told["LaunchTemplate"]["LatestVersionNumber"], 2);
    let absent = json!({ "LaunchTemplateId": id, "DefaultVersion": "3" });
    let code = aws.ec2_code("ModifyLaunchTemplate", absent);
    assert_eq!(code, "InvalidLaunchTemplateId.VersionNotFound");
}

fn versions_are_told_by_number_alias_and_range(aws: &Aws<'_>) {
    let id = template(aws, "web", &json!({ "ImageId": IMAGE }));
    for _ in 0..3 {
        version(aws, &id, &json!({ "ImageId": IMAGE }));
    }
    let of = |more: Value| {
        let mut parameters = more;
        parameters["LaunchTemplateId"] = json!(id);
        let mut found = numbers(aws, parameters);
        found.sort_unstable();
        found
    };
    assert_eq!(of(json!({})), [1, 2, 3, 4]);
    assert_eq!(of(json!({ "Versions": ["$Latest"] })), [4]);
    assert_eq!(of(json!({ "Versions": ["$Default", "3"] })), [1, 3]);
    assert_eq!(of(json!({ "MinVersion": "2", "MaxVersion": "3" })), [2, 3]);
    let absent = json!({ "LaunchTemplateId": id, "Versions": ["9"] });
    let code = aws.ec2_code("DescribeLaunchTemplateVersions", absent);
    assert_eq!(code, "InvalidLaunchTemplateId.VersionNotFound");
    let odd = json!({ "LaunchTemplateId": id, "Versions": ["newest"] });
    let code = aws.ec2_code("DescribeLaunchTemplateVersions", odd);
    assert_eq!(code, "InvalidParameterValue");
}

fn the_newest_version_comes_first(aws: &Aws<'_>) {
    let id = template(aws, "web", &json!({ "ImageId": IMAGE }));
    for _ in 0..2 {
        version(aws, &id, &json!({ "ImageId": IMAGE }));
    }
    assert_eq!(numbers(aws, json!({ "LaunchTemplateId": id })), [3, 2, 1]);
}

fn latest_and_default_are_told_across_all_templates(aws: &Aws<'_>) {
    let id = template(aws, "web", &json!({ "ImageId": IMAGE }));
    version(aws, &id, &json!({ "ImageId": IMAGE }));
    template(aws, "api", &json!({ "ImageId": IMAGE }));
    template(&aws.by(OTHER), "theirs", &json!({ "ImageId": IMAGE }));
    let mut latest = numbers(aws, json!({ "Versions": ["$Latest"] }));
    latest.sort_unstable();
    assert_eq!(latest, [1, 2]);
    let both = numbers(aws, json!({ "Versions": ["$Latest", "$Default"] }));
    assert_eq!(both.len(), 3);
    let code = aws.ec2_code(
        "DescribeLaunchTemplateVersions",
        json!({ "Versions": ["1"] }),
    );
    assert_eq!(code, "MissingParameter");
    let code = aws.ec2_code("DescribeLaunchTemplateVersions", json!({}));
    assert_eq!(code, "MissingParameter");
}

fn pages_of_versions_hold_at_most_two_hundred(aws: &Aws<'_>) {
    let id = template(aws, "web", &json!({ "ImageId": IMAGE }));
    for _ in 0..2 {
        version(aws, &id, &json!({ "ImageId": IMAGE }));
    }
    let page = |token: &Value| {
        let mut parameters = json!({ "LaunchTemplateId": id, "MaxResults": 2 });
        if !token.is_null() {
            parameters["NextToken"] = token.clone();
        }
        aws.ec2("DescribeLaunchTemplateVersions", parameters)
    };
    let first = page(&Value::Null);
    let second = page(&first["NextToken"]);
    let count = |page: &Value| page["LaunchTemplateVersions"].as_array().map(Vec::len);
    assert_eq!((count(&first), count(&second)), (Some(2), Some(1)));
    assert!(second["NextToken"].is_null());
    let many = json!({ "LaunchTemplateId": id, "MaxResults": 201 });
    let code = aws.ec2_code("DescribeLaunchTemplateVersions", many);
    assert_eq!(code, "InvalidParameterValue");
}

fn versions_are_found_by_image(aws: &Aws<'_>) {
    let other = "ami-0aaaaaaaaaaaaaaaa";
    let id = template(aws, "web", &json!({ "ImageId": IMAGE }));
    version(aws, &id, &json!({ "ImageId": other }));
    let with = |name: &str, value: &str| {
        let filters = json!([{ "Name": name, "Values": [value] }]);
        json!({ "LaunchTemplateId": id, "Filters": filters })
    };
    assert_eq!(numbers(aws, with("image-id", other)), [2]);
    assert_eq!(numbers(aws, with("is-default-version", "true")), [1]);
    let code = aws.ec2_code("DescribeLaunchTemplateVersions", with("colour", "blue"));
    assert_eq!(code, "InvalidParameterValue");
}

fn an_alias_stays_as_it_is_unless_it_is_to_be_resolved(aws: &Aws<'_>) {
    let alias = "resolve:ssm:/golden/latest";
    let id = template(aws, "web", &json!({ "ImageId": alias }));
    let of = json!({ "LaunchTemplateId": id, "ResolveAlias": false });
    let told = aws.ec2("DescribeLaunchTemplateVersions", of);
    let data = &told["LaunchTemplateVersions"][0]["LaunchTemplateData"];
    assert_eq!(data["ImageId"], alias);
    let parameters = json!({
        "LaunchTemplateName": "api", "LaunchTemplateData": { "ImageId": "golden" },
    });
    let code = aws.ec2_code("CreateLaunchTemplate", parameters);
    assert_eq!(code, "InvalidAMIID.Malformed");
}

fn the_default_version_cannot_be_deleted(aws: &Aws<'_>) {
    let id = template(aws, "web", &json!({ "ImageId": IMAGE }));
    version(aws, &id, &json!({ "ImageId": IMAGE }));
    let versions = json!({ "LaunchTemplateId": id, "Versions": ["1", "2", "9"] });
    let outcome = aws.ec2("DeleteLaunchTemplateVersions", versions);
    let done = &outcome["SuccessfullyDeletedLaunchTemplateVersions"];
    assert_eq!(done[0]["VersionNumber"], 2);
    let undone = &outcome["UnsuccessfullyDeletedLaunchTemplateVersions"];
    assert_eq!(undone[0]["VersionNumber"], 1);
    let code = &undone[1]["ResponseError"]["Code"];
    assert_eq!(*code, "launchTemplateVersionDoesNotExist");
    let third = version(aws, &id, &json!({ "ImageId": IMAGE }));
    assert_eq!(third["VersionNumber"], 3);
    let mut left = numbers(aws, json!({ "LaunchTemplateId": id }));
    left.sort_unstable();
    assert_eq!(left, [1, 3]);
}

fn a_deleted_template_is_gone_with_its_versions(aws: &Aws<'_>) {
    let id = template(aws, "web", &json!({ "ImageId": IMAGE }));
    let told = aws.ec2(
        "DeleteLaunchTemplate",
        json!({ "LaunchTemplateName": "web" }),
    );
    assert_eq!(told["LaunchTemplate"]["LaunchTemplateId"], id);
    let of = json!({ "LaunchTemplateId": id });
    let code = aws.ec2_code("DescribeLaunchTemplateVersions", of);
    assert_eq!(code, "InvalidLaunchTemplateId.NotFound");
    template(aws, "web", &json!({ "ImageId": IMAGE }));
}

fn absent_and_malformed_templates_are_told_apart(aws: &Aws<'_>) {
    let theirs = template(&aws.by(OTHER), "theirs", &json!({ "ImageId": IMAGE }));
    let code = |parameters: Value| aws.ec2_code("DescribeLaunchTemplateVersions", parameters);
    let absent = "InvalidLaunchTemplateId.NotFound";
    assert_eq!(
        code(json!({ "LaunchTemplateId": "lt-0123456789abcdef0" })),
        absent
    );
    assert_eq!(code(json!({ "LaunchTemplateId": theirs })), absent);
    let malformed = code(json!({ "LaunchTemplateId": "web" }));
    assert_eq!(malformed, "InvalidLaunchTemplateId.Malformed");
    let named = code(json!({ "LaunchTemplateName": "web" }));
    assert_eq!(named, "InvalidLaunchTemplateName.NotFoundException");
    let both = code(json!({ "LaunchTemplateName": "web", "LaunchTemplateId": theirs }));
    assert_eq!(both, "InvalidParameterCombination");
}

fn templates_are_found_by_name_and_tag(aws: &Aws<'_>) {
    let tags = json!([
        { "ResourceType": "launch-template", "Tags": [{ "Key": "team", "Value": "web" }] },
    ]);
    let data = json!({ "ImageId": IMAGE });
    aws.ec2(
        "CreateLaunchTemplate",
        json!({
            "LaunchTemplateName": "web", "LaunchTemplateData": data, "TagSpecifications": tags,
        }),
    );
    let api = template(aws, "api", &json!({ "ImageId": IMAGE }));
    let tags = json!([{ "Key": "team", "Value": "api" }]);
    aws.ec2("CreateTags", json!({ "Resources": [api], "Tags": tags }));
    let found = |name: &str, value: &str| {
        let filters = json!([{ "Name": name, "Values": [value] }]);
        let answer = aws.ec2("DescribeLaunchTemplates", json!({ "Filters": filters }));
        let found = answer["LaunchTemplates"].as_array().expect("a list").iter();
        found
            .map(|one| text(&one["LaunchTemplateName"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(found("tag:team", "web"), ["web"]);
    assert_eq!(found("launch-template-name", "a*"), ["api"]);
    assert_eq!(found("tag-key", "team").len(), 2);
    let filters = json!([{ "Name": "resource-type", "Values": ["launch-template"] }]);
    let told = aws.ec2("DescribeTags", json!({ "Filters": filters }));
    assert_eq!(told["Tags"].as_array().expect("a list").len(), 2);
    aws.ec2("DeleteTags", json!({ "Resources": [api] }));
    assert_eq!(found("tag-key", "team"), ["web"]);
}
