//! Owns what people did: the images they made, and how they last wanted everything they touched.
//! It is written down as it is done, and never read back from the world.

use super::policy::{Grants, Policy, Spot, Tags};
use amiary_domain::ids::ImageRef;
use amiary_simulator::{ImageView, LaunchPermission};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What people did so far.
#[derive(Debug, Default)]
pub(super) struct People {
    /// Every revision of the policy, with when it became the active one.
    pub policies: Vec<(Timestamp, Policy)>,
    /// The images that people made, by id.
    pub made: BTreeMap<String, Made>,
    /// What people did to images that they did not make.
    pub touched: BTreeMap<String, Touched>,
    /// The sources for which a person asked to try again.
    pub asked: BTreeSet<String>,
    /// How often something was done after which an owner may hear of the same cause again.
    pub mends: usize,
}

/// An image that people made.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub spot: Spot,
    pub id: String,
    pub name: String,
    pub encrypted: bool,
    pub tags: Tags,
    pub grants: Grants,
    /// Who was ever let in by its owner.
    pub grants_ever: Grants,
    /// The tags that it ever had, each state of them.
    pub tags_ever: Vec<Tags>,
    pub state: Owned,
    /// Whether it was ever not available.
    pub was_away: bool,
}

/// How an image is by its owner's last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owned {
    Available,
    Disabled,
    Deregistered,
}

/// What people did to a replica.
#[derive(Debug, Clone, Default)]
pub(super) struct Touched {
    /// Whom people let launch it, by their last word.
    pub grants: Grants,
    /// Whom they ever let launch it.
    pub grants_ever: Grants,
    /// Keys of tags that people ever put on it or its snapshots.
    pub tagged: BTreeSet<String>,
    /// Whether it was ever disabled or deregistered.
    pub was_away: bool,
    /// Whether its snapshots' tags were ever taken from it.
    pub untagged: bool,
}

impl Made {
    /// An image as it is just made.
    pub(super) fn of(view: &ImageView) -> Self {
        Self {
            spot: Spot::new(&view.account, &view.region),
            id: view.id.clone(),
            name: view.name.clone(),
            encrypted: view.snapshots.iter().any(|snapshot| snapshot.encrypted),
            tags: view.tags.clone(),
            grants: view.launch_permissions.clone(),
            grants_ever: view.launch_permissions.clone(),
            tags_ever: vec![view.tags.clone()],
            state: Owned::Available,
            was_away: false,
        }
    }

    /// The image as the record names it.
    pub(super) fn reference(&self) -> ImageRef {
        let text = format!("{}/{}", self.spot, self.id);
        text.parse().expect("the simulator's ids are well-formed")
    }

    /// Puts a tag on it, or takes it off.
    pub(super) fn retag(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.tags.insert(key.to_owned(), value.to_owned()),
            None => self.tags.remove(key),
        };
        self.tags_ever.push(self.tags.clone());
    }

    /// Lets someone launch it, or no longer.
    pub(super) fn grant(&mut self, to: &LaunchPermission, is_added: bool) {
        if is_added {
            self.grants.insert(to.clone());
            self.grants_ever.insert(to.clone());
        } else {
            self.grants.remove(to);
        }
    }

    /// Disables, enables or deregisters it. Whom it was shared with is forgotten with the first.
    pub(super) fn become_state(&mut self, state: Owned) {
        self.state = state;
        if state != Owned::Available {
            self.was_away = true;
            self.grants.clear();
        }
    }

    /// The families of a policy that ever selected it, by some state of its tags.
    pub(super) fn families<'a>(
        &'a self,
        policy: &'a Policy,
    ) -> impl Iterator<Item = &'a super::policy::Family> {
        policy
            .families
            .iter()
            .filter(|family| self.tags_ever.iter().any(|tags| family.selects(self, tags)))
    }
}

impl People {
    /// The active policy.
    pub(super) fn policy(&self) -> &Policy {
        let (_, policy) = self.policies.last().expect("a policy is active");
        policy
    }

    /// The policy that was the active one at a moment.
    pub(super) fn policy_at(&self, moment: Timestamp) -> &Policy {
        let active = self
            .policies
            .iter()
            .rev()
            .find(|(since, _)| *since <= moment);
        active.map_or_else(|| self.policy(), |(_, policy)| policy)
    }

    /// What people did to a replica.
    pub(super) fn touched(&mut self, id: &str) -> &mut Touched {
        self.touched.entry(id.to_owned()).or_default()
    }
}
