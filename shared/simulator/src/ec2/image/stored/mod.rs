//! Images stored as objects in S3, and restored from them.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/store-restore-how-it-works.html>.

mod bin;
mod describe;
mod restore;
mod store;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ec2::{Operation, op};
use crate::wire::error::ApiError;

pub(crate) use store::end;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("CreateRestoreImageTask", restore::create_restore_image_task),
    op("CreateStoreImageTask", store::create_store_image_task).without(&["S3ObjectTags"]),
    op(
        "DescribeStoreImageTasks",
        describe::describe_store_image_tasks,
    ),
];

/// How long storing and restoring take; AWS says that it depends on the size.
const DURATION: SignedDuration = SignedDuration::from_mins(20);

/// The store tasks of a Region, of all accounts, by ids that put the newest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tasks(BTreeMap<String, Task>);

/// An image that is being stored, or was.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Task {
    account: String,
    image: String,
    bucket: String,
    key: String,
    /// What its snapshots hold, in GiB.
    size: i64,
    started: Timestamp,
    until: Timestamp,
    state: TaskState,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum TaskState {
    InProgress,
    Completed,
    Failed(String),
}

impl Task {
    fn state_name(&self) -> &'static str {
        match self.state {
            TaskState::InProgress => "InProgress",
            TaskState::Completed => "Completed",
            TaskState::Failed(_) => "Failed",
        }
    }
}

/// The error for what can't be stored or restored. No page names its code.
fn refused(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidRequest", message)
}

/// The error for a bucket or an object that can't be used. No page names its code.
fn unfit(name: &str, value: &str, why: &str) -> ApiError {
    ApiError::invalid_value(format!(
        "Value ({value}) for parameter {name} is invalid. {why}"
    ))
}
