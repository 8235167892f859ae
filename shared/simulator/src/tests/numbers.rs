//! Numbers that look right and can't be: too wide, too many, too large.

use serde_json::{Value, json};

use super::{HERE, OTHER, OWNER, ec2, send, world_with_image};
use crate::client::{self, Caller};
use crate::{World, wire::error::ApiError};

/// A call as a client makes it, with what the wire layer says to it.
fn call(
    world: &World,
    target: (&'static str, &'static str),
    parameters: &Value,
) -> Result<Value, ApiError> {
    let caller = Caller {
        access_key_id: OWNER.to_owned(),
        region: HERE.to_owned(),
    };
    let request = client::request(&caller, target, parameters).expect("a request");
    client::result(target, &world.call(request))
}

#[track_caller]
fn code(world: &World, target: (&'static str, &'static str), parameters: &Value) -> String {
    call(world, target, parameters).expect_err("a refusal").code
}

/// A world with an image and a template of it named `web`.
fn world_with_template() -> (World, String) {
    let (world, image) = world_with_image();
    let data = json!({ "ImageId": image, "InstanceType": "t3.micro" });
    let parameters = json!({ "LaunchTemplateName": "web", "LaunchTemplateData": data });
    call(&world, ("ec2", "CreateLaunchTemplate"), &parameters).expect("a template");
    (world, image)
}

fn fleet(capacities: &Value, weight: Option<f64>) -> Value {
    let named = json!({ "LaunchTemplateName": "web", "Version": "$Latest" });
    json!({
        "Type": "instant",
        "TargetCapacitySpecification": capacities,
        "LaunchTemplateConfigs": [{
            "LaunchTemplateSpecification": named,
            "Overrides": [{ "WeightedCapacity": weight }],
        }],
    })
}

fn group(policy: &Value, size: i64) -> Value {
    json!({
        "AutoScalingGroupName": "web", "MixedInstancesPolicy": policy,
        "MinSize": 0, "MaxSize": size, "DesiredCapacity": size,
        "AvailabilityZones": ["us-east-1a"],
    })
}

fn policy(distribution: &Value, weight: &Value) -> Value {
    json!({
        "InstancesDistribution": distribution,
        "LaunchTemplate": {
            "LaunchTemplateSpecification": { "LaunchTemplateName": "web" },
            "Overrides": [{ "InstanceType": "t3.small", "WeightedCapacity": weight }],
        },
    })
}

fn running(world: &World) -> usize {
    let parameters = json!({ "MaxResults": 1000 });
    let answer = call(world, ("ec2", "DescribeInstanceStatus"), &parameters).expect("a list");
    answer["InstanceStatuses"].as_array().map_or(0, Vec::len)
}

#[test]
fn integers_have_32_bits() {
    let (world, _) = world_with_image();
    let images = |most: i64| json!({ "MaxResults": most });
    for wide in [i64::MIN, -2_147_483_649, 2_147_483_648, i64::MAX] {
        let code = code(&world, ("ec2", "DescribeImages"), &images(wide));
        assert_eq!(code, "InvalidParameterValue", "{wide}");
        let parameters = json!({ "Limit": wide });
        let refused = call(&world, ("kms", "ListKeys"), &parameters).expect_err("a refusal");
        assert_eq!(refused.code, "SerializationException", "{wide}");
    }
    let refused = code(&world, ("kms", "ListKeys"), &json!({ "Limit": -1 }));
    assert_eq!(refused, "ValidationException");
    let parameters = json!({ "AutoScalingGroupName": "web", "DesiredCapacity": 2_147_483_648_i64 });
    let refused = code(&world, ("autoscaling", "SetDesiredCapacity"), &parameters);
    assert_eq!(refused, "ValidationError");
}

#[test]
fn longs_have_64_bits() {
    let (world, _) = world_with_image();
    let parameters = json!({ "Name": "a", "ParameterVersion": i64::MAX, "Labels": ["b"] });
    let code = code(&world, ("ssm", "LabelParameterVersion"), &parameters);
    assert_eq!(code, "ParameterNotFound");
}

#[test]
fn a_fleet_is_of_no_negative_capacity() {
    let (world, _) = world_with_template();
    for (total, on_demand, spot) in [(1, -20_000, 20_001), (1, 20_001, -20_000), (-1, 0, 0)] {
        let capacities = json!({
            "TotalTargetCapacity": total, "OnDemandTargetCapacity": on_demand,
            "SpotTargetCapacity": spot,
        });
        let code = code(&world, ("ec2", "CreateFleet"), &fleet(&capacities, None));
        assert_eq!(code, "InvalidParameterValue");
    }
    let capacities = json!({ "TotalTargetCapacity": 1, "OnDemandTargetCapacity": i64::MIN });
    let code = code(&world, ("ec2", "CreateFleet"), &fleet(&capacities, None));
    assert_eq!(code, "InvalidParameterValue");
    assert_eq!(running(&world), 0);
}

#[test]
fn weights_are_between_1_and_999() {
    let (world, image) = world_with_template();
    let capacities = json!({ "TotalTargetCapacity": 200 });
    for weight in [-1.0, 0.0, 0.001, 999.5, 1e300] {
        let code = code(
            &world,
            ("ec2", "CreateFleet"),
            &fleet(&capacities, Some(weight)),
        );
        assert_eq!(code, "InvalidParameterValue", "{weight}");
        let specification = json!({ "ImageId": image, "WeightedCapacity": weight });
        let parameters = json!({ "SpotFleetRequestConfig": {
            "IamFleetRole": "arn:aws:iam::111111111111:role/fleet", "TargetCapacity": 200,
            "LaunchSpecifications": [specification],
        } });
        let code = self::code(&world, ("ec2", "RequestSpotFleet"), &parameters);
        assert_eq!(code, "InvalidSpotFleetRequestConfig", "{weight}");
    }
    let made = call(
        &world,
        ("ec2", "CreateFleet"),
        &fleet(&capacities, Some(100.0)),
    );
    let made = made.expect("a fleet");
    let ids = made["Instances"][0]["InstanceIds"].as_array();
    assert_eq!(ids.map(Vec::len), Some(2));
}

#[test]
fn a_mixed_policy_has_numbers_within_their_limits() {
    let (world, _) = world_with_template();
    let create = ("autoscaling", "CreateAutoScalingGroup");
    for (distribution, weight) in [
        (json!({ "OnDemandBaseCapacity": -1 }), json!("1")),
        (json!({ "OnDemandBaseCapacity": i64::MIN }), json!("1")),
        (
            json!({ "OnDemandPercentageAboveBaseCapacity": 101 }),
            json!("1"),
        ),
        (
            json!({ "OnDemandPercentageAboveBaseCapacity": -1 }),
            json!("1"),
        ),
        (json!({ "SpotInstancePools": 21 }), json!("1")),
        (json!({}), json!("-9223372036854775808")),
        (json!({}), json!("0")),
        (json!({}), json!("1000")),
        (json!({}), json!("2.5")),
    ] {
        let parameters = group(&policy(&distribution, &weight), 1);
        let code = code(&world, create, &parameters);
        assert_eq!(code, "ValidationError", "{distribution} {weight}");
    }
    let most = json!({
        "OnDemandBaseCapacity": i32::MAX, "OnDemandPercentageAboveBaseCapacity": 100,
    });
    let parameters = group(&policy(&most, &json!("999")), 1000);
    call(&world, create, &parameters).expect("a group");
}

#[test]
fn an_account_runs_no_more_instances_in_a_region_than_its_quota() {
    let (world, image) = world_with_template();
    world.set_instances(3);
    let run = |count: i64| json!({ "ImageId": image, "MinCount": count, "MaxCount": count });
    let run_instances = ("ec2", "RunInstances");
    assert_eq!(
        code(&world, run_instances, &run(4)),
        "InstanceLimitExceeded"
    );
    let first = call(&world, run_instances, &run(2)).expect("two instances");
    assert_eq!(
        code(&world, run_instances, &run(2)),
        "InstanceLimitExceeded"
    );
    let capacities = json!({ "TotalTargetCapacity": 9 });
    let made = call(&world, ("ec2", "CreateFleet"), &fleet(&capacities, None)).expect("a fleet");
    let ids = made["Instances"][0]["InstanceIds"].as_array();
    assert_eq!(ids.map(Vec::len), Some(1));
    assert_eq!(made["Errors"][0]["ErrorCode"], "InstanceLimitExceeded");
    let parameters = json!({ "InstanceCount": 1, "LaunchSpecification": { "ImageId": image } });
    let spot = code(&world, ("ec2", "RequestSpotInstances"), &parameters);
    assert_eq!(spot, "InstanceLimitExceeded");
    world.advance(jiff::SignedDuration::from_mins(1));
    let one = json!({ "InstanceIds": [first["Instances"][0]["InstanceId"]] });
    call(&world, ("ec2", "StopInstances"), &one).expect("it stops");
    call(&world, run_instances, &run(1)).expect("another in its place");
    world.advance(jiff::SignedDuration::from_mins(1));
    assert_eq!(
        code(&world, ("ec2", "StartInstances"), &one),
        "InstanceLimitExceeded"
    );
    assert_eq!(running(&world), 3);
    let other = json!({ "InstanceIds": [first["Instances"][1]["InstanceId"]] });
    call(&world, ("ec2", "TerminateInstances"), &other).expect("it goes");
    call(&world, ("ec2", "StartInstances"), &one).expect("it starts in its place");
}

#[test]
fn a_group_stays_within_the_quota() {
    let (world, _) = world_with_template();
    world.set_instances(3);
    let policy = policy(&json!({}), &json!("1"));
    let parameters = group(&policy, i64::from(i32::MAX));
    call(
        &world,
        ("autoscaling", "CreateAutoScalingGroup"),
        &parameters,
    )
    .expect("a group");
    world.advance(jiff::SignedDuration::from_mins(1));
    assert_eq!(running(&world), 3);
}

#[test]
fn the_quota_is_each_accounts_own() {
    let (world, _) = world_with_template();
    world.set_instances(1);
    let mut theirs = crate::NewImage::new(OTHER, HERE, "golden-2");
    theirs.launch_permissions = vec![crate::LaunchPermission::Account(OWNER.to_owned())];
    let image = world.publish_image(theirs);
    let run = [
        ("ImageId", image.as_str()),
        ("MinCount", "1"),
        ("MaxCount", "1"),
    ];
    for account in [OWNER, OTHER] {
        assert_eq!(ec2(&world, account, HERE, "RunInstances", &run).status, 200);
        let more = ec2(&world, account, HERE, "RunInstances", &run);
        assert_eq!(more.code(), "InstanceLimitExceeded");
    }
}

#[test]
fn a_launch_makes_only_volumes_that_their_types_can_be() {
    let (world, image) = world_with_image();
    let run = |ebs: &Value| {
        let device = json!({ "DeviceName": "/dev/sdf", "Ebs": ebs });
        json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1, "BlockDeviceMappings": [device] })
    };
    let run_instances = ("ec2", "RunInstances");
    for (ebs, refused) in [
        (json!({ "VolumeSize": i32::MAX }), "InvalidParameterValue"),
        (json!({ "VolumeSize": 0 }), "InvalidParameterValue"),
        (
            json!({ "VolumeSize": 10, "VolumeType": "gp3", "Iops": 2999 }),
            "InvalidParameterValue",
        ),
        (
            json!({ "VolumeSize": 10, "VolumeType": "gp2", "Iops": -5 }),
            "InvalidParameterCombination",
        ),
        (
            json!({ "VolumeSize": 10, "VolumeType": "io2" }),
            "MissingParameter",
        ),
    ] {
        assert_eq!(code(&world, run_instances, &run(&ebs)), refused, "{ebs}");
    }
    let ebs = json!({ "VolumeSize": 10, "VolumeType": "io2", "Iops": 1000 });
    call(&world, run_instances, &run(&ebs)).expect("an instance");
}

#[test]
fn an_image_of_an_instance_keeps_what_its_volumes_can_do() {
    let (world, image) = world_with_image();
    let ebs = json!({ "VolumeSize": 10, "VolumeType": "io2", "Iops": 1000 });
    let device = json!({ "DeviceName": "/dev/sdf", "Ebs": ebs });
    let run = json!({
        "ImageId": image, "MinCount": 1, "MaxCount": 1, "BlockDeviceMappings": [device],
    });
    let run = call(&world, ("ec2", "RunInstances"), &run).expect("an instance");
    world.advance(jiff::SignedDuration::from_mins(1));
    let id = &run["Instances"][0]["InstanceId"];
    let made = json!({ "InstanceId": id, "Name": "golden-2" });
    let made = call(&world, ("ec2", "CreateImage"), &made).expect("an image");
    world.advance(super::hour());
    let images = json!({ "ImageIds": [made["ImageId"]] });
    let images = call(&world, ("ec2", "DescribeImages"), &images).expect("a list");
    let devices = images["Images"][0]["BlockDeviceMappings"].as_array();
    let iops = |device: &Value| device["Ebs"]["Iops"].as_i64();
    let iops: Vec<_> = devices.expect("devices").iter().filter_map(iops).collect();
    assert_eq!(iops, [3_000, 1_000]);
    let run = json!({ "ImageId": made["ImageId"], "MinCount": 1, "MaxCount": 1 });
    call(&world, ("ec2", "RunInstances"), &run).expect("another instance");
}

#[test]
fn each_operation_has_tokens_of_its_own_length() {
    let (world, image) = world_with_image();
    let token = "t".repeat(128);
    let template = [
        ("LaunchTemplateName", "web"),
        ("LaunchTemplateData.InstanceType", "t3.micro"),
        ("ClientToken", token.as_str()),
    ];
    let made = ec2(&world, OWNER, HERE, "CreateLaunchTemplate", &template);
    assert_eq!(made.status, 200, "{}", made.body);
    let run = [
        ("ImageId", image.as_str()),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("ClientToken", &token[..65]),
    ];
    let refused = send(&world, (OWNER, HERE, "ec2"), "RunInstances", &run);
    assert_eq!(refused.code(), "InvalidParameterValue");
}
