//! Owns the proof that the safety oracle sees what a broken engine does: for each of its rules an
//! engine that goes by the real verdicts, but for one thing.

use amiary_domain::ids::ImageRef;
use amiary_domain::retention::Reason;
use amiary_simulator::oracle::{Cap, Rule, Safeguards, Violation};
use amiary_tests::account::{Account, Pair, Size};
use amiary_tests::retiring::{Flaw, retire, safeguards};
use amiary_tests::{BUILDER, PRODUCTION, SOURCE_REGION};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One family, in which each of the 26 ways of use keeps one image.
const SMALL: Size = Size {
    families: 1,
    unused: 4,
    used: 26,
    young: 5,
};

/// One family of which nothing is used, with more that may go than a day may take.
const PLAIN: Size = Size {
    families: 1,
    unused: 12,
    used: 0,
    young: 5,
};

/// Long enough for nothing to be young any more.
const LONG: SignedDuration = SignedDuration::from_hours(24 * 100);

/// The rules that are broken, and by which calls.
fn broken(violations: &[Violation]) -> BTreeMap<Rule, BTreeSet<&str>> {
    let mut broken: BTreeMap<Rule, BTreeSet<&str>> = BTreeMap::new();
    for violation in violations {
        let calls = broken.entry(violation.rule).or_default();
        calls.insert(&violation.call);
    }
    broken
}

/// What an engine with a flaw breaks, on an account held to safeguards.
async fn caught(account: &Account, safeguards: Safeguards, flaw: Flaw) -> Vec<Violation> {
    account.world().guard(safeguards);
    retire(account, flaw).await;
    account.world().violations()
}

#[track_caller]
fn assert_only(violations: &[Violation], rule: Rule, calls: &[&str]) {
    let calls: BTreeSet<&str> = calls.iter().copied().collect();
    let expected = BTreeMap::from([(rule, calls)]);
    assert_eq!(broken(violations), expected, "{violations:#?}");
}

/// The calls that take an image away.
const STAGES: [&str; 3] = ["DeregisterImage", "DisableImage", "EnableImageDeprecation"];
const ALL: [&str; 4] = [
    "DeleteSnapshot",
    "DeregisterImage",
    "DisableImage",
    "EnableImageDeprecation",
];

#[tokio::test]
async fn what_the_verdicts_let_go_goes_without_a_violation_and_nothing_else_does() {
    let account = Account::new(SMALL).await;
    account.world().guard(safeguards(&account));
    let snapshots: BTreeSet<String> = account
        .unused
        .iter()
        .flat_map(|image| account.view(image).snapshots)
        .map(|snapshot| snapshot.id)
        .collect();
    let done = retire(&account, Flaw::None).await;
    let violations = account.world().violations();
    assert!(violations.is_empty(), "{violations:#?}");
    assert_eq!(done.gone, account.unused);
    assert_eq!(done.deleted, snapshots);
    assert!(done.refused.is_empty(), "{:?}", done.refused);
    for (image, how) in &account.used {
        assert_eq!(account.view(image).state, "available", "used by {how}");
    }
}

/// Whether a way of use is one that only a snapshot shows, or no use but another reason to stay.
fn is_apart(how: &str) -> bool {
    let apart = [
        "a snapshot in",
        "that nobody can read",
        "deregistration protection",
        "a snapshot lock",
        "a tag that",
    ];
    apart.iter().any(|part| how.contains(part))
}

#[tokio::test]
async fn an_engine_that_overlooks_uses_is_caught_at_every_way_of_use() {
    let account = Account::new(SMALL).await;
    // Nobody lists the other account's uses once something is known to use the image.
    let uses = |reason: &Reason| match reason {
        Reason::Used(_) | Reason::InParameter(_) => true,
        Reason::SharedUnseen { with, .. } => with.to_string().contains(PRODUCTION),
        _ => false,
    };
    let violations = caught(&account, safeguards(&account), Flaw::Overlooks(uses)).await;
    for (image, how) in &account.used {
        let of_image = violations
            .iter()
            .filter(|one| one.resource.id == image.id.as_str());
        let rules: BTreeSet<Rule> = of_image.map(|one| one.rule).collect();
        let expected = if is_apart(how) {
            BTreeSet::new()
        } else {
            BTreeSet::from([Rule::InUse])
        };
        assert_eq!(rules, expected, "{how}");
    }
    let rules: BTreeSet<Rule> = violations.iter().map(|one| one.rule).collect();
    assert_eq!(
        rules,
        BTreeSet::from([Rule::InUse, Rule::SharedSnapshot]),
        "{violations:#?}"
    );
}

/// What an engine with a flaw breaks on an account of its own, held to other safeguards where
/// something is to be known that the policy doesn't say.
async fn caught_anew(
    size: Size,
    adjust: impl FnOnce(&Account, &mut Safeguards),
    flaw: Flaw,
) -> Vec<Violation> {
    let account = Account::new(size).await;
    let mut safeguards = safeguards(&account);
    adjust(&account, &mut safeguards);
    caught(&account, safeguards, flaw).await
}

fn first_unused(account: &Account) -> String {
    let unused = account.unused.iter();
    let mut sources = unused.filter(|image| image.place.region.as_str() == SOURCE_REGION);
    sources.next().unwrap().id.as_str().to_owned()
}

#[tokio::test]
async fn an_engine_that_knows_nothing_of_a_declared_reference_is_caught() {
    let refer = |account: &Account, safeguards: &mut Safeguards| {
        safeguards.references.insert(first_unused(account));
    };
    assert_only(
        &caught_anew(PLAIN, refer, Flaw::None).await,
        Rule::InUse,
        &ALL,
    );
}

#[tokio::test]
async fn an_engine_that_overlooks_a_hold_tag_is_caught() {
    let held = |reason: &Reason| matches!(reason, Reason::HeldByTag { .. });
    let violations = caught_anew(SMALL, |_, _| {}, Flaw::Overlooks(held)).await;
    assert_only(&violations, Rule::Held, &ALL);
}

#[tokio::test]
async fn an_engine_that_knows_nothing_of_a_held_image_is_caught() {
    let hold = |account: &Account, safeguards: &mut Safeguards| {
        safeguards.held.insert(first_unused(account));
    };
    assert_only(
        &caught_anew(PLAIN, hold, Flaw::None).await,
        Rule::Held,
        &ALL,
    );
}

#[tokio::test]
async fn an_engine_that_overlooks_deregistration_protection_is_caught() {
    let protected = |reason: &Reason| matches!(reason, Reason::Protected { .. });
    let violations = caught_anew(SMALL, |_, _| {}, Flaw::Overlooks(protected)).await;
    assert_only(
        &violations,
        Rule::Protected,
        &["DeregisterImage", "DisableImage"],
    );
}

#[tokio::test]
async fn an_engine_that_overlooks_a_snapshot_lock_is_caught() {
    let locked = |reason: &Reason| matches!(reason, Reason::Locked { .. });
    let violations = caught_anew(SMALL, |_, _| {}, Flaw::Overlooks(locked)).await;
    assert_only(&violations, Rule::Protected, &["DeleteSnapshot"]);
}

#[tokio::test]
async fn an_engine_that_counts_a_stranger_to_a_family_is_caught() {
    let leave_out = |account: &Account, safeguards: &mut Safeguards| {
        safeguards.families[0]
            .sources
            .remove(&first_unused(account));
    };
    assert_only(
        &caught_anew(PLAIN, leave_out, Flaw::None).await,
        Rule::Foreign,
        &ALL,
    );
}

#[tokio::test]
async fn an_engine_in_an_account_that_is_not_named_is_caught() {
    let leave_out = |_: &Account, safeguards: &mut Safeguards| safeguards.accounts.clear();
    assert_only(
        &caught_anew(PLAIN, leave_out, Flaw::None).await,
        Rule::Foreign,
        &ALL,
    );
}

/// Publishes and records four newer pairs, each an hour after the one before.
async fn publish_newer(account: &Account) {
    for number in 101..=104 {
        account.world().advance(SignedDuration::from_hours(1));
        account.record(&account.publish_pair("f0", number)).await;
    }
}

#[tokio::test]
async fn an_engine_that_retires_what_the_record_does_not_know_is_caught() {
    let account = Account::new(PLAIN).await;
    let stranger = account.publish_pair("f0", 100).source;
    publish_newer(&account).await;
    account.world().advance(LONG);
    let guards = safeguards(&account);
    let violations = caught(&account, guards, Flaw::TakesIn(stranger)).await;
    assert_only(&violations, Rule::Unrecorded, &ALL);
}

#[tokio::test]
async fn an_engine_that_tells_nobody_is_caught() {
    for flaw in [Flaw::Unannounced, Flaw::Nameless] {
        let violations = caught_anew(PLAIN, |_, _| {}, flaw).await;
        assert_only(&violations, Rule::Unnotified, &ALL);
    }
}

#[tokio::test]
async fn an_engine_that_waits_for_nothing_is_caught() {
    let violations = caught_anew(PLAIN, |_, _| {}, Flaw::Hasty).await;
    assert_only(&violations, Rule::InsideDelay, &STAGES);
}

#[tokio::test]
async fn an_engine_that_overlooks_how_young_an_image_is_is_caught() {
    let account = Account::new(PLAIN).await;
    publish_newer(&account).await;
    let young = |reason: &Reason| matches!(reason, Reason::Young { .. });
    let violations = caught(&account, safeguards(&account), Flaw::Overlooks(young)).await;
    assert_only(&violations, Rule::InsideDelay, &ALL);
}

/// An account in which nothing is young.
async fn grown() -> Account {
    let account = Account::new(PLAIN).await;
    publish_newer(&account).await;
    account.world().advance(LONG);
    account
}

#[tokio::test]
async fn an_engine_that_overlooks_how_many_are_kept_is_caught() {
    let account = grown().await;
    let among = |reason: &Reason| matches!(reason, Reason::AmongNewest { .. });
    let violations = caught(&account, safeguards(&account), Flaw::Overlooks(among)).await;
    assert_only(&violations, Rule::AmongLast, &ALL);
}

#[tokio::test]
async fn an_engine_that_lets_the_newest_go_is_caught_where_none_need_be_kept() {
    let account = grown().await;
    let mut guards = safeguards(&account);
    guards.families[0].keep_sources.last = 0;
    guards.families[0].keep_replicas.last = 0;
    let newest =
        |reason: &Reason| matches!(reason, Reason::NewestVerified | Reason::AmongNewest { .. });
    let violations = caught(&account, guards, Flaw::Overlooks(newest)).await;
    assert_only(&violations, Rule::NewestVerified, &ALL);
}

#[tokio::test]
async fn an_engine_that_counts_no_day_is_caught() {
    let violations = caught_anew(PLAIN, |_, _| {}, Flaw::Uncapped).await;
    assert_only(&violations, Rule::OverCap, &STAGES);
}

#[tokio::test]
async fn an_engine_that_takes_too_large_a_share_of_a_family_is_caught() {
    let share = |_: &Account, safeguards: &mut Safeguards| {
        let cap = Cap {
            count: None,
            percent: Some(5),
        };
        safeguards.most_per_day = [("DisableImage".to_owned(), cap)].into();
    };
    assert_only(
        &caught_anew(PLAIN, share, Flaw::None).await,
        Rule::OverCap,
        &["DisableImage"],
    );
}

fn ec2(account: &Account, operation: &str, asked: Value) -> Value {
    let answer = account
        .world()
        .perform(BUILDER, SOURCE_REGION, "ec2", operation, asked);
    answer.unwrap_or_else(|error| panic!("{operation}: {error}"))
}

/// Registers an image over a snapshot.
fn register(account: &Account, name: &str, snapshot: &Value) -> ImageRef {
    let device = json!({"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}});
    let asked = json!({"Name": name, "RootDeviceName": "/dev/xvda", "Architecture": "x86_64",
                       "BlockDeviceMappings": [device]});
    let made = ec2(account, "RegisterImage", asked);
    let id = made["ImageId"].as_str().unwrap();
    format!("{BUILDER}/{SOURCE_REGION}/{id}").parse().unwrap()
}

#[tokio::test]
async fn an_engine_that_deletes_a_snapshot_of_another_image_is_caught() {
    for (flaw, rules) in [(Flaw::AnySnapshot, true), (Flaw::None, false)] {
        let account = Account::new(PLAIN).await;
        let unused: ImageRef = format!("{BUILDER}/{SOURCE_REGION}/{}", first_unused(&account))
            .parse()
            .unwrap();
        let snapshot = json!(account.view(&unused).snapshots[0].id);
        register(&account, "somebody's", &snapshot);
        let violations = caught(&account, safeguards(&account), flaw).await;
        if rules {
            assert_only(&violations, Rule::SharedSnapshot, &["DeleteSnapshot"]);
        } else {
            assert!(violations.is_empty(), "{violations:#?}");
        }
    }
}

#[tokio::test]
async fn an_engine_that_deletes_a_snapshot_that_was_there_before_its_image_is_caught() {
    let account = Account::new(PLAIN).await;
    let volume = ec2(
        &account,
        "CreateVolume",
        json!({"AvailabilityZone": format!("{SOURCE_REGION}a"), "Size": 8}),
    );
    let snapshot = ec2(
        &account,
        "CreateSnapshot",
        json!({"VolumeId": volume["VolumeId"]}),
    );
    account.world().advance(SignedDuration::from_hours(24));
    let source = register(&account, "f0-100", &snapshot["SnapshotId"]);
    let replica = account.publish_copy(&source, "f0-100", 100);
    let family = "f0".to_owned();
    account
        .record(&Pair {
            family,
            source,
            replica,
        })
        .await;
    for number in 101..104 {
        account.record(&account.publish_pair("f0", number)).await;
    }
    account
        .world()
        .advance(SignedDuration::from_hours(24 * 100));
    let guards = safeguards(&account);
    let violations = caught(&account, guards, Flaw::AnySnapshot).await;
    assert_only(&violations, Rule::OlderSnapshot, &["DeleteSnapshot"]);
}

#[tokio::test]
async fn an_engine_that_deletes_snapshots_before_the_image_is_gone_is_caught() {
    let violations = caught_anew(PLAIN, |_, _| {}, Flaw::SnapshotsFirst).await;
    assert_only(&violations, Rule::NotInBin, &["DeleteSnapshot"]);
}
