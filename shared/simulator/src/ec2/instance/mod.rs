//! Instances: what one is. They are launched (`launch`), change state (`phase`, `power`) and are
//! told of (`describe`, `status`).

mod describe;
mod device;
mod image_metadata;
pub(crate) mod launch;
mod network;
pub(crate) mod phase;
mod power;
pub(crate) mod quota;
mod run;
mod status;
mod written;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ec2::tag::Tags;
use crate::ec2::{Operation, Region, op};
use crate::ids::is_resource_id;
use crate::wire::error::ApiError;

use phase::Phase;

pub(crate) const OPERATIONS: &[Operation] = &[
    op(
        "DescribeInstanceImageMetadata",
        image_metadata::describe_instance_image_metadata,
    ),
    op("DescribeInstanceStatus", status::describe_instance_status)
        .without(&["IncludeManagedResources"]),
    op("DescribeInstances", describe::describe_instances).without(&["IncludeManagedResources"]),
    op("RebootInstances", power::reboot_instances),
    op("RunInstances", run::run_instances).without(launch::UNSIMULATED),
    op("StartInstances", power::start_instances).without(&["AdditionalInfo"]),
    op("StopInstances", power::stop_instances).without(&["Hibernate", "SkipOsShutdown"]),
    op("TerminateInstances", power::terminate_instances).without(&["Force", "SkipOsShutdown"]),
];

/// An instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) image_id: String,
    pub(crate) kind: String,
    pub(crate) zone: String,
    pub(crate) launched: Timestamp,
    phase: Phase,
    /// Why it is in its phase: a code and a message.
    reason: Option<(String, String)>,
    /// When someone asked for its phase.
    asked: Option<Timestamp>,
    pub(crate) root_device: String,
    /// Device names and volume ids.
    pub(crate) volumes: Vec<(String, String)>,
    reservation: String,
    /// Its number within its reservation.
    index: i64,
    /// What it has of its image: architecture, virtualization, boot mode, TPM and ENA support.
    hardware: Value,
    /// The parameters it was launched with.
    data: Value,
    /// Its Spot request.
    pub(crate) spot_request: Option<String>,
    pub(crate) tags: Tags,
}

impl Instance {
    /// Whether it is running or stopped, so that an image can be made of it:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html>.
    pub(crate) fn can_be_imaged(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Stopped)
    }

    /// Its state, as the API names it.
    pub(crate) fn state_name(&self) -> &'static str {
        self.phase.name()
    }

    /// Whether it runs.
    pub(crate) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// Whether it is terminated, or about to be.
    pub(crate) fn is_going(&self) -> bool {
        matches!(self.phase, Phase::ShuttingDown | Phase::Terminated)
    }

    /// Whether it is terminated.
    pub(crate) fn is_gone(&self) -> bool {
        self.phase == Phase::Terminated
    }

    /// Whether it was stopped by itself because it could not be launched.
    pub(crate) fn has_failed(&self) -> bool {
        let code = self.reason.as_ref().map(|(code, _)| code.as_str());
        code == Some(phase::LAUNCH_FAILED)
    }
}

/// The error for an instance that doesn't exist.
pub(crate) fn no_instance(id: &str) -> ApiError {
    ApiError::new(
        "InvalidInstanceID.NotFound",
        format!("The instance ID '{id}' does not exist"),
    )
}

/// Refuses ids that aren't those of an account's instances.
fn check_ids(region: &Region, account: &str, ids: &[&str]) -> Result<(), ApiError> {
    if let Some(id) = ids.iter().find(|id| !is_resource_id(id, "i")) {
        let message = format!("Invalid id: \"{id}\"");
        return Err(ApiError::new("InvalidInstanceID.Malformed", message));
    }
    let own = |id: &&&str| {
        let instance = region.instances.get(**id);
        instance.is_some_and(|instance| instance.owner == account)
    };
    let absent: Vec<&str> = ids.iter().filter(|id| !own(id)).copied().collect();
    match absent.as_slice() {
        [] => Ok(()),
        [id] => Err(no_instance(id)),
        ids => Err(ApiError::new(
            "InvalidInstanceID.NotFound",
            format!("The instance IDs '{}' do not exist", ids.join(", ")),
        )),
    }
}
