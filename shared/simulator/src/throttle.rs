//! Throttling: a bucket of tokens for each operation of EC2, by account and Region.
//! <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>.
//!
//! Each operation is counted by itself. Its bucket has the size of its category, or one of its own:
//!
//! | category | capacity | refill per second |
//! | --- | --- | --- |
//! | `Describe*`, `Get*`, `List*` | 100 | 20 |
//! | some of those, without a filter and without pages | 50 | 10 |
//! | what changes something, the resource-intensive included | 50 | 5 |
//! | the operations in [`OWN`] | their own | their own |
//!
//! The buckets of resources (how many instances start in a second) are not simulated.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::is_mutating;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// A bucket's capacity in tokens, and its refill in thousandths of a token per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size(i64, i64);

const READING: Size = Size(100, 20_000);
const READING_ALL: Size = Size(50, 10_000);
const CHANGING: Size = Size(50, 5_000);

/// Operations that have a smaller bucket when they are asked for everything at once.
const READ_ALL: [&str; 5] = [
    "DescribeInstanceStatus",
    "DescribeInstances",
    "DescribeSnapshots",
    "DescribeSpotInstanceRequests",
    "DescribeVolumes",
];

/// Operations with a bucket of a size of their own.
const OWN: [(&str, Size); 25] = [
    ("CopyImage", Size(100, 1_000)),
    ("CreateLaunchTemplateVersion", Size(100, 5_000)),
    ("CreateRestoreImageTask", Size(50, 100)),
    ("CreateSnapshot", Size(100, 5_000)),
    ("CreateSnapshots", Size(100, 5_000)),
    ("CreateStoreImageTask", Size(50, 100)),
    ("CreateTags", Size(100, 10_000)),
    ("CreateVolume", Size(100, 5_000)),
    ("DeleteSnapshot", Size(100, 5_000)),
    ("DeleteTags", Size(100, 10_000)),
    ("DeleteVolume", Size(100, 5_000)),
    ("DeregisterImage", Size(100, 5_000)),
    ("DescribeSpotFleetInstances", Size(100, 5_000)),
    ("DescribeSpotFleetRequests", Size(50, 3_000)),
    ("DescribeStoreImageTasks", Size(50, 500)),
    ("DisableImageBlockPublicAccess", Size(1, 100)),
    ("DisableSnapshotBlockPublicAccess", Size(1, 100)),
    ("EnableImageBlockPublicAccess", Size(1, 100)),
    ("EnableSnapshotBlockPublicAccess", Size(1, 100)),
    ("ModifyImageAttribute", Size(100, 5_000)),
    ("ModifyLaunchTemplate", Size(100, 5_000)),
    ("ModifySnapshotAttribute", Size(100, 5_000)),
    ("RunInstances", Size(5, 2_000)),
    ("StartInstances", Size(5, 2_000)),
    ("TerminateInstances", Size(100, 5_000)),
];

/// Calls of one operation that were throttled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttled {
    /// The account that called.
    pub account: String,
    /// The Region.
    pub region: String,
    /// The operation.
    pub operation: String,
    /// How many calls.
    pub calls: u64,
}

/// The buckets of a world.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Throttle {
    on: bool,
    buckets: BTreeMap<String, Bucket>,
    throttled: BTreeMap<String, Throttled>,
}

/// What a bucket holds, in millionths of a token, and when it held that.
#[derive(Debug, Serialize, Deserialize)]
struct Bucket {
    held: i64,
    at: Timestamp,
}

impl Throttle {
    pub(crate) fn set(&mut self, on: bool) {
        self.on = on;
        self.buckets.clear();
    }

    pub(crate) fn report(&self) -> Vec<Throttled> {
        self.throttled.values().cloned().collect()
    }
}

/// Takes a token for the call, or refuses it.
pub(crate) fn admit(state: &mut State, call: &Request) -> Result<(), ApiError> {
    let (throttle, now) = (&mut state.throttle, state.clock.now());
    if !throttle.on || call.service != "ec2" {
        return Ok(());
    }
    let size = size(call);
    let place = format!("{} {} {}", call.account(), call.region, call.operation);
    let bucket = if size == READING_ALL {
        format!("{place} everything")
    } else {
        place.clone()
    };
    let bucket = throttle.buckets.entry(bucket);
    if bucket.or_insert(Bucket::full(size, now)).take(size, now) {
        return Ok(());
    }
    let throttled = throttle.throttled.entry(place);
    let throttled = throttled.or_insert_with(|| Throttled {
        account: call.account().to_owned(),
        region: call.region.clone(),
        operation: call.operation.clone(),
        calls: 0,
    });
    throttled.calls += 1;
    let message = "Request limit exceeded.";
    Err(ApiError::with_status(503, "RequestLimitExceeded", message))
}

fn size(call: &Request) -> Size {
    let name = call.operation.as_str();
    if let Some((_, size)) = OWN.iter().find(|(own, _)| *own == name) {
        return *size;
    }
    if is_mutating(name) {
        return CHANGING;
    }
    let narrowing = ["Filters", "MaxResults", "NextToken"];
    let narrowed = narrowing.iter().any(|name| call.params().has(name));
    if READ_ALL.contains(&name) && !narrowed {
        READING_ALL
    } else {
        READING
    }
}

impl Bucket {
    fn full(size: Size, now: Timestamp) -> Self {
        Self {
            held: size.0 * 1_000_000,
            at: now,
        }
    }

    /// Refills the bucket for the time since, and takes a token if there is one.
    fn take(&mut self, Size(capacity, refill): Size, now: Timestamp) -> bool {
        let since = i64::try_from(self.at.duration_until(now).as_millis()).unwrap_or(i64::MAX);
        let refilled = self.held.saturating_add(since.saturating_mul(refill));
        self.held = refilled.min(capacity * 1_000_000);
        self.at = now;
        let has = self.held >= 1_000_000;
        if has {
            self.held -= 1_000_000;
        }
        has
    }
}
