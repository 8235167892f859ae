//! `CreateTags`, `DeleteTags` and `DescribeTags`, on images, snapshots, volumes and instances.

use serde_json::{Value, json};

use crate::ec2::Region;
use crate::ec2::access::{no_image, no_snapshot, well_formed_snapshot};
use crate::ec2::filter::Filters;
use crate::ec2::fleet;
use crate::ec2::image::usage_report::no_report;
use crate::ec2::instance::no_instance;
use crate::ec2::launch_template::{self, no_template};
use crate::ec2::page;
use crate::ec2::snapshot::import::no_task;
use crate::ec2::tag::{self, TagMap, Tags};
use crate::ec2::volume::no_volume;
use crate::ec2::{Operation, op};
use crate::ids::is_resource_id;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("CreateTags", create_tags),
    op("DeleteTags", delete_tags),
    op("DescribeTags", describe_tags),
];

const MOST_RESOURCES: usize = 1000;

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html>: on all resources
/// or on none. Whoever sees an image or a snapshot may tag it, for themselves.
pub(crate) fn create_tags(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let ids = resources(state, call)?;
    let tags = tag::read(&call.params().list("Tags"))?;
    if tags.is_empty() {
        let message = "The request must contain the parameter Tag";
        return Err(ApiError::new("MissingParameter", message));
    }
    tag::requested(state, &tags);
    let region = state.ec2.region_mut(&call.region);
    for id in &ids {
        if let Some(on) = tags_of(region, id) {
            on.clone().put(call.account(), &tags)?;
        }
    }
    for id in &ids {
        if let Some(on) = tags_mut(region, id) {
            on.put(call.account(), &tags)?;
        }
    }
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html>: by key, or by key
/// and value; all of one's own where no tag is named.
pub(crate) fn delete_tags(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let ids = resources(state, call)?;
    let named = call.params().list("Tags");
    let mut wanted: Vec<(String, Option<String>)> = Vec::new();
    for tag in &named {
        let value = tag.text("Value").map(str::to_owned);
        wanted.push((tag.need("Key")?.to_owned(), value));
    }
    if wanted.iter().any(|(key, _)| key.starts_with(tag::RESERVED)) {
        let message = "Tag keys starting with 'aws:' are reserved for internal use";
        return Err(ApiError::invalid_value(message));
    }
    tag::tag_keys(state, wanted.iter().map(|(key, _)| key.as_str()));
    let region = state.ec2.region_mut(&call.region);
    for id in &ids {
        if let Some(on) = tags_mut(region, id) {
            on.remove(call.account(), |key, value| {
                let meant = |(named, with): &(String, Option<String>)| {
                    named == key && with.as_ref().is_none_or(|with| with == value)
                };
                wanted.is_empty() || wanted.iter().any(meant)
            });
        }
    }
    Ok(json!({}))
}

const FILTERS: [&str; 5] = ["key", "resource-id", "resource-type", "tag-key", "value"];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html>: one's own tags.
/// Only what is on the page is copied; resources that are named are all that is looked at.
pub(crate) fn describe_tags(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let filters = Filters::read(call.params(), &FILTERS)?;
    let cursor = page::open(call, 5)?;
    let ids = filters.exactly("resource-id");
    let named = ids.map(|ids| named(state, call, &ids));
    let region = state.ec2.reading(&call.region);
    let mut on: Vec<Tagged<'_>> = match &named {
        Some(named) => named
            .iter()
            .map(|(id, kind, tags)| (id, kind.as_str(), tags))
            .collect(),
        None => tagged(region, call.account()),
    };
    // A page may end in the middle of a resource.
    let from = cursor.after().and_then(|after| after.split_once(' '));
    on.retain(|(id, ..)| from.is_none_or(|(from, _)| id.as_str() >= from));
    on.sort_by_key(|(id, ..)| *id);
    let tags = on.into_iter().flat_map(|(id, kind, tags)| {
        let tags = tags.iter();
        tags.map(move |(key, value)| (id, kind, key, value))
    });
    let wanted = tags.filter(|(id, kind, key, value)| {
        filters.match_all(
            || TagMap::from([((*key).clone(), (*value).clone())]),
            |name| match name {
                "key" => vec![(*key).clone()],
                "value" => vec![(*value).clone()],
                "resource-id" => vec![(*id).clone()],
                "resource-type" => vec![(*kind).to_owned()],
                _ => Vec::new(),
            },
        )
    });
    let found = wanted.map(|tag| (format!("{} {}", tag.0, tag.2), tag));
    let page = cursor.cut(call, found, |(id, kind, key, value)| {
        json!({ "Key": key, "Value": value, "ResourceId": id, "ResourceType": kind })
    });
    Ok(json!({ "Tags": page.items, "NextToken": page.next }))
}

/// A resource's id and kind, and the tags that an account put on it.
type Tagged<'a> = (&'a String, &'a str, &'a TagMap);

/// The resources of these ids that the caller sees, with the caller's tags on them.
fn named(state: &State, call: &Request, ids: &[&str]) -> Vec<(String, String, TagMap)> {
    let mut found = Vec::new();
    for id in ids {
        let Ok(arn) = check_resource(state, call, id) else {
            continue;
        };
        let kind = arn
            .rsplit(':')
            .next()
            .and_then(|rest| rest.split('/').next());
        let tags = tags_of(state.ec2.reading(&call.region), id);
        let tags = tags.map(|tags| tags.own(call.account()));
        let (kind, tags) = (kind.unwrap_or_default(), tags.unwrap_or_default());
        found.push(((*id).to_owned(), kind.to_owned(), tags));
    }
    found
}

/// Every resource, with the tags that an account put on it.
fn tagged<'a>(region: &'a Region, account: &str) -> Vec<Tagged<'a>> {
    let images = region
        .images
        .values()
        .map(|image| (&image.id, "image", &image.tags));
    let snapshots = region.snapshots.values();
    let snapshots = snapshots.map(|snapshot| (&snapshot.id, "snapshot", &snapshot.tags));
    let volumes = region
        .volumes
        .values()
        .map(|volume| (&volume.id, "volume", &volume.tags));
    let instances = region.instances.values();
    let instances = instances.map(|instance| (&instance.id, "instance", &instance.tags));
    let binned = region.bin.tagged();
    let reports = region.usage_reports.tagged();
    let reports = reports.map(|(id, tags)| (id, "image-usage-report", tags));
    let imports = region.imports.values();
    let imports = imports.map(|task| (&task.id, "import-snapshot-task", &task.tags));
    images
        .chain(imports)
        .chain(snapshots)
        .chain(volumes)
        .chain(instances)
        .chain(binned)
        .chain(reports)
        .chain(launch_template::tagged(region))
        .chain(fleet::tagged(region))
        .filter_map(|(id, kind, tags)| Some((id, kind, tags.of(account)?)))
        .collect()
}

/// The resources a call names; each must be there for the caller to see.
fn resources(state: &mut State, call: &Request) -> Result<Vec<String>, ApiError> {
    let ids = call.params().texts("Resources");
    if ids.len() > MOST_RESOURCES {
        let message = format!("At most {MOST_RESOURCES} resources can be tagged in one call");
        return Err(ApiError::invalid_value(message));
    }
    for id in &ids {
        let arn = check_resource(state, call, id)?;
        state.touch(arn);
    }
    if let [id] = ids.as_slice() {
        let tags = tags_of(state.ec2.reading(&call.region), id);
        let tags = tags.map(|tags| tags.own(call.account()));
        tag::present(state, &tags.unwrap_or_default());
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}

/// The ARN of a resource that the caller sees.
fn check_resource(state: &State, call: &Request, id: &str) -> Result<String, ApiError> {
    let (account, ec2) = (call.account(), &state.ec2);
    let region = ec2.region(&call.region);
    let prefix = id.split_once('-').map_or("", |(prefix, _)| prefix);
    let arn = |kind: &str, owner: &str| format!("arn:aws:ec2:{}:{owner}:{kind}/{id}", call.region);
    let binned = region.is_some_and(|region| region.bin.has(account, id));
    match prefix {
        "ami" if binned => Ok(arn("image", "")),
        "snap" if binned => Ok(arn("snapshot", "")),
        "ami" => {
            crate::ec2::access::well_formed_image(id)?;
            let image = ec2
                .image(&call.region, id)
                .filter(|image| ec2.sees(image, account));
            image
                .map(|_| arn("image", ""))
                .ok_or_else(|| no_image(&[id]))
        }
        "import" => {
            let task = region.and_then(|region| region.imports.get(id));
            let task = task.filter(|task| task.owner == account);
            task.map(|_| arn("import-snapshot-task", account))
                .ok_or_else(|| no_task(id))
        }
        "snap" => {
            well_formed_snapshot(id)?;
            let snapshot = ec2.snapshot(&call.region, id);
            let snapshot = snapshot.filter(|snapshot| snapshot.is_readable_by(account));
            snapshot
                .map(|_| arn("snapshot", ""))
                .ok_or_else(|| no_snapshot(id))
        }
        "vol" => {
            well_formed(id, "vol", "InvalidVolumeID.Malformed")?;
            let volume = region.and_then(|region| region.volumes.get(id));
            let volume = volume.filter(|volume| volume.owner == account);
            volume
                .map(|_| arn("volume", account))
                .ok_or_else(|| no_volume(id))
        }
        "i" => {
            well_formed(id, "i", "InvalidInstanceID.Malformed")?;
            let instance = region.and_then(|region| region.instances.get(id));
            let instance = instance.filter(|instance| instance.owner == account);
            instance
                .map(|_| arn("instance", account))
                .ok_or_else(|| no_instance(id))
        }
        "amiur" => {
            let own = region.is_some_and(|region| region.usage_reports.owns(account, id));
            own.then(|| arn("image-usage-report", account))
                .ok_or_else(|| no_report(id))
        }
        "lt" => {
            let template = region.and_then(|region| region.launch_templates.own(account, id));
            template
                .map(|_| arn("launch-template", account))
                .ok_or_else(|| no_template(id))
        }
        "fleet" | "sfr" | "sir" => {
            let kind = region.and_then(|region| fleet::kind_of(region, account, id));
            kind.map(|kind| arn(kind, account))
                .ok_or_else(|| fleet::absent(id))
        }
        _ => Err(ApiError::new(
            "InvalidID",
            format!("The ID '{id}' is not valid"),
        )),
    }
}

fn well_formed(id: &str, prefix: &str, code: &str) -> Result<(), ApiError> {
    if is_resource_id(id, prefix) {
        return Ok(());
    }
    let message = format!("Invalid id: \"{id}\" (expecting \"{prefix}-...\")");
    Err(ApiError::new(code, message))
}

/// The tags of a resource, to be read.
fn tags_of<'a>(region: &'a Region, id: &str) -> Option<&'a Tags> {
    let image = region.images.get(id).map(|image| &image.tags);
    let snapshot = || region.snapshots.get(id).map(|snapshot| &snapshot.tags);
    let volume = || region.volumes.get(id).map(|volume| &volume.tags);
    let instance = || region.instances.get(id).map(|instance| &instance.tags);
    let task = || region.imports.get(id).map(|task| &task.tags);
    image
        .or_else(snapshot)
        .or_else(volume)
        .or_else(instance)
        .or_else(task)
        .or_else(|| region.bin.tags_of(id))
        .or_else(|| region.usage_reports.tags_of(id))
        .or_else(|| launch_template::tags_of(&region.launch_templates, id))
        .or_else(|| {
            let mut fleets = fleet::tagged(region).filter(|(fleet, ..)| *fleet == id);
            fleets.next().map(|(.., tags)| tags)
        })
}

/// The tags of a resource, to be changed: what a lagging list shows is noted.
fn tags_mut<'a>(region: &'a mut Region, id: &str) -> Option<&'a mut Tags> {
    if let Some(image) = region.images.get_mut(id) {
        return Some(&mut image.tags);
    }
    if let Some(snapshot) = region.snapshots.get_mut(id) {
        return Some(&mut snapshot.tags);
    }
    if let Some(task) = region.imports.get_mut(id) {
        return Some(&mut task.tags);
    }
    if let Some(volume) = region.volumes.get_mut(id) {
        return Some(&mut volume.tags);
    }
    if let Some(instance) = region.instances.get_mut(id) {
        return Some(&mut instance.tags);
    }
    if id.starts_with("lt-") {
        return launch_template::tags_mut(&mut region.launch_templates, id);
    }
    region
        .bin
        .tags_mut(id)
        .or_else(|| region.usage_reports.tags_mut(id))
        .or_else(|| fleet::tags_of(&mut region.fleets, id))
}
