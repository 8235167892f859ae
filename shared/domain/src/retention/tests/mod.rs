//! Owns the tests of verdicts: each reason, and what must hold over any inventory.

use super::*;
use crate::ids::{ImageId, Place};
use crate::image::{Image, ImageState, LaunchPermission};
use crate::observation::Seen;
use crate::policy::{self, Policy};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

mod caps;
mod evidence;
mod properties;
mod ranks;
mod stories;

const HOME: &str = "111111111111/us-east-1";
const POLICY: &str = r#"[accounts.builders]
id = "111111111111"
[accounts.production]
id = "222222222222"
role = "amiary"
[owners.platform]
topic = "arn:aws:sns:us-east-1:111111111111:images"
[families.web]
owner = "platform"
accounts = ["builders"]
regions = ["us-east-1"]
name = "golden-*"
[[families.web.destinations]]
accounts = ["builders"]
regions = ["eu-west-1"]
key = "alias/golden"
[families.web.retention]
sources = { keep-last = 2, keep-for = "30d", unless-launched-within = "10d" }
replicas = { keep-last = 1, keep-for = "10d" }
hold-tags = { Keep = "*" }
hold-images = ["ami-000000ff"]
"#;

/// Every image that these tests make.
static IMAGES: LazyLock<BTreeSet<ImageId>> = LazyLock::new(|| {
    let ids = (0..0x400).map(|number| format!("ami-{number:08x}").parse().unwrap());
    ids.collect()
});

fn policy_of(text: &str) -> Policy {
    policy::parse("policy.toml", text).unwrap().policy
}

fn policy() -> Policy {
    policy_of(POLICY)
}

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

/// A source of the family, made so many days ago, of which everything is known.
fn source(number: u32, age: i64) -> Subject {
    subject(
        HOME,
        number,
        age,
        Kind::Source {
            unfinished: BTreeSet::new(),
        },
    )
}

/// A replica in Ireland of the source with the number before.
fn replica(number: u32, age: i64) -> Subject {
    let of = format!("{HOME}/ami-{:08x}", number - 1).parse().unwrap();
    subject("111111111111/eu-west-1", number, age, Kind::Replica { of })
}

fn subject(place: &str, number: u32, age: i64, kind: Kind) -> Subject {
    Subject {
        image: Image {
            at: format!("{place}/ami-{number:08x}").parse().unwrap(),
            name: format!("golden-{number}"),
            description: String::new(),
            state: ImageState::Available,
            state_reason: None,
            architecture: "x86_64".to_owned(),
            created: Some(days_ago(age)),
            public: false,
            source: None,
            source_instance: None,
            owner_alias: None,
            ebs_backed: true,
            snapshots: [format!("snap-{number:08x}").parse().unwrap()].into(),
            encrypted: true,
            tags: BTreeMap::new(),
        },
        family: "web".to_owned(),
        kind,
        version: Some(days_ago(age)),
        verified: true,
        held: None,
        launched: Seen::Read(None),
        shared: Seen::Read(BTreeSet::new()),
        protection: Seen::Read(Protection::Off),
        locked: Seen::Read(BTreeMap::new()),
        retirement: Retirement::default(),
    }
}

/// Every lookout of these places, looked at just now, and nothing found.
fn nothing_uses(places: &[&str]) -> Evidence {
    let looks = places.iter().flat_map(|place| {
        let place: Place = place.parse().unwrap();
        let look = Look {
            at: now(),
            outcome: Outcome::Complete,
        };
        Lookout::ALL.map(move |lookout| ((place.clone(), lookout), look.clone()))
    });
    let asked = places.iter();
    let asked = asked.map(|place| (place.parse().unwrap(), IMAGES.clone()));
    Evidence {
        looks: looks.collect(),
        asked: asked.collect(),
        ..Evidence::default()
    }
}

fn quiet() -> Evidence {
    nothing_uses(&[HOME, "111111111111/eu-west-1"])
}

/// The reasons for which the oldest of three sources stays, after a change to it; the other two are
/// new.
fn oldest(change: impl FnOnce(&mut Subject)) -> Vec<Reason> {
    oldest_under(&policy(), &quiet(), change)
}

fn oldest_under(
    policy: &Policy,
    evidence: &Evidence,
    change: impl FnOnce(&mut Subject),
) -> Vec<Reason> {
    let mut inventory = [source(1, 100), source(2, 2), source(3, 1)];
    change(&mut inventory[0]);
    judge(policy, &inventory, evidence, now())[0]
        .verdict
        .reasons()
        .to_vec()
}

#[test]
fn what_is_old_counted_out_and_unused_may_go_and_is_marked_first() {
    let inventory = [source(1, 100), source(2, 2), source(3, 1)];
    let judged = judge(&policy(), &inventory, &quiet(), now());
    assert_eq!(
        judged[0].verdict,
        Verdict::Retire {
            to: Stage::Marked,
            not_before: now()
        }
    );
    assert!(!judged[1].verdict.reasons().is_empty());
    assert_eq!(candidates(&policy(), &inventory, now()), [&inventory[0]]);
}

#[test]
fn each_stage_waits_for_its_delay_from_the_recorded_moment() {
    for (stage, next, days) in [
        (Stage::Marked, Stage::Deprecated, 7),
        (Stage::Deprecated, Stage::Disabled, 14),
        (Stage::Disabled, Stage::Deregistered, 14),
    ] {
        let mut inventory = [source(1, 100), source(2, 2), source(3, 1)];
        inventory[0].retirement.at = Some((stage, days_ago(3)));
        let judged = judge(&policy(), &inventory, &quiet(), now());
        let not_before = days_ago(3) + SignedDuration::from_hours(24 * days);
        assert_eq!(
            judged[0].verdict,
            Verdict::Retire {
                to: next,
                not_before
            },
            "{stage}"
        );
    }
}

/// The first of June 2026 is a Monday.
#[test]
fn nothing_comes_due_outside_of_working_hours() {
    let hours = "[working-hours]\ndays = [\"tue\", \"wed\"]\nfrom = \"09:00\"\nto = \"17:00\"\n\
                 time-zone = \"Europe/Berlin\"\n";
    let policy = policy_of(&format!("{POLICY}{hours}"));
    let due = |at: Option<(Stage, i64)>, now: Timestamp| {
        let mut inventory = [source(1, 100), source(2, 2), source(3, 1)];
        inventory[0].retirement.at = at.map(|(stage, days)| (stage, days_ago(days)));
        let judged = judge(&policy, &inventory, &quiet(), now);
        match judged[0].verdict {
            Verdict::Retire { not_before, .. } => not_before,
            Verdict::Keep(_) => panic!("it may go"),
        }
    };
    let tuesday: Timestamp = "2026-06-02T07:00:00Z".parse().unwrap();
    assert_eq!(due(None, now()), tuesday);
    assert_eq!(due(Some((Stage::Marked, 20)), now()), tuesday, "overdue");
    let next_tuesday: Timestamp = "2026-06-09T07:00:00Z".parse().unwrap();
    let ends_next_sunday = Some((Stage::Marked, 1));
    assert_eq!(due(ends_next_sunday, now()), next_tuesday);
}

#[test]
fn a_family_without_retention_keeps_everything() {
    let without = POLICY.split("[families.web.retention]").next().unwrap();
    let reasons = oldest_under(&policy_of(without), &quiet(), |_| {});
    assert_eq!(
        reasons,
        [Reason::NoRule {
            family: "web".to_owned()
        }]
    );
    let reasons = oldest(|subject| subject.family = "dropped".to_owned());
    assert!(reasons.contains(&Reason::NoRule {
        family: "dropped".to_owned()
    }));
}

#[test]
fn an_image_is_as_young_as_the_younger_of_its_version_and_itself() {
    let mut inventory = [replica(1, 100), replica(3, 1)];
    let late = days_ago(5);
    inventory[0].image.created = Some(late);
    let judged = judge(&policy(), &inventory, &quiet(), now());
    let until = Some(late + SignedDuration::from_hours(240));
    assert_eq!(judged[0].verdict.reasons(), [Reason::Young { until }]);
    assert_eq!(
        oldest(|s| s.image.created = None),
        [Reason::Young { until: None }]
    );
}

#[test]
fn what_was_launched_lately_stays_and_so_does_what_nobody_knows_of() {
    let at = days_ago(4);
    let until = at + SignedDuration::from_hours(240);
    assert_eq!(
        oldest(|s| s.launched = Seen::Read(Some(at))),
        [Reason::Launched { at, until }]
    );
    assert_eq!(oldest(|s| s.launched = Seen::Read(Some(days_ago(11)))), []);
    let unknown = oldest(|s| s.launched = Seen::Unknown("throttled".to_owned()));
    let (fact, why) = ("when it was last launched", "throttled".to_owned());
    assert_eq!(unknown, [Reason::Unknown { fact, why }]);
}

#[test]
fn holds_hold_by_id_by_tag_and_by_record() {
    let id = "111111111111/us-east-1/ami-000000ff";
    assert_eq!(
        oldest(|s| s.image.at = id.parse().unwrap()),
        [Reason::HeldById]
    );
    let tagged = oldest(|s| drop(s.image.tags.insert("Keep".to_owned(), String::new())));
    assert_eq!(
        tagged,
        [Reason::HeldByTag {
            key: "Keep".to_owned()
        }]
    );
    let why = "an audit".to_owned();
    assert_eq!(
        oldest(|s| s.held = Some(why.clone())),
        [Reason::HeldByRecord(why.clone())]
    );
}

/// The story behind it: jenkins-infra/helpdesk #3509.
#[test]
fn what_the_policy_says_is_referred_to_stays() {
    let declared = |lines: &str| policy_of(&format!("{POLICY}[references]\n{lines}\n"));
    let by_id = declared("images = [\"ami-00000001\"]");
    assert_eq!(oldest_under(&by_id, &quiet(), |_| {}), [Reason::ReferredTo]);
    let by_family = declared("families = [\"web\"]");
    assert_eq!(
        oldest_under(&by_family, &quiet(), |_| {}),
        [Reason::FamilyReferredTo]
    );
    let mut evidence = quiet();
    let id = "ami-00000001".parse().unwrap();
    evidence.parameters.insert(id, "/golden/web".to_owned());
    let held = Reason::InParameter("/golden/web".to_owned());
    let elsewhere = |subject: &mut Subject| {
        subject.image.at.place = "111111111111/eu-west-1".parse().unwrap();
    };
    let reasons = oldest_under(&policy(), &evidence, elsewhere);
    assert!(reasons.contains(&held), "in whatever Region it is read");
    assert_eq!(oldest_under(&policy(), &evidence, |_| {}), [held]);
}

#[test]
fn a_source_stays_while_a_wanted_replica_is_unfinished() {
    let ireland: Place = "111111111111/eu-west-1".parse().unwrap();
    let dropped: Place = "111111111111/sa-east-1".parse().unwrap();
    let waits = |unfinished: BTreeSet<Place>| oldest(|s| s.kind = Kind::Source { unfinished });
    let both = BTreeSet::from([ireland.clone(), dropped.clone()]);
    assert_eq!(waits(both), [Reason::ReplicasUnfinished([ireland].into())]);
    assert_eq!(waits([dropped].into()), []);
}

#[test]
fn what_is_not_available_is_left_alone_unless_amiary_disabled_it() {
    for (state, said) in [
        (ImageState::Pending, "pending"),
        (ImageState::Failed, "failed"),
        (ImageState::Disabled, "disabled by someone else"),
        (ImageState::Other("transient".to_owned()), "transient"),
    ] {
        let reasons = oldest(|s| s.image.state = state.clone());
        assert_eq!(reasons, [Reason::State(said.to_owned())]);
    }
    let by_amiary = oldest(|s| {
        s.image.state = ImageState::Disabled;
        s.retirement.at = Some((Stage::Disabled, days_ago(1)));
    });
    assert_eq!(by_amiary, []);
}

/// The stories behind it: aws-nuke PR #190; cloud-nuke #440, #563.
#[test]
fn what_is_protected_locked_or_managed_stays_with_the_time_at_which_it_may_go() {
    let until = Some(days_ago(-1));
    let protected = |p| oldest(|s| s.protection = Seen::Read(p));
    assert_eq!(
        protected(Protection::On),
        [Reason::Protected { until: None }]
    );
    assert_eq!(
        protected(Protection::Until(days_ago(-1))),
        [Reason::Protected { until }]
    );
    assert_eq!(protected(Protection::Until(days_ago(1))), []);
    let snapshot: crate::ids::SnapshotId = "snap-00000001".parse().unwrap();
    let locked = |until| oldest(|s| s.locked = Seen::Read([(snapshot.clone(), until)].into()));
    assert_eq!(
        locked(until),
        [Reason::Locked {
            snapshot: snapshot.clone(),
            until
        }]
    );
    assert_eq!(
        locked(None),
        [Reason::Locked {
            snapshot: snapshot.clone(),
            until: None
        }]
    );
    assert_eq!(locked(Some(days_ago(1))), []);
    let backup = oldest(|s| s.image.owner_alias = Some("aws-backup-vault".to_owned()));
    assert_eq!(backup, [Reason::ManagedBy("AWS Backup")]);
    for (key, who) in [
        ("aws:backup:source-resource", "AWS Backup"),
        ("aws:dlm:lifecycle-policy-id", "Data Lifecycle Manager"),
    ] {
        let reasons = oldest(|s| drop(s.image.tags.insert(key.to_owned(), String::new())));
        assert_eq!(reasons, [Reason::ManagedBy(who)]);
    }
}

#[test]
fn every_reason_is_told_with_what_would_have_to_change() {
    let mut inventory = [source(1, 1), source(2, 2)];
    inventory[0]
        .image
        .tags
        .insert("Keep".to_owned(), String::new());
    let judged = judge(&policy(), &inventory, &Evidence::default(), now());
    let reasons = judged[0].verdict.reasons();
    let told: Vec<String> = reasons
        .iter()
        .map(|r| format!("{r}: {}", r.change()))
        .collect();
    assert_eq!(
        told[..4],
        [
            "its tag \"Keep\" holds it: remove its tag \"Keep\"",
            "it is the newest verified one: a newer one must be verified",
            "it is number 1 of the newest 2 that stay: 2 newer ones must be verified",
            "it is too young until 2026-06-30T12:00:00Z: wait until 2026-06-30T12:00:00Z",
        ]
    );
}
