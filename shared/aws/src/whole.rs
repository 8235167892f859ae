//! Owns the check that an answer of success is AWS's own and whole. The SDK takes XML that breaks
//! off for complete, with all that is missing left out, and does not look at the body of an answer
//! from which it needs nothing.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use quick_xml::Reader;
use quick_xml::events::Event;

/// The header with the id that a person gives to AWS's support, see
/// [`DynamoDB`'s answers](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html).
const REQUEST_ID: &str = "x-amzn-requestid";
/// The elements with that id, see
/// [EC2's answers](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-responses);
/// SNS has the second.
const REQUEST_ID_ELEMENTS: [&str; 2] = ["requestId", "RequestId"];

/// How a service writes its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As a document of XML.
    Xml,
    /// As one JSON object.
    Json,
}

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the answer has no request id, so something else than AWS may have given it")]
    NoRequestId,
    #[error("the answer is empty")]
    Empty,
    #[error("the answer is not well-formed, or breaks off")]
    BreaksOff,
}

/// Refuses what is not a whole answer of a service that writes in this form.
#[derive(Debug)]
pub(crate) struct Whole(pub Form);

impl Intercept for Whole {
    fn name(&self) -> &'static str {
        "Whole"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if context.output_or_error().is_err() || !response.status().is_success() {
            return Ok(());
        }
        let named = response.headers().get(REQUEST_ID);
        let body = response.body().bytes().unwrap_or_default();
        check(self.0, named, body).map_err(BoxError::from)
    }
}

fn check(form: Form, request_id: Option<&str>, body: &[u8]) -> Result<(), Fault> {
    if body.is_empty() {
        return Err(Fault::Empty);
    }
    let in_body = match form {
        Form::Xml => has_request_id(body).ok_or(Fault::BreaksOff)?,
        // The SDK's own reader sees that JSON breaks off.
        Form::Json => false,
    };
    if in_body || request_id.is_some_and(|id| !id.is_empty()) {
        return Ok(());
    }
    Err(Fault::NoRequestId)
}

/// Whether a document names its request; nothing where not each element that begins ends, or not
/// all of them are in one.
fn has_request_id(body: &[u8]) -> Option<bool> {
    let mut reader = Reader::from_reader(body);
    let (mut depth, mut roots, mut named) = (0_usize, 0_usize, false);
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                roots += usize::from(depth == 0);
                depth += 1;
                named |= REQUEST_ID_ELEMENTS.contains(&element.local_name().as_ref());
            }
            Event::Empty(_) => roots += usize::from(depth == 0),
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof => return (depth == 0 && roots == 1).then_some(named),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str =
        "<?xml version=\"1.0\"?>\n<R xmlns=\"urn:x\"><a>1 &lt;</a><set/><b><c/></b></R>\n";

    #[test]
    fn a_whole_answer_is_taken_and_none_that_breaks_off() {
        assert_eq!(check(Form::Xml, Some("r-1"), ANSWER.as_bytes()), Ok(()));
        let end = ANSWER.len() - "\n".len();
        for cut in 0..end {
            let fault = check(Form::Xml, Some("r-1"), &ANSWER.as_bytes()[..cut]);
            assert!(fault.is_err(), "{:?}", &ANSWER[..cut]);
        }
    }

    #[test]
    fn what_is_no_answer_of_aws_is_not_taken() {
        for body in ["<a></b>", "<a/><b/>", "</a>", "text", "<html><br></html>"] {
            let fault = check(Form::Xml, Some("r-1"), body.as_bytes());
            assert_eq!(fault, Err(Fault::BreaksOff), "{body}");
        }
        for id in [None, Some("")] {
            assert_eq!(check(Form::Json, id, b"{}"), Err(Fault::NoRequestId));
            assert_eq!(check(Form::Xml, id, b"<html/>"), Err(Fault::NoRequestId));
            let named = b"<R><requestId>r-1</requestId></R>";
            assert_eq!(check(Form::Xml, id, named), Ok(()));
        }
        assert_eq!(check(Form::Json, Some("r-1"), b""), Err(Fault::Empty));
        assert_eq!(check(Form::Json, Some("r-1"), b"{}"), Ok(()));
    }
}
