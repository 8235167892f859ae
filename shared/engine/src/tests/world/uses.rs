//! Owns what the world shows of who uses images.

use super::{State, World};
use crate::ports::{Answer, Found, Listed, Page, ReadUses, Target};
use amiary_domain::ids::{ImageId, ImageRef, Place, SnapshotId};
use amiary_domain::image::ImageState;
use amiary_domain::retention::{Lookout, Protection, Report};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that uses images, and what else keeps them.
#[derive(Default)]
pub struct Uses {
    pub found: BTreeMap<(Place, Lookout), Vec<Found>>,
    /// What older versions of launch templates point at.
    pub versions: BTreeMap<Target, BTreeSet<Target>>,
    pub parameters: BTreeMap<String, String>,
    /// Whatever refers to an image.
    pub references: BTreeMap<(Place, ImageId), String>,
    pub locked: BTreeMap<SnapshotId, Option<Timestamp>>,
    pub protected: BTreeSet<ImageRef>,
    pub reports: BTreeMap<ImageRef, Report>,
}

impl World {
    /// Something at a place points at these.
    pub fn points(&self, at: &str, lookout: Lookout, by: &str, targets: &[Target]) {
        let mut state = self.state();
        let key = (super::place(at), lookout);
        state.uses.found.entry(key).or_default().push(Found {
            by: by.to_owned(),
            targets: targets.iter().cloned().collect(),
            ..Found::default()
        });
    }
}

impl State {
    fn paged<T: Clone>(&self, all: &[T], from: Option<&str>) -> Page<T> {
        let from: usize = from.map_or(0, |from| from.parse().unwrap());
        let to = all.len().min(from + self.page);
        Page {
            items: all[from..to].to_vec(),
            next: (to < all.len()).then(|| to.to_string()),
        }
    }
}

#[async_trait]
impl ReadUses for World {
    async fn listed(&self, place: &Place, from: Option<String>) -> Answer<Page<Listed>> {
        self.call(&format!("list images of {place}"), |state| {
            let there = |image: &&amiary_domain::image::Image| {
                image.at.place == *place && image.state != ImageState::Deregistered
            };
            let listed = state.images.values().filter(there).map(|image| Listed {
                image: image.clone(),
                launched: None,
                protection: if state.uses.protected.contains(&image.at) {
                    Protection::On
                } else {
                    Protection::Off
                },
            });
            let listed: Vec<Listed> = listed.collect();
            Ok(state.paged(&listed, from.as_deref()))
        })
    }

    async fn uses(
        &self,
        place: &Place,
        lookout: Lookout,
        from: Option<String>,
    ) -> Answer<Page<Found>> {
        self.call(&format!("list {lookout} of {place}"), |state| {
            let found = state.uses.found.get(&(place.clone(), lookout));
            let found = found.map_or(&[][..], Vec::as_slice);
            Ok(state.paged(found, from.as_deref()))
        })
    }

    async fn template(
        &self,
        place: &Place,
        template: &str,
        versions: &BTreeSet<String>,
    ) -> Answer<Vec<Found>> {
        self.call(&format!("versions of {template} in {place}"), |state| {
            let named = versions.iter().map(|version| Target::Template {
                template: template.to_owned(),
                version: version.clone(),
            });
            let found = named.filter_map(|named| {
                let targets = state.uses.versions.get(&named)?.clone();
                Some(Found {
                    by: template.to_owned(),
                    named: [named].into(),
                    targets,
                })
            });
            Ok(found.collect())
        })
    }

    async fn parameters(
        &self,
        place: &Place,
        names: &BTreeSet<String>,
    ) -> Answer<BTreeMap<String, String>> {
        self.call(&format!("parameters of {place}"), |state| {
            let held = state.uses.parameters.iter();
            let held = held.filter(|(name, _)| names.contains(*name));
            Ok(held
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect())
        })
    }

    async fn references(
        &self,
        place: &Place,
        images: &[ImageId],
    ) -> Answer<Vec<(ImageId, String)>> {
        self.call(&format!("references of {place}"), |state| {
            let of = |image: &ImageId| {
                let by = state.uses.references.get(&(place.clone(), image.clone()))?;
                Some((image.clone(), by.clone()))
            };
            Ok(images.iter().filter_map(of).collect())
        })
    }

    async fn locked(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<(SnapshotId, Option<Timestamp>)>> {
        self.call(&format!("locked snapshots of {place}"), |state| {
            let locked = state.uses.locked.iter();
            let locked: Vec<_> = locked.map(|(id, until)| (id.clone(), *until)).collect();
            Ok(state.paged(&locked, from.as_deref()))
        })
    }

    async fn usage_report(&self, image: &ImageRef) -> Answer<Option<Report>> {
        self.call(&format!("usage report of {image}"), |state| {
            Ok(state.uses.reports.get(image).cloned())
        })
    }
}
