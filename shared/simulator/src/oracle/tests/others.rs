//! What is looked at and what is not.

use serde_json::json;

use super::*;
use crate::{FaultKind, PlannedFault};

#[test]
fn only_amiarys_own_calls_are_looked_at() {
    let scene = Scene::new();
    let image = json!({ "ImageId": scene.sources[3] });
    let target = ("ec2", "DisableImage");
    for agent in ["aws-cli/2", "xapp/amiaryx", "app/amiary2"] {
        scene
            .sent(agent, (OWNER, HERE), target, &image)
            .expect("it is done");
        scene.none();
        scene.ec2("EnableImage", image.clone());
    }
    scene.amiarys("DisableImage", &scene.sources[3]);
    assert!(!scene.found().is_empty());
}

#[test]
fn a_world_that_is_not_guarded_records_nothing() {
    let world = World::new(1);
    let image = world.publish_image(NewImage::new(OWNER, HERE, "golden"));
    let caller = Caller {
        access_key_id: OWNER.to_owned(),
        region: HERE.to_owned(),
    };
    let target = ("ec2", "DisableImage");
    let request = client::request(&caller, target, &json!({ "ImageId": image }));
    let mut request = request.expect("a request");
    let agent = "app/amiary".parse().expect("a header");
    request.headers_mut().insert("user-agent", agent);
    client::result(target, &world.call(request)).expect("it is done");
    assert_eq!(world.violations(), []);
}

#[test]
fn a_dry_run_takes_nothing() {
    let scene = Scene::new();
    let parameters = json!({ "ImageId": scene.sources[3], "DryRun": true });
    let refused = scene.amiary_tries((OWNER, HERE), "DeregisterImage", &parameters);
    assert!(refused.is_err());
    scene.none();
}

#[test]
fn a_call_is_never_refused_or_changed() {
    let scene = Scene::new();
    let image = &scene.sources[3];
    scene.amiarys("DeregisterImage", image);
    assert!(scene.world.image(OWNER, HERE, image).is_none());
    let rules: BTreeSet<Rule> = scene.found().into_iter().map(|(_, rule)| rule).collect();
    let expected = [
        Rule::Unrecorded,
        Rule::Unnotified,
        Rule::InsideDelay,
        Rule::AmongLast,
        Rule::NewestVerified,
    ];
    assert_eq!(rules, BTreeSet::from(expected));
}

#[test]
fn a_call_that_is_made_again_after_its_reply_was_lost_is_no_second_one() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.disabled(image);
    let lost = PlannedFault::new(FaultKind::ReplyLost);
    scene.world.plan_fault(lost.operation("DeregisterImage"));
    let parameters = json!({ "ImageId": image });
    let lost = scene.amiary_tries((OWNER, HERE), "DeregisterImage", &parameters);
    assert!(lost.is_err() && scene.world.image(OWNER, HERE, image).is_none());
    let again = scene.amiary_tries((OWNER, HERE), "DeregisterImage", &parameters);
    assert!(again.is_err());
    scene.none();
}

#[test]
fn a_failed_copy_has_no_stages_and_is_none_of_the_last() {
    let scene = Scene::new();
    let copy = json!({
        "Name": "copy", "SourceImageId": scene.sources[3], "SourceRegion": HERE,
    });
    let fails = PlannedFault::new(FaultKind::CopyFails {
        cause: "no room".to_owned(),
    });
    scene.world.plan_fault(fails);
    let made = scene.amiary((OWNER, THERE), "CopyImage", &copy);
    let id = made["ImageId"].as_str().expect("an id");
    scene.marked(id);
    let failed = scene.world.image(OWNER, THERE, id).expect("the copy");
    assert_eq!(failed.state, "failed");
    scene.amiary((OWNER, THERE), "DeregisterImage", &json!({ "ImageId": id }));
    scene.none();
}
