//! Owns the proof by the real binaries: the three functions as processes, on a served world, behind
//! the template's queues, stream and schedules.

mod broken_off;
mod late;
mod logs;
mod main_job;
mod messages;
mod starting;

use amiary_domain::ids::ImageRef;
use amiary_simulator::LaunchPermission;
use amiary_tests::lambda::Deployment;
use amiary_tests::{BUILDER, PARTNER, PRODUCTION, Wants};
use serde_json::Value;

/// Two places in the builder's account, and one in production.
const PLACES: [(&str, &str); 3] = [
    (BUILDER, "eu-west-1"),
    (BUILDER, "ap-southeast-2"),
    (PRODUCTION, "eu-west-1"),
];

/// What goes to [`PLACES`].
fn everywhere() -> Wants {
    Wants {
        production: vec!["eu-west-1"],
        ..Wants::default()
    }
}

/// Lets things happen until an image is at all of [`PLACES`] and its owner knows; nothing is done
/// twice, and nothing is left lent. Of runs at once one may yield, and then its message comes again.
async fn ends_well(aws: &mut Deployment, source: &ImageRef) {
    for _ in 0..5 {
        aws.quiet().await;
        if is_well(aws, source).await {
            break;
        }
        aws.skip_hiding().await;
    }
    assert!(is_well(aws, source).await, "{}", aws.told());
    let partner = [LaunchPermission::Account(PARTNER.to_owned())];
    for (account, region) in PLACES {
        let place = format!("{account}/{region}");
        let replica = aws.stage.replica(source, &place).await;
        assert_eq!(
            aws.stage.images(account, region).len(),
            1,
            "one copy at {place}"
        );
        assert_eq!(
            replica.launch_permissions,
            partner.clone().into(),
            "{place}"
        );
        assert_eq!(replica.tags["Team"], "web", "{place}");
        assert_eq!(replica.tags["ManagedBy"], "amiary", "{place}");
        assert!(!replica.tags.contains_key("build:id"), "{place}");
        let key = Some(aws.stage.key(&place));
        let mut snapshots = replica.snapshots.iter();
        assert!(snapshots.all(|s| s.kms_key.as_deref() == key), "{place}");
    }
    let (account, region) = (source.place.account.as_str(), source.place.region.as_str());
    let seen = aws.stage.world().image(account, region, source.id.as_str());
    let seen = seen.unwrap();
    assert_eq!(seen.launch_permissions, partner.into(), "a loan is left");
    let mut snapshots = seen.snapshots.iter();
    assert!(snapshots.all(|s| s.create_volume_permissions.is_empty()));
    let told = aws.stage.inbox();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(told[0].attributes["kind"], "replicated");
}

/// Whether an image is at all of [`PLACES`], its owner knows, and the loan is taken back.
async fn is_well(aws: &Deployment, source: &ImageRef) -> bool {
    let lineage = aws.stage.lineage(source).await;
    let lent = lineage.is_none_or(|lineage| !lineage.source.loans.is_empty());
    let told = !aws.stage.inbox().is_empty();
    !lent && told && aws.stage.is_replicated(source, PLACES.len()).await
}

/// Waits for the first invocation that fails, and gives the error's type and message. Others may
/// end before it.
async fn first_failure(aws: &mut Deployment) -> (String, String) {
    let failed = |aws: &Deployment| -> Option<Value> {
        aws.invoked.iter().find_map(|one| one.answer.clone().err())
    };
    aws.until("an invocation failed", async |aws| failed(aws).is_some())
        .await;
    let error = failed(aws).unwrap();
    let part = |name: &str| text(&error[name]).to_owned();
    (part("errorType"), part("errorMessage"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
