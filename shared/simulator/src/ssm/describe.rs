//! `DescribeParameters`: what parameters are, without their values.

use serde_json::{Value, json};

use super::{Parameter, Version, filter, invalid};
use crate::ec2::page;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;

const PAGE: usize = 50;

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html>:
/// the account's own parameters. None are shared with it: sharing by AWS RAM isn't simulated.
pub(super) fn describe_parameters(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    if call.params().flag("Shared") == Some(true) {
        return Err(invalid("The parameter Shared is not simulated"));
    }
    let known = ["Path", "Name", "Type", "KeyId", "Tier", "DataType", "tag:"];
    let mut filters = filter::read_old(call)?;
    filters.extend(filter::read(call, &known)?);
    let cursor = page::open(call, 1)?.at_most(PAGE);
    let empty = super::Store::new();
    let store = state.ssm.store((call.account(), &call.region));
    let found = cursor
        .rest(store.unwrap_or(&empty))
        .filter_map(|(key, parameter)| {
            let latest = parameter.latest()?;
            let matches = filters
                .iter()
                .all(|filter| filter.matches(parameter, latest));
            matches.then_some((key, (parameter, latest)))
        });
    let page = cursor.cut(call, found, |(parameter, latest)| {
        written(parameter, latest)
    });
    Ok(json!({ "Parameters": page.items, "NextToken": page.next }))
}

fn written(parameter: &Parameter, latest: &Version) -> Value {
    json!({
        "Name": parameter.name,
        "ARN": parameter.arn,
        "Type": latest.kind,
        "KeyId": latest.key,
        "LastModifiedDate": latest.modified.to_string(),
        "LastModifiedUser": latest.by,
        "Description": latest.description,
        "AllowedPattern": latest.pattern,
        "Version": latest.number,
        "Tier": latest.tier,
        "Policies": [],
        "DataType": latest.data_type,
    })
}
