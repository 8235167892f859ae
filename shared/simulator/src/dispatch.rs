//! Takes a request off the wire to its operation, and the answer back: finds the service and the
//! operation, reads the parameters, lets faults strike, records the call.

use bytes::Bytes;
use http::{HeaderMap, Method, Request as HttpRequest, Response, StatusCode};
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
use crate::wire::{json, read, respond, rest};
use crate::{
    autoscaling, cloudtrail, dynamodb, ec2, imagebuilder, kms, oracle, rbin, s3, sns, ssm, sts,
};

/// Does one operation: what every service's dispatch table holds.
pub(crate) type Handler = fn(&mut State, &Request) -> Result<Value, ApiError>;

/// Answers a request of any AWS client.
pub(crate) fn answer(state: &mut State, request: &HttpRequest<Bytes>) -> Response<Bytes> {
    let id = state.ids.uuid();
    let scope = Scope::of(request.headers()).or_else(|| Scope::of_query(request.uri()));
    let mut response = match scope {
        Some(scope) => answer_scoped(state, &scope, request, &id),
        None => unsigned(request, &id),
    };
    let bodiless = response.status() == StatusCode::NOT_MODIFIED;
    if request.method() == Method::HEAD || bodiless {
        *response.body_mut() = Bytes::new();
    }
    response
}

fn answer_scoped(
    state: &mut State,
    scope: &Scope,
    request: &HttpRequest<Bytes>,
    id: &str,
) -> Response<Bytes> {
    if scope.service == "dynamodb" {
        return answer_dynamodb(state, scope, request, id);
    }
    let Some(service) = model::service(&scope.service) else {
        let error = ApiError::new(
            "UnknownService",
            format!("The service {} is not simulated", scope.service),
        );
        return respond::failure(guessed_protocol(request), &error, id);
    };
    let answer = scope.check_region(service.protocol);
    let answer = answer
        .and_then(|()| parse(state, service, scope, request, id))
        .and_then(|call| answer_call(state, service, call));
    answer.unwrap_or_else(|mut error| {
        if service.protocol == Protocol::RestXml {
            let path = Value::from(rest::path(service, request));
            error.details.insert("Resource".to_owned(), path);
        }
        respond::failure(service.protocol, &error, id)
    })
}

/// S3 says that an anonymous caller may not; every other service says what is missing.
fn unsigned(request: &HttpRequest<Bytes>, id: &str) -> Response<Bytes> {
    let protocol = guessed_protocol(request);
    let error = if protocol == Protocol::RestXml {
        ApiError::with_status(403, "AccessDenied", "Access Denied")
    } else {
        ApiError::with_status(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        )
    };
    respond::failure(protocol, &error, id)
}

/// The protocol of a request that doesn't say which service it is for. Only S3 is asked on paths.
fn guessed_protocol(request: &HttpRequest<Bytes>) -> Protocol {
    let named = request
        .uri()
        .query()
        .is_some_and(|query| query.contains("Action="));
    let form = request.method() == Method::POST && request.uri().path() == "/";
    if request.headers().contains_key("x-amz-target") {
        Protocol::Json
    } else if named || form {
        Protocol::Query
    } else {
        Protocol::RestXml
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
    let (operation, parameters) = match protocol {
        Protocol::Json => {
            let (prefix, operation) = json_target(request.headers());
            if prefix != service.target {
                return Err(no_such_target());
            }
            let input = input(service, &operation)?;
            let parameters = json::parameters(service, input, request.body());
            (operation, parameters)
        }
        Protocol::Ec2 | Protocol::Query => {
            let query = request.uri().query().unwrap_or_default();
            let mut form = Form::parse(request.body(), query).map_err(refuse)?;
            let version = form.take("Version");
            check_version(version.as_deref(), service)?;
            let operation = form.take("Action").unwrap_or_default();
            let input = input(service, &operation)?;
            (operation, read::parameters(service, input, &form))
        }
        Protocol::RestJson | Protocol::RestXml => {
            rest::read(service, request).ok_or_else(|| unknown_operation(service, ""))?
        }
    };
    let (parameters, error) = match parameters {
        Ok(parameters) => (parameters, None),
        Err(refusal) => (Value::Null, Some(refuse(refusal))),
    };
    let call = Request {
        user_agent: user_agent(request.headers()),
        caller: scope.caller(state, protocol)?,
        region: scope.region.clone(),
        service: scope.service.clone(),
        operation,
        id: id.to_owned(),
        parameters,
    };
    Ok((call, error))
}

/// The input shape of an operation that a service has.
fn input<'a>(service: &'a Service, operation: &str) -> Result<Option<&'a str>, ApiError> {
    let known = service.operations.get(operation);
    let known = known.ok_or_else(|| unknown_operation(service, operation))?;
    Ok(known.input.as_deref())
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

fn unknown_operation(service: &Service, operation: &str) -> ApiError {
    match service.protocol {
        Protocol::Json => no_such_target(),
        Protocol::RestJson => ApiError::with_status(404, "UnknownOperationException", ""),
        Protocol::RestXml => ApiError::with_status(
            405,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        ),
        Protocol::Ec2 | Protocol::Query if operation.is_empty() => ApiError::new(
            "MissingAction",
            "The request is missing an action or a required parameter.",
        ),
        Protocol::Ec2 => ApiError::new(
            "InvalidAction",
            format!("The action {operation} is not valid for this web service."),
        ),
        Protocol::Query => {
            let version = &service.version;
            let message = format!("Could not find operation {operation} for version {version}");
            ApiError::new("InvalidAction", message)
        }
    }
}

fn no_such_target() -> ApiError {
    ApiError::new("UnknownOperationException", "")
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
    let known = known.ok_or_else(|| unknown_operation(service, &call.operation))?;
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
        "dynamodb" => dynamodb::handler(&call.operation),
        "imagebuilder" => imagebuilder::handler(&call.operation),
        "kms" => kms::handler(&call.operation),
        "rbin" => rbin::handler(&call.operation),
        "s3" => s3::handler(&call.operation),
        "sns" => sns::handler(&call.operation),
        "ssm" => ssm::handler(&call.operation),
        "sts" => sts::handler(&call.operation),
        _ => None,
    };
    let handler = handler.ok_or_else(|| match model::service(&call.service) {
        Some(service) => unknown_operation(service, &call.operation),
        None => no_such_target(),
    })?;
    let seen = oracle::look(state, call);
    let result = handler(state, call);
    if let Some(seen) = seen.filter(|_| result.is_ok()) {
        oracle::remember(state, call, seen);
    }
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
        return respond::failure(Protocol::Json, &no_such_target(), id);
    }
    let caller = scope.check_region(Protocol::Json);
    let caller = match caller.and_then(|()| scope.caller(state, Protocol::Json)) {
        Ok(caller) => caller,
        Err(error) => return respond::failure(Protocol::Json, &error, id),
    };
    let call = Request {
        user_agent: String::new(),
        caller,
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
        user_agent: call.user_agent.clone(),
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
    let (call, result) = by_value(state, place, target, parameters);
    cloudtrail::api_call(state, &call, result.as_ref());
    result
}

/// The same, of which CloudTrail doesn't tell: worlds are seeded with many thousands of them.
pub(crate) fn seed_by_value(
    state: &mut State,
    place: (&str, &str),
    target: (&str, &str),
    parameters: Value,
) -> Result<Value, ApiError> {
    by_value(state, place, target, parameters).1
}

fn by_value(
    state: &mut State,
    place: (&str, &str),
    target: (&str, &str),
    parameters: Value,
) -> (Request, Result<Value, ApiError>) {
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
    (call, result)
}
