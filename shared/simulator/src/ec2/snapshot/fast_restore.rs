//! `DescribeFastSnapshotRestores`: none is ever enabled here, so that there are none.

use serde_json::{Value, json};

use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 5] = [
    "availability-zone",
    "availability-zone-id",
    "owner-id",
    "snapshot-id",
    "state",
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeFastSnapshotRestores.html>.
pub(super) fn describe_fast_snapshot_restores(
    _: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    Filters::read(call.params(), &FILTERS)?;
    page::of_size(call, 200)?;
    Ok(json!({ "FastSnapshotRestores": [] }))
}
