//! The phases of an instance's life, and how it moves from one to the next as time passes:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ec2::change::Change;
use crate::ec2::fleet;
use crate::state::State;
use crate::{autoscaling, event};

/// The code of the reason for an instance that could not be launched:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html>.
pub(super) const LAUNCH_FAILED: &str = "Client.InternalError";
const LAUNCH: SignedDuration = SignedDuration::from_secs(20);
const STOP: SignedDuration = SignedDuration::from_secs(30);
/// How long a terminated instance is still told of: "about an hour".
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// Where an instance is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Phase {
    Pending,
    Running,
    Stopping,
    Stopped,
    ShuttingDown,
    Terminated,
}

impl Phase {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
        }
    }

    pub(super) fn code(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    pub(super) fn written(self) -> Value {
        json!({ "Code": self.code(), "Name": self.name() })
    }

    /// What follows by itself, and how soon.
    fn next(self) -> Option<(Self, SignedDuration)> {
        match self {
            Self::Pending => Some((Self::Running, LAUNCH)),
            Self::Stopping => Some((Self::Stopped, STOP)),
            Self::ShuttingDown => Some((Self::Terminated, STOP)),
            Self::Running | Self::Stopped | Self::Terminated => None,
        }
    }
}

/// Lets an instance enter a phase, tells of it, and plans what follows.
pub(super) fn enter(state: &mut State, region: &str, id: &str, phase: Phase) {
    let Some(instance) = state.ec2.region_mut(region).instances.get_mut(id) else {
        return;
    };
    let from = std::mem::replace(&mut instance.phase, phase);
    let owner = instance.owner.clone();
    let running = &mut state.ec2.region_mut(region).running;
    running.note(&owner, Some(from), phase);
    event::instance_state(state, (&owner, region), id, phase.name());
    let (region, id) = (region.to_owned(), id.to_owned());
    match phase.next() {
        Some((_, after)) => {
            let from = phase;
            state.schedule(after, Change::InstanceSettles { region, id, from });
        }
        None if phase == Phase::Terminated => {
            state.schedule(REMEMBERED, Change::InstanceForgotten { region, id });
        }
        None => {}
    }
}

/// Ends a passing phase, if the instance is still in it. One that could not be launched is
/// terminated instead of running.
pub(crate) fn settle(state: &mut State, region: &str, id: &str, from: Phase) {
    let instance = state.ec2.region_mut(region).instances.get(id);
    let Some(instance) = instance.filter(|instance| instance.phase == from) else {
        return;
    };
    let next = match from.next() {
        Some((Phase::Running, _)) if instance.has_failed() => Phase::Terminated,
        Some((next, _)) => next,
        None => return,
    };
    let (owner, failed) = (instance.owner.clone(), instance.has_failed());
    if next == Phase::Terminated {
        release_volumes(state, region, id);
    }
    enter(state, region, id, next);
    if failed {
        leave(state, (&owner, region), id);
    }
}

/// Lets whoever keeps a number of instances know that one is about to go.
fn leave(state: &mut State, place: (&str, &str), id: &str) {
    autoscaling::instance_left(state, place, id);
    fleet::instance_left(state, place, id);
}

/// Deletes the volumes that go with an instance, and detaches those that stay.
fn release_volumes(state: &mut State, region: &str, id: &str) {
    let region = state.ec2.region_mut(region);
    let Some(instance) = region.instances.get_mut(id) else {
        return;
    };
    for (_, volume) in std::mem::take(&mut instance.volumes) {
        let kept = region.volumes.get_mut(&volume);
        match kept.filter(|volume| !volume.delete_on_termination) {
            Some(volume) => volume.instance = None,
            None => {
                region.volumes.remove(&volume);
            }
        }
    }
}

/// Begins to terminate an instance.
pub(crate) fn terminate(state: &mut State, region: &str, id: &str) {
    let now = state.clock.now();
    let Some(instance) = state.ec2.region_mut(region).instances.get_mut(id) else {
        return;
    };
    if instance.is_going() {
        return;
    }
    let message = "Client.UserInitiatedShutdown: User initiated shutdown".to_owned();
    instance.reason = Some(("Client.UserInitiatedShutdown".to_owned(), message));
    instance.asked = Some(now);
    let owner = instance.owner.clone();
    enter(state, region, id, Phase::ShuttingDown);
    leave(state, (&owner, region), id);
}

/// Forgets a terminated instance.
pub(crate) fn forget(state: &mut State, region: &str, id: &str) {
    state.ec2.region_mut(region).instances.remove(id);
}
