//! Who names an image: instances, launch templates, parameters and recipes. Each kind of resource
//! has one function here that looks for it.

use jiff::Timestamp;

use crate::ec2::instance::Instance;
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
            && states.contains(&state_name(instance))
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

fn state_name(instance: &Instance) -> &'static str {
    if instance.running {
        "running"
    } else {
        "terminated"
    }
}

/// The launch templates that name an image in one of so many of their newest versions; each once
/// for an image.
pub(super) fn templates(_state: &State, _search: Search<'_>, _depth: usize) -> Vec<Use> {
    Vec::new()
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
pub(super) fn image_recipes(_state: &State, _search: Search<'_>) -> Vec<Use> {
    Vec::new()
}

/// The container recipes that build on an instance of an image.
pub(super) fn container_recipes(_state: &State, _search: Search<'_>) -> Vec<Use> {
    Vec::new()
}

/// The resources of a kind; `depth` counts versions of launch templates.
pub(super) fn of_kind(state: &State, search: Search<'_>, kind: &str, depth: usize) -> Vec<Use> {
    match kind {
        TEMPLATE => templates(state, search, depth),
        PARAMETER => parameters(state, search),
        IMAGE_RECIPE => image_recipes(state, search),
        CONTAINER_RECIPE => container_recipes(state, search),
        _ => Vec::new(),
    }
}

/// The value of a `version-depth` option.
pub(super) fn depth(values: &[&str]) -> Option<usize> {
    let [value] = values else { return None };
    let number = value.parse::<usize>().ok();
    number.filter(|number| (1..=10_000).contains(number))
}
