//! XML documents as trees of elements.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;

/// Deeper than any document nests.
const DEEPEST: usize = 64;

/// One element of a document.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element of that name, at whatever depth.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        if self.name == name {
            return Some(&self.text);
        }
        self.children.iter().find_map(|child| child.find(name))
    }
}

/// The root of a document; `Err` says why it is none.
pub(crate) fn document(body: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                if open.len() > DEEPEST {
                    return Err("it nests too deeply".to_owned());
                }
                open.push(named(tag.name().as_ref()));
            }
            Event::Empty(tag) => {
                let element = named(tag.name().as_ref());
                if let Some(parent) = open.last_mut() {
                    parent.children.push(element);
                }
            }
            Event::End(_) => {
                let done = open.pop().unwrap_or_default();
                let parent = open.last_mut().ok_or("it ends too often")?;
                parent.children.push(done);
            }
            Event::Text(text) => append(&mut open, &text)?,
            Event::GeneralRef(name) => append(&mut open, &format!("&{};", &*name))?,
            Event::Eof => break,
            _ => {}
        }
    }
    match open.pop() {
        Some(root) if open.is_empty() => {
            let first = root.children.into_iter().next();
            first.ok_or_else(|| "it is empty".to_owned())
        }
        _ => Err("it does not end".to_owned()),
    }
}

fn named(name: &str) -> Element {
    Element {
        name: name.to_owned(),
        ..Element::default()
    }
}

fn append(open: &mut [Element], text: &str) -> Result<(), String> {
    let text = unescape(text).map_err(|error| error.to_string())?;
    if let Some(element) = open.last_mut() {
        element.text.push_str(&text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_and_anything_else_is_refused() {
        let root = document(b"<?xml version=\"1.0\"?><a x=\"1\"><b>1 &lt; 2</b><c/></a>");
        let root = root.expect("a document");
        assert_eq!((root.name.as_str(), root.find("b")), ("a", Some("1 < 2")));
        assert!(root.child("c").is_some());
        for body in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "</a>",
            "<a><b></a>",
            "<a>&x;</a>",
        ] {
            assert!(document(body.as_bytes()).is_err(), "{body}");
        }
        assert!(document("<a>".repeat(100_000).as_bytes()).is_err());
    }
}
