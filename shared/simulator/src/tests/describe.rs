//! What describing images and snapshots must hold: visibility, filters, pages.

use super::*;
use crate::LaunchPermission;

fn images(world: &World, account: &str, parameters: &[(&str, &str)]) -> Answer {
    ec2(world, account, HERE, "DescribeImages", parameters)
}

#[test]
fn others_see_an_image_only_when_it_is_shared() {
    let organization = "arn:aws:organizations::111111111111:organization/o-abc";
    let unit = "arn:aws:organizations::111111111111:ou/o-abc/ou-def";
    let ways = [
        (None, false),
        (Some(LaunchPermission::Account(OTHER.to_owned())), true),
        (
            Some(LaunchPermission::Account("333333333333".to_owned())),
            false,
        ),
        (
            Some(LaunchPermission::Organization(organization.to_owned())),
            true,
        ),
        (
            Some(LaunchPermission::OrganizationalUnit(unit.to_owned())),
            true,
        ),
        (Some(LaunchPermission::All), true),
    ];
    for (way, seen) in ways {
        let world = World::new(1);
        world.join_organization(OTHER, organization);
        world.join_organization(OTHER, unit);
        let mut spec = NewImage::new(OWNER, HERE, "golden");
        spec.launch_permissions.extend(way.clone());
        let id = world.publish_image(spec);
        let found = images(&world, OTHER, &[]).texts("imageId");
        assert_eq!(found == [id.clone()], seen, "{way:?}");
        let code = images(&world, OTHER, &[("ImageId.1", &id)]).code();
        assert_eq!(code == "InvalidAMIID.NotFound", !seen, "{way:?}");
    }
}

#[test]
fn tags_are_ones_own_but_for_shared_ones() {
    let world = World::new(1);
    let mut spec = NewImage::new(OWNER, HERE, "golden");
    spec.tags.insert("secret".to_owned(), "x".to_owned());
    spec.tags
        .insert("ec2:SharedTag/team".to_owned(), "core".to_owned());
    spec.launch_permissions.push(LaunchPermission::All);
    let id = world.publish_image(spec);
    assert_eq!(
        images(&world, OTHER, &[]).texts("key"),
        ["ec2:SharedTag/team"]
    );
    let tag = [
        ("ResourceId.1", id.as_str()),
        ("Tag.1.Key", "mine"),
        ("Tag.1.Value", "y"),
    ];
    ec2(&world, OTHER, HERE, "CreateTags", &tag);
    assert_eq!(
        images(&world, OTHER, &[]).texts("key"),
        ["ec2:SharedTag/team", "mine"]
    );
    assert_eq!(images(&world, OWNER, &[]).texts("key").len(), 2);
}

#[test]
fn ids_that_are_unknown_or_malformed_are_refused() {
    let (world, _) = world_with_image();
    let unknown = images(&world, OWNER, &[("ImageId.1", "ami-00000000000000000")]);
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (400, "InvalidAMIID.NotFound")
    );
    let message = "The image id '[ami-00000000000000000]' does not exist";
    assert_eq!(unknown.text("Message").replace("&apos;", "'"), message);
    let malformed = images(&world, OWNER, &[("ImageId.1", "image-1")]);
    assert_eq!(malformed.code(), "InvalidAMIID.Malformed");
}

#[test]
fn filters_owners_and_users_select() {
    let world = World::new(1);
    let mut spec = NewImage::new(OWNER, HERE, "web-1");
    spec.tags.insert("team".to_owned(), "core".to_owned());
    spec.launch_permissions
        .push(LaunchPermission::Account(OTHER.to_owned()));
    let web = world.publish_image(spec);
    let mut spec = NewImage::new(OWNER, HERE, "api-1");
    spec.architecture = "arm64".to_owned();
    world.publish_image(spec);
    let snapshot = world.image(OWNER, HERE, &web).expect("it").snapshots[0]
        .id
        .clone();
    let filters = [
        ("name", "web-?"),
        ("tag:team", "c*"),
        ("tag-key", "team"),
        ("architecture", "x86_64"),
        ("block-device-mapping.snapshot-id", &snapshot),
    ];
    for (name, value) in filters {
        let filter = [("Filter.1.Name", name), ("Filter.1.Value.1", value)];
        assert_eq!(
            images(&world, OWNER, &filter).texts("imageId"),
            std::slice::from_ref(&web),
            "{name}"
        );
    }
    let both = [
        ("Filter.1.Name", "state"),
        ("Filter.1.Value.1", "available"),
    ];
    assert_eq!(images(&world, OWNER, &both).texts("imageId").len(), 2);
    let unknown = [("Filter.1.Name", "colour"), ("Filter.1.Value.1", "blue")];
    let refused = images(&world, OWNER, &unknown);
    assert_eq!(refused.code(), "InvalidParameterValue");
    assert!(refused.text("Message").contains("colour"));
    let shared = images(&world, OTHER, &[("ExecutableBy.1", "self")]);
    assert_eq!(shared.texts("imageId"), [web]);
    assert!(
        images(&world, OTHER, &[("Owner.1", "self")])
            .texts("imageId")
            .is_empty()
    );
    assert_eq!(
        images(&world, OTHER, &[("Owner.1", OWNER)])
            .texts("imageId")
            .len(),
        1
    );
}

#[test]
fn pages_cover_everything_once_and_bad_tokens_are_refused() {
    let world = World::new(1);
    for number in 0..5 {
        world.publish_image(NewImage::new(OWNER, HERE, &format!("image-{number}")));
    }
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let mut parameters = vec![("MaxResults", "2"), ("Owner.1", "self")];
        if !token.is_empty() {
            parameters.push(("NextToken", &token));
        }
        let page = images(&world, OWNER, &parameters);
        found.extend(page.texts("imageId"));
        let next = page.text("nextToken");
        if next.is_empty() {
            break;
        }
        token = next;
    }
    found.dedup();
    assert_eq!(found.len(), 5);
    for (bad, owner) in [
        ("nonsense", "self"),
        (token.as_str(), "amazon"),
        ("é", "self"),
    ] {
        let parameters = [("MaxResults", "2"), ("NextToken", bad), ("Owner.1", owner)];
        assert_eq!(
            images(&world, OWNER, &parameters).code(),
            "InvalidNextToken",
            "{bad}"
        );
    }
    let zero = images(&world, OWNER, &[("MaxResults", "0")]);
    assert_eq!(zero.code(), "InvalidParameterValue");
}

#[test]
fn disabled_images_are_shown_when_asked_for() {
    let (world, id) = world_with_image();
    ec2(&world, OWNER, HERE, "DisableImage", &[("ImageId", &id)]);
    assert!(images(&world, OWNER, &[]).texts("imageId").is_empty());
    let shown = images(&world, OWNER, &[("IncludeDisabled", "true")]);
    assert_eq!(shown.texts("imageState"), ["disabled"]);
}

#[test]
fn deprecated_images_of_others_are_shown_when_asked_for() {
    let world = World::new(1);
    let mut spec = NewImage::new(OWNER, HERE, "golden");
    spec.launch_permissions.push(LaunchPermission::All);
    let id = world.publish_image(spec);
    let at = [
        ("ImageId", id.as_str()),
        ("DeprecateAt", "2026-02-01T00:00:29Z"),
    ];
    ec2(&world, OWNER, HERE, "EnableImageDeprecation", &at);
    assert_eq!(
        images(&world, OTHER, &[]).texts("imageId").len(),
        1,
        "not yet"
    );
    world.advance(SignedDuration::from_hours(24 * 60));
    assert!(images(&world, OTHER, &[]).texts("imageId").is_empty());
    assert_eq!(
        images(&world, OTHER, &[("IncludeDeprecated", "true")])
            .texts("imageId")
            .len(),
        1
    );
    let own = images(&world, OWNER, &[]);
    assert_eq!(own.texts("deprecationTime"), ["2026-02-01T00:00:00.000Z"]);
}
