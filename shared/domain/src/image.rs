//! Owns the facts about images and snapshots as they were read from AWS at one moment.

use crate::ids::{AccountId, ImageId, ImageRef, Region, SnapshotId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// An image's state, after the
/// [EC2 API's `Image`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageState {
    /// Being made; nothing but its tags may be relied on.
    Pending,
    /// Can be launched, copied and shared.
    Available,
    /// Could not be made.
    Failed,
    /// Switched off by its owner; its launch permissions are gone.
    Disabled,
    /// No longer registered.
    Deregistered,
    /// Any other state EC2 answers.
    Other(String),
}

/// An image as `DescribeImages` showed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The image: its owner's account, its Region, its id.
    pub at: ImageRef,
    /// Its name, unique for its owner within its Region.
    pub name: String,
    /// Its description, empty where it has none.
    pub description: String,
    /// Its state.
    pub state: ImageState,
    /// Why it is in this state, where EC2 says so (failed copies).
    pub state_reason: Option<String>,
    /// Its architecture, such as `x86_64`.
    pub architecture: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Whether everyone may launch it.
    pub public: bool,
    /// The image it came from. `CreateImage` sets it, too, so it proves no copy.
    pub source: Option<(Region, ImageId)>,
    /// The instance it was made from: only `CreateImage` sets it.
    pub source_instance: Option<String>,
    /// `amazon`, `aws-marketplace`, `aws-backup-vault`, or nothing.
    pub owner_alias: Option<String>,
    /// Whether its root is a snapshot (`ebs`) and not a bundle in S3.
    pub ebs_backed: bool,
    /// The snapshots of all its EBS block devices.
    pub snapshots: BTreeSet<SnapshotId>,
    /// Whether any of its EBS block devices is encrypted.
    pub encrypted: bool,
    /// Its owner's tags.
    pub tags: Tags,
}

/// A snapshot as `DescribeSnapshots` showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The ARN of the key it is encrypted under.
    pub key: Option<String>,
    /// Its owner's tags.
    pub tags: Tags,
}

/// Who an image may be launched by: exactly one of the four kinds that
/// [`LaunchPermission`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchPermission.html)
/// knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaunchPermission {
    /// One account.
    Account(AccountId),
    /// Every account of an organization, by the organization's ARN.
    Organization(String),
    /// Every account of an organizational unit, by the unit's ARN.
    OrganizationalUnit(String),
    /// Everyone: the image is public.
    Everyone,
}

impl fmt::Display for LaunchPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => write!(f, "account {account}"),
            Self::Organization(arn) => write!(f, "organization {}", last_part(arn)),
            Self::OrganizationalUnit(arn) => write!(f, "OU {}", last_part(arn)),
            Self::Everyone => f.write_str("everyone"),
        }
    }
}

fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// A KMS key as `DescribeKey` showed it in one Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its ARN.
    pub arn: String,
    /// Its state in KMS's words, such as `Enabled` or `PendingDeletion`.
    pub state: String,
    /// Whether AWS manages it (`aws/ebs`): what it encrypts can't be shared.
    pub aws_managed: bool,
    /// Whether it is a symmetric encryption key, the only kind EBS takes.
    pub symmetric: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_launch_an_image_is_told_by_kind_and_id() {
        let organization = "arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5";
        let unit = "arn:aws:organizations::111111111111:ou/o-a1b2c3d4e5/ou-ab12-cd34ef56";
        for (permission, expected) in [
            (
                LaunchPermission::Account("111111111111".parse().unwrap()),
                "account 111111111111",
            ),
            (
                LaunchPermission::Organization(organization.to_owned()),
                "organization o-a1b2c3d4e5",
            ),
            (
                LaunchPermission::OrganizationalUnit(unit.to_owned()),
                "OU ou-ab12-cd34ef56",
            ),
            (LaunchPermission::Everyone, "everyone"),
        ] {
            assert_eq!(permission.to_string(), expected);
        }
    }
}
