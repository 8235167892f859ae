//! Owns the one table from AWS's error codes to classes. The codes are those of
//! [EC2](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html),
//! [DynamoDB](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html),
//! [KMS](https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html#API_DescribeKey_Errors),
//! [SNS](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors) and
//! [STS](https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors).

use amiary_engine::ports::Class;

/// The class of an error code. What is not listed is permanent.
pub(super) fn class_of(code: &str, message: &str) -> Class {
    match code {
        "RequestLimitExceeded"
        | "EC2ThrottledException"
        | "Throttling"
        | "ThrottlingException"
        | "Throttled"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "BandwidthLimitExceeded"
        | "SlowDown"
        | "KMSThrottling"
        | "KMSThrottlingException"
        | "ProvisionedThroughputExceededException"
        | "LimitExceededException"
        | "InternalError"
        | "InternalFailure"
        | "InternalErrorException"
        | "InternalServerError"
        | "InternalServiceError"
        | "ServerInternal"
        | "KMSInternalException"
        | "Unavailable"
        | "ServiceUnavailable"
        | "DependencyTimeoutException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "RequestExpired"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IDPCommunicationError"
        | "PriorRequestNotComplete"
        | "TransactionInProgressException"
        | "TransactionConflictException" => Class::Retry,
        // The quota of public images is never emptied by waiting.
        "ResourceLimitExceeded" if message.to_ascii_lowercase().contains("public") => {
            Class::Permanent
        }
        "ResourceLimitExceeded" => Class::Quota,
        "InvalidAMIID.Unavailable" | "IncorrectState" => Class::NotReady,
        "InvalidAMIID.NotFound" | "InvalidSnapshot.NotFound" | "NotFound" | "NotFoundException" => {
            Class::Gone
        }
        "InvalidAMIName.Duplicate" => Class::NameTaken,
        "IdempotentParameterMismatch" | "IdempotentParameterMismatchException" => {
            Class::TokenMismatch
        }
        "ConditionalCheckFailedException" | "ConditionalCheckFailed" => Class::Conflict,
        _ => Class::Permanent,
    }
}

/// The class of a cancelled transaction, and the reason that decided it. See
/// [`TransactWriteItems`](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
pub(super) fn cancellation(reasons: &[String]) -> (Class, &str) {
    let found = |wanted: &[&str]| {
        reasons
            .iter()
            .map(String::as_str)
            .find(|reason| wanted.contains(reason))
    };
    if let Some(reason) = found(&["ValidationError", "ItemCollectionSizeLimitExceeded"]) {
        (Class::Permanent, reason)
    } else if let Some(reason) = found(&["ConditionalCheckFailed"]) {
        (Class::Conflict, reason)
    } else if let Some(reason) = found(&[
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ]) {
        (Class::Retry, reason)
    } else {
        (Class::Permanent, "TransactionCanceledException")
    }
}
