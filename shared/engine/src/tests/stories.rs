//! What brought other tools' users down, as far as a survey shows it.

use super::IRELAND;
use super::surveying::{Scene, image};
use super::world::{HOME, place};
use crate::ports::{Class, Target};
use crate::retention::Tally;
use amiary_domain::image::ImageState;
use amiary_domain::retention::{Lookout, Reason};

fn version(template: &str, version: &str) -> Target {
    Target::Template {
        template: template.to_owned(),
        version: version.to_owned(),
    }
}

/// The stories behind it: cloud-custodian #6554; widdix/aws-amicleaner #5; va.gov-team #76784.
#[test]
fn a_launch_template_that_no_group_names_counts_as_a_use() {
    let scene = Scene::new(2, "");
    let used = [image(&scene.sources[0])];
    scene
        .world
        .points(HOME, Lookout::LaunchTemplates, "lt-1 version 3", &used);
    let going = scene.going();
    assert!(!going.contains(&scene.sources[0]) && going.contains(&scene.sources[1]));
}

/// The story behind it: cloud-custodian's `unused`, which reads no overrides.
#[test]
fn a_template_that_only_an_override_names_counts_as_a_use() {
    let scene = Scene::new(2, "");
    let group = [version("lt-1", "1"), version("lt-2", "4")];
    scene
        .world
        .points(HOME, Lookout::AutoScalingGroups, "group", &group);
    let used = [image(&scene.sources[0])].into();
    scene
        .world
        .state()
        .uses
        .versions
        .insert(version("lt-2", "4"), used);
    let going = scene.going();
    assert!(!going.contains(&scene.sources[0]) && going.contains(&scene.sources[1]));
}

/// The story behind it: wata727's Packer post-processor, which read the first page alone.
#[test]
fn what_the_last_page_of_a_list_shows_counts_and_so_does_a_parameter_that_is_named() {
    let scene = Scene::new(3, "");
    let world = &scene.world;
    for number in 0..7 {
        let by = format!("configuration-{number}");
        world.points(HOME, Lookout::LaunchConfigurations, &by, &[]);
    }
    let last = [image(&scene.sources[0])];
    world.points(
        HOME,
        Lookout::LaunchConfigurations,
        "configuration-7",
        &last,
    );
    let named = [Target::Parameter("/web/latest:2".to_owned())];
    world.points(HOME, Lookout::LaunchTemplates, "lt-1 version 1", &named);
    let id = scene.sources[1].id.to_string();
    world
        .state()
        .uses
        .parameters
        .insert("/web/latest:2".to_owned(), id);
    let going = scene.going();
    assert!(scene.sources[..2].iter().all(|used| !going.contains(used)));
    assert!(going.contains(&scene.sources[2]));
}

/// The stories behind it: terraform-provider-aws #792, #40130.
#[test]
fn a_replica_stays_while_a_template_where_it_is_names_it() {
    let scene = Scene::new(2, "");
    let used = [image(&scene.replicas[0])];
    scene
        .world
        .points(IRELAND, Lookout::LaunchTemplates, "lt-1 version 1", &used);
    let going = scene.going();
    assert!(!going.contains(&scene.replicas[0]) && going.contains(&scene.replicas[1]));
}

/// The stories behind it: cloud-custodian #9444; aws-nuke #369.
#[test]
fn an_image_that_somebody_disabled_is_in_the_inventory_and_has_its_reason() {
    let scene = Scene::new(1, "");
    scene.world.turn(&scene.replicas[0], ImageState::Disabled);
    let survey = scene.look(&Tally::new());
    let reasons = scene.reasons(&survey, &scene.replicas[0]);
    let expected = Reason::State("disabled by someone else".to_owned());
    assert!(reasons.contains(&expected), "{reasons:?}");
}

/// The stories behind it: cloud-custodian PR #6706; mantle.
#[test]
fn one_place_that_cannot_be_read_neither_stops_the_others_nor_is_hidden() {
    let scene = Scene::new(2, "");
    scene
        .world
        .fail("of 111111111111/eu-west-1", Class::Permanent, usize::MAX);
    let survey = scene.look(&Tally::new());
    assert!(!survey.unread.is_empty());
    assert_eq!(survey.unseen.len(), 3, "each replica");
    let home = place(HOME);
    let looked = Lookout::ALL.map(|lookout| survey.evidence.doubt(&home, lookout, scene.at()));
    assert_eq!(looked, [const { None }; Lookout::ALL.len()]);
    let has_verdict = |source| !scene.reasons(&survey, source).is_empty();
    assert!(
        scene.sources.iter().all(has_verdict),
        "their replicas are not seen"
    );
}
