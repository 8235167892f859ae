//! Owns the strict reading of TOML: every value with its place, and every key that nobody asked
//! for reported.

use super::diagnostic::{Code, Span};
use super::findings::Findings;
use super::suggest::{nearest, quoted};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A key of the schema, with an example of its value.
#[derive(Clone, Copy)]
pub(super) struct Key {
    name: &'static str,
    example: &'static str,
    /// Whether the name is no key but says what the values of a table are, whose keys are names.
    named: bool,
}

impl Key {
    /// A key of this name.
    pub(super) const fn new(name: &'static str, example: &'static str) -> Self {
        Self {
            name,
            example,
            named: false,
        }
    }

    /// What the values of a table are whose keys are names.
    pub(super) const fn any(what: &'static str, example: &'static str) -> Self {
        Self {
            name: what,
            example,
            named: true,
        }
    }

    /// An example of its value.
    pub(super) const fn example(self) -> &'static str {
        self.example
    }

    fn shown(self) -> String {
        if self.named {
            self.name.to_owned()
        } else {
            format!("`{}`", self.name)
        }
    }

    fn help(self) -> String {
        if self.named {
            format!("write it as {}", self.example)
        } else {
            format!("write {} = {}", self.name, self.example)
        }
    }
}

/// A text of the document, with its place.
#[derive(Clone)]
pub(super) struct Text<'d> {
    pub(super) text: &'d str,
    pub(super) span: Span,
}

/// What was read of a list. It is incomplete where an item had to be left out for a mistake.
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
    pub(super) complete: bool,
}

/// A value of the document, with the key it stands under.
#[derive(Clone, Copy)]
pub(super) struct Node<'d> {
    key: Key,
    value: &'d Spanned<DeValue<'d>>,
}

/// A table of the document, with the keys asked for so far.
pub(super) struct Table<'d> {
    pub(super) span: Span,
    entries: Vec<(Text<'d>, &'d Spanned<DeValue<'d>>)>,
    known: Vec<&'static str>,
    missing: Vec<Key>,
}

impl<'d> Node<'d> {
    /// The place of the value.
    pub(super) fn span(&self) -> Span {
        self.value.span()
    }

    /// The name of its key as people are told it.
    pub(super) fn shown(&self) -> String {
        self.key.shown()
    }

    /// How its key is written.
    pub(super) fn help(&self) -> String {
        self.key.help()
    }

    /// The value itself, for where several types are taken.
    pub(super) fn value(&self) -> &'d DeValue<'d> {
        self.value.get_ref()
    }

    /// The text, or a mistake reported.
    pub(super) fn text(&self, findings: &mut Findings) -> Option<Text<'d>> {
        match self.value() {
            DeValue::String(text) => Some(Text {
                text: text.as_ref(),
                span: self.span(),
            }),
            _ => self.wrong_type("a string", findings),
        }
    }

    /// The text, if it is not empty.
    pub(super) fn filled_text(&self, findings: &mut Findings) -> Option<Text<'d>> {
        let text = self.text(findings)?;
        if text.text.is_empty() {
            findings.error(
                Code::EmptySelector,
                &text.span,
                format!("{} is empty", self.key.shown()),
                self.key.help(),
            );
            return None;
        }
        Some(text)
    }

    /// The list of texts, each once.
    pub(super) fn texts(&self, findings: &mut Findings) -> Option<Listed<Text<'d>>> {
        let DeValue::Array(array) = self.value() else {
            return self.wrong_type("a list of strings", findings);
        };
        let mut list = Listed {
            items: Vec::<Text<'d>>::new(),
            complete: true,
        };
        let mut seen = std::collections::BTreeMap::<&str, Span>::new();
        for value in array {
            let item = Node {
                key: self.key,
                value,
            };
            let DeValue::String(text) = item.value() else {
                item.wrong_item(findings);
                list.complete = false;
                continue;
            };
            if let Some(first) = seen.get(text.as_ref()) {
                let message = format!("{} stands twice in {}", quoted(text), self.key.shown());
                findings
                    .error(
                        Code::Repeated,
                        &item.span(),
                        message,
                        "leave one of them out",
                    )
                    .related(first, "first here");
                continue;
            }
            seen.insert(text.as_ref(), item.span());
            list.items.push(Text {
                text: text.as_ref(),
                span: item.span(),
            });
        }
        Some(list)
    }

    /// The list of texts, if it is not empty.
    pub(super) fn filled_texts(&self, findings: &mut Findings) -> Option<Listed<Text<'d>>> {
        let list = self.texts(findings)?;
        if list.items.is_empty() && list.complete {
            findings.error(
                Code::EmptySelector,
                &self.span(),
                format!("{} is empty", self.key.shown()),
                format!("an empty list selects nothing; {}", self.key.help()),
            );
            return None;
        }
        Some(list)
    }

    /// The truth value.
    pub(super) fn flag(&self, findings: &mut Findings) -> Option<bool> {
        match self.value() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong_type("true or false", findings),
        }
    }

    /// The table.
    pub(super) fn table(&self, findings: &mut Findings) -> Option<Table<'d>> {
        match self.value() {
            DeValue::Table(table) => Some(Table::new(table, self.span())),
            _ => self.wrong_type("a table", findings),
        }
    }

    /// The list of tables.
    pub(super) fn tables(&self, findings: &mut Findings) -> Option<Vec<Table<'d>>> {
        let DeValue::Array(array) = self.value() else {
            return self.wrong_type("a list of tables", findings);
        };
        let mut tables = Vec::new();
        for value in array {
            tables.push(
                Node {
                    key: self.key,
                    value,
                }
                .table(findings)?,
            );
        }
        Some(tables)
    }

    /// Reports that the value is of another type than the one wanted.
    pub(super) fn wrong_type<T>(&self, wanted: &str, findings: &mut Findings) -> Option<T> {
        let message = format!(
            "{} must be {wanted}, but is {}",
            self.key.shown(),
            type_of(self.value())
        );
        findings.error(Code::WrongType, &self.span(), message, self.key.help());
        None
    }

    fn wrong_item(&self, findings: &mut Findings) {
        let message = format!(
            "the items of {} must be strings, but this is {}",
            self.key.shown(),
            type_of(self.value())
        );
        findings.error(Code::WrongType, &self.span(), message, self.key.help());
    }
}

impl<'d> Table<'d> {
    /// The table, its entries in the order of the file.
    pub(super) fn new(table: &'d DeTable<'d>, span: Span) -> Self {
        let mut entries: Vec<_> = table
            .iter()
            .map(|(key, value)| {
                (
                    Text {
                        text: key.get_ref().as_ref(),
                        span: key.span(),
                    },
                    value,
                )
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span.start);
        Self {
            span,
            entries,
            known: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// The value of a key that may be left out.
    pub(super) fn optional(&mut self, key: Key) -> Option<Node<'d>> {
        self.known.push(key.name);
        let (_, value) = self
            .entries
            .iter()
            .find(|(name, _)| name.text == key.name)?;
        Some(Node { key, value })
    }

    /// The value of a key that must be there. [`Table::finish`] reports it if it is not.
    pub(super) fn required(&mut self, key: Key) -> Option<Node<'d>> {
        let node = self.optional(key);
        if node.is_none() {
            self.missing.push(key);
        }
        node
    }

    /// Every entry, for tables whose keys are names. `key` describes what the values are.
    pub(super) fn named(self, key: Key) -> Vec<(Text<'d>, Node<'d>)> {
        self.entries
            .into_iter()
            .map(|(name, value)| (name, Node { key, value }))
            .collect()
    }

    /// Whether nothing stands in it.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Reports the keys that nobody asked for, and those that are missing. A missing key that
    /// another was meant to be is only one mistake.
    pub(super) fn finish(mut self, findings: &mut Findings) {
        for (key, _) in self
            .entries
            .iter()
            .filter(|(key, _)| !self.known.contains(&key.text))
        {
            let message = format!("unknown key {}", quoted(key.text));
            let help = if let Some(near) = nearest(key.text, self.known.iter().copied()) {
                self.missing.retain(|missing| missing.name != near);
                format!("did you mean `{near}`?")
            } else {
                let known: Vec<String> =
                    self.known.iter().map(|name| format!("`{name}`")).collect();
                format!("the keys here are {}", known.join(", "))
            };
            findings.error(Code::UnknownKey, &key.span, message, help);
        }
        for key in self.missing {
            let message = format!("{} is missing", key.shown());
            findings.error(Code::MissingKey, &self.span, message, key.help());
        }
    }
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
