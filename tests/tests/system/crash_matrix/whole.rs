//! Owns the final state of a world as text, a line for each thing in it: all that must be the same
//! whatever went wrong on the way, and nothing that may differ (ids of copies, times, versions).

use amiary_domain::ids::ImageRef;
use amiary_domain::lineage::Lineage;
use amiary_engine::ports::Outbox;
use amiary_simulator::{ImageView, Message};
use amiary_tests::{BUILDER, PARTNER, PRODUCTION, REGIONS, SOURCE_REGION, Stage};
use jiff::SignedDuration;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What nobody handled ends in one of these.
const DEAD_LETTERS: [&str; 3] = [
    "ImageEventsDeadLetters",
    "ReconcileDeadLetters",
    "NoticesDeadLetters",
];

/// Everything there is in the end, what the owner was told apart.
pub async fn whole(stage: &mut Stage, source: &ImageRef) -> Vec<String> {
    let mut lines = images(stage);
    match stage.lineage(source).await {
        None => lines.push("the source is not recorded".to_owned()),
        Some(lineage) => lines.extend(recorded(stage, &lineage)),
    }
    let later = stage.world().now() + SignedDuration::from_hours(1);
    let pending = stage
        .person
        .aws()
        .pending(later, 100)
        .await
        .expect("readable");
    lines.push(format!("pending notices: {}", pending.len()));
    for queue in DEAD_LETTERS {
        let letters = stage.local.bus().dead_letters(queue);
        lines.push(format!("{queue}: {letters:?}"));
    }
    lines
}

/// Every image and its snapshots.
pub fn images(stage: &Stage) -> Vec<String> {
    let mut lines = Vec::new();
    for account in [BUILDER, PRODUCTION, PARTNER] {
        for region in REGIONS.iter().chain([&SOURCE_REGION]) {
            for image in stage.images(account, region) {
                lines.extend(described(&image));
            }
        }
    }
    lines
}

fn described(image: &ImageView) -> Vec<String> {
    let at = format!("{}/{} {:?}", image.account, image.region, image.name);
    let mut lines = vec![format!(
        "image {at}: {} {:?} {:?} {} from {:?} {:?}; tags {:?}; launched by {:?}",
        image.state,
        image.state_reason,
        image.description,
        image.architecture,
        image.source_image_id,
        image.source_image_region,
        image.tags,
        image.launch_permissions,
    )];
    lines.extend(image.snapshots.iter().map(|snapshot| {
        format!(
            "snapshot of {at}: {} encrypted {} under {:?}; tags {:?}; volumes by {:?}",
            snapshot.state,
            snapshot.encrypted,
            snapshot.kms_key,
            snapshot.tags,
            snapshot.create_volume_permissions,
        )
    }));
    lines
}

fn recorded(stage: &Stage, lineage: &Lineage) -> Vec<String> {
    let source = &lineage.source;
    let mut lines = vec![
        format!(
            "source {:?} of {}: {}; ancestors {:?} {:?}; tags {:?}; encrypted {}; {:?}",
            source.name,
            source.family,
            source.status,
            source.ancestors,
            source.parent,
            source.tags,
            source.encrypted,
            source.snapshots,
        ),
        format!(
            "source's permissions {:?}, dropped {}",
            source.permissions, source.permissions_dropped
        ),
        format!("loans: {:?}", source.loans),
        format!("told of {} replicas", source.told.len()),
        format!("descendants: {:?}", lineage.descendants),
    ];
    for (place, replica) in &lineage.replicas {
        let id = replica.image.as_ref().map(|id| id.as_str().to_owned());
        let there = stage.images(place.account.as_str(), place.region.as_str());
        let image = there.iter().find(|image| Some(&image.id) == id.as_ref());
        // The tags that were asked for are those of that time; what came of them stands above.
        let request = replica.request.as_ref();
        let request = request.map(|r| (&r.token, &r.name, &r.description, &r.key));
        lines.push(format!(
            "replica {place}: {} is {:?}; attempt {}, try {}; cause {:?}; asked for {:?}; granted \
             {:?} {:?}; tagged {:?}",
            replica.state,
            image.map(|image| &image.name),
            replica.attempt,
            replica.tries,
            replica.cause,
            request,
            replica.granted,
            replica.granted_snapshots,
            replica.tagged,
        ));
    }
    lines
}

/// What the owner was told, each notice once however often it came; and how often each came.
pub fn told(inbox: &[Message]) -> (BTreeSet<String>, BTreeMap<String, usize>) {
    let mut notices = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for message in inbox {
        let data = message.message.lines().last().unwrap_or_default();
        let data: Value = serde_json::from_str(data).expect("data for machines");
        let places: Vec<String> = data["destinations"]
            .as_array()
            .expect("destinations")
            .iter()
            .map(|place| format!("{} {}", place["account"], place["region"]))
            .collect();
        let id = data["id"].as_str().expect("an id").to_owned();
        notices.insert(format!("{} {} of {places:?}", data["kind"], data["source"]));
        *counts.entry(id).or_default() += 1;
    }
    (notices, counts)
}
