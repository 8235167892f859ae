//! Whatever runs from an image, or may launch it again, is found.

use serde_json::{Value, json};

use super::*;

/// Makes a use of an image.
type Making = fn(&Scene, &str);

fn template(scene: &Scene, account: &str, name: &str, data: &Value) {
    let parameters = json!({ "LaunchTemplateName": name, "LaunchTemplateData": data });
    scene.done((account, HERE), "ec2", "CreateLaunchTemplate", parameters);
}

/// A template whose second version, which is no default, names no image at all.
fn older_version(scene: &Scene, image: &str) {
    template(scene, OTHER, "web", &json!({ "ImageId": image }));
    let other = json!({ "ImageId": scene.sources[3] });
    let version = json!({ "LaunchTemplateName": "web", "LaunchTemplateData": other });
    let here = (OTHER, HERE);
    scene.done(here, "ec2", "CreateLaunchTemplateVersion", version);
    let newest = json!({ "LaunchTemplateName": "web", "DefaultVersion": "2" });
    scene.done(here, "ec2", "ModifyLaunchTemplate", newest);
}

fn parameter(scene: &Scene, name: &str, value: &str, image: bool) {
    let kind = if image { "aws:ec2:image" } else { "text" };
    let parameters = json!({
        "Name": name, "Value": value, "Type": "String", "DataType": kind, "Overwrite": true,
    });
    scene.done((OWNER, HERE), "ssm", "PutParameter", parameters);
    scene.world.advance(SignedDuration::from_hours(1));
}

/// A parameter that held the image once, when it got a label.
fn labelled(scene: &Scene, image: &str) {
    parameter(scene, "/golden", image, true);
    let label = json!({ "Name": "/golden", "ParameterVersion": 1, "Labels": ["stable"] });
    scene.done((OWNER, HERE), "ssm", "LabelParameterVersion", label);
    parameter(scene, "/golden", &scene.sources[3], true);
}

fn instance(scene: &Scene, image: &str) -> String {
    let run = json!({ "ImageId": image, "MinCount": 1, "MaxCount": 1 });
    let run = scene.done((OTHER, HERE), "ec2", "RunInstances", run);
    run["Instances"][0]["InstanceId"]
        .as_str()
        .expect("an id")
        .to_owned()
}

fn stopped(scene: &Scene, image: &str) {
    let id = instance(scene, image);
    scene.world.advance(SignedDuration::from_hours(1));
    let ids = json!({ "InstanceIds": [id] });
    scene.done((OTHER, HERE), "ec2", "StopInstances", ids);
    scene.world.advance(SignedDuration::from_hours(1));
}

fn group(scene: &Scene, source: &str, value: &Value) {
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

fn group_of_template(scene: &Scene, image: &str) {
    template(scene, OWNER, "web", &json!({ "ImageId": image }));
    group(
        scene,
        "LaunchTemplate",
        &json!({ "LaunchTemplateName": "web" }),
    );
}

/// A group of which only an override launches the image.
fn group_of_overrides(scene: &Scene, image: &str) {
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

fn group_of_configuration(scene: &Scene, image: &str) {
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

fn fleet(scene: &Scene, image: &str) {
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

fn spot_fleet(scene: &Scene, image: &str) {
    let configuration = json!({
        "IamFleetRole": "arn:aws:iam::111111111111:role/fleet",
        "TargetCapacity": 0,
        "LaunchSpecifications": [{ "ImageId": image, "InstanceType": "m5.large" }],
    });
    let parameters = json!({ "SpotFleetRequestConfig": configuration });
    scene.ec2("RequestSpotFleet", parameters);
}

/// A persistent request whose instance is gone: AWS opens it again.
fn spot_request(scene: &Scene, image: &str) {
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

fn recipe(scene: &Scene, name: &str, parent: &str) {
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

const USES: [(&str, Making); 15] = [
    ("is pending", |scene, image| {
        instance(scene, image);
    }),
    ("is stopped", stopped),
    ("version 1 of the launch template", older_version),
    ("version 1 of the launch template", |scene, image| {
        labelled(scene, image);
        let data = json!({ "ImageId": "resolve:ssm:golden:stable" });
        template(scene, OWNER, "web", &data);
    }),
    ("version 1 of the launch template", |scene, image| {
        labelled(scene, image);
        let arn = format!("resolve:ssm:arn:aws:ssm:{HERE}:{OWNER}:parameter/golden:1");
        template(scene, OTHER, "web", &json!({ "ImageId": arn }));
    }),
    ("version 1 of the launch template", |scene, image| {
        parameter(scene, "golden", image, true);
        template(
            scene,
            OWNER,
            "web",
            &json!({ "ImageId": "resolve:ssm:/golden" }),
        );
    }),
    ("the Auto Scaling group web", group_of_template),
    ("the Auto Scaling group web", group_of_overrides),
    ("the launch configuration old", group_of_configuration),
    ("the Auto Scaling group web", group_of_configuration),
    ("the EC2 Fleet", fleet),
    ("the Spot Fleet", spot_fleet),
    ("the Spot request", spot_request),
    ("the parameter note of", |scene, image| {
        parameter(scene, "note", &format!("web = {image}"), false);
    }),
    ("the recipe arn:", |scene, image| {
        recipe(scene, "web", image);
    }),
];

#[test]
fn an_image_in_use_is_left_alone_however_it_is_used() {
    for (said, make) in USES {
        for call in ["EnableImageDeprecation", "DisableImage"] {
            let scene = Scene::new();
            let image = &scene.sources[0];
            if call == "DisableImage" {
                scene.deprecated(image);
                make(&scene, image);
                scene.amiarys(call, image);
            } else {
                scene.marked(image);
                make(&scene, image);
                scene.deprecate((OWNER, HERE), image);
            }
            let why = scene.one(call, Rule::InUse).why;
            assert!(why.contains(said), "{said}: {why}");
        }
    }
}

#[test]
fn an_image_used_at_its_last_stages_is_left_alone_too() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    let snapshot = scene.snapshot(image);
    scene.disabled(image);
    older_version(&scene, image);
    scene.amiarys("DeregisterImage", image);
    scene.delete(&snapshot);
    let both = ["DeregisterImage", "DeleteSnapshot"];
    assert_eq!(
        scene.found(),
        both.map(|call| (call.to_owned(), Rule::InUse))
    );
}

#[test]
fn what_is_declared_is_in_use() {
    let declare: [fn(&mut Scene, &str); 3] = [
        |scene, image| {
            scene.guard(|safe| {
                safe.references.insert(image.to_owned());
            });
        },
        |scene, image| {
            labelled(scene, image);
            scene.guard(|safe| {
                safe.parameters.insert("golden:stable".to_owned());
            });
        },
        |scene, image| {
            labelled(scene, image);
            scene.guard(|safe| {
                safe.parameters.insert("/golden:1".to_owned());
            });
        },
    ];
    for declare in declare {
        let mut scene = Scene::new();
        let image = scene.sources[0].clone();
        scene.deprecated(&image);
        declare(&mut scene, &image);
        scene.amiarys("DisableImage", &image);
        let why = scene.one("DisableImage", Rule::InUse).why;
        assert!(why.contains("declared"), "{why}");
    }
}

#[test]
fn what_has_ended_or_is_elsewhere_is_no_use() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.deprecated(image);
    let id = instance(&scene, image);
    scene.world.advance(SignedDuration::from_hours(1));
    let ids = json!({ "InstanceIds": [id] });
    scene.done((OTHER, HERE), "ec2", "TerminateInstances", ids);
    template(&scene, OWNER, "gone", &json!({ "ImageId": image }));
    scene.ec2(
        "DeleteLaunchTemplate",
        json!({ "LaunchTemplateName": "gone" }),
    );
    let elsewhere = json!({
        "LaunchTemplateName": "elsewhere", "LaunchTemplateData": { "ImageId": image },
    });
    scene.done((OWNER, THERE), "ec2", "CreateLaunchTemplate", elsewhere);
    labelled(&scene, image);
    template(
        &scene,
        OWNER,
        "new",
        &json!({ "ImageId": "resolve:ssm:golden" }),
    );
    let longer = format!("{image}0");
    parameter(&scene, "longer", &longer, false);
    scene.amiarys("DisableImage", image);
    scene.none();
}

#[test]
fn a_recipe_over_a_parameter_uses_the_image_behind_it() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.deprecated(image);
    labelled(&scene, image);
    recipe(&scene, "web", "ssm:/golden:stable");
    scene.amiarys("DisableImage", image);
    let why = scene.one("DisableImage", Rule::InUse).why;
    assert!(why.contains("the recipe arn:"), "{why}");
}
