//! `DescribeInstanceStatus`: the checks of instances, which all pass after two minutes.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::describe::refuse_both;
use super::{Instance, check_ids};
use crate::ec2::filter::Filters;
use crate::ec2::page;
use crate::ec2::tag::TagMap;
use crate::request::Request;
use crate::state::{State, later};
use crate::wire::error::ApiError;

const FILTERS: [&str; 7] = [
    "availability-zone",
    "instance-state-code",
    "instance-state-name",
    "instance-status.reachability",
    "instance-status.status",
    "system-status.reachability",
    "system-status.status",
];

const CHECKS: SignedDuration = SignedDuration::from_mins(2);

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html>: of
/// running instances, unless all are asked for.
pub(crate) fn describe_instance_status(
    state: &mut State,
    call: &Request,
) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = Filters::read(params, &FILTERS)?;
    refuse_both(params)?;
    let cursor = page::open(call, 5)?;
    let ids = params.texts("InstanceIds");
    let all = params.flag("IncludeAllInstances") == Some(true);
    let now = state.clock.now();
    let region = state.ec2.region_mut(&call.region);
    check_ids(region, call.account(), &ids)?;
    let wanted = cursor.rest(&region.instances).filter(|(id, instance)| {
        (ids.is_empty() || ids.contains(id))
            && instance.owner == call.account()
            && (all || instance.is_running())
            && filters.match_all(TagMap::new, |name| vec![field(instance, now, name)])
    });
    let page = cursor.cut(call, wanted, |instance| written(instance, now));
    Ok(json!({ "InstanceStatuses": page.items, "NextToken": page.next }))
}

/// The status of an instance's checks, and whether it was reached.
fn checked(instance: &Instance, now: Timestamp) -> (&'static str, Option<&'static str>) {
    if !instance.is_running() {
        ("not-applicable", None)
    } else if later(instance.launched, CHECKS) > now {
        ("initializing", Some("initializing"))
    } else {
        ("ok", Some("passed"))
    }
}

fn written(instance: &Instance, now: Timestamp) -> Value {
    let (status, reached) = checked(instance, now);
    let details = reached.map(|reached| json!([{ "Name": "reachability", "Status": reached }]));
    let status = json!({ "Status": status, "Details": details });
    json!({
        "InstanceId": instance.id,
        "AvailabilityZone": instance.zone,
        "InstanceState": instance.phase.written(),
        "InstanceStatus": status,
        "SystemStatus": status,
        "Events": [],
    })
}

fn field(instance: &Instance, now: Timestamp, name: &str) -> String {
    let (status, reached) = checked(instance, now);
    match name {
        "availability-zone" => instance.zone.clone(),
        "instance-state-code" => instance.phase.code().to_string(),
        "instance-state-name" => instance.phase.name().to_owned(),
        "instance-status.status" | "system-status.status" => status.to_owned(),
        _ => reached.unwrap_or_default().to_owned(),
    }
}
