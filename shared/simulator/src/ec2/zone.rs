//! The Availability Zones of each Region. Which name means which id differs from account to
//! account in AWS; here the first name means the first id everywhere.

use serde_json::{Value, json};

use crate::ec2::filter::Filters;
use crate::ec2::tag::TagMap;
use crate::ec2::{Operation, op};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[Operation] =
    &[op("DescribeAvailabilityZones", describe_availability_zones)];

/// Each Region's part of zone ids, and the letters of its zones' names:
/// <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html>.
const ZONES: [(&str, &str, &str); 17] = [
    ("ap-northeast-1", "apne1", "acd"),
    ("ap-northeast-2", "apne2", "abcd"),
    ("ap-northeast-3", "apne3", "abc"),
    ("ap-south-1", "aps1", "abc"),
    ("ap-southeast-1", "apse1", "abc"),
    ("ap-southeast-2", "apse2", "abc"),
    ("ca-central-1", "cac1", "abd"),
    ("eu-central-1", "euc1", "abc"),
    ("eu-north-1", "eun1", "abc"),
    ("eu-west-1", "euw1", "abc"),
    ("eu-west-2", "euw2", "abc"),
    ("eu-west-3", "euw3", "abc"),
    ("sa-east-1", "sae1", "abc"),
    ("us-east-1", "use1", "abcdef"),
    ("us-east-2", "use2", "abc"),
    ("us-west-1", "usw1", "abc"),
    ("us-west-2", "usw2", "abcd"),
];

/// A zone's name and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) id: String,
}

/// The zones of a Region.
pub(crate) fn zones(region: &str) -> Vec<Zone> {
    let place = ZONES.iter().find(|(name, ..)| *name == region);
    let letters = place.into_iter().flat_map(|(_, short, letters)| {
        let numbered = letters.chars().zip(1..);
        numbered.map(move |(letter, number)| Zone {
            name: format!("{region}{letter}"),
            id: format!("{short}-az{number}"),
        })
    });
    letters.collect()
}

/// The id of the zone of that name.
pub(crate) fn id_of(region: &str, name: &str) -> Option<String> {
    let mut zones = zones(region).into_iter();
    zones.find(|zone| zone.name == name).map(|zone| zone.id)
}

const FILTERS: [&str; 8] = [
    "group-name",
    "message",
    "opt-in-status",
    "region-name",
    "state",
    "zone-id",
    "zone-name",
    "zone-type",
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html>.
pub(crate) fn describe_availability_zones(
    _: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    let zones = zones(&call.region);
    let (names, ids) = (params.texts("ZoneNames"), params.texts("ZoneIds"));
    let unknown = names
        .iter()
        .find(|name| zones.iter().all(|zone| zone.name != **name));
    if let Some(name) = unknown {
        let message = format!("Invalid availability zone: [{name}]");
        return Err(ApiError::invalid_value(message));
    }
    let unknown = ids
        .iter()
        .find(|id| zones.iter().all(|zone| zone.id != **id));
    if let Some(id) = unknown {
        let message = format!("Invalid availability zone-id: [{id}]");
        return Err(ApiError::invalid_value(message));
    }
    let wanted = zones.iter().filter(|zone| {
        (names.is_empty() || names.contains(&zone.name.as_str()))
            && (ids.is_empty() || ids.contains(&zone.id.as_str()))
            && filters.match_all(TagMap::new, |field| match field {
                "group-name" => vec![group(&call.region)],
                "opt-in-status" => vec!["opt-in-not-required".to_owned()],
                "region-name" => vec![call.region.clone()],
                "state" => vec!["available".to_owned()],
                "zone-id" => vec![zone.id.clone()],
                "zone-name" => vec![zone.name.clone()],
                "zone-type" => vec!["availability-zone".to_owned()],
                _ => Vec::new(),
            })
    });
    let written = wanted.map(|zone| written(zone, &call.region));
    Ok(json!({ "AvailabilityZones": written.collect::<Vec<_>>() }))
}

fn group(region: &str) -> String {
    format!("{region}-zg-1")
}

fn written(zone: &Zone, region: &str) -> Value {
    json!({
        "OptInStatus": "opt-in-not-required",
        "Messages": [],
        "RegionName": region,
        "ZoneName": zone.name,
        "ZoneId": zone.id,
        "GroupName": group(region),
        "NetworkBorderGroup": region,
        "ZoneType": "availability-zone",
        "State": "available",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_zones() {
        for region in crate::ec2::region::names() {
            assert!(zones(region).len() >= 3, "{region}");
        }
        assert_eq!(
            id_of("us-east-1", "us-east-1f").as_deref(),
            Some("use1-az6")
        );
        assert_eq!(id_of("us-east-1", "us-east-1g"), None);
    }
}
