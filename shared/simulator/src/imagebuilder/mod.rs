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

impl ImageBuilder {
    /// Each recipe's account, parent image and ARN, in a Region.
    pub(crate) fn parents(&self, region: &str) -> impl Iterator<Item = (&str, &str, &str)> {
        let here = self.recipes.iter().filter(move |((_, at), _)| at == region);
        here.flat_map(|((account, _), recipes)| {
            let recipes = recipes.values();
            recipes.map(|recipe| {
                (
                    account.as_str(),
                    recipe.parent.as_str(),
                    recipe.arn.as_str(),
                )
            })
        })
    }
}

/// The recipes of the caller's Region.
fn recipes<'a>(state: &'a mut State, call: &Request) -> &'a mut Recipes {
    let place = (call.account().to_owned(), call.region.clone());
    state.imagebuilder.recipes.entry(place).or_default()
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidRequestException", message)
}
