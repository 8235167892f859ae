//! `Filters`: by name from a table, by value with `*` and `?`.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>.

use crate::ec2::tag::TagMap;
use crate::request::Params;
use crate::wire::error::ApiError;

/// The filters of one call; a resource must match them all.
#[derive(Debug)]
pub(crate) struct Filters(Vec<Filter>);

#[derive(Debug)]
struct Filter {
    name: String,
    values: Vec<String>,
    patterns: Vec<Pattern>,
}

impl Filters {
    /// Reads a call's filters; a name outside the table (or `tag:…`) is refused.
    pub(crate) fn read(params: Params<'_>, known: &[&str]) -> Result<Self, ApiError> {
        let mut filters = Vec::new();
        for filter in params.list("Filters") {
            let name = filter.text("Name").unwrap_or("null");
            let tagged = name.starts_with("tag:") && known.contains(&"tag-key");
            if !tagged && !known.contains(&name) {
                let message = format!("The filter '{name}' is invalid");
                return Err(ApiError::invalid_value(message));
            }
            let values: Vec<String> = filter
                .texts("Values")
                .into_iter()
                .map(str::to_owned)
                .collect();
            if values.len() > 200 {
                let message =
                    "The maximum number of filter values specified on a single call is 200";
                return Err(ApiError::new("FilterLimitExceeded", message));
            }
            filters.push(Filter {
                name: name.to_owned(),
                patterns: values.iter().map(|value| Pattern::read(value)).collect(),
                values,
            });
        }
        Ok(Self(filters))
    }

    /// The values of a filter, where it is there and none of them is a pattern.
    pub(crate) fn exactly(&self, name: &str) -> Option<Vec<&str>> {
        let filter = self.0.iter().find(|filter| filter.name == name)?;
        let all = filter.patterns.iter().all(Pattern::is_exact);
        all.then(|| filter.values.iter().map(String::as_str).collect())
    }

    /// Whether a resource matches: `tags` gives those the caller sees, `field` its values under a
    /// filter's name.
    pub(crate) fn match_all(
        &self,
        tags: impl FnOnce() -> TagMap,
        field: impl Fn(&str) -> Vec<String>,
    ) -> bool {
        let tags = if self.0.iter().any(|filter| filter.name.starts_with("tag")) {
            tags()
        } else {
            TagMap::new()
        };
        self.0.iter().all(|filter| {
            let values = match (filter.name.strip_prefix("tag:"), filter.name.as_str()) {
                (Some(key), _) => tags.get(key).cloned().into_iter().collect(),
                (None, "tag-key") => tags.keys().cloned().collect(),
                (None, "tag-value") => tags.values().cloned().collect(),
                (None, name) => field(name),
            };
            let patterns = &filter.patterns;
            let matches = |value: &String| patterns.iter().any(|pattern| pattern.matches(value));
            values.iter().any(matches)
        })
    }
}

/// A pattern in which `*` is any characters, `?` any one, and `\` takes the next character as it
/// is.
#[derive(Debug)]
enum Pattern {
    /// One without any of them.
    Exact(String),
    Tokens(Vec<Token>),
}

impl Pattern {
    fn read(text: &str) -> Self {
        if text.contains(['*', '?', '\\']) {
            Self::Tokens(tokens(text))
        } else {
            Self::Exact(text.to_owned())
        }
    }

    fn is_exact(&self) -> bool {
        matches!(self, Self::Exact(_))
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Tokens(tokens) => glob(tokens, text),
        }
    }
}

fn glob(pattern: &[Token], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(Token::Any) => {
                star = Some((at, from));
                at += 1;
            }
            Some(Token::One) => (at, from) = (at + 1, from + 1),
            Some(Token::Char(c)) if *c == text[from] => (at, from) = (at + 1, from + 1),
            _ => {
                let Some((star_at, star_from)) = star else {
                    return false;
                };
                star = Some((star_at, star_from + 1));
                (at, from) = (star_at + 1, star_from + 1);
            }
        }
    }
    pattern[at..].iter().all(|token| *token == Token::Any)
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Any,
    One,
    Char(char),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut read = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        read.push(match letter {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::Char(letters.next().unwrap_or('\\')),
            other => Token::Char(other),
        });
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_documented() {
        for (pattern, text, matches) in [
            ("web-*", "web-1", true),
            ("web-*", "api-1", false),
            ("*-1", "web-1-1", true),
            ("we?", "web", true),
            ("we?", "we", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("", "", true),
            ("*", "", true),
            ("Web", "web", false),
        ] {
            let read = Pattern::read(pattern);
            assert_eq!(read.matches(text), matches, "{pattern} {text}");
        }
    }
}
