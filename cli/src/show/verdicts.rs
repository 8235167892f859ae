//! Owns how verdicts are shown: why an image stays or may go, and what that rests on.

use super::{BAD, FAINT, GOOD, HEADING, WAITING, painted, table::table};
use amiary_domain::ids::{AccountId, ImageRef, Place};
use amiary_domain::image::LaunchPermission;
use amiary_domain::notice::printable;
use amiary_domain::policy::{Family, Policy};
use amiary_domain::retention::{Judged, Lookout, Subject, Use, Verdict};
use amiary_engine::retention::Survey;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// One image's verdict, with every reason and what would have to change.
pub(crate) fn explanation(subject: &Subject, judged: &Judged, now: Timestamp) -> String {
    let kind = if subject.kind.is_source() {
        "source"
    } else {
        "replica"
    };
    let mut text = format!(
        "{}  {}\n  {} {} · family {} · {kind}\n",
        printable(&subject.image.name),
        verdict(&judged.verdict, now),
        subject.image.at,
        subject.image.architecture,
        subject.family,
    );
    for reason in judged.verdict.reasons() {
        let _ = writeln!(text, "  it stays: {}", printable(&reason.to_string()));
        let change = format!("to change that: {}", printable(&reason.change()));
        let _ = writeln!(text, "    {}", painted(FAINT, &change));
    }
    text.trim_end().to_owned()
}

fn verdict(verdict: &Verdict, now: Timestamp) -> String {
    match verdict {
        Verdict::Keep(_) => painted(GOOD, "stays"),
        Verdict::Retire { to, not_before } if *not_before <= now => {
            painted(BAD, &format!("may be {to} now"))
        }
        Verdict::Retire { to, not_before } => {
            painted(BAD, &format!("may be {to} from {} on", minute(*not_before)))
        }
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What the verdict on an image rests on: every place that was looked at for it, when, and what was
/// found there.
pub(crate) fn evidence(subject: &Subject, survey: &Survey, now: Timestamp) -> String {
    let rows = looks(subject, survey).map(|(place, lookout, look)| {
        let found = uses(subject, survey);
        let found = found.filter(|one| one.lookout == *lookout && one.place == *place);
        let image = &subject.image.at.id;
        let doubt = survey.evidence.doubt_of(image, place, *lookout, now);
        let state = doubt.map_or_else(
            || painted(GOOD, "complete"),
            |why| painted(WAITING, &printable(&why)),
        );
        let found: Vec<String> = found.map(|one| printable(&one.by)).collect();
        let found = if found.is_empty() {
            "none".to_owned()
        } else {
            found.join("\n")
        };
        vec![
            lookout.to_string(),
            place.to_string(),
            minute(look.at),
            state,
            found,
        ]
    });
    let rows = rows.chain(report(subject, survey));
    let head = ["looked at", "where", "when", "read", "found to use it"];
    table(&head, rows.collect())
}

/// The usage report on the accounts that the image is shared with, where one was asked for.
fn report(subject: &Subject, survey: &Survey) -> Option<Vec<String>> {
    let report = survey.evidence.reports.get(&subject.image.at)?;
    let (state, found) = match &report.uses {
        None => (painted(WAITING, "not there yet"), "not known".to_owned()),
        Some(uses) if uses.is_empty() => (painted(GOOD, "complete"), "none".to_owned()),
        Some(uses) => {
            let uses: Vec<String> = uses.iter().map(|one| printable(one)).collect();
            (painted(GOOD, "complete"), uses.join("\n"))
        }
    };
    let (what, at) = ("usage report".to_owned(), minute(report.asked));
    let whose = "accounts it is shared with".to_owned();
    Some(vec![what, whose, at, state, found])
}

/// The looks at the image's own account and at those that it is shared with.
fn looks<'a>(
    subject: &'a Subject,
    survey: &'a Survey,
) -> impl Iterator<Item = (&'a Place, &'a Lookout, &'a amiary_domain::retention::Look)> {
    let region = &subject.image.at.place.region;
    let looks = survey.evidence.looks.iter();
    let looks = looks.map(|((place, lookout), look)| (place, lookout, look));
    let own = &subject.image.at.place.account;
    let shared = subject.shared.read().into_iter().flatten();
    let mut whose: BTreeSet<&AccountId> = shared
        .filter_map(|with| match with {
            LaunchPermission::Account(account) => Some(account),
            _ => None,
        })
        .collect();
    whose.insert(own);
    looks.filter(move |(place, _, _)| place.region == *region && whose.contains(&place.account))
}

/// What uses an image or a snapshot of it.
fn uses<'a>(subject: &'a Subject, survey: &'a Survey) -> impl Iterator<Item = &'a Use> {
    let at = &subject.image.at;
    let evidence = &survey.evidence;
    let of_image = evidence.uses.get(&(at.place.region.clone(), at.id.clone()));
    let of_snapshots = subject.image.snapshots.iter().filter_map(move |snapshot| {
        let key = (at.place.region.clone(), snapshot.clone());
        evidence.snapshots.get(&key)
    });
    of_image.into_iter().flatten().chain(of_snapshots.flatten())
}

/// Why there is no verdict on a recorded image.
pub(crate) fn unseen(image: &ImageRef, survey: &Survey) -> String {
    match survey.unread.first() {
        Some(error) => format!("there is no verdict on {image}, so it stays: {error}"),
        None => format!("{image} is on record, and EC2 lists no such image"),
    }
}

/// What of a plan is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    /// One family only.
    pub family: Option<&'a str>,
    /// Only what may go.
    pub going: bool,
}

/// All verdicts, by family and its owner, with how many they are.
pub(crate) fn plan(
    policy: &Policy,
    survey: &Survey,
    judged: &[Judged],
    shown: Shown<'_>,
    now: Timestamp,
) -> String {
    let mut text = String::new();
    let families = policy.families.values();
    for family in families.filter(|family| shown.family.is_none_or(|name| name == family.name)) {
        let of_family = survey.inventory.iter().zip(judged);
        let of_family: Vec<_> = of_family
            .filter(|(subject, _)| subject.family == family.name)
            .collect();
        text.push_str(&section(family, &of_family, shown.going, now));
    }
    let going = judged.iter().filter(|judged| goes(judged)).count();
    let _ = writeln!(text, "in all {going} may go, {} stay", judged.len() - going);
    if !survey.unseen.is_empty() {
        let count = survey.unseen.len();
        let _ = writeln!(
            text,
            "{count} recorded images were not seen, and stay as they are"
        );
    }
    text.trim_end().to_owned()
}

/// The verdicts on a family's images.
fn section(family: &Family, images: &[(&Subject, &Judged)], going: bool, now: Timestamp) -> String {
    let heading = format!("{} ({})", family.name, family.owner);
    let heading = painted(HEADING, &heading);
    if family.retention.sources.is_none() && family.retention.replicas.is_none() {
        let count = images.len();
        return format!("{heading}: the policy has no retention for it, so all {count} stay\n");
    }
    let may_go = images.iter().filter(|(_, judged)| goes(judged)).count();
    let mut text = format!(
        "{heading}: {may_go} may go, {} stay\n",
        images.len() - may_go
    );
    let shown = images.iter().filter(|(_, judged)| !going || goes(judged));
    let rows: Vec<_> = shown
        .map(|(subject, judged)| row(subject, judged, now))
        .collect();
    if !rows.is_empty() {
        let head = ["image", "name", "architecture", "verdict", "because"];
        let _ = writeln!(text, "{}", table(&head, rows));
    }
    text
}

fn goes(judged: &Judged) -> bool {
    matches!(judged.verdict, Verdict::Retire { .. })
}

fn row(subject: &Subject, judged: &Judged, now: Timestamp) -> Vec<String> {
    let reasons = judged.verdict.reasons();
    let because = match reasons {
        [] => "nothing keeps it".to_owned(),
        [only] => printable(&only.to_string()),
        [first, rest @ ..] => format!(
            "{} (and {} more)",
            printable(&first.to_string()),
            rest.len()
        ),
    };
    vec![
        subject.image.at.to_string(),
        printable(&subject.image.name),
        subject.image.architecture.clone(),
        verdict(&judged.verdict, now),
        because,
    ]
}

/// All verdicts for scripts.
pub(crate) fn plan_json(policy: &Policy, survey: &Survey, judged: &[Judged], going: bool) -> Value {
    let shown = survey.inventory.iter().zip(judged);
    let shown = shown.filter(|(_, judged)| !going || goes(judged));
    let images: Vec<Value> = shown
        .map(|(subject, judged)| {
            let mut image = json(subject, judged, None);
            let family = policy.families.get(&subject.family);
            image["owner"] = json!(family.map(|family| &family.owner));
            image
        })
        .collect();
    let looks = survey
        .evidence
        .looks
        .iter()
        .map(|((place, lookout), look)| {
            json!({"place": place, "lookout": lookout.to_string(), "at": look.at,
               "doubt": look.doubt(look.at)})
        });
    json!({
        "images": images,
        "looks": looks.collect::<Vec<_>>(),
        "unseen": survey.unseen,
        "unread": survey.unread.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// One verdict for scripts; with its evidence where that is given.
pub(crate) fn json(subject: &Subject, judged: &Judged, survey: Option<&Survey>) -> Value {
    let reasons = judged.verdict.reasons().iter();
    let reasons =
        reasons.map(|reason| json!({"reason": reason.to_string(), "change": reason.change()}));
    let (verdict, stage, not_before) = match &judged.verdict {
        Verdict::Keep(_) => ("keep", None, None),
        Verdict::Retire { to, not_before } => ("retire", Some(to.to_string()), Some(*not_before)),
    };
    let mut value = json!({
        "image": subject.image.at,
        "name": subject.image.name,
        "family": subject.family,
        "architecture": subject.image.architecture,
        "kind": if subject.kind.is_source() { "source" } else { "replica" },
        "verdict": verdict,
        "stage": stage,
        "not_before": not_before,
        "reasons": reasons.collect::<Vec<_>>(),
    });
    if let Some(survey) = survey {
        let looks = looks(subject, survey).map(|(place, lookout, look)| {
            let image = &subject.image.at.id;
            let doubt = survey.evidence.doubt_of(image, place, *lookout, look.at);
            json!({"place": place, "lookout": lookout.to_string(), "at": look.at, "doubt": doubt})
        });
        value["looks"] = looks.collect();
        let uses = uses(subject, survey);
        let uses = uses.map(
            |one| json!({"place": one.place, "lookout": one.lookout.to_string(), "by": one.by}),
        );
        value["uses"] = uses.collect();
        let report = survey.evidence.reports.get(&subject.image.at);
        value["report"] = json!(report.map(|one| json!({"asked": one.asked, "uses": one.uses})));
    }
    value
}
