//! What an object holds that an image is stored in: its layout, its snapshots, and the tags that
//! whoever stored it sees. The object may be copied anywhere; one that was changed is no bin.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ec2::image::{Image, Layout};
use crate::ec2::snapshot::Snapshot;
use crate::ec2::tag::{RESERVED, TagMap, Tags};
use crate::ids::hex;

const HEAD: &str = "EC2 image bin";

/// A stored image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bin {
    pub(super) id: String,
    pub(super) region: String,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) layout: Layout,
    pub(super) tags: TagMap,
    pub(super) snapshots: Vec<Part>,
}

/// A stored snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) id: String,
    pub(super) size: i64,
    pub(super) encrypted: bool,
    pub(super) tags: TagMap,
}

impl Bin {
    /// An image and its snapshots, as an account stores them.
    pub(super) fn of(image: &Image, snapshots: &[&Snapshot], account: &str) -> Self {
        let parts = snapshots.iter().map(|snapshot| Part {
            id: snapshot.id.clone(),
            size: snapshot.size,
            encrypted: snapshot.key.is_some(),
            tags: carried(&snapshot.tags, account, &snapshot.owner),
        });
        Self {
            id: image.id.clone(),
            region: image.region.clone(),
            name: image.name.clone(),
            description: image.description.clone(),
            layout: image.layout.clone(),
            tags: carried(&image.tags, account, &image.owner),
            snapshots: parts.collect(),
        }
    }

    /// The text of the object.
    pub(super) fn text(&self) -> Option<String> {
        let body = serde_json::to_string(self).ok()?;
        Some(format!("{HEAD} {}\n{body}\n", seal(&body)))
    }

    /// What an object holds, where it is a bin that nobody changed.
    pub(super) fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(HEAD)?.strip_prefix(' ')?;
        let (given, body) = rest.strip_suffix('\n')?.split_once('\n')?;
        let whole = given == seal(body);
        serde_json::from_str(body).ok().filter(|_| whole)
    }
}

impl Part {
    /// The tags it had, and those that a call gives.
    pub(super) fn tagged(&self, given: &TagMap) -> TagMap {
        let mut tags = self.tags.clone();
        tags.extend(given.clone());
        tags
    }
}

/// The tags that the account sees, without AWS's own.
fn carried(tags: &Tags, account: &str, owner: &str) -> TagMap {
    let mut seen = tags.seen_by(account, owner);
    seen.retain(|key, _| !key.starts_with(RESERVED));
    seen
}

fn seal(body: &str) -> String {
    hex(Sha256::digest(format!("{HEAD}\n{body}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ec2::image::tests::image;

    #[test]
    fn a_bin_that_was_changed_is_none() {
        let image = image("ami-1", "golden", "snap-1");
        let bin = Bin::of(&image, &[], "111111111111");
        let text = bin.text().expect("a text");
        assert_eq!(Bin::read(&text), Some(bin));
        assert_eq!(Bin::read(&text.replace("golden", "silver")), None);
        assert_eq!(Bin::read("<manifest/>"), None);
        assert_eq!(Bin::read(""), None);
    }
}
