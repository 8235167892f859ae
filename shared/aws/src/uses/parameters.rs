//! Owns reading SSM parameters.

use super::{listing, next};
use crate::Aws;
use crate::errors::Call;
use amiary_domain::ids::Place;
use amiary_engine::ports::{Answer, Found, Page, Target};
use aws_sdk_ssm::types::{ParameterMetadata, ParameterType};
use std::collections::{BTreeMap, BTreeSet};

/// The data type of parameters that hold an image's id and nothing else, see
/// [native support for image ids](https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html).
const IMAGE_TYPE: &str = "aws:ec2:image";
/// The most parameters of a page.
const PAGE: i32 = 50;
/// How many parameters one
/// [`GetParameters`](https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html)
/// takes.
const NAMES: usize = 10;

impl Aws {
    /// A page of the names of all parameters that could hold an image's id.
    pub(super) async fn parameter_names(
        &self,
        place: &Place,
        from: Option<String>,
    ) -> Answer<Page<Found>> {
        let call = Call::ssm("DescribeParameters", place);
        let client = self.ssm(place, &call).await?;
        let request = client.describe_parameters().max_results(PAGE);
        let answer = request.set_next_token(from).send().await;
        let answer = answer.map_err(|error| call.failed(error))?;
        let parameters = listing(&call, answer.parameters.as_ref(), "parameters")?.iter();
        Ok(Page {
            items: parameters.filter_map(parameter).collect(),
            next: next(answer.next_token()),
        })
    }

    /// What parameters hold, by the name they were asked for with.
    pub(super) async fn parameter_values(
        &self,
        place: &Place,
        names: &BTreeSet<String>,
    ) -> Answer<BTreeMap<String, String>> {
        let call = Call::ssm("GetParameters", place);
        let names: Vec<String> = names.iter().cloned().collect();
        let mut values = BTreeMap::new();
        for some in names.chunks(NAMES) {
            let client = self.ssm(place, &call).await?;
            let request = client.get_parameters().set_names(Some(some.to_vec()));
            let answer = request.send().await.map_err(|error| call.failed(error))?;
            for parameter in listing(&call, answer.parameters.as_ref(), "parameters")? {
                let selector = parameter.selector().unwrap_or_default();
                let value = parameter.value().unwrap_or_default();
                // Another account's can only be asked for by its ARN.
                for name in [parameter.name(), parameter.arn()].into_iter().flatten() {
                    values.insert(name.to_owned(), value.to_owned());
                    values.insert(format!("{name}{selector}"), value.to_owned());
                }
            }
            let missing = answer.invalid_parameters();
            let mut unanswered = some.iter();
            let unanswered =
                unanswered.find(|name| !values.contains_key(*name) && !missing.contains(name));
            if let Some(name) = unanswered {
                return Err(call.unreadable(format!("nothing was said of the parameter {name}")));
            }
        }
        Ok(values)
    }
}

fn parameter(seen: &ParameterMetadata) -> Option<Found> {
    let name = seen.name()?.to_owned();
    let by = format!("SSM parameter {name}");
    let target = match (seen.r#type(), seen.data_type()) {
        (Some(ParameterType::SecureString), _) => Target::Secret(name),
        (_, Some(IMAGE_TYPE)) => Target::Parameter(name),
        _ => Target::Text(name),
    };
    Some(Found {
        by,
        targets: [target].into(),
        ..Found::default()
    })
}
