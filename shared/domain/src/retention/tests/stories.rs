//! Owns the tests of what brought other tools' users down, as far as a verdict shows it.

use super::*;

fn ids(numbers: &[u32]) -> BTreeSet<crate::ids::SnapshotId> {
    let ids = numbers.iter();
    ids.map(|n| format!("snap-{n:08x}").parse().unwrap())
        .collect()
}

/// The story behind it: Karpenter #6393.
#[test]
fn what_is_used_goes_to_no_stage_not_even_the_first() {
    for at in [None, Some(Stage::Marked), Some(Stage::Deprecated)] {
        let used = Use {
            lookout: Lookout::LaunchTemplates,
            place: HOME.parse().unwrap(),
            by: "lt-1 version 2".to_owned(),
        };
        let mut evidence = quiet();
        let image = "ami-00000001".parse().unwrap();
        let region = "us-east-1".parse().unwrap();
        evidence.uses.insert((region, image), vec![used.clone()]);
        let stage = at.map(|stage| (stage, days_ago(60)));
        let reasons = oldest_under(&policy(), &evidence, |s| s.retirement.at = stage);
        assert_eq!(reasons, [Reason::Used(used)], "{at:?}");
    }
}

/// The stories behind it: `CloudSnorkel` #591, #991; ec2-image-builder-roadmap #99.
#[test]
fn a_familys_images_are_counted_together_whatever_recipe_or_version_they_are_named_for() {
    let mut inventory = [source(1, 100), source(2, 90), source(3, 80)];
    for (subject, name) in inventory
        .iter_mut()
        .zip(["web-1.0.0", "web-2.0.0", "other"])
    {
        subject.image.name = name.to_owned();
        let recipe = format!("arn:aws:imagebuilder:us-east-1:111111111111:image/{name}/1");
        let key = "Ec2ImageBuilderArn".to_owned();
        subject.image.tags.insert(key, recipe);
    }
    let judged = judge(&policy(), &inventory, &quiet(), now());
    let stays: Vec<bool> = judged
        .iter()
        .map(|one| !one.verdict.reasons().is_empty())
        .collect();
    assert_eq!(stays, [false, true, true], "two stay in all, not of each");
}

/// The stories behind it: cloud-custodian PR #1579; NixOS upload-ami.
#[test]
fn each_of_an_images_snapshots_keeps_it_and_not_the_first_alone() {
    for number in [0x10, 0x11, 0x12] {
        let snapshot = ids(&[number]).pop_first().unwrap();
        let three = |s: &mut Subject| s.image.snapshots = ids(&[0x10, 0x11, 0x12]);
        let used = Use {
            lookout: Lookout::Instances,
            place: HOME.parse().unwrap(),
            by: "i-1".to_owned(),
        };
        let mut evidence = quiet();
        let key = ("us-east-1".parse().unwrap(), snapshot.clone());
        evidence.snapshots.insert(key, vec![used.clone()]);
        assert_eq!(
            oldest_under(&policy(), &evidence, three),
            [Reason::Used(used)]
        );
        let locked = oldest(|s| {
            three(s);
            s.locked = Seen::Read([(snapshot.clone(), None)].into());
        });
        assert_eq!(
            locked,
            [Reason::Locked {
                snapshot,
                until: None
            }]
        );
    }
}

/// The story behind it: a sample for the CDK that took an image's snapshots by their description.
#[test]
fn what_an_images_description_says_of_snapshots_changes_nothing() {
    let mut evidence = quiet();
    let used = Use {
        lookout: Lookout::Instances,
        place: HOME.parse().unwrap(),
        by: "i-1".to_owned(),
    };
    let other = ids(&[0x99]).pop_first().unwrap();
    evidence
        .snapshots
        .insert(("us-east-1".parse().unwrap(), other), vec![used]);
    let described = oldest_under(&policy(), &evidence, |s| {
        s.image.description = "Created by CreateImage for ami-00000001 snap-00000099".to_owned();
    });
    assert_eq!(described, []);
}
