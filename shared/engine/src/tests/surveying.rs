//! What a survey must hold: whatever fails, is cut short or is suddenly not there, nothing more may
//! go for that.

use super::world::{HOME, World, account, place};
use super::{IRELAND, look, now, policy, replicated, world};
use crate::ports::{Class, Target};
use crate::retention::{Scope, Survey, Tally, survey};
use amiary_domain::ids::ImageRef;
use amiary_domain::image::ImageState;
use amiary_domain::lineage::Loan;
use amiary_domain::observation::{Mandate, Seen};
use amiary_domain::plan::ActivePolicy;
use amiary_domain::policy::Policy;
use amiary_domain::retention::{Lookout, Outcome, Reason, Report, Subject, Verdict};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

const PRODUCTION: &str = "222222222222/us-east-1";
const RETENTION: &str = "[families.web.retention]\n\
     sources = { keep-last = 1, keep-for = \"10d\" }\n\
     replicas = { keep-last = 1, keep-for = \"10d\" }\n";

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn retiring(more: &str) -> ActivePolicy {
    policy(&[IRELAND], &format!("{RETENTION}{more}"))
}

/// A world with so many old versions, each with a replica in Ireland, and a newer one; every old
/// source, and the copies of each.
pub(super) struct Scene {
    pub(super) world: World,
    active: ActivePolicy,
    pub(super) sources: Vec<ImageRef>,
    pub(super) replicas: Vec<ImageRef>,
}

impl Scene {
    pub(super) fn new(old: usize, more: &str) -> Self {
        let (world, active) = (world(), retiring(more));
        let mut made = |number| {
            let source = replicated(&world, &active, &format!("golden-{number}"));
            world.wait(days(30));
            let replica = world.copy_of(&source, IRELAND);
            (source, replica)
        };
        let (sources, replicas) = (0..old).map(&mut made).unzip();
        made(old);
        world.wait(days(30));
        world.calls("");
        Self {
            world,
            active,
            sources,
            replicas,
        }
    }

    fn policy(&self) -> &Policy {
        &self.active.policy
    }

    pub(super) fn at(&self) -> Timestamp {
        self.world.state().now
    }

    pub(super) fn look(&self, before: &Tally) -> Survey {
        let scope = Scope::default();
        let reading = self.world.reading();
        now(survey(reading, &self.world, self.policy(), &scope, before)).unwrap()
    }

    fn going_by(&self, survey: &Survey) -> BTreeSet<ImageRef> {
        let judged = survey.judged(self.policy(), self.at()).into_iter();
        let going = judged.filter(|one| matches!(one.verdict, Verdict::Retire { .. }));
        going.map(|one| one.image).collect()
    }

    pub(super) fn going(&self) -> BTreeSet<ImageRef> {
        self.going_by(&self.look(&Tally::new()))
    }

    pub(super) fn reasons(&self, survey: &Survey, image: &ImageRef) -> Vec<Reason> {
        let judged = survey.judged(self.policy(), self.at()).into_iter();
        let mut of_image = judged.filter(|one| one.image == *image);
        of_image.next().unwrap().verdict.reasons().to_vec()
    }
}

pub(super) fn image(of: &ImageRef) -> Target {
    Target::Image(of.id.clone())
}

fn version(version: &str) -> Target {
    Target::Template {
        template: "lt-1".to_owned(),
        version: version.to_owned(),
    }
}

/// One old image is used in each of the ways that there are, and one is not.
fn used_in_every_way() -> Scene {
    let scene = Scene::new(8, "[references]\nparameters = [\"/golden/*\"]\n");
    let (world, sources, replicas) = (&scene.world, &scene.sources, &scene.replicas);
    world.points(HOME, Lookout::Instances, "i-1", &[image(&sources[0])]);
    world.points(HOME, Lookout::Instances, "i-2", &[]);
    world.points(HOME, Lookout::Instances, "i-3", &[image(&sources[1])]);
    world.points(HOME, Lookout::AutoScalingGroups, "group", &[version("7")]);
    let resolved = Target::Parameter("/web".to_owned());
    world.points(HOME, Lookout::LaunchTemplates, "lt-2", &[resolved]);
    let declared = Target::Text("/golden/web".to_owned());
    world.points(HOME, Lookout::Parameters, "/golden/web", &[declared]);
    world.points(PRODUCTION, Lookout::Fleets, "fleet", &[image(&sources[5])]);
    let snapshot = world.state().images[&replicas[1]]
        .snapshots
        .first()
        .cloned();
    let snapshot = Target::Snapshot(snapshot.unwrap());
    world.points(IRELAND, Lookout::SpotRequests, "sir-1", &[snapshot]);
    let mut state = world.state();
    let with = BTreeSet::from([account("222222222222")]);
    for shared in [&sources[5], &sources[6], &replicas[2]] {
        state.permissions.insert(shared.clone(), with.clone());
    }
    let asked = state.now;
    let report = |uses| Report { asked, uses };
    let uses = &mut state.uses;
    uses.versions
        .insert(version("7"), [image(&sources[2])].into());
    uses.parameters
        .insert("/web".to_owned(), sources[3].id.to_string());
    uses.parameters
        .insert("/golden/web".to_owned(), sources[4].id.to_string());
    let referred = (place(IRELAND), replicas[0].id.clone());
    uses.references.insert(referred, "recipe".to_owned());
    uses.reports.insert(
        replicas[2].clone(),
        report(Some(vec!["account 4".to_owned()])),
    );
    uses.protected.insert(replicas[3].clone());
    drop(state);
    scene
}

#[test]
fn what_anything_uses_in_whatever_way_stays_and_the_rest_may_go() {
    let scene = used_in_every_way();
    let survey = scene.look(&Tally::new());
    assert!(survey.unread.is_empty(), "{:?}", survey.unread);
    let unused = scene.sources[6..].iter().chain(&scene.replicas[4..]);
    assert_eq!(scene.going_by(&survey), unused.cloned().collect());
}

#[test]
fn a_call_that_fails_never_adds_to_what_may_go() {
    let scene = used_in_every_way();
    let whole = scene.going();
    let calls = scene.world.calls("").len();
    assert!(calls > 50 && whole.len() == 6, "{calls} {whole:?}");
    let mut kept = 0;
    for nth in 0..calls {
        for class in [
            Class::Retry,
            Class::Quota,
            Class::NotReady,
            Class::Gone,
            Class::NameTaken,
            Class::TokenMismatch,
            Class::Conflict,
            Class::Permanent,
        ] {
            scene.world.fail_after(nth, class);
            let scope = Scope::default();
            let (reading, before) = (scene.world.reading(), Tally::new());
            let survey = now(survey(
                reading,
                &scene.world,
                scene.policy(),
                &scope,
                &before,
            ));
            let failed = scene.world.calls("");
            let going = match &survey {
                Ok(survey) => {
                    assert!(!survey.unread.is_empty(), "{class:?} at {}", failed[nth]);
                    scene.going_by(survey)
                }
                Err(_) => BTreeSet::new(),
            };
            assert!(going.is_subset(&whole), "{class:?} at {}", failed[nth]);
            kept += usize::from(going.len() < whole.len());
        }
    }
    assert!(kept > 0, "some of it matters");
}

#[test]
fn a_listing_of_images_that_fails_leaves_them_without_a_verdict_and_told() {
    let scene = Scene::new(1, "");
    scene
        .world
        .fail("list images of 111111111111/eu-west-1", Class::Permanent, 1);
    let survey = scene.look(&Tally::new());
    assert_eq!(survey.unseen.len(), 2, "{:?}", survey.unseen);
    assert!(survey.unseen.contains(&scene.replicas[0]));
    assert_eq!(survey.unread.len(), 1);
    assert_eq!(
        scene.going_by(&survey),
        BTreeSet::from([]),
        "its replica is not known to be there"
    );
}

#[test]
fn an_image_that_is_recorded_and_not_listed_is_told() {
    let scene = Scene::new(2, "");
    scene.world.state().images.remove(&scene.replicas[0]);
    let survey = scene.look(&Tally::new());
    assert_eq!(survey.unseen, [scene.replicas[0].clone()]);
    let both_of_the_other = [scene.sources[1].clone(), scene.replicas[1].clone()];
    assert_eq!(
        scene.going_by(&survey),
        both_of_the_other.into(),
        "nor does the source go that it is a copy of"
    );
}

#[test]
fn a_list_of_which_one_page_was_read_keeps_what_it_could_have_shown() {
    let scene = Scene::new(2, "");
    for by in ["i-1", "i-2", "i-3"] {
        let used = [image(&scene.sources[0])];
        scene.world.points(HOME, Lookout::Instances, by, &used);
    }
    scene.world.fail_after(
        {
            scene.going();
            let calls = scene.world.calls("");
            let second = |call: &String| call == "list instances of 111111111111/us-east-1";
            calls.iter().rposition(second).unwrap()
        },
        Class::Retry,
    );
    let survey = scene.look(&Tally::new());
    let looked = &survey.evidence.looks[&(place(HOME), Lookout::Instances)];
    assert!(matches!(looked.outcome, Outcome::Partial(_)), "{looked:?}");
    assert_eq!(
        scene.going_by(&survey),
        scene.replicas.iter().cloned().collect()
    );
    let of_used = scene.reasons(&survey, &scene.sources[0]);
    assert!(matches!(
        &of_used[..],
        [Reason::Used(_), Reason::Used(_), Reason::NotLooked { .. }]
    ));
}

#[test]
fn each_list_that_is_suddenly_empty_is_doubted_whatever_the_others_show() {
    let scene = Scene::new(1, "");
    let lists = Lookout::ALL
        .into_iter()
        .filter(|l| *l != Lookout::References);
    for lookout in lists.clone() {
        scene.world.points(HOME, lookout, "something", &[]);
    }
    let before = scene.look(&Tally::new());
    assert_eq!(scene.going_by(&before).len(), 2);
    for lookout in lists {
        let key = (place(HOME), lookout);
        let found = scene.world.state().uses.found.remove(&key).unwrap();
        let survey = scene.look(&before.tally);
        let looked = &survey.evidence.looks[&key];
        let doubted = Outcome::Implausible { before: 1, now: 0 };
        assert_eq!(looked.outcome, doubted, "{lookout}");
        assert_eq!(
            scene.going_by(&survey),
            scene.replicas.iter().cloned().collect()
        );
        scene.world.state().uses.found.insert(key, found);
    }
}

#[test]
fn references_that_are_suddenly_none_are_doubted_and_those_of_a_part_are_no_measure() {
    let scene = Scene::new(2, "");
    let key = (place(HOME), scene.sources[0].id.clone());
    scene
        .world
        .state()
        .uses
        .references
        .insert(key, "recipe".to_owned());
    let before = scene.look(&Tally::new());
    assert!(!scene.going_by(&before).contains(&scene.sources[0]));
    scene.world.state().uses.references.clear();
    let survey = scene.look(&before.tally);
    assert_eq!(
        scene.going_by(&survey),
        scene.replicas.iter().cloned().collect()
    );
    let part = Scope {
        family: Some("web".to_owned()),
        ..Scope::default()
    };
    let reading = scene.world.reading();
    let policy = scene.policy();
    let part = now(crate::retention::survey(
        reading,
        &scene.world,
        policy,
        &part,
        &before.tally,
    ));
    let references = (place(HOME), Lookout::References);
    assert!(!part.unwrap().tally.contains_key(&references));
}

#[test]
fn a_declared_parameter_that_is_a_secret_keeps_what_it_could_hold() {
    let secret = |name: &str| {
        let scene = Scene::new(1, "[references]\nparameters = [\"/golden/*\"]\n");
        let secret = Target::Secret(name.to_owned());
        scene
            .world
            .points(HOME, Lookout::Parameters, name, &[secret]);
        scene
    };
    assert_eq!(secret("/password").going().len(), 2);
    let scene = secret("/golden/web");
    let survey = scene.look(&Tally::new());
    assert_eq!(scene.going_by(&survey), [scene.replicas[0].clone()].into());
    let reasons = scene.reasons(&survey, &scene.sources[0]);
    let why = "only a part could be read: the declared SSM parameter /golden/web is a secret, and \
               not read";
    let expected = Reason::NotLooked {
        place: place(HOME),
        lookout: Lookout::Parameters,
        why: why.to_owned(),
    };
    assert_eq!(reasons, [expected]);
}

#[test]
fn whom_an_image_is_shared_with_is_read_anew_where_the_record_is_old() {
    let scene = Scene::new(1, "");
    let (source, replica) = (&scene.sources[0], &scene.replicas[0]);
    let with = BTreeSet::from([account("444444444444")]);
    for image in [source, replica] {
        scene
            .world
            .state()
            .permissions
            .insert(image.clone(), with.clone());
    }
    assert_eq!(scene.going(), BTreeSet::new(), "nobody looked there");
    assert_eq!(scene.world.calls("DescribeImageAttribute").len(), 2);
    let noted = scene.at() - days(1) / 6;
    scene.world.set(source, IRELAND, |replica| {
        replica.shared = Some(with);
        replica.shared_at = Some(noted);
    });
    assert_eq!(scene.going(), BTreeSet::new());
    let asked = scene.world.calls("DescribeImageAttribute");
    assert_eq!(asked, [format!("DescribeImageAttribute {source}")]);
}

#[test]
fn a_waiver_stands_for_looking_until_it_ends() {
    let ends = |until: &str| {
        let waiver = format!("[waivers.production]\nuntil = {until}\nreason = \"closed\"\n");
        let scene = Scene::new(1, &waiver);
        let with = BTreeSet::from([account("222222222222")]);
        let source = scene.sources[0].clone();
        scene.world.state().permissions.insert(source.clone(), with);
        scene
            .world
            .fail("222222222222/us-east-1", Class::Permanent, usize::MAX);
        scene.going().contains(&source)
    };
    assert!(ends("2030-01-01T00:00:00Z"));
    assert!(!ends("2026-01-02T00:00:00Z"));
}

#[test]
fn an_image_that_was_not_asked_about_is_told_so() {
    let scene = Scene::new(2, "");
    let used = [image(&scene.sources[0])];
    scene.world.points(HOME, Lookout::Instances, "i-1", &used);
    let survey = scene.look(&Tally::new());
    let doubt = |of: &ImageRef| {
        let evidence = &survey.evidence;
        evidence.doubt_of(&of.id, &of.place, Lookout::References, scene.at())
    };
    let said = "not asked, as something else keeps it already";
    assert_eq!(doubt(&scene.sources[0]).as_deref(), Some(said));
    assert_eq!(doubt(&scene.sources[1]), None);
}

#[test]
fn what_is_recorded_of_sharing_is_as_old_as_its_last_read_that_was_written_down() {
    let (world, active) = (world(), retiring(""));
    let source = replicated(&world, &active, "golden-1");
    let first = world.state().now;
    assert_eq!(world.lineage(&source).source.permissions_at, Some(first));
    assert_eq!(world.replica(&source, IRELAND).shared_at, Some(first));
    let tagged = |value: &str, mandate| {
        world.wait(days(1));
        let mut state = world.state();
        let tags = &mut state.images.get_mut(&source).unwrap().tags;
        tags.insert("Team".to_owned(), value.to_owned());
        drop(state);
        look(&world, &active, &source, mandate);
        let recorded = world.lineage(&source).source;
        assert_eq!(recorded.tags["Team"], value);
        recorded.permissions_at
    };
    let unread = tagged("a", Mandate::Event);
    assert_eq!(unread, Some(first), "the event's run does not read it");
    let read = tagged("b", Mandate::Schedule);
    assert_eq!(read, Some(world.state().now));
}

#[test]
fn a_source_stays_while_its_replica_can_not_be_used_also_where_only_its_own_place_is_asked_about() {
    for state in [ImageState::Disabled, ImageState::Failed] {
        let scene = Scene::new(1, "");
        let source = &scene.sources[0];
        let part = Scope {
            place: Some(source.place.clone()),
            ..Scope::default()
        };
        let look = || {
            let (reading, policy) = (scene.world.reading(), scene.policy());
            now(survey(reading, &scene.world, policy, &part, &Tally::new())).unwrap()
        };
        assert!(scene.going_by(&look()).contains(source));
        let replica = &scene.replicas[0];
        scene.world.state().images.get_mut(replica).unwrap().state = state;
        assert!(!scene.going().contains(source));
        let looked = look();
        assert!(!scene.going_by(&looked).contains(source));
        let others = |subject: &&Subject| subject.image.at.place != source.place;
        assert_eq!(looked.inventory.iter().find(others), None);
    }
}

#[test]
fn whom_amiary_let_in_since_the_last_reading_counts_as_let_in() {
    let scene = Scene::new(1, "");
    let borrower = "222222222222".parse().unwrap();
    let let_in = [account("222222222222"), account("333333333333")];
    let read_at = scene.at();
    {
        let mut state = scene.world.state();
        let lineage = state.lineages.get_mut(&scene.sources[0]).unwrap();
        let source = &mut lineage.source;
        source.permissions = Some(BTreeSet::new());
        source.permissions_at = Some(read_at);
        source.loans.insert(borrower, Loan::default());
        for replica in lineage.replicas.values_mut() {
            replica.shared = Some(BTreeSet::new());
            replica.shared_at = Some(read_at);
            replica.granted.insert(let_in[1].clone());
        }
    }
    let survey = scene.look(&Tally::new());
    let images = [&scene.sources[0], &scene.replicas[0]];
    for (image, with) in images.into_iter().zip(let_in) {
        let mut subjects = survey.inventory.iter();
        let subject = subjects.find(|subject| subject.image.at == *image);
        assert_eq!(subject.unwrap().shared, Seen::Read([with].into()));
    }
}
