//! Owns the tests of the caps over a run: never more than each, and no flood goes unseen.

use super::*;
use crate::policy::Caps;
use proptest::collection::vec;
use proptest::prelude::*;

const MANY: u32 = 10_000;

fn caps(per_run: u32, per_day: u32, percent_per_run: u32, percent_per_day: u32) -> Caps {
    Caps {
        retirements_per_run: per_run,
        retirements_per_day: per_day,
        retirement_percent_per_run: percent_per_run,
        retirement_percent_per_day: percent_per_day,
        ..Caps::default()
    }
}

fn capped(caps: Caps) -> Policy {
    Policy { caps, ..policy() }
}

/// Old images at their stages, the oldest first; two new ones push all of them out.
fn old(stages: &[Option<Stage>]) -> Vec<Subject> {
    let old = (100..).zip(stages).map(|(number, stage)| {
        let age = 1_000 - i64::from(number);
        let mut subject = source(number, age);
        subject.retirement.at = stage.map(|stage| (stage, days_ago(age / 10)));
        if *stage == Some(Stage::Disabled) {
            subject.image.state = ImageState::Disabled;
        }
        subject
    });
    old.chain([source(1, 2), source(2, 1)]).collect()
}

fn begun(count: u32) -> Begun {
    Begun {
        count,
        ..Begun::none(now())
    }
}

fn run(policy: &Policy, inventory: &[Subject], begun: Begun) -> Admitted {
    let judged = judge(policy, inventory, &quiet(), now());
    admit(policy, inventory, &judged, begun, now())
}

fn numbers(admitted: &Admitted) -> Vec<String> {
    let going = admitted.going.iter();
    going.map(|going| going.image.id.to_string()).collect()
}

fn told(admitted: &Admitted) -> BTreeSet<String> {
    let waiting = admitted.waiting.iter();
    let told = waiting.map(|one| format!("{}; {}", one.reason, one.reason.change()));
    told.collect()
}

#[test]
fn what_would_newly_go_beyond_a_cap_stops_all_of_it_until_somebody_looks() {
    let inventory = old(&[None; 20]);
    for (caps, today, expected) in [
        (
            caps(19, MANY, 100, 100),
            0,
            "held by the cap retirements-per-run = 19: 20 would go, so none is marked until \
             somebody looks; look at what would go, and raise caps.retirements-per-run for as long \
             as that is meant",
        ),
        (
            caps(MANY, MANY, 95, 100),
            0,
            "held by the cap retirement-percent-per-run = 95, which is 19 images: 20 would go, so \
             none is marked until somebody looks; look at what would go, and raise \
             caps.retirement-percent-per-run for as long as that is meant",
        ),
        (
            caps(MANY, 20, 100, 100),
            3,
            "held by the cap retirements-per-day = 20: 20 would go, and 3 did today, so none is \
             marked until somebody looks; look at what would go, and raise \
             caps.retirements-per-day for as long as that is meant",
        ),
    ] {
        let admitted = run(&capped(caps), &inventory, begun(today));
        assert_eq!(admitted.going, []);
        assert_eq!(admitted.waiting.len(), 20);
        assert_eq!(told(&admitted), [expected.to_owned()].into());
    }
    let enough = capped(caps(20, 20, 100, 100));
    assert_eq!(run(&enough, &inventory, begun(0)).going.len(), 20);
}

#[test]
fn what_retires_already_goes_on_in_its_order_as_many_as_the_caps_allow() {
    let inventory = old(&[Some(Stage::Marked); 5]);
    let three = capped(caps(3, MANY, 100, 100));
    let admitted = run(&three, &inventory, begun(0));
    let oldest = ["ami-00000064", "ami-00000065", "ami-00000066"];
    assert_eq!(numbers(&admitted), oldest);
    assert!(admitted.going.iter().all(|one| one.to == Stage::Deprecated));
    let expected = "held by the cap retirements-per-run = 3: 5 would go; wait for a later run";
    assert_eq!(told(&admitted), [expected.to_owned()].into());
}

#[test]
fn what_would_be_marked_has_what_those_that_retire_already_leave() {
    let (old_ones, new_ones) = ([Some(Stage::Deprecated); 3], [None; 4]);
    let inventory = old(&[&old_ones[..], &new_ones].concat());
    let five = capped(caps(5, MANY, 100, 100));
    let admitted = run(&five, &inventory, begun(0));
    let stages: Vec<Stage> = admitted.going.iter().map(|one| one.to).collect();
    let (disabled, marked) = ([Stage::Disabled; 3], [Stage::Marked; 2]);
    assert_eq!(stages, [&disabled[..], &marked].concat());
    let stopped = capped(caps(3, MANY, 100, 100));
    let admitted = run(&stopped, &inventory, begun(0));
    assert!(admitted.going.iter().all(|one| one.to == Stage::Disabled));
    assert_eq!((admitted.going.len(), admitted.waiting.len()), (3, 4));
}

#[test]
fn the_day_ends_at_midnight_utc_and_a_clock_that_goes_back_begins_no_other() {
    let five = capped(caps(MANY, 5, 100, 100));
    let inventory = old(&[Some(Stage::Marked); 9]);
    let on = |day: &str| Begun {
        day: day.parse().unwrap(),
        count: 4,
    };
    for (day, going) in [("2026-06-01", 1), ("2026-05-31", 5), ("2026-06-02", 1)] {
        let admitted = run(&five, &inventory, on(day));
        assert_eq!(admitted.going.len(), going, "{day}");
    }
}

#[test]
fn a_share_that_is_less_than_one_image_allows_none() {
    let inventory = old(&[Some(Stage::Marked); 9]);
    let ten_percent = capped(caps(MANY, MANY, 10, 100));
    let admitted = run(&ten_percent, &inventory, begun(0));
    assert_eq!(admitted.going, []);
    let expected = "held by the cap retirement-percent-per-run = 10, which is 0 images: 9 would \
                    go; raise caps.retirement-percent-per-run";
    assert_eq!(told(&admitted), [expected.to_owned()].into());
}

#[test]
fn outside_of_working_hours_and_before_its_time_nothing_goes() {
    let hours = "[working-hours]\ndays = [\"tue\"]\nfrom = \"09:00\"\nto = \"17:00\"\n\
                 time-zone = \"UTC\"\n";
    let mut inventory = old(&[Some(Stage::Marked)]);
    let monday = policy_of(&format!("{POLICY}{hours}"));
    // Judged during the hours, and carried out after them.
    let inside: Timestamp = "2026-05-26T16:59:59Z".parse().unwrap();
    let judged = judge(&monday, &inventory, &quiet(), inside);
    let admitted = admit(&monday, &inventory, &judged, begun(0), now());
    let expected = "these are no working hours: they begin at 2026-06-02T09:00:00Z; wait until \
                    2026-06-02T09:00:00Z";
    assert_eq!(admitted.going, []);
    assert_eq!(told(&admitted), [expected.to_owned()].into());
    inventory[0].retirement.at = Some((Stage::Marked, days_ago(1)));
    let admitted = run(&capped(caps(MANY, MANY, 100, 100)), &inventory, begun(0));
    let expected = "its present stage lasts until 2026-06-07T12:00:00Z; wait until \
                    2026-06-07T12:00:00Z";
    assert_eq!(admitted.going, []);
    assert_eq!(told(&admitted), [expected.to_owned()].into());
}

#[test]
fn a_verdict_on_an_image_that_is_not_in_the_inventory_is_not_carried_out() {
    let inventory = old(&[Some(Stage::Marked)]);
    let open = capped(caps(MANY, MANY, 100, 100));
    let judged = judge(&open, &inventory, &quiet(), now());
    let admitted = admit(&open, &inventory[1..], &judged, begun(0), now());
    assert_eq!((admitted.going.len(), admitted.waiting.len()), (0, 1));
}

fn stage() -> impl Strategy<Value = Option<Stage>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(Stage::Marked)),
        1 => Just(Some(Stage::Deprecated)),
        1 => Just(Some(Stage::Disabled)),
    ]
}

fn any_caps() -> impl Strategy<Value = Caps> {
    (0..40_u32, 0..60_u32, 0..=100_u32, 0..=100_u32)
        .prop_map(|(run, day, of_run, of_day)| caps(run, day, of_run, of_day))
}

/// Reckoned apart from the code: so many images are old enough to count, and two are not.
fn most(caps: Caps, counted: usize, begun: u32) -> usize {
    let share = |percent: u32| counted * percent as usize / 100;
    let today = begun as usize;
    [
        caps.retirements_per_run as usize,
        share(caps.retirement_percent_per_run),
        (caps.retirements_per_day as usize).saturating_sub(today),
        share(caps.retirement_percent_per_day).saturating_sub(today),
    ]
    .into_iter()
    .min()
    .unwrap()
}

fn images(admitted: &Admitted) -> BTreeSet<ImageRef> {
    let going = admitted.going.iter();
    going.map(|one| one.image.clone()).collect()
}

proptest! {
    #[test]
    fn never_more_go_than_each_cap_allows(
        stages in vec(stage(), 0..60), caps in any_caps(), today in 0..30_u32,
    ) {
        let admitted = run(&capped(caps), &old(&stages), begun(today));
        prop_assert!(admitted.going.len() <= most(caps, stages.len(), today));
        let marked = admitted.going.iter().filter(|one| one.to == Stage::Marked).count();
        let newly = stages.iter().filter(|stage| stage.is_none()).count();
        prop_assert!(marked == 0 || newly <= most(caps, stages.len(), today));
    }

    #[test]
    fn every_image_that_may_go_goes_or_has_a_reason(
        stages in vec(stage(), 0..60), caps in any_caps(), today in 0..30_u32,
    ) {
        let admitted = run(&capped(caps), &old(&stages), begun(today));
        let waiting: BTreeSet<ImageRef> =
            admitted.waiting.iter().map(|one| one.image.clone()).collect();
        let going = images(&admitted);
        prop_assert!(going.is_disjoint(&waiting));
        prop_assert_eq!(going.len() + waiting.len(), stages.len());
        let all_capped = admitted.waiting.iter().all(|one| matches!(one.reason, Reason::Capped(_)));
        prop_assert!(all_capped);
    }

    #[test]
    fn a_cap_of_nothing_lets_nothing_go(
        stages in vec(stage(), 0..60), caps in any_caps(), which in 0..4,
    ) {
        let mut caps = caps;
        match which {
            0 => caps.retirements_per_run = 0,
            1 => caps.retirements_per_day = 0,
            2 => caps.retirement_percent_per_run = 0,
            _ => caps.retirement_percent_per_day = 0,
        }
        prop_assert_eq!(run(&capped(caps), &old(&stages), begun(0)).going, []);
    }

    #[test]
    fn smaller_caps_and_more_begun_never_let_more_go(
        stages in vec(stage(), 0..60),
        (caps, other) in (any_caps(), any_caps()),
        (today, more) in (0..30_u32, 0..30_u32),
    ) {
        let smaller = Caps {
            retirements_per_run: caps.retirements_per_run.min(other.retirements_per_run),
            retirements_per_day: caps.retirements_per_day.min(other.retirements_per_day),
            retirement_percent_per_run:
                caps.retirement_percent_per_run.min(other.retirement_percent_per_run),
            retirement_percent_per_day:
                caps.retirement_percent_per_day.min(other.retirement_percent_per_day),
            ..caps
        };
        let inventory = old(&stages);
        let most = run(&capped(caps), &inventory, begun(today));
        let fewer = run(&capped(smaller), &inventory, begun(today + more));
        prop_assert!(images(&fewer).is_subset(&images(&most)));
    }

    /// New images push others out, and tags that held are gone: as many as the caps allow go, and
    /// those that retire already are the same.
    #[test]
    fn neither_new_images_nor_tags_that_are_gone_make_more_go_than_the_caps(
        stages in vec(stage(), 0..40), freed in 0..60_u32, flood in 0..300_u32, caps in any_caps(),
    ) {
        let mut inventory = old(&stages);
        let held = (0..freed).map(|number| {
            let mut subject = source(300 + number, 400 - i64::from(number));
            subject.image.tags.insert("Keep".to_owned(), String::new());
            subject
        });
        inventory.extend(held);
        let counted = stages.len() + freed as usize;
        let policy = capped(caps);
        let before = run(&policy, &inventory, begun(0));
        for subject in &mut inventory {
            subject.image.tags.clear();
        }
        inventory.extend((0..flood).map(|number| source(500 + number, 0)));
        let after = run(&policy, &inventory, begun(0));
        prop_assert!(after.going.len() <= most(caps, counted, 0));
        let further = |admitted: &Admitted| -> Vec<_> {
            let further = admitted.going.iter().filter(|one| one.to != Stage::Marked);
            further.cloned().collect()
        };
        prop_assert_eq!(further(&after), further(&before));
        let newly = stages.iter().filter(|stage| stage.is_none()).count() + freed as usize;
        if newly > most(caps, counted, 0) {
            prop_assert_eq!(further(&after), after.going);
        }
    }

    #[test]
    fn neither_names_nor_the_order_they_are_judged_in_change_what_goes(
        stages in vec(stage(), 1..40), caps in any_caps(), by in any::<prop::sample::Index>(),
    ) {
        let inventory = old(&stages);
        let expected = run(&capped(caps), &inventory, begun(0)).going;
        let mut other = inventory;
        let by = by.index(other.len());
        other.rotate_left(by);
        for (number, subject) in other.iter_mut().enumerate() {
            subject.image.name = format!("golden-{}", 1_000 - number);
        }
        prop_assert_eq!(run(&capped(caps), &other, begun(0)).going, expected);
    }
}
