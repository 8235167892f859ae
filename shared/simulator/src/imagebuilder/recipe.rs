//! Making, reading, listing and deleting recipes.

use std::ops::Bound;

use serde_json::{Map, Value, json};

use super::arn::{self, Version};
use super::{Recipe, invalid, recipes};
use crate::clock::millis;
use crate::ec2::access::visible_image;
use crate::request::{Params, Request};
use crate::state::State;
use crate::wire::base64;
use crate::wire::error::ApiError;

const PAGE: i64 = 25;

/// The members that a recipe keeps as they were given.
const KEPT: [&str; 8] = [
    "additionalInstanceConfiguration",
    "amiTags",
    "amiWatermarks",
    "blockDeviceMappings",
    "components",
    "description",
    "tags",
    "workingDirectory",
];

/// <https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_CreateImageRecipe.html>. A
/// parent image that is named by id must be one the caller sees in the Region; other forms (an
/// Image Builder image, a parameter, a product) are kept as they are.
pub(super) fn create_image_recipe(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let token = token(call)?;
    if let Some((parameters, answer)) = state.imagebuilder.tokens.get(&token) {
        return if *parameters == call.parameters {
            Ok(answer.clone())
        } else {
            let message = "The client token was used with other parameters before.";
            Err(ApiError::new(
                "IdempotentParameterMismatchException",
                message,
            ))
        };
    }
    let name = params.need("name")?;
    check_name(name)?;
    let version = arn::version(params.need("semanticVersion")?)?;
    let parent = params.need("parentImage")?;
    check_parent(state, call, parent)?;
    check_components(params)?;
    let base = arn::base(call, name);
    let recipe = Recipe {
        arn: format!("{base}/{}", arn::written(version)),
        name: name.to_owned(),
        parent: parent.to_owned(),
        created: millis(state.clock.now()),
        given: kept(call),
    };
    state.touch(recipe.arn.clone());
    let key = (arn::normal(name), version);
    if recipes(state, call).contains_key(&key) {
        let message = format!("The image recipe {} exists already.", recipe.arn);
        return Err(ApiError::new("ResourceAlreadyExistsException", message));
    }
    if params.flag("dryRun") == Some(true) {
        let message = "The request would have succeeded, but dryRun is set.";
        return Err(ApiError::with_status(
            412,
            "DryRunOperationException",
            message,
        ));
    }
    let answer = json!({
        "requestId": call.id,
        "clientToken": params.text("clientToken"),
        "imageRecipeArn": recipe.arn,
        "latestVersionReferences": arn::references(&base, version),
    });
    recipes(state, call).insert(key, recipe);
    let used = (call.parameters.clone(), answer.clone());
    state.imagebuilder.tokens.insert(token, used);
    Ok(answer)
}

fn token(call: &Request) -> Result<[String; 3], ApiError> {
    let token = call.params().need("clientToken")?.to_owned();
    Ok([call.account().to_owned(), call.region.clone(), token])
}

fn kept(call: &Request) -> Map<String, Value> {
    let given = call.parameters.as_object().into_iter().flatten();
    given
        .filter(|(name, _)| KEPT.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_ ".contains(c);
    let edged = name.starts_with(' ') || name.ends_with(' ');
    if !(3..=128).contains(&name.len()) || !name.chars().all(allowed) || edged {
        return Err(invalid(format!("The name {name} is not valid.")));
    }
    Ok(())
}

fn check_parent(state: &mut State, call: &Request, parent: &str) -> Result<(), ApiError> {
    if !parent.starts_with("ami-") {
        return Ok(());
    }
    state.touch(crate::ec2::arn(&call.region, "image", parent));
    visible_image(&state.ec2, call.account(), &call.region, parent)
        .map(|_| ())
        .map_err(|error| {
            invalid(format!(
                "The value supplied for parameter 'parentImage' is not valid. {}",
                error.message
            ))
        })
}

/// Each component once.
fn check_components(params: Params<'_>) -> Result<(), ApiError> {
    let mut seen = Vec::new();
    for component in params.list("components") {
        let arn = component.text("componentArn").unwrap_or_default();
        if !arn.contains(":component/") {
            return Err(invalid(format!(
                "The ARN {arn} is not that of a component."
            )));
        }
        if seen.contains(&arn) {
            return Err(invalid(format!("The component {arn} is given twice.")));
        }
        seen.push(arn);
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_GetImageRecipe.html>: an `x`
/// at the end of the version means the newest there is.
pub(super) fn get_image_recipe(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let (name, version) = found(state, call)?;
    let base = arn::base(call, &name);
    let recipe = recipes(state, call).get(&(name, version));
    Ok(json!({
        "requestId": call.id,
        "imageRecipe": recipe.map(|recipe| recipe.written(version, call.account())),
        "latestVersionReferences": arn::references(&base, version),
    }))
}

/// <https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_DeleteImageRecipe.html>.
pub(super) fn delete_image_recipe(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let arn = call.params().need("imageRecipeArn")?;
    if arn::read(call, arn)?.numbers.len() < 3 {
        return Err(invalid(
            "The version of the recipe to delete must be whole.",
        ));
    }
    let key = found(state, call)?;
    recipes(state, call).remove(&key);
    Ok(json!({ "requestId": call.id, "imageRecipeArn": arn }))
}

/// The newest recipe that a call's ARN fits.
fn found(state: &mut State, call: &Request) -> Result<(String, Version), ApiError> {
    let arn = call.params().need("imageRecipeArn")?;
    state.touch(arn);
    let named = arn::read(call, arn)?;
    let newest = recipes(state, call)
        .keys()
        .rfind(|(name, version)| named.here && *name == named.name && named.fits(*version));
    newest.cloned().ok_or_else(|| {
        let message = format!("The image recipe {arn} does not exist.");
        ApiError::with_status(404, "ResourceNotFoundException", message)
    })
}

/// <https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_ListImageRecipes.html>: the
/// caller's own. Nobody shares recipes here, and Amazon has none.
pub(super) fn list_image_recipes(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    let params = call.params();
    let filters = filters(params)?;
    let most = usize::try_from(params.number("maxResults").unwrap_or(PAGE)).unwrap_or(1);
    let from = match params.text("nextToken") {
        Some(token) => Bound::Excluded(after(call, token)?),
        None => Bound::Unbounded,
    };
    let own = params.text("owner").is_none_or(|owner| owner == "Self");
    let rest = recipes(state, call).range((from, Bound::Unbounded));
    let mut wanted = rest.filter(|(_, recipe)| {
        let fits = |(name, values): &(&str, Vec<&str>)| values.contains(&recipe.field(name));
        own && filters.iter().all(fits)
    });
    let mut last = None;
    let mut summaries = Vec::new();
    for (_, recipe) in wanted.by_ref().take(most) {
        last = Some(base64::encode(recipe.arn.as_bytes()));
        summaries.push(recipe.summary(call.account()));
    }
    let next = last.filter(|_| wanted.next().is_some());
    Ok(json!({
        "requestId": call.id,
        "imageRecipeSummaryList": summaries,
        "nextToken": next,
    }))
}

/// What a token stands for: the last recipe of the page before.
fn after(call: &Request, token: &str) -> Result<(String, Version), ApiError> {
    let arn = base64::decode(token).and_then(|bytes| String::from_utf8(bytes).ok());
    let named = arn.and_then(|arn| arn::read(call, &arn).ok());
    let key = named.and_then(|named| {
        let version = Version::try_from(named.numbers).ok()?;
        named.here.then_some((named.name, version))
    });
    let message = "The pagination token is not valid.";
    key.ok_or_else(|| ApiError::new("InvalidPaginationTokenException", message))
}

fn filters(params: Params<'_>) -> Result<Vec<(&str, Vec<&str>)>, ApiError> {
    let mut read = Vec::new();
    for filter in params.list("filters") {
        let name = filter.text("name").unwrap_or_default();
        if !["name", "parentImage", "platform"].contains(&name) {
            return Err(invalid(format!("The filter {name} is not valid.")));
        }
        read.push((name, filter.texts("values")));
    }
    Ok(read)
}

impl Recipe {
    fn field(&self, name: &str) -> &str {
        match name {
            "name" => &self.name,
            "parentImage" => &self.parent,
            _ => PLATFORM,
        }
    }

    fn written(&self, version: Version, owner: &str) -> Value {
        let mut written = self.given.clone();
        if let Value::Object(members) = json!({
            "arn": self.arn,
            "type": "AMI",
            "name": self.name,
            "platform": PLATFORM,
            "owner": owner,
            "version": arn::written(version),
            "parentImage": self.parent,
            "dateCreated": self.created,
        }) {
            written.extend(members);
        }
        Value::Object(written)
    }

    fn summary(&self, owner: &str) -> Value {
        json!({
            "arn": self.arn,
            "name": self.name,
            "platform": PLATFORM,
            "owner": owner,
            "parentImage": self.parent,
            "dateCreated": self.created,
            "tags": self.given.get("tags"),
        })
    }
}

/// What every image here runs.
const PLATFORM: &str = "Linux";
