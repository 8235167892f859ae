//! `DescribeVolumes`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html>.

use serde_json::Value;

use crate::clock::millis;
use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::ec2::volume::{Volume, no_volume, well_formed_volume};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const FILTERS: [&str; 20] = [
    "attachment.attach-time",
    "attachment.delete-on-termination",
    "attachment.device",
    "attachment.instance-id",
    "attachment.status",
    "availability-zone",
    "availability-zone-id",
    "create-time",
    "encrypted",
    "fast-restored",
    "multi-attach-enabled",
    "operator.managed",
    "operator.principal",
    "size",
    "snapshot-id",
    "status",
    "tag-key",
    "tag-value",
    "volume-id",
    "volume-type",
];

/// One's own volumes. There are none that AWS manages, so asking for those changes nothing.
pub(crate) fn describe_volumes(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let cursor = page::open(call, 1)?;
    let ids = params.texts("VolumeIds");
    let volumes = &state.ec2.reading(&call.region).volumes;
    let own = |volume: &&Volume| volume.owner == call.account();
    for id in &ids {
        well_formed_volume(id, "volumes")?;
        volumes.get(*id).filter(own).ok_or_else(|| no_volume(id))?;
    }
    let rest = cursor.rest(volumes).map(|(_, volume)| volume);
    let wanted = rest.filter(own).filter(|volume| {
        let named = ids.is_empty() || ids.contains(&volume.id.as_str());
        named
            && filters.match_all(
                || volume.tags.own(call.account()),
                |name| field(volume, name).into_iter().collect(),
            )
    });
    let found = wanted.map(|volume| (&volume.id, volume));
    let page = cursor.cut(call, found, |volume| volume.written(call.account()));
    Ok(page.named("Volumes"))
}

fn field(volume: &Volume, name: &str) -> Option<String> {
    let attached = volume.instance.as_ref();
    match name {
        "attachment.attach-time" => attached.map(|_| millis(volume.created)),
        "attachment.delete-on-termination" => {
            attached.map(|_| volume.delete_on_termination.to_string())
        }
        "attachment.device" => attached.map(|(_, device)| device.clone()),
        "attachment.instance-id" => attached.map(|(instance, _)| instance.clone()),
        "attachment.status" => attached.map(|_| "attached".to_owned()),
        "availability-zone" => Some(volume.zone.clone()),
        "availability-zone-id" => volume.zone_id(),
        "create-time" => Some(millis(volume.created)),
        "encrypted" => Some(volume.key.is_some().to_string()),
        "fast-restored" | "multi-attach-enabled" | "operator.managed" => Some("false".to_owned()),
        "size" => Some(volume.size.to_string()),
        "snapshot-id" => volume.snapshot_id.clone(),
        "status" => Some(volume.state_name().to_owned()),
        "volume-id" => Some(volume.id.clone()),
        "volume-type" => Some(volume.kind.clone()),
        _ => None,
    }
}
