//! `DescribeSnapshots`: who sees which snapshots, by which ids, owners, users and filters.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html>.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::clock::millis;
use crate::ec2::access::{no_snapshot, well_formed_snapshot};
use crate::ec2::filter::Filters;
use crate::ec2::image::permission::LaunchPermission;
use crate::ec2::page;
use crate::ec2::snapshot::Snapshot;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 13] = [
    "description",
    "encrypted",
    "owner-alias",
    "owner-id",
    "progress",
    "snapshot-id",
    "start-time",
    "status",
    "storage-tier",
    "tag-key",
    "transfer-type",
    "volume-id",
    "volume-size",
];

/// An id that there is no snapshot of is an error; one that the caller can't read is left out.
pub(crate) fn describe_snapshots(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let cursor = page::open(call, 5)?;
    let (now, account) = (state.clock.now(), call.account());
    let snapshots = &state.ec2.reading(&call.region).snapshots;
    let named = named(params, snapshots)?;
    let all: Box<dyn Iterator<Item = &Snapshot>> = match &named {
        Some(named) => Box::new(named.values().copied()),
        None => Box::new(cursor.rest(snapshots).map(|(_, snapshot)| snapshot)),
    };
    let wanted = all
        .filter(|snapshot| snapshot.is_readable_by(account))
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
    Ok(page.named("Snapshots"))
}

/// The snapshots that a call names, by id; nothing where it names none.
fn named<'a>(
    params: Params<'_>,
    snapshots: &'a BTreeMap<String, Snapshot>,
) -> Result<Option<BTreeMap<&'a str, &'a Snapshot>>, ApiError> {
    let ids = params.texts("SnapshotIds");
    let mut named = BTreeMap::new();
    for id in &ids {
        well_formed_snapshot(id)?;
        let snapshot = snapshots.get(*id).ok_or_else(|| no_snapshot(id))?;
        named.insert(snapshot.id.as_str(), snapshot);
    }
    Ok((!ids.is_empty()).then_some(named))
}

fn owned_by(snapshot: &Snapshot, params: Params<'_>, account: &str) -> bool {
    let owners = params.texts("OwnerIds");
    let named = |owner: &str| if owner == "self" { account } else { owner } == snapshot.owner;
    owners.is_empty() || owners.iter().any(|owner| named(owner))
}

/// `all` means public snapshots; `self` those one owns or was given; an account those that it was
/// given, among one's own.
fn restorable_by(snapshot: &Snapshot, params: Params<'_>, account: &str) -> bool {
    let users = params.texts("RestorableByUserIds");
    let given = |account: &str| {
        let account = LaunchPermission::Account(account.to_owned());
        snapshot.permissions.contains(&account)
    };
    let own = snapshot.owner == account;
    let may = |user: &str| match user {
        "all" => snapshot.is_public(),
        "self" => own || given(account),
        id if id == account => own || given(account),
        id => own && given(id),
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
        "storage-tier" => snapshot.tier.name().to_owned(),
        "transfer-type" => snapshot.transfer_type().to_owned(),
        "volume-id" => snapshot.volume_id.clone(),
        "volume-size" => snapshot.size.to_string(),
        _ => return None,
    };
    Some(value)
}
