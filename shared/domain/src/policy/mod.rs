//! Owns the policy: what a platform team wants of its images, already checked.
//!
//! A [`Policy`] exists only as the result of [`parse`]; every name in it is resolved, every group
//! expanded and every impossible combination refused.

mod arn;
mod caps;
mod check;
mod destinations;
mod diagnostic;
mod document;
mod duration;
mod encryption;
mod families;
mod findings;
mod groups;
mod hours;
mod kms;
mod names;
mod pattern;
mod references;
mod render;
mod retention;
mod selection;
mod sharing;
mod suggest;
mod syntax;
mod tags;
#[cfg(test)]
mod tests;

pub use check::{Checked, parse};
pub use diagnostic::{Code, Diagnostic, Rejected, Related, Severity, Span};
pub use hours::WorkingHours;
pub use pattern::Pattern;
pub use render::render;

use crate::ids::{AccountId, ImageId, Place, Region};
use crate::image::{Image, LaunchPermission, Tags};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A checked policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Every account the policy names, with how it is reached.
    pub accounts: BTreeMap<AccountId, Account>,
    /// Who hears of what, by name.
    pub owners: BTreeMap<String, Owner>,
    /// The families, by name.
    pub families: BTreeMap<String, Family>,
    /// What images somebody refers to outside of what AWS shows.
    pub references: References,
    /// Accounts that need not be read before an image is retired.
    pub waivers: BTreeMap<AccountId, Waiver>,
    /// When images may be taken to their next stage.
    pub working_hours: WorkingHours,
    /// Limits on what one run may do.
    pub caps: Caps,
}

/// An account Amiary works in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name in the policy.
    pub name: String,
    /// The role to assume there: a role's name or a whole ARN. Without one, Amiary's own
    /// credentials are used.
    pub role: Option<String>,
}

/// Someone who is told what becomes of images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The ARN of the SNS topic that notices are published to.
    pub topic: String,
}

/// The images that are successive versions of one thing, and what is wanted of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// The name of its owner in [`Policy::owners`].
    pub owner: String,
    /// Which images belong to it.
    pub select: Selection,
    /// When a selected image is ready to be copied.
    pub ready: Ready,
    /// Where its images are copied to, without a place twice.
    pub destinations: BTreeMap<Place, Destination>,
    /// Whom replicas are shared with.
    pub sharing: Sharing,
    /// Which tags replicas carry.
    pub tags: TagRules,
    /// What of it is retired; none of it where the policy says nothing.
    pub retention: Retention,
}

/// Which images belong to a family. Always by owner account and Region, never by name alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The accounts that own the sources.
    pub accounts: BTreeSet<AccountId>,
    /// The Regions in which the sources are published.
    pub regions: BTreeSet<Region>,
    /// The pattern of their names.
    pub name: Pattern,
    /// Tags they must carry, each value a pattern.
    pub tags: BTreeMap<String, Pattern>,
    /// Images made before this moment are left alone.
    pub not_before: Option<Timestamp>,
}

/// What makes a selected image ready, beyond being available.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// Nothing else.
    Available,
    /// It carries this tag with this value.
    Tagged {
        /// The tag's key.
        key: String,
        /// The tag's value.
        value: String,
    },
    /// It was made at least this long ago.
    Settled(SignedDuration),
}

/// One destination: a place, and how copies are encrypted there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The account and Region.
    pub place: Place,
    /// How copies are encrypted there.
    pub encryption: Encryption,
}

/// How a copy is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encryption {
    /// Under this key: an alias (`alias/golden`), a key id or an ARN in the destination's Region.
    Key(String),
    /// Not at all, said in so many words (`encrypt = false`). An encrypted source is then refused.
    Unencrypted,
}

/// Whom replicas are shared with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sharing {
    /// Accounts, organizations and units that may launch every replica. [`LaunchPermission::Everyone`]
    /// is in it only where the policy says `public = true`.
    pub launch: BTreeSet<LaunchPermission>,
    /// Whether the source's own launch permissions are wanted, too.
    pub as_source: bool,
    /// Accounts that may make volumes from (and so copy) the replicas' snapshots.
    pub snapshots: BTreeSet<AccountId>,
}

/// Which tags a replica carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRules {
    /// Whether the source's tags are wanted.
    pub copy: bool,
    /// Keys of the source that are left out.
    pub drop: Vec<Pattern>,
    /// Tags added to every replica; they win over the source's.
    pub add: Tags,
}

/// What of a family is retired, what holds an image back, and how long each stage lasts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// Which sources stay; all of them without a rule.
    pub sources: Option<Rule>,
    /// Which replicas stay; all of them without a rule.
    pub replicas: Option<Rule>,
    /// Tags of which any one holds an image back, each value a pattern.
    pub hold_tags: BTreeMap<String, Pattern>,
    /// Images that are held back, whatever Region they are in.
    pub hold_images: BTreeSet<ImageId>,
    /// How long each stage lasts.
    pub delays: Delays,
}

/// Which images stay. An image goes only where every line of it lets it go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// So many of the newest stay, in each architecture, account and Region; at least 1.
    pub keep_last: u32,
    /// What is younger than this stays.
    pub keep_for: SignedDuration,
    /// What was launched within this time stays.
    pub unless_launched_within: Option<SignedDuration>,
}

/// How long an image stays at a stage before it may go to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delays {
    /// Between the mark, of which its owner is told, and the deprecation.
    pub deprecated: SignedDuration,
    /// Between the deprecation and the disabling.
    pub disabled: SignedDuration,
    /// Between the disabling and the deregistration.
    pub deregistered: SignedDuration,
}

impl Default for Delays {
    fn default() -> Self {
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        Self {
            deprecated: days(7),
            disabled: days(14),
            deregistered: days(14),
        }
    }
}

/// What somebody refers to outside of what AWS shows: configuration files, wikis, other clouds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// These images.
    pub images: BTreeSet<ImageId>,
    /// What the SSM parameters of these names hold, in every account and Region that is read.
    pub parameters: Vec<Pattern>,
    /// Every image of these families.
    pub families: BTreeSet<String>,
}

/// Leave to retire images that an account might use although it can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Until when.
    pub until: Timestamp,
    /// Why, for whoever reads a verdict.
    pub reason: String,
}

/// Limits on what one run may do. 0 means none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Copies one run may start.
    pub copies_per_run: u32,
    /// Launch and volume permissions one run may take back; exceeding it holds all of them.
    pub revocations_per_run: u32,
    /// Images one run may take to a further stage; exceeding it holds all of them.
    pub retirements_per_run: u32,
    /// The same over a day, UTC.
    pub retirements_per_day: u32,
    /// The same as a share of all images that are judged, in percent.
    pub retirement_percent_per_run: u32,
    /// The same over a day, UTC.
    pub retirement_percent_per_day: u32,
}

impl Family {
    /// What a family wants that the policy does not name any more: nothing. Its copies under way are
    /// watched to their end, and what is there stays.
    pub fn dropped(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            owner: String::new(),
            select: Selection {
                accounts: BTreeSet::new(),
                regions: BTreeSet::new(),
                name: Pattern::new(""),
                tags: BTreeMap::new(),
                not_before: None,
            },
            ready: Ready::Available,
            destinations: BTreeMap::new(),
            sharing: Sharing::default(),
            tags: TagRules {
                copy: false,
                drop: Vec::new(),
                add: Tags::new(),
            },
            retention: Retention::default(),
        }
    }
}

impl Selection {
    /// Whether an image is selected, as far as its owner, Region, name, tags and age tell.
    pub fn selects(&self, image: &Image) -> bool {
        self.covers(&image.at.place)
            && self.name.matches(&image.name)
            && self
                .tags
                .iter()
                .all(|(key, value)| image.tags.get(key).is_some_and(|v| value.matches(v)))
            && self
                .not_before
                .is_none_or(|since| image.created.is_some_and(|created| created >= since))
    }

    /// Whether sources are published at this place.
    pub fn covers(&self, place: &Place) -> bool {
        self.accounts.contains(&place.account) && self.regions.contains(&place.region)
    }
}

impl Policy {
    /// Every place where sources are published.
    pub fn source_places(&self) -> BTreeSet<Place> {
        self.families
            .values()
            .flat_map(|family| {
                let select = &family.select;
                select.accounts.iter().flat_map(move |account| {
                    select
                        .regions
                        .iter()
                        .map(move |region| Place::new(account.clone(), region.clone()))
                })
            })
            .collect()
    }

    /// Every place where replicas are wanted.
    pub fn destination_places(&self) -> BTreeSet<Place> {
        self.families
            .values()
            .flat_map(|family| family.destinations.keys().cloned())
            .collect()
    }

    /// The family that selects an image. [`parse`] warns of families that could overlap; the first
    /// by name decides.
    pub fn family_of(&self, image: &Image) -> Option<&Family> {
        self.families
            .values()
            .find(|family| family.select.selects(image))
    }
}
