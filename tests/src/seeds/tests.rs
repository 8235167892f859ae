//! What must hold is held to: each thing that must not be is put into a world by hand, and found.

use super::draw;
use super::people::Made;
use super::policy::{Family, Policy, Ready, Sharing, Spot, TagRules};
use super::scenario::{NewSource, Scenario};
use super::stage::Stage;
use super::{play, shrink, tell};
use crate::{BUILDER, PARTNER, PRODUCTION, SOURCE_REGION};
use amiary_simulator::{Call, NewImage};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const IRELAND: &str = "eu-west-1";
const SYDNEY: &str = "ap-southeast-2";
const STRANGER: &str = "999999999999";

/// A world in which nothing goes wrong: an encrypted image, a destination of its own account and
/// one of another.
fn quiet() -> Scenario {
    let destinations = BTreeMap::from([
        (Spot::new(BUILDER, IRELAND), Some("alias/golden")),
        (Spot::new(PRODUCTION, SYDNEY), Some("alias/silver")),
    ]);
    let family = Family {
        name: "web",
        home: BUILDER,
        regions: vec![SOURCE_REGION],
        by_role: false,
        ready: Ready::Available,
        destinations,
        sharing: Sharing {
            as_source: true,
            accounts: vec![PARTNER],
            ..Sharing::default()
        },
        tags: TagRules {
            copy: true,
            drop_build: true,
            add: true,
        },
    };
    Scenario {
        policy: Policy {
            families: vec![family],
            copies_per_run: None,
            revocations_per_run: None,
        },
        images: vec![NewSource {
            at: 1,
            spot: Spot::new(BUILDER, SOURCE_REGION),
            name: "web-0".to_owned(),
            tags: vec![("Team", "web"), ("build:id", "4711")],
            is_encrypted: true,
            volumes: 1,
            shared_with: vec![super::policy::AUDITOR],
            is_public: false,
        }],
        meddlings: Vec::new(),
        faults: Vec::new(),
        events: None,
        lag: None,
        clocks: None,
        yields: None,
        missed: None,
        quota: None,
        is_deaf: false,
        minutes: 30,
    }
}

/// That world at its end, when all of it holds.
async fn done() -> Stage {
    let mut stage = Stage::new(1, quiet()).await;
    play(&mut stage).await;
    assert!(stage.watch.broken.is_empty(), "{:#?}", stage.watch.broken);
    stage
}

impl Stage {
    fn only_source(&self) -> Made {
        let id = self.images[0].clone().expect("it is published");
        self.people.made[&id].clone()
    }

    /// The replica in Ireland.
    fn only_replica(&self) -> String {
        let images = self.world.images(BUILDER, IRELAND);
        images[0].id.clone()
    }

    fn put(&mut self, region: &str, operation: &str, parameters: Value) -> Value {
        let spot = Spot::new(BUILDER, region);
        self.perform(&spot, "ec2", operation, parameters)
            .expect("it works")
    }

    /// A call as if a function of Amiary's had made it.
    fn call(&mut self, function: &str, region: &str, operation: &str, parameters: Value) {
        let call = Call {
            at: self.world.now(),
            account: BUILDER.to_owned(),
            region: region.to_owned(),
            caller: format!("arn:aws:sts::{BUILDER}:assumed-role/{function}/session"),
            user_agent: String::new(),
            service: "ec2".to_owned(),
            operation: operation.to_owned(),
            parameters,
            resources: Vec::new(),
            context: BTreeMap::new(),
            error: None,
            mutating: true,
        };
        let views = self.watch.views.clone().into_values().collect();
        self.watch
            .look(&mut self.people, &self.keys, vec![call], views);
    }

    async fn finds(mut self, invariant: &str) {
        self.look();
        self.everything_even_so().await;
        let found: Vec<&str> = self.watch.broken.iter().map(|one| one.invariant).collect();
        assert!(
            found.contains(&invariant),
            "{invariant:?} is not among {found:?}"
        );
    }
}

#[tokio::test]
async fn a_replica_of_a_replica_is_found() {
    let mut stage = done().await;
    let replica = stage.only_replica();
    let copy = json!({ "Name": "again", "SourceImageId": replica, "SourceRegion": IRELAND });
    stage.put(SOURCE_REGION, "CopyImage", copy);
    stage.finds("no replica of a replica").await;
}

#[tokio::test]
async fn a_call_that_would_copy_a_replica_is_found() {
    let mut stage = done().await;
    let copy = json!({ "SourceImageId": stage.only_replica(), "ClientToken": "t" });
    stage.call("reconcile", IRELAND, "CopyImage", copy);
    stage.finds("no replica of a replica").await;
}

/// Makes a second copy of the source at a place, encrypted or not.
async fn second_copy(region: &str, is_encrypted: bool) -> Stage {
    let mut stage = done().await;
    let source = stage.only_source();
    let mut copy = json!({
        "Name": "again", "SourceImageId": source.id, "SourceRegion": SOURCE_REGION,
    });
    if is_encrypted {
        copy["Encrypted"] = json!(true);
        copy["KmsKeyId"] = json!("alias/silver");
    }
    stage.put(region, "CopyImage", copy);
    stage
}

#[tokio::test]
async fn a_second_copy_is_found() {
    second_copy(IRELAND, true).await.finds("none twice").await;
}

#[tokio::test]
async fn a_copy_that_no_record_knows_is_found() {
    let invariant = "every started copy is recorded";
    second_copy(IRELAND, true).await.finds(invariant).await;
}

#[tokio::test]
async fn a_copy_under_another_key_is_found() {
    let invariant = "encryption is never lost";
    second_copy(IRELAND, true).await.finds(invariant).await;
}

#[tokio::test]
async fn a_copy_at_no_destination_is_found() {
    let invariant = "none where the policy names no destination";
    second_copy("us-west-2", true).await.finds(invariant).await;
}

#[tokio::test]
async fn a_call_that_copies_to_no_destination_is_found() {
    let mut stage = done().await;
    let copy = json!({ "SourceImageId": stage.only_source().id, "ClientToken": "t" });
    stage.call("reconcile", "us-west-2", "CopyImage", copy);
    stage
        .finds("none where the policy names no destination")
        .await;
}

#[tokio::test]
async fn a_call_that_copies_without_encryption_is_found() {
    let mut stage = done().await;
    let copy = json!({ "SourceImageId": stage.only_source().id, "ClientToken": "t" });
    stage.call("reconcile", IRELAND, "CopyImage", copy);
    stage.finds("encryption is never lost").await;
}

/// Shares an image with someone, past everything that is written down.
async fn shared(with: &str, of_source: bool, change: &str) -> Stage {
    let mut stage = done().await;
    let (region, id) = if of_source {
        (SOURCE_REGION, stage.only_source().id)
    } else {
        (IRELAND, stage.only_replica())
    };
    let permission = json!({ change: [{ "UserId": with }] });
    let parameters = json!({ "ImageId": id, "LaunchPermission": permission });
    stage.put(region, "ModifyImageAttribute", parameters);
    stage
}

#[tokio::test]
async fn a_stranger_at_a_replica_is_found() {
    let invariant = "no replica is shared with strangers";
    shared(STRANGER, false, "Add").await.finds(invariant).await;
}

#[tokio::test]
async fn a_loan_that_spread_to_a_replica_is_found() {
    let invariant = "nothing is shared beyond the policy";
    shared(PRODUCTION, false, "Add")
        .await
        .finds(invariant)
        .await;
}

#[tokio::test]
async fn a_permission_that_is_missing_is_found() {
    let invariant = "it is shared as the policy wants";
    shared(PARTNER, false, "Remove")
        .await
        .finds(invariant)
        .await;
}

#[tokio::test]
async fn a_loan_that_is_left_is_found() {
    let invariant = "no loan is left over";
    shared(PRODUCTION, true, "Add").await.finds(invariant).await;
}

#[tokio::test]
async fn a_source_lent_to_a_stranger_is_found() {
    let invariant = "a source is lent only to who copies it";
    shared(STRANGER, true, "Add").await.finds(invariant).await;
}

#[tokio::test]
async fn a_permission_taken_from_a_source_is_found() {
    let invariant = "a source's permissions are its owner's";
    let auditor = super::policy::AUDITOR;
    shared(auditor, true, "Remove").await.finds(invariant).await;
}

#[tokio::test]
async fn a_tag_on_a_source_is_found() {
    let mut stage = done().await;
    let tags = json!([{ "Key": "Note", "Value": "x" }]);
    let parameters = json!({ "Resources": [stage.only_source().id], "Tags": tags });
    stage.put(SOURCE_REGION, "CreateTags", parameters);
    stage.finds("a source's tags are its owner's").await;
}

#[tokio::test]
async fn a_tag_that_is_missing_is_found() {
    let mut stage = done().await;
    let tags = json!([{ "Key": "ManagedBy" }]);
    let parameters = json!({ "Resources": [stage.only_replica()], "Tags": tags });
    stage.put(IRELAND, "DeleteTags", parameters);
    stage.finds("it is tagged as the policy wants").await;
}

#[tokio::test]
async fn a_snapshot_without_tags_is_found() {
    let mut stage = done().await;
    let replica = stage.world.images(BUILDER, IRELAND).remove(0);
    let parameters = json!({ "Resources": [replica.snapshots[0].id] });
    stage.put(IRELAND, "DeleteTags", parameters);
    stage.finds("no snapshot without tags").await;
}

#[tokio::test]
async fn snapshots_that_are_shared_are_found() {
    let mut stage = done().await;
    let replica = stage.world.images(BUILDER, IRELAND).remove(0);
    let parameters = json!({
        "SnapshotId": replica.snapshots[0].id, "Attribute": "createVolumePermission",
        "CreateVolumePermission": { "Add": [{ "UserId": STRANGER }] },
    });
    stage.put(IRELAND, "ModifySnapshotAttribute", parameters);
    stage
        .finds("snapshots are shared as the policy wants")
        .await;
}

#[tokio::test]
async fn a_replica_that_is_gone_is_found() {
    let mut stage = done().await;
    let parameters = json!({ "ImageId": stage.only_replica() });
    stage.put(IRELAND, "DeregisterImage", parameters);
    stage.finds("a verified replica is there").await;
}

#[tokio::test]
async fn a_deletion_is_found() {
    let mut stage = done().await;
    let parameters = json!({ "ImageId": stage.only_replica() });
    stage.call("reconcile", IRELAND, "DeregisterImage", parameters);
    stage
        .finds("Amiary deletes nothing, and does only what it is for")
        .await;
}

#[tokio::test]
async fn a_call_that_tags_a_source_is_found() {
    let mut stage = done().await;
    let parameters = json!({ "Resources": [stage.only_source().id], "Tags": [] });
    stage.call("reconcile", SOURCE_REGION, "CreateTags", parameters);
    stage.finds("people's images stay as they are").await;
}

fn taking_back(from: &str, id: &str) -> Value {
    json!({ "ImageId": id, "LaunchPermission": { "Remove": [{ "UserId": from }] } })
}

#[tokio::test]
async fn an_event_that_takes_back_is_found() {
    let mut stage = done().await;
    let parameters = taking_back(PARTNER, &stage.only_replica());
    stage.call("replicate", IRELAND, "ModifyImageAttribute", parameters);
    stage.finds("an event takes nothing back").await;
}

#[tokio::test]
async fn taking_back_what_someone_else_shared_is_found() {
    let mut stage = done().await;
    let parameters = taking_back(STRANGER, &stage.only_replica());
    stage.call("reconcile", IRELAND, "ModifyImageAttribute", parameters);
    stage.finds("only what Amiary shared is taken back").await;
}

#[tokio::test]
async fn a_destination_without_a_replica_is_found() {
    let mut stage = done().await;
    let mut policy = stage.people.policy().clone();
    let spot = Spot::new(BUILDER, "us-west-2");
    policy.families[0].destinations.insert(spot, None);
    let now = stage.world.now();
    policy.families[0]
        .destinations
        .retain(|_, key| key.is_none());
    policy.families[0]
        .destinations
        .insert(Spot::new(BUILDER, SYDNEY), Some("alias/golden"));
    stage.people.policies.push((now, policy));
    stage.finds("it converges").await;
}

#[tokio::test]
async fn an_image_that_was_overlooked_is_found() {
    let mut stage = done().await;
    let image = NewImage::new(BUILDER, SOURCE_REGION, "web-1");
    let id = stage.world.publish_image(image);
    stage.made(&Spot::new(BUILDER, SOURCE_REGION), &id);
    stage.finds("what the policy selects is on record").await;
}

#[tokio::test]
async fn a_notice_that_was_lost_is_found() {
    let mut stage = done().await;
    stage.watch.calls.retain(|call| call.operation != "Publish");
    stage.finds("no notice is lost").await;
}

#[tokio::test]
async fn a_notice_that_was_published_twice_is_found() {
    let mut stage = done().await;
    let published = stage
        .watch
        .calls
        .iter()
        .find(|call| call.operation == "Publish");
    let published = published.expect("it was told").clone();
    stage.watch.calls.push(published);
    stage.finds("a notice is published once").await;
}

#[tokio::test]
async fn a_cause_that_is_told_again_is_found() {
    let mut stage = done().await;
    let published = stage
        .watch
        .calls
        .iter()
        .find(|call| call.operation == "Publish");
    let mut again = published.expect("it was told").clone();
    let text = again.parameters["Message"].as_str().expect("a text");
    again.parameters["Message"] = Value::from(text.replace("/replicated/", "/replicated/9"));
    stage.watch.calls.push(again);
    stage.finds("each cause is told once").await;
}

#[tokio::test]
async fn a_change_after_the_end_is_found() {
    let mut stage = done().await;
    let before = stage.watch.calls.len();
    stage.call(
        "reconcile",
        IRELAND,
        "CreateTags",
        json!({ "Resources": [], "Tags": [] }),
    );
    stage.nothing_since(before, "a further run changes nothing");
    stage.finds("a further run changes nothing").await;
}

#[test]
fn every_policy_that_is_drawn_is_one() {
    for seed in 0..300 {
        let scenario = draw::draw(seed);
        let changed = scenario
            .meddlings
            .iter()
            .filter_map(|(_, meddling)| match meddling {
                super::scenario::Meddling::ChangePolicy(policy) => Some(&**policy),
                _ => None,
            });
        for policy in changed.chain([&scenario.policy]) {
            let document = policy.document();
            let parsed = amiary_domain::policy::parse("policy", &document);
            assert!(
                parsed.is_ok(),
                "seed {seed}: {:?}\n{document}",
                parsed.err()
            );
        }
    }
}

#[test]
fn what_is_left_out_of_a_scenario_is_out_of_it() {
    for seed in 0..100 {
        let scenario = draw::draw(seed);
        let all: BTreeSet<usize> = (0..scenario.size()).collect();
        let least = scenario.without(&all);
        assert!(least.meddlings.is_empty() && least.faults.is_empty());
        assert!(least.images.iter().all(|image| image.at == i64::MAX) || least.images.len() == 1);
        let none = scenario.without(&BTreeSet::new());
        assert_eq!(format!("{none}"), format!("{scenario}"));
    }
}

#[tokio::test]
async fn a_seed_that_holds_has_nothing_to_leave_out() {
    let story = tell(0, &BTreeSet::new()).await;
    assert!(story.broken.is_empty(), "{:#?}", story.broken);
    assert!(shrink(&story, 5).await.is_empty());
}
