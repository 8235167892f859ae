//! `DeleteVolume`.

use serde_json::{Value, json};

use crate::ec2::volume::own_volume;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVolume.html>: not while it is
/// attached. It is gone at once.
pub(crate) fn delete_volume(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let volume = own_volume(state, call, call.params().need("VolumeId")?)?;
    if let Some((instance, _)) = &volume.instance {
        let message = format!("Volume {} is currently attached to {instance}", volume.id);
        return Err(ApiError::new("VolumeInUse", message));
    }
    let region = state.ec2.region_mut(&call.region);
    region.volumes.remove(&volume.id);
    Ok(json!({}))
}
