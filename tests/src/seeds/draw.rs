//! Owns the drawing of a scenario from its seed.

use super::dice::Dice;
use super::policy::{AUDITOR, Family, Policy, Ready, Sharing, Spot, TagRules};
use super::scenario::{CallFault, Events, Meddling, NewSource, Scenario};
use crate::{BUILDER, PARTNER, PRODUCTION, SOURCE_REGION};
use amiary_simulator::FaultKind;
use std::collections::BTreeMap;

/// The Regions of sources and destinations.
pub(super) const REGIONS: [&str; 4] = [SOURCE_REGION, "eu-west-1", "ap-southeast-2", "us-west-2"];
/// The accounts that images are copied in.
pub(super) const ACCOUNTS: [&str; 2] = [BUILDER, PRODUCTION];
/// The aliases of keys, in every account and Region.
pub(super) const KEYS: [&str; 2] = ["alias/golden", "alias/silver"];

/// Draws everything that a seed decides.
pub(super) fn draw(seed: u64) -> Scenario {
    let dice = Dice::new(seed, 1);
    let policy = policy(&dice);
    let images = images(&dice, &policy);
    let minutes = dice.between(60, 200);
    let dice = Dice::new(seed, 2);
    let meddlings = meddlings(&dice, &policy, &images, minutes);
    let dice = Dice::new(seed, 3);
    // In some worlds everything that has to do with time is at its worst.
    let at_worst = dice.percent(20);
    let or = |percent| if at_worst { 100 } else { percent };
    Scenario {
        policy,
        images,
        meddlings,
        faults: faults(&dice),
        events: dice.percent(60).then(|| events(&dice)),
        lag: dice
            .percent(or(35))
            .then(|| dice.between(if at_worst { 60 } else { 1 }, 60)),
        clocks: dice
            .percent(or(35))
            .then(|| dice.between(if at_worst { 5 } else { 1 }, 5)),
        yields: dice.percent(or(60)).then(|| 1 + dice.below(5)),
        missed: dice.percent(30).then(|| 10 + dice.below(60)),
        quota: dice.percent(10).then_some(1),
        is_deaf: dice.percent(40),
        minutes,
    }
}

fn policy(dice: &Dice) -> Policy {
    let mut families = vec![family(dice, "web")];
    if dice.percent(30) {
        families.push(family(dice, "probe"));
    }
    Policy {
        families,
        copies_per_run: dice.percent(15).then_some(1),
        revocations_per_run: dice.percent(15).then(|| u32::from(dice.percent(50))),
    }
}

fn family(dice: &Dice, name: &'static str) -> Family {
    let home = if dice.percent(80) {
        BUILDER
    } else {
        PRODUCTION
    };
    let mut regions = vec![SOURCE_REGION];
    if dice.percent(25) {
        regions.push("eu-west-1");
    }
    let mut destinations = BTreeMap::new();
    let most = 1 + dice.below(3);
    while destinations.len() < most {
        let (spot, key) = destination(dice);
        if regions.len() > 1 || spot != Spot::new(home, SOURCE_REGION) {
            destinations.insert(spot, key);
        }
    }
    let mut sharing = sharing(dice);
    sharing.public = destinations.values().all(Option::is_none) && dice.percent(30);
    Family {
        name,
        home,
        regions,
        by_role: dice.percent(30),
        ready: match dice.below(10) {
            0..6 => Ready::Available,
            6..8 => Ready::Released,
            _ => Ready::Settled,
        },
        destinations,
        sharing,
        tags: tag_rules(dice),
    }
}

fn destination(dice: &Dice) -> (Spot, Option<&'static str>) {
    let spot = Spot::new(dice.pick(&ACCOUNTS), dice.pick(&REGIONS));
    let key = dice.percent(80).then(|| dice.pick(&KEYS));
    (spot, key)
}

fn sharing(dice: &Dice) -> Sharing {
    let some = |accounts: &[&'static str]| -> Vec<&'static str> {
        accounts
            .iter()
            .copied()
            .filter(|_| dice.percent(30))
            .collect()
    };
    Sharing {
        as_source: dice.percent(60),
        public: false,
        organization: dice.percent(15),
        accounts: some(&[PARTNER, PRODUCTION, AUDITOR]),
        snapshots: some(&[PARTNER, AUDITOR]),
    }
}

fn tag_rules(dice: &Dice) -> TagRules {
    TagRules {
        copy: dice.percent(85),
        drop_build: dice.percent(50),
        add: dice.percent(50),
    }
}

fn images(dice: &Dice, policy: &Policy) -> Vec<NewSource> {
    (0..=dice.below(3))
        .map(|number| {
            let family = dice.pick(&policy.families);
            NewSource {
                at: dice.between(1, 40),
                spot: Spot::new(family.home, dice.pick(&family.regions)),
                // Now and then two of one name, in two Regions.
                name: format!(
                    "{}-{}",
                    family.name,
                    if dice.percent(90) { number } else { 0 }
                ),
                tags: tags(dice),
                is_encrypted: dice.percent(40),
                volumes: dice.below(3),
                shared_with: [PARTNER, PRODUCTION, AUDITOR]
                    .into_iter()
                    .filter(|_| dice.percent(35))
                    .collect(),
                is_public: dice.percent(8),
            }
        })
        .map(|mut image| {
            // EC2 takes no public image that is encrypted.
            image.is_public &= !image.is_encrypted;
            image
        })
        .collect()
}

fn tags(dice: &Dice) -> Vec<(&'static str, &'static str)> {
    let mut tags = vec![("Team", "web"), ("build:id", "4711")];
    if dice.percent(85) {
        tags.push(("Role", "golden"));
    }
    if dice.percent(70) {
        tags.push(("Status", "released"));
    }
    tags
}

fn events(dice: &Dice) -> Events {
    let some = |dice: &Dice| -> u32 {
        if dice.percent(50) {
            0
        } else {
            u32::try_from(dice.between(5, 60)).unwrap_or_default()
        }
    };
    Events {
        lost: if dice.percent(35) { 100 } else { some(dice) },
        doubled: some(dice),
        delayed: some(dice),
        hours: if dice.percent(40) { 24 } else { 1 },
        reordered: some(dice),
    }
}

fn faults(dice: &Dice) -> Vec<CallFault> {
    let mut faults = Vec::new();
    let mut add = |chance, kind, service, operation, (least, most), limit: Option<u64>| {
        if dice.percent(chance) {
            faults.push(CallFault {
                kind,
                service,
                operation,
                percent: u32::try_from(dice.between(least, most)).unwrap_or_default(),
                most: limit,
            });
        }
    };
    let ec2 = Some("ec2");
    add(30, FaultKind::throttled(), None, None, (5, 30), None);
    add(15, FaultKind::server_error(), ec2, None, (2, 20), None);
    add(15, FaultKind::unavailable(), ec2, None, (2, 20), None);
    add(25, FaultKind::ReplyLost, None, None, (1, 15), None);
    add(
        20,
        FaultKind::ReplyLost,
        ec2,
        Some("CopyImage"),
        (30, 100),
        Some(6),
    );
    add(15, FaultKind::ConnectionLost, None, None, (1, 15), None);
    let late = FaultKind::CopyFails {
        cause: "An internal error has occurred".to_owned(),
    };
    add(25, late, ec2, Some("CopyImage"), (30, 100), Some(4));
    let crashes = [
        FaultKind::CrashBefore,
        FaultKind::CrashAfter,
        FaultKind::CrashAfterReply,
    ];
    for kind in crashes {
        add(25, kind.clone(), None, None, (1, 8), None);
        add(
            8,
            kind.clone(),
            Some("ec2"),
            Some("CopyImage"),
            (50, 100),
            Some(2),
        );
        add(8, kind.clone(), Some("sns"), None, (50, 100), Some(2));
        add(8, kind, Some("dynamodb"), None, (5, 20), Some(6));
    }
    let refused = FaultKind::refused("UnauthorizedOperation", 403, "You are not authorized");
    for operation in [
        "ModifyImageAttribute",
        "CreateTags",
        "CopyImage",
        "DescribeImages",
        "DescribeImageAttribute",
        "ModifySnapshotAttribute",
    ] {
        add(4, refused.clone(), ec2, Some(operation), (20, 100), Some(4));
    }
    faults
}

fn meddlings(
    dice: &Dice,
    policy: &Policy,
    images: &[NewSource],
    minutes: i64,
) -> Vec<(i64, Meddling)> {
    let mut policy = policy.clone();
    let mut drawn = Vec::new();
    for _ in 0..dice.below(7) {
        // Most happens while copies of something are under way.
        let published = images[dice.below(images.len())].at;
        let minute = if dice.percent(50) {
            published + dice.between(0, 12)
        } else {
            dice.between(1, minutes)
        };
        drawn.push(minute.min(minutes));
    }
    drawn.sort_unstable();
    let mut meddlings = Vec::new();
    for minute in drawn {
        let (first, then) = meddling(dice, &mut policy, images);
        meddlings.push((minute, first));
        if let Some(then) = then {
            meddlings.push((minute + dice.between(1, 40), then));
        }
    }
    meddlings.sort_by_key(|(minute, _)| *minute);
    meddlings
}

/// One thing that a person does, and perhaps what undoes it later.
fn meddling(
    dice: &Dice,
    policy: &mut Policy,
    images: &[NewSource],
) -> (Meddling, Option<Meddling>) {
    use Meddling as M;
    let image = dice.below(images.len());
    let spot = some_destination(dice, policy);
    let account = dice.pick(&[PARTNER, PRODUCTION, AUDITOR]);
    let (key, value) = dice.pick(&[("Team", "blue"), ("build:id", "9"), ("Note", "x")]);
    let undone = dice.percent(60);
    let then = |what| undone.then_some(what);
    match dice.below(32) {
        0 => (M::TagSource(image, key, value), None),
        1 => (M::TagSource(image, "Status", "released"), None),
        2 => (
            M::UntagSource(image, dice.pick(&["Team", "Role", "Status"])),
            None,
        ),
        3 => (
            M::ShareSource(image, account),
            then(M::UnshareSource(image, account)),
        ),
        4 => (M::UnshareSource(image, account), None),
        5 => (M::DisableSource(image), then(M::EnableSource(image))),
        6 => (M::DeregisterSource(image), None),
        7 => (M::TagReplica(image, spot, key, value), None),
        8 => (
            M::UntagReplica(
                image,
                spot,
                dice.pick(&["Team", "ManagedBy", "amiary:operation"]),
            ),
            None,
        ),
        9 => (M::UntagSnapshots(image, spot), None),
        10 => (
            M::ShareReplica(image, spot.clone(), account),
            then(M::UnshareReplica(image, spot, account)),
        ),
        11 => (M::UnshareReplica(image, spot, account), None),
        12 => (
            M::DisableReplica(image, spot.clone()),
            then(M::EnableReplica(image, spot)),
        ),
        13 => (M::DeregisterReplica(image, spot), None),
        14 => (
            M::BuildFromSource(image, dice.pick(&["web-built", "probe-built"])),
            None,
        ),
        15 => (M::BuildFromReplica(image, spot, "web-rebuilt"), None),
        16 => (
            M::CopyByHand(image, spot, dice.pick(&["", "web-hand"])),
            None,
        ),
        17 => (M::CopyReplicaWithTags(image, spot, "web-stolen"), None),
        18 => (M::Stranger(images[image].name.clone(), spot), None),
        19 | 20 => (M::DisableKey(spot.clone()), then(M::EnableKey(spot))),
        21 => (M::RemoveKey(spot), None),
        22..26 => {
            change(dice, policy);
            (M::ChangePolicy(Box::new(policy.clone())), None)
        }
        26 => (M::ReplicateByHand(image), None),
        27 => (M::Overlap(3, Some(image)), None),
        28..31 => (M::Overlap(2 + dice.below(2), None), None),
        _ => (M::Silence(dice.between(1, 24)), None),
    }
}

fn some_destination(dice: &Dice, policy: &Policy) -> Spot {
    let spots: Vec<&Spot> = policy
        .families
        .iter()
        .flat_map(|family| family.destinations.keys())
        .collect();
    dice.pick(&spots).clone()
}

/// Changes one thing of a policy.
fn change(dice: &Dice, policy: &mut Policy) {
    if policy.families.len() > 1 && dice.percent(10) {
        policy.families.remove(1);
        return;
    }
    let which = dice.below(policy.families.len());
    let family = &mut policy.families[which];
    match dice.below(4) {
        0 if family.destinations.len() > 1 => {
            let spots: Vec<Spot> = family.destinations.keys().cloned().collect();
            family.destinations.remove(&dice.pick(&spots));
        }
        0 | 1 => {
            let (spot, key) = destination(dice);
            let is_source =
                family.regions.len() == 1 && spot == Spot::new(family.home, SOURCE_REGION);
            let is_encrypted_and_public = family.sharing.public && key.is_some();
            if !(is_source || is_encrypted_and_public) {
                family.destinations.entry(spot).or_insert(key);
            }
        }
        2 => {
            let public = family.sharing.public;
            family.sharing = Sharing {
                public,
                ..sharing(dice)
            };
        }
        _ => family.tags = tag_rules(dice),
    }
}
