//! EC2: what it holds by Region, and the tables of its operations.

pub(crate) mod access;
pub(crate) mod change;
pub(crate) mod encryption;
pub(crate) mod filter;
pub(crate) mod fleet;
pub(crate) mod idempotency;
pub(crate) mod image;
pub(crate) mod instance;
pub(crate) mod launch_template;
pub(crate) mod page;
pub(crate) mod recycle_bin;
pub(crate) mod region;
pub(crate) mod snapshot;
pub(crate) mod tag;
pub(crate) mod tag_calls;
pub(crate) mod volume;
pub(crate) mod zone;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dispatch::Handler;
use crate::lag::Kept;
use crate::lately::Lately;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

use image::Image;
use instance::Instance;
use snapshot::Snapshot;
use volume::Volume;

/// All of EC2, in all Regions.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ec2 {
    regions: BTreeMap<String, Region>,
    /// Accounts' Regions that encrypt by default.
    pub(crate) encrypting: BTreeSet<(String, String)>,
    /// Accounts' Regions that keep their images from becoming public.
    pub(crate) images_kept_private: BTreeSet<(String, String)>,
    /// What accounts' Regions set Allowed AMIs to, where they enabled it.
    pub(crate) allowed_images: BTreeMap<(String, String), String>,
    /// The keys that accounts' Regions use instead of the AWS-managed one.
    pub(crate) default_keys: BTreeMap<(String, String), String>,
    /// What client tokens were used for.
    pub(crate) tokens: idempotency::Tokens,
    /// The organizations and organizational units each account is in.
    pub(crate) organizations: BTreeMap<String, BTreeSet<String>>,
    /// How far lists are behind. A world that is read back has none.
    #[serde(skip)]
    list_lag: Option<SignedDuration>,
    /// What is read where nothing ever was.
    #[serde(skip)]
    nothing: Region,
}

/// The resources of one Region, of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Region {
    pub(crate) images: image::store::Images,
    pub(crate) snapshots: Kept<Snapshot>,
    pub(crate) copying_snapshots: snapshot::copy::UnderWay,
    pub(crate) snapshot_copies: snapshot::copy::Copies,
    pub(crate) imports: BTreeMap<String, snapshot::import::ImportTask>,
    /// The accounts that block public sharing of snapshots.
    pub(crate) public_snapshots_blocked: BTreeMap<String, snapshot::public_access::Block>,
    pub(crate) volumes: Kept<Volume>,
    pub(crate) instances: Kept<Instance>,
    pub(crate) running: instance::quota::Running,
    pub(crate) launch_templates: launch_template::Templates,
    pub(crate) fleets: fleet::Fleets,
    pub(crate) bin: recycle_bin::Bin,
    pub(crate) usage_reports: image::usage_report::Reports,
    /// What remains of images that are gone, for some time, by id.
    pub(crate) deregistered: Lately<String, image::Remains>,
    pub(crate) stored_images: image::stored::Tasks,
}

impl Ec2 {
    pub(crate) fn region(&self, name: &str) -> Option<&Region> {
        self.regions.get(name)
    }

    /// Every Region that something was ever in.
    pub(crate) fn regions(&self) -> impl Iterator<Item = &Region> {
        self.regions.values()
    }

    /// A Region to read: an empty one unless something was ever in it.
    pub(crate) fn reading(&self, name: &str) -> &Region {
        self.regions.get(name).unwrap_or(&self.nothing)
    }

    pub(crate) fn region_mut(&mut self, name: &str) -> &mut Region {
        let remembers = self.list_lag.is_some();
        self.regions.entry(name.to_owned()).or_insert_with(|| {
            let mut region = Region::default();
            region.remember(remembers);
            region
        })
    }

    /// A Region to change, unless nothing was ever in it.
    pub(crate) fn region_if_any(&mut self, name: &str) -> Option<&mut Region> {
        self.regions.get_mut(name)
    }

    pub(crate) fn list_lag(&self) -> Option<SignedDuration> {
        self.list_lag
    }

    pub(crate) fn set_list_lag(&mut self, lag: Option<SignedDuration>) {
        self.list_lag = lag;
        for region in self.regions.values_mut() {
            region.remember(lag.is_some());
        }
    }

    /// The moment is over: what changed in it was there until `now`.
    pub(crate) fn stamp(&mut self, now: Timestamp) {
        if self.list_lag.is_some() {
            self.regions
                .values_mut()
                .for_each(|region| region.stamp(now));
        }
    }

    pub(crate) fn image(&self, region: &str, id: &str) -> Option<&Image> {
        self.region(region)?.images.get(id)
    }

    pub(crate) fn image_mut(&mut self, region: &str, id: &str) -> Option<&mut Image> {
        self.regions.get_mut(region)?.images.get_mut(id)
    }

    pub(crate) fn snapshot(&self, region: &str, id: &str) -> Option<&Snapshot> {
        self.region(region)?.snapshots.get(id)
    }

    pub(crate) fn snapshot_mut(&mut self, region: &str, id: &str) -> Option<&mut Snapshot> {
        self.regions.get_mut(region)?.snapshots.get_mut(id)
    }
}

/// What a Region's lists show of earlier moments: [`crate::lag`].
impl Region {
    fn remember(&mut self, remembers: bool) {
        self.images.remember(remembers);
        self.snapshots.remember(remembers);
        self.volumes.remember(remembers);
        self.instances.remember(remembers);
    }

    fn stamp(&mut self, now: Timestamp) {
        self.images.stamp(now);
        self.snapshots.stamp(now);
        self.volumes.stamp(now);
        self.instances.stamp(now);
    }

    pub(crate) fn set_back(&mut self, to: Timestamp) {
        self.images.set_back(to);
        self.snapshots.set_back(to);
        self.volumes.set_back(to);
        self.instances.set_back(to);
    }

    pub(crate) fn set_forward(&mut self) {
        self.images.set_forward();
        self.snapshots.set_forward();
        self.volumes.set_forward();
        self.instances.set_forward();
    }
}

/// An operation, and the parameters of it whose effect is not simulated.
#[derive(Debug)]
pub(crate) struct Operation {
    name: &'static str,
    handler: Handler,
    unsimulated: &'static [&'static str],
}

pub(crate) const fn op(name: &'static str, handler: Handler) -> Operation {
    Operation {
        name,
        handler,
        unsimulated: &[],
    }
}

impl Operation {
    pub(crate) const fn without(mut self, unsimulated: &'static [&'static str]) -> Self {
        self.unsimulated = unsimulated;
        self
    }
}

/// Every table of operations; each stands beside its handlers.
const TABLES: &[&[Operation]] = &[
    encryption::OPERATIONS,
    fleet::OPERATIONS,
    image::OPERATIONS,
    image::references::OPERATIONS,
    image::stored::OPERATIONS,
    image::usage_report::OPERATIONS,
    instance::OPERATIONS,
    launch_template::OPERATIONS,
    recycle_bin::OPERATIONS,
    region::OPERATIONS,
    snapshot::OPERATIONS,
    tag_calls::OPERATIONS,
    volume::OPERATIONS,
    zone::OPERATIONS,
];

fn operation(name: &str) -> Option<&'static Operation> {
    let mut all = TABLES.iter().copied().flatten();
    all.find(|entry| entry.name == name)
}

/// The handler of an operation of EC2.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    self::operation(operation).map(|_| run as Handler)
}

/// Does an operation, unless it is a dry run or asks for what isn't simulated.
fn run(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let Some(operation) = operation(&call.operation) else {
        return Err(ApiError::internal("the operation has no handler"));
    };
    let params = call.params();
    if let Some(name) = operation.unsimulated.iter().find(|name| params.has(name)) {
        let message = format!("The parameter {name} is not simulated");
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    if params.flag("DryRun") == Some(true) {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(ApiError::with_status(412, "DryRunOperation", message));
    }
    if let Some(answer) = idempotency::earlier(state, call)? {
        return Ok(answer);
    }
    let answer = (operation.handler)(state, call)?;
    idempotency::remember(state, call, &answer);
    Ok(answer)
}

/// The ARN of an image or a snapshot, which has no account in it:
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>.
pub(crate) fn arn(region: &str, kind: &str, id: &str) -> String {
    format!("arn:aws:ec2:{region}::{kind}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::model;

    #[test]
    fn every_operation_here_is_one_of_the_model_and_stands_in_one_table() {
        let service = model::service("ec2").expect("ec2");
        let mut here: Vec<&str> = TABLES
            .iter()
            .copied()
            .flatten()
            .map(|entry| entry.name)
            .collect();
        let listed = here.len();
        here.sort_unstable();
        here.dedup();
        assert_eq!(here.len(), listed);
        assert!(
            here.iter()
                .all(|name| service.operations.contains_key(*name))
        );
    }
}
