//! What plans must hold, over a world small enough to be seen through.

mod decisions;
mod properties;
mod toy;
