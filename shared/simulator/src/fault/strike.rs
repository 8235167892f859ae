//! One call between its parameters and its answer: faults strike it, throttling refuses it, lists
//! lag, the operation is done, the call is recorded.

use bytes::Bytes;
use http::{HeaderValue, Response};
use serde_json::Value;

use super::FaultKind;
use super::plan::Met;
use crate::dispatch::{Handler, record};
use crate::ec2::image::ImageState;
use crate::request::Request;
use crate::serve::CONNECTION_HEADER;
use crate::state::State;
use crate::wire::error::ApiError;
use crate::wire::model::Protocol;
use crate::wire::respond;
use crate::{cloudtrail, lag, throttle};

/// What becomes of the connection that a call came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    Kept,
    Aborted,
    Crashed,
    CrashedAfterReply,
}

/// Does a call, or what is to happen instead; `refused` is what is wrong with its parameters.
pub(crate) fn attempt(
    state: &mut State,
    call: &Request,
    refused: Option<ApiError>,
    run: Handler,
) -> (Result<Value, ApiError>, Connection) {
    let met = state.faults.meet(call);
    let kind = met.as_ref().map(|met| &met.kind);
    let result = match kind.and_then(instead) {
        Some(error) => Err(error),
        None => done(state, call, refused, run),
    };
    if let Some(met) = &met
        && took(state, call, met, &result)
    {
        let recorded = state.settings.recording.then_some(state.calls.len());
        state.faults.fired(met, recorded);
    }
    let connection = kind.map_or(Connection::Kept, Connection::after);
    let arrived = kind.is_none_or(FaultKind::lets_arrive);
    if arrived {
        cloudtrail::api_call(state, call, result.as_ref());
    }
    record(state, call, result.as_ref().err());
    (result, connection)
}

/// The error that stands in the record of a call that a fault kept from being done.
fn instead(kind: &FaultKind) -> Option<ApiError> {
    match kind {
        FaultKind::ErrorBefore {
            code,
            status,
            message,
        } => Some(ApiError::with_status(*status, code, message)),
        FaultKind::ConnectionLost => Some(never("ConnectionLost")),
        FaultKind::CrashBefore => Some(never("CallerCrashed")),
        FaultKind::ReplyLost
        | FaultKind::CrashAfter
        | FaultKind::CrashAfterReply
        | FaultKind::CopyFails { .. } => None,
    }
}

impl FaultKind {
    /// Whether AWS gets to see the call.
    fn lets_arrive(&self) -> bool {
        !matches!(self, Self::ConnectionLost | Self::CrashBefore)
    }
}

fn never(code: &str) -> ApiError {
    ApiError::with_status(500, code, "The call never arrived")
}

fn done(
    state: &mut State,
    call: &Request,
    refused: Option<ApiError>,
    run: Handler,
) -> Result<Value, ApiError> {
    throttle::admit(state, call)?;
    match refused {
        Some(error) => Err(error),
        None => lag::listed(state, call, run),
    }
}

/// Whether a fault that met the call took effect. A copy can be made to fail only once it has
/// begun.
fn took(state: &mut State, call: &Request, met: &Met, result: &Result<Value, ApiError>) -> bool {
    let FaultKind::CopyFails { cause } = &met.kind else {
        return true;
    };
    let id = result
        .as_ref()
        .ok()
        .and_then(|made| made["ImageId"].as_str());
    let image = id.and_then(|id| state.ec2.image(&call.region, id));
    match image.filter(|image| image.state == ImageState::Pending) {
        Some(image) => {
            state.faults.fail_copy(&image.id, cause);
            true
        }
        None => false,
    }
}

impl Connection {
    fn after(kind: &FaultKind) -> Self {
        match kind {
            FaultKind::ErrorBefore { .. } | FaultKind::CopyFails { .. } => Self::Kept,
            FaultKind::ConnectionLost | FaultKind::ReplyLost => Self::Aborted,
            FaultKind::CrashBefore | FaultKind::CrashAfter => Self::Crashed,
            FaultKind::CrashAfterReply => Self::CrashedAfterReply,
        }
    }

    /// The response that goes out in place of the operation's own, or that one marked.
    pub(crate) fn carry(
        self,
        answer: Result<Response<Bytes>, ApiError>,
        protocol: Protocol,
        id: &str,
    ) -> Result<Response<Bytes>, ApiError> {
        let (mark, mut response) = match self {
            Self::Kept => return answer,
            Self::Aborted => ("aborted", no_reply(protocol, id)),
            Self::Crashed => ("crashed", no_reply(protocol, id)),
            Self::CrashedAfterReply => {
                let refused = |error| respond::failure(protocol, &error, id);
                ("crashed-after-reply", answer.unwrap_or_else(refused))
            }
        };
        let headers = response.headers_mut();
        headers.insert(CONNECTION_HEADER, HeaderValue::from_static(mark));
        Ok(response)
    }
}

fn no_reply(protocol: Protocol, id: &str) -> Response<Bytes> {
    let error = ApiError::internal("The connection was closed before the reply arrived");
    respond::failure(protocol, &error, id)
}
