//! Events that are lost, doubled, late, overtaken.

use super::*;
use crate::{EventFate, EventFaults};
use serde_json::Value;

const SURELY: f64 = 1.0;

/// A world that has these faults, and an image for each name.
fn world_with(faults: EventFaults, names: &[&str]) -> (World, Vec<String>) {
    let world = World::new(1);
    let publish = |name: &&str| world.publish_image(NewImage::new(OWNER, HERE, name));
    let ids = names.iter().map(publish).collect();
    world.advance(hour());
    world.set_event_faults(faults);
    (world, ids)
}

fn disable(world: &World, id: &str) {
    let answer = ec2(world, OWNER, HERE, "DisableImage", &[("ImageId", id)]);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The images that events told of.
fn told_of(world: &World) -> Vec<String> {
    told(world).into_iter().map(|(id, _)| id).collect()
}

/// What became of which images' events; those of calls are left out.
fn fates(world: &World) -> Vec<(String, EventFate)> {
    let report = world.event_report().into_iter();
    let image = |body: &Value| body["detail"]["ImageId"].as_str().map(str::to_owned);
    report
        .filter_map(|report| Some((image(&report.event.body)?, report.fate)))
        .collect()
}

#[test]
fn a_lost_event_never_arrives_and_is_reported() {
    let lost = EventFaults {
        lost: SURELY,
        ..EventFaults::default()
    };
    let (world, ids) = world_with(lost, &["golden-1"]);
    world.take_events();
    disable(&world, &ids[0]);
    world.advance(hour());
    assert!(told_of(&world).is_empty());
    assert_eq!(fates(&world), [(ids[0].clone(), EventFate::Lost)]);
}

#[test]
fn a_doubled_event_arrives_twice() {
    let doubled = EventFaults {
        doubled: SURELY,
        ..EventFaults::default()
    };
    let (world, ids) = world_with(doubled, &["golden-1"]);
    world.take_events();
    disable(&world, &ids[0]);
    assert_eq!(told_of(&world), [ids[0].clone(), ids[0].clone()]);
    assert_eq!(fates(&world), [(ids[0].clone(), EventFate::Doubled)]);
}

#[test]
fn a_delayed_event_arrives_when_the_report_says_and_the_clock_can_be_moved_there() {
    let delayed = EventFaults {
        delayed: SURELY,
        longest_delay: SignedDuration::from_hours(24),
        ..EventFaults::default()
    };
    let (world, ids) = world_with(delayed, &["golden-1"]);
    world.take_events();
    disable(&world, &ids[0]);
    assert!(told_of(&world).is_empty());
    let (_, EventFate::Delayed(at)) = fates(&world)[0] else {
        panic!("{:?}", fates(&world));
    };
    assert_eq!(world.next_change(), Some(at));
    assert!(at.duration_since(world.now()) <= SignedDuration::from_hours(24));
    world.advance(at.duration_since(world.now()));
    assert_eq!(told_of(&world), ids);
}

#[test]
fn an_overtaken_event_arrives_after_the_next_or_a_minute_late() {
    let reordered = EventFaults {
        reordered: SURELY,
        ..EventFaults::default()
    };
    let (world, ids) = world_with(reordered, &["golden-1", "golden-2"]);
    world.take_events();
    disable(&world, &ids[0]);
    world.set_event_faults(EventFaults::default());
    assert!(told_of(&world).is_empty());
    disable(&world, &ids[1]);
    assert_eq!(told_of(&world), [ids[1].clone(), ids[0].clone()]);

    let enable = |id: &str| ec2(&world, OWNER, HERE, "EnableImage", &[("ImageId", id)]).status;
    world.set_event_faults(EventFaults {
        reordered: SURELY,
        ..EventFaults::default()
    });
    assert_eq!(enable(&ids[0]), 200);
    world.advance(SignedDuration::from_mins(1));
    assert_eq!(told_of(&world), ids[..1]);
}

#[test]
fn chance_decides_for_each_event_by_the_seed() {
    let run = || {
        let names: Vec<String> = (0..60).map(|number| format!("golden-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let faults = EventFaults {
            lost: 0.5,
            ..EventFaults::default()
        };
        let (world, ids) = world_with(faults, &names);
        world.take_events();
        for id in &ids {
            disable(&world, id);
        }
        (told_of(&world), fates(&world).len())
    };
    let (told, lost) = run();
    assert!((20..40).contains(&told.len()), "{}", told.len());
    assert_eq!(lost, 60 - told.len());
    assert_eq!(run(), (told, lost));
}
