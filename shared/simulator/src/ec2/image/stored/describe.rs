//! `DescribeStoreImageTasks`.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Task, TaskState};
use crate::clock::millis;
use crate::ec2::access::well_formed_image;
use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::ec2::tag::TagMap;
use crate::request::Request;
use crate::state::{State, earlier};
use crate::wire::error::ApiError;

/// For how long tasks are told of.
const TOLD: SignedDuration = SignedDuration::from_hours(31 * 24);
const MOST_IMAGES: usize = 20;
const LARGEST_PAGE: i64 = 200;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeStoreImageTasks.html>: the
/// caller's tasks of the last 31 days, the newest first. Beside ids filters mean nothing.
pub(super) fn describe_store_image_tasks(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &["bucket", "task-state"])?;
    let ids = params.texts("ImageIds");
    ids.iter().try_for_each(|id| well_formed_image(id))?;
    if ids.len() > MOST_IMAGES {
        let message = format!("At most {MOST_IMAGES} image IDs can be given");
        return Err(ApiError::invalid_value(message));
    }
    if !ids.is_empty() && params.has("MaxResults") {
        let message = "The parameter imageIds cannot be used with the parameter maxResults";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    let cursor = page::of_size(call, params.number("MaxResults").unwrap_or(LARGEST_PAGE))?;
    let now = state.clock.now();
    let since = earlier(now, TOLD);
    let tasks = &state.ec2.region_mut(&call.region).stored_images.0;
    let wanted = cursor.rest(tasks).filter(|(_, task)| {
        let own = task.account == call.account() && task.started >= since;
        let chosen = if ids.is_empty() {
            filters.match_all(TagMap::new, |name| match name {
                "bucket" => vec![task.bucket.clone()],
                _ => vec![task.state_name().to_owned()],
            })
        } else {
            ids.contains(&task.image.as_str())
        };
        own && chosen
    });
    let page = cursor.cut(call, wanted, |task| written(task, now));
    Ok(json!({ "StoreImageTaskResults": page.items, "NextToken": page.next }))
}

fn written(task: &Task, now: Timestamp) -> Value {
    let whole = task.started.duration_until(task.until).as_millis().max(1);
    let done = task.started.duration_until(now).as_millis();
    let (percent, why) = match &task.state {
        TaskState::InProgress => ((done * 100 / whole).clamp(0, 99), None),
        TaskState::Completed => (100, None),
        TaskState::Failed(why) => (0, Some(why)),
    };
    json!({
        "AmiId": task.image,
        "TaskStartTime": millis(task.started),
        "Bucket": task.bucket,
        "S3objectKey": task.key,
        "ProgressPercentage": i64::try_from(percent).unwrap_or_default(),
        "StoreTaskState": task.state_name(),
        "StoreTaskFailureReason": why,
    })
}
