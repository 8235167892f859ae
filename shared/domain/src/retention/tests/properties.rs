//! Owns what must hold over any inventory, policy and evidence.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// What is drawn of one image.
#[derive(Debug, Clone)]
struct Drawn {
    source: bool,
    arm: bool,
    place: usize,
    age: i64,
    verified: bool,
    launched: Option<i64>,
    kept: Kept,
}

/// What keeps a drawn image, apart from its age and rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Not,
    ByTag,
    ByUse,
}

const PLACES: [&str; 3] = [HOME, "111111111111/eu-west-1", "222222222222/us-east-1"];

fn drawn() -> impl Strategy<Value = Drawn> {
    let flags = any::<(bool, bool, bool)>();
    let launched = proptest::option::of(0..60_i64);
    let kept = prop_oneof![4 => Just(Kept::Not), 1 => Just(Kept::ByTag), 1 => Just(Kept::ByUse)];
    (flags, 0..PLACES.len(), 0..120_i64, launched, kept).prop_map(
        |((source, arm, verified), place, age, launched, kept)| Drawn {
            source,
            arm,
            place,
            age,
            verified,
            launched,
            kept,
        },
    )
}

fn made(number: u32, drawn: &Drawn) -> Subject {
    let kind = if drawn.source {
        Kind::Source {
            unfinished: BTreeSet::new(),
        }
    } else {
        Kind::Replica {
            of: format!("{HOME}/ami-0000ffff").parse().unwrap(),
        }
    };
    let mut subject = subject(PLACES[drawn.place], number, drawn.age, kind);
    if drawn.arm {
        subject.image.architecture = "arm64".to_owned();
    }
    subject.verified = drawn.verified;
    subject.launched = Seen::Read(drawn.launched.map(days_ago));
    if drawn.kept == Kept::ByTag {
        subject
            .image
            .tags
            .insert("Keep".to_owned(), "yes".to_owned());
    }
    subject
}

fn inventory(drawn: &[Drawn]) -> Vec<Subject> {
    (1..)
        .zip(drawn)
        .map(|(number, drawn)| made(number, drawn))
        .collect()
}

fn evidence(drawn: &[Drawn]) -> Evidence {
    let mut evidence = nothing_uses(&PLACES);
    for (subject, drawn) in inventory(drawn).iter().zip(drawn) {
        if drawn.kept == Kept::ByUse {
            let at = &subject.image.at;
            let (lookout, place) = (Lookout::Instances, at.place.clone());
            let used = Use {
                lookout,
                place,
                by: "i-1".to_owned(),
            };
            let id = (at.place.region.clone(), at.id.clone());
            evidence.uses.insert(id, vec![used]);
        }
    }
    evidence
}

fn going(policy: &Policy, inventory: &[Subject], evidence: &Evidence) -> BTreeSet<ImageRef> {
    let judged = judge(policy, inventory, evidence, now()).into_iter();
    let going = judged.filter(|one| matches!(one.verdict, Verdict::Retire { .. }));
    going.map(|one| one.image).collect()
}

fn ruled(last: u32, days: u32) -> Policy {
    let rule = format!(
        "{{ keep-last = {last}, keep-for = \"{days}d\", unless-launched-within = \"{days}d\" }}"
    );
    let text = POLICY
        .replace(
            "{ keep-last = 2, keep-for = \"30d\", unless-launched-within = \"10d\" }",
            &rule,
        )
        .replace("{ keep-last = 1, keep-for = \"10d\" }", &rule);
    policy_of(&text)
}

proptest! {
    #[test]
    fn of_each_group_the_newest_verified_image_stays(images in vec(drawn(), 1..30)) {
        let all = inventory(&images);
        let gone = going(&ruled(1, 1), &all, &evidence(&images));
        for one in &all {
            let same = |other: &&Subject| {
                other.image.at.place == one.image.at.place
                    && other.image.architecture == one.image.architecture
                    && other.kind.is_source() == one.kind.is_source()
                    && other.verified
            };
            let group: Vec<_> = all.iter().filter(same).collect();
            let stays = group.iter().any(|other| !gone.contains(&other.image.at));
            prop_assert!(group.is_empty() || stays, "{}", one.image.at);
        }
    }

    #[test]
    fn a_stricter_policy_never_lets_more_go(
        images in vec(drawn(), 1..30),
        (last, days) in (1..5_u32, 1..60_u32),
        (more, longer) in (0..3_u32, 0..60_u32),
    ) {
        let (all, evidence) = (inventory(&images), evidence(&images));
        let loose = going(&ruled(last, days), &all, &evidence);
        let strict = going(&ruled(last + more, days + longer), &all, &evidence);
        prop_assert!(strict.is_subset(&loose));
    }

    #[test]
    fn a_part_that_cannot_be_read_never_lets_more_go(
        images in vec(drawn(), 1..30),
        unread in vec((0..PLACES.len(), 0..Lookout::ALL.len()), 0..6),
    ) {
        let all = inventory(&images);
        let whole = evidence(&images);
        let mut part = whole.clone();
        for (place, lookout) in unread {
            let key = (PLACES[place].parse().unwrap(), Lookout::ALL[lookout]);
            part.looks.remove(&key);
            part.uses.clear();
        }
        let most = going(&ruled(1, 1), &all, &whole);
        let fewer = going(&ruled(1, 1), &all, &part);
        let unread_places: BTreeSet<Place> = PLACES
            .iter()
            .map(|place| place.parse().unwrap())
            .filter(|place| Lookout::ALL.iter().any(|l| !part.looks.contains_key(&(Place::clone(place), *l))))
            .collect();
        prop_assert!(fewer.iter().all(|image| !unread_places.contains(&image.place)));
        if unread_places.is_empty() {
            prop_assert_eq!(fewer, most);
        }
    }

    #[test]
    fn a_tag_more_never_lets_more_go(
        images in vec(drawn(), 1..30),
        (which, key, value) in (any::<prop::sample::Index>(), "[A-Za-z:]{1,8}", "[a-z]{0,4}"),
    ) {
        let (all, evidence) = (inventory(&images), evidence(&images));
        let before = going(&ruled(1, 1), &all, &evidence);
        let mut tagged = all.clone();
        let at = which.index(tagged.len());
        tagged[at].image.tags.insert(key, value);
        prop_assert!(going(&ruled(1, 1), &tagged, &evidence).is_subset(&before));
    }

    #[test]
    fn images_elsewhere_change_no_verdict_here(images in vec(drawn(), 1..20), more in vec(drawn(), 0..20)) {
        let here = |d: &Drawn| Drawn { place: 0, arm: false, kept: Kept::Not, ..d.clone() };
        let there = |d: &Drawn| Drawn { place: 1 + d.place % 2, ..d.clone() };
        let mut drawn: Vec<Drawn> = images.iter().map(here).collect();
        let alone = going(&ruled(2, 5), &inventory(&drawn), &evidence(&drawn));
        drawn.extend(more.iter().map(there));
        let all = going(&ruled(2, 5), &inventory(&drawn), &evidence(&drawn));
        let home: Place = HOME.parse().unwrap();
        let still: BTreeSet<_> = all.into_iter().filter(|image| image.place == home).collect();
        prop_assert_eq!(alone, still);
    }
}
