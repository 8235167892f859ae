//! What a new revision of the policy reaches.

use amiary_domain::lineage::ReplicaState;
use amiary_tests::{Stage, Wants, golden};
use jiff::SignedDuration;

/// The event of the last copy completes the lineage just after the policy has changed. It looks at
/// its own replica only, so that the others are still to be looked at under the new revision.
#[tokio::test]
async fn an_event_after_a_change_of_the_policy_does_not_hide_the_other_replicas_from_it() {
    let wants = Wants::default();
    let mut stage = Stage::new(&wants).await;
    let source = stage.publish(golden("golden-1"));
    let verified = async |stage: &Stage| {
        let states = stage.states(&source).await;
        let verified = states.values().filter(|s| **s == ReplicaState::Verified);
        verified.count()
    };
    while verified(&stage).await == 0 {
        stage.local.step().await.expect("a copy arrives");
    }
    assert_eq!(verified(&stage).await, 1, "the other is still being copied");
    let policy = wants.policy().replace("ManagedBy =", "KeptBy =");
    stage.replace_policy(&policy).await;
    while verified(&stage).await < 2 {
        stage.local.step().await.expect("the other arrives");
    }
    stage.local.pass(SignedDuration::from_mins(31)).await;
    for place in ["111111111111/eu-west-1", "111111111111/ap-southeast-2"] {
        let replica = stage.replica(&source, place).await;
        assert!(
            replica.tags.contains_key("KeptBy"),
            "{place}: {:?}",
            replica.tags
        );
        assert!(!replica.tags.contains_key("ManagedBy"), "{place}");
    }
    assert!(stage.is_replicated(&source, 2).await);
}
