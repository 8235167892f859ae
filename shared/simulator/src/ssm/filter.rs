//! `ParameterFilters`:
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html>.

use super::{Parameter, Version, invalid, name};
use crate::request::Request;
use crate::wire::error::ApiError;

/// One filter; a parameter must match one of its values.
#[derive(Debug)]
pub(super) struct Filter {
    key: String,
    option: String,
    values: Vec<String>,
}

/// Reads a call's filters; those whose key isn't among `known` are refused.
pub(super) fn read(call: &Request, known: &[&str]) -> Result<Vec<Filter>, ApiError> {
    let mut filters: Vec<Filter> = Vec::new();
    for filter in call.params().list("ParameterFilters") {
        let key = filter.need("Key")?;
        let usual = if key == "Path" { "OneLevel" } else { "Equals" };
        let filter = Filter {
            key: key.to_owned(),
            option: filter.text("Option").unwrap_or(usual).to_owned(),
            values: filter
                .texts("Values")
                .into_iter()
                .map(str::to_owned)
                .collect(),
        };
        filter.check(known)?;
        if filters.iter().any(|earlier| earlier.key == key) {
            let message = format!(
                "The following filter is duplicated in the request: {key}. A request can contain \
                 only one occurrence of a specific filter."
            );
            return Err(ApiError::new("InvalidFilterKey", message));
        }
        filters.push(filter);
    }
    Ok(filters)
}

/// The older `Filters`, whose names are beginnings.
pub(super) fn read_old(call: &Request) -> Result<Vec<Filter>, ApiError> {
    let params = call.params();
    if params.has("Filters") && params.has("ParameterFilters") {
        let message = "You can use either Filters or ParameterFilters in a single request.";
        return Err(invalid(message));
    }
    let mut filters = Vec::new();
    for filter in params.list("Filters") {
        let key = filter.need("Key")?;
        let option = if key == "Name" {
            "BeginsWith"
        } else {
            "Equals"
        };
        let values = filter.texts("Values").into_iter();
        filters.push(Filter {
            key: key.to_owned(),
            option: option.to_owned(),
            values: values.map(str::to_owned).collect(),
        });
    }
    Ok(filters)
}

impl Filter {
    fn check(&self, known: &[&str]) -> Result<(), ApiError> {
        let key = self.key.as_str();
        let tag = key.strip_prefix("tag:").is_some_and(|key| !key.is_empty());
        let valid = known.contains(&key) || tag && known.contains(&"tag:");
        if !valid {
            let known = known.join(", ");
            let message = format!(
                "The following filter key is not valid: {key}. Valid filter keys include: [{known}]."
            );
            return Err(ApiError::new("InvalidFilterKey", message));
        }
        let options: &[&str] = match key {
            "Path" => &["Recursive", "OneLevel"],
            "Name" => &["BeginsWith", "Equals", "Contains"],
            "Label" => &["Equals"],
            _ => &["BeginsWith", "Equals"],
        };
        if !options.contains(&self.option.as_str()) {
            let message = format!(
                "The following filter option is not valid: {}. Valid options include: [{}].",
                self.option,
                options.join(", ")
            );
            return Err(ApiError::new("InvalidFilterOption", message));
        }
        if self.values.is_empty() && !tag {
            let message =
                format!("The following filter values are missing : null for filter key {key}.");
            return Err(ApiError::new("InvalidFilterValue", message));
        }
        Ok(())
    }

    /// The label that versions are chosen by.
    pub(super) fn label(&self) -> Option<&[String]> {
        (self.key == "Label").then_some(&self.values)
    }

    pub(super) fn matches(&self, parameter: &Parameter, version: &Version) -> bool {
        let value = match self.key.as_str() {
            "Name" => Some(&parameter.name),
            "Type" => Some(&version.kind),
            "KeyId" => version.key.as_ref(),
            "Tier" => Some(&version.tier),
            "DataType" => Some(&version.data_type),
            "Path" => {
                return self
                    .values
                    .iter()
                    .any(|path| self.is_below(parameter, path));
            }
            "Label" => {
                return self
                    .values
                    .iter()
                    .any(|label| version.labels.contains(label));
            }
            key => key
                .strip_prefix("tag:")
                .and_then(|key| parameter.tags.get(key)),
        };
        value.is_some_and(|value| {
            let fits = |wanted: &String| match self.option.as_str() {
                "BeginsWith" => value.starts_with(wanted),
                "Contains" => value.contains(wanted),
                _ => value == wanted,
            };
            self.values.is_empty() || self.values.iter().any(fits)
        })
    }

    fn is_below(&self, parameter: &Parameter, path: &str) -> bool {
        is_below(
            &name::key(&parameter.name),
            path,
            self.option == "Recursive",
        )
    }
}

/// Whether a parameter's key is below a path: right below it, unless all levels are asked for.
pub(super) fn is_below(key: &str, path: &str, recursive: bool) -> bool {
    key.strip_prefix(path.trim_end_matches('/'))
        .and_then(|rest| rest.strip_prefix('/'))
        .is_some_and(|rest| recursive || !rest.contains('/'))
}
