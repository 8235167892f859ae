//! What was found to use an image keeps it, and so does what nobody knows.

use super::*;

/// The stories behind it: cloud-custodian #6554; widdix/aws-amicleaner #5; va.gov-team #76784;
/// Karpenter #6393.
#[test]
fn what_anything_uses_stays_whatever_uses_it_and_wherever() {
    for lookout in Lookout::ALL {
        let place: Place = "222222222222/us-east-1".parse().unwrap();
        let used = Use {
            lookout,
            place,
            by: "lt-0123 version 2".to_owned(),
        };
        let region = || "us-east-1".parse().unwrap();
        let mut evidence = quiet();
        let image = "ami-00000001".parse().unwrap();
        evidence.uses.insert((region(), image), vec![used.clone()]);
        assert_eq!(
            oldest_under(&policy(), &evidence, |_| {}),
            [Reason::Used(used.clone())]
        );
        let mut evidence = quiet();
        let snapshot = "snap-00000001".parse().unwrap();
        evidence
            .snapshots
            .insert((region(), snapshot), vec![used.clone()]);
        assert_eq!(
            oldest_under(&policy(), &evidence, |_| {}),
            [Reason::Used(used)]
        );
    }
}

#[test]
fn the_same_id_in_another_region_is_another_image() {
    let mut evidence = quiet();
    let place: Place = "111111111111/eu-west-1".parse().unwrap();
    let id = (place.region.clone(), "ami-00000001".parse().unwrap());
    let used = Use {
        lookout: Lookout::Instances,
        place,
        by: "i-1".to_owned(),
    };
    evidence.uses.insert(id, vec![used]);
    assert_eq!(oldest_under(&policy(), &evidence, |_| {}), []);
}

#[test]
fn a_look_that_is_missing_partial_refused_implausible_or_old_keeps_the_image() {
    let home: Place = HOME.parse().unwrap();
    for lookout in Lookout::ALL {
        let mut without = quiet();
        without.looks.remove(&(home.clone(), lookout));
        let reasons = oldest_under(&policy(), &without, |_| {});
        assert!(matches!(&reasons[..], [Reason::NotLooked { lookout: l, .. }] if *l == lookout));
        for (outcome, age) in [
            (Outcome::Partial("page 2 failed".to_owned()), 0),
            (Outcome::Unread("UnauthorizedOperation".to_owned()), 0),
            (Outcome::Implausible { before: 40, now: 0 }, 0),
            (Outcome::Complete, 1),
        ] {
            let mut evidence = quiet();
            let at = days_ago(age);
            evidence
                .looks
                .insert((home.clone(), lookout), Look { at, outcome });
            let reasons = oldest_under(&policy(), &evidence, |_| {});
            assert!(
                matches!(&reasons[..], [Reason::NotLooked { .. }]),
                "{reasons:?}"
            );
        }
    }
}

#[test]
fn what_was_not_asked_because_something_else_kept_the_image_keeps_it_once_nothing_else_does() {
    let home: Place = HOME.parse().unwrap();
    let mut evidence = quiet();
    evidence.asked.insert(home.clone(), BTreeSet::new());
    let why = "not asked, as something else keeps it already".to_owned();
    let lookout = Lookout::References;
    let not_asked = |place: &str| Reason::NotLooked {
        place: place.parse().unwrap(),
        lookout,
        why: why.clone(),
    };
    assert_eq!(
        oldest_under(&policy(), &evidence, |_| {}),
        [not_asked(HOME)]
    );
    let held = oldest_under(&policy(), &evidence, |s| s.held = Some("an audit".into()));
    assert_eq!(held.len(), 1, "{held:?}");
    let production = "222222222222/us-east-1";
    let mut evidence = nothing_uses(&[HOME, production]);
    evidence.asked.remove(&production.parse().unwrap());
    let with = LaunchPermission::Account("222222222222".parse().unwrap());
    let share = |s: &mut Subject| s.shared = Seen::Read([with].into());
    let shared = oldest_under(&policy(), &evidence, share);
    assert_eq!(shared, [not_asked(production)]);
    let unread = oldest(|s| s.shared = Seen::NotRead);
    let (fact, why) = ("whom it is shared with", "nobody looked".to_owned());
    assert_eq!(unread, [Reason::Unknown { fact, why }]);
}

/// The story behind it: the usage reports' documentation, by which they lag and expire.
#[test]
fn an_image_that_is_shared_stays_until_each_account_or_a_usage_report_was_read() {
    let account = |id: &str| LaunchPermission::Account(id.parse().unwrap());
    let share =
        |with: LaunchPermission| move |s: &mut Subject| s.shared = Seen::Read([with].into());
    let seen = |evidence: &Evidence, with: LaunchPermission| {
        oldest_under(&policy(), evidence, share(with)).is_empty()
    };
    let production = || account("222222222222");
    assert!(!seen(&quiet(), production()), "nobody looked there");
    let both = nothing_uses(&[HOME, "222222222222/us-east-1"]);
    assert!(seen(&both, production()), "every lookout there was read");
    assert!(!seen(&both, account("333333333333")));
    assert!(!seen(
        &both,
        LaunchPermission::Organization("arn".to_owned())
    ));
    let mut reported = both;
    let image: ImageRef = format!("{HOME}/ami-00000001").parse().unwrap();
    let mut report = |age, uses| {
        reported.reports.insert(
            image.clone(),
            Report {
                asked: days_ago(age),
                uses,
            },
        );
        seen(&reported, LaunchPermission::Organization("arn".to_owned()))
    };
    assert!(!report(1, None), "not there yet");
    assert!(report(1, Some(Vec::new())));
    assert!(!report(8, Some(Vec::new())), "too old");
    assert!(
        !report(1, Some(vec!["account 333333333333".to_owned()])),
        "used there"
    );
}

#[test]
fn a_public_image_stays_until_a_usage_report_was_read() {
    let reasons = oldest(|s| s.image.public = true);
    assert!(matches!(
        &reasons[..],
        [Reason::SharedUnseen {
            with: LaunchPermission::Everyone,
            ..
        }]
    ));
}

#[test]
fn a_waiver_stands_for_reading_an_account_until_its_end() {
    let waived = |until: &str| {
        let lines = format!("[waivers]\nproduction = {{ until = {until}, reason = \"closed\" }}\n");
        let with = LaunchPermission::Account("222222222222".parse().unwrap());
        let shared = |s: &mut Subject| s.shared = Seen::Read([with].into());
        oldest_under(&policy_of(&format!("{POLICY}{lines}")), &quiet(), shared)
    };
    assert_eq!(waived("2026-06-01T12:00:01Z"), []);
    assert!(matches!(
        &waived("2026-06-01T12:00:00Z")[..],
        [Reason::SharedUnseen { .. }]
    ));
}

#[test]
fn a_usage_report_from_before_the_present_stage_proves_nothing() {
    let mut evidence = quiet();
    let image: ImageRef = format!("{HOME}/ami-00000001").parse().unwrap();
    let report = Report {
        asked: days_ago(3),
        uses: Some(Vec::new()),
    };
    evidence.reports.insert(image, report);
    let reasons = |since: i64| {
        let shared = LaunchPermission::Organization("arn".to_owned());
        oldest_under(&policy(), &evidence, |subject| {
            subject.shared = Seen::Read([shared].into());
            subject.retirement.at = Some((Stage::Marked, days_ago(since)));
        })
    };
    assert_eq!(reasons(4), []);
    assert!(matches!(reasons(2)[..], [Reason::SharedUnseen { .. }]));
}
