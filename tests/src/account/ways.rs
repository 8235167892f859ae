//! Owns the ways in which an image is used, each made by the calls that a person would make.

use crate::{BUILDER, PRODUCTION};
use amiary_domain::ids::ImageRef;
use amiary_simulator::World;
use serde_json::{Value, json};

/// An image to be used.
pub(super) struct Used<'a> {
    pub world: &'a World,
    pub at: &'a ImageRef,
    /// Another image, for what must point elsewhere.
    pub other: &'a ImageRef,
    pub number: usize,
}

/// A way of using an image, with its name.
pub(super) type Way = (&'static str, fn(&Used<'_>));

pub(super) const WAYS: [Way; 26] = [
    ("a running instance", running),
    ("a stopped instance", stopped),
    ("a launch template's only version", only_version),
    ("a launch template's default version", default_version),
    ("a launch template's newest version", newest_version),
    (
        "a launch template's version that is neither newest nor default",
        old_version,
    ),
    ("a snapshot in a launch template", snapshot_of_a_template),
    (
        "a snapshot in an old version that a fleet names beside one that is gone",
        snapshot_of_an_old_version,
    ),
    ("a launch configuration", launch_configuration),
    ("an Auto Scaling group without instances", idle_group),
    ("an Auto Scaling group with instances", busy_group),
    ("an override of a mixed-instances policy", mixed_override),
    (
        "a parameter that a launch template resolves",
        resolved_parameter,
    ),
    ("an SSM parameter of an image", image_parameter),
    (
        "an SSM parameter that the policy declares",
        declared_parameter,
    ),
    (
        "a document in an SSM parameter that the policy declares",
        declared_document,
    ),
    ("an EC2 Fleet", fleet),
    ("an override of an EC2 Fleet", fleet_override),
    ("a Spot Fleet", spot_fleet),
    ("a Spot request", spot_request),
    ("an Image Builder recipe", recipe),
    ("an instance of an account it is shared with", shared),
    (
        "an account it is shared with that nobody can read",
        shared_unseen,
    ),
    ("deregistration protection", protected),
    ("a snapshot lock", locked),
    ("a tag that holds it", held),
];

impl Used<'_> {
    fn by(&self, account: &str, service: &str, operation: &str, parameters: Value) -> Value {
        let region = self.at.place.region.as_str();
        let answer = self
            .world
            .perform(account, region, service, operation, parameters);
        answer.unwrap_or_else(|error| panic!("{operation}: {error:?}"))
    }

    fn ec2(&self, operation: &str, parameters: Value) -> Value {
        self.by(BUILDER, "ec2", operation, parameters)
    }

    fn autoscaling(&self, operation: &str, parameters: Value) {
        self.by(BUILDER, "autoscaling", operation, parameters);
    }

    fn id(&self) -> &str {
        self.at.id.as_str()
    }

    fn name(&self) -> String {
        format!("use-{}", self.number)
    }

    fn snapshot(&self) -> String {
        let region = self.at.place.region.as_str();
        let view = self.world.image(BUILDER, region, self.id());
        view.expect("it is there").snapshots[0].id.clone()
    }

    /// A launch template whose versions have these images.
    fn template(&self, images: &[&str]) -> String {
        let first = json!({"ImageId": images[0], "InstanceType": "m5.large"});
        let asked = json!({"LaunchTemplateName": self.name(), "LaunchTemplateData": first});
        let made = self.ec2("CreateLaunchTemplate", asked);
        let id = made["LaunchTemplate"]["LaunchTemplateId"].as_str();
        let id = id.expect("an id").to_owned();
        for image in &images[1..] {
            let data = json!({"ImageId": image, "InstanceType": "m5.large"});
            let asked = json!({"LaunchTemplateId": id, "LaunchTemplateData": data});
            self.ec2("CreateLaunchTemplateVersion", asked);
        }
        id
    }

    fn set_default(&self, template: &str, version: &str) {
        let asked = json!({"LaunchTemplateId": template, "DefaultVersion": version});
        self.ec2("ModifyLaunchTemplate", asked);
    }

    fn run(&self, account: &str) -> String {
        let asked = json!({"ImageId": self.id(), "MinCount": 1, "MaxCount": 1});
        let run = self.by(account, "ec2", "RunInstances", asked);
        let id = run["Instances"][0]["InstanceId"].as_str();
        id.expect("an id").to_owned()
    }

    fn group(&self, from: &Value, instances: u32) {
        let mut asked = json!({"AutoScalingGroupName": self.name(), "MinSize": 0, "MaxSize": 3,
            "DesiredCapacity": instances, "AvailabilityZones": [format!("{}a", self.at.place.region)]});
        asked
            .as_object_mut()
            .expect("a table")
            .extend(from.as_object().expect("a table").clone());
        self.autoscaling("CreateAutoScalingGroup", asked);
    }

    fn share(&self, account: &str) {
        let permission = json!({"Add": [{"UserId": account}]});
        let asked = json!({"ImageId": self.id(), "LaunchPermission": permission});
        self.ec2("ModifyImageAttribute", asked);
    }

    fn parameter(&self, name: &str, value: &str, data_type: &str) {
        let asked = json!({"Name": name, "Value": value, "Type": "String", "DataType": data_type});
        self.by(BUILDER, "ssm", "PutParameter", asked);
    }

    fn make_fleet(&self, configs: &Value) {
        let capacity = json!({"TotalTargetCapacity": 0, "DefaultTargetCapacityType": "on-demand"});
        let asked = json!({"LaunchTemplateConfigs": configs, "Type": "maintain",
                           "TargetCapacitySpecification": capacity});
        self.ec2("CreateFleet", asked);
    }
}

fn running(image: &Used<'_>) {
    image.run(BUILDER);
}

fn stopped(image: &Used<'_>) {
    let instance = image.run(BUILDER);
    image.world.advance(jiff::SignedDuration::from_mins(2));
    image.ec2("StopInstances", json!({"InstanceIds": [instance]}));
}

fn only_version(image: &Used<'_>) {
    image.template(&[image.id()]);
}

fn default_version(image: &Used<'_>) {
    image.template(&[image.id(), image.other.id.as_str()]);
}

fn newest_version(image: &Used<'_>) {
    image.template(&[image.other.id.as_str(), image.id()]);
}

fn old_version(image: &Used<'_>) {
    let other = image.other.id.as_str();
    let template = image.template(&[image.id(), other, other]);
    image.set_default(&template, "2");
}

fn snapshot_of_a_template(image: &Used<'_>) {
    let device = json!({"DeviceName": "/dev/sdf", "Ebs": {"SnapshotId": image.snapshot()}});
    let data = json!({"ImageId": image.other.id.as_str(), "BlockDeviceMappings": [device]});
    let asked = json!({"LaunchTemplateName": image.name(), "LaunchTemplateData": data});
    image.ec2("CreateLaunchTemplate", asked);
}

fn snapshot_of_an_old_version(image: &Used<'_>) {
    let name = format!("lt-{}", image.name());
    let other = image.other.id.as_str();
    let device = json!({"DeviceName": "/dev/sdf", "Ebs": {"SnapshotId": image.snapshot()}});
    let data = json!({"ImageId": other, "BlockDeviceMappings": [device]});
    let asked = json!({"LaunchTemplateName": name, "LaunchTemplateData": data});
    let made = image.ec2("CreateLaunchTemplate", asked);
    let data = json!({"ImageId": other, "InstanceType": "m5.large"});
    for _ in 0..2 {
        let asked = json!({"LaunchTemplateName": name, "LaunchTemplateData": data});
        image.ec2("CreateLaunchTemplateVersion", asked);
    }
    let template = made["LaunchTemplate"]["LaunchTemplateId"].as_str();
    image.set_default(template.expect("an id"), "3");
    let named = ["1", "2"].map(|version| {
        let specification = json!({"LaunchTemplateName": name, "Version": version});
        json!({"LaunchTemplateSpecification": specification})
    });
    image.make_fleet(&json!(named));
    let asked = json!({"LaunchTemplateName": name, "Versions": ["2"]});
    image.ec2("DeleteLaunchTemplateVersions", asked);
}

fn configure(image: &Used<'_>) {
    let asked = json!({"LaunchConfigurationName": image.name(), "ImageId": image.id(),
                       "InstanceType": "m5.large"});
    image.autoscaling("CreateLaunchConfiguration", asked);
}

fn launch_configuration(image: &Used<'_>) {
    configure(image);
}

fn idle_group(image: &Used<'_>) {
    let other = image.other.id.as_str();
    let template = image.template(&[image.id(), other, other]);
    image.set_default(&template, "2");
    image.group(
        &json!({"LaunchTemplate": {"LaunchTemplateId": template, "Version": "1"}}),
        0,
    );
}

fn busy_group(image: &Used<'_>) {
    configure(image);
    image.group(&json!({"LaunchConfigurationName": image.name()}), 1);
}

fn mixed_override(image: &Used<'_>) {
    let overridden = image.template(&[image.id()]);
    let named = json!({"LaunchTemplateId": overridden, "Version": "$Latest"});
    let template = json!({"LaunchTemplateSpecification": named, "Overrides": [
        {"InstanceType": "m5.xlarge", "LaunchTemplateSpecification": named}]});
    image.group(
        &json!({"MixedInstancesPolicy": {"LaunchTemplate": template}}),
        0,
    );
}

fn resolved_parameter(image: &Used<'_>) {
    let name = format!("/resolved/{}", image.number);
    image.parameter(&name, image.id(), "text");
    image.template(&[&format!("resolve:ssm:{name}")]);
}

fn image_parameter(image: &Used<'_>) {
    let name = format!("/typed/{}", image.number);
    image.parameter(&name, image.id(), "aws:ec2:image");
}

fn declared_parameter(image: &Used<'_>) {
    let name = format!("/declared/{}", image.number);
    image.parameter(&name, image.id(), "text");
}

fn declared_document(image: &Used<'_>) {
    let document = format!("{{\"web\": [\"{}\"]}}\n", image.id());
    let name = format!("/declared/{}", image.number);
    image.parameter(&name, &document, "text");
}

/// A fleet of a template's first version, with these overrides.
fn make_fleet(image: &Used<'_>, template: &str, overrides: &Value) {
    let named = json!({"LaunchTemplateId": template, "Version": "1"});
    let config = json!({"LaunchTemplateSpecification": named, "Overrides": overrides});
    image.make_fleet(&json!([config]));
}

fn fleet(image: &Used<'_>) {
    let other = image.other.id.as_str();
    let template = image.template(&[image.id(), other, other]);
    image.set_default(&template, "2");
    make_fleet(image, &template, &json!([]));
}

fn fleet_override(image: &Used<'_>) {
    let template = image.template(&[image.other.id.as_str()]);
    make_fleet(image, &template, &json!([{"ImageId": image.id()}]));
}

fn spot_fleet(image: &Used<'_>) {
    let specification = json!({"ImageId": image.id(), "InstanceType": "m5.large"});
    let config = json!({"IamFleetRole": format!("arn:aws:iam::{BUILDER}:role/fleet"),
        "TargetCapacity": 0, "LaunchSpecifications": [specification]});
    image.ec2(
        "RequestSpotFleet",
        json!({"SpotFleetRequestConfig": config}),
    );
}

fn spot_request(image: &Used<'_>) {
    let specification = json!({"ImageId": image.id(), "InstanceType": "m5.large"});
    image.ec2(
        "RequestSpotInstances",
        json!({"LaunchSpecification": specification}),
    );
}

fn recipe(image: &Used<'_>) {
    let asked = json!({"name": image.name(), "semanticVersion": "1.0.0", "parentImage": image.id(),
        "clientToken": image.name(), "components": [{"componentArn":
        format!("arn:aws:imagebuilder:{}:aws:component/update-linux/x.x.x", image.at.place.region)}]});
    image.by(BUILDER, "imagebuilder", "CreateImageRecipe", asked);
}

fn shared(image: &Used<'_>) {
    image.share(PRODUCTION);
    image.run(PRODUCTION);
}

fn shared_unseen(image: &Used<'_>) {
    image.share("999999999999");
}

fn protected(image: &Used<'_>) {
    image.ec2(
        "EnableImageDeregistrationProtection",
        json!({"ImageId": image.id()}),
    );
}

fn locked(image: &Used<'_>) {
    let asked =
        json!({"SnapshotId": image.snapshot(), "LockMode": "governance", "LockDuration": 300});
    image.ec2("LockSnapshot", asked);
}

fn held(image: &Used<'_>) {
    let tags = json!([{"Key": "Keep", "Value": "audit"}]);
    image.ec2(
        "CreateTags",
        json!({"Resources": [image.id()], "Tags": tags}),
    );
}
