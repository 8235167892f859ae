//! Takes a request off the wire to its operation, and the answer back: finds the service and the
//! operation, reads the parameters, lets faults strike, records the call.

use bytes::Bytes;
use http::{HeaderMap, Request as HttpRequest, Response};
use serde_json::Value;

use crate::fault::strike;
use crate::identity::Caller;
use crate::record::{Call, is_mutating};
use crate::request::Request;
use crate::state::State;
use crate::wire::error::ApiError;
use crate::wire::form::Form;
use crate::wire::model::{self, Protocol, Service};
use crate::wire::refusal::Refusal;
use crate::wire::scope::Scope;
use crate::wire::{json, read, respond};
use crate::{autoscaling, dynamodb, ec2, event, imagebuilder, kms, rbin, s3, sns, ssm, sts};

/// Does one operation: what every service's dispatch table holds.
pub(crate) type Handler = fn(&mut State, &Request) -> Result<Value, ApiError>;

/// Answers a request of any AWS client.
pub(crate) fn answer(state: &mut State, request: &HttpRequest<Bytes>) -> Response<Bytes> {
    let id = state.ids.uuid();
    let Some(scope) = Scope::of(request.headers()) else {
        let protocol = guessed_protocol(request.headers());
        let error = ApiError::with_status(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        );
        return respond::failure(protocol, &error, &id);
    };
    if scope.service == "dynamodb" {
        return answer_dynamodb(state, &scope, request, &id);
    }
    let Some(service) = model::service(&scope.service) else {
        let error = ApiError::new(
            "UnknownService",
            format!("The service {} is not simulated", scope.service),
        );
        return respond::failure(guessed_protocol(request.headers()), &error, &id);
    };
    let answer = parse(state, service, &scope, request, &id)
        .and_then(|call| answer_call(state, service, call));
    answer.unwrap_or_else(|error| respond::failure(service.protocol, &error, &id))
}

fn guessed_protocol(headers: &HeaderMap) -> Protocol {
    if headers.contains_key("x-amz-target") {
        Protocol::Json
    } else {
        Protocol::Query
    }
}

/// The operation and its parameters. A request that names no operation we know isn't recorded:
/// there is no operation to record it under.
fn parse(
    state: &mut State,
    service: &Service,
    scope: &Scope,
    request: &HttpRequest<Bytes>,
    id: &str,
) -> Result<(Request, Option<ApiError>), ApiError> {
    let protocol = service.protocol;
    let refuse = |refusal: Refusal| refusal.into_error(&scope.service, protocol);
    let (operation, form) = match protocol {
        Protocol::Json => (json_target(request.headers()).1, None),
        Protocol::Ec2 | Protocol::Query => {
            let query = request.uri().query().unwrap_or_default();
            let mut form = Form::parse(request.body(), query).map_err(refuse)?;
            let version = form.take("Version");
            check_version(version.as_deref(), service)?;
            (form.take("Action").unwrap_or_default(), Some(form))
        }
        Protocol::RestJson | Protocol::RestXml => return Err(unknown_operation(protocol, "")),
    };
    let Some(known) = service.operations.get(&operation) else {
        return Err(unknown_operation(protocol, &operation));
    };
    let input = known.input.as_deref();
    let parameters = match form {
        Some(form) => read::parameters(service, input, &form),
        None => json::parameters(service, input, request.body()),
    };
    let (parameters, error) = match parameters {
        Ok(parameters) => (parameters, None),
        Err(refusal) => (Value::Null, Some(refuse(refusal))),
    };
    let call = Request {
        user_agent: user_agent(request.headers()),
        caller: state.identities.caller(&scope.access_key_id),
        region: scope.region.clone(),
        service: scope.service.clone(),
        operation,
        id: id.to_owned(),
        parameters,
    };
    Ok((call, error))
}

fn user_agent(headers: &HeaderMap) -> String {
    let value = headers.get(http::header::USER_AGENT);
    let text = value.and_then(|value| value.to_str().ok());
    text.unwrap_or_default().to_owned()
}

fn check_version(version: Option<&str>, service: &Service) -> Result<(), ApiError> {
    match version {
        Some(version) if version != service.version => Err(ApiError::new(
            "NoSuchVersion",
            format!("The requested version ({version}) is not valid for this web service."),
        )),
        _ => Ok(()),
    }
}

fn unknown_operation(protocol: Protocol, operation: &str) -> ApiError {
    match protocol {
        Protocol::Json | Protocol::RestJson | Protocol::RestXml => {
            ApiError::new("UnknownOperationException", "")
        }
        Protocol::Ec2 | Protocol::Query if operation.is_empty() => ApiError::new(
            "MissingAction",
            "The request is missing an action or a required parameter.",
        ),
        Protocol::Ec2 | Protocol::Query => ApiError::new(
            "InvalidAction",
            format!("The action {operation} is not valid for this web service."),
        ),
    }
}

/// `X-Amz-Target: <prefix>.<operation>`.
fn json_target(headers: &HeaderMap) -> (String, String) {
    let target = headers.get("x-amz-target");
    let target = target
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (prefix, operation) = target.rsplit_once('.').unwrap_or_default();
    (prefix.to_owned(), operation.to_owned())
}

fn answer_call(
    state: &mut State,
    service: &Service,
    (call, refused): (Request, Option<ApiError>),
) -> Result<Response<Bytes>, ApiError> {
    let (result, connection) = strike::attempt(state, &call, refused, perform);
    let known = service.operations.get(&call.operation);
    let known = known.ok_or_else(|| unknown_operation(service.protocol, &call.operation))?;
    let answer = result
        .and_then(|result| respond::success(service, &call.operation, known, &result, &call.id));
    connection.carry(answer, service.protocol, &call.id)
}

/// Does an operation whose parameters have been read.
pub(crate) fn perform(state: &mut State, call: &Request) -> Result<Value, ApiError> {
    state.trail = crate::record::Trail::default();
    let handler = match call.service.as_str() {
        "ec2" => ec2::handler(&call.operation),
        "autoscaling" => autoscaling::handler(&call.operation),
        "imagebuilder" => imagebuilder::handler(&call.operation),
        "kms" => kms::handler(&call.operation),
        "rbin" => rbin::handler(&call.operation),
        "s3" => s3::handler(&call.operation),
        "sns" => sns::handler(&call.operation),
        "ssm" => ssm::handler(&call.operation),
        "sts" => sts::handler(&call.operation),
        _ => None,
    };
    let handler = handler.ok_or_else(|| unknown_operation(Protocol::Query, &call.operation))?;
    let result = handler(state, call);
    event::api_call(state, call, result.as_ref().err());
    result
}

fn answer_dynamodb(
    state: &mut State,
    scope: &Scope,
    request: &HttpRequest<Bytes>,
    id: &str,
) -> Response<Bytes> {
    let (prefix, operation) = json_target(request.headers());
    if !dynamodb::knows(&prefix, &operation) {
        let error = unknown_operation(Protocol::Json, &operation);
        return respond::failure(Protocol::Json, &error, id);
    }
    let call = Request {
        user_agent: String::new(),
        caller: state.identities.caller(&scope.access_key_id),
        region: scope.region.clone(),
        service: scope.service.clone(),
        operation,
        id: id.to_owned(),
        parameters: serde_json::from_slice(request.body()).unwrap_or_default(),
    };
    state.trail = crate::record::Trail::default();
    let (result, connection) = strike::attempt(state, &call, None, dynamodb::perform);
    let answer = result.map(|document| respond::document(&document, id));
    let answer = connection.carry(answer, Protocol::Json, id);
    answer.unwrap_or_else(|error| respond::failure(Protocol::Json, &error, id))
}

/// Keeps the call, unless nothing is recorded.
pub(crate) fn record(state: &mut State, call: &Request, error: Option<&ApiError>) {
    let mut trail = std::mem::take(&mut state.trail);
    if !state.settings.recording {
        return;
    }
    if call.service == "ec2" {
        let region = call.region.clone();
        trail.context.insert("ec2:Region".to_owned(), region);
    }
    // The short code: DynamoDB's are qualified by a namespace.
    let code = |error: &ApiError| {
        let (_, short) = error.code.rsplit_once('#').unwrap_or(("", &error.code));
        short.to_owned()
    };
    state.calls.push(Call {
        at: state.clock.now(),
        account: call.caller.account.clone(),
        region: call.region.clone(),
        caller: call.caller.arn.clone(),
        service: call.service.clone(),
        operation: call.operation.clone(),
        parameters: call.parameters.clone(),
        resources: trail.resources.into_iter().collect(),
        context: trail.context,
        error: error.map(code),
        mutating: is_mutating(&call.operation),
    });
}

/// A call by value, as the root of an account, without the wire.
pub(crate) fn call_by_value(
    state: &mut State,
    place: (&str, &str),
    target: (&str, &str),
    parameters: Value,
) -> Result<Value, ApiError> {
    let call = Request {
        user_agent: String::new(),
        caller: Caller::root(place.0),
        region: place.1.to_owned(),
        service: target.0.to_owned(),
        operation: target.1.to_owned(),
        id: state.ids.uuid(),
        parameters,
    };
    let result = perform(state, &call);
    state.trail = crate::record::Trail::default();
    result
}
