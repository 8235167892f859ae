//! `DescribeSnapshots`: who sees which snapshots, by which ids, owners, users and filters.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html>.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::access::{no_snapshot, well_formed_snapshot};
use crate::ec2::filter::Filters;
use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::page;
use crate::ec2::snapshot::Snapshot;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 11] = [
    "description",
    "encrypted",
    "owner-id",
    "progress",
    "snapshot-id",
    "start-time",
    "status",
    "storage-tier",
    "tag-key",
    "volume-id",
    "volume-size",
];

pub(crate) fn describe_snapshots(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let cursor = page::open(call, 5)?;
    let ids = params.texts("SnapshotIds");
    let (now, account) = (state.clock.now(), call.account());
    let seen = |snapshot: &&Snapshot| snapshot.is_readable_by(account);
    for id in &ids {
        well_formed_snapshot(id)?;
        let snapshot = state.ec2.snapshot(&call.region, id);
        snapshot.filter(seen).ok_or_else(|| no_snapshot(id))?;
    }
    let snapshots = state
        .ec2
        .region(&call.region)
        .map(|region| &region.snapshots);
    let wanted = snapshots
        .into_iter()
        .flat_map(|snapshots| cursor.rest(snapshots))
        .map(|(_, snapshot)| snapshot)
        .filter(seen)
        .filter(|snapshot| ids.is_empty() || ids.contains(&snapshot.id.as_str()))
        .filter(|snapshot| owned_by(snapshot, params, account))
        .filter(|snapshot| restorable_by(snapshot, params, account))
        .filter(|snapshot| {
            let tags = || snapshot.tags.seen_by(account, &snapshot.owner);
            filters.match_all(tags, |name| {
                field(snapshot, name, now).into_iter().collect()
            })
        });
    let found = wanted.map(|snapshot| (&snapshot.id, snapshot));
    let page = cursor.cut(call, found, |snapshot| snapshot.written(account, now));
    Ok(json!({ "Snapshots": page.items, "NextToken": page.next }))
}

fn owned_by(snapshot: &Snapshot, params: Params<'_>, account: &str) -> bool {
    let owners = params.texts("OwnerIds");
    let named = |owner: &str| if owner == "self" { account } else { owner } == snapshot.owner;
    owners.is_empty() || owners.iter().any(|owner| named(owner))
}

fn restorable_by(snapshot: &Snapshot, params: Params<'_>, account: &str) -> bool {
    let users = params.texts("RestorableByUserIds");
    let may = |user: &str| match user {
        "all" => snapshot.permissions.contains(&LaunchPermission::All),
        "self" => snapshot.is_readable_by(account),
        id => snapshot.is_readable_by(id),
    };
    users.is_empty() || users.iter().any(|user| may(user))
}

fn field(snapshot: &Snapshot, name: &str, now: Timestamp) -> Option<String> {
    let value = match name {
        "description" => snapshot.description.clone(),
        "encrypted" => snapshot.key.is_some().to_string(),
        "owner-id" => snapshot.owner.clone(),
        "progress" => snapshot.progress(now),
        "snapshot-id" => snapshot.id.clone(),
        "start-time" => millis(snapshot.started),
        "status" => snapshot.state_name().to_owned(),
        "storage-tier" => "standard".to_owned(),
        "volume-id" => snapshot.volume_id.clone(),
        "volume-size" => snapshot.size.to_string(),
        _ => return None,
    };
    Some(value)
}
