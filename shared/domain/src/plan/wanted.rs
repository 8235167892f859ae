//! Owns who should be able to use a replica, and which of it is read before anyone was let in.

use crate::ids::{AccountId, Place};
use crate::image::LaunchPermission;
use crate::lineage::{Replica, ReplicaState, Source};
use crate::policy::Family;
use std::collections::BTreeSet;

/// Who should be able to use a replica at one destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Who should be able to launch it.
    pub launch: BTreeSet<LaunchPermission>,
    /// Which accounts should be able to make volumes from its snapshots.
    pub volumes: BTreeSet<AccountId>,
}

/// Who should be able to use a family's replica of a source at a place. The place's own account
/// needs no permission, and EC2 lists none; everyone is never taken over from a source.
pub fn wanted(family: &Family, source: &Source, place: &Place) -> Wanted {
    let sharing = &family.sharing;
    let mut launch = sharing.launch.clone();
    if let (true, Some(permissions)) = (sharing.as_source, &source.permissions) {
        let everyone = LaunchPermission::Everyone;
        launch.extend(permissions.iter().filter(|p| **p != everyone).cloned());
    }
    launch.remove(&LaunchPermission::Account(place.account.clone()));
    let mut volumes = sharing.snapshots.clone();
    volumes.remove(&place.account);
    Wanted { launch, volumes }
}

/// What is read of a replica beyond its image and snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Who may launch it.
    pub permissions: bool,
    /// Who may make volumes from its snapshots.
    pub volumes: bool,
}

impl Wanted {
    /// What is read of a replica before its plan. A copy that nobody touched yet is shared with
    /// nobody: where it is going to be shared, reading it back afterwards is enough.
    pub fn depth(&self, replica: &Replica) -> Depth {
        let fresh = is_fresh(replica);
        let shares_volumes = !self.volumes.is_empty() || !replica.granted_snapshots.is_empty();
        Depth {
            permissions: !fresh || self.launch.is_empty(),
            volumes: !fresh && shares_volumes,
        }
    }
}

/// Whether a copy was just made, so that Amiary has not shared it with anyone.
pub(super) fn is_fresh(replica: &Replica) -> bool {
    replica.state == ReplicaState::Copying
        && replica.granted.is_empty()
        && replica.granted_snapshots.is_empty()
}
