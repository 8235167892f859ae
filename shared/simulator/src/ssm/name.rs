//! Names of parameters: their rules, their ARNs, and what may stand behind a colon.
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html>.

use super::invalid;
use crate::wire::error::ApiError;

/// What the names of AWS's own parameters begin with.
pub(super) const PUBLIC: &str = "/aws/";
/// With the ARN's prefix counted in.
const LONGEST: usize = 1011;
const DEEPEST: usize = 15;

/// A name as a call gives it: a key, in whose account, and the version or label asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named<'a> {
    /// The account in an ARN.
    pub(super) account: Option<&'a str>,
    /// The name alone.
    pub(super) name: String,
    pub(super) selector: Option<&'a str>,
}

/// What a parameter is filed under: its name with a leading slash. `golden` and `/golden` are one.
pub(super) fn key(name: &str) -> String {
    if name.starts_with('/') {
        name.to_owned()
    } else {
        format!("/{name}")
    }
}

/// A parameter's ARN.
pub(super) fn arn((account, region): (&str, &str), name: &str) -> String {
    format!("arn:aws:ssm:{region}:{account}:parameter{}", key(name))
}

/// Reads `name`, `name:version`, `name:label`, or an ARN with either behind it.
pub(super) fn read(text: &str) -> Result<Named<'_>, ApiError> {
    let text = text.trim();
    let (account, rest) = match text.strip_prefix("arn:aws:ssm:") {
        Some(rest) => {
            let (_, rest) = rest.split_once(':').ok_or_else(malformed)?;
            let (account, rest) = rest.split_once(':').ok_or_else(malformed)?;
            let rest = rest.strip_prefix("parameter").ok_or_else(malformed)?;
            (Some(account), rest)
        }
        None => (None, text),
    };
    let (name, selector) = match rest.split_once(':') {
        Some((name, selector)) => (name, Some(selector)),
        None => (rest, None),
    };
    if name.is_empty() || !name.chars().all(is_allowed) {
        return Err(malformed());
    }
    let name = name.to_owned();
    Ok(Named {
        account,
        name,
        selector,
    })
}

/// The name of a parameter to be written, where it keeps the rules.
pub(super) fn to_write(text: &str, place: (&str, &str)) -> Result<String, ApiError> {
    let name = text.trim();
    if name.starts_with("arn:") || name.is_empty() || !name.chars().all(is_allowed) {
        return Err(malformed());
    }
    if name.contains('/') && !name.starts_with('/') {
        return Err(invalid("Parameter name must be a fully qualified name."));
    }
    if name.ends_with('/') || name.contains("//") {
        return Err(malformed());
    }
    refuse_reserved(name)?;
    if arn(place, name).len() > LONGEST {
        let message =
            format!("A parameter's name may have {LONGEST} characters, its ARN's included");
        return Err(invalid(message));
    }
    if key(name).matches('/').count() > DEEPEST {
        return Err(ApiError::new(
            "HierarchyLevelLimitExceededException",
            format!("A hierarchy can have a maximum of {DEEPEST} levels."),
        ));
    }
    Ok(name.to_owned())
}

fn refuse_reserved(name: &str) -> Result<(), ApiError> {
    let plain = name.trim_start_matches('/').to_ascii_lowercase();
    if !plain.starts_with("aws") && !plain.starts_with("ssm") {
        return Ok(());
    }
    if plain.starts_with("aws") && plain.contains('/') {
        let message = format!("No access to reserved parameter name: {name}.");
        return Err(ApiError::new("AccessDeniedException", message));
    }
    Err(invalid(
        "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).",
    ))
}

fn is_allowed(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_.-/".contains(letter)
}

fn malformed() -> ApiError {
    invalid(
        "Parameter name: can only be made of letters, numbers and the symbols .-_ , in sub-paths \
         that are divided by the slash symbol",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_an_arn_and_what_stands_behind_them_are_read() {
        for (text, account, name, selector) in [
            ("golden", None, "golden", None),
            (" /a/b:3 ", None, "/a/b", Some("3")),
            (
                "arn:aws:ssm:r:1:parameter/a/b:prod",
                Some("1"),
                "/a/b",
                Some("prod"),
            ),
        ] {
            let read = read(text).expect("a name");
            assert_eq!((read.account, read.name.as_str()), (account, name));
            assert_eq!(read.selector, selector);
        }
        assert!(read("a b").is_err());
        assert!(read("arn:aws:ssm:r").is_err());
    }

    #[test]
    fn names_to_write_keep_the_rules() {
        let code = |name: &str| to_write(name, ("1", "r")).map_err(|error| error.code);
        let invalid = || Err("ValidationException".to_owned());
        assert_eq!(code(" /a/b "), Ok("/a/b".to_owned()));
        for name in ["a b", "a/b", "/a//b", "/a/", "awsome", "/SSM/x", "arn:x"] {
            assert_eq!(code(name), invalid(), "{name}");
        }
        assert_eq!(code("/aws/x"), Err("AccessDeniedException".to_owned()));
        assert_eq!(code(&"/x".repeat(15)), Ok("/x".repeat(15)));
        let deep = Err("HierarchyLevelLimitExceededException".to_owned());
        assert_eq!(code(&"/x".repeat(16)), deep);
    }
}
