//! The table.

use std::fmt::Display;
use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};

/// One line of the table.
pub(crate) struct Figure {
    measure: String,
    figure: String,
    reference: String,
    ratio: String,
    reach: String,
}

impl Figure {
    /// A figure that stands alone.
    pub(crate) fn of(measure: impl Display, figure: impl Display) -> Self {
        let (measure, figure) = (measure.to_string(), figure.to_string());
        Self { measure, figure, reference: String::new(), ratio: String::new(), reach: String::new() }
    }

    /// A group that could not be measured.
    pub(crate) fn failed(group: &str, error: &anyhow::Error) -> Self {
        Self::of(group, format!("not measured: {error:#}"))
    }

    /// What it is compared with.
    pub(crate) fn against(self, reference: impl Display) -> Self {
        Self { reference: reference.to_string(), ..self }
    }

    /// How it compares.
    pub(crate) fn ratio(self, figure: f64, reference: f64) -> Self {
        Self { ratio: format!("{:.2}", figure / reference), ..self }
    }

    /// What is to be reached.
    pub(crate) fn reach(self, reach: impl Display) -> Self {
        Self { reach: reach.to_string(), ..self }
    }

    /// A time beside the time of something else, and their ratio.
    pub(crate) fn times(measure: impl Display, figure: Duration, what: &str, reference: Duration) -> Self {
        Self::of(measure, ms(figure))
            .against(format!("{} {what}", ms(reference)))
            .ratio(figure.as_secs_f64(), reference.as_secs_f64())
    }
}

/// A time as it is printed.
pub(crate) fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}

/// All figures, aligned.
pub(crate) fn render(figures: &[Figure]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["MEASURE", "FIGURE", "REFERENCE", "RATIO", "REACH"]);
    for Figure { measure, figure, reference, ratio, reach } in figures {
        table.add_row([measure, figure, reference, ratio, reach]);
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
