//! Owns what is not known of who uses an image: what could not be read, what nobody looked for, and
//! what proves nothing any more.

use super::rules::not_read;
use super::{Evidence, Lookout, Reason, Subject};
use crate::ids::{AccountId, Place};
use crate::image::LaunchPermission;
use crate::observation::Seen;
use crate::policy::Policy;
use jiff::{SignedDuration, Timestamp};

/// An older usage report proves nothing. It expires after thirty days; what it leaves out, the last
/// day's instances and the last days' templates, is what the delays between the stages are for, see
/// [usage reports](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/your-ec2-ami-usage.html).
const MOST_REPORT_AGE: SignedDuration = SignedDuration::from_hours(24 * 7);

const SHARED: &str = "whom it is shared with";

/// Where it is not known whether somebody uses the image: every lookout of its own account, and of
/// every account that it is shared with.
pub(super) fn found(
    policy: &Policy,
    subject: &Subject,
    evidence: &Evidence,
    now: Timestamp,
) -> Vec<Reason> {
    let at = &subject.image.at;
    let looked = |place: &Place| {
        unseen(place, |lookout| evidence.doubt(place, lookout, now)).collect::<Vec<_>>()
    };
    let mut reasons = looked(&at.place);
    if subject.image.public {
        let with = LaunchPermission::Everyone;
        reasons
            .extend(report(subject, evidence, now).map(|why| Reason::SharedUnseen { with, why }));
    }
    if let Some(why) = evidence.unreported.get(at) {
        let (fact, why) = ("its usage report", why.clone());
        reasons.push(Reason::Unknown { fact, why });
    }
    let shared = match &subject.shared {
        Seen::Read(shared) => shared,
        Seen::NotRead => return reasons,
        other => {
            reasons.extend(not_read(other, SHARED));
            return reasons;
        }
    };
    for with in shared {
        let account = match with {
            LaunchPermission::Account(account) if is_waived(policy, account, now) => continue,
            LaunchPermission::Account(account) => Some(account),
            _ => None,
        };
        let there = account.map(|account| Place::new(account.clone(), at.place.region.clone()));
        if there.is_some_and(|there| looked(&there).is_empty()) {
            continue;
        }
        if let Some(why) = report(subject, evidence, now) {
            let with = with.clone();
            reasons.push(Reason::SharedUnseen { with, why });
        }
    }
    reasons
}

/// What was not asked because something else kept the image: it keeps it once nothing else does.
pub(super) fn unasked(
    policy: &Policy,
    subject: &Subject,
    evidence: &Evidence,
    now: Timestamp,
) -> Vec<Reason> {
    let at = &subject.image.at;
    let readers = subject.shared.read().into_iter().flatten();
    let readers = readers.filter_map(|with| match with {
        LaunchPermission::Account(account) if !is_waived(policy, account, now) => Some(account),
        _ => None,
    });
    let there = readers.map(|account| Place::new(account.clone(), at.place.region.clone()));
    let there = there.filter(|_| report(subject, evidence, now).is_some());
    let places = std::iter::once(at.place.clone()).chain(there);
    let asked = places.flat_map(|place| {
        let doubts = |lookout| evidence.doubt_of(&at.id, &place, lookout, now);
        unseen(&place, doubts).collect::<Vec<_>>()
    });
    let mut reasons: Vec<Reason> = asked.collect();
    if subject.shared == Seen::NotRead {
        reasons.extend(not_read(&subject.shared, SHARED));
    }
    reasons
}

fn unseen(
    place: &Place,
    doubt: impl Fn(Lookout) -> Option<String>,
) -> impl Iterator<Item = Reason> {
    Lookout::ALL.into_iter().filter_map(move |lookout| {
        Some(Reason::NotLooked {
            place: place.clone(),
            lookout,
            why: doubt(lookout)?,
        })
    })
}

fn is_waived(policy: &Policy, account: &AccountId, now: Timestamp) -> bool {
    policy
        .waivers
        .get(account)
        .is_some_and(|waiver| now < waiver.until)
}

/// Why the image's usage report proves nothing, where it doesn't.
fn report(subject: &Subject, evidence: &Evidence, now: Timestamp) -> Option<String> {
    let Some(report) = evidence.reports.get(&subject.image.at) else {
        return Some("no usage report was asked for".to_owned());
    };
    let age = now.duration_since(report.asked);
    if report.uses.is_none() {
        return Some(format!(
            "the usage report asked for at {} is not there yet",
            report.asked
        ));
    }
    let since = subject.retirement.at.map(|(_, since)| since);
    let is_old = age > MOST_REPORT_AGE || since.is_some_and(|since| report.asked < since);
    is_old.then(|| format!("its usage report is of {}", report.asked))
}
