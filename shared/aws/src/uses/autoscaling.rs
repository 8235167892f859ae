//! Owns reading Auto Scaling groups and launch configurations.

use super::{image_target, listing, next, snapshot_target, template_target};
use crate::Aws;
use crate::errors::Call;
use amiary_domain::ids::Place;
use amiary_engine::ports::{Answer, Found, Page, Target};
use aws_sdk_autoscaling::types::{
    AutoScalingGroup, LaunchConfiguration, LaunchTemplate, LaunchTemplateSpecification,
};
use std::collections::BTreeSet;

/// The most items of a page.
const PAGE: i32 = 100;

impl Aws {
    /// A page of launch configurations.
    pub(super) async fn launch_configurations(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<Found>> {
        let call = Call::autoscaling("DescribeLaunchConfigurations", place);
        let client = self.autoscaling(place, &call).await?;
        let request = client.describe_launch_configurations().max_records(PAGE);
        let answer = request.set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let configurations = listing(
            &call,
            answer.launch_configurations.as_ref(),
            "launch configurations",
        )?
        .iter();
        Ok(Page {
            items: configurations.map(configuration).collect(),
            next: next(answer.next_token()),
        })
    }

    /// A page of Auto Scaling groups, with every template that they launch from.
    pub(super) async fn auto_scaling_groups(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<Found>> {
        let call = Call::autoscaling("DescribeAutoScalingGroups", place);
        let client = self.autoscaling(place, &call).await?;
        let request = client.describe_auto_scaling_groups().max_records(PAGE);
        let answer = request.set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        Ok(Page {
            items: listing(
                &call,
                answer.auto_scaling_groups.as_ref(),
                "Auto Scaling groups",
            )?
            .iter()
            .map(group)
            .collect(),
            next: next(answer.next_token()),
        })
    }
}

fn configuration(seen: &LaunchConfiguration) -> Found {
    let devices = seen.block_device_mappings().iter();
    let snapshots = devices.filter_map(|device| device.ebs()?.snapshot_id());
    let image = seen.image_id().and_then(image_target);
    let name = seen.launch_configuration_name().unwrap_or_default();
    Found {
        by: format!("launch configuration {name}"),
        targets: image
            .into_iter()
            .chain(snapshots.filter_map(snapshot_target))
            .collect(),
        ..Found::default()
    }
}

/// A group. Its launch configuration is among those that are listed; a template can be named by the
/// group, by its mixed-instances policy, by each override of that, and by instances of an earlier
/// version.
fn group(seen: &AutoScalingGroup) -> Found {
    let mixed = seen
        .mixed_instances_policy()
        .and_then(|mixed| mixed.launch_template());
    let overrides = mixed.map(LaunchTemplate::overrides).unwrap_or_default();
    let named = seen
        .launch_template()
        .into_iter()
        .chain(mixed.and_then(|mixed| mixed.launch_template_specification()))
        .chain(
            overrides
                .iter()
                .filter_map(|one| one.launch_template_specification()),
        )
        .chain(
            seen.instances()
                .iter()
                .filter_map(|one| one.launch_template()),
        );
    let mut targets: BTreeSet<Target> = named.filter_map(specified).collect();
    let images = overrides.iter().filter_map(|one| one.image_id());
    let of_instances = seen.instances().iter().filter_map(|one| one.image_id());
    targets.extend(images.chain(of_instances).filter_map(image_target));
    let name = seen.auto_scaling_group_name().unwrap_or_default();
    Found {
        by: format!("Auto Scaling group {name}"),
        targets,
        ..Found::default()
    }
}

fn specified(seen: &LaunchTemplateSpecification) -> Option<Target> {
    let (id, name) = (seen.launch_template_id(), seen.launch_template_name());
    template_target(id, name, seen.version())
}
