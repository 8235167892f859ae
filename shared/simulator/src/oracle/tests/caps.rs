//! How much a day may take.

use serde_json::json;

use super::*;
use crate::oracle::Cap;

/// Disables the two oldest on the same day, and one of them once more.
fn two_in_a_day(cap: Cap) -> Scene {
    let mut scene = Scene::new();
    let day = ("DisableImage".to_owned(), cap);
    scene.guard(|safe| safe.most_per_day.extend([day]));
    let [first, second] = [0, 1].map(|number| scene.sources[number].clone());
    scene.marked(&second);
    scene.deprecate((OWNER, HERE), &second);
    scene.deprecated(&first);
    scene.amiarys("DisableImage", &first);
    let again = json!({ "ImageId": first });
    let refused = scene.amiary_tries((OWNER, HERE), "DisableImage", &again);
    assert!(refused.is_err());
    scene.none();
    scene.amiarys("DisableImage", &second);
    scene
}

#[test]
fn a_day_takes_no_more_than_the_cap() {
    let cap = |count, percent| Cap { count, percent };
    two_in_a_day(cap(Some(2), Some(50))).none();
    let found = two_in_a_day(cap(Some(1), None)).one("DisableImage", Rule::OverCap);
    assert!(found.why.contains("number 2 of 1"), "{found}");
    let found = two_in_a_day(cap(None, Some(49))).one("DisableImage", Rule::OverCap);
    assert!(found.why.contains("2 of the 4 images"), "{found}");
}

#[test]
fn deleted_snapshots_have_a_cap_too_in_which_images_in_the_bin_count_as_members() {
    let mut scene = Scene::new();
    let cap = Cap {
        count: Some(2),
        percent: Some(25),
    };
    scene.guard(|safe| {
        safe.most_per_day.insert("DeleteSnapshot".to_owned(), cap);
    });
    let [first, second] = [0, 1].map(|number| scene.sources[number].clone());
    let snapshots = [&first, &second].map(|image| scene.snapshot(image));
    scene.disabled(&second);
    scene.disabled(&first);
    for image in [&first, &second] {
        scene.amiarys("DeregisterImage", image);
    }
    scene.delete(&snapshots[0]);
    scene.none();
    scene.delete(&snapshots[1]);
    let found = scene.one("DeleteSnapshot", Rule::OverCap);
    assert!(found.why.contains("2 of the 4 images"), "{found}");
}

#[test]
fn the_next_day_has_a_cap_of_its_own_and_what_failed_counts_for_nothing() {
    let mut scene = Scene::new();
    let cap = Cap {
        count: Some(1),
        percent: Some(25),
    };
    scene.guard(|safe| {
        safe.most_per_day.insert("DeregisterImage".to_owned(), cap);
    });
    let [first, second] = [0, 1].map(|number| scene.sources[number].clone());
    scene.disabled(&second);
    scene.disabled(&first);
    let protect = |on: &str| {
        let operation = format!("{on}ImageDeregistrationProtection");
        scene.ec2(&operation, json!({ "ImageId": second }));
    };
    protect("Enable");
    let image = json!({ "ImageId": second });
    let refused = scene.amiary_tries((OWNER, HERE), "DeregisterImage", &image);
    assert!(refused.is_err());
    protect("Disable");
    scene.amiarys("DeregisterImage", &first);
    scene.one("DeregisterImage", Rule::Protected);
    scene.world.advance(days(1));
    scene.guard(|safe| {
        let cap = Cap {
            count: Some(1),
            percent: Some(34),
        };
        safe.most_per_day.insert("DeregisterImage".to_owned(), cap);
    });
    scene.amiarys("DeregisterImage", &second);
    scene.one("DeregisterImage", Rule::Protected);
}
