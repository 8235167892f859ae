//! Keys: aliases, states, policies, grants, Regions.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, HERE, OTHER, OWNER, THERE, text};
use crate::scenario::{Section, scenario};

pub const SECTION: Section = Section {
    name: "keys",
    title: "Keys",
    scenarios: &[
        scenario!(
            a_key_is_found_by_all_its_names,
            Documented,
            "kms/latest/APIReference/API_DescribeKey.html",
            "A key is found by its id, its ARN, its alias and its alias's ARN, and by nothing else.",
        ),
        scenario!(
            only_symmetric_keys_are_made,
            Chosen,
            "kms/latest/APIReference/API_CreateKey.html",
            "Only symmetric keys with key material of KMS's own are simulated; others are refused.",
        ),
        scenario!(
            aliases_are_made_moved_and_deleted,
            Documented,
            "kms/latest/developerguide/kms-alias.html",
            "An alias is unique in an account's Region, can be pointed at another key, and can be \
             deleted without its key.",
        )
        .and_moto(),
        scenario!(
            names_of_aliases_have_rules,
            Documented,
            "kms/latest/APIReference/API_CreateAlias.html",
            "An alias begins with `alias/`, not with `alias/aws/`, and holds only letters, digits, \
             slashes, underscores and dashes.",
        ),
        scenario!(
            aliases_are_listed_in_pages,
            Documented,
            "kms/latest/APIReference/API_ListAliases.html",
            "Listings have at most `Limit` entries and say whether there is more.",
        ),
        scenario!(
            a_key_is_disabled_and_enabled,
            Documented,
            "kms/latest/developerguide/key-state.html",
            "A disabled key can be enabled again; meanwhile it gives no grants.",
        ),
        scenario!(
            a_key_is_deleted_when_its_time_has_come,
            Documented,
            "kms/latest/APIReference/API_ScheduleKeyDeletion.html",
            "A key is deleted 7 to 30 days after it was asked for, with its aliases.",
        ),
        scenario!(
            a_deletion_is_cancelled,
            Documented,
            "kms/latest/APIReference/API_CancelKeyDeletion.html",
            "A deletion that is cancelled leaves the key disabled; one that was not asked for can't \
             be cancelled.",
        ),
        scenario!(
            a_key_policy_shares_a_key,
            Documented,
            "kms/latest/developerguide/key-policy-modifying-external-accounts.html",
            "An account uses another's key once the key policy allows it, by ARN or alias ARN.",
        ),
        scenario!(
            a_key_policy_is_checked,
            Documented,
            "kms/latest/APIReference/API_PutKeyPolicy.html",
            "A key policy that is no policy, or that would lock its account out, is refused.",
        ),
        scenario!(
            grants_are_given_listed_and_taken_back,
            Documented,
            "kms/latest/developerguide/grants.html",
            "A grant with the same name is given once, lets its grantee's account use the key, and \
             ends when it is revoked or retired.",
        ),
        scenario!(
            multi_region_keys_have_replicas,
            Documented,
            "kms/latest/developerguide/multi-region-keys-overview.html",
            "A multi-Region key is replicated under the same id, and any replica can become the \
             primary.",
        ),
        scenario!(
            a_primary_key_outlives_its_replicas,
            Documented,
            "kms/latest/developerguide/multi-region-keys-delete.html",
            "A primary key that is to be deleted waits until its replicas are gone.",
        ),
        scenario!(
            keys_are_tagged,
            Documented,
            "kms/latest/developerguide/tagging-keys.html",
            "Keys have tags of their own, at most 50, none that begin with `aws:`.",
        ),
        scenario!(
            keys_are_listed_for_their_owner,
            Documented,
            "kms/latest/APIReference/API_ListKeys.html",
            "Listing keys gives those of the account and Region, in pages.",
        ),
        scenario!(
            the_default_key_of_ebs_is_set_and_reset,
            Documented,
            "AWSEC2/latest/APIReference/API_ModifyEbsDefaultKmsKeyId.html",
            "EBS encrypts under the AWS-managed key, or under the one that the account set for the \
             Region.",
        ),
    ],
};

const DAY: Duration = Duration::from_hours(24);

fn key(aws: &Aws<'_>) -> String {
    let made = aws.call("kms", "CreateKey", json!({}));
    text(&made["KeyMetadata"]["Arn"])
}

fn code(aws: &Aws<'_>, operation: &str, parameters: Value) -> String {
    aws.refused("kms", operation, parameters).code
}

fn described(aws: &Aws<'_>, name: &str) -> Value {
    let answer = aws.call("kms", "DescribeKey", json!({ "KeyId": name }));
    answer["KeyMetadata"].clone()
}

fn a_key_is_found_by_all_its_names(aws: &Aws<'_>) {
    let made = aws.call("kms", "CreateKey", json!({ "Description": "golden" }));
    let metadata = &made["KeyMetadata"];
    assert_eq!(metadata["KeyState"], "Enabled");
    assert_eq!(metadata["KeyManager"], "CUSTOMER");
    assert_eq!(metadata["KeySpec"], "SYMMETRIC_DEFAULT");
    let (arn, id) = (text(&metadata["Arn"]), text(&metadata["KeyId"]));
    let alias = json!({ "AliasName": "alias/golden", "TargetKeyId": id });
    aws.call("kms", "CreateAlias", alias);
    let alias_arn = format!("arn:aws:kms:{HERE}:{OWNER}:alias/golden");
    for name in [&arn, &id, "alias/golden", &alias_arn] {
        assert_eq!(described(aws, name)["Arn"], arn.as_str(), "{name}");
    }
    for name in ["alias/other", "12345678-1234-1234-1234-123456789012"] {
        let refused = code(aws, "DescribeKey", json!({ "KeyId": name }));
        assert_eq!(refused, "NotFoundException", "{name}");
    }
}

fn only_symmetric_keys_are_made(aws: &Aws<'_>) {
    for (name, value) in [
        ("KeySpec", "RSA_2048"),
        ("KeyUsage", "SIGN_VERIFY"),
        ("Origin", "EXTERNAL"),
    ] {
        let refused = code(aws, "CreateKey", json!({ name: value }));
        assert_eq!(refused, "UnsupportedOperationException", "{name}");
    }
}

fn aliases_are_made_moved_and_deleted(aws: &Aws<'_>) {
    let (one, other) = (key(aws), key(aws));
    let point = |target: &str| json!({ "AliasName": "alias/golden", "TargetKeyId": target });
    assert_eq!(code(aws, "UpdateAlias", point(&one)), "NotFoundException");
    aws.call("kms", "CreateAlias", point(&one));
    let again = code(aws, "CreateAlias", point(&other));
    assert_eq!(again, "AlreadyExistsException");
    aws.call("kms", "UpdateAlias", point(&other));
    assert_eq!(described(aws, "alias/golden")["Arn"], other.as_str());
    let named = json!({ "AliasName": "alias/golden" });
    aws.call("kms", "DeleteAlias", named.clone());
    assert_eq!(code(aws, "DeleteAlias", named), "NotFoundException");
    assert_eq!(described(aws, &other)["KeyState"], "Enabled");
}

fn names_of_aliases_have_rules(aws: &Aws<'_>) {
    let key = key(aws);
    for (name, expected) in [
        ("golden", "ValidationException"),
        ("alias/gol den", "ValidationException"),
        ("alias/", "InvalidAliasNameException"),
        ("alias/aws/golden", "NotAuthorizedException"),
    ] {
        let alias = json!({ "AliasName": name, "TargetKeyId": key });
        assert_eq!(code(aws, "CreateAlias", alias), expected, "{name}");
    }
    let to_alias = json!({ "AliasName": "alias/golden", "TargetKeyId": "alias/other" });
    assert_eq!(code(aws, "CreateAlias", to_alias), "ValidationException");
}

fn aliases_are_listed_in_pages(aws: &Aws<'_>) {
    let key = key(aws);
    for name in ["alias/a", "alias/b", "alias/c"] {
        let alias = json!({ "AliasName": name, "TargetKeyId": key });
        aws.call("kms", "CreateAlias", alias);
    }
    let page = |parameters: Value| aws.call("kms", "ListAliases", parameters);
    let first = page(json!({ "KeyId": key, "Limit": 2 }));
    assert_eq!(first["Truncated"], true);
    assert_eq!(first["Aliases"].as_array().map(Vec::len), Some(2));
    let second = page(json!({ "KeyId": key, "Limit": 2, "Marker": first["NextMarker"] }));
    assert_eq!(second["Truncated"], false);
    assert_eq!(second["Aliases"][0]["AliasName"], "alias/c");
    let all = page(json!({}));
    let managed = all["Aliases"].as_array().into_iter().flatten();
    let managed = managed.filter(|alias| alias["AliasName"] == "alias/aws/ebs");
    assert_eq!(managed.count(), 1);
    let wrong = code(aws, "ListAliases", json!({ "Marker": "nonsense" }));
    assert_eq!(wrong, "InvalidMarkerException");
}

fn a_key_is_disabled_and_enabled(aws: &Aws<'_>) {
    let key = key(aws);
    let named = json!({ "KeyId": key });
    aws.call("kms", "DisableKey", named.clone());
    let metadata = described(aws, &key);
    assert_eq!(metadata["KeyState"], "Disabled");
    assert_eq!(metadata["Enabled"], false);
    let grant = json!({
        "KeyId": key,
        "GranteePrincipal": format!("arn:aws:iam::{OTHER}:root"),
        "Operations": ["Decrypt"],
    });
    assert_eq!(code(aws, "CreateGrant", grant), "DisabledException");
    aws.call("kms", "EnableKey", named.clone());
    assert_eq!(described(aws, &key)["KeyState"], "Enabled");
    assert_eq!(
        code(&aws.by(OTHER), "DisableKey", named),
        "AccessDeniedException"
    );
    let by_alias = json!({ "KeyId": "alias/golden" });
    assert_eq!(code(aws, "DisableKey", by_alias), "NotFoundException");
}

fn a_key_is_deleted_when_its_time_has_come(aws: &Aws<'_>) {
    let key = key(aws);
    let alias = json!({ "AliasName": "alias/golden", "TargetKeyId": key });
    aws.call("kms", "CreateAlias", alias);
    let delete = |days: i64| json!({ "KeyId": key, "PendingWindowInDays": days });
    for days in [6, 31] {
        let refused = code(aws, "ScheduleKeyDeletion", delete(days));
        assert_eq!(refused, "ValidationException");
    }
    let scheduled = aws.call("kms", "ScheduleKeyDeletion", delete(7));
    assert_eq!(scheduled["KeyState"], "PendingDeletion");
    let named = json!({ "KeyId": key });
    assert_eq!(
        code(aws, "EnableKey", named.clone()),
        "KMSInvalidStateException"
    );
    aws.pass(6 * DAY);
    assert_eq!(described(aws, &key)["KeyState"], "PendingDeletion");
    aws.pass(2 * DAY);
    assert_eq!(code(aws, "DescribeKey", named), "NotFoundException");
    let by_alias = json!({ "KeyId": "alias/golden" });
    assert_eq!(code(aws, "DescribeKey", by_alias), "NotFoundException");
}

fn a_deletion_is_cancelled(aws: &Aws<'_>) {
    let key = key(aws);
    let named = json!({ "KeyId": key });
    let early = code(aws, "CancelKeyDeletion", named.clone());
    assert_eq!(early, "KMSInvalidStateException");
    aws.call("kms", "ScheduleKeyDeletion", named.clone());
    aws.call("kms", "CancelKeyDeletion", named);
    assert_eq!(described(aws, &key)["KeyState"], "Disabled");
    aws.pass(31 * DAY);
    assert_eq!(described(aws, &key)["KeyState"], "Disabled");
}

fn policy(principals: &Value, actions: &Value) -> String {
    let statement = |principals: &Value, actions: &Value| json!({ "Effect": "Allow", "Principal": { "AWS": principals }, "Action": actions, "Resource": "*" });
    let owner = json!(format!("arn:aws:iam::{OWNER}:root"));
    let statements = [
        statement(&owner, &json!("kms:*")),
        statement(principals, actions),
    ];
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn a_key_policy_shares_a_key(aws: &Aws<'_>) {
    let (key, other) = (key(aws), aws.by(OTHER));
    let alias = json!({ "AliasName": "alias/golden", "TargetKeyId": key });
    aws.call("kms", "CreateAlias", alias);
    let named = json!({ "KeyId": key });
    assert_eq!(code(&other, "DescribeKey", named), "AccessDeniedException");
    let principals = json!([format!("arn:aws:iam::{OTHER}:role/spoke")]);
    let actions = json!([
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:CreateGrant",
    ]);
    let document = policy(&principals, &actions);
    let put = json!({ "KeyId": key, "PolicyName": "default", "Policy": document });
    aws.call("kms", "PutKeyPolicy", put);
    let got = aws.call("kms", "GetKeyPolicy", json!({ "KeyId": key }));
    assert_eq!(got["Policy"], document.as_str());
    assert_eq!(described(&other, &key)["AWSAccountId"], OWNER);
    let alias_arn = format!("arn:aws:kms:{HERE}:{OWNER}:alias/golden");
    assert_eq!(described(&other, &alias_arn)["Arn"], key.as_str());
    let by_alias = json!({ "KeyId": "alias/golden" });
    assert_eq!(code(&other, "DescribeKey", by_alias), "NotFoundException");
    let back = json!({ "KeyId": key, "Policy": policy(&principals, &json!("kms:Decrypt")) });
    aws.call("kms", "PutKeyPolicy", back);
    let named = json!({ "KeyId": key });
    assert_eq!(code(&other, "DescribeKey", named), "AccessDeniedException");
}

fn a_key_policy_is_checked(aws: &Aws<'_>) {
    let key = key(aws);
    let principal = format!("arn:aws:iam::{OTHER}:root");
    let locked_out = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "kms:*", "Resource": "*",
    }]});
    let locked_out = locked_out.to_string();
    for document in ["not JSON", "{}", &locked_out] {
        let put = json!({ "KeyId": key, "Policy": document });
        let refused = code(aws, "PutKeyPolicy", put);
        assert_eq!(refused, "MalformedPolicyDocumentException", "{document}");
    }
    let bypass = json!({
        "KeyId": key, "Policy": locked_out, "BypassPolicyLockoutSafetyCheck": true,
    });
    aws.call("kms", "PutKeyPolicy", bypass);
    let named = aws.call("kms", "ListKeyPolicies", json!({ "KeyId": key }));
    assert_eq!(named["PolicyNames"], json!(["default"]));
    let other = json!({ "KeyId": key, "PolicyName": "other" });
    assert_eq!(code(aws, "GetKeyPolicy", other), "NotFoundException");
}

fn grants_are_given_listed_and_taken_back(aws: &Aws<'_>) {
    let (key, other) = (key(aws), aws.by(OTHER));
    let grantee = format!("arn:aws:iam::{OTHER}:role/spoke");
    let grant = json!({
        "KeyId": key,
        "Name": "copies",
        "GranteePrincipal": grantee,
        "RetiringPrincipal": grantee,
        "Operations": ["Decrypt", "DescribeKey"],
    });
    let given = aws.call("kms", "CreateGrant", grant.clone());
    let again = aws.call("kms", "CreateGrant", grant.clone());
    assert_eq!(given["GrantId"], again["GrantId"]);
    assert_eq!(described(&other, &key)["Arn"], key.as_str());
    let listed = aws.call("kms", "ListGrants", json!({ "KeyId": key }));
    assert_eq!(listed["Grants"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        listed["Grants"][0]["Operations"],
        json!(["Decrypt", "DescribeKey"])
    );
    let retirable = json!({ "RetiringPrincipal": grantee });
    let retirable = other.call("kms", "ListRetirableGrants", retirable);
    assert_eq!(retirable["Grants"][0]["GrantId"], given["GrantId"]);
    let retire = json!({ "GrantToken": given["GrantToken"] });
    other.call("kms", "RetireGrant", retire);
    let named = json!({ "KeyId": key });
    assert_eq!(code(&other, "DescribeKey", named), "AccessDeniedException");
    let given = aws.call("kms", "CreateGrant", grant);
    let revoke = json!({ "KeyId": key, "GrantId": given["GrantId"] });
    aws.call("kms", "RevokeGrant", revoke.clone());
    assert_eq!(code(aws, "RevokeGrant", revoke), "NotFoundException");
    let nobody = json!({ "KeyId": key, "GranteePrincipal": "somebody", "Operations": ["Decrypt"] });
    assert_eq!(code(aws, "CreateGrant", nobody), "InvalidArnException");
}

fn multi_region(aws: &Aws<'_>) -> (String, String) {
    let made = aws.call("kms", "CreateKey", json!({ "MultiRegion": true }));
    let (arn, id) = (&made["KeyMetadata"]["Arn"], &made["KeyMetadata"]["KeyId"]);
    let replicate = json!({ "KeyId": arn, "ReplicaRegion": THERE });
    aws.call("kms", "ReplicateKey", replicate);
    (text(arn), text(id))
}

fn multi_region_keys_have_replicas(aws: &Aws<'_>) {
    let (arn, id) = multi_region(aws);
    assert!(id.starts_with("mrk-"));
    let there = aws.at(THERE);
    let replica = described(&there, &id);
    assert_eq!(
        replica["MultiRegionConfiguration"]["MultiRegionKeyType"],
        "REPLICA"
    );
    assert_eq!(
        replica["MultiRegionConfiguration"]["PrimaryKey"]["Arn"],
        arn.as_str()
    );
    let again = json!({ "KeyId": arn, "ReplicaRegion": THERE });
    assert_eq!(code(aws, "ReplicateKey", again), "AlreadyExistsException");
    let update = json!({ "KeyId": arn, "PrimaryRegion": THERE });
    aws.call("kms", "UpdatePrimaryRegion", update.clone());
    let here = described(aws, &id);
    assert_eq!(
        here["MultiRegionConfiguration"]["MultiRegionKeyType"],
        "REPLICA"
    );
    assert_eq!(
        here["MultiRegionConfiguration"]["PrimaryKey"]["Region"],
        THERE
    );
    let refused = code(aws, "UpdatePrimaryRegion", update);
    assert_eq!(refused, "UnsupportedOperationException");
    let plain = json!({ "KeyId": key(aws), "ReplicaRegion": THERE });
    let refused = code(aws, "ReplicateKey", plain);
    assert_eq!(refused, "UnsupportedOperationException");
}

fn a_primary_key_outlives_its_replicas(aws: &Aws<'_>) {
    let (arn, id) = multi_region(aws);
    let delete = |name: &str| json!({ "KeyId": name, "PendingWindowInDays": 7 });
    let primary = aws.call("kms", "ScheduleKeyDeletion", delete(&arn));
    assert_eq!(primary["KeyState"], "PendingReplicaDeletion");
    aws.pass(40 * DAY);
    assert_eq!(described(aws, &arn)["KeyState"], "PendingReplicaDeletion");
    aws.at(THERE)
        .call("kms", "ScheduleKeyDeletion", delete(&id));
    aws.pass(8 * DAY);
    assert_eq!(described(aws, &arn)["KeyState"], "PendingDeletion");
    aws.pass(8 * DAY);
    let gone = code(aws, "DescribeKey", json!({ "KeyId": arn }));
    assert_eq!(gone, "NotFoundException");
}

fn keys_are_tagged(aws: &Aws<'_>) {
    let tag = |key: &str, value: &str| json!({ "TagKey": key, "TagValue": value });
    let made = aws.call("kms", "CreateKey", json!({ "Tags": [tag("team", "core")] }));
    let id = text(&made["KeyMetadata"]["KeyId"]);
    let put = |tags: Value| json!({ "KeyId": id, "Tags": tags });
    aws.call(
        "kms",
        "TagResource",
        put(json!([tag("team", "images"), tag("env", "test")])),
    );
    let untag = json!({ "KeyId": id, "TagKeys": ["env"] });
    aws.call("kms", "UntagResource", untag);
    let listed = aws.call("kms", "ListResourceTags", json!({ "KeyId": id }));
    assert_eq!(listed["Tags"], json!([tag("team", "images")]));
    let reserved = code(aws, "TagResource", put(json!([tag("aws:team", "x")])));
    assert_eq!(reserved, "TagException");
    let many: Vec<Value> = (0..50)
        .map(|number| tag(&format!("k{number}"), "v"))
        .collect();
    let refused = code(aws, "TagResource", put(json!(many)));
    assert_eq!(refused, "LimitExceededException");
}

fn keys_are_listed_for_their_owner(aws: &Aws<'_>) {
    let mut made = [key(aws), key(aws), key(aws)];
    made.sort();
    key(&aws.by(OTHER));
    key(&aws.at(THERE));
    let first = aws.call("kms", "ListKeys", json!({ "Limit": 2 }));
    assert_eq!(first["Truncated"], true);
    let second = json!({ "Limit": 2, "Marker": first["NextMarker"] });
    let second = aws.call("kms", "ListKeys", second);
    assert_eq!(second["Truncated"], false);
    let pages = [&first["Keys"], &second["Keys"]].into_iter();
    let listed = pages.flat_map(|page| page.as_array().into_iter().flatten());
    let listed: Vec<String> = listed.map(|key| text(&key["KeyArn"])).collect();
    assert_eq!(listed, made);
}

fn the_default_key_of_ebs_is_set_and_reset(aws: &Aws<'_>) {
    let key = key(aws);
    let volume = || {
        let parameters = json!({
            "AvailabilityZone": format!("{HERE}a"), "Size": 8, "Encrypted": true,
        });
        text(&aws.ec2("CreateVolume", parameters)["KmsKeyId"])
    };
    let managed = described(aws, "alias/aws/ebs");
    assert_eq!(managed["KeyManager"], "AWS");
    let get = aws.ec2("GetEbsDefaultKmsKeyId", json!({}));
    assert_eq!(get["KmsKeyId"], "alias/aws/ebs");
    assert_eq!(volume(), text(&managed["Arn"]));
    let set = aws.ec2("ModifyEbsDefaultKmsKeyId", json!({ "KmsKeyId": key }));
    assert_eq!(set["KmsKeyId"], key.as_str());
    let get = aws.ec2("GetEbsDefaultKmsKeyId", json!({}));
    assert_eq!(get["KmsKeyId"], key.as_str());
    assert_eq!(volume(), key);
    aws.ec2("ResetEbsDefaultKmsKeyId", json!({}));
    assert_eq!(volume(), text(&managed["Arn"]));
}
