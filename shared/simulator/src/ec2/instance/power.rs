//! Stopping, starting, rebooting and terminating instances.

use serde_json::{Value, json};

use super::phase::{self, Phase};
use super::{check_ids, quota};
use crate::ec2::{fleet, tag};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// The instances a call names; each is there and the caller's.
fn named(state: &mut State, call: &Request) -> Result<Vec<String>, ApiError> {
    let ids = call.params().texts("InstanceIds");
    for id in &ids {
        state.touch(format!(
            "arn:aws:ec2:{}:{}:instance/{id}",
            call.region,
            call.account()
        ));
    }
    let region = state.ec2.region_mut(&call.region);
    check_ids(region, call.account(), &ids)?;
    if let [id] = ids.as_slice() {
        let instance = region.instances.get(*id);
        let tags = instance.map(|instance| instance.tags.own(call.account()));
        tag::present(state, &tags.unwrap_or_default());
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}

fn phase_of(state: &mut State, region: &str, id: &str) -> Phase {
    let instance = state.ec2.region_mut(region).instances.get(id);
    instance.map_or(Phase::Terminated, |instance| instance.phase)
}

/// Moves instances on, and writes where each was and is.
fn moved(
    state: &mut State,
    call: &Request,
    ids: &[String],
    mut go: impl FnMut(&mut State, &str, Phase),
) -> Vec<Value> {
    let mut written = Vec::new();
    for id in ids {
        let before = phase_of(state, &call.region, id);
        go(state, id, before);
        let after = phase_of(state, &call.region, id);
        written.push(json!({
            "InstanceId": id,
            "PreviousState": before.written(),
            "CurrentState": after.written(),
        }));
    }
    written
}

/// Refuses instances that an operation can't be done to in their phase.
fn refuse(
    state: &mut State,
    call: &Request,
    ids: &[String],
    (allowed, what): (&[Phase], &str),
) -> Result<(), ApiError> {
    for id in ids {
        if !allowed.contains(&phase_of(state, &call.region, id)) {
            let message =
                format!("The instance '{id}' is not in a state from which it can be {what}.");
            return Err(ApiError::new("IncorrectInstanceState", message));
        }
    }
    Ok(())
}

/// Refuses instances whose launch forbade the operation:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html>.
fn refuse_protected(
    state: &mut State,
    call: &Request,
    ids: &[String],
    (flag, what): (&str, &str),
) -> Result<(), ApiError> {
    let instances = &state.ec2.region_mut(&call.region).instances;
    for id in ids {
        let instance = instances.get(id);
        if instance.is_some_and(|instance| instance.data().flag(flag) == Some(true)) {
            let attribute = flag.replacen('D', "d", 1);
            let message = format!(
                "The instance '{id}' may not be {what}. Modify its '{attribute}' instance \
                 attribute and try again."
            );
            return Err(ApiError::new("OperationNotPermitted", message));
        }
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html>.
pub(crate) fn stop_instances(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let ids = named(state, call)?;
    let from = [Phase::Running, Phase::Stopping, Phase::Stopped];
    refuse(state, call, &ids, (&from, "stopped"))?;
    refuse_protected(state, call, &ids, ("DisableApiStop", "stopped"))?;
    let region = &*state.ec2.region_mut(&call.region);
    if let Some(id) = ids.iter().find(|id| fleet::is_one_time(region, id)) {
        let message = format!(
            "You can't stop the Spot Instance '{id}' because it is associated with a one-time \
             Spot Instance request. You can only stop Spot Instances associated with persistent \
             Spot Instance requests."
        );
        return Err(ApiError::new("UnsupportedOperation", message));
    }
    let now = state.clock.now();
    let moved = moved(state, call, &ids, |state, id, before| {
        if before != Phase::Running {
            return;
        }
        let region = state.ec2.region_mut(&call.region);
        if let Some(instance) = region.instances.get_mut(id) {
            let code = "Client.UserInitiatedShutdown".to_owned();
            let message = format!("{code}: User initiated shutdown");
            instance.reason = Some((code, message));
            instance.asked = Some(now);
        }
        phase::enter(state, &call.region, id, Phase::Stopping);
    });
    Ok(json!({ "StoppingInstances": moved }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html>. The image it
/// was launched from need not be there any more.
pub(crate) fn start_instances(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let ids = named(state, call)?;
    let from = [Phase::Pending, Phase::Running, Phase::Stopped];
    refuse(state, call, &ids, (&from, "started"))?;
    let mut more = ids.clone();
    more.retain(|id| phase_of(state, &call.region, id) == Phase::Stopped);
    quota::check(state, (call.account(), &call.region), more.len())?;
    let now = state.clock.now();
    let moved = moved(state, call, &ids, |state, id, before| {
        if before != Phase::Stopped {
            return;
        }
        let region = state.ec2.region_mut(&call.region);
        if let Some(instance) = region.instances.get_mut(id) {
            instance.launched = now;
            instance.reason = None;
            instance.asked = None;
        }
        phase::enter(state, &call.region, id, Phase::Pending);
    });
    Ok(json!({ "StartingInstances": moved }))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RebootInstances.html>: nothing that
/// the API tells of changes.
pub(crate) fn reboot_instances(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let ids = named(state, call)?;
    let from = [Phase::Pending, Phase::Running];
    refuse(state, call, &ids, (&from, "rebooted"))?;
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html>: it can be
/// asked for again, and one protected instance keeps them all.
pub(crate) fn terminate_instances(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let ids = named(state, call)?;
    refuse_protected(state, call, &ids, ("DisableApiTermination", "terminated"))?;
    let moved = moved(state, call, &ids, |state, id, _| {
        phase::terminate(state, &call.region, id);
    });
    Ok(json!({ "TerminatingInstances": moved }))
}
