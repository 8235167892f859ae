//! The block on public sharing of snapshots, per account and Region:
//! <https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ec2::snapshot::notify;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// How public sharing is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Block {
    /// What is public already is treated as private, too.
    All,
    New,
}

fn name(block: Option<Block>) -> &'static str {
    match block {
        Some(Block::All) => "block-all-sharing",
        Some(Block::New) => "block-new-sharing",
        None => "unblocked",
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableSnapshotBlockPublicAccess.html>.
pub(crate) fn enable(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    match call.params().need("State")? {
        "block-all-sharing" => Ok(set(state, call, Some(Block::All))),
        "block-new-sharing" => Ok(set(state, call, Some(Block::New))),
        other => Err(ApiError::invalid_value(format!(
            "Value ({other}) for parameter State is invalid. Expected: block-all-sharing or \
             block-new-sharing"
        ))),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisableSnapshotBlockPublicAccess.html>.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn disable(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    Ok(set(state, call, None))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetSnapshotBlockPublicAccessState.html>.
#[expect(clippy::unnecessary_wraps, reason = "a dispatch table's entry")]
pub(crate) fn get(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let state = name(of(state, call.account(), &call.region));
    Ok(json!({ "State": state, "ManagedBy": "account" }))
}

/// How an account's Region blocks public sharing.
pub(super) fn of(state: &State, account: &str, region: &str) -> Option<Block> {
    let blocks = &state.ec2.region(region)?.public_snapshots_blocked;
    blocks.get(account).copied()
}

/// Sets the block. The permissions of snapshots stay as they are; whether the public ones count
/// is noted on each.
fn set(state: &mut State, call: &Request, block: Option<Block>) -> Value {
    let region = state.ec2.region_mut(&call.region);
    match block {
        Some(block) => {
            let account = call.account().to_owned();
            region.public_snapshots_blocked.insert(account, block);
        }
        None => {
            region.public_snapshots_blocked.remove(call.account());
        }
    }
    let own = region.snapshots.values_mut();
    for snapshot in own.filter(|snapshot| snapshot.owner == call.account()) {
        snapshot.public_blocked = block == Some(Block::All);
    }
    let name = name(block);
    notify::public_access(state, (call.account(), &call.region), name);
    json!({ "State": name })
}
