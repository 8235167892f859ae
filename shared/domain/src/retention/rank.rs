//! Owns the order of a family's images: which is the how-manieth newest of its kind, in each
//! architecture, account and Region. What differs in one of these is never counted together.

use super::{Kind, Subject};
use crate::ids::{ImageRef, Place};
use std::collections::BTreeMap;

/// What is counted together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Group<'a> {
    family: &'a str,
    architecture: &'a str,
    place: &'a Place,
    sources: bool,
}

/// An image's place in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rank {
    /// How many verified images of the group are newer.
    pub newer: usize,
    /// Whether it is the newest verified one.
    pub newest_verified: bool,
}

/// The ranks of an inventory's images.
pub(super) struct Ranks<'a>(BTreeMap<&'a ImageRef, Rank>);

impl<'a> Ranks<'a> {
    pub(super) fn of(inventory: &'a [Subject]) -> Self {
        let mut groups: BTreeMap<Group<'a>, Vec<&'a Subject>> = BTreeMap::new();
        for subject in inventory {
            let group = Group {
                family: &subject.family,
                architecture: &subject.image.architecture,
                place: &subject.image.at.place,
                sources: matches!(subject.kind, Kind::Source { .. }),
            };
            groups.entry(group).or_default().push(subject);
        }
        Self(groups.into_values().flat_map(ranked).collect())
    }

    /// The rank of an image of the inventory.
    pub(super) fn get(&self, image: &ImageRef) -> Option<Rank> {
        self.0.get(image).copied()
    }
}

/// The newest first. Only what is verified counts: an image that may not work pushes out none that
/// does. Of what is equally old, and of what has no age, each counts as newer than the others.
fn ranked(mut group: Vec<&Subject>) -> Vec<(&ImageRef, Rank)> {
    group.sort_by_key(|subject| std::cmp::Reverse(subject.version));
    let verified: Vec<_> = group
        .iter()
        .filter(|subject| subject.verified && subject.retirement.at.is_none())
        .map(|subject| subject.version)
        .collect();
    let newest = verified.first().copied();
    group
        .into_iter()
        .map(|subject| {
            let newer = match subject.version {
                Some(_) => verified.partition_point(|version| *version > subject.version),
                None => 0,
            };
            let newest_verified = subject.verified && newest.is_none_or(|n| n == subject.version);
            (
                &subject.image.at,
                Rank {
                    newer,
                    newest_verified,
                },
            )
        })
        .collect()
}
