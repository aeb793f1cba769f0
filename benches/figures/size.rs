//! The program on disk.

use std::fs;

use anyhow::Result;

use crate::project::BATON;
use crate::table::Figure;

pub(crate) fn measure() -> Result<Vec<Figure>> {
    let bytes = u32::try_from(fs::metadata(BATON)?.len())?;
    let mib = f64::from(bytes) / f64::from(1 << 20);
    Ok(vec![Figure::of("the program, stripped", format!("{mib:.2} MiB")).reach("< 12 MiB")])
}
