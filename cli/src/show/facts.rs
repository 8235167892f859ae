//! Owns the comparison of a source with its replicas, as AWS shows them now.

use super::table::table;
use amiary_domain::ids::{ImageRef, Place};
use amiary_domain::image::{Image, LaunchPermission};
use amiary_domain::lineage::Lineage;
use amiary_domain::naming::is_reserved;
use amiary_engine::ports::{Answer, ReadImages};
use std::collections::BTreeSet;

/// A table of a source and its replicas: key, launch permissions and tags beside each other.
pub(crate) async fn compare(images: &dyn ReadImages, lineage: &Lineage) -> Answer<String> {
    let mut rows = vec![row(images, &lineage.source.image, "source").await?];
    for replica in lineage.replicas.values() {
        let Some(id) = &replica.image else { continue };
        let at = ImageRef::new(replica.destination.clone(), id.clone());
        rows.push(row(images, &at, &replica.state.to_string()).await?);
    }
    Ok(table(
        &["place", "image", "key", "may launch", "tags"],
        rows,
    ))
}

async fn row(images: &dyn ReadImages, at: &ImageRef, state: &str) -> Answer<Vec<String>> {
    let Some(image) = images.image(&at.place, &at.id).await? else {
        let gone = vec!["gone".to_owned(); 3];
        return Ok([vec![short(&at.place), at.id.to_string()], gone].concat());
    };
    let permissions = images.launch_permissions(at).await?;
    Ok(vec![
        short(&at.place),
        format!("{}\n{state}", at.id),
        keys(images, &at.place, &image).await?,
        people(&permissions),
        tags(&image),
    ])
}

fn short(place: &Place) -> String {
    format!("{}\n{}", place.region, place.account)
}

async fn keys(images: &dyn ReadImages, place: &Place, image: &Image) -> Answer<String> {
    if !image.encrypted {
        return Ok("unencrypted".to_owned());
    }
    let snapshots = images.snapshots(place, &image.snapshots).await?;
    let keys: BTreeSet<String> = snapshots
        .values()
        .map(|snapshot| {
            let arn = snapshot.key.as_deref().unwrap_or("no key");
            let id = arn.rsplit('/').next().unwrap_or(arn);
            format!("key {}…", id.chars().take(8).collect::<String>())
        })
        .collect();
    Ok(keys.into_iter().collect::<Vec<_>>().join("\n"))
}

fn people(permissions: &BTreeSet<LaunchPermission>) -> String {
    if permissions.is_empty() {
        return "its owner only".to_owned();
    }
    permissions
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

fn tags(image: &Image) -> String {
    let (ours, theirs): (Vec<_>, Vec<_>) = image.tags.iter().partition(|(key, _)| is_reserved(key));
    let mut lines: Vec<String> = theirs
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    if !ours.is_empty() {
        lines.push(format!("and {} of Amiary's", ours.len()));
    }
    lines.join("\n")
}
