//! What a scenario is.

use crate::aws::Aws;

/// Scenarios about one part of AWS.
pub struct Section {
    /// Its name in test names.
    pub name: &'static str,
    /// Its heading in the table.
    pub title: &'static str,
    pub scenarios: &'static [Scenario],
}

/// One behaviour, and how it is shown.
pub struct Scenario {
    pub name: &'static str,
    /// The behaviour, as a sentence.
    pub behaviour: &'static str,
    /// The page it follows, below `https://docs.aws.amazon.com/`.
    pub page: &'static str,
    pub sure: Sure,
    /// Whether moto is right about it too, so that the scenario runs there and must agree.
    pub moto: bool,
    pub run: fn(&Aws<'_>),
}

/// How sure it is that AWS behaves so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    /// The page says it.
    Documented,
    /// It follows from what pages say, or error lists and examples show it.
    Inferred,
    /// No page says it, or pages conflict: this is a choice.
    Chosen,
}

impl Scenario {
    /// Runs on moto as well.
    pub const fn and_moto(mut self) -> Self {
        self.moto = true;
        self
    }
}

/// A scenario of a function: `scenario!(function, Documented, "page", "Behaviour.")`.
macro_rules! scenario {
    ($run:ident, $sure:ident, $page:expr, $behaviour:expr $(,)?) => {
        $crate::scenario::Scenario {
            name: stringify!($run),
            behaviour: $behaviour,
            page: $page,
            sure: $crate::scenario::Sure::$sure,
            moto: false,
            run: $run,
        }
    };
}
pub(crate) use scenario;
