//! How an image leads to its lineage.

use super::{observed, replica};
use crate::ports::Class;
use crate::tests::world::{HOME, World, place};
use crate::tests::{IRELAND, look, policy, replicated, world};
use amiary_domain::ids::ImageRef;
use amiary_domain::image::Image;
use amiary_domain::lineage::ReplicaState;
use amiary_domain::naming::SOURCE_TAG;
use amiary_domain::observation::{Mandate, Seen};

#[test]
fn a_copys_own_event_finds_the_record_that_waits_for_it() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let image = world.publish(HOME, "golden-1");
    world.lose("CopyImage");
    look(&world, &active, &image, Mandate::Event);
    assert_eq!(world.replica(&image, IRELAND).image, None);
    let copies: Vec<ImageRef> = world.state().images.keys().cloned().collect();
    let copy = copies
        .into_iter()
        .find(|at| at.place == place(IRELAND))
        .unwrap();
    world.arrive();
    look(&world, &active, &copy, Mandate::Event);
    assert_eq!(world.copy_of(&image, IRELAND), copy);
    assert_eq!(world.replica(&image, IRELAND).state, ReplicaState::Verified);
}

#[test]
fn a_tag_that_names_a_source_leads_nowhere_unless_a_record_waits_there() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let image = world.publish(HOME, "golden-1");
    look(&world, &active, &image, Mandate::Event);
    let forge = |named: &str| {
        let forged = world.publish(IRELAND, "stranger");
        let mut state = world.state();
        let tags = &mut state.images.get_mut(&forged).unwrap().tags;
        tags.insert(SOURCE_TAG.to_owned(), named.to_owned());
        forged
    };
    for named in [
        image.to_string(),
        "nonsense".to_owned(),
        format!("{HOME}/ami-0badbad0"),
    ] {
        let forged = forge(&named);
        let seen = observed(&world, &active, &forged, Mandate::Event);
        assert_eq!(seen.lineage, None, "the copy's image is known: {named}");
    }
    let waits = |state| {
        world.set(&image, IRELAND, |replica| {
            replica.state = state;
            replica.image = None;
        });
    };
    waits(ReplicaState::Wanted);
    let forged = forge(&image.to_string());
    let seen = observed(&world, &active, &forged, Mandate::Event);
    assert_eq!(seen.lineage, None, "nothing is being copied");
    waits(ReplicaState::Copying);
    let seen = observed(&world, &active, &forged, Mandate::Event);
    assert!(
        seen.lineage.is_some(),
        "whether it is the copy is the plan's question"
    );
    look(&world, &active, &forged, Mandate::Event);
    assert_ne!(world.replica(&image, IRELAND).image, Some(forged.id));
}

#[test]
fn a_schedule_looks_a_lost_copy_up_by_its_name() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let image = world.publish(HOME, "golden-1");
    world.lose("CopyImage");
    look(&world, &active, &image, Mandate::Event);
    let seen = observed(&world, &active, &image, Mandate::Schedule);
    assert_eq!(replica(&seen, IRELAND).image.name, "golden-1");
    world.calls("");
    look(&world, &active, &image, Mandate::Schedule);
    assert!(world.replica(&image, IRELAND).image.is_some());
    assert!(
        world.calls("CopyImage").is_empty(),
        "found, and not asked for again"
    );
}

#[test]
fn where_no_copy_was_asked_for_none_is_looked_up() {
    let world = World::new(&[]);
    let active = policy(&[IRELAND], "");
    let image = world.publish(HOME, "golden-1");
    look(&world, &active, &image, Mandate::Event);
    assert_eq!(world.replica(&image, IRELAND).state, ReplicaState::Wanted);
    let seen = observed(&world, &active, &image, Mandate::Schedule);
    assert_eq!(seen.replicas[&place(IRELAND)], Seen::NotRead);
    assert!(world.calls("name golden-1").is_empty());
}

#[test]
fn a_lost_copy_that_is_not_there_is_absent() {
    let world = world();
    let active = policy(&[IRELAND], "");
    let image = world.publish(HOME, "golden-1");
    world.fail("CopyImage", Class::Retry, 1);
    look(&world, &active, &image, Mandate::Event);
    let seen = observed(&world, &active, &image, Mandate::Schedule);
    assert_eq!(seen.replicas[&place(IRELAND)], Seen::Absent);
}

#[test]
fn a_new_source_knows_the_recorded_images_it_was_built_from() {
    let world = World::new(&[IRELAND]);
    let active = policy(&[IRELAND], "");
    let built_from = |image: &ImageRef, name| {
        let built = world.publish(HOME, name);
        let mut state = world.state();
        let origin = Some((image.place.region.clone(), image.id.clone()));
        let made: &mut Image = state.images.get_mut(&built).unwrap();
        made.source = origin;
        made.source_instance = Some("i-0123456789abcdef0".to_owned());
        built
    };
    let first = replicated(&world, &active, "golden-1");
    let second = built_from(&first, "golden-2");
    look(&world, &active, &second, Mandate::Event);
    world.arrive();
    look(&world, &active, &second, Mandate::Schedule);
    let replica = world.copy_of(&second, IRELAND);
    let third = built_from(&replica, "golden-3");
    look(&world, &active, &third, Mandate::Event);
    let ids = |image: &ImageRef| -> Vec<String> {
        let ancestors = world.lineage(image).source.ancestors;
        ancestors
            .into_iter()
            .map(|a| format!("{}/{}", a.region, a.id))
            .collect()
    };
    let told = |image: &ImageRef| format!("{}/{}", image.place.region, image.id);
    assert_eq!(world.lineage(&first).source.parent, None);
    assert_eq!(world.lineage(&second).source.parent, Some(first.clone()));
    assert_eq!(ids(&second), [told(&first)]);
    assert_eq!(world.lineage(&third).source.parent, Some(second.clone()));
    assert_eq!(ids(&third), [told(&replica), told(&second), told(&first)]);
    let stranger = "111111111111/us-east-1/ami-0badbad0".parse().unwrap();
    let fourth = built_from(&stranger, "golden-4");
    look(&world, &active, &fourth, Mandate::Event);
    assert_eq!(world.lineage(&fourth).source.parent, None);
    assert_eq!(ids(&fourth), [told(&stranger)]);
}
