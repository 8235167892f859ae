use amiary_simulator::LaunchPermission;
use amiary_tests::{BUILDER, PARTNER, PRODUCTION, Stage, Wants, golden};
use jiff::SignedDuration;
use std::collections::BTreeSet;

const IRELAND: &str = "111111111111/eu-west-1";

fn accounts(ids: &[&str]) -> BTreeSet<LaunchPermission> {
    ids.iter()
        .map(|id| LaunchPermission::Account((*id).to_owned()))
        .collect()
}

fn one() -> Wants {
    Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    }
}

/// The story behind it: cloud-custodian #744.
#[tokio::test]
async fn a_permission_added_to_the_source_reaches_its_replicas_at_once() {
    let mut stage = Stage::new(&one()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.share(&source, &[PRODUCTION], &[]);
    stage.local.settle().await;
    let replica = stage.replica(&source, IRELAND).await;
    assert_eq!(replica.launch_permissions, accounts(&[PARTNER, PRODUCTION]));
}

/// The story behind it: ansible amazon.aws #970.
#[tokio::test]
async fn a_permission_taken_from_the_source_is_taken_from_its_replicas_by_the_schedule() {
    let mut stage = Stage::new(&one()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.share(&source, &[], &[PARTNER]);
    stage.local.settle().await;
    assert_eq!(
        stage.replica(&source, IRELAND).await.launch_permissions,
        accounts(&[PARTNER]),
        "an event takes nothing back"
    );
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert_eq!(
        stage.replica(&source, IRELAND).await.launch_permissions,
        accounts(&[])
    );
}

#[tokio::test]
async fn taking_back_more_than_the_cap_takes_back_nothing() {
    let mut stage = Stage::new(&Wants {
        caps: "revocations-per-run = 0",
        ..one()
    })
    .await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.share(&source, &[], &[PARTNER]);
    stage.local.pass(SignedDuration::from_hours(30)).await;
    assert_eq!(
        stage.replica(&source, IRELAND).await.launch_permissions,
        accounts(&[PARTNER])
    );
}

#[tokio::test]
async fn what_a_run_wants_to_take_back_from_several_images_is_capped_as_a_whole() {
    let mut stage = Stage::new(&Wants {
        caps: "revocations-per-run = 2",
        ..one()
    })
    .await;
    let sources: Vec<_> = (0..4)
        .map(|n| stage.publish(golden(&format!("golden-{n}"))))
        .collect();
    stage.local.settle().await;
    for source in &sources {
        stage.share(source, &[], &[PARTNER]);
    }
    stage.local.pass(SignedDuration::from_hours(60)).await;
    for source in &sources {
        let replica = stage.replica(source, IRELAND).await;
        assert_eq!(
            replica.launch_permissions,
            accounts(&[PARTNER]),
            "4 are wanted, 2 allowed"
        );
    }
}

#[tokio::test]
async fn disabling_the_source_takes_nothing_from_its_replicas() {
    let mut stage = Stage::new(&one()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.disable(&source);
    stage.local.pass(SignedDuration::from_hours(30)).await;
    assert_eq!(
        stage.replica(&source, IRELAND).await.launch_permissions,
        accounts(&[PARTNER])
    );
}

#[tokio::test]
async fn a_permission_that_someone_took_from_a_replica_is_put_back() {
    let mut stage = Stage::new(&one()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    let replica = stage.replica(&source, IRELAND).await;
    let at = format!("{IRELAND}/{}", replica.id).parse().unwrap();
    stage.share(&at, &[], &[PARTNER]);
    stage.local.settle().await;
    assert_eq!(
        stage.replica(&source, IRELAND).await.launch_permissions,
        accounts(&[PARTNER])
    );
}

#[tokio::test]
async fn drift_that_no_event_reported_is_repaired_within_a_day() {
    let mut stage = Stage::new(&one()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage
        .local
        .bus()
        .set_delivery(amiary_simulator::bus::Delivering::Lost);
    let replica = stage.replica(&source, IRELAND).await;
    let at = format!("{IRELAND}/{}", replica.id).parse().unwrap();
    stage.share(&at, &["444444444444"], &[PARTNER]);
    stage.tag(&at, "Team", "meddled");
    stage.local.pass(SignedDuration::from_hours(25)).await;
    let replica = stage.replica(&source, IRELAND).await;
    assert_eq!(
        replica.launch_permissions,
        accounts(&[PARTNER, "444444444444"]),
        "what someone else granted is left"
    );
    assert_eq!(replica.tags["Team"], "web");
    assert_eq!(replica.account, BUILDER);
}

#[tokio::test]
async fn everyone_is_not_spread_from_a_public_source() {
    let mut stage = Stage::new(&one()).await;
    let mut image = golden("golden-1");
    image.launch_permissions.push(LaunchPermission::All);
    let source = stage.publish(image);
    stage.local.settle().await;
    assert_eq!(
        stage.replica(&source, IRELAND).await.launch_permissions,
        accounts(&[PARTNER])
    );
}

/// The story behind it: packer #3761; NixOS/amis #35.
#[tokio::test]
async fn snapshots_are_shared_where_the_policy_says_so() {
    let wants = Wants {
        sharing: "as-source = true\nsnapshots = [\"partner\"]",
        ..one()
    };
    let mut stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    assert!(stage.is_replicated(&source, 1).await);
    let replica = stage.replica(&source, IRELAND).await;
    for snapshot in replica.snapshots {
        assert_eq!(snapshot.create_volume_permissions, accounts(&[PARTNER]));
    }
}

#[tokio::test]
async fn an_account_that_a_new_revision_drops_is_taken_back_by_the_next_schedule() {
    let mut stage = Stage::new(&Wants {
        sharing: "accounts = [\"partner\", \"production\"]",
        ..one()
    })
    .await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    assert_eq!(
        stage.replica(&source, IRELAND).await.launch_permissions,
        accounts(&[PARTNER, PRODUCTION])
    );
    let fewer = Wants {
        sharing: "accounts = [\"partner\"]",
        ..one()
    };
    stage.replace_policy(&fewer.policy()).await;
    stage.local.pass(SignedDuration::from_mins(16)).await;
    assert_eq!(
        stage.replica(&source, IRELAND).await.launch_permissions,
        accounts(&[PARTNER])
    );
    stage.world().forget_calls();
    stage.local.pass(SignedDuration::from_mins(16)).await;
    assert_eq!(stage.count("ModifyImageAttribute"), 0, "once");
}

#[tokio::test]
async fn a_destination_that_a_new_revision_adds_is_copied_alone_by_the_next_schedule() {
    let mut stage = Stage::new(&one()).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    stage.world().forget_calls();
    stage.replace_policy(&Wants::default().policy()).await;
    stage.local.pass(SignedDuration::from_mins(30)).await;
    assert!(
        stage.is_replicated(&source, 2).await,
        "{:?}",
        stage.states(&source).await
    );
    assert_eq!(stage.count("CopyImage"), 1);
}
