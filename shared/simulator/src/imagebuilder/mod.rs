//! Image Builder's recipes, as users of images: what they are, made, read, listed and deleted. No
//! image is ever built from them here.

mod arn;
mod recipe;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dispatch::Handler;
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;
use arn::Version;

/// The recipes of all accounts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ImageBuilder {
    /// By the account and the Region, then by their names and versions.
    recipes: BTreeMap<(String, String), Recipes>,
    /// What client tokens were used for: parameters and answers, by account, Region and token.
    tokens: BTreeMap<[String; 3], (Value, Value)>,
}

type Recipes = BTreeMap<(String, Version), Recipe>;

/// A recipe.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recipe {
    arn: String,
    name: String,
    parent: String,
    created: String,
    /// Whatever else it was made with, by the members' names.
    given: Map<String, Value>,
}

/// The operation's handler.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "CreateImageRecipe" => recipe::create_image_recipe,
        "DeleteImageRecipe" => recipe::delete_image_recipe,
        "GetImageRecipe" => recipe::get_image_recipe,
        "ListImageRecipes" => recipe::list_image_recipes,
        _ => return None,
    };
    Some(handler)
}

/// The ARNs of an account's recipes whose parent image this is, in its Region.
pub(crate) fn recipes_on(
    state: &State,
    (account, region): (&str, &str),
    image: &str,
) -> Vec<String> {
    let place = (account.to_owned(), region.to_owned());
    let recipes = state.imagebuilder.recipes.get(&place);
    let recipes = recipes.into_iter().flat_map(BTreeMap::values);
    let on = recipes.filter(|recipe| recipe.parent == image);
    on.map(|recipe| recipe.arn.clone()).collect()
}

/// The recipes of the caller's Region.
fn recipes<'a>(state: &'a mut State, call: &Request) -> &'a mut Recipes {
    let place = (call.account().to_owned(), call.region.clone());
    state.imagebuilder.recipes.entry(place).or_default()
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidRequestException", message)
}
