//! The table of operations and shapes that the protocol layer interprets.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

static MODEL: OnceLock<BTreeMap<String, Service>> = OnceLock::new();

/// The service of that name, as it stands in a request's signing scope.
pub(crate) fn service(name: &str) -> Option<&'static Service> {
    services().get(name)
}

/// All services, by name.
pub(crate) fn services() -> &'static BTreeMap<String, Service> {
    let text = include_str!("../../model/operations.json");
    MODEL.get_or_init(|| serde_json::from_str(text).unwrap_or_default())
}

/// One AWS service's operations and shapes.
#[derive(Debug, Deserialize)]
pub(crate) struct Service {
    pub(crate) protocol: Protocol,
    /// What stands before the operation's name in `X-Amz-Target`.
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) namespace: String,
    pub(crate) operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

/// How a service encodes its requests and responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Protocol {
    /// EC2's form of the query protocol: flat lists, capitalized names.
    Ec2,
    /// The AWS query protocol.
    Query,
    /// `awsJson1.0` and `1.1`.
    Json,
    /// JSON documents on paths.
    #[serde(rename = "rest-json")]
    RestJson,
    /// XML documents on paths.
    #[serde(rename = "rest-xml")]
    RestXml,
}

/// The names of an operation's input and output shapes.
#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    /// Where a REST service finds it.
    pub(crate) http: Option<Http>,
}

/// The method and path of a REST operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Http {
    pub(crate) method: String,
    /// With the members that stand in it in braces: `/{Bucket}/{Key+}`.
    pub(crate) request_uri: String,
    /// The status of an answer; 200 where none is given.
    pub(crate) response_code: Option<u16>,
}

/// What a value is made of, and its limits.
#[derive(Debug, Deserialize)]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) members: BTreeMap<String, Member>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    /// The member that is the whole body of a REST request or response.
    pub(crate) payload: Option<String>,
    pub(crate) member: Option<Member>,
    pub(crate) key: Option<Member>,
    pub(crate) value: Option<Member>,
    #[serde(default, rename = "enum")]
    pub(crate) allowed: Vec<String>,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    #[serde(default)]
    pub(crate) flattened: bool,
}

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Structure,
    List,
    Map,
    String,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    Float,
    Boolean,
    Timestamp,
    Blob,
}

/// A reference to a shape, with its name on the wire where that differs.
#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) shape: String,
    wire: Option<String>,
    query: Option<String>,
    /// Where a REST service has it, if not in the body.
    pub(crate) location: Option<Location>,
}

/// Where in a REST request or response a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Location {
    Uri,
    QueryString,
    Header,
    /// Every header with a prefix.
    Headers,
    StatusCode,
}

impl Service {
    /// The shape of that name.
    pub(crate) fn shape(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }
}

impl Member {
    /// The name in a response, and in a query request.
    pub(crate) fn wire_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.wire.as_deref().unwrap_or(name)
    }

    /// The name in a request: EC2 capitalizes it, unless it has a query name.
    pub(crate) fn request_name(&self, name: &str, protocol: Protocol) -> String {
        if protocol != Protocol::Ec2 {
            return self.wire_name(name).to_owned();
        }
        match (&self.query, &self.wire) {
            (Some(query), _) => query.clone(),
            (None, Some(wire)) => capitalized(wire),
            (None, None) => name.to_owned(),
        }
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_that_is_named_is_there() {
        for name in [
            "autoscaling",
            "ec2",
            "imagebuilder",
            "kms",
            "rbin",
            "s3",
            "sns",
            "ssm",
            "sts",
        ] {
            let service = service(name).expect("the table holds the service");
            let operations = service.operations.values();
            let mut named: Vec<&String> = operations
                .flat_map(|operation| operation.input.iter().chain(&operation.output))
                .collect();
            for shape in service.shapes.values() {
                named.extend(shape.members.values().map(|member| &member.shape));
                let parts = [&shape.member, &shape.key, &shape.value];
                named.extend(parts.into_iter().flatten().map(|part| &part.shape));
            }
            assert!(named.iter().all(|shape| service.shape(shape).is_some()));
        }
    }

    #[test]
    fn ec2_names_in_requests_follow_its_own_rule() {
        let service = service("ec2").expect("ec2");
        let input = service.shape("DeleteTagsRequest").expect("its input");
        let tags = &input.members["Tags"];
        assert_eq!(tags.request_name("Tags", Protocol::Ec2), "Tag");
        assert_eq!(tags.wire_name("Tags"), "tag");
    }
}
