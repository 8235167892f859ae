//! `CreateSnapshot` and `CreateSnapshots`.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::ec2::arn;
use crate::ec2::change::{self, Change};
use crate::ec2::instance::no_instance;
use crate::ec2::snapshot::{Snapshot, SnapshotState, notify};
use crate::ec2::tag::{self, RESERVED, TagMap, Tags};
use crate::ec2::volume::{Volume, own_volume};
use crate::request::{Params, Request};
use crate::state::{State, later};
use crate::wire::error::ApiError;

/// How long a snapshot of a volume takes.
pub(crate) const DURATION: SignedDuration = SignedDuration::from_mins(1);

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshot.html>.
pub(crate) fn create_snapshot(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let volume = own_volume(state, call, params.need("VolumeId")?)?;
    let mut tags = tag::specifications(state, call, &["snapshot"])?;
    let about = params.text("Description").unwrap_or_default();
    let tags = tags.remove("snapshot").unwrap_or_default();
    let id = begin(state, call, &volume, about, DURATION);
    let region = call.region.clone();
    let change = Change::SnapshotCompletes {
        region,
        id: id.clone(),
    };
    let until = state.schedule(DURATION, change);
    let now = state.clock.now();
    let snapshot = state.ec2.snapshot_mut(&call.region, &id);
    let snapshot = snapshot.ok_or_else(|| ApiError::internal("the snapshot is lost"))?;
    snapshot.tags = Tags::of_owner(call.account(), tags);
    snapshot.state = SnapshotState::Pending { until };
    Ok(begun(snapshot.written(call.account(), now)))
}

/// A snapshot just begun, without what only `DescribeSnapshots` tells.
fn begun(mut written: Value) -> Value {
    if let Some(members) = written.as_object_mut() {
        members.remove("StorageTier");
        members.remove("CompletionTime");
        members.remove("FullSnapshotSizeInBytes");
    }
    written
}

/// Begins a snapshot of a volume; who calls sees to its completion.
pub(crate) fn begin(
    state: &mut State,
    call: &Request,
    volume: &Volume,
    about: &str,
    lasting: SignedDuration,
) -> String {
    let now = state.clock.now();
    let id = state.ids.resource("snap");
    state.touch(arn(&call.region, "snapshot", &id));
    let mut snapshot = Snapshot::begun(id.clone(), call.account(), now, later(now, lasting));
    snapshot.volume_id.clone_from(&volume.id);
    about.clone_into(&mut snapshot.description);
    snapshot.size = volume.size;
    snapshot.key.clone_from(&volume.key);
    let region = state.ec2.region_mut(&call.region);
    region.snapshots.insert(id.clone(), snapshot);
    id
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html>: of all
/// volumes of an instance but those that are left out. They end together.
pub(crate) fn create_snapshots(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let of = params.child("InstanceSpecification").ok_or_else(|| {
        let message = "The request must contain the parameter InstanceSpecification";
        ApiError::new("MissingParameter", message)
    })?;
    let volumes = chosen(state, call, of)?;
    let mut tags = tag::specifications(state, call, &["snapshot"])?;
    let tags = tags.remove("snapshot").unwrap_or_default();
    let copied = params.text("CopyTagsFromSource") == Some("volume");
    let mut wanted = Vec::new();
    for volume in volumes {
        let tags = tags_of(call, &volume, copied, &tags);
        tag::refuse_too_many(&tags)?;
        wanted.push((volume, tags));
    }
    let about = params.text("Description").unwrap_or_default();
    let mut ids = Vec::new();
    for (volume, tags) in wanted {
        let id = begin(state, call, &volume, about, DURATION);
        if let Some(snapshot) = state.ec2.snapshot_mut(&call.region, &id) {
            snapshot.tags = Tags::of_owner(call.account(), tags);
        }
        ids.push(id);
    }
    let region = call.region.clone();
    let change = Change::SnapshotSetCompletes {
        region,
        ids: ids.clone(),
    };
    let until = state.schedule(DURATION, change);
    let mut written = Vec::new();
    for id in ids {
        if let Some(snapshot) = state.ec2.snapshot_mut(&call.region, &id) {
            snapshot.state = SnapshotState::Pending { until };
            written.push(info(snapshot, call.account()));
        }
    }
    Ok(json!({ "Snapshots": written }))
}

/// The volumes of an instance that a call asks for.
fn chosen(state: &mut State, call: &Request, of: Params<'_>) -> Result<Vec<Volume>, ApiError> {
    let id = of.need("InstanceId")?;
    state.touch(format!(
        "arn:aws:ec2:{}:{}:instance/{id}",
        call.region,
        call.account()
    ));
    let region = state.ec2.region_mut(&call.region);
    let instance = region.instances.get(id);
    let instance = instance
        .filter(|instance| instance.owner == call.account())
        .ok_or_else(|| no_instance(id))?;
    let attached = region.volumes.values().filter_map(|volume| {
        let (to, device) = volume.instance.as_ref()?;
        (to == id).then_some((volume, *device == instance.root_device))
    });
    let attached: Vec<(&Volume, bool)> = attached.collect();
    let without = of.texts("ExcludeDataVolumeIds");
    let is_data = |id: &&str| {
        attached
            .iter()
            .any(|(volume, root)| !root && volume.id == **id)
    };
    if let Some(id) = without.iter().find(|id| !is_data(id)) {
        let message = format!("The volume '{id}' is not a data volume of the instance");
        return Err(ApiError::invalid_value(message));
    }
    let no_root = of.flag("ExcludeBootVolume") == Some(true);
    let meant = |(volume, root): &(&Volume, bool)| {
        let left_out = (*root && no_root) || without.contains(&volume.id.as_str());
        !left_out
    };
    let chosen: Vec<Volume> = attached
        .into_iter()
        .filter(meant)
        .map(|(volume, _)| volume.clone())
        .collect();
    if chosen.is_empty() {
        let message = format!("The instance '{id}' has no volumes to take snapshots of");
        return Err(ApiError::invalid_value(message));
    }
    for volume in &chosen {
        state.touch(format!(
            "arn:aws:ec2:{}:{}:volume/{}",
            call.region,
            call.account(),
            volume.id
        ));
    }
    Ok(chosen)
}

/// The tags of a snapshot: the call's, over the volume's where they are copied.
fn tags_of(call: &Request, volume: &Volume, copied: bool, named: &TagMap) -> TagMap {
    let mut tags = TagMap::new();
    if copied {
        tags = volume.tags.own(call.account());
        tags.retain(|key, _| !key.starts_with(RESERVED));
    }
    tags.extend(named.clone());
    tags
}

/// A snapshot as `CreateSnapshots` writes it.
fn info(snapshot: &Snapshot, account: &str) -> Value {
    json!({
        "SnapshotId": snapshot.id,
        "VolumeId": snapshot.volume_id,
        "VolumeSize": snapshot.size,
        "State": snapshot.state_name(),
        "StartTime": crate::clock::millis(snapshot.started),
        "Progress": "",
        "OwnerId": snapshot.owner,
        "Description": snapshot.description,
        "Encrypted": snapshot.key.is_some(),
        "Tags": tag::written(&snapshot.tags.own(account)),
    })
}

/// Completes a snapshot of a volume, and tells of it.
pub(crate) fn end(state: &mut State, region: &str, id: &str) {
    if let Some(snapshot) = completed(state, region, id) {
        notify::created(state, region, &snapshot);
    }
}

/// Completes the snapshots of an instance, and tells of them.
pub(crate) fn end_set(state: &mut State, region: &str, ids: &[String]) {
    let ended = ids.iter().filter_map(|id| completed(state, region, id));
    let ended: Vec<Snapshot> = ended.collect();
    notify::set_created(state, region, &ended);
}

/// A snapshot that was pending until now.
fn completed(state: &mut State, region: &str, id: &str) -> Option<Snapshot> {
    let pending = |snapshot: &&Snapshot| matches!(snapshot.state, SnapshotState::Pending { .. });
    state.ec2.snapshot(region, id).filter(pending)?;
    change::complete_snapshot(state, region, id);
    state.ec2.snapshot(region, id).cloned()
}
