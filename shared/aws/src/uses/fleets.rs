//! Owns reading EC2 Fleets, Spot Fleets and Spot requests.

use super::{image_target, listing, next, snapshot_target, template_target};
use crate::Aws;
use crate::errors::Call;
use amiary_domain::ids::Place;
use amiary_engine::ports::{Answer, Found, Page, Target};
use aws_sdk_ec2::types::{
    BatchState, BlockDeviceMapping, FleetData, FleetLaunchTemplateSpecification, FleetStateCode,
    SpotFleetRequestConfig, SpotInstanceRequest, SpotInstanceState,
};
use std::collections::BTreeSet;

/// The most items of a page.
const PAGE: i32 = 1000;

impl Aws {
    /// A page of EC2 Fleets.
    pub(super) async fn ec2_fleets(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<Found>> {
        let call = Call::ec2("DescribeFleets", place);
        let client = self.ec2(place, &call).await?;
        let request = client.describe_fleets().max_results(PAGE);
        let answer = request.set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let fleets = listing(&call, answer.fleets.as_ref(), "fleets")?
            .iter()
            .filter(|fleet| can_launch(fleet));
        Ok(Page {
            items: fleets.map(fleet).collect(),
            next: next(answer.next_token()),
        })
    }

    /// A page of Spot Fleets.
    pub(super) async fn spot_fleets(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<Found>> {
        let call = Call::ec2("DescribeSpotFleetRequests", place);
        let client = self.ec2(place, &call).await?;
        let request = client.describe_spot_fleet_requests().max_results(PAGE);
        let answer = request.set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let fleets = listing(
            &call,
            answer.spot_fleet_request_configs.as_ref(),
            "Spot Fleets",
        )?
        .iter();
        let fleets =
            fleets.filter(|fleet| fleet.spot_fleet_request_state() != Some(&BatchState::Cancelled));
        Ok(Page {
            items: fleets.map(spot_fleet).collect(),
            next: next(answer.next_token()),
        })
    }

    /// A page of Spot requests.
    pub(super) async fn spot_requests(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<Found>> {
        let call = Call::ec2("DescribeSpotInstanceRequests", place);
        let client = self.ec2(place, &call).await?;
        let request = client.describe_spot_instance_requests().max_results(PAGE);
        let answer = request.set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let requests = listing(
            &call,
            answer.spot_instance_requests.as_ref(),
            "Spot requests",
        )?
        .iter();
        let requests = requests.filter(|request| request.state().is_none_or(may_start));
        Ok(Page {
            items: requests.map(spot_request).collect(),
            next: next(answer.next_token()),
        })
    }
}

/// Whether a fleet may launch once more.
fn can_launch(fleet: &FleetData) -> bool {
    let over = [FleetStateCode::Deleted, FleetStateCode::Failed];
    fleet
        .fleet_state()
        .is_none_or(|state| !over.contains(state))
}

/// Whether a Spot request may start an instance once more: a disabled one does, together with its
/// stopped instance.
fn may_start(state: &SpotInstanceState) -> bool {
    use SpotInstanceState::{Cancelled, Closed, Failed};
    ![Cancelled, Closed, Failed].contains(state)
}

fn fleet(seen: &FleetData) -> Found {
    let mut targets = BTreeSet::new();
    for config in seen.launch_template_configs() {
        targets.extend(config.launch_template_specification().and_then(specified));
        for one in config.overrides() {
            targets.extend(one.image_id().and_then(image_target));
            let devices = one.block_device_mappings().iter();
            let snapshots = devices.filter_map(|device| device.ebs()?.snapshot_id());
            targets.extend(snapshots.filter_map(snapshot_target));
        }
    }
    Found {
        by: format!("EC2 Fleet {}", seen.fleet_id().unwrap_or_default()),
        targets,
        ..Found::default()
    }
}

fn spot_fleet(seen: &SpotFleetRequestConfig) -> Found {
    let mut targets = BTreeSet::new();
    if let Some(config) = seen.spot_fleet_request_config() {
        for one in config.launch_specifications() {
            targets.extend(one.image_id().and_then(image_target));
            targets.extend(snapshots(one.block_device_mappings()));
        }
        let configs = config.launch_template_configs().iter();
        let named = configs.filter_map(|config| config.launch_template_specification());
        targets.extend(named.filter_map(specified));
    }
    Found {
        by: format!(
            "Spot Fleet {}",
            seen.spot_fleet_request_id().unwrap_or_default()
        ),
        targets,
        ..Found::default()
    }
}

fn spot_request(seen: &SpotInstanceRequest) -> Found {
    let mut targets = BTreeSet::new();
    if let Some(specification) = seen.launch_specification() {
        targets.extend(specification.image_id().and_then(image_target));
        targets.extend(snapshots(specification.block_device_mappings()));
    }
    Found {
        by: format!(
            "Spot request {}",
            seen.spot_instance_request_id().unwrap_or_default()
        ),
        targets,
        ..Found::default()
    }
}

fn snapshots(devices: &[BlockDeviceMapping]) -> impl Iterator<Item = Target> {
    let snapshots = devices
        .iter()
        .filter_map(|device| device.ebs()?.snapshot_id());
    snapshots.filter_map(snapshot_target)
}

fn specified(seen: &FleetLaunchTemplateSpecification) -> Option<Target> {
    let (id, name) = (seen.launch_template_id(), seen.launch_template_name());
    template_target(id, name, seen.version())
}
