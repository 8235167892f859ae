use super::{ends_well, everywhere, first_failure};
use amiary_simulator::World;
use amiary_tests::golden;
use amiary_tests::lambda::{Deployment, Environment, Settings, built};
use serde_json::json;

const FUNCTIONS: [&str; 3] = ["replicate", "reconcile", "notify"];

#[tokio::test]
async fn nothing_is_asked_of_aws_before_the_first_invocation() {
    let world = World::new(1);
    for name in FUNCTIONS {
        let function = Environment::start(&built(name), name, &world);
        function.started().await;
        assert_eq!(world.calls(), [], "{name}");
        assert_eq!(function.end().await.text(), "", "{name}");
    }
}

#[tokio::test]
async fn a_function_that_is_told_to_end_while_it_waits_ends_well() {
    let world = World::new(1);
    for name in FUNCTIONS {
        let function = Environment::start(&built(name), name, &world);
        function.started().await;
        assert_eq!(function.terminate().await.code(), Some(0), "{name}");
    }
}

#[tokio::test]
async fn a_function_without_a_table_answers_every_invocation_with_the_setting_that_is_missing() {
    let world = World::new(1);
    let settings = Settings {
        variables: vec![("AMIARY_TABLE", "")],
        ..Settings::default()
    };
    for name in FUNCTIONS {
        let mut function = Environment::with(&built(name), name, &world, &settings);
        for _ in 0..2 {
            let error = function.invoke(json!({"Records": []})).await.unwrap_err();
            assert_eq!(error["errorType"], "Setting", "{name}");
            let expected = "the setting AMIARY_TABLE is missing: it names the DynamoDB table";
            assert_eq!(error["errorMessage"], expected, "{name}");
        }
        assert_eq!(world.calls(), [], "{name}");
        let told = function.end().await.of_level("ERROR");
        assert_eq!(
            told.len(),
            2,
            "{name}: each invocation tells it once: {told:?}"
        );
    }
}

#[tokio::test]
async fn a_policy_that_this_version_does_not_take_fails_each_invocation_until_another_is_stored() {
    let wants = everywhere();
    let mut aws = Deployment::new(&wants).await;
    aws.stage
        .replace_policy("[caps]\ncopies-per-run = \"many\"\n")
        .await;
    let source = aws.stage.publish(golden("golden-1"));
    let failed = aws.schedule("reconcile").await.unwrap_err();
    assert_eq!(failed["errorType"], "Policy");
    let (kind, message) = first_failure(&mut aws).await;
    assert_eq!(kind, "Policy");
    assert!(message.starts_with("revision 2 of the policy"), "{message}");
    assert!(message.contains("copies-per-run"), "{message}");
    assert_eq!(aws.stage.calls("ec2"), []);
    aws.stage.replace_policy(&wants.policy()).await;
    ends_well(&mut aws, &source).await;
    aws.end().await;
}
