//! Owns reading what a function answered to a batch: which of its items failed.
//!
//! Source: Lambda Developer Guide, "Implementing partial batch responses".

use serde_json::Value;

/// What became of a batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// All of it was handled.
    Done,
    /// These items failed, by message id or sequence number.
    Some(Vec<String>),
    /// All of it failed.
    Failed,
}

impl Answer {
    /// No list, an empty one and none at all are success. A list that names nothing that was
    /// delivered is failure of the whole. Where the mapping does not ask for a report, any answer
    /// is success.
    pub fn read(result: &Result<Value, String>, delivered: &[&str], reports: bool) -> Self {
        let Ok(answer) = result else {
            return Self::Failed;
        };
        if !reports {
            return Self::Done;
        }
        let failures = match answer.get("batchItemFailures") {
            None | Some(Value::Null) => return Self::Done,
            Some(Value::Array(failures)) if failures.is_empty() => return Self::Done,
            Some(Value::Array(failures)) => failures,
            Some(_) => return Self::Failed,
        };
        let mut named = Vec::new();
        for failure in failures {
            match failure.get("itemIdentifier").and_then(Value::as_str) {
                Some(id) if delivered.contains(&id) => named.push(id.to_owned()),
                _ => return Self::Failed,
            }
        }
        Self::Some(named)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Answer;

    #[test]
    fn nothing_named_is_success() {
        for answer in [json!(null), json!({}), json!({"batchItemFailures": []})] {
            assert_eq!(Answer::read(&Ok(answer), &["a"], true), Answer::Done);
        }
    }

    #[test]
    fn what_is_named_failed_and_the_rest_did_not() {
        let answer = json!({"batchItemFailures": [{"itemIdentifier": "b"}]});
        assert_eq!(
            Answer::read(&Ok(answer), &["a", "b"], true),
            Answer::Some(vec!["b".into()])
        );
    }

    #[test]
    fn a_name_that_was_not_delivered_fails_the_whole() {
        for id in [json!("x"), json!(""), json!(null)] {
            let answer = json!({"batchItemFailures": [{"itemIdentifier": id}]});
            assert_eq!(Answer::read(&Ok(answer), &["a"], true), Answer::Failed);
        }
    }

    #[test]
    fn a_report_that_was_not_asked_for_is_not_read() {
        let answer = json!({"batchItemFailures": [{"itemIdentifier": "a"}]});
        assert_eq!(Answer::read(&Ok(answer), &["a"], false), Answer::Done);
        assert_eq!(
            Answer::read(&Err("broken".into()), &["a"], false),
            Answer::Failed
        );
    }
}
