//! Who names an image: instances, launch templates, parameters and recipes. Each kind of resource
//! has one function here that looks for it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::ec2::launch_template::Template;
use crate::state::State;

pub(super) const INSTANCE: &str = "ec2:Instance";
pub(super) const TEMPLATE: &str = "ec2:LaunchTemplate";
pub(super) const PARAMETER: &str = "ssm:Parameter";
pub(super) const IMAGE_RECIPE: &str = "imagebuilder:ImageRecipe";
pub(super) const CONTAINER_RECIPE: &str = "imagebuilder:ContainerRecipe";

/// The states of instances.
pub(super) const STATES: [&str; 6] = [
    "pending",
    "running",
    "shutting-down",
    "terminated",
    "stopping",
    "stopped",
];

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) region: &'a str,
    /// Only this account's resources; of all accounts where there is none.
    pub(super) account: Option<&'a str>,
    pub(super) images: &'a [&'a str],
    /// Only what has been there since then.
    pub(super) since: Timestamp,
}

impl Search<'_> {
    fn covers(&self, account: &str, image: &str) -> bool {
        self.images.contains(&image) && self.account.is_none_or(|only| only == account)
    }
}

/// A resource that names an image.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) account: String,
    pub(super) image: String,
    pub(super) arn: String,
}

/// The instances in some of the states.
pub(super) fn instances(state: &State, search: Search<'_>, states: &[&str]) -> Vec<Use> {
    let region = state.ec2.region(search.region).into_iter();
    let instances = region.flat_map(|region| region.instances.values());
    let wanted = instances.filter(|instance| {
        search.covers(&instance.owner, &instance.image_id)
            && instance.launched <= search.since
            && states.contains(&instance.state_name())
    });
    wanted
        .map(|instance| Use {
            account: instance.owner.clone(),
            image: instance.image_id.clone(),
            arn: format!(
                "arn:aws:ec2:{}:{}:instance/{}",
                search.region, instance.owner, instance.id
            ),
        })
        .collect()
}

/// The launch templates that name an image in one of so many of their newest versions; each once
/// for an image.
pub(super) fn templates(state: &State, search: Search<'_>, depth: usize) -> Vec<Use> {
    let region = state.ec2.region(search.region).into_iter();
    let templates = region.flat_map(|region| region.launch_templates.all().values());
    let uses = templates.flat_map(|template| {
        let images = images_of(template, search, depth);
        images.into_iter().map(|image| Use {
            account: template.owner.clone(),
            image: image.to_owned(),
            arn: format!(
                "arn:aws:ec2:{}:{}:launch-template/{}",
                search.region, template.owner, template.id
            ),
        })
    });
    uses.collect()
}

/// The images that the newest versions of a template name, out of those that are looked for.
fn images_of<'a>(template: &'a Template, search: Search<'_>, depth: usize) -> BTreeSet<&'a str> {
    let newest = template.versions.values().rev().take(depth);
    let known = newest.filter(|version| version.created <= search.since);
    let images = known.filter_map(|version| version.data["ImageId"].as_str());
    images
        .filter(|image| search.covers(&template.owner, image))
        .collect()
}

/// The parameters of the data type `aws:ec2:image`, by their newest version. Only an account's
/// own are looked for.
pub(super) fn parameters(state: &State, search: Search<'_>) -> Vec<Use> {
    let Some(account) = search.account else {
        return Vec::new();
    };
    let naming = state.ssm.naming_images((account, search.region));
    naming
        .filter(|(_, image)| search.covers(account, image))
        .map(|(arn, image)| Use {
            account: account.to_owned(),
            image: image.to_owned(),
            arn: arn.to_owned(),
        })
        .collect()
}

/// The image recipes over an image.
pub(super) fn image_recipes(state: &State, search: Search<'_>) -> Vec<Use> {
    let recipes = state.imagebuilder.parents(search.region);
    recipes
        .filter(|(account, parent, _)| search.covers(account, parent))
        .map(|(account, parent, arn)| Use {
            account: account.to_owned(),
            image: parent.to_owned(),
            arn: arn.to_owned(),
        })
        .collect()
}

/// The resources of a kind; `depth` counts versions of launch templates.
pub(super) fn of_kind(state: &State, search: Search<'_>, kind: &str, depth: usize) -> Vec<Use> {
    match kind {
        TEMPLATE => templates(state, search, depth),
        PARAMETER => parameters(state, search),
        IMAGE_RECIPE => image_recipes(state, search),
        // Container recipes are not simulated: there are none.
        _ => Vec::new(),
    }
}

/// The value of a `version-depth` option.
pub(super) fn depth(values: &[&str]) -> Option<usize> {
    let [value] = values else { return None };
    let number = value.parse::<usize>().ok();
    number.filter(|number| (1..=10_000).contains(number))
}
