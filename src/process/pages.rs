//! Giving back the pages of the program's text that starting up touched.
//!
//! A supervisor parses, renders, launches, and then waits for hours. The kernel maps a program's text in pieces of 64 KiB
//! around each call, and leaves them mapped for as long as the process lives: several megabytes, of which waiting needs a
//! tenth. Text is never written, so that a piece which is needed again is mapped again from the page cache.
#![expect(unsafe_code, reason = "`madvise` on mappings that are executable and not writable: there is nothing to lose")]

use std::fs;
use std::ops::Range;

/// Gives them back, where the system can. What is called next comes back by itself.
pub fn give_back_text() {
    let (Ok(maps), Ok(program)) = (fs::read_to_string("/proc/self/maps"), fs::read_link("/proc/self/exe")) else {
        return;
    };
    for range in text_of(&maps, &program.to_string_lossy()) {
        #[cfg(target_os = "linux")]
        // SAFETY: the range is one of this process's own file mappings, which nothing can have written to; the kernel
        // maps the same bytes again when they are read or executed.
        unsafe {
            libc::madvise(std::ptr::with_exposed_provenance_mut(range.start), range.len(), libc::MADV_DONTNEED);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = range;
    }
}

/// The mappings of this file that are executable and cannot be written, by lines of `/proc/PID/maps` such as
/// `55d0c0a00000-55d0c1200000 r-xp 00200000 fd:01 131073  /usr/bin/baton`.
fn text_of(maps: &str, program: &str) -> Vec<Range<usize>> {
    let range = |line: &str| {
        let (range, rest) = line.split_once(' ')?;
        let (flags, rest) = rest.split_once(' ')?;
        let is_text = flags == "r-xp" && rest.splitn(4, ' ').nth(3)?.trim_start() == program;
        let (start, end) = range.split_once('-').filter(|_| is_text)?;
        Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
    };
    maps.lines().filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_program_s_own_text_counts() {
        let maps = "\
55d0c0800000-55d0c0a00000 r--p 00000000 fd:01 131073                     /opt/a b/baton
55d0c0a00000-55d0c1200000 r-xp 00200000 fd:01 131073                     /opt/a b/baton
55d0c1300000-55d0c1301000 rw-p 00300000 fd:01 131073                     /opt/a b/baton
7f0000000000-7f0000001000 r-xp 00000000 fd:01 131074                     /usr/lib/libc.so.6
7f0000002000-7f0000003000 r-xp 00000000 00:00 0
";
        let text = text_of(maps, "/opt/a b/baton");
        assert_eq!((text.len(), &text[0]), (1, &(0x55d0_c0a0_0000..0x55d0_c120_0000)));
        assert!(text_of("nonsense\n", "/opt/a b/baton").is_empty());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn less_of_it_is_mapped_and_the_program_goes_on() {
        let mapped = || {
            let smaps = fs::read_to_string("/proc/self/smaps").expect("smaps");
            let program = fs::read_link("/proc/self/exe").expect("a program");
            let text = smaps
                .lines()
                .skip_while(|line| !(line.contains("r-xp") && line.ends_with(program.to_str().expect("text"))));
            let rss = text.skip(1).find_map(|line| line.strip_prefix("Rss:")).expect("a figure");
            rss.trim().trim_end_matches(" kB").parse::<u64>().expect("a number")
        };
        let much = || {
            let parser = liquid::ParserBuilder::with_stdlib().build().expect("a parser");
            let template = parser.parse("{% for n in (1..3) %}{{ n | times: 2 }}{% endfor %}").expect("a template");
            assert_eq!(template.render(&liquid::Object::new()).expect("a text"), "246");
            mapped()
        };
        // What the measuring itself needs is there each time.
        mapped();
        give_back_text();
        let before = much();
        give_back_text();
        let after = mapped();
        assert!(after < before, "{before} kB, then {after} kB");
        much();
    }
}
