//! The recorder: what each call asked for, on which resources, under which conditions.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One call as it came over the wire.
///
/// Tagging at creation is part of the call that creates: its tags stand under `aws:RequestTag/…`
/// and `ec2:CreateAction` names the operation, for which IAM also asks for `ec2:CreateTags`:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// When, on the world's clock.
    pub at: Timestamp,
    /// The caller's account.
    pub account: String,
    /// The Region called.
    pub region: String,
    /// The caller's ARN.
    pub caller: String,
    /// What the client says it is.
    pub user_agent: String,
    /// The service's name in the signing scope, like `ec2`.
    pub service: String,
    /// The operation, like `CopyImage`.
    pub operation: String,
    /// The parameters, keyed by the model's member names.
    pub parameters: Value,
    /// The ARNs of the resources that IAM would ask about, sorted.
    pub resources: Vec<String>,
    /// Condition keys and their values, like `aws:RequestTag/team`.
    pub context: BTreeMap<String, String>,
    /// The error's code, where the call was refused. `ConnectionLost` and `CallerCrashed` are of
    /// calls that a fault kept from arriving.
    pub error: Option<String>,
    /// Whether the operation may change anything.
    pub mutating: bool,
}

/// What the call that is being answered has touched so far.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    pub(crate) resources: BTreeSet<String>,
    pub(crate) context: BTreeMap<String, String>,
}

/// Whether an operation may change anything, by its name.
pub(crate) fn is_mutating(operation: &str) -> bool {
    const READING: [&str; 10] = [
        "Describe",
        "Get",
        "Head",
        "List",
        "Query",
        "Scan",
        "BatchGet",
        "TransactGet",
        "AssumeRole",
        "SearchVectors",
    ];
    !READING.iter().any(|prefix| operation.starts_with(prefix))
}
