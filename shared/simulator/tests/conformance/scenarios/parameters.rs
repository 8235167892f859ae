//! Systems Manager parameters.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, THERE, text};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "parameters",
    title: "Systems Manager parameters",
    scenarios: &[
        scenario!(
            a_parameter_is_made_once_and_overwritten_on_request,
            Documented,
            "systems-manager/latest/APIReference/API_PutParameter.html",
            "`PutParameter` makes a parameter, refuses one there is, and with `Overwrite` adds a version."
        )
        .and_moto(),
        scenario!(
            a_parameter_is_one_accounts_in_one_region,
            Inferred,
            "systems-manager/latest/APIReference/API_GetParameter.html",
            "A parameter is its account's in its Region; a missing one is `ParameterNotFound`."
        ),
        scenario!(
            a_version_is_read_by_number_by_label_and_by_arn,
            Documented,
            "systems-manager/latest/APIReference/API_GetParameter.html",
            "`GetParameter` takes a name, `name:version`, `name:label` and an ARN, and tells the selector."
        ),
        scenario!(
            a_label_moves_between_versions,
            Documented,
            "systems-manager/latest/userguide/sysman-paramstore-labels.html",
            "A label is on one version at a time, and moves; labels that break the rules are listed."
        )
        .and_moto(),
        scenario!(
            a_version_has_ten_labels_at_most,
            Documented,
            "systems-manager/latest/APIReference/API_LabelParameterVersion.html",
            "A version has at most ten labels."
        )
        .and_moto(),
        scenario!(
            names_keep_the_rules,
            Documented,
            "systems-manager/latest/userguide/sysman-paramstore-su-create.html",
            "Names have no spaces inside, don't begin with `aws` or `ssm`, and have at most 15 levels."
        ),
        scenario!(
            a_value_fits_its_tier_and_its_pattern,
            Documented,
            "systems-manager/latest/APIReference/API_PutParameter.html",
            "A value matches `AllowedPattern`, and has 4 KB in the standard and 8 KB in the advanced tier."
        ),
        scenario!(
            an_advanced_parameter_stays_advanced,
            Documented,
            "systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
            "A standard parameter can become advanced, and never standard again."
        ),
        scenario!(
            a_parameter_keeps_its_type,
            Documented,
            "systems-manager/latest/APIReference/API_PutParameter.html",
            "A new parameter needs a type, and a parameter's type can't be changed."
        ),
        scenario!(
            some_parameters_are_read_in_the_order_of_their_names,
            Documented,
            "systems-manager/latest/APIReference/API_GetParameters.html",
            "`GetParameters` answers in the order of the names, and lists those that aren't there."
        ),
        scenario!(
            parameters_below_a_path_are_read_level_by_level,
            Documented,
            "systems-manager/latest/APIReference/API_GetParametersByPath.html",
            "`GetParametersByPath` reads one level, or all with `Recursive`, in pages of at most ten."
        ),
        scenario!(
            the_history_has_every_version_with_its_labels,
            Documented,
            "systems-manager/latest/APIReference/API_GetParameterHistory.html",
            "`GetParameterHistory` gives the versions, the oldest first, with their labels."
        )
        .and_moto(),
        scenario!(
            a_hundred_versions_are_kept_unless_the_oldest_has_a_label,
            Documented,
            "systems-manager/latest/userguide/sysman-paramstore-versions.html",
            "The newest 100 versions are kept; an oldest one with a label stops new ones."
        ),
        scenario!(
            parameters_are_listed_by_filters,
            Documented,
            "systems-manager/latest/APIReference/API_ParameterStringFilter.html",
            "`DescribeParameters` filters by name, type, path, tier and data type, and refuses what it doesn't know."
        ),
        scenario!(
            listings_come_in_pages,
            Documented,
            "systems-manager/latest/APIReference/API_DescribeParameters.html",
            "`DescribeParameters` gives pages, and refuses a token that isn't its own."
        ),
        scenario!(
            deleted_parameters_are_gone,
            Documented,
            "systems-manager/latest/APIReference/API_DeleteParameters.html",
            "`DeleteParameter` refuses a missing parameter, `DeleteParameters` lists it."
        )
        .and_moto(),
        scenario!(
            a_secure_value_is_shown_on_request,
            Documented,
            "systems-manager/latest/APIReference/API_GetParameter.html",
            "A `SecureString` is shown in plain only with `WithDecryption`; its key must be there."
        ),
        scenario!(
            an_image_is_validated_before_its_parameter_is_written,
            Documented,
            "systems-manager/latest/userguide/parameter-store-ec2-aliases.html",
            "A parameter of the data type `aws:ec2:image` has a version number at once, and is there only after its image was found."
        ),
        scenario!(
            an_image_that_is_not_seen_leaves_the_parameter_as_it_was,
            Documented,
            "systems-manager/latest/userguide/parameter-store-ec2-aliases.html",
            "An image that the account doesn't see in the Region changes nothing, and an event says `Unable to Describe Resource`."
        ),
        scenario!(
            a_parameter_in_validation_is_not_written_again,
            Inferred,
            "systems-manager/latest/userguide/parameter-store-ec2-aliases.html",
            "While an image is validated, another write of the parameter is `TooManyUpdates`."
        ),
        scenario!(
            changes_reach_the_bus,
            Documented,
            "systems-manager/latest/userguide/sysman-paramstore-cwe.html",
            "`Parameter Store Change` tells of parameters created, updated, labelled and deleted."
        ),
    ],
};

#[track_caller]
fn put(aws: &Aws<'_>, name: &str, value: &str) -> Value {
    let parameters = json!({ "Name": name, "Value": value, "Type": "String", "Overwrite": true });
    aws.call("ssm", "PutParameter", parameters)
}

#[track_caller]
fn value(aws: &Aws<'_>, name: &str) -> Value {
    let answer = aws.call("ssm", "GetParameter", json!({ "Name": name }));
    answer["Parameter"]["Value"].clone()
}

#[track_caller]
fn code(aws: &Aws<'_>, operation: &str, parameters: Value) -> String {
    aws.refused("ssm", operation, parameters).code
}

fn names(answer: &Value) -> Vec<String> {
    let parameters = answer["Parameters"].as_array().into_iter().flatten();
    parameters
        .map(|parameter| text(&parameter["Name"]))
        .collect()
}

fn a_parameter_is_made_once_and_overwritten_on_request(aws: &Aws<'_>) {
    let parameters = json!({ "Name": "/app/size", "Value": "small", "Type": "String" });
    let made = aws.call("ssm", "PutParameter", parameters.clone());
    assert_eq!(made["Version"], 1);
    assert_eq!(made["Tier"], "Standard");
    let again = code(aws, "PutParameter", parameters);
    assert_eq!(again, "ParameterAlreadyExists");
    let over = json!({ "Name": "/app/size", "Value": "large", "Overwrite": true });
    assert_eq!(aws.call("ssm", "PutParameter", over)["Version"], 2);
    assert_eq!(value(aws, "/app/size"), "large");
}

fn a_parameter_is_one_accounts_in_one_region(aws: &Aws<'_>) {
    put(aws, "/app/size", "small");
    let wanted = json!({ "Name": "/app/size" });
    for stranger in [aws.at(THERE), aws.by(OTHER)] {
        let code = code(&stranger, "GetParameter", wanted.clone());
        assert_eq!(code, "ParameterNotFound");
    }
    let read = aws.call("ssm", "GetParameter", wanted);
    let arn = "arn:aws:ssm:us-east-1:111111111111:parameter/app/size";
    assert_eq!(read["Parameter"]["ARN"], arn);
    assert_eq!(read["Parameter"]["DataType"], "text");
    let stranger = aws.by(OTHER);
    let code = code(&stranger, "GetParameter", json!({ "Name": arn }));
    assert_eq!(code, "AccessDeniedException");
}

fn a_version_is_read_by_number_by_label_and_by_arn(aws: &Aws<'_>) {
    put(aws, "/app/size", "small");
    put(aws, "/app/size", "large");
    let label = json!({ "Name": "/app/size", "ParameterVersion": 1, "Labels": ["prod"] });
    aws.call("ssm", "LabelParameterVersion", label);
    let arn = "arn:aws:ssm:us-east-1:111111111111:parameter/app/size";
    for (name, found) in [
        ("/app/size", "large"),
        ("/app/size:1", "small"),
        ("/app/size:prod", "small"),
        (arn, "large"),
    ] {
        assert_eq!(value(aws, name), found, "{name}");
    }
    let read = aws.call("ssm", "GetParameter", json!({ "Name": "/app/size:1" }));
    assert_eq!(read["Parameter"]["Selector"], ":1");
    for missing in ["/app/size:3", "/app/size:test"] {
        let code = code(aws, "GetParameter", json!({ "Name": missing }));
        assert_eq!(code, "ParameterVersionNotFound", "{missing}");
    }
}

fn a_label_moves_between_versions(aws: &Aws<'_>) {
    put(aws, "size", "small");
    put(aws, "size", "large");
    let label =
        |version: u8| json!({ "Name": "size", "ParameterVersion": version, "Labels": ["prod"] });
    aws.call("ssm", "LabelParameterVersion", label(1));
    assert_eq!(value(aws, "size:prod"), "small");
    let moved = aws.call("ssm", "LabelParameterVersion", label(2));
    assert_eq!(moved["ParameterVersion"], 2);
    assert_eq!(value(aws, "size:prod"), "large");
    let bad = json!({ "Name": "size", "Labels": ["1st", "awsome", "ssm-x", "ok"] });
    let labelled = aws.call("ssm", "LabelParameterVersion", bad);
    assert_eq!(labelled["InvalidLabels"], json!(["1st", "awsome", "ssm-x"]));
    assert_eq!(value(aws, "size:ok"), "large");
    let missing = code(aws, "LabelParameterVersion", label(9));
    assert_eq!(missing, "ParameterVersionNotFound");
}

fn a_version_has_ten_labels_at_most(aws: &Aws<'_>) {
    put(aws, "size", "small");
    let labels: Vec<String> = (0..10).map(|number| format!("label-{number}")).collect();
    let all = json!({ "Name": "size", "Labels": labels });
    aws.call("ssm", "LabelParameterVersion", all);
    let one_more = json!({ "Name": "size", "Labels": ["label-10"] });
    let refused = code(aws, "LabelParameterVersion", one_more);
    assert_eq!(refused, "ParameterVersionLabelLimitExceeded");
}

fn names_keep_the_rules(aws: &Aws<'_>) {
    let deep = "/x".repeat(16);
    for (name, refusal) in [
        ("two words", "ValidationException"),
        ("app/size", "ValidationException"),
        ("awsome", "ValidationException"),
        ("/ssm/size", "ValidationException"),
        ("/aws/service/mine", "AccessDeniedException"),
        (deep.as_str(), "HierarchyLevelLimitExceededException"),
    ] {
        let parameters = json!({ "Name": name, "Value": "1", "Type": "String" });
        assert_eq!(code(aws, "PutParameter", parameters), refusal, "{name}");
    }
    put(aws, " /app/size ", "1");
    assert_eq!(value(aws, "/app/size"), "1");
}

fn a_value_fits_its_tier_and_its_pattern(aws: &Aws<'_>) {
    let sized = |name: &str, size: usize, tier: &str| json!({ "Name": name, "Value": "x".repeat(size), "Type": "String", "Tier": tier });
    let large = code(aws, "PutParameter", sized("a", 4097, "Standard"));
    assert_eq!(large, "ValidationException");
    let larger = code(aws, "PutParameter", sized("a", 8193, "Advanced"));
    assert_eq!(larger, "ValidationException");
    let chosen = aws.call(
        "ssm",
        "PutParameter",
        sized("a", 4097, "Intelligent-Tiering"),
    );
    assert_eq!(chosen["Tier"], "Advanced");
    let matching = |value: &str, pattern: &str| json!({ "Name": "b", "Value": value, "Type": "String", "AllowedPattern": pattern });
    let mismatch = code(aws, "PutParameter", matching("x1", r"^\d+$"));
    assert_eq!(mismatch, "ParameterPatternMismatchException");
    let broken = code(aws, "PutParameter", matching("1", "("));
    assert_eq!(broken, "InvalidAllowedPatternException");
    aws.call("ssm", "PutParameter", matching("1", r"^\d+$"));
}

fn an_advanced_parameter_stays_advanced(aws: &Aws<'_>) {
    let tiered = |tier: &str| {
        json!({
            "Name": "size", "Value": "1", "Type": "String", "Tier": tier, "Overwrite": true,
        })
    };
    aws.call("ssm", "PutParameter", tiered("Standard"));
    aws.call("ssm", "PutParameter", tiered("Advanced"));
    let back = code(aws, "PutParameter", tiered("Standard"));
    assert_eq!(back, "ValidationException");
}

fn a_parameter_keeps_its_type(aws: &Aws<'_>) {
    let untyped = json!({ "Name": "size", "Value": "1" });
    assert_eq!(code(aws, "PutParameter", untyped), "ValidationException");
    put(aws, "size", "1");
    let other = json!({
        "Name": "size", "Value": "1,2", "Type": "StringList", "Overwrite": true,
    });
    let changed = code(aws, "PutParameter", other);
    assert_eq!(changed, "HierarchyTypeMismatchException");
}

fn some_parameters_are_read_in_the_order_of_their_names(aws: &Aws<'_>) {
    put(aws, "/b", "2");
    put(aws, "/a", "1");
    let wanted = json!({ "Names": ["/b", "/c", "/a"] });
    let read = aws.call("ssm", "GetParameters", wanted);
    assert_eq!(names(&read), ["/a", "/b"]);
    assert_eq!(read["InvalidParameters"], json!(["/c"]));
    let many: Vec<String> = (0..11).map(|number| format!("/p{number}")).collect();
    let refused = code(aws, "GetParameters", json!({ "Names": many }));
    assert_eq!(refused, "ValidationException");
}

fn parameters_below_a_path_are_read_level_by_level(aws: &Aws<'_>) {
    for name in ["/app/a", "/app/b", "/app/deep/c", "/application/d"] {
        put(aws, name, "1");
    }
    let read = |more: Value| {
        let mut parameters = json!({ "Path": "/app" });
        for (name, value) in more.as_object().into_iter().flatten() {
            parameters[name] = value.clone();
        }
        aws.call("ssm", "GetParametersByPath", parameters)
    };
    assert_eq!(names(&read(json!({}))), ["/app/a", "/app/b"]);
    let all = read(json!({ "Recursive": true }));
    assert_eq!(names(&all), ["/app/a", "/app/b", "/app/deep/c"]);
    let first = read(json!({ "MaxResults": 1 }));
    assert_eq!(names(&first), ["/app/a"]);
    let next = first["NextToken"].clone();
    let second = read(json!({ "MaxResults": 1, "NextToken": next }));
    assert_eq!(names(&second), ["/app/b"]);
    assert_eq!(second["NextToken"], Value::Null);
    aws.call(
        "ssm",
        "LabelParameterVersion",
        json!({ "Name": "/app/b", "Labels": ["prod"] }),
    );
    let labelled = json!([{ "Key": "Label", "Option": "Equals", "Values": ["prod"] }]);
    let labelled = read(json!({ "ParameterFilters": labelled }));
    assert_eq!(names(&labelled), ["/app/b"]);
    let named = json!({
        "Path": "/app", "ParameterFilters": [{ "Key": "Name", "Values": ["/app/a"] }],
    });
    let refused = code(aws, "GetParametersByPath", named);
    assert_eq!(refused, "InvalidFilterKey");
    let relative = code(aws, "GetParametersByPath", json!({ "Path": "app" }));
    assert_eq!(relative, "ValidationException");
}

fn the_history_has_every_version_with_its_labels(aws: &Aws<'_>) {
    put(aws, "size", "small");
    put(aws, "size", "large");
    aws.call(
        "ssm",
        "LabelParameterVersion",
        json!({ "Name": "size", "ParameterVersion": 1, "Labels": ["old"] }),
    );
    let history = aws.call("ssm", "GetParameterHistory", json!({ "Name": "size" }));
    let values = history["Parameters"].as_array().expect("versions").iter();
    let values: Vec<(i64, String)> = values
        .map(|version| {
            let number = version["Version"].as_i64().unwrap_or_default();
            (number, text(&version["Value"]))
        })
        .collect();
    assert_eq!(values, [(1, "small".to_owned()), (2, "large".to_owned())]);
    assert_eq!(history["Parameters"][0]["Labels"], json!(["old"]));
    let missing = code(aws, "GetParameterHistory", json!({ "Name": "none" }));
    assert_eq!(missing, "ParameterNotFound");
}

fn a_hundred_versions_are_kept_unless_the_oldest_has_a_label(aws: &Aws<'_>) {
    for number in 0..101 {
        put(aws, "size", &number.to_string());
    }
    let first = code(aws, "GetParameter", json!({ "Name": "size:1" }));
    assert_eq!(first, "ParameterVersionNotFound");
    assert_eq!(value(aws, "size:2"), "1");
    let label = json!({ "Name": "size", "ParameterVersion": 2, "Labels": ["keep"] });
    aws.call("ssm", "LabelParameterVersion", label);
    let more = json!({ "Name": "size", "Value": "x", "Overwrite": true });
    let refused = code(aws, "PutParameter", more);
    assert_eq!(refused, "ParameterMaxVersionLimitExceeded");
}

fn parameters_are_listed_by_filters(aws: &Aws<'_>) {
    put(aws, "/app/a", "1");
    put(aws, "/app/deep/b", "1");
    let list = json!({
        "Name": "/other", "Value": "1,2", "Type": "StringList",
        "Tags": [{ "Key": "team", "Value": "web" }],
    });
    aws.call("ssm", "PutParameter", list);
    let found = |key: &str, option: &str, value: &str| {
        let filter = json!({ "Key": key, "Option": option, "Values": [value] });
        let parameters = json!({ "ParameterFilters": [filter] });
        names(&aws.call("ssm", "DescribeParameters", parameters))
    };
    assert_eq!(found("Name", "Equals", "/app/a"), ["/app/a"]);
    assert_eq!(
        found("Name", "BeginsWith", "/app"),
        ["/app/a", "/app/deep/b"]
    );
    assert_eq!(found("Name", "Contains", "eep"), ["/app/deep/b"]);
    assert_eq!(found("Type", "Equals", "StringList"), ["/other"]);
    assert_eq!(found("Path", "OneLevel", "/app"), ["/app/a"]);
    assert_eq!(found("Path", "Recursive", "/app").len(), 2);
    assert_eq!(found("Tier", "Equals", "Standard").len(), 3);
    assert_eq!(found("DataType", "Equals", "aws:ec2:image").len(), 0);
    assert_eq!(found("tag:team", "Equals", "web"), ["/other"]);
    for (key, option, refusal) in [
        ("Label", "Equals", "InvalidFilterKey"),
        ("Type", "Contains", "InvalidFilterOption"),
        ("Path", "Equals", "InvalidFilterOption"),
    ] {
        let filter = json!({ "Key": key, "Option": option, "Values": ["x"] });
        let parameters = json!({ "ParameterFilters": [filter] });
        assert_eq!(
            code(aws, "DescribeParameters", parameters),
            refusal,
            "{key}"
        );
    }
}

fn listings_come_in_pages(aws: &Aws<'_>) {
    for name in ["a", "b", "c"] {
        put(aws, name, "1");
    }
    let first = aws.call("ssm", "DescribeParameters", json!({ "MaxResults": 2 }));
    assert_eq!(names(&first), ["a", "b"]);
    let more = json!({ "MaxResults": 2, "NextToken": first["NextToken"] });
    let second = aws.call("ssm", "DescribeParameters", more);
    assert_eq!(names(&second), ["c"]);
    let forged = json!({ "NextToken": "forged" });
    let refused = code(aws, "DescribeParameters", forged);
    assert_eq!(refused, "InvalidNextToken");
}

fn deleted_parameters_are_gone(aws: &Aws<'_>) {
    put(aws, "/a", "1");
    put(aws, "/b", "1");
    aws.call("ssm", "DeleteParameter", json!({ "Name": "/a" }));
    let again = code(aws, "DeleteParameter", json!({ "Name": "/a" }));
    assert_eq!(again, "ParameterNotFound");
    let both = json!({ "Names": ["/a", "/b"] });
    let deleted = aws.call("ssm", "DeleteParameters", both);
    assert_eq!(deleted["DeletedParameters"], json!(["/b"]));
    assert_eq!(deleted["InvalidParameters"], json!(["/a"]));
    put(aws, "/b", "2");
    let read = aws.call("ssm", "GetParameter", json!({ "Name": "/b" }));
    assert_eq!(read["Parameter"]["Version"], 1);
}

fn a_secure_value_is_shown_on_request(aws: &Aws<'_>) {
    let secret = |key: Option<&str>| {
        let mut parameters = json!({ "Name": "secret", "Value": "s3", "Type": "SecureString" });
        if let Some(key) = key {
            parameters["KeyId"] = json!(key);
        }
        parameters
    };
    let missing = code(aws, "PutParameter", secret(Some("alias/none")));
    assert_eq!(missing, "InvalidKeyId");
    aws.call("ssm", "PutParameter", secret(None));
    assert_ne!(value(aws, "secret"), "s3");
    let plain = json!({ "Name": "secret", "WithDecryption": true });
    let plain = aws.call("ssm", "GetParameter", plain);
    assert_eq!(plain["Parameter"]["Value"], "s3");
    let described = aws.call("ssm", "DescribeParameters", json!({}));
    assert_eq!(described["Parameters"][0]["KeyId"], "alias/aws/ssm");
}

fn of_image(image: &str) -> Value {
    json!({
        "Name": "golden", "Value": image, "Type": "String", "DataType": "aws:ec2:image",
        "Overwrite": true,
    })
}

fn an_image_is_validated_before_its_parameter_is_written(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let put = aws.call("ssm", "PutParameter", of_image(&image));
    assert_eq!(put["Version"], 1);
    let wanted = json!({ "Name": "golden" });
    let early = code(aws, "GetParameter", wanted.clone());
    assert_eq!(early, "ParameterNotFound");
    aws.pass(Duration::from_mins(5));
    let read = aws.call("ssm", "GetParameter", wanted);
    assert_eq!(read["Parameter"]["Value"], image);
    assert_eq!(read["Parameter"]["DataType"], "aws:ec2:image");
    let mut list = of_image(&image);
    list["Name"] = json!("list");
    list["Type"] = json!("StringList");
    assert_eq!(code(aws, "PutParameter", list), "ValidationException");
}

fn an_image_that_is_not_seen_leaves_the_parameter_as_it_was(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.call("ssm", "PutParameter", of_image(&image));
    aws.pass(Duration::from_mins(5));
    let strange = aws.by(OTHER).image("secret");
    aws.events();
    for unseen in [strange.as_str(), "ami-0123456789abcdef0", "latest"] {
        aws.call("ssm", "PutParameter", of_image(unseen));
        aws.pass(Duration::from_mins(5));
        assert_eq!(value(aws, "golden"), image, "{unseen}");
        let failed = aws.events().into_iter().any(|event| {
            event["detail-type"] == "Parameter Store Change"
                && event["detail"]["exception"] == "Unable to Describe Resource"
                && event["detail"]["dataType"] == "aws:ec2:image"
                && event["detail"]["operation"] == "Update"
        });
        assert!(failed, "{unseen}");
    }
}

fn a_parameter_in_validation_is_not_written_again(aws: &Aws<'_>) {
    let image = aws.image("golden");
    aws.call("ssm", "PutParameter", of_image(&image));
    let again = code(aws, "PutParameter", of_image(&image));
    assert_eq!(again, "TooManyUpdates");
    aws.pass(Duration::from_mins(5));
    aws.call("ssm", "PutParameter", of_image(&image));
}

fn changes_reach_the_bus(aws: &Aws<'_>) {
    aws.events();
    put(aws, "/app/size", "small");
    put(aws, "/app/size", "large");
    let label = json!({ "Name": "/app/size", "Labels": ["prod"] });
    aws.call("ssm", "LabelParameterVersion", label);
    aws.call("ssm", "DeleteParameter", json!({ "Name": "/app/size" }));
    let mut told = aws.events();
    told.retain(|event| event["detail-type"] == "Parameter Store Change");
    let operations: Vec<String> = told
        .iter()
        .map(|event| text(&event["detail"]["operation"]))
        .collect();
    let expected = ["Create", "Update", "LabelParameterVersion", "Delete"];
    assert_eq!(operations, expected);
    assert_eq!(told[0]["source"], "aws.ssm");
    assert_eq!(told[0]["detail"]["name"], "/app/size");
    assert_eq!(told[0]["detail"]["type"], "String");
    let arn = "arn:aws:ssm:us-east-1:111111111111:parameter/app/size";
    assert_eq!(told[0]["resources"], json!([arn]));
}
