//! `CreateStoreImageTask`, and how a task ends.

use serde_json::{Value, json};

use super::bin::Bin;
use super::{DURATION, Task, TaskState, refused, unfit};
use crate::clock::millis;
use crate::dispatch::seed_by_value;
use crate::ec2::access::{unavailable_image, visible_image};
use crate::ec2::arn;
use crate::ec2::change::Change;
use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::image::{Image, ImageState};
use crate::ec2::snapshot::Snapshot;
use crate::request::Request;
use crate::s3;
use crate::state::State;
use crate::wire::base64;
use crate::wire::error::ApiError;

/// The largest image, and how much an account stores at once, in GiB:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-store-restore.html>.
const LARGEST: i64 = 5000;
const MOST_AT_ONCE: i64 = 1200;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateStoreImageTask.html>: an image
/// over EBS, whose snapshots the caller owns or was given, to a bucket in the same Region.
pub(super) fn create_store_image_task(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let (id, bucket) = (params.need("ImageId")?, params.need("Bucket")?);
    state.touch(arn(&call.region, "image", id));
    let image = visible_image(&state.ec2, call.account(), &call.region, id)?;
    if image.state != ImageState::Available {
        return Err(unavailable_image(id));
    }
    let snapshots = parts(state, call.account(), image).map_err(refused)?;
    let size = snapshots.iter().map(|snapshot| snapshot.size).sum();
    let key = format!("{id}.bin");
    check_bucket(state, call, bucket, &key)?;
    check_size(state, call, size)?;
    begin(state, call, (id, bucket, &key), size);
    Ok(json!({ "ObjectKey": key }))
}

/// An image's snapshots, or why it can't be stored. Being public is not enough.
fn parts<'a>(state: &'a State, account: &str, image: &Image) -> Result<Vec<&'a Snapshot>, String> {
    let ids = image.snapshot_ids();
    if ids.is_empty() || image.layout.virtualization == "paravirtual" {
        return Err("Only HVM images over EBS can be stored".to_owned());
    }
    let direct = |owner: &str, shared: bool| owner == account || shared;
    let denied = || "You do not have permission to access the storage of this ami".to_owned();
    if !direct(&image.owner, state.ec2.is_shared_with(image, account)) {
        return Err(denied());
    }
    let given = LaunchPermission::Account(account.to_owned());
    let found = ids.iter().map(|id| {
        let snapshot = state.ec2.snapshot(&image.region, id);
        let readable = snapshot
            .filter(|it| direct(&it.owner, it.permissions.contains(&given)))
            .filter(|it| usable(state, account, it));
        readable.ok_or_else(denied)
    });
    found.collect()
}

fn usable(state: &State, account: &str, snapshot: &Snapshot) -> bool {
    let key = snapshot.key.as_ref();
    key.is_none_or(|arn| {
        let key = state.kms.key(arn);
        key.is_some_and(|key| key.usable_by(account))
    })
}

/// The bucket is the caller's, in the Region, and holds the image once.
fn check_bucket(state: &State, call: &Request, bucket: &str, key: &str) -> Result<(), ApiError> {
    match s3::region_of(state, call.account(), bucket) {
        None => Err(unfit("Bucket", bucket, "The bucket does not exist")),
        Some(region) if region != call.region => {
            Err(unfit("Bucket", bucket, "The bucket is in another Region"))
        }
        Some(_) => {
            let location = format!("{bucket}/{key}");
            let tasks = state.ec2.region(&call.region).into_iter();
            let mut tasks = tasks.flat_map(|region| region.stored_images.0.values());
            let storing = tasks.any(|task| {
                let same = task.bucket == bucket && task.key == key;
                same && task.state == TaskState::InProgress
            });
            if storing || s3::holds(state, call.account(), &location) {
                return Err(refused("The image is in the bucket already"));
            }
            Ok(())
        }
    }
}

fn check_size(state: &State, call: &Request, size: i64) -> Result<(), ApiError> {
    if size > LARGEST {
        let message = format!("An image of more than {LARGEST} GiB can't be stored");
        return Err(refused(message));
    }
    let tasks = state.ec2.region(&call.region).into_iter();
    let tasks = tasks.flat_map(|region| region.stored_images.0.values());
    let under_way =
        tasks.filter(|task| task.account == call.account() && task.state == TaskState::InProgress);
    let at_once: i64 = under_way.map(|task| task.size).sum();
    if at_once > 0 && at_once + size > MOST_AT_ONCE {
        let message = format!("At most {MOST_AT_ONCE} GiB are stored at once");
        return Err(ApiError::new("ResourceLimitExceeded", message));
    }
    Ok(())
}

fn begin(state: &mut State, call: &Request, (image, bucket, key): (&str, &str, &str), size: i64) {
    let tasks = &state.ec2.region_mut(&call.region).stored_images.0;
    let newest = tasks.keys().next();
    let newest = newest.and_then(|id| id.parse::<u64>().ok());
    let id = format!("{:020}", newest.unwrap_or(u64::MAX).saturating_sub(1));
    let change = Change::ImageStored {
        region: call.region.clone(),
        task: id.clone(),
    };
    let started = state.clock.now();
    let task = Task {
        account: call.account().to_owned(),
        image: image.to_owned(),
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        size,
        started,
        until: state.schedule(DURATION, change),
        state: TaskState::InProgress,
    };
    let tasks = &mut state.ec2.region_mut(&call.region).stored_images.0;
    tasks.insert(id, task);
}

/// Puts the object into its bucket, if everything is still there; the storage is read until the
/// end.
pub(crate) fn end(state: &mut State, region: &str, id: &str) {
    let tasks = &state.ec2.region_mut(region).stored_images.0;
    let Some(task) = tasks.get(id).cloned() else {
        return;
    };
    let ended = match put(state, region, &task) {
        Ok(()) => TaskState::Completed,
        Err(why) => TaskState::Failed(why),
    };
    let tasks = &mut state.ec2.region_mut(region).stored_images.0;
    if let Some(task) = tasks.get_mut(id) {
        task.state = ended;
    }
}

fn put(state: &mut State, region: &str, task: &Task) -> Result<(), String> {
    let image = state.ec2.image(region, &task.image);
    let image = image.ok_or_else(|| format!("The image {} is no longer there", task.image))?;
    let bin = Bin::of(image, &parts(state, &task.account, image)?, &task.account);
    let text = bin.text().ok_or("The image can't be written")?;
    let parameters = json!({
        "Bucket": task.bucket,
        "Key": task.key,
        "Body": base64::encode(text.as_bytes()),
        "Metadata": {
            "ami-name": image.name,
            "ami-description": image.description,
            "ami-registration-date": millis(image.created),
            "ami-owner-account": image.owner,
            "ami-store-date": millis(task.started),
        },
    });
    let place = (task.account.as_str(), region);
    let put = seed_by_value(state, place, ("s3", "PutObject"), parameters);
    put.map(|_| ()).map_err(|error| error.message)
}
