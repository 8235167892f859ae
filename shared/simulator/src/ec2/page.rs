//! Pages: `MaxResults`, and tokens that mean something to nobody else.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination>.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::ids::hex;
use crate::request::Request;
use crate::wire::error::ApiError;

/// One page of `(id, value)` pairs sorted by id, and the token of the next.
pub(crate) struct Page {
    pub(crate) items: Vec<Value>,
    pub(crate) next: Option<String>,
}

/// Cuts a call's page out of everything found. A token is bound to the call's other parameters
/// and to the last id it gave, so that what was deleted meanwhile shifts nothing.
pub(crate) fn cut(
    call: &Request,
    found: Vec<(String, Value)>,
    least: i64,
) -> Result<Page, ApiError> {
    let params = call.params();
    let size = params.number("MaxResults");
    if size.is_some_and(|size| !(least..=1000).contains(&size)) {
        let message = format!(
            "Value for parameter maxResults is invalid. Expecting a value between {least} and 1000."
        );
        return Err(ApiError::invalid_value(message));
    }
    let after = match params.text("NextToken") {
        Some(token) => Some(opened(call, token)?),
        None => None,
    };
    let most = usize::try_from(size.unwrap_or(i64::from(u32::MAX))).unwrap_or(usize::MAX);
    let mut left = found
        .into_iter()
        .filter(|(id, _)| after.as_ref().is_none_or(|after| id > after));
    let page: Vec<(String, Value)> = left.by_ref().take(most).collect();
    let next = match left.next() {
        Some(_) => page.last().map(|(id, _)| sealed(call, id)),
        None => None,
    };
    let items = page.into_iter().map(|(_, value)| value).collect();
    Ok(Page { items, next })
}

fn sealed(call: &Request, id: &str) -> String {
    let hidden = hex(id.bytes().map(|byte| byte ^ 0x5a));
    format!("{}{hidden}", seal(call, id))
}

fn opened(call: &Request, token: &str) -> Result<String, ApiError> {
    let refused = || ApiError::new("InvalidNextToken", "The specified NextToken is not valid.");
    let (seal_given, hidden) = token.split_at_checked(16).ok_or_else(refused)?;
    let bytes: Option<Vec<u8>> = (0..hidden.len())
        .step_by(2)
        .map(|at| hidden.get(at..at + 2))
        .map(|pair| u8::from_str_radix(pair?, 16).ok().map(|byte| byte ^ 0x5a))
        .collect();
    let id = bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(refused)?;
    if seal(call, &id) == seal_given {
        Ok(id)
    } else {
        Err(refused())
    }
}

fn seal(call: &Request, id: &str) -> String {
    let mut parameters = call.parameters.clone();
    if let Some(parameters) = parameters.as_object_mut() {
        parameters.remove("NextToken");
        parameters.remove("MaxResults");
    }
    let text = format!(
        "{} {} {} {parameters} {id}",
        call.account(),
        call.region,
        call.operation
    );
    let digest = Sha256::digest(text.as_bytes());
    hex(digest.into_iter().take(8))
}
