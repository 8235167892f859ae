//! Owns the patterns of names and tag values: `*` stands for any text, `?` for one character, as
//! in EC2's own filters.

use std::fmt;

/// A pattern of a name.
#[derive(Clone)]
pub struct Pattern(wildmatch::WildMatch, String);

impl Pattern {
    /// The pattern written as `text`.
    pub fn new(text: &str) -> Self {
        Self(wildmatch::WildMatch::new(text), text.to_owned())
    }

    /// Whether a text fits the pattern as a whole.
    pub fn matches(&self, text: &str) -> bool {
        self.0.matches(text)
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.1
    }

    /// Whether the pattern says nothing but wildcards.
    pub(super) fn is_unlimited(&self) -> bool {
        self.1.chars().all(|c| matches!(c, '*' | '?'))
    }

    /// Whether some text fits both patterns.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0.pattern_chars(), other.0.pattern_chars());
        if begin_otherwise(ours, theirs) {
            return false;
        }
        let only_stars = |rest: &[char]| rest.iter().all(|c| *c == '*');
        // `below[j]`: whether what is left of ours after the current character overlaps theirs[j..].
        let mut below: Vec<bool> = (0..=theirs.len())
            .map(|j| only_stars(&theirs[j..]))
            .collect();
        for (i, a) in ours.iter().enumerate().rev() {
            let mut row = vec![false; theirs.len() + 1];
            row[theirs.len()] = only_stars(&ours[i..]);
            for (j, b) in theirs.iter().enumerate().rev() {
                row[j] = match (a, b) {
                    ('*', _) | (_, '*') => below[j] || row[j + 1],
                    (a, b) => below[j + 1] && (*a == '?' || *b == '?' || a == b),
                };
            }
            below = row;
        }
        below[0]
    }
}

/// Whether two patterns differ before the first wildcard of either: most do, and so no pair of a
/// thousand families takes long.
fn begin_otherwise(ours: &[char], theirs: &[char]) -> bool {
    let literal = |c: &char| !matches!(c, '*' | '?');
    let mut pairs = ours.iter().zip(theirs);
    pairs
        .find(|(a, b)| a != b || !literal(a))
        .is_some_and(|(a, b)| literal(a) && literal(b))
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.1 == other.1
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_overlap_where_a_text_fits_both() {
        for (one, other, expected) in [
            ("golden-web-*", "golden-web-*", true),
            ("golden-*", "golden-web-1", true),
            ("golden-*", "*-arm64", true),
            ("golden-web-*", "golden-api-*", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*b*c", "axc", false),
            ("*", "", true),
            ("", "", true),
            ("?", "", false),
        ] {
            assert_eq!(
                Pattern::new(one).overlaps(&Pattern::new(other)),
                expected,
                "{one} {other}"
            );
            assert_eq!(
                Pattern::new(other).overlaps(&Pattern::new(one)),
                expected,
                "{other} {one}"
            );
        }
    }

    #[test]
    fn a_pattern_is_shown_as_written_and_equal_to_what_is_written_so() {
        let pattern = Pattern::new("golden-*");
        assert_eq!(
            (pattern.as_str(), pattern.to_string().as_str()),
            ("golden-*", "golden-*")
        );
        assert_eq!(format!("{pattern:?}"), "\"golden-*\"");
        assert_eq!(pattern, Pattern::new("golden-*"));
        assert_ne!(pattern, Pattern::new("golden-?"));
        assert!(pattern.matches("golden-1") && !pattern.matches("golden"));
    }

    #[test]
    fn only_wildcards_alone_are_without_limit() {
        for (text, expected) in [("*", true), ("?*?", true), ("", true), ("*a", false)] {
            assert_eq!(Pattern::new(text).is_unlimited(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn patterns_that_share_a_text_overlap(one in "[ab*?]{0,6}", other in "[ab*?]{0,6}", text in "[ab]{0,6}") {
            let (one, other) = (Pattern::new(&one), Pattern::new(&other));
            if one.matches(&text) && other.matches(&text) {
                prop_assert!(one.overlaps(&other));
            }
        }

        #[test]
        fn a_pattern_overlaps_a_text_exactly_if_it_matches(one in "[ab*?]{0,6}", text in "[ab]{0,6}") {
            let (one, literal) = (Pattern::new(&one), Pattern::new(&text));
            prop_assert_eq!(one.overlaps(&literal), one.matches(&text));
        }
    }
}
