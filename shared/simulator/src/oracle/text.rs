//! Finding ids in texts that anything may be written in.

/// The image ids in a text.
pub(super) fn image_ids(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("ami-").filter_map(|(at, start)| {
        let digits = &text[at + start.len()..];
        let length = digits.bytes().take_while(u8::is_ascii_hexdigit).count();
        (length > 0 && !within_a_word(&text[..at])).then(|| &text[at..at + start.len() + length])
    })
}

/// Whether a text names an id, and not only a longer one that holds it.
pub(super) fn names(text: &str, id: &str) -> bool {
    text.match_indices(id).any(|(at, _)| {
        let next = text[at + id.len()..].bytes().next();
        !within_a_word(&text[..at]) && !next.is_some_and(|next| next.is_ascii_alphanumeric())
    })
}

fn within_a_word(before: &str) -> bool {
    let last = before.bytes().next_back();
    last.is_some_and(|last| last.is_ascii_alphanumeric() || last == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_as_a_whole_word() {
        let text = "IMAGE#ami-0a1 and (ami-0b2), not my-ami-0c3 nor xami-0d4 nor ami-";
        let found: Vec<&str> = image_ids(text).collect();
        assert_eq!(found, ["ami-0a1", "ami-0b2"]);
        for (id, named) in [("ami-0a1", true), ("ami-0a", false), ("ami-0c3", false)] {
            assert_eq!(names(text, id), named, "{id}");
        }
    }
}
