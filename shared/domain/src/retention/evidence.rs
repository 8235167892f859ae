//! Owns evidence: what was found about who uses images, where it was looked for, when, and how
//! completely.

use crate::ids::{ImageId, ImageRef, Place, Region, SnapshotId};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A look that is older proves nothing any more.
pub const MOST_AGE: SignedDuration = SignedDuration::from_hours(6);

/// A place where AWS lets one look for uses of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lookout {
    /// Instances in every state that can start again.
    Instances,
    /// Every version of launch templates.
    LaunchTemplates,
    /// Launch configurations.
    LaunchConfigurations,
    /// Auto Scaling groups, with the overrides of their mixed instances.
    AutoScalingGroups,
    /// EC2 Fleets.
    Fleets,
    /// Spot Fleets.
    SpotFleets,
    /// Spot requests.
    SpotRequests,
    /// SSM parameters whose value is an image's id.
    Parameters,
    /// Image Builder's recipes, and the rest that `DescribeImageReferences` knows.
    References,
}

impl Lookout {
    /// All of them: an image may go only when each was looked at completely.
    pub const ALL: [Self; 9] = [
        Self::Instances,
        Self::LaunchTemplates,
        Self::LaunchConfigurations,
        Self::AutoScalingGroups,
        Self::Fleets,
        Self::SpotFleets,
        Self::SpotRequests,
        Self::Parameters,
        Self::References,
    ];
}

/// One look from one lookout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a look ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything that is there was read.
    Complete,
    /// A part was read.
    Partial(String),
    /// Nothing could be read.
    Unread(String),
    /// So much less was found than the last time that something is more likely wrong than gone.
    Implausible {
        /// How many things the last look found.
        before: u64,
        /// How many this one found.
        now: u64,
    },
}

impl Look {
    /// Why it proves nothing, where it doesn't.
    pub fn doubt(&self, now: Timestamp) -> Option<String> {
        let age = now.duration_since(self.at);
        match &self.outcome {
            Outcome::Complete if age > MOST_AGE => Some(format!("it was read at {}", self.at)),
            Outcome::Complete => None,
            Outcome::Partial(why) => Some(format!("only a part could be read: {why}")),
            Outcome::Unread(why) => Some(why.clone()),
            Outcome::Implausible { before, now } => {
                Some(format!("{now} were found, and {before} the last time"))
            }
        }
    }
}

/// Something that uses an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// Where it was found.
    pub lookout: Lookout,
    /// The account and Region of what uses it.
    pub place: Place,
    /// What uses it, as a person would look for it.
    pub by: String,
}

/// An image usage report: how often the accounts it is shared with used it, see
/// [`CreateImageUsageReport`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImageUsageReport.html).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When it was asked for.
    pub asked: Timestamp,
    /// The uses it lists; nothing while it is not there yet.
    pub uses: Option<Vec<String>>,
}

/// All evidence of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// How each look ended, by place.
    pub looks: BTreeMap<(Place, Lookout), Look>,
    /// The images whose references each place was asked for.
    pub asked: BTreeMap<Place, BTreeSet<ImageId>>,
    /// Uses by image: its id is unique within a Region.
    pub uses: BTreeMap<(Region, ImageId), Vec<Use>>,
    /// Uses of snapshots, as block devices of what launches.
    pub snapshots: BTreeMap<(Region, SnapshotId), Vec<Use>>,
    /// Usage reports of shared images.
    pub reports: BTreeMap<ImageRef, Report>,
    /// Shared images whose usage report could not be read, and why: it may list uses.
    pub unreported: BTreeMap<ImageRef, String>,
    /// Images that declared SSM parameters hold, with the parameter's name.
    pub parameters: BTreeMap<ImageId, String>,
}

impl Evidence {
    /// Why a look at a place proves nothing, where it doesn't.
    pub fn doubt(&self, place: &Place, lookout: Lookout, now: Timestamp) -> Option<String> {
        match self.looks.get(&(place.clone(), lookout)) {
            Some(look) => look.doubt(now),
            None => Some("nobody looked".to_owned()),
        }
    }

    /// Why a look at a place proves nothing of an image, where it doesn't: references are asked for
    /// by image, and only for those that nothing else keeps.
    pub fn doubt_of(
        &self,
        image: &ImageId,
        place: &Place,
        lookout: Lookout,
        now: Timestamp,
    ) -> Option<String> {
        self.doubt(place, lookout, now).or_else(|| {
            let was_asked = self.asked.get(place).is_some_and(|of| of.contains(image));
            (lookout == Lookout::References && !was_asked)
                .then(|| "not asked, as something else keeps it already".to_owned())
        })
    }
}

impl fmt::Display for Lookout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Instances => "instances",
            Self::LaunchTemplates => "launch templates",
            Self::LaunchConfigurations => "launch configurations",
            Self::AutoScalingGroups => "Auto Scaling groups",
            Self::Fleets => "EC2 Fleets",
            Self::SpotFleets => "Spot Fleets",
            Self::SpotRequests => "Spot requests",
            Self::Parameters => "SSM parameters",
            Self::References => "image references",
        })
    }
}
