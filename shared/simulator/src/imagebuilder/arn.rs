//! The versions and the ARNs of recipes:
//! <https://docs.aws.amazon.com/imagebuilder/latest/userguide/ibhow-semantic-versioning.html>.

use serde_json::{Value, json};

use super::invalid;
use crate::request::Request;
use crate::wire::error::ApiError;

/// Major, minor and patch.
pub(super) type Version = [u32; 3];

const LARGEST: u32 = (1 << 30) - 1;

/// The version that a recipe is to have. AWS also takes an `x` for the next free number; here that
/// is refused.
pub(super) fn version(text: &str) -> Result<Version, ApiError> {
    let numbers = text.split('.').map(number).collect::<Option<Vec<u32>>>();
    let version = numbers.and_then(|numbers| Version::try_from(numbers).ok());
    version.ok_or_else(|| {
        let message = format!("The version {text} is not of the form <major>.<minor>.<patch>.");
        ApiError::new("InvalidVersionNumberException", message)
    })
}

fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|digit| digit.is_ascii_digit());
    let number = text.parse::<u32>().ok().filter(|_| digits);
    number.filter(|number| *number <= LARGEST)
}

/// A name as ARNs have it.
pub(super) fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace([' ', '_'], "-")
}

/// A recipe's ARN, up to its version.
pub(super) fn base(call: &Request, name: &str) -> String {
    let (region, account) = (&call.region, call.account());
    format!(
        "arn:aws:imagebuilder:{region}:{account}:image-recipe/{}",
        normal(name)
    )
}

pub(super) fn written(version: Version) -> String {
    let [major, minor, patch] = version;
    format!("{major}.{minor}.{patch}")
}

/// The ARNs under which the newest versions are found.
pub(super) fn references(base: &str, version: Version) -> Value {
    let [major, minor, patch] = version;
    json!({
        "latestVersionArn": format!("{base}/x.x.x"),
        "latestMajorVersionArn": format!("{base}/{major}.x.x"),
        "latestMinorVersionArn": format!("{base}/{major}.{minor}.x"),
        "latestPatchVersionArn": format!("{base}/{major}.{minor}.{patch}"),
    })
}

/// A recipe as a call names it: its name, and the numbers of its version up to the first `x`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) numbers: Vec<u32>,
    /// Whether it is in the caller's own account and Region.
    pub(super) here: bool,
}

impl Named {
    pub(super) fn fits(&self, version: Version) -> bool {
        version.starts_with(&self.numbers)
    }
}

pub(super) fn read(call: &Request, arn: &str) -> Result<Named, ApiError> {
    let wrong = || invalid(format!("The ARN {arn} is not that of an image recipe."));
    let mut parts = arn.splitn(6, ':');
    let head = (parts.next(), parts.next(), parts.next());
    if head != (Some("arn"), Some("aws"), Some("imagebuilder")) {
        return Err(wrong());
    }
    let here = (parts.next(), parts.next()) == (Some(call.region.as_str()), Some(call.account()));
    let mut path = parts.next().unwrap_or_default().split('/');
    let (kind, name, version) = (path.next(), path.next(), path.next());
    let (Some("image-recipe"), Some(name), Some(version), None) =
        (kind, name, version, path.next())
    else {
        return Err(wrong());
    };
    let places: Vec<&str> = version.split('.').collect();
    let fixed = places.iter().take_while(|place| **place != "x");
    let numbers = fixed
        .map(|place| number(place))
        .collect::<Option<Vec<u32>>>();
    let numbers = numbers.ok_or_else(wrong)?;
    if places.len() != 3 || places[numbers.len()..].iter().any(|place| *place != "x") {
        return Err(wrong());
    }
    Ok(Named {
        name: name.to_owned(),
        numbers,
        here,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_three_numbers() {
        assert_eq!(version("1.20.3").ok(), Some([1, 20, 3]));
        for text in [
            "1.0",
            "1.0.0.0",
            "1.0.x",
            "1.0.-1",
            "+1.0.0",
            "1.0.1073741824",
            "",
            "..",
        ] {
            let code = version(text).err().map(|error| error.code);
            assert_eq!(
                code.as_deref(),
                Some("InvalidVersionNumberException"),
                "{text}"
            );
        }
    }

    #[test]
    fn an_arn_may_leave_the_end_of_the_version_open() {
        let call = Request::of_parameters(Value::Null);
        let arn = |rest: &str| format!("arn:aws:imagebuilder:eu-west-1:111111111111:{rest}");
        let named = |rest: &str| read(&call, &arn(rest)).ok().map(|named| named.numbers);
        assert_eq!(named("image-recipe/web/1.2.3"), Some(vec![1, 2, 3]));
        assert_eq!(named("image-recipe/web/1.x.x"), Some(vec![1]));
        assert_eq!(named("image-recipe/web/x.x.x"), Some(vec![]));
        for rest in [
            "image-recipe/web/1.x.3",
            "image-recipe/web/1.2",
            "image-recipe/web",
            "image-recipe/web/1.2.3/4",
            "component/web/1.2.3",
        ] {
            assert_eq!(named(rest), None, "{rest}");
        }
    }
}
