//! Proves that the templates are read as they stand, and that what is not understood is refused.

use super::*;

#[test]
fn the_template_has_the_functions_and_their_binaries() {
    let bus = bus();
    assert_eq!(
        bus.functions(),
        ["ReplicateFunction", "ReconcileFunction", "NotifyFunction"]
    );
    let replicate = bus.function("ReplicateFunction").expect("it is there");
    assert_eq!(replicate.binary.as_deref(), Some("replicate"));
    let reconcile = bus.function("ReconcileFunction").expect("it is there");
    assert_eq!(
        reconcile.concurrency,
        Some(1),
        "caps hold over a whole run: one at a time"
    );
}

#[test]
fn a_message_stays_hidden_for_six_times_the_functions_timeout() {
    let bus = bus();
    let timeout = bus
        .function("ReplicateFunction")
        .expect("it is there")
        .timeout;
    let queue = bus
        .wiring
        .queues
        .iter()
        .find(|queue| queue.id == "ImageEventsQueue");
    assert!(queue.expect("it is there").visibility >= timeout * 6);
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    let refused = |from: &str, to: &str| {
        assert!(HUB.contains(from), "the template has {from}");
        let error = Bus::from_template(&HUB.replacen(from, to, 1), ACCOUNT, REGION);
        error.expect_err("it is refused").to_string()
    };
    let reason = refused(
        "State: [available, failed",
        "State: [{ numeric: ['>', 1] }, failed",
    );
    assert!(
        reason.contains("Resources.ImageStateRule.Properties.EventPattern"),
        "{reason}"
    );
    assert!(reason.contains("detail.State: the matcher"), "{reason}");
    let reason = refused("BatchSize: 10", "BatchSize: 10\n            Enabled: false");
    let place = "Resources.ReplicateFunction.Properties.Events.ImageEvents.Properties.Enabled";
    assert!(reason.contains(place), "{reason}");
    let reason = refused("rate(15 minutes)", "cron(0/5 * * * ? *)");
    assert!(
        reason.contains("ReconcileFunction.Properties.Events.Everything"),
        "{reason}"
    );
    let reason = refused(
        "Queue: !GetAtt ImageEventsQueue.Arn",
        "Queue: !GetAtt Nobody.Arn",
    );
    assert!(
        reason.contains("Nobody is neither a parameter nor a resource"),
        "{reason}"
    );
    let reason = refused(
        "Arn: !GetAtt ImageEventsQueue.Arn",
        "Arn: !GetAtt Table.Arn",
    );
    assert!(reason.contains("is no queue of this template"), "{reason}");
    let reason = refused(
        "Name: !Sub \"amiary-${Stage}\"",
        "Name: !Join ['-', [a, b]]",
    );
    assert!(
        reason.contains("the function Join is not understood here"),
        "{reason}"
    );
}

#[test]
fn what_failed_can_only_go_to_a_queue_of_the_template() {
    for (queue, times) in [("ReconcileDeadLetters", 1), ("NoticesDeadLetters", 2)] {
        let destination = format!("Destination: !GetAtt {queue}.Arn");
        assert_eq!(HUB.matches(&destination).count(), times);
        let elsewhere = HUB.replace(&destination, "Destination: !GetAtt Table.Arn");
        let error = Bus::from_template(&elsewhere, ACCOUNT, REGION).expect_err("it is refused");
        assert!(
            error
                .to_string()
                .contains("its failure destination is no queue")
        );
    }
}

#[test]
fn a_spokes_rule_may_only_forward_to_the_hub() {
    let bus = Bus::from_template(HUB, ACCOUNT, REGION).expect("the template is understood");
    let elsewhere = SPOKE.replacen(
        "Arn: !Ref HubBusArn",
        "Arn: !GetAtt UndeliveredEvents.Arn",
        1,
    );
    let error = bus.with_spokes(&elsewhere).expect_err("it is refused");
    assert!(
        error.to_string().contains("targets the hub's bus"),
        "{error}"
    );
}
