//! The bundle of an instance-store image: its manifest, and the parts of its volume.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/creating-an-ami-instance-store.html>.

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::dispatch::call_by_value;
use crate::ids::hex;
use crate::state::State;
use crate::wire::base64;
use crate::wire::error::ApiError;

const PARTS: usize = 3;

/// Puts a bundle into a bucket, which is made where it isn't there; gives its manifest's location.
pub(crate) fn put(
    state: &mut State,
    place: (&str, &str),
    bucket: &str,
    prefix: &str,
) -> Result<String, ApiError> {
    if !state.s3.buckets.contains_key(bucket) {
        let mut parameters = json!({ "Bucket": bucket });
        if place.1 != "us-east-1" {
            parameters["CreateBucketConfiguration"] = json!({ "LocationConstraint": place.1 });
        }
        call_by_value(state, place, ("s3", "CreateBucket"), parameters)?;
    }
    let folder = prefix.trim_end_matches('/');
    let folder = if folder.is_empty() {
        String::new()
    } else {
        format!("{folder}/")
    };
    let mut parts = Vec::new();
    for number in 0..PARTS {
        let name = format!("image.part.{number:02}");
        let body = format!("part {number} of {bucket}/{folder}\n");
        store(state, place, (bucket, &format!("{folder}{name}")), &body)?;
        parts.push((name, body));
    }
    let key = format!("{folder}image.manifest.xml");
    store(state, place, (bucket, &key), &manifest(place.0, &parts))?;
    Ok(format!("{bucket}/{key}"))
}

fn store(
    state: &mut State,
    place: (&str, &str),
    (bucket, key): (&str, &str),
    body: &str,
) -> Result<(), ApiError> {
    let body = base64::encode(body.as_bytes());
    let parameters = json!({ "Bucket": bucket, "Key": key, "Body": body });
    call_by_value(state, place, ("s3", "PutObject"), parameters).map(|_| ())
}

/// What `ec2-bundle-vol` writes about a bundle, as far as anybody reads it.
fn manifest(account: &str, parts: &[(String, String)]) -> String {
    let size: usize = parts.iter().map(|(_, body)| body.len()).sum();
    let written = parts.iter().enumerate().map(|(number, (name, body))| {
        let digest = hex(Sha256::digest(body.as_bytes()));
        format!(
            "<part index=\"{number}\"><filename>{name}</filename>\
             <digest algorithm=\"SHA256\">{digest}</digest></part>"
        )
    });
    let (count, written) = (parts.len(), written.collect::<String>());
    format!(
        "<?xml version=\"1.0\"?>\n<manifest><version>2007-10-10</version>\
         <machine_configuration><architecture>x86_64</architecture></machine_configuration>\
         <image><name>image</name><user>{account}</user><size>{size}</size>\
         <parts count=\"{count}\">{written}</parts></image></manifest>"
    )
}
