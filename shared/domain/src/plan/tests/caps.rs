//! The caps over a whole run.

use super::toy::{account, grants, place, wanted};
use super::{ELSEWHERE, IRELAND, SYDNEY, reasons};
use crate::ids::{ImageRef, Place};
use crate::plan::{Action, Budget, Group, Held, Plan, Step, check};
use crate::policy::Caps;

fn budget(copies: u32, revocations: u32) -> Budget {
    Budget::from(&Caps {
        copies_per_run: copies,
        revocations_per_run: revocations,
        ..Caps::default()
    })
}

fn image(at: &str) -> ImageRef {
    ImageRef::new(place(at), "ami-0000000a".parse().unwrap())
}

fn copy(at: &str) -> Action {
    Action::Copy(Box::new(wanted(at)))
}

fn unshare(at: &str, with: &[u8], loan: bool) -> Action {
    Action::Unshare {
        image: image(at),
        remove: grants(with),
        loan,
    }
}

fn unshare_snapshot(at: &str, loan: bool) -> Action {
    Action::UnshareSnapshot {
        place: place(at),
        snapshot: "snap-0000000a".parse().unwrap(),
        remove: [account("900000000001")].into(),
        loan,
    }
}

fn share(at: &str) -> Action {
    Action::Share {
        image: image(at),
        add: grants(&[1]),
    }
}

fn plan(groups: Vec<(&str, Action)>) -> Plan {
    let group = |(at, action)| Group {
        place: place(at),
        steps: vec![Step {
            action,
            reason: "a test".to_owned(),
        }],
    };
    Plan {
        destinations: groups.into_iter().map(group).collect(),
        ..Plan::default()
    }
}

fn kept(plan: &Plan) -> Vec<Place> {
    plan.destinations.iter().map(|g| g.place.clone()).collect()
}

#[test]
fn each_copy_over_the_cap_is_counted_and_waits_with_a_reason_and_others_go_on() {
    let mut plans = [
        plan(vec![(IRELAND, copy(IRELAND)), (SYDNEY, share(SYDNEY))]),
        plan(vec![
            (IRELAND, copy(IRELAND)),
            (SYDNEY, copy(SYDNEY)),
            (ELSEWHERE, share(ELSEWHERE)),
        ]),
    ];
    let mut left = budget(1, 0);
    let held = check(&mut plans, &mut left);
    assert_eq!(
        held,
        Held {
            copies: 2,
            revocations: 0
        }
    );
    assert_eq!(kept(&plans[0]), [place(IRELAND), place(SYDNEY)]);
    assert_eq!(kept(&plans[1]), [place(ELSEWHERE)]);
    let places: Vec<&Place> = plans[1].left.iter().map(|left| &left.place).collect();
    assert_eq!(places, [&place(IRELAND), &place(SYDNEY)]);
    assert!(reasons(&plans[1]).contains("the cap on copies of one run is reached"));
    let mut later = [plan(vec![(SYDNEY, copy(SYDNEY))])];
    assert_eq!(
        check(&mut later, &mut left).copies,
        1,
        "the run's cap, not the round's"
    );
}

#[test]
fn what_is_taken_back_is_spent_from_the_runs_cap() {
    let mut left = budget(0, 4);
    let round = || [plan(vec![(IRELAND, unshare(IRELAND, &[1, 2], false))])];
    for expected in [0, 0, 2] {
        let held = check(&mut round(), &mut left);
        assert_eq!(held.revocations, expected);
    }
}

#[test]
fn a_run_over_its_cap_takes_nothing_back_and_says_so_and_does_everything_else() {
    let mut plans = [plan(vec![
        (IRELAND, unshare(IRELAND, &[1, 2], false)),
        (SYDNEY, unshare_snapshot(SYDNEY, false)),
        (ELSEWHERE, share(ELSEWHERE)),
    ])];
    let held = check(&mut plans, &mut budget(0, 2));
    assert_eq!(
        held,
        Held {
            copies: 0,
            revocations: 3
        }
    );
    assert_eq!(kept(&plans[0]), [place(ELSEWHERE)]);
    assert_eq!(plans[0].left.len(), 2);
    assert!(reasons(&plans[0]).contains("take back 3 permissions, its cap allows 2"));
}

#[test]
fn a_run_at_its_cap_takes_everything_back() {
    let mut plans = [plan(vec![
        (IRELAND, unshare(IRELAND, &[1, 2], false)),
        (SYDNEY, unshare_snapshot(SYDNEY, false)),
    ])];
    assert_eq!(check(&mut plans, &mut budget(0, 3)), Held::default());
    assert_eq!(kept(&plans[0]).len(), 2);
    assert!(plans[0].left.is_empty());
}

#[test]
fn giving_a_loan_back_is_never_counted_and_never_held() {
    let mut plans = [plan(vec![
        (IRELAND, unshare(IRELAND, &[1], true)),
        (SYDNEY, unshare_snapshot(SYDNEY, true)),
        (ELSEWHERE, unshare(ELSEWHERE, &[1], false)),
    ])];
    let held = check(&mut plans, &mut budget(0, 0));
    assert_eq!(held.revocations, 1);
    assert_eq!(kept(&plans[0]), [place(IRELAND), place(SYDNEY)]);
}
