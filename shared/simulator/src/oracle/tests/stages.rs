//! The record, the notice, and the time between the stages.

use serde_json::json;

use super::*;

#[test]
fn an_image_that_is_not_on_record_is_left_alone() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.notice(image);
    scene.world.advance(days(7));
    scene.deprecate((OWNER, HERE), image);
    scene.one("EnableImageDeprecation", Rule::Unrecorded);
}

#[test]
fn an_item_that_was_there_and_is_gone_is_no_record() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.deprecated(image);
    let key = json!({ "pk": { "S": format!("IMAGE#{image}") } });
    scene.dynamodb("DeleteItem", &json!({ "TableName": TABLE, "Key": key }));
    scene.amiarys("DisableImage", image);
    scene.one("DisableImage", Rule::Unrecorded);
}

#[test]
fn only_the_table_of_the_record_counts() {
    let mut scene = Scene::new();
    let image = scene.sources[0].clone();
    scene.deprecated(&image);
    scene.guard(|safe| "another".clone_into(&mut safe.table));
    scene.amiarys("DisableImage", &image);
    scene.one("DisableImage", Rule::Unrecorded);
}

#[test]
fn an_owner_who_has_not_been_told_keeps_the_image() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.record(image);
    let elsewhere = scene.world.create_topic(OWNER, HERE, "elsewhere");
    let kind = json!({ "kind": { "DataType": "String", "StringValue": NOTICE } });
    for message in [
        json!({ "TopicArn": scene.topic, "Message": format!("{image} was copied.") }),
        json!({ "TopicArn": elsewhere, "Message": image, "MessageAttributes": kind }),
        json!({ "TopicArn": scene.topic, "Message": format!("{image}0"), "MessageAttributes": kind }),
    ] {
        scene.done((OWNER, HERE), "sns", "Publish", message);
    }
    scene.world.advance(days(7));
    scene.deprecate((OWNER, HERE), image);
    scene.one("EnableImageDeprecation", Rule::Unnotified);
    scene.notice(image);
    assert_eq!(
        scene.found().len(),
        1,
        "what comes after counts for nothing"
    );
}

#[test]
fn another_notice_begins_no_new_delay() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.marked(image);
    scene.notice(image);
    scene.deprecate((OWNER, HERE), image);
    scene.none();
}

#[test]
fn a_notice_counts_that_came_before_the_world_was_guarded() {
    let mut scene = Scene::new();
    let image = scene.sources[0].clone();
    scene.guard(|safe| safe.topics.clear());
    scene.marked(&image);
    let topic = scene.topic.clone();
    scene.guard(|safe| {
        safe.topics.insert(topic);
    });
    scene.deprecate((OWNER, HERE), &image);
    scene.none();
}

#[test]
fn a_notice_is_known_after_the_inbox_has_forgotten_it() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.marked(image);
    let any = json!({ "TopicArn": scene.topic, "Message": "something else" });
    for number in 0..10_001 {
        if number % 4_000 == 0 {
            scene.amiary((OWNER, HERE), "DescribeImages", &json!({}));
        }
        scene.done((OWNER, HERE), "sns", "Publish", any.clone());
    }
    scene.deprecate((OWNER, HERE), image);
    scene.none();
}

#[test]
fn each_stage_keeps_its_distance_from_the_one_before() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.record(image);
    scene.world.advance(days(7));
    scene.notice(image);
    scene.world.advance(days(7) - SignedDuration::from_secs(60));
    scene.deprecate((OWNER, HERE), image);
    scene.one("EnableImageDeprecation", Rule::InsideDelay);

    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.marked(image);
    scene.deprecate((OWNER, HERE), image);
    scene.world.advance(days(13));
    scene.amiarys("DisableImage", image);
    scene.one("DisableImage", Rule::InsideDelay);

    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.deprecated(image);
    scene.amiarys("DisableImage", image);
    scene.world.advance(days(29));
    scene.amiarys("DeregisterImage", image);
    scene.one("DeregisterImage", Rule::InsideDelay);
}

#[test]
fn no_stage_is_left_out() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.marked(image);
    scene.world.advance(days(30));
    scene.amiarys("DisableImage", image);
    scene.one("DisableImage", Rule::InsideDelay);

    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.deprecated(image);
    scene.world.advance(days(30));
    scene.amiarys("DeregisterImage", image);
    scene.one("DeregisterImage", Rule::InsideDelay);
}

#[test]
fn a_stage_that_someone_took_back_is_not_reached() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.deprecated(image);
    scene.ec2("DisableImageDeprecation", json!({ "ImageId": image }));
    scene.amiarys("DisableImage", image);
    scene.one("DisableImage", Rule::InsideDelay);

    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.disabled(image);
    scene.ec2("EnableImage", json!({ "ImageId": image }));
    scene.amiarys("DeregisterImage", image);
    scene.one("DeregisterImage", Rule::InsideDelay);
}

#[test]
fn a_deprecation_that_is_still_to_come_is_not_reached() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    scene.marked(image);
    let later = (scene.world.now() + days(60)).to_string();
    let parameters = json!({ "ImageId": image, "DeprecateAt": later });
    scene.amiary((OWNER, HERE), "EnableImageDeprecation", &parameters);
    scene.world.advance(days(14));
    scene.amiarys("DisableImage", image);
    scene.one("DisableImage", Rule::InsideDelay);
}

#[test]
fn what_an_owner_deprecated_long_ago_still_waits_from_the_notice_on() {
    let scene = Scene::new();
    let image = &scene.sources[0];
    let at = scene.world.now().to_string();
    let parameters = json!({ "ImageId": image, "DeprecateAt": at });
    scene.ec2("EnableImageDeprecation", parameters);
    scene.world.advance(days(100));
    scene.marked(image);
    scene.amiarys("DisableImage", image);
    scene.one("DisableImage", Rule::InsideDelay);
}

#[test]
fn a_young_image_is_left_alone() {
    let mut scene = Scene::new();
    let image = scene.sources[0].clone();
    scene.guard(|safe| safe.families[0].keep_sources.lasting = days(100));
    scene.marked(&image);
    scene.deprecate((OWNER, HERE), &image);
    scene.one("EnableImageDeprecation", Rule::InsideDelay);
}
