//! What a new version of a parameter may be: its type, its data type, its tier and its size.

use super::{IMAGE, Version, invalid};
use crate::request::Params;
use crate::wire::error::ApiError;

/// The usual data type, of which nothing is checked.
pub(super) const TEXT: &str = "text";
const STANDARD: &str = "Standard";
const ADVANCED: &str = "Advanced";
const STANDARD_SIZE: usize = 4096;
const ADVANCED_SIZE: usize = 8192;

/// The type: named for a new parameter, and kept for ever.
pub(super) fn kind(params: Params<'_>, before: Option<&Version>) -> Result<String, ApiError> {
    match (params.text("Type"), before) {
        (Some(kind), Some(before)) if kind != before.kind => Err(ApiError::new(
            "HierarchyTypeMismatchException",
            "A parameter's type can't be changed. Create a new, unique parameter.",
        )),
        (Some(kind), _) => Ok(kind.to_owned()),
        (None, Some(before)) => Ok(before.kind.clone()),
        (None, None) => Err(invalid(
            "A parameter type is required when you create a parameter.",
        )),
    }
}

/// The data type; one that isn't named stays as it was.
pub(super) fn data_type(
    params: Params<'_>,
    before: Option<&Version>,
    kind: &str,
) -> Result<String, ApiError> {
    let earlier = before.map_or(TEXT, |before| before.data_type.as_str());
    let data_type = params.text("DataType").unwrap_or(earlier);
    if ![TEXT, IMAGE].contains(&data_type) {
        let message = format!(
            "The following data type is not supported: {data_type} (Data type names are all \
             lowercase.)"
        );
        return Err(invalid(message));
    }
    if data_type == IMAGE && kind != "String" {
        let message = format!("The data type {IMAGE} is only for parameters of the type String");
        return Err(invalid(message));
    }
    Ok(data_type.to_owned())
}

/// The tier, after what the value's size needs; an advanced parameter stays one:
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>.
pub(super) fn tier(params: Params<'_>, before: Option<&Version>) -> Result<String, ApiError> {
    let value = params.text("Value").unwrap_or_default();
    if value.is_empty() {
        return Err(invalid(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: \
             Member must have length greater than or equal to 1.",
        ));
    }
    if value.contains("{{") {
        let message = "A parameter's value can't refer to another parameter";
        return Err(invalid(message));
    }
    let was_advanced = before.is_some_and(|before| before.tier == ADVANCED);
    let tier = match params.text("Tier") {
        Some("Intelligent-Tiering") if was_advanced || value.len() > STANDARD_SIZE => ADVANCED,
        Some("Intelligent-Tiering") => STANDARD,
        Some(STANDARD) if was_advanced => {
            return Err(invalid(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter \
                 from the advanced-parameter tier to the standard-parameter tier.",
            ));
        }
        Some(ADVANCED) => ADVANCED,
        None if was_advanced => ADVANCED,
        _ => STANDARD,
    };
    let most = if tier == ADVANCED {
        ADVANCED_SIZE
    } else {
        STANDARD_SIZE
    };
    if value.len() > most {
        let message = format!(
            "{tier} tier parameters support a maximum parameter value of {most} characters."
        );
        return Err(invalid(message));
    }
    Ok(tier.to_owned())
}
