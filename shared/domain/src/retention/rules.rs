//! Owns the rules: what each of them says for keeping an image. All are asked, so that a verdict
//! has every reason and not the first.

use super::rank::Ranks;
use super::{Evidence, Protection, Reason, Subject, unknown};
use crate::ids::Place;
use crate::image::ImageState;
use crate::observation::Seen;
use crate::policy::{Family, Policy, Retention, Rule};
use crate::retention::Kind;
use jiff::{SignedDuration, Timestamp};

/// The reasons that need no evidence of use.
pub(super) fn cheap(
    policy: &Policy,
    subject: &Subject,
    ranks: &Ranks<'_>,
    now: Timestamp,
) -> Vec<Reason> {
    let mut reasons = state(subject);
    let family = policy.families.get(&subject.family);
    match family.and_then(|family| Some((family, rule(&family.retention, subject)?))) {
        Some((family, rule)) => {
            reasons.extend(held(&family.retention, subject));
            reasons.extend(counted(rule, subject, ranks));
            reasons.extend(aged(rule, subject, now));
            reasons.extend(unfinished(family, subject));
        }
        None => reasons.push(Reason::NoRule {
            family: subject.family.clone(),
        }),
    }
    reasons.extend(referred(policy, subject));
    reasons
}

/// The reasons that evidence gives.
pub(super) fn evident(
    policy: &Policy,
    subject: &Subject,
    evidence: &Evidence,
    now: Timestamp,
) -> Vec<Reason> {
    let mut reasons = protected(subject, now);
    reasons.extend(used(subject, evidence));
    reasons.extend(unknown::found(policy, subject, evidence, now));
    reasons
}

/// The rule for an image's kind.
pub(super) fn rule<'a>(retention: &'a Retention, subject: &Subject) -> Option<&'a Rule> {
    match subject.kind {
        Kind::Source { .. } => retention.sources.as_ref(),
        Kind::Replica { .. } => retention.replicas.as_ref(),
    }
}

/// Disabled is what Amiary makes of an image at that stage; anywhere else somebody did it.
fn state(subject: &Subject) -> Vec<Reason> {
    let by_amiary = subject.retirement.next() == Some(super::Stage::Deregistered);
    let said = match &subject.image.state {
        ImageState::Available => None,
        ImageState::Disabled if by_amiary => None,
        ImageState::Disabled => Some("disabled by someone else".to_owned()),
        ImageState::Pending => Some("pending".to_owned()),
        ImageState::Failed => Some("failed".to_owned()),
        ImageState::Deregistered => Some("deregistered".to_owned()),
        ImageState::Other(other) => Some(other.clone()),
    };
    said.map(Reason::State).into_iter().collect()
}

fn held(retention: &Retention, subject: &Subject) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = subject
        .held
        .iter()
        .cloned()
        .map(Reason::HeldByRecord)
        .collect();
    if retention.hold_images.contains(&subject.image.at.id) {
        reasons.push(Reason::HeldById);
    }
    let tags = &subject.image.tags;
    let holding = retention
        .hold_tags
        .iter()
        .filter(|(key, value)| tags.get(*key).is_some_and(|tag| value.matches(tag)));
    reasons.extend(holding.map(|(key, _)| Reason::HeldByTag { key: key.clone() }));
    reasons
}

fn counted(rule: &Rule, subject: &Subject, ranks: &Ranks<'_>) -> Vec<Reason> {
    let Some(rank) = ranks.get(&subject.image.at) else {
        let why = "it is not in the inventory".to_owned();
        return vec![Reason::Unknown {
            fact: "its rank",
            why,
        }];
    };
    let mut reasons = Vec::new();
    if rank.newest_verified {
        reasons.push(Reason::NewestVerified);
    }
    if rank.newer < usize::try_from(rule.keep_last).unwrap_or(usize::MAX) {
        reasons.push(Reason::AmongNewest {
            nth: rank.newer + 1,
            kept: rule.keep_last,
        });
    }
    reasons
}

/// The age is that of the version and of the image, whichever is less: a copy that was made late is
/// young, and so is an image whose version is.
pub(super) fn born(subject: &Subject) -> Option<Timestamp> {
    let both = subject.version.zip(subject.image.created);
    both.map(|(version, own)| version.max(own))
}

fn aged(rule: &Rule, subject: &Subject, now: Timestamp) -> Vec<Reason> {
    let mut reasons = Vec::new();
    match born(subject) {
        None => reasons.push(Reason::Young { until: None }),
        Some(born) => {
            let until = later(born, rule.keep_for);
            if now < until {
                reasons.push(Reason::Young { until: Some(until) });
            }
        }
    }
    if let Some(within) = rule.unless_launched_within {
        reasons.extend(launched(subject, within, now));
    }
    reasons
}

fn launched(subject: &Subject, within: SignedDuration, now: Timestamp) -> Option<Reason> {
    match &subject.launched {
        Seen::Read(None) => None,
        Seen::Read(Some(at)) => {
            let until = later(*at, within);
            (now < until).then_some(Reason::Launched { at: *at, until })
        }
        other => not_read(other, "when it was last launched"),
    }
}

/// What is not known, as a reason.
pub(super) fn not_read<T>(seen: &Seen<T>, fact: &'static str) -> Option<Reason> {
    let why = match seen {
        Seen::Read(_) => return None,
        Seen::NotRead => "nobody looked".to_owned(),
        Seen::Absent => "EC2 says that there is no such thing".to_owned(),
        Seen::Unknown(why) | Seen::Refused(why) => why.clone(),
    };
    Some(Reason::Unknown { fact, why })
}

fn unfinished(family: &Family, subject: &Subject) -> Option<Reason> {
    let Kind::Source { unfinished } = &subject.kind else {
        return None;
    };
    let wanted = unfinished
        .iter()
        .filter(|place| family.destinations.contains_key(*place));
    let wanted: std::collections::BTreeSet<Place> = wanted.cloned().collect();
    (!wanted.is_empty()).then_some(Reason::ReplicasUnfinished(wanted))
}

fn referred(policy: &Policy, subject: &Subject) -> Vec<Reason> {
    let references = &policy.references;
    let mut reasons = Vec::new();
    if references.images.contains(&subject.image.at.id) {
        reasons.push(Reason::ReferredTo);
    }
    if references.families.contains(&subject.family) {
        reasons.push(Reason::FamilyReferredTo);
    }
    reasons
}

fn protected(subject: &Subject, now: Timestamp) -> Vec<Reason> {
    let mut reasons = Vec::new();
    match &subject.protection {
        Seen::Read(Protection::Off) => {}
        Seen::Read(Protection::On) => reasons.push(Reason::Protected { until: None }),
        Seen::Read(Protection::Until(until)) if *until <= now => {}
        Seen::Read(Protection::Until(until)) => {
            reasons.push(Reason::Protected {
                until: Some(*until),
            });
        }
        other => reasons.extend(not_read(other, "its deregistration protection")),
    }
    let tags = &subject.image.tags;
    let tagged = |prefix: &str| tags.keys().any(|key| key.starts_with(prefix));
    if subject.image.owner_alias.as_deref() == Some("aws-backup-vault") || tagged("aws:backup:") {
        reasons.push(Reason::ManagedBy("AWS Backup"));
    }
    if tagged("aws:dlm:") {
        reasons.push(Reason::ManagedBy("Data Lifecycle Manager"));
    }
    match &subject.locked {
        Seen::Read(locked) => {
            let still = locked
                .iter()
                .filter(|(_, until)| until.is_none_or(|until| now < until));
            reasons.extend(still.map(|(snapshot, until)| Reason::Locked {
                snapshot: snapshot.clone(),
                until: *until,
            }));
        }
        other => reasons.extend(not_read(other, "which of its snapshots are locked")),
    }
    reasons
}

/// What is known to use it.
pub(super) fn used(subject: &Subject, evidence: &Evidence) -> Vec<Reason> {
    let at = &subject.image.at;
    let region = &at.place.region;
    let id = (region.clone(), at.id.clone());
    let mut reasons: Vec<Reason> = Vec::new();
    let of_image = evidence.uses.get(&id).into_iter().flatten();
    let snapshots = subject.image.snapshots.iter();
    let of_snapshots = snapshots
        .filter_map(|snapshot| evidence.snapshots.get(&(region.clone(), snapshot.clone())));
    reasons.extend(
        of_image
            .chain(of_snapshots.flatten())
            .cloned()
            .map(Reason::Used),
    );
    reasons.extend(
        evidence
            .parameters
            .get(&at.id)
            .cloned()
            .map(Reason::InParameter),
    );
    if let Some(uses) = evidence
        .reports
        .get(at)
        .and_then(|report| report.uses.as_ref())
    {
        reasons.extend(uses.iter().cloned().map(Reason::UsedElsewhere));
    }
    reasons
}

fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}
