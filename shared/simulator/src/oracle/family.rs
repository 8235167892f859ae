//! Which family an image is of, and which of its members are newer.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::ec2::image::{Image, ImageState};
use crate::state::State;

use super::memory::Memory;
use super::safeguards::{Family, Keep, Safeguards};

/// How many copies of copies are followed.
const LONGEST: usize = 50;

/// Safeguards, and the family of each source.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) safeguards: Safeguards,
    sources: BTreeMap<String, usize>,
}

/// What an image is in its family.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) family: &'a Family,
    pub(super) replica: bool,
    /// When its source was made, if that is still known.
    pub(super) born: Timestamp,
}

impl Member<'_> {
    pub(super) fn keep(&self) -> Keep {
        if self.replica {
            self.family.keep_replicas
        } else {
            self.family.keep_sources
        }
    }

    fn is_beside(&self, other: &Self) -> bool {
        self.replica == other.replica && self.family.name == other.family.name
    }
}

impl Guard {
    pub(super) fn new(safeguards: Safeguards) -> Self {
        let mut sources = BTreeMap::new();
        for (number, family) in safeguards.families.iter().enumerate() {
            sources.extend(family.sources.iter().map(|id| (id.clone(), number)));
        }
        Self {
            safeguards,
            sources,
        }
    }

    /// What an image is, by what the world knows it was copied from. An image of an instance is
    /// one of its own, and so is one that was restored from S3.
    pub(super) fn member(
        &self,
        (state, memory): (&State, &Memory),
        image: &Image,
    ) -> Option<Member<'_>> {
        if let Some(family) = self.family(&image.id) {
            let (replica, born) = (false, image.created);
            return Some(Member {
                family,
                replica,
                born,
            });
        }
        let mut copy = image;
        for _ in 0..LONGEST {
            let (id, region) = copied_from(copy)?;
            if let Some(family) = self.family(id) {
                let born = made(state, memory, region, id).unwrap_or(image.created);
                let replica = true;
                return Some(Member {
                    family,
                    replica,
                    born,
                });
            }
            copy = known(state, memory, region, id)?;
        }
        None
    }

    fn family(&self, id: &str) -> Option<&Family> {
        let number = self.sources.get(id)?;
        self.safeguards.families.get(*number)
    }

    /// How many available images of the same family, architecture, account and Region are newer,
    /// sources beside sources and copies beside copies; no more than `most` are counted. A copy is
    /// as old as its source.
    pub(super) fn newer(
        &self,
        world: (&State, &Memory),
        (image, member): (&Image, &Member<'_>),
        most: usize,
    ) -> usize {
        let region = world.0.ec2.region(&image.region);
        let own = region.into_iter().flat_map(|region| {
            let own = region.images.of(&image.owner);
            own.filter(|other| other.state == ImageState::Available)
        });
        let newer = own.filter(|other| {
            let alike = other.layout.architecture == image.layout.architecture;
            let other_member = (alike && other.id != image.id)
                .then(|| self.member(world, other))
                .flatten();
            other_member.is_some_and(|one| {
                one.is_beside(member) && (one.born, &other.id) > (member.born, &image.id)
            })
        });
        newer.take(most).count()
    }

    /// The ids of a family's registered images in all accounts and Regions, and, where `binned`,
    /// of those in the Recycle Bin.
    pub(super) fn members<'a>(
        &self,
        world: (&'a State, &Memory),
        family: &Family,
        binned: bool,
    ) -> impl Iterator<Item = &'a str> {
        let images = world.0.ec2.regions().flat_map(move |region| {
            let bin = region.bin.images.values().filter(move |_| binned);
            let bin = bin.map(|kept| &kept.resource);
            region.images.values().chain(bin)
        });
        let members = images.filter(move |image| {
            let member = self.member(world, image);
            member.is_some_and(|member| member.family.name == family.name)
        });
        members.map(|image| image.id.as_str())
    }
}

/// The image and the Region that an image was copied from.
fn copied_from(image: &Image) -> Option<(&str, &str)> {
    let origin = &image.origin;
    let copy = origin.instance.is_none() && !origin.stored;
    let source = origin.image.as_ref().filter(|_| copy);
    source.map(|(id, region)| (id.as_str(), region.as_str()))
}

/// An image that is registered, in the Recycle Bin, or was seen leaving.
fn known<'a>(state: &'a State, memory: &'a Memory, region: &str, id: &str) -> Option<&'a Image> {
    let place = state.ec2.region(region);
    let there = place.and_then(|place| {
        let binned = || place.bin.images.get(id).map(|kept| &kept.resource);
        place.images.get(id).or_else(binned)
    });
    there.or_else(|| memory.gone.get(id))
}

/// An image of whichever Region that is registered or was seen leaving.
pub(super) fn anywhere<'a>(
    (state, memory): (&'a State, &'a Memory),
    id: &str,
) -> Option<&'a Image> {
    let registered = state.ec2.regions().find_map(|region| region.images.get(id));
    registered.or_else(|| memory.gone.get(id))
}

/// When an image was made, if anybody still knows.
fn made(state: &State, memory: &Memory, region: &str, id: &str) -> Option<Timestamp> {
    let image = known(state, memory, region, id).map(|image| image.created);
    image.or_else(|| {
        let remains = &state.ec2.region(region)?.deregistered;
        remains.still(&id.to_owned()).map(|remains| remains.created)
    })
}
