//! Text for people: tables, and what the terminal must not interpret.

use comfy_table::{ContentArrangement, Table, presets};

use crate::model::{Reason, Timestamp};

/// How text is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether escape sequences may be used.
    pub color: bool,
    /// Columns of the terminal; `None` where there is none.
    pub columns: Option<u16>,
}

/// Text from trackers and agents with its control characters made visible; line feeds and tabs become spaces.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' | '\r' => out.push(' '),
            c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Marks that turn the direction of writing or hide in it.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A table without borders; cells are escaped. Empty rows give an empty text.
pub(super) fn table<const N: usize>(
    style: Style,
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(columns) = style.columns {
        table.set_width(columns);
    } else {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table.set_header(header);
    let mut empty = true;
    for row in rows {
        empty = false;
        table.add_row(row.map(|cell| escape(&cell)));
    }
    if empty {
        return String::new();
    }
    table.lines().map(|line| format!("{}\n", line.trim_end().strip_prefix(' ').unwrap_or(line.trim_end()))).collect()
}

/// Reasons in one line.
pub(super) fn reasons(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| reason.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// How long it is from one instant to a later one: `3s`, `4m`, `2h`, `5d`. After a jump of the clock what is past may seem
/// to come: that is no time at all.
pub(super) fn distance(from: Timestamp, to: Timestamp) -> String {
    let seconds = (to - from).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_is_not_at_the_tracker_s_mercy() {
        assert_eq!(escape("a\x1b[31mb\nc\u{202e}d"), "a\\u{1b}[31mb c\\u{202e}d");
    }
}
