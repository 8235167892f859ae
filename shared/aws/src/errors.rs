//! Owns what a failed call means: its class, and the sentence that says what to mend where that is
//! known.

mod classes;

use amiary_domain::notice::printable;
use amiary_engine::ports::{Class, PortError};
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::ErrorMetadata;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use classes::{cancellation, class_of};
use std::error::Error;
use std::fmt::Display;

/// The most characters of a code: the longest of AWS's has about sixty.
const LONGEST_CODE: usize = 100;
/// The most characters of a message. It is recorded as a cause, and a record has its limit.
const LONGEST_MESSAGE: usize = 1_000;

/// What lies below a [`PortError`].
type Source = Box<dyn Error + Send + Sync>;

/// One call: which operation of which service, and where.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The service's prefix in IAM actions.
    service: &'static str,
    /// The operation, in AWS's name for it.
    operation: &'static str,
    /// Account and Region, or the table's name.
    place: String,
}

impl Call {
    /// A call of EC2.
    pub fn ec2(operation: &'static str, place: impl Display) -> Self {
        Self {
            service: "ec2",
            operation,
            place: place.to_string(),
        }
    }

    /// A call of KMS.
    pub fn kms(operation: &'static str, place: impl Display) -> Self {
        Self {
            service: "kms",
            operation,
            place: place.to_string(),
        }
    }

    /// A call of EC2 Auto Scaling.
    pub fn autoscaling(operation: &'static str, place: impl Display) -> Self {
        Self {
            service: "autoscaling",
            operation,
            place: place.to_string(),
        }
    }

    /// A call of Systems Manager.
    pub fn ssm(operation: &'static str, place: impl Display) -> Self {
        Self {
            service: "ssm",
            operation,
            place: place.to_string(),
        }
    }

    /// A call of SNS.
    pub fn sns(operation: &'static str, place: impl Display) -> Self {
        Self {
            service: "sns",
            operation,
            place: place.to_string(),
        }
    }

    /// A call of `DynamoDB`.
    pub fn dynamodb(operation: &'static str, table: &str) -> Self {
        Self {
            service: "dynamodb",
            operation,
            place: format!("table {table}"),
        }
    }

    /// The error of a call that the SDK says has failed.
    pub fn failed<E>(&self, error: SdkError<E, HttpResponse>) -> PortError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let facts = Facts::of(&error);
        let class = facts.class();
        let message = self.explain(&facts);
        PortError {
            request: facts.request_id,
            ..self.error(
                class,
                told(&facts.code, LONGEST_CODE),
                message,
                Some(error.into()),
            )
        }
    }

    /// The error of a transaction that `DynamoDB` cancelled for these reasons.
    pub fn cancelled(&self, reasons: &[String], source: Source) -> PortError {
        let (class, code) = cancellation(reasons);
        let message = match class {
            Class::Conflict => "the record was written since it was read",
            Class::Retry => "another write of the same records was under way, or too many were",
            _ => "the transaction was refused",
        };
        self.error(class, code.to_owned(), message.to_owned(), Some(source))
    }

    /// The error of a call whose answer is not what AWS documents. What was answered, and whether
    /// the call was done, is unknown.
    pub fn unreadable(&self, source: impl Into<Source>) -> PortError {
        let source = source.into();
        self.error(
            Class::Retry,
            "UnreadableAnswer".to_owned(),
            told(&source.to_string(), LONGEST_MESSAGE),
            Some(source),
        )
    }

    /// The error of a call that was never sent.
    pub fn not_sent(&self, source: impl Into<Source>) -> PortError {
        let source = source.into();
        self.error(
            Class::Permanent,
            "NotSent".to_owned(),
            told(&source.to_string(), LONGEST_MESSAGE),
            Some(source),
        )
    }

    /// An error of this call that is said in our own words.
    pub fn refused(&self, class: Class, code: &str, message: String) -> PortError {
        self.error(class, code.to_owned(), message, None)
    }

    fn error(
        &self,
        class: Class,
        code: String,
        message: String,
        source: Option<Source>,
    ) -> PortError {
        let (operation, place) = (self.operation, self.place.clone());
        PortError {
            class,
            operation,
            place,
            code,
            message,
            request: None,
            repeated: false,
            source,
        }
    }

    fn explain(&self, facts: &Facts) -> String {
        let message = told(&facts.message, LONGEST_MESSAGE);
        match self.mend(facts) {
            Some(mend) => format!("{message}; {mend}"),
            None => message,
        }
    }

    /// What to do about a code, where that is known.
    fn mend(&self, facts: &Facts) -> Option<String> {
        let Self {
            service,
            operation,
            place,
        } = self;
        Some(match facts.code.as_str() {
            code if facts.of_credentials && class_of(code, "") != Class::Retry => format!(
                "there are no credentials for {place}: Amiary's own must be in the environment, \
                 and the role that the policy names must exist there and trust Amiary's"
            ),
            code if code == "NotSent" || facts.message.ends_with("Missing Region") => {
                "check that a Region is set, by AWS_REGION or in the profile".to_owned()
            }
            "UnauthorizedOperation"
            | "AccessDenied"
            | "AccessDeniedException"
            | "AuthorizationError"
            | "AuthorizationErrorException" => {
                format!("allow {service}:{operation} to the role that Amiary uses in {place}")
            }
            "AuthFailure" => format!(
                "check that the image and its snapshots are shared with the caller, and that the \
                 Region is enabled for the account in {place}"
            ),
            "OptInRequired" | "UnrecognizedClientException" | "InvalidClientTokenId" => {
                format!("check that the credentials are valid and the Region is enabled in {place}")
            }
            "ResourceNotFoundException" if *service == "dynamodb" => {
                "check the table's name and the Region it is in".to_owned()
            }
            _ => return None,
        })
    }
}

/// What is known of a failed call.
struct Facts {
    code: String,
    message: String,
    request_id: Option<String>,
    status: Option<u16>,
    /// Whether no answer, or an unreadable one, may be cured by asking again.
    transient: bool,
    /// Whether it was the credentials that could not be had.
    of_credentials: bool,
}

impl Facts {
    fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        match error {
            SdkError::ServiceError(context) => match context.err().meta() {
                meta if names_an_error(meta) => Self::said(meta, status),
                // Every error of AWS's has a code: something else answered.
                _ => Self::silent(&unnamed(status), error, true, status),
            },
            SdkError::TimeoutError(_) => Self::silent("Timeout", error, true, None),
            SdkError::ConstructionFailure(_) => Self::without_answer("NotSent", error, false),
            SdkError::DispatchFailure(failure) => {
                Self::without_answer("NoAnswer", error, !failure.is_user())
            }
            _ => Self::silent("UnreadableAnswer", error, true, status),
        }
    }

    /// AWS answered with an error.
    fn said(meta: &ErrorMetadata, status: Option<u16>) -> Self {
        Self {
            code: meta.code().unwrap_or("NoCode").to_owned(),
            message: meta.message().unwrap_or("no message").to_owned(),
            request_id: meta.extra("aws_request_id").map(str::to_owned),
            status,
            transient: false,
            of_credentials: false,
        }
    }

    /// AWS did not answer, perhaps because the credentials for asking could not be had.
    fn without_answer(code: &str, error: &(dyn Error + 'static), transient: bool) -> Self {
        let Some(credentials) = find::<CredentialsError>(error) else {
            return Self::silent(code, error, transient, None);
        };
        let facts = match find::<ErrorMetadata>(error) {
            Some(meta) if names_an_error(meta) => Self::said(meta, None),
            _ => Self::silent("NoCredentials", error, may_recover(credentials), None),
        };
        Self {
            of_credentials: true,
            ..facts
        }
    }

    fn silent(
        code: &str,
        error: &(dyn Error + 'static),
        transient: bool,
        status: Option<u16>,
    ) -> Self {
        let (code, message) = (code.to_owned(), chain(error));
        Self {
            code,
            message,
            request_id: None,
            status,
            transient,
            of_credentials: false,
        }
    }

    fn class(&self) -> Class {
        let by_code = class_of(&self.code, &self.message);
        let temporary = self.transient || self.status.is_some_and(|s| s >= 500 || s == 429);
        match by_code {
            Class::Permanent if temporary => Class::Retry,
            class => class,
        }
    }
}

/// What was answered, as a person is told it: printable, and not longer than this.
fn told(text: &str, most: usize) -> String {
    let text = printable(text);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Whether credentials that could not be had may be had later.
fn may_recover(error: &CredentialsError) -> bool {
    matches!(
        error,
        CredentialsError::ProviderTimedOut(_)
            | CredentialsError::ProviderError(_)
            // Of a role: STS answered, and nobody can read what.
            | CredentialsError::Unhandled(_)
    )
}

/// Whether an answer says by its status that the call was done, although nobody can read it.
fn is_success(status: Option<u16>) -> bool {
    status.is_some_and(|status| (200..300).contains(&status))
}

/// Whether an answer says by a code which error it is.
fn names_an_error(meta: &ErrorMetadata) -> bool {
    meta.code().is_some_and(|code| !code.is_empty())
}

/// A word of our own for an answer that names no error.
fn unnamed(status: Option<u16>) -> String {
    match status {
        Some(status) if !is_success(Some(status)) => format!("HTTP {status}"),
        _ => "UnreadableAnswer".to_owned(),
    }
}

/// The first error of this type among an error and what lies below it.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    layers(error).find_map(|layer| layer.downcast_ref())
}

/// An error and what lies below it, as one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    layers(error)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// An error and what lies below it.
fn layers<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |layer| (**layer).source())
}

#[cfg(test)]
mod tests;
