//! Systems Manager parameters: what they hold, version by version, and which image stands behind
//! one.

mod describe;
mod filter;
mod label;
mod name;
pub(crate) mod put;
mod read;
mod remove;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::dispatch::Handler;
use crate::ec2::tag::TagMap;
use crate::state::State;
use crate::wire::error::ApiError;

/// The data type of parameters that hold an image id.
const IMAGE: &str = "aws:ec2:image";

/// Parameters by name; a name counts the same with and without its leading slash.
type Store = BTreeMap<String, Parameter>;

/// The parameters of all accounts, and AWS's own.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ssm {
    stores: BTreeMap<(String, String), Store>,
    public: BTreeMap<String, Store>,
    /// The accounts', Regions' and keys of parameters whose new image is being looked at.
    validating: BTreeSet<(String, String, String)>,
}

/// A parameter.
#[derive(Debug, Serialize, Deserialize)]
struct Parameter {
    name: String,
    arn: String,
    versions: BTreeMap<i64, Version>,
    tags: TagMap,
}

/// One version of a parameter.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Version {
    number: i64,
    kind: String,
    value: String,
    data_type: String,
    description: Option<String>,
    pattern: Option<String>,
    key: Option<String>,
    tier: String,
    modified: Timestamp,
    by: String,
    labels: BTreeSet<String>,
}

impl Ssm {
    fn store(&self, place: (&str, &str)) -> Option<&Store> {
        self.stores.get(&owned(place))
    }

    fn store_mut(&mut self, place: (&str, &str)) -> &mut Store {
        self.stores.entry(owned(place)).or_default()
    }

    /// Where a parameter of that key is: AWS's own stand below `/aws/`.
    fn holding(&self, place: (&str, &str), key: &str) -> Option<&Store> {
        if key.starts_with(name::PUBLIC) {
            self.public.get(place.1)
        } else {
            self.store(place)
        }
    }

    /// The ARNs of an account's parameters that name an image now, and the image's id.
    pub(crate) fn naming_images(&self, place: (&str, &str)) -> impl Iterator<Item = (&str, &str)> {
        let parameters = self.store(place).into_iter().flatten();
        parameters.filter_map(|(_, parameter)| {
            let latest = parameter
                .latest()
                .filter(|latest| latest.data_type == IMAGE)?;
            Some((parameter.arn.as_str(), latest.value.as_str()))
        })
    }
}

/// What one version of a parameter holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held<'a> {
    /// Whose it is; nobody's where it is AWS's own.
    pub(crate) account: &'a str,
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    pub(crate) number: i64,
    pub(crate) labels: &'a BTreeSet<String>,
    /// Whether it is the newest version.
    pub(crate) newest: bool,
}

impl Ssm {
    /// What every version of every parameter of a Region holds, in all accounts.
    pub(crate) fn held<'a>(&'a self, region: &'a str) -> impl Iterator<Item = Held<'a>> {
        let own = self.stores.iter().filter(move |((_, at), _)| at == region);
        let own = own.map(|((account, _), store)| (account.as_str(), store));
        let public = self.public.get(region).map(|store| ("", store));
        own.chain(public).flat_map(|(account, store)| {
            let parameters = store.values();
            parameters.flat_map(move |parameter| parameter.held(account))
        })
    }
}

impl Parameter {
    fn held<'a>(&'a self, account: &'a str) -> impl Iterator<Item = Held<'a>> {
        let newest = self.versions.keys().next_back().copied();
        self.versions.values().map(move |version| Held {
            account,
            name: &self.name,
            value: &version.value,
            number: version.number,
            labels: &version.labels,
            newest: newest == Some(version.number),
        })
    }

    fn latest(&self) -> Option<&Version> {
        self.versions.last_key_value().map(|(_, version)| version)
    }
}

fn owned((account, region): (&str, &str)) -> (String, String) {
    (account.to_owned(), region.to_owned())
}

/// The operation's handler.
pub(crate) fn handler(operation: &str) -> Option<Handler> {
    let handler: Handler = match operation {
        "DeleteParameter" => remove::delete_parameter,
        "DeleteParameters" => remove::delete_parameters,
        "DescribeParameters" => describe::describe_parameters,
        "GetParameter" => read::get_parameter,
        "GetParameterHistory" => read::get_parameter_history,
        "GetParameters" => read::get_parameters,
        "GetParametersByPath" => read::get_parameters_by_path,
        "LabelParameterVersion" => label::label_parameter_version,
        "PutParameter" => put::put_parameter,
        _ => return None,
    };
    Some(handler)
}

/// The image behind `resolve:ssm:<name>`, where the name may end in a version or a label:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-systems-manager-parameter-to-find-AMI.html>.
/// EC2 takes only parameters of the data type `aws:ec2:image`.
pub(crate) fn image_of(state: &State, place: (&str, &str), name: &str) -> Result<String, ApiError> {
    let refused = |message: String| ApiError::new("SsmInvalidParameter", message);
    let found = read::find(&state.ssm, place, name).map_err(|error| refused(error.message))?;
    if found.version.data_type != IMAGE {
        let message = format!(
            "Unsupported data type. The following parameter data types are supported: {IMAGE}"
        );
        return Err(refused(message));
    }
    Ok(found.version.value.clone())
}

/// Makes or updates a parameter of AWS's own, which every account reads.
pub(crate) fn publish(state: &mut State, region: &str, name: &str, value: &str) {
    let image = crate::ids::is_resource_id(value, "ami");
    let now = state.clock.now();
    let store = state.ssm.public.entry(region.to_owned()).or_default();
    let parameter = store.entry(name::key(name)).or_insert_with(|| Parameter {
        name: name.to_owned(),
        arn: name::arn(("", region), name),
        versions: BTreeMap::new(),
        tags: TagMap::new(),
    });
    let number = parameter.latest().map_or(1, |latest| latest.number + 1);
    let version = Version {
        number,
        kind: "String".to_owned(),
        value: value.to_owned(),
        data_type: if image { IMAGE } else { "text" }.to_owned(),
        description: None,
        pattern: None,
        key: None,
        tier: "Standard".to_owned(),
        modified: now,
        by: "Amazon".to_owned(),
        labels: BTreeSet::new(),
    };
    parameter.versions.insert(number, version);
}

/// The refusal that the protocol's own checks would give.
fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationException", message)
}

/// The error for a parameter that isn't there.
fn not_found(name: &str) -> ApiError {
    ApiError::new("ParameterNotFound", format!("Parameter {name} not found."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::call_by_value;
    use serde_json::json;

    const PLACE: (&str, &str) = ("111111111111", "us-east-1");

    #[test]
    fn an_image_stands_behind_an_image_parameter_and_no_other() {
        let mut state = State::new(1);
        let image = "ami-0123456789abcdef0";
        publish(
            &mut state,
            PLACE.1,
            "/aws/service/linux",
            "ami-0000000000000000a",
        );
        publish(&mut state, PLACE.1, "/aws/service/linux", image);
        let text = json!({ "Name": "text", "Value": image, "Type": "String" });
        call_by_value(&mut state, PLACE, ("ssm", "PutParameter"), text).expect("a parameter");
        let of = |name: &str| image_of(&state, PLACE, name).map_err(|error| error.code);
        assert_eq!(of("/aws/service/linux"), Ok(image.to_owned()));
        let first = "ami-0000000000000000a".to_owned();
        assert_eq!(of("/aws/service/linux:1"), Ok(first));
        for missing in [
            "/aws/service/linux:9",
            "/aws/service/linux:prod",
            "none",
            "text",
        ] {
            assert_eq!(
                of(missing),
                Err("SsmInvalidParameter".to_owned()),
                "{missing}"
            );
        }
    }
}
