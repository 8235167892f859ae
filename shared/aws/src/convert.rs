//! Owns the way from what EC2 answers to the domain's facts. It is strict: an answer that lacks
//! what EC2 documents as always there is an error, not a default.

use amiary_domain::ids::{AccountId, ImageId, ImageRef, InvalidId, Place, Region, SnapshotId};
use amiary_domain::image::{Image, ImageState, LaunchPermission, Snapshot, Tags};
use amiary_domain::retention::Protection;
use amiary_engine::ports::Listed;
use aws_sdk_ec2::types as ec2;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The most characters that are kept of the reason for a state: it is written down as a cause.
const LONGEST_REASON: usize = 1_000;

/// An answer that can't be what AWS documents.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Something that is always there is missing.
    #[error("the answer has no {0}")]
    Missing(&'static str),
    /// It is about another thing than the one asked about.
    #[error("the answer is about another {0} than the one asked about")]
    Another(&'static str),
    /// An identifier is not one.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// A time is not one.
    #[error("{text:?} is not a time")]
    Time {
        /// What was answered.
        text: String,
        /// Why it is none.
        source: jiff::Error,
    },
    /// A permission says nothing, two things at once, or something unknown.
    #[error(
        "a permission names {0}, and should name exactly one account, organization, unit or group"
    )]
    Permission(String),
}

/// An image, seen from a place, after
/// [`Image`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html).
pub(crate) fn image(seen: &ec2::Image, region: &Region) -> Result<Image, Unreadable> {
    let owner: AccountId = needed(seen.owner_id(), "owner")?.parse()?;
    let id: ImageId = needed(seen.image_id(), "image id")?.parse()?;
    let devices = || {
        seen.block_device_mappings()
            .iter()
            .filter_map(|device| device.ebs())
    };
    Ok(Image {
        at: ImageRef::new(Place::new(owner, region.clone()), id),
        name: needed(seen.name(), "name")?.to_owned(),
        description: seen.description().unwrap_or_default().to_owned(),
        state: state(seen.state().ok_or(Unreadable::Missing("state"))?),
        state_reason: seen.state_reason().and_then(reason),
        architecture: seen
            .architecture()
            .ok_or(Unreadable::Missing("architecture"))?
            .as_str()
            .to_owned(),
        created: seen
            .creation_date()
            .filter(|text| !text.is_empty())
            .map(time)
            .transpose()?,
        public: seen.public().unwrap_or_default(),
        source: source(seen)?,
        source_instance: seen.source_instance_id().map(str::to_owned),
        owner_alias: seen.image_owner_alias().map(str::to_owned),
        ebs_backed: seen.root_device_type() == Some(&ec2::DeviceType::Ebs),
        snapshots: devices()
            .filter_map(|device| device.snapshot_id())
            .map(str::parse)
            .collect::<Result<_, _>>()?,
        encrypted: devices().any(|device| device.encrypted() == Some(true)),
        tags: tags(seen.tags())?,
    })
}

/// An image as it is listed to be judged, with its
/// [deregistration protection](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deregistration-protection.html).
pub(crate) fn listed(seen: &ec2::Image, region: &Region) -> Result<Listed, Unreadable> {
    let launched = seen.last_launched_time().filter(|text| !text.is_empty());
    Ok(Listed {
        image: image(seen, region)?,
        launched: launched.map(time).transpose()?,
        protection: protection(seen.deregistration_protection().unwrap_or("disabled"))?,
    })
}

/// EC2 says `disabled`, `enabled-…`, or until when a cooldown protects.
fn protection(said: &str) -> Result<Protection, Unreadable> {
    match said {
        "disabled" => Ok(Protection::Off),
        said if said.starts_with("enabled") => Ok(Protection::On),
        said => {
            let until = said.rsplit_once(' ').map_or(said, |(_, until)| until);
            Ok(Protection::Until(time(until)?))
        }
    }
}

/// A snapshot, after
/// [`Snapshot`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html).
pub(crate) fn snapshot(seen: &ec2::Snapshot) -> Result<Snapshot, Unreadable> {
    let id: SnapshotId = needed(seen.snapshot_id(), "snapshot id")?.parse()?;
    Ok(Snapshot {
        id,
        encrypted: seen
            .encrypted()
            .ok_or(Unreadable::Missing("encryption state"))?,
        key: seen.kms_key_id().map(str::to_owned),
        tags: tags(seen.tags())?,
    })
}

/// A launch permission: exactly one field of
/// [`LaunchPermission`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchPermission.html)
/// is set.
pub(crate) fn launch_permission(
    seen: &ec2::LaunchPermission,
) -> Result<LaunchPermission, Unreadable> {
    let fields = (
        seen.user_id(),
        seen.organization_arn(),
        seen.organizational_unit_arn(),
        seen.group(),
    );
    match fields {
        (Some(account), None, None, None) => Ok(LaunchPermission::Account(account.parse()?)),
        (None, Some(arn), None, None) => Ok(LaunchPermission::Organization(arn.to_owned())),
        (None, None, Some(arn), None) => Ok(LaunchPermission::OrganizationalUnit(arn.to_owned())),
        (None, None, None, Some(ec2::PermissionGroup::All)) => Ok(LaunchPermission::Everyone),
        _ => Err(Unreadable::Permission(format!("{fields:?}"))),
    }
}

/// The accounts in
/// [`CreateVolumePermission`](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolumePermission.html)s.
/// The group `all` names no account and is left out.
pub(crate) fn volume_permissions(
    seen: &[ec2::CreateVolumePermission],
) -> Result<BTreeSet<AccountId>, Unreadable> {
    let mut accounts = BTreeSet::new();
    for permission in seen {
        match (permission.user_id(), permission.group()) {
            (Some(account), None) => {
                accounts.insert(account.parse()?);
            }
            (None, Some(ec2::PermissionGroup::All)) => {}
            other => return Err(Unreadable::Permission(format!("{other:?}"))),
        }
    }
    Ok(accounts)
}

/// A launch permission in EC2's form.
pub(crate) fn to_launch_permission(permission: &LaunchPermission) -> ec2::LaunchPermission {
    let builder = ec2::LaunchPermission::builder();
    match permission {
        LaunchPermission::Account(account) => builder.user_id(account.as_str()),
        LaunchPermission::Organization(arn) => builder.organization_arn(arn),
        LaunchPermission::OrganizationalUnit(arn) => builder.organizational_unit_arn(arn),
        LaunchPermission::Everyone => builder.group(ec2::PermissionGroup::All),
    }
    .build()
}

/// Tags in EC2's form.
pub(crate) fn to_tags(tags: &Tags) -> Vec<ec2::Tag> {
    tags.iter()
        .map(|(key, value)| ec2::Tag::builder().key(key).value(value).build())
        .collect()
}

/// A list that is always there, however empty. EC2 sends it as an empty element then.
pub(crate) fn list<'a, T>(
    seen: Option<&'a Vec<T>>,
    what: &'static str,
) -> Result<&'a [T], Unreadable> {
    seen.map(Vec::as_slice).ok_or(Unreadable::Missing(what))
}

/// An answer is about what was asked about.
pub(crate) fn about(seen: Option<&str>, asked: &str, what: &'static str) -> Result<(), Unreadable> {
    if seen == Some(asked) {
        return Ok(());
    }
    Err(Unreadable::Another(what))
}

/// The image id that a call answered.
pub(crate) fn image_id(text: Option<&str>) -> Result<ImageId, Unreadable> {
    Ok(needed(text, "image id")?.parse()?)
}

fn needed<'a>(value: Option<&'a str>, what: &'static str) -> Result<&'a str, Unreadable> {
    value
        .filter(|text| !text.is_empty())
        .ok_or(Unreadable::Missing(what))
}

fn state(seen: &ec2::ImageState) -> ImageState {
    match seen {
        ec2::ImageState::Pending => ImageState::Pending,
        ec2::ImageState::Available => ImageState::Available,
        ec2::ImageState::Failed => ImageState::Failed,
        ec2::ImageState::Disabled => ImageState::Disabled,
        ec2::ImageState::Deregistered => ImageState::Deregistered,
        other => ImageState::Other(other.as_str().to_owned()),
    }
}

fn reason(seen: &ec2::StateReason) -> Option<String> {
    let text = seen.message().or(seen.code());
    text.filter(|text| !text.is_empty())
        .map(|text| text.chars().take(LONGEST_REASON).collect())
}

fn source(seen: &ec2::Image) -> Result<Option<(Region, ImageId)>, Unreadable> {
    match (seen.source_image_region(), seen.source_image_id()) {
        (Some(region), Some(id)) => Ok(Some((region.parse()?, id.parse()?))),
        _ => Ok(None),
    }
}

fn time(text: &str) -> Result<Timestamp, Unreadable> {
    text.parse().map_err(|source| Unreadable::Time {
        text: text.to_owned(),
        source,
    })
}

fn tags(seen: &[ec2::Tag]) -> Result<Tags, Unreadable> {
    seen.iter()
        .map(|tag| {
            let key = needed(tag.key(), "tag key")?;
            Ok((key.to_owned(), tag.value().unwrap_or_default().to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests;
