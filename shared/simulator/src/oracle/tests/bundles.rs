//! Bundles of instance-store images.

use serde_json::json;

use super::*;

/// An instance-store image at the place of its bundle.
fn over_bundle(scene: &mut Scene, name: &str) -> String {
    let location = scene
        .world
        .bundle(OWNER, HERE, "bundles-of-golden", "golden/0");
    let parameters = json!({
        "Name": name, "Architecture": "x86_64", "ImageLocation": location,
    });
    let made = scene.ec2("RegisterImage", parameters);
    let image = made["ImageId"].as_str().expect("an id").to_owned();
    scene.guard(|safe| {
        safe.families[0].sources.insert(image.clone());
        safe.families[0].keep_sources.last = 1;
    });
    image
}

/// The same, and newer sources beside it.
fn bundled() -> (Scene, String) {
    let mut scene = Scene::new();
    let image = over_bundle(&mut scene, "bundled");
    scene.world.advance(days(1));
    scene.newer("newer");
    (scene, image)
}

fn delete_bundle(scene: &Scene) {
    let part = json!({ "Bucket": "bundles-of-golden", "Key": "golden/0/image.part.00" });
    scene.amiary((OWNER, HERE), "DeleteObject", &part);
}

fn delete_rest(scene: &Scene) {
    let keys = ["image.part.01", "image.part.02", "image.manifest.xml"];
    let keys = keys.map(|name| json!({ "Key": format!("golden/0/{name}") }));
    let rest = json!({ "Bucket": "bundles-of-golden", "Delete": { "Objects": keys } });
    scene.amiary((OWNER, HERE), "DeleteObjects", &rest);
}

#[test]
fn a_careful_end_of_a_bundle_breaks_no_rule() {
    let (scene, image) = bundled();
    scene.deregistered(&image);
    delete_bundle(&scene);
    delete_rest(&scene);
    scene.none();
}

#[test]
fn a_bundle_stays_as_long_as_its_image_is_registered() {
    let (scene, image) = bundled();
    scene.disabled(&image);
    delete_rest(&scene);
    let found = scene.one("DeleteObjects", Rule::NotInBin);
    assert_eq!(found.resource.id, "bundles-of-golden/golden/0");
}

#[test]
fn a_bundle_that_another_image_lies_over_stays() {
    let (mut scene, image) = bundled();
    scene.deregistered(&image);
    over_bundle(&mut scene, "another");
    delete_bundle(&scene);
    let why = scene.one("DeleteObject", Rule::SharedSnapshot).why;
    assert!(why.contains("the image ami-"), "{why}");
}

#[test]
fn objects_of_no_bundle_are_left_alone() {
    let scene = Scene::new();
    scene
        .world
        .bundle(OWNER, HERE, "bundles-of-golden", "golden/0");
    delete_bundle(&scene);
    scene.one("DeleteObject", Rule::Foreign);
    let absent = json!({ "Bucket": "bundles-of-golden", "Key": "none" });
    scene.amiary((OWNER, HERE), "DeleteObject", &absent);
    assert_eq!(scene.found().len(), 1, "what isn't there can't be lost");
}
