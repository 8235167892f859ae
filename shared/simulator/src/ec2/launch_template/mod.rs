//! Launch templates and their versions: what one is, and which is meant.

pub(crate) mod data;
mod delete;
mod describe;
mod describe_versions;
mod make;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::millis;
use crate::ec2::tag::{self, TagMap, Tags};
use crate::ec2::{Operation, Region, op};
use crate::ids::is_resource_id;
use crate::request::Params;
use crate::state::State;
use crate::wire::error::ApiError;

pub(crate) const OPERATIONS: &[Operation] = &[
    op("CreateLaunchTemplate", make::create_launch_template).without(&["Operator"]),
    op(
        "CreateLaunchTemplateVersion",
        make::create_launch_template_version,
    ),
    op("DeleteLaunchTemplate", delete::delete_launch_template),
    op(
        "DeleteLaunchTemplateVersions",
        delete::delete_launch_template_versions,
    ),
    op(
        "DescribeLaunchTemplateVersions",
        describe_versions::describe_launch_template_versions,
    )
    .without(&["IncludeManagedResources"]),
    op(
        "DescribeLaunchTemplates",
        describe::describe_launch_templates,
    )
    .without(&["IncludeManagedResources"]),
    op("ModifyLaunchTemplate", make::modify_launch_template),
];

/// The launch templates of a Region, of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Templates {
    all: BTreeMap<String, Template>,
    /// The ids of templates, by owner and name.
    names: BTreeMap<String, BTreeMap<String, String>>,
}

/// A launch template.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) created: Timestamp,
    creator: String,
    /// The number of the default version.
    pub(crate) default: u64,
    /// The highest number ever given.
    last: u64,
    pub(crate) versions: BTreeMap<u64, Version>,
    pub(crate) tags: Tags,
}

/// A version of a launch template.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) number: u64,
    description: Option<String>,
    pub(crate) created: Timestamp,
    creator: String,
    /// The launch parameters, by the model's member names.
    pub(crate) data: Value,
}

/// A version that a launch names.
pub(crate) struct Chosen {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) number: u64,
    pub(crate) data: Value,
}

impl Chosen {
    /// The tags that AWS puts on what is launched from it:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-launch-templates.html>.
    pub(crate) fn marks(&self) -> TagMap {
        TagMap::from([
            ("aws:ec2launchtemplate:id".to_owned(), self.id.clone()),
            (
                "aws:ec2launchtemplate:version".to_owned(),
                self.number.to_string(),
            ),
        ])
    }
}

impl Templates {
    /// Every template, by id.
    pub(crate) fn all(&self) -> &BTreeMap<String, Template> {
        &self.all
    }

    /// The template of an account that goes by this id.
    pub(crate) fn own(&self, account: &str, id: &str) -> Option<&Template> {
        self.all
            .get(id)
            .filter(|template| template.owner == account)
    }

    fn named(&self, account: &str, name: &str) -> Option<&Template> {
        self.all.get(self.names.get(account)?.get(name)?)
    }

    fn insert(&mut self, template: Template) {
        let names = self.names.entry(template.owner.clone()).or_default();
        names.insert(template.name.clone(), template.id.clone());
        self.all.insert(template.id.clone(), template);
    }

    fn remove(&mut self, id: &str) {
        if let Some(template) = self.all.remove(id)
            && let Some(names) = self.names.get_mut(&template.owner)
        {
            names.remove(&template.name);
        }
    }
}

impl Template {
    /// The highest number of a version that is there.
    pub(crate) fn latest(&self) -> u64 {
        self.versions
            .keys()
            .next_back()
            .copied()
            .unwrap_or(self.last)
    }

    /// The version that a text means: a number, `$Latest` or `$Default`.
    pub(crate) fn version(&self, text: &str) -> Result<&Version, ApiError> {
        let number = match text {
            "$Latest" => self.latest(),
            "$Default" => self.default,
            text => number(text)?,
        };
        let missing = || {
            let message = format!(
                "Could not find the specified version {text} for the launch template with ID {}.",
                self.id
            );
            ApiError::new("InvalidLaunchTemplateId.VersionNotFound", message)
        };
        self.versions.get(&number).ok_or_else(missing)
    }

    fn written(&self, account: &str) -> Value {
        json!({
            "LaunchTemplateId": self.id,
            "LaunchTemplateName": self.name,
            "CreateTime": millis(self.created),
            "CreatedBy": self.creator,
            "DefaultVersionNumber": self.default,
            "LatestVersionNumber": self.latest(),
            "Tags": tag::written(&self.tags.own(account)),
        })
    }

    fn version_written(&self, version: &Version, data: &Value) -> Value {
        json!({
            "LaunchTemplateId": self.id,
            "LaunchTemplateName": self.name,
            "VersionNumber": version.number,
            "VersionDescription": version.description,
            "CreateTime": millis(version.created),
            "CreatedBy": version.creator,
            "DefaultVersion": version.number == self.default,
            "LaunchTemplateData": data,
        })
    }
}

/// A version's number.
fn number(text: &str) -> Result<u64, ApiError> {
    let number = text.parse::<u64>().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        let message = format!(
            "Invalid launch template version: either '$Default', '$Latest', or a numeric version \
             are allowed. You provided '{text}'."
        );
        ApiError::invalid_value(message)
    })
}

/// The template of an account that parameters name in `LaunchTemplateId` or
/// `LaunchTemplateName`.
fn template<'a>(
    state: &'a State,
    (account, region): (&str, &str),
    params: Params<'_>,
) -> Result<&'a Template, ApiError> {
    let region = state.ec2.region(region);
    let templates = region.map(|region| &region.launch_templates);
    let id = params.text("LaunchTemplateId");
    match (id, params.text("LaunchTemplateName")) {
        (Some(_), Some(_)) => Err(ApiError::new(
            "InvalidParameterCombination",
            "You can specify either a launch template ID or a launch template name, not both.",
        )),
        (None, None) => Err(ApiError::new(
            "MissingParameter",
            "Either a launch template ID or a launch template name must be specified.",
        )),
        (Some(id), None) if !is_resource_id(id, "lt") => Err(malformed(id)),
        (Some(id), None) => {
            let found = templates.and_then(|templates| templates.own(account, id));
            found.ok_or_else(|| no_template(id))
        }
        (None, Some(name)) => {
            let found = templates.and_then(|templates| templates.named(account, name));
            found.ok_or_else(no_template_named)
        }
    }
}

/// The version that a launch names: a template by id or name, and the default version where it
/// names none.
pub(crate) fn chosen(
    state: &State,
    place: (&str, &str),
    named: Params<'_>,
) -> Result<Chosen, ApiError> {
    let template = template(state, place, named)?;
    let version = template.version(named.text("Version").unwrap_or("$Default"))?;
    Ok(Chosen {
        id: template.id.clone(),
        name: template.name.clone(),
        number: version.number,
        data: version.data.clone(),
    })
}

/// The error for a template that doesn't exist.
pub(crate) fn no_template(id: &str) -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateId.NotFound",
        format!("The specified launch template, with template ID {id}, does not exist."),
    )
}

fn no_template_named() -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateName.NotFoundException",
        "At least one of the launch templates specified in the request does not exist.",
    )
}

fn malformed(id: &str) -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateId.Malformed",
        format!("Invalid launch template ID: {id}"),
    )
}

/// The templates of a Region, for `DescribeTags`.
pub(crate) fn tagged(region: &Region) -> impl Iterator<Item = (&String, &'static str, &Tags)> {
    let templates = region.launch_templates.all.values();
    templates.map(|template| (&template.id, "launch-template", &template.tags))
}

/// The tags of a template.
pub(crate) fn tags_of<'a>(templates: &'a Templates, id: &str) -> Option<&'a Tags> {
    templates.all.get(id).map(|template| &template.tags)
}

/// The same, to be changed.
pub(crate) fn tags_mut<'a>(templates: &'a mut Templates, id: &str) -> Option<&'a mut Tags> {
    let template = templates.all.get_mut(id)?;
    Some(&mut template.tags)
}
