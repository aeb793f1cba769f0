//! What a child writes: stdout and stderr through one pipe, so that they come in the order in which they were written.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

const CHUNK: usize = 64 * 1024;
/// More than a pipe holds: what a child wrote before its end, and not what its background children go on to write.
const DRAIN_LIMIT: usize = 1 << 20;

/// The reading end of a child's output.
#[derive(Debug)]
pub struct Output {
    pipe: Receiver,
    is_open: bool,
    buffer: Vec<u8>,
}

impl Output {
    /// A pipe, and its writing end as stdout and as stderr. Within a tokio runtime.
    pub fn new() -> io::Result<(Self, Stdio, Stdio)> {
        let (reader, writer) = io::pipe()?;
        let pipe = Receiver::from_owned_fd(OwnedFd::from(reader))?;
        let output = Self { pipe, is_open: true, buffer: vec![0; CHUNK] };
        Ok((output, writer.try_clone()?.into(), writer.into()))
    }

    /// The next bytes. Waits for ever once nobody can write any more: a child's end is learnt by waiting for the child.
    /// Cancel-safe.
    pub async fn read(&mut self) -> &[u8] {
        while self.is_open {
            match self.pipe.read(&mut self.buffer).await {
                Ok(0) | Err(_) => self.is_open = false,
                Ok(count) => return &self.buffer[..count],
            }
        }
        std::future::pending().await
    }

    /// Takes what is there now, without waiting: after a child's end its background children may still hold the pipe.
    pub fn drain(&mut self, mut take: impl FnMut(&[u8])) {
        let mut taken = 0;
        while taken < DRAIN_LIMIT {
            match self.pipe.try_read(&mut self.buffer) {
                Ok(0) | Err(_) => return,
                Ok(count) => {
                    take(&self.buffer[..count]);
                    taken += count;
                }
            }
        }
    }
}

/// The last bytes of a stream.
#[derive(Debug)]
pub struct Tail {
    bytes: VecDeque<u8>,
    limit: usize,
}

impl Tail {
    /// Keeps the last `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { bytes: VecDeque::new(), limit }
    }

    /// Adds some.
    pub fn push(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(self.limit)..];
        self.bytes.drain(..(self.bytes.len() + kept.len()).saturating_sub(self.limit));
        self.bytes.extend(kept);
    }

    /// What was kept.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes.into()
    }

    /// What was kept, as text. What does not read as UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes: Vec<u8> = self.bytes.iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The last line that is not blank, at most `limit` characters of it. What does not read as UTF-8 is replaced.
    #[must_use]
    pub fn last_line(&self, limit: usize) -> Option<String> {
        let text = self.text();
        // A progress display writes its line again and again behind a carriage return.
        let line = text.split(['\n', '\r']).map(str::trim).rfind(|line| !line.is_empty())?;
        Some(line.chars().take(limit).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_tail_is_the_end_of_all_that_was_pushed(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..10),
            limit in 0_usize..30,
        ) {
            let all = chunks.concat();
            let mut tail = Tail::new(limit);
            chunks.iter().for_each(|chunk| tail.push(chunk));
            prop_assert_eq!(tail.into_bytes(), &all[all.len().saturating_sub(limit)..]);
        }
    }

    #[test]
    fn the_last_line_is_the_last_one_that_says_something() {
        for (text, expected) in [
            (&b""[..], None),
            (b" \n\r\n", None),
            (b"one\ntwo\n\n", Some("two")),
            (b"10%\r20%\r", Some("20%")),
            (b"a\xff\n", Some("a\u{fffd}")),
            (b"123456789", Some("12345678")),
        ] {
            let mut tail = Tail::new(100);
            tail.push(text);
            assert_eq!(tail.last_line(8).as_deref(), expected, "{text:?}");
        }
    }
}
