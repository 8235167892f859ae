//! What a call is about to take away: which stage it is, of which images, with which snapshots.

use std::collections::BTreeMap;
use std::iter;

use crate::ec2::image::Image;
use crate::ec2::snapshot::Snapshot;
use crate::request::Request;
use crate::s3;
use crate::state::State;

use super::memory::Memory;

/// The stages of an image's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Deprecation,
    Disabling,
    Deregistration,
    /// A snapshot or a bundle.
    Deletion,
}

/// One thing that a call takes away.
#[derive(Debug)]
pub(super) struct Act<'a> {
    pub(super) stage: Stage,
    /// An id, or the place of a bundle.
    pub(super) resource: String,
    /// The images that end by it, or are made of what is deleted.
    pub(super) subjects: Vec<Subject>,
    /// The snapshots that it deletes.
    pub(super) snapshots: Vec<&'a Snapshot>,
}

/// An image as it is, or as it was when it was deregistered.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) image: Image,
    pub(super) registered: bool,
}

impl Act<'_> {
    /// The images that the act is about, without those that merely use the same snapshot: those
    /// that are gone, or else the first.
    pub(super) fn own(&self) -> Vec<&Image> {
        let gone = self.subjects.iter().filter(|subject| !subject.registered);
        let mut own: Vec<&Image> = gone.map(|subject| &subject.image).collect();
        if own.is_empty() {
            own.extend(self.subjects.first().map(|subject| &subject.image));
        }
        own
    }

    /// The registered images that the act is about, or that use what is deleted.
    pub(super) fn registered(&self) -> impl Iterator<Item = &Image> {
        let registered = self.subjects.iter().filter(|subject| subject.registered);
        registered.map(|subject| &subject.image)
    }
}

/// What a call takes away, as far as it is there.
pub(super) fn acts<'a>(state: &'a State, memory: &Memory, call: &Request) -> Vec<Act<'a>> {
    let acts = match (call.service.as_str(), call.operation.as_str()) {
        ("ec2", "EnableImageDeprecation") => of_image(state, call, Stage::Deprecation),
        ("ec2", "DisableImage") => of_image(state, call, Stage::Disabling),
        ("ec2", "DeregisterImage") => of_image(state, call, Stage::Deregistration),
        ("ec2", "DeleteSnapshot") => of_snapshot(state, memory, call),
        ("s3", "DeleteObject" | "DeleteObjects") => return of_objects(state, memory, call),
        _ => None,
    };
    acts.into_iter().collect()
}

/// The image that a call deregisters.
pub(super) fn leaving(state: &State, call: &Request) -> Option<Image> {
    if (call.service.as_str(), call.operation.as_str()) != ("ec2", "DeregisterImage") {
        return None;
    }
    let id = call.params().text("ImageId")?;
    state.ec2.image(&call.region, id).cloned()
}

fn of_image<'a>(state: &'a State, call: &Request, reaches: Stage) -> Option<Act<'a>> {
    let id = call.params().text("ImageId")?;
    let image = state.ec2.image(&call.region, id)?;
    let mut snapshots = Vec::new();
    if call.params().flag("DeleteAssociatedSnapshots") == Some(true) {
        let ids = image.snapshot_ids();
        let there = ids
            .iter()
            .filter_map(|id| state.ec2.snapshot(&call.region, id));
        snapshots.extend(there);
    }
    Some(Act {
        stage: reaches,
        resource: id.to_owned(),
        subjects: vec![Subject {
            image: image.clone(),
            registered: true,
        }],
        snapshots,
    })
}

fn of_snapshot<'a>(state: &'a State, memory: &Memory, call: &Request) -> Option<Act<'a>> {
    let id = call.params().text("SnapshotId")?;
    let region = state.ec2.region(&call.region)?;
    let snapshot = region.snapshots.get(id)?;
    let using = region.images.using(id);
    let registered = using.filter_map(|image| region.images.get(image));
    let made_of = |image: &Image| {
        let mut devices = image.layout.devices.iter();
        devices.any(|device| {
            let ebs = device.ebs.as_ref();
            ebs.is_some_and(|ebs| ebs.snapshot_id.as_deref() == Some(id))
        })
    };
    let binned = region.bin.images.values().map(|kept| &kept.resource);
    Some(Act {
        stage: Stage::Deletion,
        resource: id.to_owned(),
        subjects: subjects(registered, binned, memory, made_of),
        snapshots: vec![snapshot],
    })
}

/// The images that are registered; those in the Recycle Bin; and, where there are none in it, those
/// that are gone for good.
fn subjects<'a>(
    registered: impl Iterator<Item = &'a Image>,
    binned: impl Iterator<Item = &'a Image>,
    memory: &Memory,
    made_of: impl Fn(&Image) -> bool,
) -> Vec<Subject> {
    let subject = |image: &Image, registered| Subject {
        image: image.clone(),
        registered,
    };
    let mut subjects: Vec<Subject> = registered.map(|image| subject(image, true)).collect();
    let binned = binned.filter(|image| made_of(image));
    subjects.extend(binned.map(|image| subject(image, false)));
    if subjects.iter().all(|subject| subject.registered) {
        let back = |image: &Image| {
            let mut registered = subjects.iter();
            registered.any(|subject| subject.image.id == image.id)
        };
        let gone = memory.gone.values();
        let gone: Vec<&Image> = gone
            .filter(|image| made_of(image) && !back(image))
            .collect();
        let gone = gone.into_iter();
        subjects.extend(gone.map(|image| subject(image, false)));
    }
    subjects
}

/// The bundles that a call deletes objects of: what lies beside a manifest belongs to it.
fn of_objects<'a>(state: &'a State, memory: &Memory, call: &Request) -> Vec<Act<'a>> {
    let params = call.params();
    let bucket = params.text("Bucket").unwrap_or_default();
    let mut keys: Vec<&str> = params.text("Key").into_iter().collect();
    if let Some(delete) = params.child("Delete") {
        let objects = delete.list("Objects").into_iter();
        keys.extend(objects.filter_map(|object| object.text("Key")));
    }
    let mut bundles = BTreeMap::new();
    for key in keys {
        let location = format!("{bucket}/{key}");
        if s3::holds(state, call.account(), &location) {
            let folder = folder(&location).to_owned();
            let act = || bundle(state, memory, &folder);
            bundles.entry(folder.clone()).or_insert_with(act);
        }
    }
    bundles.into_values().collect()
}

fn folder(location: &str) -> &str {
    location.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn bundle<'a>(state: &'a State, memory: &Memory, place: &str) -> Act<'a> {
    let lies_here = |image: &Image| {
        let manifest = image.layout.manifest.as_deref();
        manifest.is_some_and(|manifest| folder(manifest) == place)
    };
    let images = state
        .ec2
        .regions()
        .flat_map(|region| region.images.values());
    let registered = images.filter(|image| lies_here(image));
    Act {
        stage: Stage::Deletion,
        resource: place.to_owned(),
        subjects: subjects(registered, iter::empty(), memory, lies_here),
        snapshots: Vec::new(),
    }
}
