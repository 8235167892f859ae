use super::*;
use aws_sdk_ec2::types::builders::ImageBuilder;

fn device(snapshot: &str, encrypted: bool) -> ec2::BlockDeviceMapping {
    let ebs = ec2::EbsBlockDevice::builder()
        .snapshot_id(snapshot)
        .encrypted(encrypted)
        .build();
    ec2::BlockDeviceMapping::builder()
        .device_name("/dev/xvda")
        .ebs(ebs)
        .build()
}

fn seen() -> ImageBuilder {
    ec2::Image::builder()
        .image_id("ami-0123456789abcdef0")
        .owner_id("111111111111")
        .name("web-1")
        .state(ec2::ImageState::Available)
        .architecture(ec2::ArchitectureValues::Arm64)
        .creation_date("2025-03-04T05:06:07.000Z")
        .root_device_type(ec2::DeviceType::Ebs)
        .block_device_mappings(device("snap-0123456789abcdef0", true))
        .block_device_mappings(device("snap-0123456789abcdef1", false))
        .block_device_mappings(
            ec2::BlockDeviceMapping::builder()
                .virtual_name("ephemeral0")
                .build(),
        )
        .tags(ec2::Tag::builder().key("Role").value("web").build())
        .tags(ec2::Tag::builder().key("Empty").build())
}

fn region() -> Region {
    "eu-west-1".parse().unwrap()
}

fn read(builder: ImageBuilder) -> Result<Image, Unreadable> {
    image(&builder.build(), &region())
}

#[test]
fn an_image_is_read_with_all_that_matters() {
    let image = read(
        seen()
            .public(true)
            .source_image_id("ami-0123456789abcdef1")
            .source_image_region("us-east-1")
            .source_instance_id("i-1")
            .image_owner_alias("aws-backup-vault")
            .state_reason(ec2::StateReason::builder().code("c").message("m").build()),
    )
    .unwrap();
    assert_eq!(
        image.at.to_string(),
        "111111111111/eu-west-1/ami-0123456789abcdef0"
    );
    assert_eq!(
        (image.name.as_str(), image.description.as_str()),
        ("web-1", "")
    );
    assert_eq!(image.state, ImageState::Available);
    assert_eq!(image.state_reason.as_deref(), Some("m"));
    assert_eq!(image.architecture, "arm64");
    assert_eq!(image.created, Some("2025-03-04T05:06:07Z".parse().unwrap()));
    assert!(image.public && image.ebs_backed && image.encrypted);
    assert_eq!(
        image.source,
        Some((
            "us-east-1".parse().unwrap(),
            "ami-0123456789abcdef1".parse().unwrap()
        ))
    );
    assert_eq!(image.source_instance.as_deref(), Some("i-1"));
    assert_eq!(image.owner_alias.as_deref(), Some("aws-backup-vault"));
    assert_eq!(image.snapshots.len(), 2);
    assert_eq!(
        image.tags,
        Tags::from([
            ("Role".into(), "web".into()),
            ("Empty".into(), String::new())
        ])
    );
}

#[test]
fn what_ec2_always_says_is_never_made_up() {
    for (builder, missing) in [
        (seen().set_image_id(None), "the answer has no image id"),
        (seen().set_owner_id(None), "the answer has no owner"),
        (seen().set_name(None), "the answer has no name"),
        (seen().name(""), "the answer has no name"),
        (seen().set_state(None), "the answer has no state"),
        (
            seen().set_architecture(None),
            "the answer has no architecture",
        ),
        (
            seen().image_id("ami-?"),
            "\"ami-?\" is not an image id: ami- and 8 or 17 hexadecimal digits, such as ami-0123456789abcdef0",
        ),
        (
            seen().creation_date("yesterday"),
            "\"yesterday\" is not a time",
        ),
    ] {
        assert_eq!(read(builder).unwrap_err().to_string(), missing);
    }
    assert!(read(seen().owner_id("amazon")).is_err());
    assert!(read(seen().block_device_mappings(device("vol-1", false))).is_err());
    assert!(read(seen().source_image_id("x").source_image_region("us-east-1")).is_err());
}

#[test]
fn an_image_may_lack_its_age_and_half_a_source_is_none() {
    assert_eq!(read(seen().set_creation_date(None)).unwrap().created, None);
    assert_eq!(read(seen().creation_date("")).unwrap().created, None);
    assert_eq!(
        read(seen().source_image_id("ami-0123456789abcdef1"))
            .unwrap()
            .source,
        None
    );
}

#[test]
fn a_state_that_is_not_known_keeps_its_name() {
    let states = [
        (ec2::ImageState::Pending, ImageState::Pending),
        (ec2::ImageState::Failed, ImageState::Failed),
        (ec2::ImageState::Disabled, ImageState::Disabled),
        (ec2::ImageState::Deregistered, ImageState::Deregistered),
        (
            ec2::ImageState::Transient,
            ImageState::Other("transient".to_owned()),
        ),
        (
            ec2::ImageState::from("thawing"),
            ImageState::Other("thawing".to_owned()),
        ),
    ];
    for (theirs, ours) in states {
        assert_eq!(read(seen().state(theirs)).unwrap().state, ours);
    }
}

#[test]
fn a_launch_permission_names_exactly_one() {
    let builder = ec2::LaunchPermission::builder;
    let all = [
        LaunchPermission::Account("111111111111".parse().unwrap()),
        LaunchPermission::Organization("arn:aws:organizations::1:organization/o-1".to_owned()),
        LaunchPermission::OrganizationalUnit("arn:aws:organizations::1:ou/o-1/ou-1".to_owned()),
        LaunchPermission::Everyone,
    ];
    for permission in all {
        assert_eq!(
            launch_permission(&to_launch_permission(&permission)).unwrap(),
            permission
        );
    }
    for wrong in [
        builder(),
        builder()
            .user_id("111111111111")
            .group(ec2::PermissionGroup::All),
        builder().user_id("111111111111").organization_arn("arn"),
        builder()
            .organization_arn("arn")
            .organizational_unit_arn("arn"),
        builder().group(ec2::PermissionGroup::from("some")),
        builder().user_id("111"),
    ] {
        assert!(launch_permission(&wrong.build()).is_err());
    }
}

#[test]
fn volume_permissions_are_accounts_and_the_group_of_all_names_none() {
    let builder = ec2::CreateVolumePermission::builder;
    let account = builder().user_id("222222222222").build();
    let everyone = builder().group(ec2::PermissionGroup::All).build();
    let read = volume_permissions(&[everyone, account]).unwrap();
    assert_eq!(read, BTreeSet::from(["222222222222".parse().unwrap()]));
    assert!(volume_permissions(&[builder().build()]).is_err());
    let both = builder()
        .user_id("222222222222")
        .group(ec2::PermissionGroup::All)
        .build();
    assert!(volume_permissions(&[both]).is_err());
}

#[test]
fn a_snapshot_without_its_encryption_state_is_not_read() {
    let builder = ec2::Snapshot::builder()
        .snapshot_id("snap-0123456789abcdef0")
        .kms_key_id("arn");
    assert!(snapshot(&builder.clone().build()).is_err());
    let read = snapshot(&builder.encrypted(true).build()).unwrap();
    assert!(read.encrypted && read.key.as_deref() == Some("arn"));
}
