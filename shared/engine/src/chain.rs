//! Owns how an error is told with everything below it: each sentence once, however the layers
//! repeat one another.

use amiary_domain::notice::printable;
use std::error::Error;

/// The most characters of one sentence: some libraries put a whole request into theirs.
const LONGEST: usize = 400;

/// An error and what lies below it, the outermost first, without what an earlier sentence says
/// already. Each sentence is printable: some quote what they could not read.
pub fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let sentence = error.to_string();
        if !told.iter().any(|before| before.contains(sentence.as_str())) {
            told.push(sentence);
        }
        next = error.source();
    }
    told.iter().map(|sentence| shortened(sentence)).collect()
}

fn shortened(sentence: &str) -> String {
    let line: String = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = printable(&line);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: String,
        #[source]
        below: Option<Box<Layer>>,
    }

    fn layers(texts: &[&str]) -> Layer {
        let below = (texts.len() > 1).then(|| Box::new(layers(&texts[1..])));
        Layer {
            text: texts[0].to_owned(),
            below,
        }
    }

    #[test]
    fn what_a_layer_repeats_is_told_once() {
        let error = layers(&["the call failed: no route", "no route", "cable unplugged"]);
        assert_eq!(
            chain(&error),
            ["the call failed: no route", "cable unplugged"]
        );
    }

    #[test]
    fn a_sentence_that_quotes_control_characters_is_printable() {
        let error = layers(&["unexpected token '\0' and \u{9b}31m"]);
        assert_eq!(
            chain(&error),
            ["unexpected token '\u{fffd}' and \u{fffd}31m"]
        );
    }

    #[test]
    fn a_sentence_is_one_line_of_bounded_length() {
        let error = layers(&[&format!("first\nsecond {}", "x".repeat(1_000))]);
        assert!(chain(&error)[0].starts_with("first second x"));
        assert_eq!(chain(&error)[0].chars().count(), LONGEST + 1);
    }
}
