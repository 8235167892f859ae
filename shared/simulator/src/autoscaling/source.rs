//! What a group launches: a launch configuration, a launch template, or several of these under a
//! mixed instances policy.

use serde_json::{Value, json};

use super::group::Group;
use super::{invalid, policy};
use crate::ec2::fleet::pool::Pool;
use crate::ec2::instance::launch;
use crate::ec2::launch_template;
use crate::ec2::tag::TagMap;
use crate::request::Params;
use crate::state::State;
use crate::wire::error::ApiError;

const SOURCES: [&str; 3] = [
    "LaunchConfigurationName",
    "LaunchTemplate",
    "MixedInstancesPolicy",
];

/// What a call says to launch, by one of its parameters at most.
pub(super) fn named(params: Params<'_>) -> Result<Option<&'static str>, ApiError> {
    let mut named = SOURCES.into_iter().filter(|name| params.has(name));
    let first = named.next();
    if named.next().is_some() {
        return Err(invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, \
             InstanceId or MixedInstancesPolicy parameter.",
        ));
    }
    Ok(first)
}

/// Puts what a call says to launch into a group's settings, in place of what was there. Templates
/// are told with both their id and their name.
pub(super) fn put(
    state: &State,
    place: (&str, &str),
    (settings, params): (&mut Value, Params<'_>),
    name: &'static str,
) -> Result<(), ApiError> {
    let mut source = params.value(name).cloned().unwrap_or_default();
    match name {
        "LaunchTemplate" => complete(state, place, &mut source)?,
        "MixedInstancesPolicy" => {
            policy::check(&source)?;
            let template = &mut source["LaunchTemplate"];
            if template["LaunchTemplateSpecification"].is_null() {
                return Err(invalid(
                    "LaunchTemplateSpecification must be specified in a MixedInstancesPolicy",
                ));
            }
            complete(state, place, &mut template["LaunchTemplateSpecification"])?;
            let overrides = template["Overrides"].as_array_mut();
            for overrides in overrides.into_iter().flatten() {
                if !overrides["LaunchTemplateSpecification"].is_null() {
                    complete(state, place, &mut overrides["LaunchTemplateSpecification"])?;
                }
            }
            put_usual(&mut source["InstancesDistribution"]);
        }
        _ => {}
    }
    if let Some(settings) = settings.as_object_mut() {
        settings.retain(|name, _| !SOURCES.contains(&name.as_str()));
    }
    settings[name] = source;
    Ok(())
}

/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html>.
fn put_usual(distribution: &mut Value) {
    for (name, usual) in [
        ("OnDemandAllocationStrategy", json!("prioritized")),
        ("OnDemandBaseCapacity", json!(0)),
        ("OnDemandPercentageAboveBaseCapacity", json!(100)),
        ("SpotAllocationStrategy", json!("lowest-price")),
    ] {
        if distribution[name].is_null() {
            distribution[name] = usual;
        }
    }
}

/// Looks a template up, and completes its id or name.
fn complete(state: &State, place: (&str, &str), named: &mut Value) -> Result<(), ApiError> {
    let chosen = launch_template::chosen(state, place, Params::of(named));
    let chosen = chosen.map_err(|error| invalid(error.message))?;
    named["LaunchTemplateId"] = Value::from(chosen.id);
    named["LaunchTemplateName"] = Value::from(chosen.name);
    Ok(())
}

/// The pools that a group launches from.
pub(super) fn pools(
    state: &mut State,
    place: (&str, &str),
    group: &Group,
) -> Result<Vec<Pool>, ApiError> {
    if let Some(name) = group.configuration() {
        return Ok(vec![of_configuration(state, place, name)?]);
    }
    let settings = group.setting();
    if let Some(named) = settings.child("LaunchTemplate") {
        return Ok(vec![of_template(state, place, named, &json!({}))?]);
    }
    let policy = settings.child("MixedInstancesPolicy");
    let template = policy.and_then(|policy| policy.child("LaunchTemplate"));
    let template = template.ok_or_else(|| invalid("The group has nothing to launch"))?;
    let named = template.child("LaunchTemplateSpecification");
    let named = named.ok_or_else(|| invalid("The group has nothing to launch"))?;
    let overrides = template.value("Overrides").and_then(Value::as_array);
    let overrides = overrides.filter(|overrides| !overrides.is_empty());
    let Some(overrides) = overrides else {
        return Ok(vec![of_template(state, place, named, &json!({}))?]);
    };
    let of = |overrides: &Value| {
        let own = Params::of(overrides).child("LaunchTemplateSpecification");
        of_template(state, place, own.unwrap_or(named), overrides)
    };
    overrides.iter().map(of).collect()
}

fn of_configuration(state: &mut State, place: (&str, &str), name: &str) -> Result<Pool, ApiError> {
    let held = state.autoscaling.place(place);
    let configuration = held.configurations.get(name).ok_or_else(|| {
        invalid(format!(
            "Launch configuration name not found - A launch configuration with the name: {name} \
             does not exist"
        ))
    })?;
    let mut data = configuration.launch_data();
    if configuration.data["SpotPrice"].is_string() {
        data["InstanceMarketOptions"] = json!({ "MarketType": "spot" });
    }
    Ok(Pool {
        data,
        weight: 1.0,
        marks: TagMap::new(),
        from: json!({ "LaunchConfigurationName": name }),
    })
}

fn of_template(
    state: &State,
    place: (&str, &str),
    named: Params<'_>,
    overrides: &Value,
) -> Result<Pool, ApiError> {
    // Kept settings have both the id and the name; a template is looked up by one.
    let named = json!({
        "LaunchTemplateId": named.text("LaunchTemplateId"),
        "Version": named.text("Version"),
    });
    let chosen = launch_template::chosen(state, place, Params::of(&named))?;
    let mut pool = Pool::of_template(state, place, Params::of(&named), overrides)?;
    pool.from = json!({
        "LaunchTemplate": {
            "LaunchTemplateId": chosen.id,
            "LaunchTemplateName": chosen.name,
            "Version": chosen.number.to_string(),
        },
        "WeightedCapacity": overrides["WeightedCapacity"],
    });
    Ok(pool)
}

/// Refuses a template whose image can't be launched, as the service does when a group is made or
/// changed.
pub(super) fn check_images(
    state: &State,
    place: (&str, &str),
    pools: &[Pool],
) -> Result<(), ApiError> {
    for pool in pools {
        let refused = |why: String| {
            invalid(format!(
                "You must use a valid fully-formed launch template. {why}"
            ))
        };
        let Some(named) = pool.data["ImageId"].as_str() else {
            let why = "The request must contain the parameter ImageId".to_owned();
            return Err(refused(why));
        };
        let image = launch::launchable(state, place, named);
        image.map_err(|error| refused(error.message))?;
    }
    Ok(())
}
