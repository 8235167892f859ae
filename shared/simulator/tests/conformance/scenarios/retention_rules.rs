//! The Recycle Bin's retention rules.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, THERE, text};
use crate::scenario::{Scenario, Section, scenario};

pub const SECTION: Section = Section {
    name: "retention_rules",
    title: "Retention rules",
    scenarios: SCENARIOS,
};

const SCENARIOS: &[Scenario] = &[
    scenario!(
        a_rule_is_made_read_updated_and_deleted,
        Documented,
        "recyclebin/latest/APIReference/API_CreateRule.html",
        "A retention rule is made, read, updated and deleted; a rule that isn't there is `ResourceNotFoundException`.",
    ),
    scenario!(
        a_rule_outside_the_limits_is_refused,
        Documented,
        "recyclebin/latest/APIReference/API_RetentionPeriod.html",
        "Retention is 1 to 365 days; exclusion tags are for Region-level rules only.",
    ),
    scenario!(
        rules_are_listed_by_kind_tags_and_pages,
        Documented,
        "recyclebin/latest/APIReference/API_ListRules.html",
        "Rules are listed by resource type, by their resource tags and by pages, for their account and Region alone.",
    ),
    scenario!(
        a_locked_rule_can_be_changed_only_after_its_unlock_delay,
        Documented,
        "ebs/latest/userguide/recycle-bin-unlock.html",
        "A locked rule can't be changed or deleted; unlocked, it can be once the delay of 7 to 30 days is over.",
    ),
    scenario!(
        only_a_region_level_rule_without_exclusions_can_be_locked,
        Documented,
        "recyclebin/latest/APIReference/API_LockRule.html",
        "Tag-level rules, and Region-level rules with exclusion tags, can't be locked.",
    ),
    scenario!(
        a_rule_has_tags_of_its_own,
        Documented,
        "recyclebin/latest/APIReference/API_TagResource.html",
        "A rule is tagged and untagged by its ARN.",
    ),
    scenario!(
        a_tag_stands_in_at_most_five_rules,
        Documented,
        "recyclebin/latest/APIReference/API_CreateRule.html",
        "The same tag key and value can be in five retention rules and no more.",
    ),
];

const DAY: Duration = Duration::from_hours(24);

pub(super) fn rule(aws: &Aws<'_>, kind: &str, days: i64) -> Value {
    let period = json!({ "RetentionPeriodValue": days, "RetentionPeriodUnit": "DAYS" });
    aws.call(
        "rbin",
        "CreateRule",
        json!({ "ResourceType": kind, "RetentionPeriod": period }),
    )
}

pub(super) fn with(kind: &str, more: &Value) -> Value {
    let mut rule = json!({
        "ResourceType": kind,
        "RetentionPeriod": { "RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS" },
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        rule[name] = value.clone();
    }
    rule
}

#[track_caller]
fn refused(aws: &Aws<'_>, operation: &str, parameters: Value) -> (String, u16) {
    let refused = aws.refused("rbin", operation, parameters);
    (refused.code, refused.status)
}

fn a_rule_is_made_read_updated_and_deleted(aws: &Aws<'_>) {
    let made = rule(aws, "EC2_IMAGE", 7);
    let id = json!({ "Identifier": made["Identifier"] });
    assert_eq!(text(&made["Identifier"]).len(), 11);
    let arn = format!(
        "arn:aws:rbin:us-east-1:111111111111:rule/{}",
        text(&made["Identifier"])
    );
    assert_eq!(made["RuleArn"], arn);
    assert_eq!(made["Status"], "available");
    let read = aws.call("rbin", "GetRule", id.clone());
    assert_eq!(read["RetentionPeriod"]["RetentionPeriodValue"], 7);
    let update = json!({
        "Identifier": made["Identifier"],
        "Description": "longer",
        "RetentionPeriod": { "RetentionPeriodValue": 14, "RetentionPeriodUnit": "DAYS" },
    });
    let updated = aws.call("rbin", "UpdateRule", update);
    assert_eq!(updated["Description"], "longer");
    assert_eq!(updated["RetentionPeriod"]["RetentionPeriodValue"], 14);
    let other = json!({ "Identifier": made["Identifier"], "ResourceType": "EBS_SNAPSHOT" });
    assert_eq!(refused(aws, "UpdateRule", other).0, "ValidationException");
    aws.call("rbin", "DeleteRule", id.clone());
    for operation in ["GetRule", "DeleteRule", "UpdateRule"] {
        let gone = ("ResourceNotFoundException".to_owned(), 404);
        assert_eq!(refused(aws, operation, id.clone()), gone, "{operation}");
    }
    let malformed = refused(aws, "GetRule", json!({ "Identifier": "no-rule" }));
    assert_eq!(malformed, ("ValidationException".to_owned(), 400));
}

fn a_rule_outside_the_limits_is_refused(aws: &Aws<'_>) {
    let invalid = ("ValidationException".to_owned(), 400);
    let period = json!({ "RetentionPeriodValue": 366, "RetentionPeriodUnit": "DAYS" });
    let long = json!({ "ResourceType": "EC2_IMAGE", "RetentionPeriod": period });
    assert_eq!(refused(aws, "CreateRule", long), invalid);
    rule(aws, "EC2_IMAGE", 1);
    rule(aws, "EC2_IMAGE", 365);
    let tags = json!([{ "ResourceTagKey": "team", "ResourceTagValue": "images" }]);
    let both = with(
        "EC2_IMAGE",
        &json!({ "ResourceTags": tags, "ExcludeResourceTags": tags }),
    );
    assert_eq!(refused(aws, "CreateRule", both), invalid);
    let long = with("EC2_IMAGE", &json!({ "Description": "d".repeat(256) }));
    assert_eq!(refused(aws, "CreateRule", long), invalid);
}

fn rules_are_listed_by_kind_tags_and_pages(aws: &Aws<'_>) {
    let tags = json!([{ "ResourceTagKey": "team", "ResourceTagValue": "images" }]);
    let tagged = with("EC2_IMAGE", &json!({ "ResourceTags": tags }));
    let tagged = aws.call("rbin", "CreateRule", tagged);
    rule(aws, "EC2_IMAGE", 1);
    rule(aws, "EBS_SNAPSHOT", 1);
    let rules = |aws: &Aws<'_>, parameters: Value| {
        let listed = aws.call("rbin", "ListRules", parameters);
        (
            listed["Rules"].as_array().cloned().unwrap_or_default(),
            listed["NextToken"].clone(),
        )
    };
    let of_kind = json!({ "ResourceType": "EC2_IMAGE" });
    assert_eq!(rules(aws, of_kind.clone()).0.len(), 2);
    let by_tag = json!({ "ResourceType": "EC2_IMAGE", "ResourceTags": tags });
    let (found, _) = rules(aws, by_tag);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["Identifier"], tagged["Identifier"]);
    let (first, next) = rules(aws, json!({ "ResourceType": "EC2_IMAGE", "MaxResults": 1 }));
    let second = json!({ "ResourceType": "EC2_IMAGE", "MaxResults": 1, "NextToken": next });
    let (second, end) = rules(aws, second);
    assert_ne!(first[0]["Identifier"], second[0]["Identifier"]);
    assert!(end.is_null());
    let elsewhere = json!({ "ResourceType": "EC2_IMAGE", "NextToken": "bm9uZQ==" });
    assert_eq!(
        refused(aws, "ListRules", elsewhere).0,
        "ValidationException"
    );
    assert!(rules(&aws.by(OTHER), of_kind.clone()).0.is_empty());
    assert!(rules(&aws.at(THERE), of_kind).0.is_empty());
}

fn a_locked_rule_can_be_changed_only_after_its_unlock_delay(aws: &Aws<'_>) {
    let made = rule(aws, "EC2_IMAGE", 7);
    let id = json!({ "Identifier": made["Identifier"] });
    let delay = json!({ "UnlockDelay": { "UnlockDelayValue": 7, "UnlockDelayUnit": "DAYS" } });
    let lock = json!({ "Identifier": made["Identifier"], "LockConfiguration": delay });
    let conflict = ("ConflictException".to_owned(), 409);
    assert_eq!(refused(aws, "UnlockRule", id.clone()), conflict);
    let locked = aws.call("rbin", "LockRule", lock.clone());
    assert_eq!(locked["LockState"], "locked");
    assert_eq!(refused(aws, "LockRule", lock), conflict);
    assert_eq!(refused(aws, "DeleteRule", id.clone()), conflict);
    let unlocking = aws.call("rbin", "UnlockRule", id.clone());
    assert_eq!(unlocking["LockState"], "pending_unlock");
    assert!(!unlocking["LockEndTime"].is_null());
    assert_eq!(refused(aws, "UpdateRule", id.clone()), conflict);
    aws.pass(7 * DAY);
    assert_eq!(
        aws.call("rbin", "GetRule", id.clone())["LockState"],
        "unlocked"
    );
    aws.call("rbin", "DeleteRule", id);
}

fn only_a_region_level_rule_without_exclusions_can_be_locked(aws: &Aws<'_>) {
    let delay = |days: i64| json!({ "UnlockDelay": { "UnlockDelayValue": days, "UnlockDelayUnit": "DAYS" } });
    let tags = json!([{ "ResourceTagKey": "team" }]);
    for level in ["ResourceTags", "ExcludeResourceTags"] {
        let parameters = with(
            "EC2_IMAGE",
            &json!({ level: tags, "LockConfiguration": delay(7) }),
        );
        assert_eq!(
            refused(aws, "CreateRule", parameters).0,
            "ValidationException"
        );
        let made = aws.call(
            "rbin",
            "CreateRule",
            with("EC2_IMAGE", &json!({ level: tags })),
        );
        let lock = json!({ "Identifier": made["Identifier"], "LockConfiguration": delay(7) });
        assert_eq!(refused(aws, "LockRule", lock).0, "ValidationException");
    }
    let long = with("EC2_IMAGE", &json!({ "LockConfiguration": delay(31) }));
    assert_eq!(refused(aws, "CreateRule", long).0, "ValidationException");
    let locked = with("EC2_IMAGE", &json!({ "LockConfiguration": delay(30) }));
    assert_eq!(
        aws.call("rbin", "CreateRule", locked)["LockState"],
        "locked"
    );
}

fn a_rule_has_tags_of_its_own(aws: &Aws<'_>) {
    let tags = json!([{ "Key": "team", "Value": "images" }]);
    let made = aws.call(
        "rbin",
        "CreateRule",
        with("EC2_IMAGE", &json!({ "Tags": tags })),
    );
    assert_eq!(made["Tags"], tags);
    let arn = text(&made["RuleArn"]);
    let more = json!([{ "Key": "cost", "Value": "" }]);
    aws.call(
        "rbin",
        "TagResource",
        json!({ "ResourceArn": arn, "Tags": more }),
    );
    aws.call(
        "rbin",
        "UntagResource",
        json!({ "ResourceArn": arn, "TagKeys": ["team"] }),
    );
    let listed = aws.call("rbin", "ListTagsForResource", json!({ "ResourceArn": arn }));
    assert_eq!(listed["Tags"], more);
    let unknown = arn.replace(&text(&made["Identifier"]), "abcdefghijk");
    let unknown = refused(
        aws,
        "ListTagsForResource",
        json!({ "ResourceArn": unknown }),
    );
    assert_eq!(unknown, ("ResourceNotFoundException".to_owned(), 404));
}

fn a_tag_stands_in_at_most_five_rules(aws: &Aws<'_>) {
    let tagged = |value: &str| {
        let tags = json!([{ "ResourceTagKey": "team", "ResourceTagValue": value }]);
        with("EC2_IMAGE", &json!({ "ResourceTags": tags }))
    };
    for _ in 0..5 {
        aws.call("rbin", "CreateRule", tagged("images"));
    }
    let sixth = refused(aws, "CreateRule", tagged("images"));
    assert_eq!(sixth, ("ServiceQuotaExceededException".to_owned(), 402));
    aws.call("rbin", "CreateRule", tagged("other"));
}
