//! Why a request's parameters are refused, and how each service words it.

use super::error::ApiError;
use super::model::Protocol;

/// What is wrong with a request before its operation is even asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A parameter the operation doesn't have.
    Unknown { path: String },
    /// A parameter the operation can't do without.
    Missing { path: String },
    /// A value of the wrong type, or outside its list.
    Value {
        path: String,
        value: String,
        expected: String,
    },
    /// A value that is too short, too long, too small or too large.
    Range {
        path: String,
        shape: String,
        limits: String,
    },
    /// A request that can't be read at all.
    Malformed(String),
    /// A body that is cut, or of another length than it says.
    Incomplete,
    /// A path that is no text.
    Uri,
}

impl Refusal {
    /// A parameter the operation doesn't have.
    pub(crate) fn unknown(path: impl Into<String>) -> Self {
        Self::Unknown { path: path.into() }
    }

    /// The error that a service of this protocol answers with.
    pub(crate) fn into_error(self, service: &str, protocol: Protocol) -> ApiError {
        match protocol {
            Protocol::Ec2 => self.into_ec2(),
            Protocol::Query if service == "sns" => {
                ApiError::new("InvalidParameter", format!("Invalid parameter: {self}"))
            }
            Protocol::Query => ApiError::new("ValidationError", self.constraint()),
            Protocol::RestXml => self.into_s3(),
            Protocol::RestJson if service == "imagebuilder" => {
                ApiError::new("InvalidRequestException", self.to_string())
            }
            Protocol::Json | Protocol::RestJson => self.into_json(),
        }
    }

    /// EC2's wording: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.
    fn into_ec2(self) -> ApiError {
        match self {
            Self::Unknown { path } => ApiError::new(
                "UnknownParameter",
                format!("The parameter {path} is not recognized"),
            ),
            Self::Missing { path } => ApiError::new(
                "MissingParameter",
                format!("The request must contain the parameter {path}"),
            ),
            Self::Value { path, value, .. } if is_permission_group(&path) => {
                invalid_item(&value, "userGroup")
            }
            Self::Value {
                path,
                value,
                expected,
            } => ApiError::invalid_value(format!(
                "Value ({value}) for parameter {path} is invalid. Expected: {expected}"
            )),
            Self::Range { shape, .. } if shape == "ImageNameRequest" => malformed_image_name(),
            Self::Range { path, limits, .. } => ApiError::invalid_value(format!(
                "Value for parameter {path} is invalid. It must be {limits}"
            )),
            other => ApiError::new("InvalidRequest", other.to_string()),
        }
    }

    /// S3's codes: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
    fn into_s3(self) -> ApiError {
        match self {
            Self::Unknown { path } => ApiError::with_status(
                501,
                "NotImplemented",
                format!("{path} implies functionality that is not implemented"),
            ),
            Self::Missing { .. } => {
                ApiError::new("MissingRequestBodyError", "Request Body is empty")
            }
            Self::Value { path, .. } if path == "LocationConstraint" => ApiError::new(
                "InvalidLocationConstraint",
                "The specified location-constraint is not valid",
            ),
            Self::Malformed(_) => ApiError::new(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our \
                 published schema",
            ),
            Self::Incomplete => {
                ApiError::new("IncompleteBody", "The request body terminated unexpectedly")
            }
            Self::Uri => ApiError::new("InvalidURI", "Couldn't parse the specified URI."),
            other => ApiError::new("InvalidArgument", other.to_string()),
        }
    }

    fn into_json(self) -> ApiError {
        match self {
            Self::Malformed(message) => ApiError::new("SerializationException", message),
            other => ApiError::new("ValidationException", other.constraint()),
        }
    }

    fn constraint(&self) -> String {
        format!("1 validation error detected: {self}")
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown { path } => write!(f, "'{path}' is not a parameter of this operation"),
            Self::Missing { path } => write!(
                f,
                "Value null at '{path}' failed to satisfy constraint: Member must not be null"
            ),
            Self::Value {
                path,
                value,
                expected,
            } => write!(
                f,
                "Value '{value}' at '{path}' failed to satisfy constraint: Member must be {expected}"
            ),
            Self::Range { path, limits, .. } => write!(
                f,
                "Value at '{path}' failed to satisfy constraint: Member must be {limits}"
            ),
            Self::Malformed(message) => f.write_str(message),
            Self::Incomplete => f.write_str("The body is not as long as it says"),
            Self::Uri => f.write_str("The path is not text"),
        }
    }
}

/// Whether a parameter is the group of a launch permission, which is refused as its other members
/// are.
fn is_permission_group(path: &str) -> bool {
    path.starts_with("LaunchPermission.") && path.ends_with(".Group")
}

/// The error for what can't be an entry of an image's or a snapshot's permissions:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>.
pub(crate) fn invalid_item(value: &str, kind: &str) -> ApiError {
    ApiError::new(
        "InvalidAMIAttributeItemValue",
        format!("Invalid attribute item value \"{value}\" for {kind} item type."),
    )
}

/// The error for a name that breaks the rules `CopyImage` documents for `Name`:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopyImage.html>.
pub(crate) fn malformed_image_name() -> ApiError {
    ApiError::new(
        "InvalidAMIName.Malformed",
        "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, \
         '(', ')', '[', ']', ' ', '.', '/', '-', ''', '@' and '_'",
    )
}
