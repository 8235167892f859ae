//! Owns the caps over a run: which of the images that may go do go in it, and which wait.
//!
//! Two things bound a run. Images that retire already go on in a fixed order, as many as the caps
//! allow. Images that would newly be marked are a change of what is going: if they are more than the
//! caps allow, none of them is marked until a person looks, as a flood of new images, or tags that
//! held many back and are gone, is more likely wrong than meant.

use super::{Judged, Reason, Stage, Subject, Verdict, rules};
use crate::ids::ImageRef;
use crate::policy::{Caps, Policy};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt;

/// Images older than this count for the caps that are a share, whatever their family's rule says.
const COUNTED_FROM: SignedDuration = SignedDuration::from_hours(24 * 30);

/// How many images runs began to take to a further stage on a day, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// The day.
    pub day: Date,
    /// How many.
    pub count: u32,
}

impl Begun {
    /// None yet on the day of a moment.
    pub fn none(now: Timestamp) -> Self {
        Self {
            day: day_of(now),
            count: 0,
        }
    }

    /// How many count on the day of a moment. Those of a later day do: a clock went back, and the
    /// caps hold all the same.
    pub fn on(self, now: Timestamp) -> u32 {
        if self.day < day_of(now) {
            0
        } else {
            self.count
        }
    }
}

fn day_of(moment: Timestamp) -> Date {
    moment.to_zoned_datetime(TimeZone::UTC).date()
}

/// A cap on what retires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cap {
    /// Images in one run.
    PerRun,
    /// A share of the images in one run.
    PercentPerRun,
    /// Images in a day.
    PerDay,
    /// A share of the images in a day.
    PercentPerDay,
}

/// A cap that holds something back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Which.
    pub cap: Cap,
    /// What the policy says.
    pub limit: u32,
    /// How many images that is.
    pub images: u32,
    /// How many of them were begun today already; nothing where the cap is of one run.
    pub begun: Option<u32>,
    /// How many would go.
    pub would: usize,
    /// Whether none goes for that, until a person looks.
    pub stops_all: bool,
}

/// An image that goes in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Going {
    /// The image.
    pub image: ImageRef,
    /// The stage that it goes to.
    pub to: Stage,
}

/// An image that may go, and does not in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The image.
    pub image: ImageRef,
    /// The stage that it waits for.
    pub to: Stage,
    /// Why.
    pub reason: Reason,
}

/// What a run does with the images that may go: each of them is in one of these lists, once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// Those that go now, in the order to take them in.
    pub going: Vec<Going>,
    /// Those that wait.
    pub waiting: Vec<Waiting>,
}

/// Holds all verdicts of a run against the caps, before any of them is carried out.
///
/// `inventory` and `judged` must be whole: those of every family. Where an image of one is not in
/// the other, it waits. `begun` is what was begun today before this run.
pub fn admit(
    policy: &Policy,
    inventory: &[Subject],
    judged: &[Judged],
    begun: Begun,
    now: Timestamp,
) -> Admitted {
    let subjects = inventory.iter().map(|subject| (&subject.image.at, subject));
    let subjects: BTreeMap<&ImageRef, &Subject> = subjects.collect();
    let mut admitted = Admitted::default();
    let (mut further, mut newly) = (BTreeMap::new(), BTreeMap::new());
    for one in judged {
        let Verdict::Retire { to, not_before } = one.verdict else {
            continue;
        };
        let image = &one.image;
        let subject = subjects.get(image).copied();
        let due = subject.ok_or_else(unlisted).and_then(|subject| {
            let early = early(policy, not_before, now);
            early.map_or(Ok(subject), Err)
        });
        match due {
            Err(reason) => admitted.waiting.push(Waiting {
                image: image.clone(),
                to,
                reason,
            }),
            Ok(subject) if to == Stage::Marked => drop(newly.insert(order(subject), to)),
            Ok(subject) => drop(further.insert(order(subject), to)),
        }
    }
    let caps = Allowed::of(policy, inventory, begun, now);
    caps.admit(further, newly, &mut admitted);
    admitted
}

fn unlisted() -> Reason {
    Reason::Unknown {
        fact: "what it is",
        why: "it is not in the inventory".to_owned(),
    }
}

/// Why it is too early for an image, where it is.
fn early(policy: &Policy, not_before: Timestamp, now: Timestamp) -> Option<Reason> {
    let hours = &policy.working_hours;
    if now < not_before {
        Some(Reason::NotDue { until: not_before })
    } else if hours.cover(now) {
        None
    } else {
        let opens = hours.next(now);
        Some(Reason::OutsideHours { opens })
    }
}

/// The oldest first: by the moment it came to its stage, then by its version and its own age. Names
/// and tags change nothing of it.
type Order<'a> = (
    Option<Timestamp>,
    Option<Timestamp>,
    Option<Timestamp>,
    &'a ImageRef,
);

fn order(subject: &Subject) -> Order<'_> {
    (
        subject.retirement.at.map(|(_, since)| since),
        subject.version,
        subject.image.created,
        &subject.image.at,
    )
}

/// What a run may do by its tightest cap.
struct Allowed(Reached);

impl Allowed {
    fn of(policy: &Policy, inventory: &[Subject], begun: Begun, now: Timestamp) -> Self {
        let Caps {
            retirements_per_run,
            retirements_per_day,
            retirement_percent_per_run,
            retirement_percent_per_day,
            ..
        } = policy.caps;
        let counted = inventory.iter().filter(|s| is_counted(policy, s, now));
        let counted = u64::try_from(counted.count()).unwrap_or(0);
        let share = |percent: u32| {
            let share = counted * u64::from(percent) / 100;
            u32::try_from(share).unwrap_or(u32::MAX)
        };
        let today = Some(begun.on(now));
        let all = [
            (Cap::PerRun, retirements_per_run, retirements_per_run, None),
            (
                Cap::PercentPerRun,
                retirement_percent_per_run,
                share(retirement_percent_per_run),
                None,
            ),
            (Cap::PerDay, retirements_per_day, retirements_per_day, today),
            (
                Cap::PercentPerDay,
                retirement_percent_per_day,
                share(retirement_percent_per_day),
                today,
            ),
        ];
        let [first, rest @ ..] = all.map(|(cap, limit, images, begun)| Reached {
            cap,
            limit,
            images,
            begun,
            would: 0,
            stops_all: false,
        });
        let tightest = rest.into_iter().fold(first, |tightest, other| {
            if other.left() < tightest.left() {
                other
            } else {
                tightest
            }
        });
        Self(tightest)
    }

    /// What retires already goes first; what would be marked has what is left, or nothing at all
    /// where it is more than the caps allow.
    fn admit(
        &self,
        further: BTreeMap<Order<'_>, Stage>,
        newly: BTreeMap<Order<'_>, Stage>,
        admitted: &mut Admitted,
    ) {
        let most = self.0.left();
        let left = most.saturating_sub(further.len());
        self.first(further, most, false, admitted);
        let stops_all = newly.len() > most;
        let left = if stops_all { 0 } else { left };
        self.first(newly, left, stops_all, admitted);
    }

    /// The first so many go, and the others wait.
    fn first(
        &self,
        all: BTreeMap<Order<'_>, Stage>,
        most: usize,
        stops_all: bool,
        admitted: &mut Admitted,
    ) {
        let reached = Reached {
            would: all.len(),
            stops_all,
            ..self.0
        };
        for (nth, ((.., image), to)) in all.into_iter().enumerate() {
            let image = image.clone();
            if nth < most {
                admitted.going.push(Going { image, to });
            } else {
                let reason = Reason::Capped(reached);
                admitted.waiting.push(Waiting { image, to, reason });
            }
        }
    }
}

/// Whether an image counts for the caps that are a share: of those that a rule could let go, the
/// ones that are older than thirty days, or than their rule's `keep-for` where that is shorter. So
/// nobody makes a share larger by making images.
fn is_counted(policy: &Policy, subject: &Subject, now: Timestamp) -> bool {
    let family = policy.families.get(&subject.family);
    let rule = family.and_then(|family| rules::rule(&family.retention, subject));
    let age = rules::born(subject).map(|born| now.duration_since(born));
    rule.zip(age)
        .is_some_and(|(rule, age)| age >= rule.keep_for.min(COUNTED_FROM))
}

impl Reached {
    /// How many images it still allows.
    fn left(&self) -> usize {
        let left = self.images.saturating_sub(self.begun.unwrap_or(0));
        usize::try_from(left).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PerRun => "retirements-per-run",
            Self::PerDay => "retirements-per-day",
            Self::PercentPerRun => "retirement-percent-per-run",
            Self::PercentPerDay => "retirement-percent-per-day",
        })
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "held by the cap {} = {}", self.cap, self.limit)?;
        if matches!(self.cap, Cap::PercentPerRun | Cap::PercentPerDay) {
            write!(f, ", which is {} images", self.images)?;
        }
        write!(f, ": {} would go", self.would)?;
        if let Some(begun) = self.begun.filter(|begun| *begun > 0) {
            write!(f, ", and {begun} did today")?;
        }
        if self.stops_all {
            f.write_str(", so none is marked until somebody looks")?;
        }
        Ok(())
    }
}
