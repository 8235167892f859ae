//! Owns the reading of which tags replicas carry, and what AWS takes as a tag.

use super::TagRules;
use super::diagnostic::Code;
use super::document::{Key, Node, Table, Text};
use super::findings::Findings;
use super::pattern::Pattern;
use super::selection::check_pattern;
use super::suggest::quoted;
use crate::image::Tags;

const TAGS: Key = Key::new(
    "tags",
    r#"{ copy = true, drop = ["build:*"], add = { team = "platform" } }"#,
);
const COPY: Key = Key::new("copy", "true");
const DROP: Key = Key::new("drop", r#"["build:*"]"#);
const ADD: Key = Key::new("add", r#"{ managed-by = "amiary" }"#);
const ADDED: Key = Key::any("the tag's value", r#""amiary""#);

/// How many tags a policy can add: AWS takes 50, and Amiary adds up to 4 of its own.
pub(super) const MOST_ADDED: usize = 46;

/// Reads a family's rules for tags.
pub(super) fn read(family: &mut Table<'_>, findings: &mut Findings) -> Option<TagRules> {
    let everything = TagRules {
        copy: true,
        drop: Vec::new(),
        add: Tags::new(),
    };
    let Some(node) = family.optional(TAGS) else {
        return Some(everything);
    };
    let mut table = node.table(findings)?;
    let copy = table
        .optional(COPY)
        .map_or(Some(true), |node| node.flag(findings));
    let drop_node = table.optional(DROP);
    let drop = drop_node.map_or(Some(Vec::new()), |node| read_drop(node, findings));
    let add = table
        .optional(ADD)
        .map_or(Some(Tags::new()), |node| read_add(node, findings));
    table.finish(findings);
    if let (Some(false), Some(node)) = (copy, drop_node) {
        let message = "`drop` changes nothing where no tags are copied";
        findings.warning(
            Code::NoEffect,
            &node.span(),
            message,
            "leave drop out, or write copy = true",
        );
    }
    Some(TagRules {
        copy: copy?,
        drop: drop?,
        add: add?,
    })
}

fn read_drop(node: Node<'_>, findings: &mut Findings) -> Option<Vec<Pattern>> {
    let list = node.texts(findings)?;
    let mut whole = list.complete;
    for text in &list.items {
        if text.text.is_empty() {
            let help = "name a tag's key or a pattern of it, such as \"build:*\"";
            findings.error(
                Code::EmptySelector,
                &text.span,
                "an empty pattern drops nothing",
                help,
            );
            whole = false;
        }
        whole &= check_pattern(text, findings);
    }
    whole.then(|| {
        list.items
            .iter()
            .map(|text| Pattern::new(text.text))
            .collect()
    })
}

fn read_add(node: Node<'_>, findings: &mut Findings) -> Option<Tags> {
    let entries = node.table(findings)?.named(ADDED);
    let mut whole = entries.len() <= MOST_ADDED;
    if !whole {
        let message = format!(
            "{} tags are added, but a replica can take no more than {MOST_ADDED}",
            entries.len()
        );
        let help = format!(
            "add at most {MOST_ADDED}: AWS takes 50 for each resource, and Amiary adds up to 4 of its own"
        );
        findings.error(Code::TooManyTags, &node.span(), message, help);
    }
    let mut tags = Tags::new();
    for (key, node) in entries {
        whole &= check_key(&key, findings) && check_reserved(&key, findings);
        match node.text(findings) {
            Some(value) if check_value(&value, findings) => {
                tags.insert(key.text.to_owned(), value.text.to_owned());
            }
            _ => whole = false,
        }
    }
    whole.then_some(tags)
}

/// Reports a key that no tag can have.
pub(super) fn check_key(key: &Text<'_>, findings: &mut Findings) -> bool {
    let message = if key.text.is_empty() {
        "a tag's key can't be empty"
    } else if key.text.chars().count() > 127 {
        "a tag's key has at most 127 characters"
    } else if key.text.chars().any(char::is_control) {
        "a tag's key can't have control characters"
    } else {
        return true;
    };
    findings.error(
        Code::MalformedTag,
        &key.span,
        message,
        "write a key of 1 to 127 characters, such as \"Status\"",
    );
    false
}

fn check_reserved(key: &Text<'_>, findings: &mut Findings) -> bool {
    let lower: String = key
        .text
        .chars()
        .take(8)
        .collect::<String>()
        .to_ascii_lowercase();
    let owner = if lower.starts_with("aws:") {
        "AWS"
    } else if lower.starts_with("amiary:") {
        "Amiary"
    } else {
        return true;
    };
    let message = format!(
        "the tag {} can't be added: {owner} keeps this prefix for itself",
        quoted(key.text)
    );
    findings.error(
        Code::ReservedTag,
        &key.span,
        message,
        "choose a key with another prefix",
    );
    false
}

fn check_value(value: &Text<'_>, findings: &mut Findings) -> bool {
    let message = if value.text.chars().count() > 256 {
        "a tag's value has at most 256 characters"
    } else if value.text.chars().any(char::is_control) {
        "a tag's value can't have control characters"
    } else {
        return true;
    };
    findings.error(
        Code::MalformedTag,
        &value.span,
        message,
        "write at most 256 characters on one line",
    );
    false
}
