use super::{everywhere, text};
use amiary_simulator::{FaultKind, PlannedFault};
use amiary_tests::lambda::{Environment, Settings, built};
use amiary_tests::{Stage, golden};
use serde_json::json;

#[tokio::test]
async fn what_could_not_be_read_is_logged_with_its_whole_chain() {
    let stage = Stage::new(&everywhere()).await;
    stage.publish(golden("golden-1"));
    let refused = PlannedFault::new(FaultKind::throttled()).operation("DescribeImages");
    stage.world().plan_fault(refused.every());
    let mut function = Environment::start(&built("reconcile"), "reconcile", stage.world());
    let error = function.invoke(json!({})).await.unwrap_err();
    assert_eq!(error["errorType"], "Unread");
    let told = text(&error["errorMessage"]);
    let cause = told.strip_prefix("nothing could be read: ").unwrap();
    assert!(cause.starts_with("DescribeImages in "), "{cause}");
    assert!(cause.contains(": RequestLimitExceeded: "), "{cause}");
    let warnings = function.end().await.of_level("WARN");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0]["error"], cause);
}

/// At every level, for whatever the libraries say there.
#[tokio::test]
async fn no_secret_is_logged_even_where_everything_is() {
    let mut stage = Stage::new(&everywhere()).await;
    let source = stage.publish(golden("golden-1"));
    let now = stage.world().now();
    stage.route(now);
    let batch = stage.local.bus().due(now).unwrap().payload;
    let settings = Settings {
        variables: vec![("AMIARY_LOG", "trace")],
        ..Settings::default()
    };
    let world = stage.world();
    let mut function = Environment::with(&built("replicate"), "replicate", world, &settings);
    let answer = function.invoke(batch).await;
    assert_eq!(answer, Ok(json!({"batchItemFailures": []})));
    assert_eq!(stage.states(&source).await.len(), 3);
    let log = function.end().await;
    assert!(log.of_level("TRACE").len() > 100, "everything is logged");
    assert!(
        function.secrets().count() > 2,
        "a role's session among them"
    );
    let text = log.text();
    if let Some(secret) = function.secrets().found_in(&text) {
        let line = text.lines().find(|line| line.contains(&secret));
        panic!("{secret} is in {line:?}");
    }
}
