//! Launch configurations.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{invalid, page_size, place, refuse};
use crate::ec2::page;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::error::ApiError;

/// A launch configuration; nothing of it ever changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Configuration {
    pub(crate) name: String,
    arn: String,
    created: Timestamp,
    /// The parameters it was made with.
    pub(crate) data: Value,
}

const UNSIMULATED: [&str; 5] = [
    "ClassicLinkVPCId",
    "ClassicLinkVPCSecurityGroups",
    "InstanceId",
    "KernelId",
    "RamdiskId",
];

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateLaunchConfiguration.html>.
/// The image is looked at only when instances are launched.
pub(super) fn create_launch_configuration(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    refuse(call, &UNSIMULATED)?;
    let params = call.params();
    let name = params.need("LaunchConfigurationName")?;
    if !params.has("ImageId") || !params.has("InstanceType") {
        return Err(invalid(
            "Valid requests must contain either the InstanceID parameter or both the ImageId and \
             InstanceType parameters.",
        ));
    }
    let id = state.ids.uuid();
    let created = state.clock.now();
    let held = state.autoscaling.place(place(call));
    if held.configurations.contains_key(name) {
        let message = format!(
            "Launch Configuration by this name already exists - A launch configuration already \
             exists with the name {name}"
        );
        return Err(ApiError::new("AlreadyExists", message));
    }
    let arn = format!(
        "arn:aws:autoscaling:{}:{}:launchConfiguration:{id}:launchConfigurationName/{name}",
        call.region,
        call.account()
    );
    let configuration = Configuration {
        name: name.to_owned(),
        arn: arn.clone(),
        created,
        data: call.parameters.clone(),
    };
    held.configurations.insert(name.to_owned(), configuration);
    state.touch(arn);
    Ok(json!({}))
}

impl Configuration {
    fn written(&self) -> Value {
        let mut written = self.data.clone();
        written["LaunchConfigurationARN"] = Value::from(self.arn.clone());
        written["CreatedTime"] = Value::from(self.created.to_string());
        for (name, usual) in [
            ("BlockDeviceMappings", json!([])),
            ("SecurityGroups", json!([])),
            ("ClassicLinkVPCSecurityGroups", json!([])),
            ("InstanceMonitoring", json!({ "Enabled": true })),
            ("EbsOptimized", json!(false)),
            ("KeyName", json!("")),
            ("UserData", json!("")),
            ("KernelId", json!("")),
            ("RamdiskId", json!("")),
        ] {
            if written[name].is_null() {
                written[name] = usual;
            }
        }
        written
    }

    /// The parameters of `RunInstances` that it stands for.
    pub(super) fn launch_data(&self) -> Value {
        let data = Params::of(&self.data);
        let mut launch = json!({});
        for name in [
            "ImageId",
            "InstanceType",
            "KeyName",
            "UserData",
            "EbsOptimized",
            "MetadataOptions",
        ] {
            if let Some(value) = data.value(name) {
                launch[name] = value.clone();
            }
        }
        let groups = data.texts("SecurityGroups");
        let (ids, names): (Vec<&str>, Vec<&str>) = groups
            .into_iter()
            .partition(|group| group.starts_with("sg-"));
        launch["SecurityGroupIds"] = Value::from(ids);
        launch["SecurityGroups"] = Value::from(names);
        let monitoring = data.child("InstanceMonitoring");
        let monitored = monitoring.and_then(|monitoring| monitoring.flag("Enabled"));
        launch["Monitoring"] = json!({ "Enabled": monitored.unwrap_or(true) });
        if let Some(profile) = data.text("IamInstanceProfile") {
            let member = if profile.starts_with("arn:") {
                "Arn"
            } else {
                "Name"
            };
            launch["IamInstanceProfile"] = json!({ member: profile });
        }
        if let Some(tenancy) = data.text("PlacementTenancy") {
            launch["Placement"] = json!({ "Tenancy": tenancy });
        }
        launch["BlockDeviceMappings"] = Value::from(devices(data));
        launch
    }
}

/// Block devices; that one is left out is a flag here and a text in EC2.
fn devices(data: Params<'_>) -> Vec<Value> {
    let devices = data.list("BlockDeviceMappings").into_iter();
    let devices = devices.map(|device| {
        let left_out = device.flag("NoDevice") == Some(true);
        json!({
            "DeviceName": device.text("DeviceName"),
            "VirtualName": device.text("VirtualName"),
            "Ebs": device.value("Ebs"),
            "NoDevice": left_out.then_some(""),
        })
    });
    devices.collect()
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeLaunchConfigurations.html>:
/// names that aren't there are passed over.
pub(super) fn describe_launch_configurations(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let cursor = page::of_size(call, page_size(call, 50, 100)?)?;
    let names = call.params().texts("LaunchConfigurationNames");
    let held = state.autoscaling.place(place(call));
    let wanted = cursor.rest(&held.configurations);
    let wanted = wanted.filter(|(name, _)| names.is_empty() || names.contains(name));
    let page = cursor.cut(call, wanted, Configuration::written);
    Ok(json!({ "LaunchConfigurations": page.items, "NextToken": page.next }))
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteLaunchConfiguration.html>:
/// not while a group launches from it.
pub(super) fn delete_launch_configuration(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let name = call.params().need("LaunchConfigurationName")?;
    let held = state.autoscaling.place(place(call));
    let Some(configuration) = held.configurations.get(name) else {
        let message =
            format!("Launch configuration name not found - Launch configuration {name} not found");
        return Err(invalid(message));
    };
    let arn = configuration.arn.clone();
    let mut groups = held.groups.values();
    if let Some(group) = groups.find(|group| group.configuration() == Some(name)) {
        let message = format!(
            "Cannot delete launch configuration {name} because it is attached to AutoScalingGroup \
             {}",
            group.name
        );
        return Err(ApiError::new("ResourceInUse", message));
    }
    held.configurations.remove(name);
    state.touch(arn);
    Ok(json!({}))
}
