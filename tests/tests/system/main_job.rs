use amiary_domain::lineage::SourceStatus;
use amiary_domain::naming::{OPERATION_TAG, SOURCE_TAG};
use amiary_engine::ports::ReadRecord;
use amiary_simulator::LaunchPermission;
use amiary_tests::{BUILDER, PARTNER, PRODUCTION, SOURCE_REGION, Stage, Wants, golden, topic};

/// The story behind it: packer-plugin-amazon #591; terraform #9549.
#[tokio::test]
async fn a_published_image_reaches_every_destination_with_its_key_tags_and_permissions() {
    let mut stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    assert!(
        stage.is_replicated(&source, 2).await,
        "{:?}",
        stage.states(&source).await
    );
    for region in ["eu-west-1", "ap-southeast-2"] {
        let place = format!("{BUILDER}/{region}");
        let replica = stage.replica(&source, &place).await;
        assert_eq!(replica.name, "golden-1");
        assert_eq!(replica.source_image_id.as_deref(), Some(source.id.as_str()));
        assert_eq!(replica.tags["Team"], "web");
        assert_eq!(replica.tags["ManagedBy"], "amiary");
        assert_eq!(replica.tags[SOURCE_TAG], source.to_string());
        assert!(
            !replica.tags.contains_key("build:id"),
            "dropped by the policy"
        );
        let partner = LaunchPermission::Account(PARTNER.to_owned());
        assert_eq!(replica.launch_permissions, [partner].into());
        for snapshot in &replica.snapshots {
            assert_eq!(snapshot.kms_key.as_deref(), Some(stage.key(&place)));
            assert_eq!(snapshot.tags[OPERATION_TAG], replica.tags[OPERATION_TAG]);
        }
    }
}

#[tokio::test]
async fn an_encrypted_image_is_encrypted_anew_under_each_destinations_key() {
    let mut stage = Stage::new(&Wants::default()).await;
    let mut image = golden("golden-1");
    image.encrypted_with = Some("alias/golden".to_owned());
    image.extra_volumes = 2;
    let source = stage.publish(image);
    stage.local.settle().await;
    assert!(stage.is_replicated(&source, 2).await);
    for region in ["eu-west-1", "ap-southeast-2"] {
        let place = format!("{BUILDER}/{region}");
        let replica = stage.replica(&source, &place).await;
        assert_eq!(replica.snapshots.len(), 3);
        assert!(
            replica
                .snapshots
                .iter()
                .all(|s| s.kms_key.as_deref() == Some(stage.key(&place)))
        );
    }
}

#[tokio::test]
async fn another_account_gets_its_own_copy_and_reads_the_source_only_meanwhile() {
    let wants = Wants {
        production: vec!["eu-west-1", "us-west-2"],
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    let mut image = golden("golden-1");
    image.encrypted_with = Some("alias/golden".to_owned());
    let source = stage.publish(image);
    stage.local.settle().await;
    assert!(
        stage.is_replicated(&source, 4).await,
        "{:?}",
        stage.states(&source).await
    );
    let replica = stage
        .replica(&source, &format!("{PRODUCTION}/eu-west-1"))
        .await;
    assert_eq!(replica.account, PRODUCTION);
    let now = stage
        .world()
        .image(BUILDER, SOURCE_REGION, source.id.as_str())
        .unwrap();
    let partner = LaunchPermission::Account(PARTNER.to_owned());
    assert_eq!(
        now.launch_permissions,
        [partner.clone()].into(),
        "the loan was given back"
    );
    assert!(
        now.snapshots
            .iter()
            .all(|s| s.create_volume_permissions.is_empty())
    );
    assert_eq!(
        replica.launch_permissions,
        [partner].into(),
        "a loan is not spread to replicas"
    );
    assert!(
        stage
            .lineage(&source)
            .await
            .unwrap()
            .source
            .loans
            .is_empty()
    );
}

#[tokio::test]
async fn the_owner_is_told_once_when_every_destination_is_verified() {
    let mut stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    let inbox = stage.inbox();
    assert_eq!(inbox.len(), 1, "{inbox:#?}");
    assert_eq!(inbox[0].topic, topic());
    assert_eq!(
        inbox[0].subject.as_deref(),
        Some("Image golden-1 is replicated [web]")
    );
    assert_eq!(inbox[0].attributes["kind"], "replicated");
    assert!(inbox[0].message.contains(&source.to_string()));
}

/// The story behind it: cloud-custodian #57.
#[tokio::test]
async fn the_history_tells_every_transition_in_order() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    let history = stage.person.aws().history(&source).await.unwrap();
    let told: Vec<&str> = history.iter().map(|entry| entry.what.as_str()).collect();
    let expected = [
        "recorded: family web selects it",
        "copy asked for, attempt 1",
        "the copy is under way",
        "available; to do: share",
        "applied: share",
        "verified",
        "replicated, was replicating",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.contains(expected), "{told} / {expected}");
    }
    assert!(
        history
            .iter()
            .all(|entry| entry.by == "replicate" && entry.revision == 1)
    );
}

#[tokio::test]
async fn a_second_run_over_a_converged_world_changes_nothing() {
    let mut stage = Stage::new(&Wants::default()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.world().forget_calls();
    stage.local.pass(jiff::SignedDuration::from_hours(25)).await;
    let mutating: Vec<_> = stage
        .calls("ec2")
        .into_iter()
        .filter(|call| call.mutating)
        .collect();
    assert!(mutating.is_empty(), "{mutating:#?}");
    assert!(!stage.calls("ec2").is_empty(), "it did look");
    assert_eq!(
        stage.lineage(&source).await.unwrap().source.status,
        SourceStatus::Replicated
    );
    assert_eq!(stage.inbox().len(), 1);
}
