//! Auto Scaling: launch configurations and groups.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, Refused, text};
use crate::scenario::{Section, scenario};

const CREATE_GROUP: &str = "autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html";
const CREATE_CONFIGURATION: &str =
    "autoscaling/ec2/APIReference/API_CreateLaunchConfiguration.html";

pub const SECTION: Section = Section {
    name: "autoscaling",
    title: "Auto Scaling",
    scenarios: &[
        scenario!(
            a_launch_configuration_is_told_as_it_was_made,
            Documented,
            CREATE_CONFIGURATION,
            "A launch configuration is told with its image, type and devices; its name is unique, and it needs an image and a type.",
        ),
        scenario!(
            launch_configurations_come_in_pages,
            Documented,
            "autoscaling/ec2/APIReference/API_DescribeLaunchConfigurations.html",
            "Launch configurations come in pages of at most 100, 50 unless asked otherwise.",
        ),
        scenario!(
            a_launch_configuration_in_use_stays,
            Documented,
            "autoscaling/ec2/APIReference/API_DeleteLaunchConfiguration.html",
            "A launch configuration can't be deleted while a group launches from it.",
        ),
        scenario!(
            a_group_launches_its_instances_and_tags_them,
            Documented,
            "autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html",
            "A group launches its desired number of instances, tagged with its name and the tags that propagate.",
        ),
        scenario!(
            a_group_of_a_template_names_id_name_and_version,
            Documented,
            "autoscaling/ec2/APIReference/API_LaunchTemplateSpecification.html",
            "A group tells its launch template by id and name with the version as given; its instances tell the version they came from.",
        ),
        scenario!(
            overrides_of_a_mixed_policy_have_templates_of_their_own,
            Documented,
            "autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups-launch-template-overrides.html",
            "Overrides of a mixed instances policy can have a launch template of their own, and so another image.",
        ),
        scenario!(
            a_group_needs_one_source_that_is_there,
            Inferred,
            CREATE_GROUP,
            "A group needs exactly one of configuration, template and mixed policy, that exists, with an image that can be launched, and a place.",
        ),
        scenario!(
            desired_capacity_stays_between_the_bounds,
            Documented,
            "autoscaling/ec2/userguide/asg-capacity-limits.html",
            "The desired capacity is kept between minimum and maximum, and instances follow it up and down.",
        ),
        scenario!(
            a_terminated_instance_is_replaced,
            Documented,
            "autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html",
            "A group replaces an instance that is terminated.",
        ),
        scenario!(
            a_group_whose_image_is_gone_cannot_launch,
            Inferred,
            "autoscaling/ec2/userguide/ts-as-ami.html",
            "A group whose image was deregistered keeps what runs, and launches nothing more, though the calls succeed.",
        ),
        scenario!(
            an_instance_that_could_not_be_launched_leaves_its_group,
            Chosen,
            "autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html",
            "An instance whose key can't be used leaves its group; the group does not try again by itself.",
        ),
        scenario!(
            updating_a_group_changes_what_it_launches_next,
            Documented,
            "autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html",
            "A group can go from a configuration to a template; instances that run stay as they are.",
        ),
        scenario!(
            a_group_with_instances_is_deleted_only_by_force,
            Documented,
            "autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html",
            "A group with instances is deleted only by force, which terminates them.",
        ),
        scenario!(
            groups_are_found_by_name_and_tag,
            Documented,
            "autoscaling/ec2/APIReference/API_DescribeAutoScalingGroups.html",
            "Groups are found by name, tag key, tag value, and both; absent names are passed over.",
        ),
    ],
};

const MINUTE: Duration = Duration::from_mins(1);

#[track_caller]
fn asg(aws: &Aws<'_>, operation: &str, parameters: Value) -> Value {
    aws.call("autoscaling", operation, parameters)
}

#[track_caller]
fn refused(aws: &Aws<'_>, operation: &str, parameters: Value) -> Refused {
    aws.refused("autoscaling", operation, parameters)
}

#[track_caller]
fn configuration(aws: &Aws<'_>, name: &str, image: &str) {
    let parameters = json!({
        "LaunchConfigurationName": name, "ImageId": image, "InstanceType": "t3.micro",
    });
    asg(aws, "CreateLaunchConfiguration", parameters);
}

#[track_caller]
fn template(aws: &Aws<'_>, name: &str, image: &str) {
    let data = json!({ "ImageId": image, "InstanceType": "t3.micro" });
    aws.ec2(
        "CreateLaunchTemplate",
        json!({ "LaunchTemplateName": name, "LaunchTemplateData": data }),
    );
}

/// The parameters of a group of up to three instances.
fn group(name: &str, size: i64, source: &Value) -> Value {
    let mut parameters = json!({
        "AutoScalingGroupName": name, "MinSize": 0, "MaxSize": 3, "DesiredCapacity": size,
        "AvailabilityZones": ["us-east-1a"],
    });
    for (name, value) in source.as_object().expect("parameters") {
        parameters[name] = value.clone();
    }
    parameters
}

#[track_caller]
fn told(aws: &Aws<'_>, name: &str) -> Value {
    let parameters = json!({ "AutoScalingGroupNames": [name] });
    asg(aws, "DescribeAutoScalingGroups", parameters)["AutoScalingGroups"][0].clone()
}

fn instances(group: &Value) -> Vec<String> {
    let instances = group["Instances"].as_array().into_iter().flatten();
    instances.map(|one| text(&one["InstanceId"])).collect()
}

#[track_caller]
fn image_of(aws: &Aws<'_>, instance: &str) -> Value {
    let told = aws.ec2("DescribeInstances", json!({ "InstanceIds": [instance] }));
    told["Reservations"][0]["Instances"][0]["ImageId"].clone()
}

fn a_launch_configuration_is_told_as_it_was_made(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let parameters = json!({
        "LaunchConfigurationName": "web", "ImageId": image, "InstanceType": "t3.micro",
        "BlockDeviceMappings": [{ "DeviceName": "/dev/sdf", "Ebs": { "VolumeSize": 3 } }],
    });
    asg(aws, "CreateLaunchConfiguration", parameters.clone());
    let all = asg(aws, "DescribeLaunchConfigurations", json!({}));
    let told = &all["LaunchConfigurations"][0];
    assert_eq!(told["ImageId"], image);
    assert_eq!(told["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"], 3);
    assert!(text(&told["LaunchConfigurationARN"]).ends_with(":launchConfigurationName/web"));
    let again = refused(aws, "CreateLaunchConfiguration", parameters);
    assert_eq!(again.code, "AlreadyExists");
    let bare = json!({ "LaunchConfigurationName": "api", "InstanceType": "t3.micro" });
    let refused = refused(aws, "CreateLaunchConfiguration", bare);
    assert_eq!(refused.code, "ValidationError");
    let others = asg(&aws.by(OTHER), "DescribeLaunchConfigurations", json!({}));
    assert!(
        others["LaunchConfigurations"]
            .as_array()
            .is_none_or(Vec::is_empty)
    );
}

fn launch_configurations_come_in_pages(aws: &Aws<'_>) {
    let image = aws.image("golden");
    for number in 10..61 {
        configuration(aws, &format!("web-{number}"), &image);
    }
    let first = asg(aws, "DescribeLaunchConfigurations", json!({}));
    assert_eq!(
        first["LaunchConfigurations"].as_array().map(Vec::len),
        Some(50)
    );
    let next = json!({ "NextToken": first["NextToken"] });
    let second = asg(aws, "DescribeLaunchConfigurations", next);
    assert_eq!(
        second["LaunchConfigurations"].as_array().map(Vec::len),
        Some(1)
    );
    assert!(second["NextToken"].is_null());
    let many = refused(
        aws,
        "DescribeLaunchConfigurations",
        json!({ "MaxRecords": 101 }),
    );
    assert_eq!(many.code, "ValidationError");
}

fn a_launch_configuration_in_use_stays(aws: &Aws<'_>) {
    configuration(aws, "web", &aws.image("golden"));
    let source = json!({ "LaunchConfigurationName": "web" });
    asg(aws, "CreateAutoScalingGroup", group("web", 0, &source));
    let in_use = refused(aws, "DeleteLaunchConfiguration", source.clone());
    assert_eq!(in_use.code, "ResourceInUse");
    asg(
        aws,
        "DeleteAutoScalingGroup",
        json!({ "AutoScalingGroupName": "web" }),
    );
    asg(aws, "DeleteLaunchConfiguration", source.clone());
    let gone = refused(aws, "DeleteLaunchConfiguration", source);
    assert_eq!(gone.code, "ValidationError");
}

fn a_group_launches_its_instances_and_tags_them(aws: &Aws<'_>) {
    let image = aws.image("golden");
    configuration(aws, "web", &image);
    let tags = json!([
        { "Key": "team", "Value": "web", "PropagateAtLaunch": true },
        { "Key": "cost", "Value": "9", "PropagateAtLaunch": false },
    ]);
    let source = json!({ "LaunchConfigurationName": "web", "Tags": tags });
    asg(aws, "CreateAutoScalingGroup", group("web", 2, &source));
    aws.pass(MINUTE);
    let told = told(aws, "web");
    assert_eq!(told["DesiredCapacity"], 2);
    let ids = instances(&told);
    assert_eq!(ids.len(), 2);
    assert_eq!(told["Instances"][0]["LifecycleState"], "InService");
    assert_eq!(told["Instances"][0]["LaunchConfigurationName"], "web");
    let one = aws.ec2("DescribeInstances", json!({ "InstanceIds": [ids[0]] }));
    let one = &one["Reservations"][0]["Instances"][0];
    assert_eq!(one["ImageId"], image);
    let tags = json!([
        { "Key": "aws:autoscaling:groupName", "Value": "web" },
        { "Key": "team", "Value": "web" },
    ]);
    assert_eq!(one["Tags"], tags);
    let all = asg(
        aws,
        "DescribeAutoScalingInstances",
        json!({ "InstanceIds": [ids[1]] }),
    );
    let all = all["AutoScalingInstances"].as_array().expect("a list");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["AutoScalingGroupName"], "web");
}

fn a_group_of_a_template_names_id_name_and_version(aws: &Aws<'_>) {
    template(aws, "web", &aws.image("golden"));
    let named = json!({ "LaunchTemplateName": "web", "Version": "$Latest" });
    let source = json!({ "LaunchTemplate": named });
    asg(aws, "CreateAutoScalingGroup", group("web", 1, &source));
    let told = told(aws, "web");
    assert_eq!(told["LaunchTemplate"]["LaunchTemplateName"], "web");
    assert!(text(&told["LaunchTemplate"]["LaunchTemplateId"]).starts_with("lt-"));
    assert_eq!(told["LaunchTemplate"]["Version"], "$Latest");
    assert_eq!(told["Instances"][0]["LaunchTemplate"]["Version"], "1");
}

fn overrides_of_a_mixed_policy_have_templates_of_their_own(aws: &Aws<'_>) {
    let (x86, arm) = (aws.image("golden-x86"), aws.image("golden-arm"));
    template(aws, "web", &x86);
    template(aws, "web-arm", &arm);
    let own = json!({ "LaunchTemplateName": "web-arm", "Version": "1" });
    let policy = json!({
        "LaunchTemplate": {
            "LaunchTemplateSpecification": { "LaunchTemplateName": "web", "Version": "1" },
            "Overrides": [
                { "InstanceType": "t4g.micro", "LaunchTemplateSpecification": own },
                { "InstanceType": "t3.large" },
            ],
        },
        "InstancesDistribution": { "OnDemandBaseCapacity": 1, "OnDemandPercentageAboveBaseCapacity": 0 },
    });
    let source = json!({ "MixedInstancesPolicy": policy });
    asg(aws, "CreateAutoScalingGroup", group("web", 3, &source));
    let told = told(aws, "web");
    let overrides = &told["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"];
    let own = &overrides[0]["LaunchTemplateSpecification"];
    assert_eq!(own["LaunchTemplateName"], "web-arm");
    assert!(text(&own["LaunchTemplateId"]).starts_with("lt-"));
    let ids = instances(&told);
    assert_eq!(ids.len(), 3);
    assert_eq!(image_of(aws, &ids[0]), arm);
    let images: Vec<Value> = ids.iter().map(|id| image_of(aws, id)).collect();
    assert!(images.contains(&json!(x86)));
    let filters = json!([{ "Name": "instance-lifecycle", "Values": ["spot"] }]);
    let spot = aws.ec2("DescribeInstances", json!({ "Filters": filters }));
    assert_eq!(spot["Reservations"].as_array().map(Vec::len), Some(2));
}

fn a_group_needs_one_source_that_is_there(aws: &Aws<'_>) {
    template(aws, "lost", "ami-0123456789abcdef0");
    configuration(aws, "web", &aws.image("golden"));
    let lost = json!({ "LaunchTemplateName": "lost", "Version": "1" });
    for source in [
        json!({}),
        json!({ "LaunchConfigurationName": "web", "LaunchTemplate": lost }),
        json!({ "LaunchConfigurationName": "none" }),
        json!({ "LaunchTemplate": { "LaunchTemplateName": "none" } }),
        json!({ "LaunchTemplate": lost }),
        json!({ "LaunchConfigurationName": "web", "InstanceId": "i-0123456789abcdef0" }),
    ] {
        let refused = refused(aws, "CreateAutoScalingGroup", group("web", 0, &source));
        assert_eq!(refused.code, "ValidationError", "{source}");
    }
    let nowhere = json!({
        "AutoScalingGroupName": "web", "MinSize": 0, "MaxSize": 1,
        "LaunchConfigurationName": "web",
    });
    let refused_place = refused(aws, "CreateAutoScalingGroup", nowhere);
    assert_eq!(refused_place.code, "ValidationError");
    let source = json!({ "LaunchConfigurationName": "web" });
    asg(aws, "CreateAutoScalingGroup", group("web", 0, &source));
    let again = refused(aws, "CreateAutoScalingGroup", group("web", 0, &source));
    assert_eq!(again.code, "AlreadyExists");
}

fn desired_capacity_stays_between_the_bounds(aws: &Aws<'_>) {
    configuration(aws, "web", &aws.image("golden"));
    let source = json!({ "LaunchConfigurationName": "web" });
    asg(aws, "CreateAutoScalingGroup", group("web", 1, &source));
    let set = |size: i64| json!({ "AutoScalingGroupName": "web", "DesiredCapacity": size });
    asg(aws, "SetDesiredCapacity", set(3));
    assert_eq!(instances(&told(aws, "web")).len(), 3);
    let above = refused(aws, "SetDesiredCapacity", set(4));
    assert_eq!(above.code, "ValidationError");
    asg(aws, "SetDesiredCapacity", set(1));
    assert_eq!(instances(&told(aws, "web")).len(), 1);
    aws.pass(MINUTE);
    let filters = json!([{ "Name": "instance-state-name", "Values": ["running"] }]);
    let running = aws.ec2("DescribeInstances", json!({ "Filters": filters }));
    assert_eq!(running["Reservations"].as_array().map(Vec::len), Some(1));
    let odd = json!({ "AutoScalingGroupName": "web", "MinSize": 3, "MaxSize": 2 });
    let refused = refused(aws, "UpdateAutoScalingGroup", odd);
    assert_eq!(refused.code, "ValidationError");
}

fn a_terminated_instance_is_replaced(aws: &Aws<'_>) {
    configuration(aws, "web", &aws.image("golden"));
    let source = json!({ "LaunchConfigurationName": "web" });
    asg(aws, "CreateAutoScalingGroup", group("web", 1, &source));
    aws.pass(MINUTE);
    let before = instances(&told(aws, "web"));
    aws.ec2("TerminateInstances", json!({ "InstanceIds": before }));
    aws.pass(MINUTE);
    let after = instances(&told(aws, "web"));
    assert_eq!(after.len(), 1);
    assert_ne!(after, before);
}

fn a_group_whose_image_is_gone_cannot_launch(aws: &Aws<'_>) {
    let image = aws.image("golden");
    configuration(aws, "web", &image);
    let source = json!({ "LaunchConfigurationName": "web" });
    asg(aws, "CreateAutoScalingGroup", group("web", 1, &source));
    aws.ec2("DeregisterImage", json!({ "ImageId": image }));
    let more = json!({ "AutoScalingGroupName": "web", "DesiredCapacity": 3 });
    asg(aws, "SetDesiredCapacity", more);
    aws.pass(MINUTE);
    let told = told(aws, "web");
    assert_eq!(told["DesiredCapacity"], 3);
    assert_eq!(instances(&told).len(), 1);
}

fn updating_a_group_changes_what_it_launches_next(aws: &Aws<'_>) {
    let (old, new) = (aws.image("golden-1"), aws.image("golden-2"));
    configuration(aws, "web", &old);
    template(aws, "web", &new);
    let source = json!({ "LaunchConfigurationName": "web" });
    asg(aws, "CreateAutoScalingGroup", group("web", 1, &source));
    let named = json!({ "LaunchTemplateName": "web", "Version": "$Default" });
    asg(
        aws,
        "UpdateAutoScalingGroup",
        json!({ "AutoScalingGroupName": "web", "LaunchTemplate": named, "DesiredCapacity": 2 }),
    );
    let told = told(aws, "web");
    assert!(told["LaunchConfigurationName"].is_null());
    let ids = instances(&told);
    assert_eq!(image_of(aws, &ids[0]), old);
    assert_eq!(image_of(aws, &ids[1]), new);
    asg(aws, "DeleteLaunchConfiguration", source);
}

fn a_group_with_instances_is_deleted_only_by_force(aws: &Aws<'_>) {
    configuration(aws, "web", &aws.image("golden"));
    let source = json!({ "LaunchConfigurationName": "web" });
    asg(aws, "CreateAutoScalingGroup", group("web", 1, &source));
    let ids = instances(&told(aws, "web"));
    let name = json!({ "AutoScalingGroupName": "web" });
    let in_use = refused(aws, "DeleteAutoScalingGroup", name.clone());
    assert_eq!(in_use.code, "ResourceInUse");
    let forced = json!({ "AutoScalingGroupName": "web", "ForceDelete": true });
    asg(aws, "DeleteAutoScalingGroup", forced);
    assert!(told(aws, "web").is_null());
    aws.pass(MINUTE);
    let left = aws.ec2("DescribeInstances", json!({ "InstanceIds": ids }));
    let state = &left["Reservations"][0]["Instances"][0]["State"]["Name"];
    assert_eq!(*state, "terminated");
    let gone = refused(aws, "DeleteAutoScalingGroup", name);
    assert_eq!(gone.code, "ValidationError");
}

fn groups_are_found_by_name_and_tag(aws: &Aws<'_>) {
    configuration(aws, "web", &aws.image("golden"));
    for (name, team) in [("web", "red"), ("api", "blue")] {
        let tags = json!([{ "Key": "team", "Value": team, "PropagateAtLaunch": false }]);
        let source = json!({ "LaunchConfigurationName": "web", "Tags": tags });
        asg(aws, "CreateAutoScalingGroup", group(name, 0, &source));
    }
    let found = |name: &str, value: &str| {
        let filters = json!([{ "Name": name, "Values": [value] }]);
        let answer = asg(
            aws,
            "DescribeAutoScalingGroups",
            json!({ "Filters": filters }),
        );
        let groups = answer["AutoScalingGroups"]
            .as_array()
            .expect("a list")
            .iter();
        groups
            .map(|group| text(&group["AutoScalingGroupName"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(found("tag:team", "red"), ["web"]);
    assert_eq!(found("tag-value", "blue"), ["api"]);
    assert_eq!(found("tag-key", "team").len(), 2);
    let filters = json!([{ "Name": "colour", "Values": ["blue"] }]);
    let odd = refused(
        aws,
        "DescribeAutoScalingGroups",
        json!({ "Filters": filters }),
    );
    assert_eq!(odd.code, "ValidationError");
    let absent = json!({ "AutoScalingGroupNames": ["none"] });
    let none = asg(aws, "DescribeAutoScalingGroups", absent);
    assert!(
        none["AutoScalingGroups"]
            .as_array()
            .is_none_or(Vec::is_empty)
    );
}

fn an_instance_that_could_not_be_launched_leaves_its_group(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let key = aws.call("kms", "CreateKey", json!({}));
    let key = text(&key["KeyMetadata"]["KeyId"]);
    aws.call("kms", "DisableKey", json!({ "KeyId": key }));
    let ebs = json!({ "Encrypted": true, "KmsKeyId": key });
    let data = json!({
        "ImageId": image, "InstanceType": "t3.micro",
        "BlockDeviceMappings": [{ "DeviceName": "/dev/xvda", "Ebs": ebs }],
    });
    aws.ec2(
        "CreateLaunchTemplate",
        json!({ "LaunchTemplateName": "web", "LaunchTemplateData": data }),
    );
    let source = json!({ "LaunchTemplate": { "LaunchTemplateName": "web" } });
    asg(aws, "CreateAutoScalingGroup", group("web", 1, &source));
    assert_eq!(instances(&told(aws, "web")).len(), 1);
    aws.pass(MINUTE);
    assert!(instances(&told(aws, "web")).is_empty());
}
