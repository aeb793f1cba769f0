//! Lines of a file, from an offset on.

use std::io;

use super::fs::FsFile;

/// One line, or what is left at the end of the file.
pub(super) struct RawLine<'l> {
    /// Without the newline.
    pub(super) bytes: &'l [u8],
    /// Whether there was a newline.
    pub(super) whole: bool,
    /// The offset behind it.
    pub(super) end: u64,
}

/// Lines of a file, read in growing steps: most often there is one, or none.
pub(super) struct Lines<'f> {
    file: &'f dyn FsFile,
    /// The file's offset of `buffer[0]`.
    base: u64,
    buffer: Vec<u8>,
    /// Up to where `buffer` has been given out.
    taken: usize,
    step: usize,
    eof: bool,
}

impl<'f> Lines<'f> {
    pub(super) fn new(file: &'f dyn FsFile, offset: u64) -> Self {
        Self { file, base: offset, buffer: Vec::new(), taken: 0, step: 8 * 1024, eof: false }
    }

    /// The next line.
    pub(super) fn next(&mut self) -> io::Result<Option<RawLine<'_>>> {
        let mut searched = self.taken;
        let newline = loop {
            if let Some(at) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                break Some(searched + at);
            }
            searched = self.buffer.len();
            if self.eof {
                break None;
            }
            searched -= self.taken;
            self.fill()?;
        };
        let start = self.taken;
        let end = newline.unwrap_or(self.buffer.len());
        if newline.is_none() && start == end {
            return Ok(None);
        }
        self.taken = newline.map_or(end, |at| at + 1);
        let (bytes, whole) = (&self.buffer[start..end], newline.is_some());
        Ok(Some(RawLine { bytes, whole, end: self.base + self.taken as u64 }))
    }

    /// Drops what was given out and reads one step more.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.taken);
        self.base += self.taken as u64;
        self.taken = 0;
        let filled = self.buffer.len();
        self.buffer.resize(filled + self.step, 0);
        let read = self.file.read_at(&mut self.buffer[filled..], self.base + filled as u64);
        self.buffer.truncate(filled + *read.as_ref().unwrap_or(&0));
        self.eof = read? < self.step;
        self.step = (self.step * 2).min(1024 * 1024);
        Ok(())
    }
}
