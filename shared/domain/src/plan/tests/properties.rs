use super::toy::{OTHER, Toy, account, family, grants, place, source_ref};
use crate::image::LaunchPermission;
use crate::lineage::{ReplicaState, SourceStatus};
use crate::naming;
use crate::observation::{Mandate, Seen};
use crate::plan::{Action, Budget, Plan, check};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

const PLACES: [&str; 4] = [
    "111111111111/eu-west-1",
    "111111111111/ap-southeast-2",
    "222222222222/eu-west-1",
    "222222222222/us-east-1",
];

fn count(plans: &[Plan], wanted: impl Fn(&Action) -> bool) -> usize {
    plans
        .iter()
        .flat_map(Plan::steps)
        .filter(|(_, step)| wanted(&step.action))
        .count()
}

prop_compose! {
    fn worlds()(
        places in 1usize..=4,
        as_source in any::<bool>(),
        launch in vec(0u8..6, 0..4),
        snapshots in any::<bool>(),
        source_grants in vec(0u8..6, 0..4),
        public in any::<bool>(),
        tags in btree_map("[A-Za-z:]{1,12}", "[a-z]{0,5}", 0..60usize),
    ) -> Toy {
        let mut toy = Toy::new(family(&PLACES[..places]));
        toy.family().sharing.as_source = as_source;
        toy.family().sharing.launch = grants(&launch);
        if snapshots {
            toy.family().sharing.snapshots = [account("900000000001")].into();
        }
        toy.permissions(&source_ref()).extend(grants(&source_grants));
        if public {
            toy.permissions(&source_ref()).insert(LaunchPermission::Everyone);
        }
        toy.source.image.tags = tags;
        toy
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn planning_and_applying_ends_in_an_empty_plan_with_everything_verified(mut toy in worlds()) {
        let plans = toy.converge(Mandate::Event);
        let destinations = toy.family().destinations.len();
        prop_assert_eq!(count(&plans, |a| matches!(a, Action::Copy(_))), destinations);
        prop_assert_eq!(toy.lineage.as_ref().unwrap().source.status, SourceStatus::Replicated);
        let sharing = toy.family().sharing.clone();
        for (place, facts) in toy.images.clone() {
            prop_assert_eq!(toy.replica(&place.to_string()).state, ReplicaState::Verified);
            let mut wanted = sharing.launch.clone();
            if sharing.as_source {
                wanted.extend(toy.lineage.as_ref().unwrap().source.permissions.clone().unwrap());
            }
            wanted.remove(&LaunchPermission::Everyone);
            wanted.remove(&LaunchPermission::Account(place.account.clone()));
            prop_assert_eq!(facts.permissions.read().unwrap(), &wanted);
            prop_assert!(facts.image.tags.len() <= naming::MOST_TAGS);
        }
    }

    #[test]
    fn whatever_was_lent_is_given_back_and_nothing_else_is(mut toy in worlds()) {
        let before = toy.permissions(&source_ref()).clone();
        let volumes = toy.source.volume_permissions.clone();
        toy.converge(Mandate::Event);
        prop_assert_eq!(&before, toy.permissions(&source_ref()));
        prop_assert_eq!(volumes, toy.source.volume_permissions.clone());
        prop_assert!(toy.lineage.unwrap().source.loans.is_empty());
    }

    #[test]
    fn an_event_never_takes_a_permission_back(mut toy in worlds(), fewer in vec(0u8..6, 0..3)) {
        toy.converge(Mandate::Event);
        toy.family().sharing.launch = grants(&fewer);
        toy.family().sharing.as_source = false;
        let plans = toy.converge(Mandate::Event);
        let revoked = count(&plans, |a| matches!(a,
            Action::Unshare { loan: false, .. } | Action::UnshareSnapshot { loan: false, .. }));
        prop_assert_eq!(revoked, 0);
    }

    #[test]
    fn a_schedule_brings_replicas_to_a_changed_policy_and_leaves_strangers_grants(
        mut toy in worlds(),
        fewer in vec(0u8..6, 0..3),
        stranger in 50u8..60,
    ) {
        toy.converge(Mandate::Schedule);
        let stranger = grants(&[stranger]);
        for facts in toy.images.values_mut() {
            if let Seen::Read(permissions) = &mut facts.permissions {
                permissions.extend(stranger.clone());
            }
        }
        toy.family().sharing.launch = grants(&fewer);
        toy.family().sharing.as_source = false;
        toy.converge(Mandate::Schedule);
        let mut wanted = grants(&fewer);
        wanted.extend(stranger);
        for facts in toy.images.values() {
            prop_assert_eq!(facts.permissions.read().unwrap(), &wanted);
        }
    }

    #[test]
    fn no_tag_that_someone_sets_ever_changes_whom_a_replica_is_shared_with(
        mut toy in worlds(),
        tags in btree_map("(amiary:operation|amiary:source|amiary:family|[a-z]{1,6})", "[a-z0-9/-]{0,40}", 0..6usize),
    ) {
        toy.converge(Mandate::Schedule);
        for facts in toy.images.values_mut() {
            facts.image.tags.extend(tags.clone());
        }
        toy.source.image.tags.extend(tags);
        let plans = toy.converge(Mandate::Schedule);
        let shared = count(&plans, |a| matches!(a,
            Action::Share { .. } | Action::ShareSnapshot { .. } | Action::Unshare { .. } | Action::UnshareSnapshot { .. } | Action::Copy(_)));
        prop_assert_eq!(shared, 0);
    }

    #[test]
    fn a_run_never_goes_over_its_caps(
        toys in vec(worlds(), 1..4),
        copies in 0u32..6,
        revocations in 0u32..6,
    ) {
        let mut plans: Vec<Plan> = toys
            .into_iter()
            .map(|mut toy| {
                toy.converge(Mandate::Schedule);
                toy.family().sharing.launch.clear();
                toy.family().sharing.as_source = false;
                let new = place("111111111111/us-west-2");
                toy.keys.insert(new.clone(), Seen::Read(super::toy::key(&new)));
                toy.family().destinations.insert(new.clone(), crate::policy::Destination {
                    place: new, encryption: crate::policy::Encryption::Key("alias/golden".to_owned()),
                });
                toy.plan(Mandate::Schedule)
            })
            .collect();
        let revoking = |plans: &[Plan]| plans.iter().flat_map(Plan::steps).map(|(_, step)| match &step.action {
            Action::Unshare { remove, loan: false, .. } => remove.len(),
            Action::UnshareSnapshot { remove, loan: false, .. } => remove.len(),
            _ => 0,
        }).sum::<usize>();
        let wanted = revoking(&plans);
        let caps = crate::policy::Caps { copies_per_run: copies, revocations_per_run: revocations , ..crate::policy::Caps::default() };
        let mut budget = Budget::from(&caps);
        let mut again = plans.clone();
        let held = check(&mut plans, &mut budget);
        if held.revocations > 0 {
            check(&mut again[..1], &mut budget);
            prop_assert_eq!(revoking(&again[..1]), 0, "once held, held for the run");
        }
        let kept = revoking(&plans);
        prop_assert!(count(&plans, |a| matches!(a, Action::Copy(_))) <= copies as usize);
        prop_assert!(kept == 0 || kept == wanted);
        prop_assert!(kept <= revocations as usize);
        prop_assert_eq!(held.revocations > 0, wanted > revocations as usize);
    }
}

#[test]
fn another_account_reads_the_source_only_while_it_copies() {
    let mut toy = Toy::new(family(&[PLACES[2]]));
    let lent = LaunchPermission::Account(account(OTHER));
    let mut seen = Vec::new();
    for _ in 0..6 {
        let plan = toy.plan(Mandate::Event);
        toy.apply(&plan);
        seen.push(toy.permissions(&source_ref()).contains(&lent));
    }
    assert_eq!(seen.first(), Some(&true), "lent before the copy");
    assert_eq!(seen.last(), Some(&false), "given back after it");
}
