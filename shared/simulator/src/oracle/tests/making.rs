//! Making whatever uses an image.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::scene::Scene;
use crate::tests::{HERE, OTHER, OWNER};

/// Makes a use of an image.
pub(super) type Making = fn(&Scene, &str);

pub(super) fn template(scene: &Scene, account: &str, name: &str, data: &Value) {
    let parameters = json!({ "LaunchTemplateName": name, "LaunchTemplateData": data });
    scene.done((account, HERE), "ec2", "CreateLaunchTemplate", parameters);
}

/// A template whose second version, which is no default, names no image at all.
pub(super) fn older_version(scene: &Scene, image: &str) {
    template(scene, OTHER, "web", &json!({ "ImageId": image }));
    let other = json!({ "ImageId": scene.sources[3] });
    let version = json!({ "LaunchTemplateName": "web", "LaunchTemplateData": other });
    let here = (OTHER, HERE);
    scene.done(here, "ec2", "CreateLaunchTemplateVersion", version);
    let newest = json!({ "LaunchTemplateName": "web", "DefaultVersion": "2" });
    scene.done(here, "ec2", "ModifyLaunchTemplate", newest);
}

pub(super) fn parameter(scene: &Scene, name: &str, value: &str, image: bool) {
    let kind = if image { "aws:ec2:image" } else { "text" };
    let parameters = json!({
        "Name": name, "Value": value, "Type": "String", "DataType": kind, "Overwrite": true,
    });
    scene.done((OWNER, HERE), "ssm", "PutParameter", parameters);
    scene.world.advance(SignedDuration::from_hours(1));
}

/// A parameter that held the image once, when it got a label.
pub(super) fn labelled(scene: &Scene, image: &str) {
    parameter(scene, "/golden", image, true);
    let label = json!({ "Name": "/golden", "ParameterVersion": 1, "Labels": ["stable"] });
    scene.done((OWNER, HERE), "ssm", "LabelParameterVersion", label);
    parameter(scene, "/golden", &scene.sources[3], true);
}

pub(super) fn instance(scene: &Scene, image: &str) -> String {
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    let run = scene.done((OTHER, HERE), "ec2", "RunInstances", run);
    run["Instances"][0]["InstanceId"]
        .as_str()
        .expect("an id")
        .to_owned()
}

pub(super) fn stopped(scene: &Scene, image: &str) {
    let id = instance(scene, image);
    scene.world.advance(SignedDuration::from_hours(1));
    let ids = json!({ "InstanceIds": [id] });
    scene.done((OTHER, HERE), "ec2", "StopInstances", ids);
    scene.world.advance(SignedDuration::from_hours(1));
}

pub(super) fn group(scene: &Scene, source: &str, value: &Value) {
    let mut group = json!({
        "AutoScalingGroupName": "web", "MinSize": 0, "MaxSize": 1, "AvailabilityZones": ["us-east-1a"],
    });
    group[source] = value.clone();
    scene.done(
        (OWNER, HERE),
        "autoscaling",
        "CreateAutoScalingGroup",
        group,
    );
}

pub(super) fn group_of_template(scene: &Scene, image: &str) {
    template(scene, OWNER, "web", &json!({ "ImageId": image }));
    group(
        scene,
        "LaunchTemplate",
        &json!({ "LaunchTemplateName": "web" }),
    );
}

/// A group of which only an override launches the image.
pub(super) fn group_of_overrides(scene: &Scene, image: &str) {
    let other = json!({ "ImageId": scene.sources[3], "InstanceType": "m5.large" });
    template(scene, OWNER, "main", &other);
    template(scene, OWNER, "web", &json!({ "ImageId": image }));
    let overrides = json!({
        "InstanceType": "m6i.large",
        "LaunchTemplateSpecification": { "LaunchTemplateName": "web" },
    });
    let policy = json!({ "LaunchTemplate": {
        "LaunchTemplateSpecification": { "LaunchTemplateName": "main" },
        "Overrides": [overrides],
    } });
    group(scene, "MixedInstancesPolicy", &policy);
}

pub(super) fn group_of_configuration(scene: &Scene, image: &str) {
    let configuration = json!({
        "LaunchConfigurationName": "old", "ImageId": image, "InstanceType": "m5.large",
    });
    let here = (OWNER, HERE);
    scene.done(
        here,
        "autoscaling",
        "CreateLaunchConfiguration",
        configuration,
    );
    group(scene, "LaunchConfigurationName", &json!("old"));
}

pub(super) fn fleet(scene: &Scene, image: &str) {
    template(
        scene,
        OWNER,
        "main",
        &json!({ "ImageId": scene.sources[3] }),
    );
    let configuration = json!({
        "LaunchTemplateSpecification": { "LaunchTemplateName": "main", "Version": "1" },
        "Overrides": [{ "ImageId": image, "InstanceType": "m5.large" }],
    });
    let parameters = json!({
        "LaunchTemplateConfigs": [configuration],
        "TargetCapacitySpecification": { "TotalTargetCapacity": 0 },
    });
    scene.ec2("CreateFleet", parameters);
}

pub(super) fn spot_fleet(scene: &Scene, image: &str) {
    let configuration = json!({
        "IamFleetRole": "arn:aws:iam::111111111111:role/fleet",
        "TargetCapacity": 0,
        "LaunchSpecifications": [{ "ImageId": image, "InstanceType": "m5.large" }],
    });
    let parameters = json!({ "SpotFleetRequestConfig": configuration });
    scene.ec2("RequestSpotFleet", parameters);
}

/// A persistent request whose instance is gone: AWS opens it again.
pub(super) fn spot_request(scene: &Scene, image: &str) {
    let parameters = json!({
        "Type": "persistent",
        "LaunchSpecification": { "ImageId": image, "InstanceType": "m5.large" },
    });
    let made = scene.ec2("RequestSpotInstances", parameters);
    let id = made["SpotInstanceRequests"][0]["InstanceId"].clone();
    scene.world.advance(SignedDuration::from_hours(1));
    scene.ec2("TerminateInstances", json!({ "InstanceIds": [id] }));
    scene.world.advance(SignedDuration::from_hours(1));
}

pub(super) fn recipe(scene: &Scene, name: &str, parent: &str) {
    let parameters = json!({
        "name": name, "semanticVersion": "1.0.0", "parentImage": parent, "clientToken": name,
        "components": [],
    });
    scene.done(
        (OWNER, HERE),
        "imagebuilder",
        "CreateImageRecipe",
        parameters,
    );
}

/// A fleet and a Spot Fleet that launch it from a template alone, by its id and by its name.
pub(super) fn fleet_of_template(scene: &Scene, image: &str) {
    template(scene, OWNER, "web", &json!({ "ImageId": image }));
    let asked = json!({ "LaunchTemplateNames": ["web"] });
    let made = scene.ec2("DescribeLaunchTemplates", asked);
    let id = &made["LaunchTemplates"][0]["LaunchTemplateId"];
    let named = json!({ "LaunchTemplateId": id, "Version": "$Latest" });
    let parameters = json!({
        "LaunchTemplateConfigs": [{ "LaunchTemplateSpecification": named }],
        "TargetCapacitySpecification": { "TotalTargetCapacity": 0 },
    });
    scene.ec2("CreateFleet", parameters);
    let named = json!({ "LaunchTemplateName": "web", "Version": "1" });
    let configuration = json!({
        "IamFleetRole": "arn:aws:iam::111111111111:role/fleet",
        "TargetCapacity": 0,
        "LaunchTemplateConfigs": [{ "LaunchTemplateSpecification": named }],
    });
    let parameters = json!({ "SpotFleetRequestConfig": configuration });
    scene.ec2("RequestSpotFleet", parameters);
}

pub(super) fn running(scene: &Scene, image: &str) {
    instance(scene, image);
    scene.world.advance(SignedDuration::from_hours(1));
}

pub(super) fn stopping(scene: &Scene, image: &str) {
    let id = instance(scene, image);
    scene.world.advance(SignedDuration::from_hours(1));
    let ids = json!({ "InstanceIds": [id] });
    scene.done((OTHER, HERE), "ec2", "StopInstances", ids);
}
