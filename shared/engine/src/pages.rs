//! Owns the turning of a listing's pages: whatever is answered, it comes to an end.

use crate::ports::{Class, PortError};
use std::fmt::Display;

/// The most pages of one listing: far more than any account's images or any record fill.
const MOST_PAGES: usize = 1_000;

/// The pages of one listing.
#[derive(Debug, Default)]
pub struct Pages {
    turned: usize,
    last: Option<String>,
}

/// A listing without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoEnd {
    /// A page names itself as the next one.
    #[error("a page of the listing leads to itself")]
    Itself,
    /// There are too many.
    #[error("the listing did not end after {MOST_PAGES} pages")]
    TooMany,
}

impl NoEnd {
    /// The error of a listing by this operation at a place.
    pub fn of(self, operation: &'static str, place: impl Display) -> PortError {
        PortError {
            class: Class::Retry,
            operation,
            place: place.to_string(),
            code: "UnreadableAnswer".to_owned(),
            message: self.to_string(),
            request: None,
            repeated: false,
            source: Some(Box::new(self)),
        }
    }
}

impl Pages {
    /// Turns to the page that the last one named, if it named one.
    ///
    /// # Errors
    /// Where that is the same page again, or the listing has no end.
    pub fn turn(&mut self, next: Option<String>) -> Result<Option<String>, NoEnd> {
        self.turned += 1;
        if next.is_some() && next == self.last {
            return Err(NoEnd::Itself);
        }
        if next.is_some() && self.turned >= MOST_PAGES {
            return Err(NoEnd::TooMany);
        }
        self.last.clone_from(&next);
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_ends_where_a_page_names_no_next_one() {
        let mut pages = Pages::default();
        for page in 0..MOST_PAGES - 1 {
            let next = Some(page.to_string());
            assert_eq!(pages.turn(next.clone()), Ok(next));
        }
        assert_eq!(pages.turn(None), Ok(None));
    }

    #[test]
    fn a_listing_whose_pages_lead_to_themselves_or_never_end_is_given_up() {
        let mut pages = Pages::default();
        assert!(pages.turn(Some("a".to_owned())).is_ok());
        assert_eq!(pages.turn(Some("a".to_owned())), Err(NoEnd::Itself));
        let mut pages = Pages::default();
        let ended = (0..MOST_PAGES).find_map(|page| pages.turn(Some(page.to_string())).err());
        assert_eq!(ended, Some(NoEnd::TooMany));
    }
}
