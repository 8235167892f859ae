//! Who an image or a snapshot is shared with.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ids::is_account;
use crate::request::Params;
use crate::wire::error::ApiError;
use crate::wire::refusal::invalid_item;

/// One entry of an image's launch permissions:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchPermission.html>.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LaunchPermission {
    /// An account, by id.
    Account(String),
    /// An organization, by ARN.
    Organization(String),
    /// An organizational unit, by ARN.
    OrganizationalUnit(String),
    /// Everyone: the image is public.
    All,
}

impl LaunchPermission {
    /// The entry as the API writes it.
    pub(crate) fn written(&self) -> Value {
        match self {
            Self::Account(id) => json!({ "UserId": id }),
            Self::Organization(arn) => json!({ "OrganizationArn": arn }),
            Self::OrganizationalUnit(arn) => json!({ "OrganizationalUnitArn": arn }),
            Self::All => json!({ "Group": "all" }),
        }
    }

    /// The entries of one structure: the API lets several members of it stand side by side.
    fn read(entry: Params<'_>) -> Result<Vec<Self>, ApiError> {
        let mut read = Vec::new();
        if let Some(id) = entry.text("UserId") {
            read.push(Self::account(id)?);
        }
        if let Some(arn) = entry.text("OrganizationArn") {
            read.push(Self::organization(arn)?);
        }
        if let Some(arn) = entry.text("OrganizationalUnitArn") {
            read.push(Self::organizational_unit(arn)?);
        }
        if let Some(group) = entry.text("Group") {
            read.push(Self::group(group)?);
        }
        Ok(read)
    }

    fn account(id: &str) -> Result<Self, ApiError> {
        if is_account(id) {
            Ok(Self::Account(id.to_owned()))
        } else {
            Err(invalid_item(id, "userId"))
        }
    }

    fn organization(arn: &str) -> Result<Self, ApiError> {
        if is_organization_arn(arn, ":organization/o-") {
            Ok(Self::Organization(arn.to_owned()))
        } else {
            Err(invalid_item(arn, "organizationArn"))
        }
    }

    fn organizational_unit(arn: &str) -> Result<Self, ApiError> {
        if is_organization_arn(arn, ":ou/o-") {
            Ok(Self::OrganizationalUnit(arn.to_owned()))
        } else {
            Err(invalid_item(arn, "organizationalUnitArn"))
        }
    }

    fn group(name: &str) -> Result<Self, ApiError> {
        match name {
            "all" => Ok(Self::All),
            _ => Err(invalid_item(name, "userGroup")),
        }
    }
}

/// What a call adds to a set of permissions, and what it removes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Modification {
    pub(crate) add: BTreeSet<LaunchPermission>,
    pub(crate) remove: BTreeSet<LaunchPermission>,
}

impl Modification {
    /// Reads both forms of `ModifyImageAttribute`: the structure `LaunchPermission`, and
    /// `OperationType` with lists.
    pub(crate) fn of_image(params: Params<'_>) -> Result<Option<Self>, ApiError> {
        let mut listed = Vec::new();
        for id in params.texts("UserIds") {
            listed.push(LaunchPermission::account(id)?);
        }
        for arn in params.texts("OrganizationArns") {
            listed.push(LaunchPermission::organization(arn)?);
        }
        for arn in params.texts("OrganizationalUnitArns") {
            listed.push(LaunchPermission::organizational_unit(arn)?);
        }
        for group in params.texts("UserGroups") {
            listed.push(LaunchPermission::group(group)?);
        }
        Self::read(params, "LaunchPermission", "launchPermission", listed)
    }

    /// Reads both forms of `ModifySnapshotAttribute`.
    pub(crate) fn of_snapshot(params: Params<'_>) -> Result<Option<Self>, ApiError> {
        let mut listed = Vec::new();
        for id in params.texts("UserIds") {
            listed.push(LaunchPermission::account(id)?);
        }
        for group in params.texts("GroupNames") {
            listed.push(LaunchPermission::group(group)?);
        }
        Self::read(
            params,
            "CreateVolumePermission",
            "createVolumePermission",
            listed,
        )
    }

    fn read(
        params: Params<'_>,
        structure: &str,
        attribute: &str,
        listed: Vec<LaunchPermission>,
    ) -> Result<Option<Self>, ApiError> {
        let refused = |message: &str| Err(ApiError::new("InvalidParameterCombination", message));
        if let Some(structure) = params.child(structure) {
            if !listed.is_empty() {
                return refused("Permissions are named in one form, not in both");
            }
            return Self::structured(structure).map(Some);
        }
        let named = params.text("Attribute") == Some(attribute);
        if !named && listed.is_empty() && !params.has("OperationType") {
            return Ok(None);
        }
        if !named && params.has("Attribute") {
            return refused(&format!(
                "OperationType and its lists belong to {attribute} alone"
            ));
        }
        if listed.is_empty() {
            return refused(&format!("Nobody is named for {attribute}"));
        }
        let listed = listed.into_iter().collect();
        let modification = match params.need("OperationType")? {
            "remove" => Self {
                remove: listed,
                ..Self::default()
            },
            _ => Self {
                add: listed,
                ..Self::default()
            },
        };
        Ok(Some(modification))
    }

    fn structured(structure: Params<'_>) -> Result<Self, ApiError> {
        let read = |name: &str| -> Result<BTreeSet<_>, ApiError> {
            let entries = structure.list(name).into_iter().map(LaunchPermission::read);
            let entries = entries.collect::<Result<Vec<_>, _>>()?;
            Ok(entries.into_iter().flatten().collect())
        };
        Ok(Self {
            add: read("Add")?,
            remove: read("Remove")?,
        })
    }

    /// Applies the modification to a set.
    pub(crate) fn apply(&self, permissions: &mut BTreeSet<LaunchPermission>) {
        permissions.extend(self.add.iter().cloned());
        permissions.retain(|permission| !self.remove.contains(permission));
    }

    pub(crate) fn len(&self) -> usize {
        self.add.len() + self.remove.len()
    }
}

fn is_organization_arn(arn: &str, part: &str) -> bool {
    arn.strip_prefix("arn:aws:organizations::")
        .and_then(|rest| rest.split_at_checked(12))
        .is_some_and(|(account, rest)| is_account(account) && rest.starts_with(part))
}
