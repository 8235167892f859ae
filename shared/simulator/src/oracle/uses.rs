//! Who uses an image or a snapshot, by the state of the world: whatever runs from it or may
//! launch it again, in any account.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::autoscaling::AutoScaling;
use crate::ec2::Region;
use crate::ec2::launch_template::Template;
use crate::ssm::Ssm;
use crate::state::State;

use super::text::names;

/// The states from which an instance can still run.
const ALIVE: [&str; 4] = ["pending", "running", "stopping", "stopped"];
/// The states of Spot requests that may still launch. AWS would open a disabled one again.
const OPEN: [&str; 3] = ["open", "active", "disabled"];

/// What is looked for in launch parameters.
pub(super) struct Wanted<'a> {
    /// The member that it stands under.
    member: &'static str,
    id: &'a str,
    handles: Handles,
}

/// How parameters of Systems Manager that hold an image may be named: account, name without its
/// leading slash, and a version, a label or nothing.
type Handles = BTreeSet<(String, String, String)>;

/// What uses an image.
pub(super) fn of_image(state: &State, region: &str, id: &str) -> Vec<String> {
    let wanted = Wanted {
        member: "ImageId",
        id,
        handles: handles(&state.ssm, region, id),
    };
    let at = state.ec2.reading(region);
    let mut uses = instances(at, id);
    uses.extend(parameters(&state.ssm, region, id));
    uses.extend(recipes(state, region, &wanted));
    uses.extend(launches(at, &state.autoscaling, region, &wanted));
    uses
}

/// What launches with a snapshot.
pub(super) fn of_snapshot(state: &State, region: &str, id: &str) -> Vec<String> {
    let wanted = Wanted {
        member: "SnapshotId",
        id,
        handles: Handles::new(),
    };
    let at = state.ec2.reading(region);
    launches(at, &state.autoscaling, region, &wanted)
}

/// Which of these parameters hold an image, by their names as someone wrote them, in any account.
pub(super) fn declared<'a>(
    ssm: &Ssm,
    region: &str,
    id: &str,
    parameters: impl Iterator<Item = &'a String>,
) -> Option<&'a String> {
    let handles = handles(ssm, region, id);
    let mut parameters = parameters;
    parameters.find(|text| {
        let (account, name, selector) = named(text);
        handles.iter().any(|handle| {
            let whose = account.is_none_or(|account| account == handle.0);
            whose && (handle.1.as_str(), handle.2.as_str()) == (name, selector)
        })
    })
}

/// The account in an ARN, the name without its leading slash, and what stands behind a colon.
fn named(text: &str) -> (Option<&str>, &str, &str) {
    let arn = text.strip_prefix("arn:aws:ssm:");
    let parts = arn.and_then(|arn| {
        let (_, rest) = arn.split_once(':')?;
        let (account, rest) = rest.split_once(':')?;
        Some((account, rest.strip_prefix("parameter")?))
    });
    let (account, rest) = match parts {
        Some((account, rest)) => (Some(account), rest),
        None => (None, text),
    };
    let (name, selector) = rest.split_once(':').unwrap_or((rest, ""));
    (account, bare(name), selector)
}

fn bare(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

fn handles(ssm: &Ssm, region: &str, id: &str) -> Handles {
    let mut handles = Handles::new();
    for held in ssm.held(region).filter(|held| names(held.value, id)) {
        let newest = held.newest.then(String::new);
        let labels = held.labels.iter().cloned();
        for selector in newest
            .into_iter()
            .chain(labels)
            .chain([held.number.to_string()])
        {
            let (account, name) = (held.account.to_owned(), bare(held.name).to_owned());
            handles.insert((account, name, selector));
        }
    }
    handles
}

impl Wanted<'_> {
    /// Whether launch parameters of an account's name it, anywhere within.
    fn is_in(&self, account: &str, data: &Value) -> bool {
        match data {
            Value::Array(items) => items.iter().any(|item| self.is_in(account, item)),
            Value::Object(members) => members.iter().any(|(name, value)| {
                let text = value.as_str().filter(|_| name == self.member);
                text.is_some_and(|text| self.is_meant(account, text)) || self.is_in(account, value)
            }),
            _ => false,
        }
    }

    /// Whether a text in an account is the id, or resolves to it.
    fn is_meant(&self, account: &str, text: &str) -> bool {
        let Some(parameter) = text.strip_prefix("resolve:ssm:") else {
            return text == self.id;
        };
        self.is_behind(account, parameter)
    }

    fn is_behind(&self, account: &str, parameter: &str) -> bool {
        let (owner, name, selector) = named(parameter);
        [owner.unwrap_or(account), ""].iter().any(|owner| {
            let handle = ((*owner).to_owned(), name.to_owned(), selector.to_owned());
            self.handles.contains(&handle)
        })
    }
}

fn instances(at: &Region, id: &str) -> Vec<String> {
    let instances = at.instances.values();
    let alive = instances
        .filter(|instance| instance.image_id == id && ALIVE.contains(&instance.state_name()));
    alive
        .map(|instance| {
            let state = instance.state_name();
            format!(
                "the instance {} of {} is {state}",
                instance.id, instance.owner
            )
        })
        .collect()
}

fn parameters(ssm: &Ssm, region: &str, id: &str) -> Vec<String> {
    let naming = ssm
        .held(region)
        .filter(|held| held.newest && names(held.value, id));
    naming
        .map(|held| format!("the parameter {} of {} holds it", held.name, held.account))
        .collect()
}

fn recipes(state: &State, region: &str, wanted: &Wanted<'_>) -> Vec<String> {
    let recipes = state.imagebuilder.parents(region);
    let over = recipes.filter(|(account, parent, _)| {
        let parameter = parent.strip_prefix("ssm:");
        *parent == wanted.id || parameter.is_some_and(|name| wanted.is_behind(account, name))
    });
    over.map(|(_, _, arn)| format!("the recipe {arn} builds on it"))
        .collect()
}

/// Launch templates and configurations, and what launches from these or by itself.
fn launches(
    at: &Region,
    autoscaling: &AutoScaling,
    region: &str,
    wanted: &Wanted<'_>,
) -> Vec<String> {
    let (mut uses, mut sources) = templates(at, wanted);
    for (account, place) in autoscaling.at(region) {
        for (name, configuration) in &place.configurations {
            if wanted.is_in(account, &configuration.data) {
                uses.push(format!(
                    "the launch configuration {name} of {account} names it"
                ));
                sources.configurations.insert((account, name));
            }
        }
        for (name, group) in &place.groups {
            if sources.are_in(account, &group.settings) || wanted.is_in(account, &group.settings) {
                uses.push(format!(
                    "the Auto Scaling group {name} of {account} launches it"
                ));
            }
        }
    }
    let asked = asked(at)
        .filter(|(_, owner, data)| sources.are_in(owner, data) || wanted.is_in(owner, data));
    uses.extend(asked.map(|(what, owner, _)| format!("the {what} of {owner} launches it")));
    uses
}

/// The launch templates of which any version names what is wanted.
fn templates<'a>(at: &'a Region, wanted: &Wanted<'_>) -> (Vec<String>, Sources<'a>) {
    let mut uses = Vec::new();
    let mut sources = Sources::default();
    for template in at.launch_templates.all().values() {
        let mut versions = template.versions.values();
        let naming = versions.find(|version| wanted.is_in(&template.owner, &version.data));
        if let Some(version) = naming {
            uses.push(format!(
                "version {} of the launch template {} of {} names it",
                version.number, template.id, template.owner
            ));
            sources.templates.push(template);
        }
    }
    (uses, sources)
}

/// Fleets and Spot requests that may launch something, with their owners and what they launch. An
/// instant fleet launches once.
fn asked(at: &Region) -> impl Iterator<Item = (String, &str, &Value)> {
    let fleets = &at.fleets;
    let active = |state: &str| state == "active" || state == "modifying";
    let plain = fleets.plain.values();
    let plain = plain.filter(move |fleet| active(&fleet.state) && fleet.kind != "instant");
    let plain = plain.map(|fleet| {
        let what = format!("EC2 Fleet {}", fleet.id);
        (what, fleet.owner.as_str(), &fleet.request)
    });
    let spot = fleets
        .spot
        .values()
        .filter(move |fleet| active(&fleet.state));
    let spot = spot.map(|fleet| {
        let what = format!("Spot Fleet {}", fleet.id);
        (what, fleet.owner.as_str(), &fleet.configuration)
    });
    let requests = fleets.requests.values();
    let requests = requests.filter(|request| OPEN.contains(&request.state.as_str()));
    let requests = requests.map(|request| {
        let what = format!("Spot request {}", request.id);
        (what, request.owner.as_str(), &request.specification)
    });
    plain.chain(spot).chain(requests)
}

/// The templates and configurations that name what is wanted.
#[derive(Default)]
struct Sources<'a> {
    templates: Vec<&'a Template>,
    configurations: BTreeSet<(&'a str, &'a str)>,
}

impl Sources<'_> {
    /// Whether one of them is named anywhere within some settings of an account's.
    fn are_in(&self, account: &str, settings: &Value) -> bool {
        if self.templates.is_empty() && self.configurations.is_empty() {
            return false;
        }
        match settings {
            Value::Array(items) => items.iter().any(|item| self.are_in(account, item)),
            Value::Object(members) => members.iter().any(|(member, value)| {
                let named = value.as_str();
                named.is_some_and(|name| self.have(account, member, name))
                    || self.are_in(account, value)
            }),
            _ => false,
        }
    }

    fn have(&self, account: &str, member: &str, name: &str) -> bool {
        let mut own = self
            .templates
            .iter()
            .filter(|template| template.owner == account);
        match member {
            "LaunchTemplateId" => own.any(|template| template.id == name),
            "LaunchTemplateName" => own.any(|template| template.name == name),
            "LaunchConfigurationName" => self.configurations.contains(&(account, name)),
            _ => false,
        }
    }
}
