//! Who uses an image.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, OWNER, THERE, text};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "references",
    title: "Who uses an image",
    scenarios: &[
        scenario!(
            instances_refer_to_their_image,
            Documented,
            "AWSEC2/latest/UserGuide/ec2-ami-references.html",
            "`DescribeImageReferences` names the caller's instances of an image, by ARN."
        ),
        scenario!(
            a_call_says_which_resource_types_it_means,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeImageReferences.html",
            "Either `IncludeAllResourceTypes` or `ResourceTypes` is needed, for at most ten images."
        ),
        scenario!(
            instances_are_chosen_by_state,
            Documented,
            "AWSEC2/latest/UserGuide/ec2-ami-references.html",
            "Instances of all states count, terminated ones too, unless `state-name` says which."
        ),
        scenario!(
            options_fit_their_resource_type,
            Documented,
            "AWSEC2/latest/APIReference/API_ResourceTypeOption.html",
            "`state-name` is for instances and `version-depth`, from 1 to 10,000, for launch templates."
        ),
        scenario!(
            image_parameters_refer_to_their_image,
            Inferred,
            "AWSEC2/latest/UserGuide/ec2-ami-references.html",
            "Parameters of the data type `aws:ec2:image` refer to an image, those of `text` don't."
        ),
        scenario!(
            launch_templates_refer_by_their_newest_versions,
            Documented,
            "AWSEC2/latest/UserGuide/ec2-ami-references.html",
            "A launch template refers to the images of its ten newest versions, or of as many as `version-depth` says, once each."
        ),
        scenario!(
            recipes_refer_to_their_parent_image,
            Documented,
            "AWSEC2/latest/UserGuide/ec2-ami-references.html",
            "An Image Builder recipe refers to its parent image, version by version."
        ),
        scenario!(
            only_the_callers_own_resources_are_looked_at,
            Documented,
            "AWSEC2/latest/UserGuide/ec2-ami-references.html",
            "Anybody may ask about an image of anybody's, and hears of their own account's resources in the Region."
        ),
        scenario!(
            references_of_an_image_that_is_gone_remain,
            Chosen,
            "AWSEC2/latest/UserGuide/ec2-ami-references.html",
            "An image needn't be there to be asked about: what refers to a deregistered one is told."
        ),
        scenario!(
            references_come_in_pages,
            Documented,
            "AWSEC2/latest/APIReference/API_DescribeImageReferences.html",
            "References come in pages of five or more, bound to their call."
        ),
        scenario!(
            a_usage_report_is_pending_first,
            Documented,
            "AWSEC2/latest/UserGuide/your-ec2-ami-usage.html",
            "A usage report is `pending` without entries at first, and `available` later, with a count for each account and resource type."
        ),
        scenario!(
            a_usage_report_misses_the_last_day,
            Documented,
            "AWSEC2/latest/UserGuide/your-ec2-ami-usage.html",
            "Instances of the last 24 hours before a usage report are not in it."
        ),
        scenario!(
            a_usage_report_counts_launch_templates,
            Documented,
            "AWSEC2/latest/UserGuide/your-ec2-ami-usage.html",
            "A usage report counts the launch templates whose newest versions name the image, in every account, and misses those of the last few days."
        ),
        scenario!(
            a_usage_report_can_be_on_some_accounts,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateImageUsageReport.html",
            "`AccountIds` narrows a usage report to at most 200 accounts."
        ),
        scenario!(
            only_the_owner_has_usage_reports,
            Inferred,
            "AWSEC2/latest/UserGuide/your-ec2-ami-usage.html",
            "Only an image's owner makes usage reports on it, and only who made one sees it."
        ),
        scenario!(
            a_usage_report_asks_about_known_resource_types,
            Documented,
            "AWSEC2/latest/APIReference/API_ImageUsageResourceTypeRequest.html",
            "A usage report asks about instances, launch templates and recipes; only templates have an option."
        ),
        scenario!(
            one_usage_report_of_an_image_is_made_at_a_time,
            Documented,
            "AWSEC2/latest/UserGuide/your-ec2-ami-usage.html#ami-usage-report-quotas",
            "There is at most one pending usage report on an image."
        ),
        scenario!(
            a_usage_report_expires_after_thirty_days,
            Documented,
            "AWSEC2/latest/UserGuide/your-ec2-ami-usage.html",
            "A usage report is gone 30 days after it was made, or when it is deleted."
        ),
        scenario!(
            usage_reports_have_tags,
            Documented,
            "AWSEC2/latest/APIReference/API_CreateImageUsageReport.html",
            "A usage report is tagged at creation or later, and found by its tags and state."
        ),
        scenario!(
            a_usage_report_on_an_image_that_went_away_fails,
            Chosen,
            "AWSEC2/latest/APIReference/API_ImageUsageReport.html",
            "A usage report whose image is deregistered meanwhile ends in `error`, with a reason."
        ),
    ],
};

const DAY: Duration = Duration::from_hours(24);

#[track_caller]
fn run(aws: &Aws<'_>, image: &str, count: u8) -> Vec<String> {
    let run = aws.ec2(
        "RunInstances",
        json!({ "ImageId": image, "MinCount": count, "MaxCount": count }),
    );
    let instances = run["Instances"].as_array().into_iter().flatten();
    instances
        .map(|instance| text(&instance["InstanceId"]))
        .collect()
}

#[track_caller]
fn share(aws: &Aws<'_>, image: &str, account: &str) {
    let add = json!({ "Add": [{ "UserId": account }] });
    let parameters = json!({ "ImageId": image, "LaunchPermission": add });
    aws.ec2("ModifyImageAttribute", parameters);
}

/// The ARNs of what refers to an image.
#[track_caller]
fn references(aws: &Aws<'_>, image: &str, kinds: &Value) -> Vec<String> {
    let parameters = json!({ "ImageIds": [image], "ResourceTypes": kinds });
    let answer = aws.ec2("DescribeImageReferences", parameters);
    let references = answer["ImageReferences"].as_array().into_iter().flatten();
    references
        .map(|reference| text(&reference["Arn"]))
        .collect()
}

fn instances() -> Value {
    json!([{ "ResourceType": "ec2:Instance" }])
}

fn instances_refer_to_their_image(aws: &Aws<'_>) {
    let (image, other) = (aws.image("golden"), aws.image("silver"));
    let instance = run(aws, &image, 1).remove(0);
    let answer = aws.ec2(
        "DescribeImageReferences",
        json!({ "ImageIds": [image, other], "IncludeAllResourceTypes": true }),
    );
    let arn = format!("arn:aws:ec2:{HERE}:{OWNER}:instance/{instance}");
    let expected = json!([
        { "ImageId": image, "ResourceType": "ec2:Instance", "Arn": arn }
    ]);
    assert_eq!(answer["ImageReferences"], expected);
}

fn a_call_says_which_resource_types_it_means(aws: &Aws<'_>) {
    let code = |parameters: Value| aws.ec2_code("DescribeImageReferences", parameters);
    let image = aws.image("golden");
    let neither = code(json!({ "ImageIds": [image] }));
    assert_eq!(neither, "MissingParameter");
    let unknown = json!([{ "ResourceType": "autoscaling:AutoScalingGroup" }]);
    let unknown = code(json!({ "ImageIds": [image], "ResourceTypes": unknown }));
    assert_eq!(unknown, "InvalidParameterValue");
    let many = vec![image; 11];
    let many = code(json!({ "ImageIds": many, "IncludeAllResourceTypes": true }));
    assert_eq!(many, "InvalidParameterValue");
    let malformed = code(json!({ "ImageIds": ["golden"], "IncludeAllResourceTypes": true }));
    assert_eq!(malformed, "InvalidAMIID.Malformed");
}

fn in_states(states: &[&str]) -> Value {
    let option = json!({ "OptionName": "state-name", "OptionValues": states });
    json!([{ "ResourceType": "ec2:Instance", "ResourceTypeOptions": [option] }])
}

fn instances_are_chosen_by_state(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let ids = run(aws, &image, 2);
    aws.pass(Duration::from_mins(5));
    aws.ec2("TerminateInstances", json!({ "InstanceIds": [ids[0]] }));
    aws.pass(Duration::from_mins(5));
    let count = |kinds: &Value| references(aws, &image, kinds).len();
    assert_eq!(count(&instances()), 2);
    assert_eq!(count(&in_states(&["running"])), 1);
    assert_eq!(count(&in_states(&["terminated", "running"])), 2);
    assert_eq!(count(&in_states(&["stopped"])), 0);
    let both = json!({
        "ImageIds": [image],
        "IncludeAllResourceTypes": true,
        "ResourceTypes": in_states(&["running"]),
    });
    let both = aws.ec2("DescribeImageReferences", both);
    let both = both["ImageReferences"].as_array().map(Vec::len);
    assert_eq!(both, Some(1), "the listed options win");
}

fn options_fit_their_resource_type(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let ask = |kind: &str, option: &str, value: &str| {
        let option = json!({ "OptionName": option, "OptionValues": [value] });
        let kinds = json!([{ "ResourceType": kind, "ResourceTypeOptions": [option] }]);
        let parameters = json!({ "ImageIds": [image], "ResourceTypes": kinds });
        aws.ask("ec2", "DescribeImageReferences", parameters)
            .map_err(|refused| refused.code)
    };
    assert!(ask("ec2:LaunchTemplate", "version-depth", "10000").is_ok());
    for (kind, option, value) in [
        ("ec2:LaunchTemplate", "version-depth", "10001"),
        ("ec2:LaunchTemplate", "version-depth", "0"),
        ("ec2:LaunchTemplate", "state-name", "running"),
        ("ec2:Instance", "version-depth", "5"),
        ("ec2:Instance", "state-name", "asleep"),
        ("ssm:Parameter", "version-depth", "5"),
    ] {
        let refused = ask(kind, option, value);
        let code = Err("InvalidParameterValue".to_owned());
        assert_eq!(refused, code, "{kind} {option} {value}");
    }
}

fn image_parameters_refer_to_their_image(aws: &Aws<'_>) {
    let image = aws.image("golden");
    for (name, data_type) in [("/golden", "aws:ec2:image"), ("/text", "text")] {
        let parameters = json!({
            "Name": name, "Value": image, "Type": "String", "DataType": data_type,
        });
        aws.call("ssm", "PutParameter", parameters);
    }
    aws.pass(Duration::from_mins(5));
    let found = references(aws, &image, &json!([{ "ResourceType": "ssm:Parameter" }]));
    let arn = format!("arn:aws:ssm:{HERE}:{OWNER}:parameter/golden");
    assert_eq!(found, [arn]);
}

/// Makes a launch template with a version for each image; gives its ARN.
#[track_caller]
fn template(aws: &Aws<'_>, name: &str, images: &[&str]) -> String {
    let data = |image: &str| json!({ "ImageId": image });
    let first = images.first().expect("an image");
    let parameters = json!({ "LaunchTemplateName": name, "LaunchTemplateData": data(first) });
    let made = aws.ec2("CreateLaunchTemplate", parameters);
    let id = text(&made["LaunchTemplate"]["LaunchTemplateId"]);
    for image in &images[1..] {
        let parameters = json!({ "LaunchTemplateId": id, "LaunchTemplateData": data(image) });
        aws.ec2("CreateLaunchTemplateVersion", parameters);
    }
    let (region, account) = (aws.region(), aws.account());
    format!("arn:aws:ec2:{region}:{account}:launch-template/{id}")
}

fn templates_to(depth: &str) -> Value {
    let option = json!({ "OptionName": "version-depth", "OptionValues": [depth] });
    json!([{ "ResourceType": "ec2:LaunchTemplate", "ResourceTypeOptions": [option] }])
}

fn launch_templates_refer_by_their_newest_versions(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let [old, new] = ["old", "new"].map(|name| aws.image_over(name, &snapshot));
    // The old image is in version 1, and there are twelve.
    let mut versions = vec![new.as_str(); 12];
    versions[0] = &old;
    let arn = template(aws, "web", &versions);
    let usual = json!([{ "ResourceType": "ec2:LaunchTemplate" }]);
    let found = |image: &str, kinds: &Value| references(aws, image, kinds);
    assert_eq!(found(&new, &usual), [arn.as_str()]);
    assert_eq!(found(&new, &templates_to("1")), [arn.as_str()]);
    assert!(found(&old, &usual).is_empty());
    assert!(found(&old, &templates_to("11")).is_empty());
    assert_eq!(found(&old, &templates_to("12")), [arn.as_str()]);
    assert!(found(&new, &instances()).is_empty());
    let both = json!({ "ImageIds": [old, new], "ResourceTypes": templates_to("12") });
    let both = aws.ec2("DescribeImageReferences", both);
    let both = both["ImageReferences"].as_array().cloned();
    let both = both.unwrap_or_default();
    assert_eq!(both.len(), 2);
    for one in both {
        assert_eq!(one["ResourceType"], "ec2:LaunchTemplate");
        assert_eq!(one["Arn"], arn);
    }
}

fn recipes_refer_to_their_parent_image(aws: &Aws<'_>) {
    let snapshot = aws.snapshot();
    let [image, other] = ["golden", "silver"].map(|name| aws.image_over(name, &snapshot));
    let recipe = |version: &str, parent: &str| {
        let parameters = json!({
            "name": "web",
            "semanticVersion": version,
            "parentImage": parent,
            "clientToken": version,
        });
        let made = aws.call("imagebuilder", "CreateImageRecipe", parameters);
        text(&made["imageRecipeArn"])
    };
    let mut arns = vec![recipe("1.0.0", &image), recipe("1.0.1", &image)];
    recipe("2.0.0", &other);
    arns.sort();
    let kinds = json!([{ "ResourceType": "imagebuilder:ImageRecipe" }]);
    assert_eq!(references(aws, &image, &kinds), arns);
    aws.call(
        "imagebuilder",
        "DeleteImageRecipe",
        json!({ "imageRecipeArn": arns[0] }),
    );
    assert_eq!(references(aws, &image, &kinds), arns[1..]);
    let containers = json!([{ "ResourceType": "imagebuilder:ContainerRecipe" }]);
    assert!(references(aws, &image, &containers).is_empty());
}

fn only_the_callers_own_resources_are_looked_at(aws: &Aws<'_>) {
    let image = aws.image("golden");
    share(aws, &image, OTHER);
    let stranger = aws.by(OTHER);
    run(&stranger, &image, 1);
    assert_eq!(references(aws, &image, &instances()).len(), 0);
    assert_eq!(references(&stranger, &image, &instances()).len(), 1);
    let elsewhere = stranger.at(THERE);
    assert_eq!(references(&elsewhere, &image, &instances()).len(), 0);
}

fn references_of_an_image_that_is_gone_remain(aws: &Aws<'_>) {
    let image = aws.image("golden");
    run(aws, &image, 1);
    aws.ec2("DeregisterImage", json!({ "ImageId": image }));
    assert_eq!(references(aws, &image, &instances()).len(), 1);
}

fn references_come_in_pages(aws: &Aws<'_>) {
    let image = aws.image("golden");
    run(aws, &image, 7);
    let page = |size: u8, token: &Value| {
        let mut parameters = json!({
            "ImageIds": [image], "ResourceTypes": instances(), "MaxResults": size,
        });
        if !token.is_null() {
            parameters["NextToken"] = token.clone();
        }
        parameters
    };
    let first = aws.ec2("DescribeImageReferences", page(5, &Value::Null));
    assert_eq!(first["ImageReferences"].as_array().map(Vec::len), Some(5));
    let token = first["NextToken"].clone();
    let second = aws.ec2("DescribeImageReferences", page(5, &token));
    assert_eq!(second["ImageReferences"].as_array().map(Vec::len), Some(2));
    let small = aws.ec2_code("DescribeImageReferences", page(4, &Value::Null));
    assert_eq!(small, "InvalidParameterValue");
    let others = json!({
        "ImageIds": [image], "IncludeAllResourceTypes": true, "NextToken": token,
    });
    let stolen = aws.ec2_code("DescribeImageReferences", others);
    assert_eq!(stolen, "InvalidNextToken");
}

#[track_caller]
fn report(aws: &Aws<'_>, image: &str, more: &Value) -> String {
    let mut parameters = json!({ "ImageId": image, "ResourceTypes": instances() });
    for (name, value) in more.as_object().into_iter().flatten() {
        parameters[name] = value.clone();
    }
    text(&aws.ec2("CreateImageUsageReport", parameters)["ReportId"])
}

/// The accounts in a report, and how many resources each has.
#[track_caller]
fn entries(aws: &Aws<'_>, report: &str) -> Vec<(String, i64)> {
    let parameters = json!({ "ReportIds": [report] });
    let answer = aws.ec2("DescribeImageUsageReportEntries", parameters);
    let entries = answer["ImageUsageReportEntries"]
        .as_array()
        .into_iter()
        .flatten();
    entries
        .map(|entry| {
            assert_eq!(entry["ReportId"], report);
            let count = entry["UsageCount"].as_i64().unwrap_or_default();
            (text(&entry["AccountId"]), count)
        })
        .collect()
}

/// A shared image, with one instance of its owner's and two of another account's, two days old.
fn used_image(aws: &Aws<'_>) -> String {
    let image = aws.image("golden");
    share(aws, &image, OTHER);
    run(aws, &image, 1);
    run(&aws.by(OTHER), &image, 2);
    aws.pass(2 * DAY);
    image
}

fn a_usage_report_is_pending_first(aws: &Aws<'_>) {
    let image = used_image(aws);
    let report = report(aws, &image, &json!({}));
    assert!(report.starts_with("amiur-"), "{report}");
    let describe = || {
        let parameters = json!({ "ImageIds": [image] });
        let described = aws.ec2("DescribeImageUsageReports", parameters);
        described["ImageUsageReports"][0].clone()
    };
    assert_eq!(describe()["State"], "pending");
    assert_eq!(describe()["ReportId"], report);
    assert_eq!(entries(aws, &report), []);
    aws.pass(DAY);
    assert_eq!(describe()["State"], "available");
    let expected = [(OWNER.to_owned(), 1), (OTHER.to_owned(), 2)];
    assert_eq!(entries(aws, &report), expected);
}

fn a_usage_report_misses_the_last_day(aws: &Aws<'_>) {
    let image = used_image(aws);
    run(aws, &image, 5);
    let report = report(aws, &image, &json!({}));
    aws.pass(Duration::from_hours(1));
    let expected = [(OWNER.to_owned(), 1), (OTHER.to_owned(), 2)];
    assert_eq!(entries(aws, &report), expected);
}

fn a_usage_report_counts_launch_templates(aws: &Aws<'_>) {
    let image = aws.image("golden");
    share(aws, &image, OTHER);
    let other = aws.by(OTHER);
    let absent = "ami-00000000000000000";
    template(aws, "own", &[&image]);
    template(&other, "one", &[&image]);
    template(&other, "two", &[&image, absent]);
    template(&other, "three", &[absent]);
    aws.pass(7 * DAY);
    template(&other, "late", &[&image]);
    let counted = |kinds: &Value| {
        let report = report(aws, &image, &json!({ "ResourceTypes": kinds }));
        aws.pass(Duration::from_hours(1));
        entries(aws, &report)
    };
    let (owner, other) = (OWNER.to_owned(), OTHER.to_owned());
    let usual = json!([{ "ResourceType": "ec2:LaunchTemplate" }]);
    assert_eq!(
        counted(&usual),
        [(owner.clone(), 1), (other.clone(), 2)],
        "twenty versions are looked at"
    );
    assert_eq!(counted(&templates_to("1")), [(owner, 1), (other, 1)]);
    assert_eq!(counted(&instances()), []);
}

fn a_usage_report_can_be_on_some_accounts(aws: &Aws<'_>) {
    let image = used_image(aws);
    let some = report(
        aws,
        &image,
        &json!({ "AccountIds": [OTHER, "333333333333"] }),
    );
    aws.pass(Duration::from_hours(1));
    assert_eq!(entries(aws, &some), [(OTHER.to_owned(), 2)]);
    for wrong in [vec![OTHER; 201], vec!["someone"]] {
        let parameters = json!({
            "ImageId": image, "ResourceTypes": instances(), "AccountIds": wrong,
        });
        let code = aws.ec2_code("CreateImageUsageReport", parameters);
        assert_eq!(code, "InvalidParameterValue");
    }
}

fn only_the_owner_has_usage_reports(aws: &Aws<'_>) {
    let image = used_image(aws);
    let stranger = aws.by(OTHER);
    let parameters = json!({ "ImageId": image, "ResourceTypes": instances() });
    let code = stranger.ec2_code("CreateImageUsageReport", parameters);
    assert_eq!(code, "AuthFailure");
    let report = report(aws, &image, &json!({}));
    let listed = stranger.ec2("DescribeImageUsageReports", json!({}));
    let listed = listed["ImageUsageReports"].as_array().map(Vec::len);
    assert_eq!(listed.unwrap_or_default(), 0);
    for (operation, parameters) in [
        (
            "DescribeImageUsageReports",
            json!({ "ReportIds": [report] }),
        ),
        (
            "DescribeImageUsageReportEntries",
            json!({ "ReportIds": [report] }),
        ),
        ("DeleteImageUsageReport", json!({ "ReportId": report })),
    ] {
        let code = stranger.ec2_code(operation, parameters);
        assert_eq!(code, "InvalidImageUsageReportId.NotFound", "{operation}");
    }
}

fn a_usage_report_asks_about_known_resource_types(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let depth = |kind: &str, depth: &str| {
        let option = json!({ "OptionName": "version-depth", "OptionValues": [depth] });
        json!([{ "ResourceType": kind, "ResourceTypeOptions": [option] }])
    };
    for wrong in [
        json!([{ "ResourceType": "ssm:Parameter" }]),
        depth("ec2:Instance", "5"),
        depth("ec2:LaunchTemplate", "0"),
    ] {
        let parameters = json!({ "ImageId": image, "ResourceTypes": wrong });
        let code = aws.ec2_code("CreateImageUsageReport", parameters);
        assert_eq!(code, "InvalidParameterValue", "{wrong}");
    }
    let templates = depth("ec2:LaunchTemplate", "5");
    report(aws, &image, &json!({ "ResourceTypes": templates }));
    let described = aws.ec2("DescribeImageUsageReports", json!({}));
    let kinds = &described["ImageUsageReports"][0]["ResourceTypes"];
    assert_eq!(*kinds, templates);
}

fn one_usage_report_of_an_image_is_made_at_a_time(aws: &Aws<'_>) {
    let image = aws.image("golden");
    report(aws, &image, &json!({}));
    let parameters = json!({ "ImageId": image, "ResourceTypes": instances() });
    let code = aws.ec2_code("CreateImageUsageReport", parameters);
    assert_eq!(code, "ResourceLimitExceeded");
    aws.pass(DAY);
    report(aws, &image, &json!({}));
}

fn a_usage_report_expires_after_thirty_days(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let old = report(aws, &image, &json!({}));
    aws.pass(29 * DAY);
    let named = json!({ "ReportIds": [old] });
    aws.ec2("DescribeImageUsageReports", named.clone());
    aws.pass(DAY);
    let code = aws.ec2_code("DescribeImageUsageReports", named);
    assert_eq!(code, "InvalidImageUsageReportId.NotFound");
    let unwanted = json!({ "ReportId": report(aws, &image, &json!({})) });
    let deleted = aws.ec2("DeleteImageUsageReport", unwanted.clone());
    assert_eq!(deleted["Return"], true);
    let code = aws.ec2_code("DeleteImageUsageReport", unwanted);
    assert_eq!(code, "InvalidImageUsageReportId.NotFound");
}

fn usage_reports_have_tags(aws: &Aws<'_>) {
    let tagged = |kind: &str, value: &str| {
        let tags = [json!({ "Key": "team", "Value": value })];
        json!({ "TagSpecifications": [{ "ResourceType": kind, "Tags": tags }] })
    };
    let (golden, silver) = (aws.image("golden"), aws.image("silver"));
    let mut wrong = tagged("image", "web");
    wrong["ImageId"] = json!(golden);
    wrong["ResourceTypes"] = instances();
    let code = aws.ec2_code("CreateImageUsageReport", wrong);
    assert_eq!(code, "InvalidParameterValue");
    let web = report(aws, &golden, &tagged("image-usage-report", "web"));
    let data = report(aws, &silver, &json!({}));
    let tag = json!({ "Key": "team", "Value": "data" });
    aws.ec2("CreateTags", json!({ "Resources": [data], "Tags": [tag] }));
    for (value, expected) in [("web", &web), ("data", &data)] {
        let filters = json!([
            { "Name": "tag:team", "Values": [value] },
            { "Name": "state", "Values": ["pending"] },
        ]);
        let found = aws.ec2("DescribeImageUsageReports", json!({ "Filters": filters }));
        let found = &found["ImageUsageReports"];
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{value}");
        assert_eq!(found[0]["ReportId"], **expected);
    }
}

fn a_usage_report_on_an_image_that_went_away_fails(aws: &Aws<'_>) {
    let image = used_image(aws);
    let report = report(aws, &image, &json!({}));
    aws.ec2("DeregisterImage", json!({ "ImageId": image }));
    aws.pass(DAY);
    let parameters = json!({ "ReportIds": [report] });
    let described = aws.ec2("DescribeImageUsageReports", parameters);
    let described = &described["ImageUsageReports"][0];
    assert_eq!(described["State"], "error");
    assert!(described["StateReason"].is_string());
    assert_eq!(entries(aws, &report), []);
}
