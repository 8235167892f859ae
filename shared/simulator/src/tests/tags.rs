//! What tagging must hold.

use super::*;

fn tag(world: &World, id: &str, key: &str, value: &str) -> Answer {
    let parameters = [
        ("ResourceId.1", id),
        ("Tag.1.Key", key),
        ("Tag.1.Value", value),
    ];
    ec2(world, OWNER, HERE, "CreateTags", &parameters)
}

fn tags(world: &World, id: &str) -> Vec<(String, String)> {
    let image = world.image(OWNER, HERE, id).expect("the image");
    image.tags.into_iter().collect()
}

#[test]
fn reserved_and_overlong_tags_are_refused() {
    let (world, id) = world_with_image();
    let (key, value) = ("k".repeat(128), "v".repeat(257));
    for (key, value) in [("aws:x", "y"), (key.as_str(), "y"), ("x", value.as_str())] {
        assert_eq!(tag(&world, &id, key, value).code(), "InvalidParameterValue");
    }
    assert!(tags(&world, &id).is_empty());
}

#[test]
fn a_resource_holds_fifty_tags() {
    let (world, id) = world_with_image();
    for number in 0..50 {
        assert_eq!(tag(&world, &id, &format!("k{number}"), "v").status, 200);
    }
    assert_eq!(tag(&world, &id, "one-more", "v").code(), "TagLimitExceeded");
    assert_eq!(tag(&world, &id, "k0", "changed").status, 200);
}

#[test]
fn tagging_is_all_or_nothing() {
    let (world, id) = world_with_image();
    let parameters = [
        ("ResourceId.1", id.as_str()),
        ("ResourceId.2", "snap-00000000000000000"),
        ("Tag.1.Key", "k"),
        ("Tag.1.Value", "v"),
    ];
    let refused = ec2(&world, OWNER, HERE, "CreateTags", &parameters);
    assert_eq!(refused.code(), "InvalidSnapshot.NotFound");
    assert!(tags(&world, &id).is_empty());
}

#[test]
fn a_tag_is_deleted_only_where_its_value_matches() {
    let (world, id) = world_with_image();
    tag(&world, &id, "k", "v");
    let delete = |more: &[(&str, &str)]| {
        let mut parameters = vec![("ResourceId.1", id.as_str()), ("Tag.1.Key", "k")];
        parameters.extend(more);
        ec2(&world, OWNER, HERE, "DeleteTags", &parameters)
    };
    delete(&[("Tag.1.Value", "other")]);
    delete(&[("Tag.1.Value", "")]);
    assert_eq!(tags(&world, &id).len(), 1);
    delete(&[("Tag.1.Value", "v")]);
    assert!(tags(&world, &id).is_empty());
    tag(&world, &id, "k", "v");
    delete(&[]);
    assert!(tags(&world, &id).is_empty());
}

#[test]
fn tags_are_described_by_resource() {
    let (world, id) = world_with_image();
    tag(&world, &id, "team", "core");
    let filter = [
        ("Filter.1.Name", "resource-id"),
        ("Filter.1.Value.1", id.as_str()),
    ];
    let described = ec2(&world, OWNER, HERE, "DescribeTags", &filter);
    assert_eq!(described.texts("key"), ["team"]);
    assert_eq!(described.texts("resourceType"), ["image"]);
    assert!(
        ec2(&world, OTHER, HERE, "DescribeTags", &filter)
            .texts("key")
            .is_empty()
    );
}

#[test]
fn tagging_reaches_the_recorder_with_its_conditions() {
    let (world, id) = world_with_image();
    tag(&world, &id, "team", "core");
    let call = world.calls().pop().expect("a call");
    assert_eq!(call.resources, [format!("arn:aws:ec2:{HERE}::image/{id}")]);
    assert_eq!(call.context["aws:RequestTag/team"], "core");
    assert_eq!(call.context["ec2:Region"], HERE);
    assert!(call.mutating);
}
