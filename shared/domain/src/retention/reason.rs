//! Owns the reasons for which an image stays: what is so, and what would have to change.

use super::{Lookout, Reached, Use};
use crate::ids::{AccountId, Place, SnapshotId};
use crate::image::LaunchPermission;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fmt;

/// Why an image stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The policy says nothing of retiring such images.
    NoRule {
        /// The image's family.
        family: String,
    },
    /// It is deregistered already.
    Gone,
    /// It is in a state in which Amiary leaves it alone.
    State(String),
    /// Its family's policy names it.
    HeldById,
    /// It carries a tag that holds it back.
    HeldByTag {
        /// The tag's key.
        key: String,
    },
    /// Its record holds it back.
    HeldByRecord(String),
    /// The policy says that somebody refers to it by its id.
    ReferredTo,
    /// The policy says that somebody refers to its whole family.
    FamilyReferredTo,
    /// An SSM parameter that somebody refers to, by the policy, holds it.
    InParameter(String),
    /// It is among the newest of its kind.
    AmongNewest {
        /// Which it is, from 1.
        nth: usize,
        /// How many stay.
        kept: u32,
    },
    /// It is the newest verified one, which stays whatever the policy says.
    NewestVerified,
    /// It is too young, or nobody knows how old it is.
    Young {
        /// Until when.
        until: Option<Timestamp>,
    },
    /// It was launched a short time ago.
    Launched {
        /// When.
        at: Timestamp,
        /// Until when it stays for that.
        until: Timestamp,
    },
    /// It is a source, and some of its replicas are not there yet.
    ReplicasUnfinished(BTreeSet<Place>),
    /// It can't be deregistered.
    Protected {
        /// Until when; nothing where somebody must switch the protection off.
        until: Option<Timestamp>,
    },
    /// Something else manages it.
    ManagedBy(&'static str),
    /// One of its snapshots is locked.
    Locked {
        /// The snapshot.
        snapshot: SnapshotId,
        /// Until when, where EC2 says so.
        until: Option<Timestamp>,
    },
    /// Something uses it.
    Used(Use),
    /// An account it is shared with used it, by its usage report.
    UsedElsewhere(String),
    /// It is not known whether somebody uses it.
    NotLooked {
        /// Where it would have been looked.
        place: Place,
        /// What for.
        lookout: Lookout,
        /// Why it is not known.
        why: String,
    },
    /// It is shared with someone whose uses nobody can see yet.
    SharedUnseen {
        /// With whom.
        with: LaunchPermission,
        /// Why it is not known.
        why: String,
    },
    /// A fact about it is not known.
    Unknown {
        /// Which.
        fact: &'static str,
        /// Why.
        why: String,
    },
    /// It may go, and its present stage lasts longer.
    NotDue {
        /// Until when.
        until: Timestamp,
    },
    /// It may go, and these are no working hours.
    OutsideHours {
        /// When they next begin.
        opens: Timestamp,
    },
    /// It may go, and a cap of the policy holds it back.
    Capped(Reached),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRule { family } => {
                write!(f, "the policy retires nothing of this kind of {family}")
            }
            Self::Gone => f.write_str("it is deregistered"),
            Self::State(state) => write!(f, "it is {state}"),
            Self::HeldById => f.write_str("the policy holds it by its id"),
            Self::HeldByTag { key } => write!(f, "its tag {key:?} holds it"),
            Self::HeldByRecord(why) => write!(f, "it is held: {why}"),
            Self::ReferredTo => f.write_str("the policy says that somebody refers to it"),
            Self::FamilyReferredTo => {
                f.write_str("the policy says that somebody refers to its family")
            }
            Self::InParameter(name) => write!(f, "the declared SSM parameter {name} holds it"),
            Self::AmongNewest { nth, kept } => {
                write!(f, "it is number {nth} of the newest {kept} that stay")
            }
            Self::NewestVerified => f.write_str("it is the newest verified one"),
            Self::Young { until: Some(until) } => write!(f, "it is too young until {until}"),
            Self::Young { until: None } => f.write_str("nobody knows how old it is"),
            Self::Launched { at, .. } => write!(f, "it was launched at {at}"),
            Self::ReplicasUnfinished(places) => {
                write!(f, "its replication is unfinished: {}", list(places))
            }
            Self::Protected { until: None } => f.write_str("it is protected from deregistration"),
            Self::Protected { until: Some(until) } => {
                write!(f, "its deregistration protection ends at {until}")
            }
            Self::ManagedBy(who) => write!(f, "{who} manages it"),
            Self::Locked { snapshot, until } => {
                write!(f, "its snapshot {snapshot} is locked")?;
                until.map_or(Ok(()), |until| write!(f, " until {until}"))
            }
            Self::Used(used) => write!(f, "{} in {} uses it", used.by, used.place),
            Self::UsedElsewhere(by) => write!(f, "{by} uses it"),
            Self::NotLooked {
                place,
                lookout,
                why,
            } => {
                write!(f, "the {lookout} of {place} are not known: {why}")
            }
            Self::SharedUnseen { with, why } => {
                write!(f, "what {with} uses is not known: {why}")
            }
            Self::Unknown { fact, why } => write!(f, "{fact} is not known: {why}"),
            Self::NotDue { until } => write!(f, "its present stage lasts until {until}"),
            Self::OutsideHours { opens } => {
                write!(f, "these are no working hours: they begin at {opens}")
            }
            Self::Capped(reached) => reached.fmt(f),
        }
    }
}

impl Reason {
    /// What would have to change for this reason to be none any more.
    pub fn change(&self) -> String {
        match self {
            Self::NoRule { family } => {
                format!("give families.{family} a retention with a rule for its kind")
            }
            Self::Gone => "nothing: it can only be restored".to_owned(),
            Self::State(_) => "it must be available".to_owned(),
            Self::HeldById => "take it out of hold-images".to_owned(),
            Self::HeldByTag { key } => format!("remove its tag {key:?}"),
            Self::HeldByRecord(_) => "release it".to_owned(),
            Self::ReferredTo => "take it out of references.images".to_owned(),
            Self::FamilyReferredTo => "take its family out of references.families".to_owned(),
            Self::InParameter(name) => format!("put another image into {name}"),
            Self::AmongNewest { nth, kept } => {
                let more = usize::try_from(*kept)
                    .unwrap_or(usize::MAX)
                    .saturating_sub(*nth)
                    + 1;
                format!("{more} newer ones must be verified")
            }
            Self::NewestVerified => "a newer one must be verified".to_owned(),
            Self::Young { until: Some(until) }
            | Self::Launched { until, .. }
            | Self::Protected { until: Some(until) }
            | Self::Locked {
                until: Some(until), ..
            } => format!("wait until {until}"),
            Self::Young { until: None } => "its age must be readable".to_owned(),
            Self::ReplicasUnfinished(places) => {
                format!(
                    "its replicas must be verified, or the policy drop them: {}",
                    list(places)
                )
            }
            Self::Protected { until: None } => {
                "switch its deregistration protection off".to_owned()
            }
            Self::ManagedBy(who) => format!("{who} must give it up"),
            Self::Locked { until: None, .. } => "unlock the snapshot".to_owned(),
            Self::Used(used) => format!("{} must use another image", used.by),
            Self::UsedElsewhere(by) => format!("{by} must use another image"),
            Self::NotLooked { lookout, .. } => format!("the {lookout} must be readable"),
            Self::SharedUnseen { with, .. } => format!(
                "a usage report must say so, or {} be read{}",
                with,
                waiver(with)
                    .map_or_else(String::new, |id| format!(", or a waiver be given for {id}"))
            ),
            Self::Unknown { fact, .. } => format!("{fact} must be readable"),
            Self::NotDue { until } | Self::OutsideHours { opens: until } => {
                format!("wait until {until}")
            }
            Self::Capped(reached) if reached.stops_all => {
                let cap = reached.cap;
                format!("look at what would go, and raise caps.{cap} for as long as that is meant")
            }
            Self::Capped(reached) if reached.images == 0 => format!("raise caps.{}", reached.cap),
            Self::Capped(_) => "wait for a later run".to_owned(),
        }
    }
}

fn waiver(with: &LaunchPermission) -> Option<&AccountId> {
    match with {
        LaunchPermission::Account(account) => Some(account),
        _ => None,
    }
}

fn list(places: &BTreeSet<Place>) -> String {
    let names: Vec<String> = places.iter().map(ToString::to_string).collect();
    names.join(", ")
}
