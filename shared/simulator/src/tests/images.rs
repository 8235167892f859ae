//! What images must hold that needs a world seeded beyond the API.

use serde_json::json;

use super::*;
use crate::LaunchPermission;

fn aliased(world: &World, name: &str, alias: &str) -> String {
    let mut spec = NewImage::new(OWNER, HERE, name);
    spec.owner_alias = Some(alias.to_owned());
    spec.launch_permissions.push(LaunchPermission::All);
    world.publish_image(spec)
}

#[test]
fn images_of_aws_backup_are_not_deregistered() {
    let world = World::new(1);
    let mut spec = NewImage::new(OWNER, HERE, "tagged");
    spec.tags
        .insert("aws:backup:source-resource".to_owned(), "i-1".to_owned());
    let tagged = world.publish_image(spec);
    let vault = aliased(&world, "vault", "aws-backup-vault");
    for id in [&tagged, &vault] {
        let refused = ec2(&world, OWNER, HERE, "DeregisterImage", &[("ImageId", id)]);
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (403, "AuthFailure")
        );
        let message = "This image is managed by AWS Backup and cannot be deleted via EC2 APIs. To \
                       delete this image, please use the AWS Backup APIs, CLI, or console.";
        assert_eq!(refused.text("Message"), message);
    }
    let copy = copied(&world, OWNER, &copy_of(&tagged, "copy"));
    let gone = ec2(
        &world,
        OWNER,
        THERE,
        "DeregisterImage",
        &[("ImageId", &copy)],
    );
    assert_eq!(gone.status, 200);
}

#[test]
fn owners_are_selected_by_their_alias() {
    let world = World::new(1);
    let amazon = aliased(&world, "al2023", "amazon");
    let market = aliased(&world, "product", "aws-marketplace");
    world.publish_image(NewImage::new(OTHER, HERE, "golden"));
    for (alias, id) in [("amazon", &amazon), ("aws-marketplace", &market)] {
        let owners = [("Owner.1", alias)];
        let found = ec2(&world, OTHER, HERE, "DescribeImages", &owners);
        assert_eq!(found.texts("imageId"), std::slice::from_ref(id));
        assert_eq!(found.texts("imageOwnerAlias"), [alias]);
        let filter = [
            ("Filter.1.Name", "owner-alias"),
            ("Filter.1.Value.1", alias),
        ];
        let found = ec2(&world, OTHER, HERE, "DescribeImages", &filter);
        assert_eq!(found.texts("imageId"), std::slice::from_ref(id));
    }
}

#[test]
fn an_ancestry_ends_at_a_verified_providers_image() {
    let world = World::new(1);
    let base = aliased(&world, "base", "amazon");
    let built = copied(&world, OWNER, &copy_of(&base, "built"));
    let asked = [("ImageId", built.as_str())];
    let ancestry = ec2(&world, OWNER, THERE, "GetImageAncestry", &asked);
    assert_eq!(ancestry.texts("imageId"), [built, base]);
    assert_eq!(ancestry.texts("imageOwnerAlias"), ["amazon"]);
}

#[test]
fn an_account_has_no_more_images_than_its_quota() {
    let world = World::new(1);
    world.set_images(1);
    world.publish_image(NewImage::new(OWNER, HERE, "golden-1"));
    let refused = world.try_publish_image(NewImage::new(OWNER, HERE, "golden-2"));
    assert_eq!(
        refused.map_err(|error| error.code),
        Err("ResourceLimitExceeded".to_owned())
    );
    world.publish_image(NewImage::new(OWNER, THERE, "golden-2"));
    world.publish_image(NewImage::new(OTHER, HERE, "golden-2"));
}

#[test]
fn pending_disabled_and_binned_images_count_towards_the_quota() {
    let world = World::new(1);
    world.set_images(3);
    let rule = json!({
        "ResourceType": "EC2_IMAGE",
        "RetentionPeriod": { "RetentionPeriodValue": 7, "RetentionPeriodUnit": "DAYS" },
    });
    let made = world.perform(OWNER, HERE, "rbin", "CreateRule", rule);
    assert!(made.is_ok(), "{made:?}");
    let [source, gone] =
        ["disabled", "binned"].map(|name| world.publish_image(NewImage::new(OWNER, HERE, name)));
    let call = |operation: &str, id: &str| ec2(&world, OWNER, HERE, operation, &[("ImageId", id)]);
    let copy = |name: &str| {
        let parameters = [
            ("Name", name),
            ("SourceImageId", source.as_str()),
            ("SourceRegion", HERE),
        ];
        ec2(&world, OWNER, HERE, "CopyImage", &parameters)
    };
    assert_eq!(copy("pending").status, 200);
    assert_eq!(copy("one-more").code(), "ResourceLimitExceeded");
    call("DeregisterImage", &gone);
    assert_eq!(copy("one-more").code(), "ResourceLimitExceeded");
    call("DisableImage", &source);
    let spec = NewImage::new(OWNER, HERE, "one-more");
    let refused = world.try_publish_image(spec.clone());
    assert_eq!(
        refused.map_err(|error| error.code),
        Err("ResourceLimitExceeded".to_owned())
    );
    let restored = call("RestoreImageFromRecycleBin", &gone);
    assert_eq!(restored.status, 200);
    call("DeregisterImage", &gone);
    world.advance(SignedDuration::from_hours(8 * 24));
    assert!(world.try_publish_image(spec).is_ok());
}

#[test]
fn aws_tags_are_not_copied() {
    let world = World::new(1);
    let mut spec = NewImage::new(OWNER, HERE, "golden");
    for (key, value) in [("aws:made-by", "aws"), ("team", "web")] {
        spec.tags.insert(key.to_owned(), value.to_owned());
    }
    let source = world.publish_image(spec);
    let mut parameters = copy_of(&source, "copy");
    parameters.push(("CopyImageTags", "true"));
    let copy = copied(&world, OWNER, &parameters);
    let copy = world.image(OWNER, THERE, &copy).expect("the copy");
    let keys: Vec<&String> = copy.tags.keys().collect();
    assert_eq!(keys, ["team"]);
}

#[test]
fn the_public_quota_can_be_raised() {
    let world = World::new(1);
    world.set_public_images(6);
    for number in 0..6 {
        let mut spec = NewImage::new(OWNER, HERE, &format!("golden-{number}"));
        spec.launch_permissions.push(LaunchPermission::All);
        world.publish_image(spec);
    }
}
