//! `CopySnapshot`: begins a copy, and ends it when its time has come.
//! <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html>.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ec2::access::{no_snapshot, well_formed_snapshot};
use crate::ec2::change::{self, Change};
use crate::ec2::image::copy_rules::{key_name, key_without_encrypted};
use crate::ec2::snapshot::{Snapshot, SnapshotState, notify};
use crate::ec2::tag::{self, Tags};
use crate::ec2::{arn, region};
use crate::kms;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// How many copies may be under way per account and destination Region.
const MOST: usize = 20;
/// How AWS words a copy that failed for a key.
const NO_KEY: &str = "Given key ID is not accessible";
/// How AWS words a copy whose source was gone or no longer shared.
const NO_SOURCE: &str = "Source snapshot ID is not valid";

/// A copy under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Copy {
    region: String,
    id: String,
    source_region: String,
    source: String,
    /// The name of the key the copy is encrypted under.
    key: Option<String>,
}

/// The copies under way in a Region, and whose they are.
pub(crate) type UnderWay = BTreeMap<String, String>;

/// The copies in a Region, by the volume whose snapshots they stand for. Some may be gone.
pub(crate) type Copies = BTreeMap<String, BTreeSet<String>>;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopySnapshot.html>: called in the
/// destination Region. A key is looked at only when the copy ends: a bad one makes it an error.
pub(crate) fn copy_snapshot(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let source = source(state, call)?;
    check_encryption(call, &source)?;
    let minutes = minutes(call)?;
    let mut tags = tag::specifications(state, call, &["snapshot"])?;
    let tags = tags.remove("snapshot").unwrap_or_default();
    check_quota(state, call)?;

    let key = key_name(state, call, &source);
    let place = (call.account(), call.region.as_str());
    let resolved = key.as_ref().map(|name| {
        let found = kms::resolve(state, place, name);
        found.map_or_else(|| name.clone(), |key| key.arn)
    });
    let (now, id) = (state.clock.now(), state.ids.resource("snap"));
    state.touch(arn(&call.region, "snapshot", &id));
    let mut snapshot = Snapshot::begun(id.clone(), call.account(), now, now);
    snapshot.size = source.size;
    snapshot.key = resolved;
    snapshot.tags = Tags::of_owner(call.account(), tags);
    snapshot.lineage = Some(source.lineage.unwrap_or(source.volume_id));
    snapshot.copy_minutes = minutes;
    let about = call.params().text("Description").unwrap_or_default();
    about.clone_into(&mut snapshot.description);
    let written = tag::written(&snapshot.tags.own(call.account()));
    let copy = Copy {
        region: call.region.clone(),
        id: id.clone(),
        source_region: call.params().need("SourceRegion")?.to_owned(),
        source: source.id,
        key,
    };
    let lasting = lasting(state, minutes);
    let until = state.schedule(lasting, Change::SnapshotCopyEnds(copy));
    snapshot.state = SnapshotState::Pending { until };
    let region = state.ec2.region_mut(&call.region);
    if let Some(lineage) = &snapshot.lineage {
        let copies = region.snapshot_copies.entry(lineage.clone()).or_default();
        copies.insert(id.clone());
    }
    region.snapshots.insert(id.clone(), snapshot);
    let owner = call.account().to_owned();
    region.copying_snapshots.insert(id.clone(), owner);
    Ok(json!({ "SnapshotId": id, "Tags": written }))
}

/// A snapshot that the caller may copy.
fn source(state: &mut State, call: &Request) -> Result<Snapshot, ApiError> {
    let params = call.params();
    let from = params.need("SourceRegion")?;
    if !region::exists(from) {
        let message = format!("Value ({from}) for parameter SourceRegion is invalid.");
        return Err(ApiError::invalid_value(message));
    }
    let to = params.text("DestinationRegion");
    if let Some(to) = to.filter(|to| *to != call.region) {
        let message = format!("Value ({to}) for parameter DestinationRegion is invalid.");
        return Err(ApiError::invalid_value(message));
    }
    let id = params.need("SourceSnapshotId")?;
    well_formed_snapshot(id)?;
    state.touch(arn(from, "snapshot", id));
    let snapshot = state.ec2.snapshot(from, id);
    let snapshot = snapshot.filter(|snapshot| snapshot.is_readable_by(call.account()));
    let snapshot = snapshot.ok_or_else(|| no_snapshot(id))?;
    snapshot.refuse_unusable()?;
    Ok(snapshot.clone())
}

/// A copy is never less encrypted than its source, and a key asks for encryption.
fn check_encryption(call: &Request, source: &Snapshot) -> Result<(), ApiError> {
    let params = call.params();
    let asked = params.flag("Encrypted");
    if params.has("KmsKeyId") && asked != Some(true) {
        return Err(key_without_encrypted());
    }
    if asked == Some(false) && source.key.is_some() {
        let message = "An encrypted snapshot can't be copied to an unencrypted one";
        return Err(ApiError::invalid_value(message));
    }
    Ok(())
}

/// How long the copy may take, in steps of 15 minutes up to 48 hours:
/// <https://docs.aws.amazon.com/ebs/latest/userguide/time-based-copies.html>.
fn minutes(call: &Request) -> Result<Option<i64>, ApiError> {
    let minutes = call.params().number("CompletionDurationMinutes");
    match minutes {
        Some(minutes) if minutes % 15 != 0 || !(15..=2880).contains(&minutes) => {
            let message = format!(
                "Value ({minutes}) for parameter CompletionDurationMinutes is invalid. It must be \
                 15 to 2880 in steps of 15"
            );
            Err(ApiError::invalid_value(message))
        }
        minutes => Ok(minutes),
    }
}

/// A time-based copy ends in its time, give or take a tenth.
fn lasting(state: &State, minutes: Option<i64>) -> SignedDuration {
    let usual = state.settings.copy_duration;
    let most = minutes.map(|minutes| SignedDuration::from_secs(minutes * 54));
    most.map_or(usual, |most| usual.min(most))
}

fn check_quota(state: &mut State, call: &Request) -> Result<(), ApiError> {
    let under_way = &state.ec2.region_mut(&call.region).copying_snapshots;
    let own = under_way.values().filter(|owner| *owner == call.account());
    if own.count() < MOST {
        return Ok(());
    }
    let message = format!("You have reached the limit of {MOST} concurrent snapshot copies");
    Err(ApiError::new("ResourceLimitExceeded", message))
}

/// Ends a copy, well or not, and tells of it.
pub(crate) fn end(state: &mut State, copy: &Copy) {
    let region = state.ec2.region_mut(&copy.region);
    let owner = region.copying_snapshots.remove(&copy.id);
    let (Some(owner), Some(snapshot)) = (owner, region.snapshots.get(&copy.id).cloned()) else {
        // Deleted meanwhile.
        return;
    };
    let incremental = is_incremental(state, &copy.region, &snapshot);
    match problem(state, copy, &owner) {
        Some(why) => {
            if let Some(snapshot) = state.ec2.snapshot_mut(&copy.region, &copy.id) {
                let why = why.to_owned();
                snapshot.state = SnapshotState::Error { why };
            }
        }
        None => change::complete_snapshot(state, &copy.region, &copy.id),
    }
    if let Some(snapshot) = state.ec2.snapshot(&copy.region, &copy.id).cloned() {
        let source = arn(&copy.source_region, "snapshot", &copy.source);
        notify::copied(state, &copy.region, &snapshot, &source, incremental);
    }
}

/// Why a copy can't be: the source is read until the end, so it must still be there, shared, and
/// under a key that works; and so must the copy's own key.
fn problem(state: &mut State, copy: &Copy, owner: &str) -> Option<&'static str> {
    if let Some(name) = &copy.key {
        let key = kms::resolve(state, (owner, &copy.region), name);
        if kms::problem(key.as_ref(), owner, name).is_some() {
            return Some(NO_KEY);
        }
    }
    let source = state.ec2.snapshot(&copy.source_region, &copy.source);
    let Some(source) = source.filter(|source| source.is_readable_by(owner)) else {
        return Some(NO_SOURCE);
    };
    let arn = source.key.as_ref()?;
    let problem = kms::problem(state.kms.key(arn), owner, arn);
    problem.map(|_| NO_KEY)
}

/// Whether an earlier copy of the same volume's snapshots is there under the same key:
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html#ebs-incremental-copy>.
fn is_incremental(state: &mut State, region: &str, copy: &Snapshot) -> bool {
    let region = state.ec2.region_mut(region);
    let copies = copy.lineage.as_ref();
    let copies = copies.and_then(|lineage| region.snapshot_copies.get_mut(lineage));
    let Some(copies) = copies else {
        return false;
    };
    let (snapshots, bin) = (&region.snapshots, &region.bin);
    copies.retain(|id| snapshots.contains_key(id) || bin.tags_of(id).is_some());
    let mut earlier = copies.iter().filter_map(|id| snapshots.get(id));
    earlier.any(|other| {
        other.owner == copy.owner
            && other.key == copy.key
            && matches!(other.state, SnapshotState::Completed { .. })
    })
}
