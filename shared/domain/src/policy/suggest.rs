//! Owns the guess at what a misspelt word was meant to be, and how foreign text is quoted.

/// The candidate nearest to what was written, where one is near enough to be meant.
pub(super) fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if written.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (distance(written, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters must be added, taken away or replaced to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

/// A sentence that offers the nearest candidate, or else says something else.
pub(super) fn meant<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    otherwise: &str,
) -> String {
    match nearest(written, candidates) {
        Some(near) => format!("did you mean `{}`?", near.escape_debug()),
        None => otherwise.to_owned(),
    }
}

/// Foreign text in quotes, escaped and at most 64 characters long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 64;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_and_no_far_one() {
        let words = ["regions", "accounts", "as-source", "key", "keys"];
        assert_eq!(nearest("regoins", words), Some("regions"));
        assert_eq!(nearest("as_source", words), Some("as-source"));
        assert_eq!(nearest("kye", words), None);
        assert_eq!(nearest("kes", words), Some("key"));
        assert_eq!(nearest("colour", words), None);
        assert_eq!(nearest(&"x".repeat(100_000), words), None);
    }

    #[test]
    fn a_third_of_a_word_may_be_wrong_and_of_equals_the_first_is_offered() {
        assert_eq!(nearest("abcxyz", ["abcdef"]), None, "half of it");
        assert_eq!(
            nearest("abcdxy", ["abcdef"]),
            Some("abcdef"),
            "a third of it"
        );
        assert_eq!(
            nearest("b", ["a"]),
            Some("a"),
            "one character may always be"
        );
        assert_eq!(nearest("cat", ["rat", "bat"]), Some("bat"));
        let (fits, long) = ("x".repeat(64), "x".repeat(65));
        assert_eq!(nearest(&fits, [fits.as_str()]), Some(fits.as_str()));
        assert_eq!(nearest(&fits, [long.as_str()]), None);
        assert_eq!(nearest(&long, [fits.as_str()]), None);
    }

    #[test]
    fn what_is_meant_is_offered_and_otherwise_something_else_is_said() {
        assert_eq!(
            meant("regoins", ["regions"], "look"),
            "did you mean `regions`?"
        );
        assert_eq!(meant("colour", ["regions"], "look"), "look");
    }

    #[test]
    fn foreign_text_is_quoted_escaped_and_cut() {
        assert_eq!(quoted("a\"b\u{1b}"), r#""a\"b\u{1b}""#);
        assert_eq!(
            quoted(&"\u{e9}".repeat(64)),
            format!("\"{}\"", "\u{e9}".repeat(64))
        );
        assert_eq!(
            quoted(&"x".repeat(65)),
            format!("\"{}\u{2026}\"", "x".repeat(64))
        );
    }

    #[test]
    fn distances_are_counted() {
        for (one, other, far) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("é", "e", 1),
            ("abc", "", 3),
            ("abcd", "acbd", 2),
            ("abc", "xabc", 1),
            ("flaw", "lawn", 2),
            ("intention", "execution", 5),
        ] {
            assert_eq!(distance(one, other), far, "{one} {other}");
        }
    }
}
