//! Whole runs under hostile answers: nothing is done that unknown facts would not justify, and the
//! next runs with sane answers end converged.

use super::answering::{Between, changed};
use super::answers_by_run::Then::{Again, Invocation, Well};
use super::answers_by_run::When::{self, New, Settled};
use super::answers_by_run::{Row, of_a_new_image, of_schedules};
use super::bends::refused;
use super::told::{Log, is_a_sound_notice, shows_as_it_is};
use amiary_aws::record::LINEAGE_PREFIX;
use amiary_domain::ids::ImageRef;
use amiary_domain::lineage::ReplicaState;
use amiary_runtime::{Failure, Worker};
use amiary_simulator::LaunchPermission;
use amiary_tests::{BUILDER, PARTNER, PRODUCTION, SOURCE_REGION, Stage, Wants, golden};
use jiff::SignedDuration;
use serde_json::{Value, json};

/// How many cases there are.
pub fn count() -> usize {
    of_a_new_image().len() + of_schedules().len()
}

/// A stage, its image, and workers of the functions that meet the hostile answers.
struct Run {
    stage: Stage,
    source: ImageRef,
    between: Between,
    replicate: Worker,
    reconcile: Worker,
}

impl Run {
    async fn new(when: When) -> Self {
        let mut stage = Stage::new(&Wants {
            own: vec!["eu-west-1"],
            production: vec!["eu-west-1"],
            ..Wants::default()
        })
        .await;
        let mut image = golden("golden-1");
        image.encrypted_with = Some("alias/golden".to_owned());
        let source = stage.publish(image);
        if when == Settled {
            stage.local.settle().await;
            assert!(stage.is_replicated(&source, 2).await);
            // The next schedule is the hostile one.
            stage.world().advance(SignedDuration::from_hours(25));
        }
        let between = Between::default();
        let replicate = between.worker(stage.world(), "replicate").await;
        let reconcile = between.worker(stage.world(), "reconcile").await;
        Self {
            stage,
            source,
            between,
            replicate,
            reconcile,
        }
    }

    /// The invocation: what it answers, or its failure.
    async fn invoke(&self, when: When) -> Result<Value, Failure> {
        if when != New {
            return amiary_reconcile::handle(&self.reconcile, json!({}), None).await;
        }
        let event = json!({
            "version": "0", "id": "1", "detail-type": "EC2 AMI State Change", "source": "aws.ec2",
            "account": BUILDER, "region": SOURCE_REGION, "time": "2026-01-01T00:00:00Z",
            "detail": {"ImageId": self.source.id.as_str(), "State": "available"},
        });
        let batch = json!({"Records": [{"messageId": "m", "body": event.to_string()}]});
        let batch = serde_json::from_value(batch).unwrap();
        let answer = amiary_replicate::handle(&self.replicate, batch, None).await?;
        Ok(serde_json::to_value(answer).unwrap())
    }

    /// What is wrong after the hostile run: it did what unknown facts do not justify.
    async fn overreached(&self, when: When) -> Option<String> {
        for account in [BUILDER, PRODUCTION] {
            let images = self.stage.images(account, "eu-west-1");
            if images.len() > 1 {
                return Some(format!("{} copies in {account}", images.len()));
            }
            if when == Settled {
                let shared = LaunchPermission::Account(PARTNER.to_owned());
                if images.len() != 1 || images[0].launch_permissions != [shared].into() {
                    return Some(format!("{account}'s replica is not shared as it was"));
                }
                if images[0].tags.get("Role").map(String::as_str) != Some("golden") {
                    return Some(format!("{account}'s replica lost tags"));
                }
            }
        }
        let states = self.stage.states(&self.source).await;
        let lost =
            |state: &ReplicaState| matches!(state, ReplicaState::Gone | ReplicaState::Failed);
        if states.values().any(lost) {
            return Some(format!("{states:?}"));
        }
        let told = self.stage.inbox();
        let kinds: Vec<&String> = told
            .iter()
            .map(|message| &message.attributes["kind"])
            .collect();
        let right = if when == Settled {
            vec!["replicated"]
        } else {
            Vec::new()
        };
        (kinds != right).then(|| format!("owners were told {kinds:?}"))
    }

    /// What is wrong in the end, with sane answers.
    async fn diverged(&self) -> Option<String> {
        if !self.stage.is_replicated(&self.source, 2).await {
            return Some(format!("{:?}", self.stage.states(&self.source).await));
        }
        let partner = LaunchPermission::Account(PARTNER.to_owned());
        for account in [BUILDER, PRODUCTION] {
            let images = self.stage.images(account, "eu-west-1");
            if images.len() != 1 || images[0].launch_permissions != [partner.clone()].into() {
                return Some(format!("in the end {account} has {images:#?}"));
            }
        }
        let source = self
            .stage
            .world()
            .image(BUILDER, SOURCE_REGION, self.source.id.as_str())
            .unwrap();
        let lent = source
            .snapshots
            .iter()
            .any(|s| !s.create_volume_permissions.is_empty());
        if lent || source.launch_permissions != [partner].into() {
            return Some("a loan is left".to_owned());
        }
        let told = self.stage.inbox();
        for message in &told {
            is_a_sound_notice(
                message.subject.as_deref().unwrap_or_default(),
                &message.message,
            );
        }
        let kinds: Vec<&String> = told
            .iter()
            .map(|message| &message.attributes["kind"])
            .collect();
        (kinds != ["replicated"]).then(|| format!("owners were told {kinds:?}"))
    }
}

/// One row: what is wrong with it, if anything.
async fn problem(row: Row) -> Option<String> {
    let (when, what, operation, region, bend, then) = row;
    let case = format!("{when:?}: {what}");
    let mut run = Run::new(when).await;
    let log = Log::kept();
    run.between.bend(operation, region, bend);
    let answer = run.invoke(when).await;
    if run.between.let_through() == 0 {
        return Some(format!("{case}: {operation} was not called"));
    }
    let right = match (&answer, then) {
        (Err(failure), Invocation(said)) => {
            let chain = failure.chain();
            shows_as_it_is(&chain);
            chain.contains(said)
        }
        (Ok(answer), Again) => answer["batchItemFailures"][0]["itemIdentifier"] == "m",
        (Ok(answer), Well) => answer["batchItemFailures"]
            .as_array()
            .is_none_or(Vec::is_empty),
        _ => false,
    };
    if !right {
        return Some(format!(
            "{case}: {then:?}, but {answer:?}\n{}",
            log.lines().join("\n")
        ));
    }
    if let Some(wrong) = run.overreached(when).await {
        return Some(format!("{case}: {wrong}\n{}", log.lines().join("\n")));
    }
    run.stage.local.settle().await;
    run.stage.local.pass(SignedDuration::from_hours(2)).await;
    let lines = log.lines();
    let wrong = run.diverged().await?;
    Some(format!("{case}: {wrong}\n{}", lines.join("\n")))
}

async fn none_is_wrong(rows: Vec<Row>) {
    let mut problems = Vec::new();
    for row in rows {
        problems.extend(problem(row).await);
    }
    assert!(
        problems.is_empty(),
        "{} are otherwise:\n{}",
        problems.len(),
        problems.join("\n\n")
    );
}

#[tokio::test]
async fn a_new_image_is_replicated_once_whatever_its_event_was_answered() {
    none_is_wrong(of_a_new_image()).await;
}

#[tokio::test]
async fn a_schedule_that_reads_garbage_takes_nothing_back_and_calls_nothing_gone() {
    none_is_wrong(of_schedules()).await;
}

/// A record that this version can't read stops its own lineage, and no other.
#[tokio::test]
async fn a_garbled_record_stops_its_own_lineage_and_no_other() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let garbled = stage.publish(golden("golden-garbled"));
    let other = stage.publish(golden("golden-other"));
    let between = Between::default();
    let reconcile = between.worker(stage.world(), "reconcile").await;
    amiary_reconcile::handle(&reconcile, json!({}), None)
        .await
        .unwrap();
    let key = format!("{LINEAGE_PREFIX}{garbled}");
    between.bend(
        "Query",
        None,
        changed(move |body| {
            if body.contains(&key)
                && body.contains("IMAGE#SOURCE")
                && !body.contains("golden-other")
            {
                body.replace("\"format\":{\"N\":\"1\"}", "\"format\":{\"N\":\"99\"}")
            } else {
                body.to_owned()
            }
        }),
    );
    stage.world().advance(SignedDuration::from_mins(10));
    let answer = amiary_reconcile::handle(&reconcile, json!({}), None)
        .await
        .unwrap();
    assert!(between.let_through() > 0);
    assert!(
        answer["unread"].to_string().contains("newer Amiary"),
        "{answer}"
    );
    assert!(stage.is_replicated(&other, 1).await);
    assert!(!stage.is_replicated(&garbled, 1).await);
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert!(stage.is_replicated(&garbled, 1).await);
}

/// What AWS says becomes a cause on record, and an item of the record has its limit.
#[tokio::test]
async fn a_refusal_of_a_megabyte_is_recorded_and_told_in_few_words() {
    let mut stage = Stage::new(&Wants {
        own: vec!["eu-west-1"],
        ..Wants::default()
    })
    .await;
    let log = Log::kept();
    let source = stage.publish(golden("golden-1"));
    let between = Between::default();
    let reconcile = between.worker(stage.world(), "reconcile").await;
    let run = async || {
        let answer = amiary_reconcile::handle(&reconcile, json!({}), None).await;
        stage.world().advance(SignedDuration::from_mins(10));
        answer.unwrap()
    };
    run().await;
    let megabyte = "no &#x9b;31m&#x85; ".repeat(1 << 16);
    between.bend(
        "ModifyImageAttribute",
        None,
        refused(403, "OperationNotPermitted", &megabyte),
    );
    run().await;
    assert!(between.let_through() > 0);
    let lineage = stage.lineage(&source).await.unwrap();
    let cause = lineage.replicas.values().next().unwrap().cause.clone();
    let cause = cause.unwrap();
    assert!(cause.contains("OperationNotPermitted") && cause.len() < 5_000);
    shows_as_it_is(&cause);
    stage.local.settle().await;
    stage.local.pass(SignedDuration::from_hours(1)).await;
    assert!(stage.is_replicated(&source, 1).await);
    for message in stage.inbox() {
        is_a_sound_notice(&message.subject.unwrap(), &message.message);
        assert!(message.message.len() < 16_000);
    }
    assert!(log.lines().iter().all(|line| line.len() < 8_000));
}
