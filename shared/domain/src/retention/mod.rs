//! Owns the decision whether an image may go: a verdict for each image of an inventory, from the
//! policy and from evidence of its use, with every reason.
//!
//! What is not known keeps an image. Everything here is pure; evidence comes in as it was read.

mod caps;
mod evidence;
mod rank;
mod reason;
mod rules;
mod subject;
#[cfg(test)]
mod tests;
mod unknown;

pub use caps::{Admitted, Begun, Cap, Going, Reached, Waiting, admit};
pub use evidence::{Evidence, Look, Lookout, MOST_AGE, Outcome, Report, Use};
pub use reason::Reason;
pub use subject::{Kind, Protection, Retirement, Stage, Subject};

use crate::ids::ImageRef;
use crate::policy::Policy;
use jiff::Timestamp;
use rank::Ranks;

/// What was decided about one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The image.
    pub image: ImageRef,
    /// The verdict.
    pub verdict: Verdict,
}

/// Whether an image stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays as it is, for each of these reasons; there is at least one.
    Keep(Vec<Reason>),
    /// It may go to this stage.
    Retire {
        /// The next stage.
        to: Stage,
        /// When, at the earliest: its delay counts from the recorded moment of its present stage,
        /// and what ends outside of working hours waits for the next of them.
        not_before: Timestamp,
    },
}

impl Verdict {
    /// Why the image stays; nothing where it may go.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Keep(reasons) => reasons,
            Self::Retire { .. } => &[],
        }
    }
}

/// Judges every image of an inventory, in its order.
///
/// The inventory must hold every recorded image of a family that was found in an architecture,
/// account and Region: ranks are counted in it.
pub fn judge(
    policy: &Policy,
    inventory: &[Subject],
    evidence: &Evidence,
    now: Timestamp,
) -> Vec<Judged> {
    let ranks = Ranks::of(inventory);
    let judged = inventory.iter().map(|subject| {
        let mut reasons = rules::cheap(policy, subject, &ranks, now);
        reasons.extend(rules::evident(policy, subject, evidence, now));
        if reasons.is_empty() {
            reasons = unknown::unasked(policy, subject, evidence, now);
        }
        Judged {
            image: subject.image.at.clone(),
            verdict: verdict(policy, subject, reasons, now),
        }
    });
    judged.collect()
}

/// The images that nothing but evidence of their use could keep: only these are worth asking for
/// it.
pub fn candidates<'a>(
    policy: &Policy,
    inventory: &'a [Subject],
    now: Timestamp,
) -> Vec<&'a Subject> {
    let ranks = Ranks::of(inventory);
    let open = inventory
        .iter()
        .filter(|subject| rules::cheap(policy, subject, &ranks, now).is_empty());
    open.collect()
}

/// Whether something is known to use an image.
pub fn is_used(subject: &Subject, evidence: &Evidence) -> bool {
    !rules::used(subject, evidence).is_empty()
}

fn verdict(policy: &Policy, subject: &Subject, reasons: Vec<Reason>, now: Timestamp) -> Verdict {
    let family = policy.families.get(&subject.family);
    match (family, subject.retirement.next()) {
        (Some(family), Some(to)) if reasons.is_empty() => {
            let delays = &family.retention.delays;
            let due = subject.retirement.not_before(delays).unwrap_or(now);
            let hours = &policy.working_hours;
            let asked = if hours.cover(now) { due } else { due.max(now) };
            Verdict::Retire {
                to,
                not_before: hours.next(asked),
            }
        }
        (_, None) if reasons.is_empty() => Verdict::Keep(vec![Reason::Gone]),
        _ => Verdict::Keep(reasons),
    }
}
