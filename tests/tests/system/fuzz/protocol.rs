//! Any bytes as AWS's answer to Amiary's clients.

use super::{block_on, fuzz};
use crate::hostile::answering::says;
use crate::hostile::asked::{ASKS, Ask, Asked};
use crate::hostile::told::shows_as_it_is;
use amiary_engine::ports::PortError;
use http::{HeaderValue, Response};
use std::sync::Arc;

/// Words of the protocols.
#[rustfmt::skip]
const WORDS: [&str; 30] = [
    "<imagesSet>", "</imagesSet>", "<imagesSet/>", "<item>", "</item>", "<imageId>ami-ffffffff</imageId>",
    "<imageState>failed</imageState>", "<imageOwnerId>999999999999</imageOwnerId>", "<launchPermission/>",
    "<group>all</group>", "<nextToken>x</nextToken>", "<tagSet>", "<key>", "<snapshotSet/>",
    "<return>true</return>", "<Code>InvalidAMIID.NotFound</Code>", "\"Item\":", "\"Items\":[]",
    "\"LastEvaluatedKey\":{\"pk\":{\"S\":\"a\"}}", "\"UnprocessedKeys\":{}", "\"KeyMetadata\":",
    "{\"N\":\"99\"}", "{\"X\":1}", "{\"L\":[{\"M\":{}}]}", "\"format\":{\"N\":\"2\"}", "\"KeyState\":\"Molten\"",
    "\"__type\":\"Oops\"", "<Expiration>", "<MessageId>", "<?xml version=\"1.0\"?>",
];

/// An answer is read, or an error with all that an error has.
fn once(answer: Result<String, PortError>) -> Result<&'static str, String> {
    let Err(error) = answer else {
        return Ok("read");
    };
    let said = error.to_string();
    shows_as_it_is(&said);
    if error.code.is_empty() || error.message.is_empty() || said.len() > 8_000 {
        return Err(format!(
            "an error without its parts, or too long: {said:.500}"
        ));
    }
    Ok(match error.code.as_str() {
        "UnreadableAnswer" => "unreadable",
        _ => "an error",
    })
}

#[test]
fn protocol() {
    let on = block_on(Asked::new());
    let whole: Vec<String> = ASKS
        .iter()
        .map(|(ask, operation)| block_on(on.whole(*ask, operation)))
        .collect();
    let corpus: Vec<&str> = whole.iter().map(String::as_str).collect();
    fuzz("protocol", |draw| {
        let number = draw.below(ASKS.len());
        let (ask, operation) = ASKS[number];
        // Mostly its own answer, bent; now and then another's.
        let own = if draw.below(8) == 0 {
            &corpus[..]
        } else {
            &corpus[number..=number]
        };
        let body = draw.bent(own, &WORDS);
        let status = *draw.pick(&[
            200, 200, 200, 200, 200, 200, 204, 301, 400, 403, 404, 500, 503,
        ]);
        let bend = says(status, "text/xml", body);
        let named = draw.below(10) > 0;
        let bend = move |answer: Response<bytes::Bytes>| {
            let mut answer = bend(answer);
            if named {
                answer
                    .headers_mut()
                    .insert("x-amzn-requestid", HeaderValue::from_static("r-1"));
            }
            answer
        };
        let answer = block_on(on.ask(ask, operation, Arc::new(bend)));
        // Whatever was answered, what copies is not taken for done without an image's id.
        if let (Ask::Copy, Ok(length)) = (ask, &answer)
            && length != "12"
            && length != "21"
        {
            return Err(format!("an image id of {length} characters"));
        }
        once(answer)
    });
}
