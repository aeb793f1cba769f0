//! Cutting a stream of bytes into lines, none of which may grow without limit.

/// The longest line that is kept, in bytes (SPEC 10.1).
pub(super) const LONGEST: usize = 10 << 20;
/// A buffer that grew beyond this is given back once it is empty.
const ROOMY: usize = 1 << 20;

/// Bytes that have come and were not taken yet.
#[derive(Debug)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Where the next line begins.
    begin: usize,
    /// Up to where no line's end was found.
    searched: usize,
    longest: usize,
    /// Whether the rest of a line that is too long is still to come.
    skipping: bool,
}

/// A line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Its bytes.
    Whole(&'a [u8]),
    /// It was longer than the limit and is gone.
    TooLong,
}

impl Lines {
    pub(super) fn new(longest: usize) -> Self {
        Self { bytes: Vec::new(), begin: 0, searched: 0, longest, skipping: false }
    }

    /// Where new bytes are to be appended. What was taken is forgotten.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.begin);
        self.searched -= self.begin;
        self.begin = 0;
        if self.bytes.is_empty() {
            self.bytes.shrink_to(ROOMY);
        }
        &mut self.bytes
    }

    /// The next line, where one is whole.
    pub(super) fn next(&mut self) -> Option<Line<'_>> {
        while let Some(length) = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n') {
            let (begin, end) = (self.begin, self.searched + length);
            self.begin = end + 1;
            self.searched = self.begin;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if end - begin > self.longest {
                return Some(Line::TooLong);
            }
            return Some(Line::Whole(&self.bytes[begin..end]));
        }
        self.searched = self.bytes.len();
        if self.searched - self.begin <= self.longest {
            return None;
        }
        self.begin = self.searched;
        (!std::mem::replace(&mut self.skipping, true)).then_some(Line::TooLong)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(chunks: &[&[u8]], longest: usize) -> Vec<String> {
        let mut lines = Lines::new(longest);
        let mut found = Vec::new();
        for chunk in chunks {
            lines.room().extend_from_slice(chunk);
            while let Some(line) = lines.next() {
                found.push(match line {
                    Line::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                    Line::TooLong => "<too long>".to_owned(),
                });
            }
        }
        found
    }

    #[test]
    fn a_line_that_is_too_long_is_said_once_and_costs_no_other() {
        for (chunks, expected) in [
            (&[b"a\nbc" as &[u8], b"d\n\n"][..], &["a", "bcd", ""][..]),
            (&[b"12345\n123456\n1\n"], &["12345", "<too long>", "1"]),
            (&[b"123", b"456", b"789", b"\nnext\n"], &["<too long>", "next"]),
            (&[b"123456", b"7\n8\n123456\n9\n"], &["<too long>", "8", "<too long>", "9"]),
            (&[b"open"], &[]),
        ] {
            assert_eq!(cut(chunks, 5), expected, "{chunks:?}");
        }
    }

    #[test]
    fn no_more_is_kept_than_one_line_may_have() {
        let mut lines = Lines::new(100);
        for _ in 0..1000 {
            lines.room().extend_from_slice(&[b'x'; 64]);
            while lines.next().is_some() {}
        }
        assert!(lines.bytes.len() <= 164, "{}", lines.bytes.len());
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_lines_are_the_same(text in "[a\n]{0,40}", cuts in proptest::collection::vec(0_usize..40, 0..5)) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut begin = 0;
            for cut in cuts.into_iter().chain([text.len()]) {
                chunks.push(&text.as_bytes()[begin..cut]);
                begin = cut;
            }
            prop_assert_eq!(cut(&chunks, 6), cut(&[text.as_bytes()], 6));
        }
    }
}
