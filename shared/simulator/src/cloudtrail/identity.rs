//! `userIdentity`: who called.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>.

use serde_json::{Value, json};

use crate::identity::{Caller, access_key_id};

/// The identity behind a call at a time. When a session began isn't kept: it is told as now.
pub(super) fn of(caller: &Caller, now: &str) -> Value {
    let (account, arn) = (&caller.account, &caller.arn);
    let name = arn.rsplit('/').next().unwrap_or_default();
    if arn.contains(":assumed-role/") {
        let role = arn.split('/').nth(1).unwrap_or_default();
        let id = format!("AROA{account}");
        return json!({
            "type": "AssumedRole",
            "principalId": format!("{id}:{name}"),
            "arn": arn,
            "accountId": account,
            "accessKeyId": access_key_id(arn),
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": id,
                    "arn": format!("arn:aws:iam::{account}:role/{role}"),
                    "accountId": account,
                    "userName": role,
                },
                "attributes": { "creationDate": now, "mfaAuthenticated": "false" },
            },
        });
    }
    if arn.contains(":user/") {
        return json!({
            "type": "IAMUser",
            "principalId": format!("AIDA{account}"),
            "arn": arn,
            "accountId": account,
            "userName": name,
        });
    }
    json!({
        "type": "Root",
        "principalId": account,
        "arn": arn,
        "accountId": account,
    })
}
