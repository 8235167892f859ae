//! Identities: who one is, and assuming roles.

use serde_json::json;

use crate::aws::{Aws, OTHER, OWNER};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "identities",
    title: "Identities",
    scenarios: &[
        scenario!(
            the_root_of_an_account_is_the_account,
            Documented,
            "STS/latest/APIReference/API_GetCallerIdentity.html",
            "An account's root has the account's number for its id.",
        ),
        scenario!(
            a_role_that_is_not_there_may_not_be_assumed,
            Documented,
            "STS/latest/APIReference/API_AssumeRole.html",
            "A role that doesn't exist can't be told from one that may not be assumed.",
        ),
        scenario!(
            sessions_have_rules,
            Documented,
            "STS/latest/APIReference/API_AssumeRole.html",
            "A session lasts 900 to 43,200 seconds, and its name has 2 to 64 characters of a set.",
        ),
        scenario!(
            what_would_narrow_a_session_is_refused,
            Chosen,
            "STS/latest/APIReference/API_AssumeRole.html",
            "Session policies and MFA are refused: nothing here checks what a session may do.",
        ),
    ],
};

fn the_root_of_an_account_is_the_account(aws: &Aws<'_>) {
    for account in [OWNER, OTHER] {
        let me = aws.by(account).call("sts", "GetCallerIdentity", json!({}));
        assert_eq!(me["Account"], account);
        assert_eq!(me["UserId"], account);
        assert_eq!(me["Arn"], format!("arn:aws:iam::{account}:root"));
    }
}

fn a_role_that_is_not_there_may_not_be_assumed(aws: &Aws<'_>) {
    let role = json!({
        "RoleArn": format!("arn:aws:iam::{OTHER}:role/nobody"), "RoleSessionName": "run-1",
    });
    let refused = aws.refused("sts", "AssumeRole", role);
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("AccessDenied", 403)
    );
    let malformed = json!({
        "RoleArn": format!("arn:aws:iam::{OTHER}:user/nobody"), "RoleSessionName": "run-1",
    });
    let refused = aws.refused("sts", "AssumeRole", malformed);
    assert_eq!(
        (refused.code.as_str(), refused.status),
        ("ValidationError", 400)
    );
}

fn sessions_have_rules(aws: &Aws<'_>) {
    let assume = |name: &str, seconds: i64| {
        let parameters = json!({
            "RoleArn": format!("arn:aws:iam::{OTHER}:role/spoke"),
            "RoleSessionName": name,
            "DurationSeconds": seconds,
        });
        aws.refused("sts", "AssumeRole", parameters).code
    };
    for (name, seconds) in [
        ("run-1", 899),
        ("run-1", 43_201),
        ("r", 900),
        ("run 1", 900),
    ] {
        assert_eq!(assume(name, seconds), "ValidationError", "{name} {seconds}");
    }
    assert_eq!(assume("run-1", 43_200), "AccessDenied");
}

fn what_would_narrow_a_session_is_refused(aws: &Aws<'_>) {
    let parameters = json!({
        "RoleArn": format!("arn:aws:iam::{OTHER}:role/spoke"),
        "RoleSessionName": "run-1",
        "Policy": "{}",
    });
    let refused = aws.refused("sts", "AssumeRole", parameters);
    assert_eq!(refused.code, "ValidationError");
    assert!(refused.message.contains("Policy"));
}
