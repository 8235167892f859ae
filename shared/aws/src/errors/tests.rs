use super::*;
use aws_sdk_ec2::operation::copy_image::CopyImageError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

type Failure = SdkError<CopyImageError, HttpResponse>;

fn call() -> Call {
    Call::ec2("CopyImage", "111111111111/eu-west-1")
}

fn answered(status: u16, code: &str, message: &str) -> PortError {
    let meta = ErrorMetadata::builder()
        .code(code)
        .message(message)
        .custom("aws_request_id", "r-1");
    let response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
    call().failed(Failure::service_error(
        CopyImageError::generic(meta.build()),
        response,
    ))
}

fn unanswered(error: ConnectorError) -> PortError {
    call().failed(Failure::dispatch_failure(error))
}

#[test]
fn every_code_of_the_table_has_its_class() {
    for (class, codes) in [
        (
            Class::Retry,
            &[
                "RequestLimitExceeded",
                "EC2ThrottledException",
                "ThrottlingException",
                "InternalError",
                "Unavailable",
                "TransactionInProgressException",
            ][..],
        ),
        (Class::Quota, &["ResourceLimitExceeded"]),
        (
            Class::NotReady,
            &["InvalidAMIID.Unavailable", "IncorrectState"],
        ),
        (
            Class::Gone,
            &["InvalidAMIID.NotFound", "InvalidSnapshot.NotFound"],
        ),
        (Class::NameTaken, &["InvalidAMIName.Duplicate"]),
        (Class::TokenMismatch, &["IdempotentParameterMismatch"]),
        (Class::Conflict, &["ConditionalCheckFailedException"]),
        (
            Class::Permanent,
            &[
                "InvalidAMIID.Malformed",
                "UnauthorizedOperation",
                "AuthFailure",
                "ResourceNotFoundException",
                "SomethingNew",
            ],
        ),
    ] {
        for code in codes {
            assert_eq!(answered(400, code, "no").class, class, "{code}");
        }
    }
}

#[test]
fn a_server_fault_is_retried_whatever_its_code() {
    assert_eq!(answered(503, "SomethingNew", "no").class, Class::Retry);
    assert_eq!(answered(429, "SomethingNew", "no").class, Class::Retry);
    assert_eq!(
        answered(503, "InvalidAMIName.Duplicate", "no").class,
        Class::NameTaken
    );
}

#[test]
fn an_answer_that_nobody_can_read_is_asked_for_again() {
    for (status, class, code) in [
        (200, Class::Retry, "UnreadableAnswer"),
        (502, Class::Retry, "HTTP 502"),
        (403, Class::Retry, "HTTP 403"),
    ] {
        let unread = CopyImageError::unhandled("not XML");
        let response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
        let error = call().failed(Failure::service_error(unread, response));
        assert_eq!((error.class, error.code.as_str()), (class, code));
        assert!(error.message.contains("not XML"), "{}", error.message);
    }
}

/// A cause is written down: a record has its limit, and a person's terminal its control characters.
#[test]
fn what_aws_says_is_told_printable_and_not_longer_than_a_record_can_hold() {
    let error = answered(400, "Some\u{9b}Code", &"x\n".repeat(1_000_000));
    assert_eq!(error.code, "Some\u{fffd}Code");
    assert_eq!(error.message.chars().count(), LONGEST_MESSAGE + 1);
    assert_eq!(error.message, printable(&error.message));
    let error = answered(400, &"C".repeat(1_000_000), "no");
    assert_eq!(error.code.chars().count(), LONGEST_CODE + 1);
    let error = call().unreadable("y".repeat(1_000_000));
    assert_eq!(error.message.chars().count(), LONGEST_MESSAGE + 1);
}

#[test]
fn the_quota_of_public_images_is_permanent() {
    let error = answered(
        400,
        "ResourceLimitExceeded",
        "You have reached your quota of Public images",
    );
    assert_eq!(error.class, Class::Permanent);
}

#[test]
fn an_error_says_what_where_why_and_what_to_mend() {
    assert_eq!(
        answered(403, "UnauthorizedOperation", "You are not authorized.").to_string(),
        "CopyImage in 111111111111/eu-west-1: UnauthorizedOperation: You are not authorized.; allow ec2:CopyImage to the role that Amiary uses in 111111111111/eu-west-1"
    );
    let error = answered(400, "SomethingNew", "no");
    assert_eq!(error.message, "no");
    assert_eq!(
        error.request.as_deref(),
        Some("r-1"),
        "apart: it differs each time"
    );
    assert!(chain(&error).contains("SomethingNew"), "{}", chain(&error));
}

#[test]
fn no_answer_is_retried_and_a_request_that_can_not_be_is_not() {
    let lost = unanswered(ConnectorError::io("closed".into()));
    assert_eq!((lost.class, lost.code.as_str()), (Class::Retry, "NoAnswer"));
    assert!(lost.message.contains("closed"), "{}", lost.message);
    assert_eq!(
        unanswered(ConnectorError::timeout("slow".into())).class,
        Class::Retry
    );
    assert_eq!(
        unanswered(ConnectorError::user("no such URI".into())).class,
        Class::Permanent
    );
    assert_eq!(
        call().failed(Failure::timeout_error("slow")).class,
        Class::Retry
    );
    assert_eq!(
        call()
            .failed(Failure::construction_failure("no Region"))
            .class,
        Class::Permanent
    );
}

#[test]
fn a_role_that_may_not_be_assumed_is_permanent_and_names_the_mend() {
    let denied = ErrorMetadata::builder()
        .code("AccessDenied")
        .message("not authorized")
        .build();
    let error = unanswered(ConnectorError::other(
        CredentialsError::provider_error(denied).into(),
        None,
    ));
    assert_eq!(
        (error.class, error.code.as_str()),
        (Class::Permanent, "AccessDenied")
    );
    assert!(
        error.message.contains("there are no credentials for"),
        "{}",
        error.message
    );
}

#[test]
fn credentials_that_did_not_come_are_asked_for_again_and_missing_ones_are_not() {
    let throttled = ErrorMetadata::builder()
        .code("Throttling")
        .message("slow down")
        .build();
    for (error, class) in [
        (CredentialsError::provider_error(throttled), Class::Retry),
        (
            CredentialsError::provider_error("the connection was reset"),
            Class::Retry,
        ),
        (
            // STS answered with a page that names no code, as a proxy's 503 does.
            CredentialsError::provider_error(ErrorMetadata::builder().build()),
            Class::Retry,
        ),
        (
            CredentialsError::unhandled("STS credentials must be defined"),
            Class::Retry,
        ),
        (
            CredentialsError::not_loaded("no provider"),
            Class::Permanent,
        ),
    ] {
        assert_eq!(
            unanswered(ConnectorError::other(error.into(), None)).class,
            class
        );
    }
}

#[test]
fn a_cancelled_transaction_is_what_its_reasons_say() {
    let class = |reasons: &[&str]| {
        let reasons: Vec<String> = reasons.iter().map(|reason| (*reason).to_owned()).collect();
        let error = call().cancelled(&reasons, "cancelled".into());
        (error.class, error.code)
    };
    assert_eq!(
        class(&["None", "ConditionalCheckFailed"]),
        (Class::Conflict, "ConditionalCheckFailed".to_owned())
    );
    assert_eq!(class(&["TransactionConflict", "None"]).0, Class::Retry);
    assert_eq!(
        class(&["TransactionConflict", "ConditionalCheckFailed"]).0,
        Class::Conflict
    );
    assert_eq!(class(&["ThrottlingError"]).0, Class::Retry);
    assert_eq!(
        class(&["ValidationError", "ConditionalCheckFailed"]).0,
        Class::Permanent
    );
    assert_eq!(class(&[]).0, Class::Permanent);
}
