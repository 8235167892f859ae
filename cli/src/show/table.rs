//! Owns tables.

use comfy_table::{ContentArrangement, Table, presets};

/// A table with a line under its head.
pub(crate) fn table(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(head.iter().map(|cell| (*cell).to_owned()));
    table.add_rows(rows);
    table.to_string()
}
