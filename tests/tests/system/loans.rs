//! Owns the proof that runs side by side leave no loan behind.

use amiary_domain::observation::Mandate;
use amiary_domain::plan::{Action, Plan, Step};
use amiary_engine::apply::apply;
use amiary_engine::run::{look_at, preview};
use amiary_simulator::LaunchPermission;
use amiary_tests::{BUILDER, PARTNER, SOURCE_REGION, Stage, Wants, golden};
use jiff::SignedDuration;

const IRELAND: &str = "111111111111/eu-west-1";

/// One run has written a loan down and not yet made it; another, for an event about another
/// destination, does not know what the loan is for.
#[tokio::test]
async fn a_loan_that_a_run_is_about_to_make_is_not_given_back_by_another() {
    let mut wants = Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    };
    let mut stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    stage.local.settle().await;
    assert!(stage.is_replicated(&source, 1).await);
    wants.production = vec!["eu-west-1"];
    stage.replace_policy(&wants.policy()).await;

    let session = stage.person.session().await.unwrap();
    let (reading, writing, active) = (session.reading(), session.writing(), &session.active);
    let (observation, plan) = preview(reading, active, &source, Mandate::Schedule)
        .await
        .unwrap();
    let replica = stage.replica(&source, IRELAND).await;
    let replica = format!("{IRELAND}/{}", replica.id).parse().unwrap();
    let [
        Step {
            action: Action::Write(loan),
            ..
        },
    ] = &plan.source[..]
    else {
        panic!("the loan is written down first: {plan:#?}");
    };
    let now = reading.clock.now();
    writing.record.commit(loan, now, "one").await.unwrap();
    look_at(reading, writing, active, &replica, Mandate::Event, None)
        .await
        .unwrap();
    let lending = Plan {
        source: Vec::new(),
        ..plan
    };
    apply(reading, writing, active, &observation, &lending, None).await;

    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(2)).await;
    assert!(stage.is_replicated(&source, 2).await);
    let seen = stage
        .world()
        .image(BUILDER, SOURCE_REGION, source.id.as_str())
        .unwrap();
    let partner = LaunchPermission::Account(PARTNER.to_owned());
    assert_eq!(seen.launch_permissions, [partner].into(), "a loan is left");
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
