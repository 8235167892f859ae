//! Whatever runs from an image, or may launch it again, is found.

use serde_json::json;

use super::making::*;
use super::*;

const USES: [(&str, Making); 21] = [
    ("version 1 of the launch template", |scene, image| {
        let name = "/aws/service/golden";
        scene.world.publish_parameter(HERE, name, image);
        let data = json!({ "ImageId": format!("resolve:ssm:{name}:1") });
        scene.world.publish_parameter(HERE, name, &scene.sources[3]);
        template(scene, OWNER, "web", &data);
    }),
    ("is running", running),
    ("is stopping", stopping),
    ("the EC2 Fleet", fleet_of_template),
    ("the Spot Fleet", fleet_of_template),
    ("the Spot request", |scene, image| {
        let asked = json!({ "ImageId": image, "InstanceType": "m5.large" });
        scene.ec2(
            "RequestSpotInstances",
            json!({ "LaunchSpecification": asked }),
        );
    }),
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
    let instant = json!({
        "Type": "instant",
        "LaunchTemplateConfigs": [{
            "LaunchTemplateSpecification": { "LaunchTemplateName": "other", "Version": "1" },
            "Overrides": [{ "ImageId": image, "InstanceType": "m5.large" }],
        }],
        "TargetCapacitySpecification": { "TotalTargetCapacity": 0 },
    });
    template(
        &scene,
        OWNER,
        "other",
        &json!({ "ImageId": scene.sources[3] }),
    );
    scene.ec2("CreateFleet", instant);
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
