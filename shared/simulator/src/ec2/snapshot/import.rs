//! `ImportSnapshot`, and the tasks it begins.
//! <https://docs.aws.amazon.com/vm-import/latest/userguide/vmimport-import-snapshot.html>.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ec2::change::{self, Change};
use crate::ec2::filter::Filters;
use crate::ec2::image::copy_rules::key_without_encrypted;
use crate::ec2::page;
use crate::ec2::snapshot::Snapshot;
use crate::ec2::tag::{self, Tags};
use crate::ids::is_resource_id;
use crate::kms;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// How long an import takes, give or take a tenth.
const DURATION: SignedDuration = SignedDuration::from_mins(10);

/// A task that imports a disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ImportTask {
    pub(crate) id: String,
    pub(crate) owner: String,
    description: String,
    /// The disk's own description.
    disk: String,
    format: String,
    url: Option<String>,
    bucket: Option<(String, String)>,
    /// The size of the disk in GiB.
    size: i64,
    key: Option<String>,
    encrypted: bool,
    began: Timestamp,
    ends: Timestamp,
    end: End,
    pub(crate) tags: Tags,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum End {
    NotYet,
    /// With the snapshot.
    Completed(String),
    /// With the reason.
    Failed(String),
}

impl ImportTask {
    fn status(&self) -> &'static str {
        match self.end {
            End::NotYet => "active",
            End::Completed(_) => "completed",
            End::Failed(_) => "deleted",
        }
    }

    fn written(&self, account: &str, now: Timestamp) -> Value {
        let whole = self.began.duration_until(self.ends).as_millis().max(1);
        let done = self.began.duration_until(now).as_millis();
        let (progress, message, snapshot) = match &self.end {
            End::NotYet => {
                let percent = (done * 100 / whole).clamp(0, 99);
                (Some(percent.to_string()), Some("pending"), None)
            }
            End::Completed(id) => (None, None, Some(id)),
            End::Failed(why) => (None, Some(why.as_str()), None),
        };
        let bucket = self.bucket.as_ref();
        json!({
            "ImportTaskId": self.id,
            "Description": self.description,
            "SnapshotTaskDetail": {
                "Description": self.disk,
                "DiskImageSize": self.size,
                "Encrypted": self.encrypted,
                "Format": self.format,
                "KmsKeyId": self.key,
                "Progress": progress,
                "SnapshotId": snapshot,
                "Status": self.status(),
                "StatusMessage": message,
                "Url": self.url,
                "UserBucket": bucket.map(|(name, key)| json!({ "S3Bucket": name, "S3Key": key })),
            },
            "Tags": tag::written(&self.tags.own(account)),
        })
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImportSnapshot.html>. The disk is
/// not read: it is as large as `ClientData` says, or 1 GiB. The key is looked at when the import
/// ends.
pub(crate) fn import_snapshot(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let disk = params.child("DiskContainer").ok_or_else(|| {
        let message = "The request must contain the parameter DiskContainer";
        ApiError::new("MissingParameter", message)
    })?;
    let (format, url, bucket) = place(disk)?;
    let encrypted = params.flag("Encrypted") == Some(true);
    if params.has("KmsKeyId") && !encrypted {
        return Err(key_without_encrypted());
    }
    let key = encrypted.then(|| key(state, call));
    let mut tags = tag::specifications(state, call, &["import-snapshot-task"])?;
    let tags = tags.remove("import-snapshot-task").unwrap_or_default();
    let (id, began) = (state.ids.resource("import-snap"), state.clock.now());
    let region = call.region.clone();
    let change = Change::ImportEnds {
        region,
        id: id.clone(),
    };
    let ends = state.schedule(DURATION, change);
    let about = params.text("Description").unwrap_or_default();
    let task = ImportTask {
        id: id.clone(),
        owner: call.account().to_owned(),
        description: about.to_owned(),
        disk: disk.text("Description").unwrap_or_default().to_owned(),
        format,
        url,
        bucket,
        size: uploaded(call),
        key,
        encrypted,
        began,
        ends,
        end: End::NotYet,
        tags: Tags::of_owner(call.account(), tags),
    };
    let written = task.written(call.account(), began);
    let region = state.ec2.region_mut(&call.region);
    region.imports.insert(id, task);
    Ok(written)
}

type Place = (String, Option<String>, Option<(String, String)>);

/// A disk's format, and where it is: at a URL or in a bucket.
fn place(disk: Params<'_>) -> Result<Place, ApiError> {
    let format = disk.text("Format").unwrap_or_default().to_ascii_uppercase();
    if !["RAW", "VHD", "VHDX", "VMDK"].contains(&format.as_str()) {
        let message = format!("The disk format '{format}' is not supported");
        return Err(ApiError::invalid_value(message));
    }
    let url = disk.text("Url").map(str::to_owned);
    let bucket = disk.child("UserBucket").and_then(|bucket| {
        let (name, key) = (bucket.text("S3Bucket")?, bucket.text("S3Key")?);
        Some((name.to_owned(), key.to_owned()))
    });
    if url.is_some() == bucket.is_some() {
        let message = "A disk has either a Url or a UserBucket with S3Bucket and S3Key";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    Ok((format, url, bucket))
}

fn key(state: &mut State, call: &Request) -> String {
    let place = (call.account(), call.region.as_str());
    match call.params().text("KmsKeyId") {
        Some(name) => {
            let key = kms::resolve(state, place, name);
            key.map_or_else(|| name.to_owned(), |key| key.arn)
        }
        None => kms::default_key(state, place),
    }
}

fn uploaded(call: &Request) -> i64 {
    let size = &call.parameters["ClientData"]["UploadSize"];
    let whole = format!("{:.0}", size.as_f64().unwrap_or(1.0).ceil());
    whole.parse().unwrap_or(1).clamp(1, 65_536)
}

/// Ends an import: its snapshot is there, or its key could not be used.
pub(crate) fn end(state: &mut State, region: &str, id: &str) {
    let task = state.ec2.region_mut(region).imports.get(id).cloned();
    let Some(mut task) = task else {
        return;
    };
    let problem = task.key.as_ref().and_then(|arn| {
        let key = state.kms.key(arn);
        kms::problem(key, &task.owner, arn)
    });
    task.end = match problem {
        Some(why) => End::Failed(why),
        None => End::Completed(imported(state, region, &task)),
    };
    let region = state.ec2.region_mut(region);
    region.imports.insert(task.id.clone(), task);
}

/// The snapshot of an imported disk.
fn imported(state: &mut State, region: &str, task: &ImportTask) -> String {
    let (id, now) = (state.ids.resource("snap"), state.clock.now());
    let mut snapshot = Snapshot::begun(id.clone(), &task.owner, now, now);
    snapshot.size = task.size;
    snapshot.key.clone_from(&task.key);
    snapshot.description = format!("Created by AWS-VMImport service for {}", task.id);
    let snapshots = &mut state.ec2.region_mut(region).snapshots;
    snapshots.insert(id.clone(), snapshot);
    change::complete_snapshot(state, region, &id);
    id
}

/// The error for an import task that doesn't exist.
pub(crate) fn no_task(id: &str) -> ApiError {
    let message = format!("The import task ID '{id}' does not exist");
    ApiError::new("InvalidConversionTaskId", message)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImportSnapshotTasks.html>.
pub(crate) fn describe_import_snapshot_tasks(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &["tag-key", "task-state"])?;
    let cursor = page::open(call, 1)?;
    let (ids, now) = (params.texts("ImportTaskIds"), state.clock.now());
    let tasks = &state.ec2.region_mut(&call.region).imports;
    let own = |task: &&ImportTask| task.owner == call.account();
    for id in &ids {
        if !is_resource_id(id, "import-snap") {
            let message = format!("Invalid id: \"{id}\" (expecting \"import-snap-...\")");
            return Err(ApiError::new("InvalidConversionTaskId.Malformed", message));
        }
        tasks.get(*id).filter(own).ok_or_else(|| no_task(id))?;
    }
    let rest = cursor.rest(tasks).map(|(_, task)| task);
    let wanted = rest.filter(own).filter(|task| {
        let tags = || task.tags.own(call.account());
        (ids.is_empty() || ids.contains(&task.id.as_str()))
            && filters.match_all(tags, |_| vec![task.status().to_owned()])
    });
    let found = wanted.map(|task| (&task.id, task));
    let page = cursor.cut(call, found, |task| task.written(call.account(), now));
    Ok(json!({ "ImportSnapshotTasks": page.items, "NextToken": page.next }))
}
