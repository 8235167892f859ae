//! Hostile answers of AWS, port by port: each with the typed outcome that the port gives.

use super::answering::{Bend, changed, says};
use super::answers_by_port::rows;
use super::asked::{ASKS, Ask, Asked};
use super::bends::json;
use super::told::shows_as_it_is;
use amiary_engine::ports::{Class, PortError};

/// The outcome that is promised.
#[derive(Debug, Clone, Copy)]
pub enum Then {
    /// An error of this class and code, whose message says this.
    Fails(Class, &'static str, &'static str),
    /// An answer, shown as a debugger shows it.
    Answers(&'static str),
}
use Then::{Answers, Fails};

/// The code of an answer that can't be read.
pub const UNREADABLE: &str = "UnreadableAnswer";
const HTML: &str =
    "<!DOCTYPE html><html><head><title>Proxy</title></head><body><h1>Sign in</h1></body></html>";

/// What any operation may be answered with by something that isn't AWS, and what comes of it,
/// whatever was asked.
#[rustfmt::skip]
fn for_every_operation() -> Vec<(&'static str, Bend, Then)> {
    let xml = "text/xml;charset=UTF-8";
    vec![
        ("an empty body with 200", says(200, xml, ""), Fails(Class::Retry, UNREADABLE, "")),
        ("an empty body with 204", says(204, "", ""), Fails(Class::Retry, UNREADABLE, "")),
        ("a page of HTML with 200", says(200, "text/html", HTML), Fails(Class::Retry, UNREADABLE, "")),
        ("a page of HTML with 403", says(403, "text/html", HTML), Fails(Class::Retry, "HTTP 403", "")),
        ("a page of HTML with 404", says(404, "text/html", HTML), Fails(Class::Retry, "HTTP 404", "")),
        ("a page of HTML with 502", says(502, "text/html", HTML), Fails(Class::Retry, "HTTP 502", "")),
        ("a page of HTML with 503", says(503, "text/html", HTML), Fails(Class::Retry, "HTTP 503", "")),
        ("an empty body with 403", says(403, "", ""), Fails(Class::Retry, "HTTP 403", "")),
        ("a redirection to a portal", says(302, "text/html", HTML), Fails(Class::Retry, "HTTP 302", "")),
        ("bytes that are no UTF-8", says(200, xml, &b"\xff\xfe\x00<\x00?"[..]), Fails(Class::Retry, UNREADABLE, "")),
        ("a megabyte of zeros", says(200, xml, vec![0; 1024 * 1024]), Fails(Class::Retry, UNREADABLE, "")),
        ("null", says(200, "application/json", "null"), Fails(Class::Retry, UNREADABLE, "")),
        ("a list", says(200, "application/json", "[]"), Fails(Class::Retry, UNREADABLE, "")),
        ("an object of something else", says(200, "application/json", r#"{"status":"ok"}"#), Fails(Class::Retry, UNREADABLE, "")),
    ]
}

/// An answer that can't be read, whose error says this.
pub const fn unreadable(said: &'static str) -> Then {
    Fails(Class::Retry, UNREADABLE, said)
}

/// How many cases there are: of the tables, and of each operation with what isn't AWS's.
pub fn count() -> (usize, usize) {
    (rows().len(), ASKS.len() * for_every_operation().len())
}

/// What is wrong with an outcome, if anything.
fn problem(case: &str, answer: &Result<String, PortError>, then: Then) -> Option<String> {
    if let Err(error) = answer {
        let said = error.to_string();
        shows_as_it_is(&said);
        if said.len() > 4_000 {
            return Some(format!("{case}: {} bytes are said", said.len()));
        }
    }
    let right = match (answer, then) {
        (Ok(answer), Answers(expected)) => answer == expected,
        (Err(error), Fails(class, code, said)) => {
            error.class == class
                && (code.is_empty() || error.code == code)
                && error.message.contains(said)
        }
        _ => false,
    };
    (!right).then(|| format!("{case}: {then:?}, but {answer:?}"))
}

fn none(problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{} are otherwise:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[tokio::test]
async fn whatever_is_not_awss_own_answer_is_an_error_that_may_pass() {
    let on = Asked::new().await;
    let mut problems = Vec::new();
    for (ask, operation) in ASKS {
        for (what, bend, then) in for_every_operation() {
            let answer = on.ask(ask, operation, bend).await;
            // Without credentials nothing is asked; the code says so.
            let then = match (ask, then) {
                (Ask::Elsewhere, Fails(class, _, said)) => Fails(class, "NoCredentials", said),
                (_, then) => then,
            };
            problems.extend(problem(&format!("{ask:?}: {what}"), &answer, then));
        }
    }
    none(&problems);
}

#[tokio::test]
async fn each_hostile_answer_has_the_outcome_that_the_table_says() {
    let on = Asked::new().await;
    let mut problems = Vec::new();
    for (ask, what, bend, then) in rows() {
        let operation = ASKS.iter().find(|(asked, _)| *asked == ask).unwrap().1;
        let answer = on.ask(ask, operation, bend).await;
        problems.extend(problem(&format!("{ask:?}: {what}"), &answer, then));
    }
    none(&problems);
}

/// The places at which an answer ends too soon: after each of its tags and names.
#[tokio::test]
async fn an_answer_that_ends_too_soon_is_an_error_that_may_pass_wherever_it_ends() {
    let on = Asked::new().await;
    let mut cases = 0;
    let mut problems = Vec::new();
    for (ask, operation) in [
        (Ask::Image, "DescribeImages"),
        (Ask::Launch, "DescribeImageAttribute"),
        (Ask::Snapshots, "DescribeSnapshots"),
        (Ask::Copy, "CopyImage"),
        (Ask::Publish, "Publish"),
        (Ask::Key, "DescribeKey"),
        (Ask::Find, "GetItem"),
        (Ask::Lineage, "Query"),
        (Ask::Known, "BatchGetItem"),
    ] {
        let whole = on.whole(ask, operation).await;
        let ends: Vec<usize> = whole
            .char_indices()
            .filter(|(_, c)| "<>{}[]:,".contains(*c))
            .map(|(at, _)| at)
            .collect();
        // Every so many of them, where an answer is long.
        for end in ends.iter().step_by(ends.len() / 60 + 1) {
            let cut = whole[..*end].to_owned();
            let body = cut.clone();
            let answer = on.ask(ask, operation, changed(move |_| body.clone())).await;
            cases += 1;
            problems.extend(problem(&format!("{ask:?}: {cut}"), &answer, unreadable("")));
        }
    }
    none(&problems);
    assert!(cases > 200, "{cases}");
}

/// The conversion from the SDK's items panics at a type that it does not know.
#[tokio::test]
async fn an_attribute_of_a_type_that_nobody_knows_is_an_error_and_no_panic() {
    let on = Asked::new().await;
    for body in [
        r#"{"Count":1,"Items":[{"x":{"X":"1"}}]}"#,
        r#"{"Count":1,"Items":[{"x":{"M":{"a":{"L":[{"X":"1"}]}}}}]}"#,
    ] {
        let answer = on.ask(Ask::Lineage, "Query", json(body)).await;
        let expected = unreadable("a type that is not known");
        assert_eq!(problem(body, &answer, expected), None);
    }
}
