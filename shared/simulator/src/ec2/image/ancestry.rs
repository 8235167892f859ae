//! `GetImageAncestry`: an image and those it came from, as far as the caller sees them.

use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::access::visible_image;
use crate::ec2::arn;
use crate::ec2::image::Image;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const MOST: usize = 50;

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-ancestry.html>.
pub(crate) fn get_image_ancestry(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let id = call.params().need("ImageId")?;
    state.touch(arn(&call.region, "image", id));
    let mut next = Some(visible_image(&state.ec2, call.account(), &call.region, id)?);
    let mut entries = Vec::new();
    while let Some(image) = next.filter(|_| entries.len() < MOST) {
        let source = image.origin.image.as_ref();
        entries.push(json!({
            "CreationDate": millis(image.created),
            "ImageId": image.id,
            "ImageOwnerAlias": image.owner_alias,
            "SourceImageId": source.map(|(id, _)| id),
            "SourceImageRegion": source.map(|(_, region)| region),
        }));
        let root = image.is_public() && is_verified(image);
        next = source
            .filter(|_| !root)
            .and_then(|(id, region)| state.ec2.image(region, id))
            .filter(|image| state.ec2.sees(image, call.account()));
    }
    Ok(json!({ "ImageAncestryEntries": entries }))
}

/// Whether its owner is a verified provider, where an ancestry ends.
fn is_verified(image: &Image) -> bool {
    matches!(
        image.owner_alias.as_deref(),
        Some("amazon" | "aws-marketplace")
    )
}
