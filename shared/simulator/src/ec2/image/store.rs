//! The images of one Region, and what finds them without looking at each: their names, the
//! snapshots they are made of, and the copies under way.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use jiff::Timestamp;

use serde::{Deserialize, Serialize, Serializer};

use crate::ec2::image::{Image, ImageState};
use crate::lag::Kept;

/// Images by id, of all accounts. Read as the map it is; changed only through its own methods,
/// which keep the indexes right. A saved world holds the images alone.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "BTreeMap<String, Image>")]
pub(crate) struct Images {
    all: Kept<Image>,
    /// The ids of each account's images, by name.
    names: BTreeMap<String, BTreeMap<String, String>>,
    /// The ids of the images that each snapshot is part of.
    users: BTreeMap<String, BTreeSet<String>>,
    /// The ids of each account's copies under way.
    copies: BTreeMap<String, BTreeSet<String>>,
}

impl Images {
    /// Puts an image in. Its owner, name and block devices are its own for good.
    pub(crate) fn insert(&mut self, image: Image) {
        self.remove(&image.id);
        let id = image.id.clone();
        let names = self.names.entry(image.owner.clone()).or_default();
        names.insert(image.name.clone(), id.clone());
        for snapshot in image.snapshot_ids() {
            let users = self.users.entry(snapshot).or_default();
            users.insert(id.clone());
        }
        if image.is_being_copied() {
            let copies = self.copies.entry(image.owner.clone()).or_default();
            copies.insert(id.clone());
        }
        self.all.insert(id, image);
    }

    /// Takes an image out.
    pub(crate) fn remove(&mut self, id: &str) -> Option<Image> {
        let image = self.all.remove(id)?;
        if let Some(names) = self.names.get_mut(&image.owner) {
            names.remove(&image.name);
        }
        for snapshot in image.snapshot_ids() {
            if let Some(users) = self.users.get_mut(&snapshot) {
                users.remove(id);
                if users.is_empty() {
                    self.users.remove(&snapshot);
                }
            }
        }
        self.forget_copy(&image.owner, id);
        Some(image)
    }

    /// An image to be changed in whatever no index is made of: not its owner, name or devices.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Image> {
        self.all.get_mut(id)
    }

    /// Gives an image its state.
    pub(crate) fn set_state(&mut self, id: &str, state: ImageState) {
        let Some(image) = self.all.get_mut(id) else {
            return;
        };
        image.state = state;
        if !image.is_being_copied() {
            let owner = image.owner.clone();
            self.forget_copy(&owner, id);
        }
    }

    /// Begins to remember what it held, or forgets it: [`crate::lag`].
    pub(crate) fn remember(&mut self, remembers: bool) {
        self.all.remember(remembers);
    }

    /// The moment is over: what changed in it was there until `now`.
    pub(crate) fn stamp(&mut self, now: Timestamp) {
        self.all.stamp(now);
    }

    /// Holds what it held at a moment, until it is set forward. What finds images otherwise than
    /// by listing them stays as it is.
    pub(crate) fn set_back(&mut self, to: Timestamp) {
        self.all.set_back(to);
    }

    /// Holds what it held before it was set back.
    pub(crate) fn set_forward(&mut self) {
        self.all.set_forward();
    }

    fn forget_copy(&mut self, owner: &str, id: &str) {
        if let Some(copies) = self.copies.get_mut(owner) {
            copies.remove(id);
        }
    }

    /// An account's image of that name.
    pub(crate) fn named(&self, owner: &str, name: &str) -> Option<&Image> {
        self.all.get(self.names.get(owner)?.get(name)?)
    }

    /// An account's images.
    pub(crate) fn of(&self, owner: &str) -> impl Iterator<Item = &Image> {
        let ids = self.names.get(owner).into_iter().flat_map(BTreeMap::values);
        ids.filter_map(|id| self.all.get(id))
    }

    /// How many images an account has.
    pub(crate) fn count(&self, owner: &str) -> usize {
        self.names.get(owner).map_or(0, BTreeMap::len)
    }

    /// The images that a snapshot is part of.
    pub(crate) fn using(&self, snapshot: &str) -> impl Iterator<Item = &str> {
        let ids = self.users.get(snapshot).into_iter().flatten();
        ids.map(String::as_str)
    }

    /// How many copies of an account are under way.
    pub(crate) fn copies_under_way(&self, owner: &str) -> usize {
        self.copies.get(owner).map_or(0, BTreeSet::len)
    }
}

impl Deref for Images {
    type Target = BTreeMap<String, Image>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl Serialize for Images {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.all.serialize(serializer)
    }
}

impl From<BTreeMap<String, Image>> for Images {
    fn from(all: BTreeMap<String, Image>) -> Self {
        let mut images = Self::default();
        for image in all.into_values() {
            images.insert(image);
        }
        images
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ec2::image::tests::image;

    #[test]
    fn what_is_taken_out_leaves_no_trace() {
        let mut images = Images::default();
        images.insert(image("ami-1", "web", "snap-1"));
        images.insert(image("ami-2", "api", "snap-1"));
        assert_eq!(images.using("snap-1").count(), 2);
        images.remove("ami-1");
        assert!(images.named("111111111111", "web").is_none());
        assert_eq!(images.using("snap-1").collect::<Vec<_>>(), ["ami-2"]);
        assert_eq!(images.count("111111111111"), 1);
    }

    #[test]
    fn a_copy_counts_until_it_ends() {
        let mut images = Images::default();
        let mut copy = image("ami-1", "web", "snap-1");
        copy.state = ImageState::Pending;
        copy.origin.image = Some(("ami-0".to_owned(), "us-east-1".to_owned()));
        images.insert(copy);
        assert_eq!(images.copies_under_way("111111111111"), 1);
        images.set_state("ami-1", ImageState::Available);
        assert_eq!(images.copies_under_way("111111111111"), 0);
    }

    #[test]
    fn a_saved_store_finds_what_it_found() {
        let mut images = Images::default();
        images.insert(image("ami-1", "web", "snap-1"));
        let saved = serde_json::to_string(&images).expect("a document");
        let images: Images = serde_json::from_str(&saved).expect("images");
        assert!(images.named("111111111111", "web").is_some());
        assert_eq!(images.using("snap-1").count(), 1);
    }
}
