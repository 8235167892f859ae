//! Image Builder recipes.

use serde_json::{Value, json};

use crate::aws::{Aws, OTHER, THERE, text};
use crate::scenario::{Scenario, Section, scenario};

pub const SECTION: Section = Section {
    name: "recipes",
    title: "Image Builder recipes",
    scenarios: SCENARIOS,
};

const SCENARIOS: &[Scenario] = &[
    scenario!(
        a_recipe_is_made_read_listed_and_deleted,
        Documented,
        "imagebuilder/latest/APIReference/API_CreateImageRecipe.html",
        "A recipe is made over a parent image, read by its ARN, listed and deleted.",
    ),
    scenario!(
        a_recipes_parent_image_must_be_visible_in_the_region,
        Documented,
        "imagebuilder/latest/APIReference/API_CreateImageRecipe.html",
        "A parent image named by id must be one the caller may use, in the recipe's Region; it may be shared.",
    ),
    scenario!(
        a_name_and_version_are_taken_once,
        Documented,
        "imagebuilder/latest/APIReference/API_CreateImageRecipe.html",
        "A name with a version is unique; names that differ in case, spaces or underscores are the same.",
    ),
    scenario!(
        versions_are_three_numbers,
        Documented,
        "imagebuilder/latest/userguide/ibhow-semantic-versioning.html",
        "A version is `major.minor.patch`, each below 2^30.",
    ),
    scenario!(
        an_open_version_means_the_newest,
        Documented,
        "imagebuilder/latest/APIReference/API_GetImageRecipe.html",
        "An ARN whose version ends in `x` finds the newest version, by number.",
    ),
    scenario!(
        a_recipes_client_token_is_used_once,
        Documented,
        "imagebuilder/latest/APIReference/API_CreateImageRecipe.html",
        "The same call with the same token gets the same answer; another call with it is refused.",
    ),
    scenario!(
        a_dry_run_makes_no_recipe,
        Documented,
        "imagebuilder/latest/APIReference/API_CreateImageRecipe.html",
        "A dry run that would succeed is `DryRunOperationException`, and makes nothing.",
    ),
    scenario!(
        recipes_are_listed_by_filters_and_pages,
        Documented,
        "imagebuilder/latest/APIReference/API_ListImageRecipes.html",
        "Recipes are listed by name and parent image, page by page, for their account and Region alone.",
    ),
    scenario!(
        a_recipe_that_is_not_there_is_not_found,
        Inferred,
        "imagebuilder/latest/APIReference/CommonErrors.html",
        "A recipe that isn't there is `ResourceNotFoundException`.",
    ),
];

fn parameters(name: &str, version: &str, parent: &str) -> Value {
    json!({
        "name": name,
        "semanticVersion": version,
        "parentImage": parent,
        "clientToken": format!("{name} {version}"),
    })
}

fn ask(aws: &Aws<'_>, operation: &str, parameters: Value) -> Value {
    aws.call("imagebuilder", operation, parameters)
}

#[track_caller]
fn refused(aws: &Aws<'_>, operation: &str, parameters: Value) -> (String, u16) {
    let refused = aws.refused("imagebuilder", operation, parameters);
    (refused.code, refused.status)
}

fn recipe(aws: &Aws<'_>, name: &str, version: &str, parent: &str) -> String {
    let made = ask(aws, "CreateImageRecipe", parameters(name, version, parent));
    text(&made["imageRecipeArn"])
}

fn listed(aws: &Aws<'_>, parameters: Value) -> Vec<String> {
    let answer = ask(aws, "ListImageRecipes", parameters);
    let recipes = answer["imageRecipeSummaryList"].as_array().cloned();
    let recipes = recipes.unwrap_or_default();
    recipes.iter().map(|recipe| text(&recipe["arn"])).collect()
}

fn a_recipe_is_made_read_listed_and_deleted(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let mut given = parameters("Web Server", "1.0.0", &image);
    given["description"] = json!("for the web");
    given["tags"] = json!({ "team": "images" });
    let arn = text(&ask(aws, "CreateImageRecipe", given)["imageRecipeArn"]);
    let expected = "arn:aws:imagebuilder:us-east-1:111111111111:image-recipe/web-server/1.0.0";
    assert_eq!(arn, expected);
    let one = json!({ "imageRecipeArn": arn });
    let read = ask(aws, "GetImageRecipe", one.clone())["imageRecipe"].clone();
    assert_eq!(read["name"], "Web Server");
    assert_eq!(read["version"], "1.0.0");
    assert_eq!(read["parentImage"], image);
    assert_eq!(read["description"], "for the web");
    assert_eq!(read["tags"], json!({ "team": "images" }));
    assert_eq!(listed(aws, json!({})), [arn.as_str()]);
    assert_eq!(
        ask(aws, "DeleteImageRecipe", one.clone())["imageRecipeArn"],
        arn
    );
    assert!(listed(aws, json!({})).is_empty());
    assert_eq!(refused(aws, "GetImageRecipe", one).1, 404);
}

fn a_recipes_parent_image_must_be_visible_in_the_region(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let invalid = ("InvalidRequestException".to_owned(), 400);
    let (other, there) = (aws.by(OTHER), aws.at(THERE));
    let asked = || parameters("web", "1.0.0", &image);
    assert_eq!(refused(&other, "CreateImageRecipe", asked()), invalid);
    assert_eq!(refused(&there, "CreateImageRecipe", asked()), invalid);
    let add = json!({ "Add": [{ "UserId": OTHER }] });
    aws.ec2(
        "ModifyImageAttribute",
        json!({ "ImageId": image, "LaunchPermission": add }),
    );
    recipe(&other, "web", "1.0.0", &image);
    recipe(aws, "by-parameter", "1.0.0", "ssm:/golden/web");
}

fn a_name_and_version_are_taken_once(aws: &Aws<'_>) {
    let image = aws.image("golden");
    recipe(aws, "Web Server", "1.0.0", &image);
    for name in ["web server", "web_server", "WEB-SERVER"] {
        let taken = refused(aws, "CreateImageRecipe", parameters(name, "1.0.0", &image));
        assert_eq!(
            taken,
            ("ResourceAlreadyExistsException".to_owned(), 400),
            "{name}"
        );
    }
    recipe(aws, "web server", "1.0.1", &image);
    let invalid = ("InvalidRequestException".to_owned(), 400);
    for name in ["ab", "web/server"] {
        let wrong = refused(aws, "CreateImageRecipe", parameters(name, "1.0.0", &image));
        assert_eq!(wrong, invalid, "{name}");
    }
}

fn versions_are_three_numbers(aws: &Aws<'_>) {
    let image = aws.image("golden");
    for version in ["1.0", "1.0.0.0", "one.two.three", "1.0.1073741824"] {
        let wrong = refused(aws, "CreateImageRecipe", parameters("web", version, &image));
        let expected = ("InvalidVersionNumberException".to_owned(), 400);
        assert_eq!(wrong, expected, "{version}");
    }
    recipe(aws, "web", "0.0.1073741823", &image);
}

fn an_open_version_means_the_newest(aws: &Aws<'_>) {
    let image = aws.image("golden");
    for version in ["1.2.0", "1.10.0", "2.0.0"] {
        recipe(aws, "web", version, &image);
    }
    let newest = |version: &str| {
        let arn = "arn:aws:imagebuilder:us-east-1:111111111111:image-recipe/web";
        let one = json!({ "imageRecipeArn": format!("{arn}/{version}") });
        ask(aws, "GetImageRecipe", one)["imageRecipe"]["version"].clone()
    };
    assert_eq!(newest("x.x.x"), "2.0.0");
    assert_eq!(newest("1.x.x"), "1.10.0");
    assert_eq!(newest("1.2.x"), "1.2.0");
}

fn a_recipes_client_token_is_used_once(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let first = ask(aws, "CreateImageRecipe", parameters("web", "1.0.0", &image));
    let again = ask(aws, "CreateImageRecipe", parameters("web", "1.0.0", &image));
    assert_eq!(first["imageRecipeArn"], again["imageRecipeArn"]);
    let mut other = parameters("web", "2.0.0", &image);
    other["clientToken"] = first["clientToken"].clone();
    let mismatch = refused(aws, "CreateImageRecipe", other);
    assert_eq!(
        mismatch,
        ("IdempotentParameterMismatchException".to_owned(), 400)
    );
    assert_eq!(listed(aws, json!({})).len(), 1);
}

fn a_dry_run_makes_no_recipe(aws: &Aws<'_>) {
    let image = aws.image("golden");
    let mut dry = parameters("web", "1.0.0", &image);
    dry["dryRun"] = json!(true);
    let told = refused(aws, "CreateImageRecipe", dry);
    assert_eq!(told, ("DryRunOperationException".to_owned(), 412));
    assert!(listed(aws, json!({})).is_empty());
}

fn recipes_are_listed_by_filters_and_pages(aws: &Aws<'_>) {
    let (one, two) = (aws.image("one"), aws.image("two"));
    let web = recipe(aws, "web", "1.0.0", &one);
    let web_two = recipe(aws, "web", "2.0.0", &two);
    let database = recipe(aws, "database", "1.0.0", &one);
    let by = |name: &str, value: &str| json!({ "filters": [{ "name": name, "values": [value] }] });
    assert_eq!(listed(aws, by("name", "web")), [web.as_str(), &web_two]);
    assert_eq!(
        listed(aws, by("parentImage", &one)),
        [database.as_str(), &web]
    );
    assert_eq!(
        refused(aws, "ListImageRecipes", by("colour", "blue")).1,
        400
    );
    let first = ask(aws, "ListImageRecipes", json!({ "maxResults": 2 }));
    let rest = listed(
        aws,
        json!({ "maxResults": 2, "nextToken": first["nextToken"] }),
    );
    assert_eq!(rest, [web_two]);
    let wrong = refused(aws, "ListImageRecipes", json!({ "nextToken": "invented" }));
    assert_eq!(wrong, ("InvalidPaginationTokenException".to_owned(), 400));
    assert!(listed(&aws.by(OTHER), json!({})).is_empty());
    assert!(listed(&aws.at(THERE), json!({})).is_empty());
    assert!(listed(aws, json!({ "owner": "Amazon" })).is_empty());
}

fn a_recipe_that_is_not_there_is_not_found(aws: &Aws<'_>) {
    let not_found = ("ResourceNotFoundException".to_owned(), 404);
    let arn = "arn:aws:imagebuilder:us-east-1:111111111111:image-recipe/web/1.0.0";
    for operation in ["GetImageRecipe", "DeleteImageRecipe"] {
        let gone = refused(aws, operation, json!({ "imageRecipeArn": arn }));
        assert_eq!(gone, not_found, "{operation}");
    }
    let wrong = json!({ "imageRecipeArn": arn.replace("image-recipe", "component") });
    let wrong = refused(aws, "GetImageRecipe", wrong);
    assert_eq!(wrong, ("InvalidRequestException".to_owned(), 400));
}
