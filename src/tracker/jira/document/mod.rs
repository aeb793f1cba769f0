//! Jira Cloud keeps texts as documents (Atlassian Document Format): trees of nodes. People and agents write Markdown.

mod read;
mod write;

pub(super) use read::read;
pub(super) use write::write;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{read, write};

    /// A block as [`write()`] knows them: paragraphs, headings, lists, code.
    fn block() -> impl Strategy<Value = String> {
        let words = "[a-z]{1,8}( [a-zA-Z0-9,.*_`]{1,8}){0,4}";
        prop_oneof![
            proptest::collection::vec(words, 1..4).prop_map(|lines| lines.join("\n")),
            (1..=6_usize, words).prop_map(|(level, text)| format!("{} {text}", "#".repeat(level))),
            proptest::collection::vec(words, 1..4).prop_map(|items| format!("- {}", items.join("\n- "))),
            proptest::collection::vec(words, 2..4).prop_map(|items| format!("- {}", items.join("\n  - "))),
            ("(rust|sh)?", "[a-z]{1,5}(\n {0,4}[-#a-z]{1,9}){0,3}")
                .prop_map(|(language, code)| { format!("```{language}\n{code}\n```") }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(blocks in proptest::collection::vec(block(), 1..6)) {
            let text = blocks.join("\n\n");
            prop_assert_eq!(read(&write(&text)), Some(text));
        }

        #[test]
        fn no_text_is_lost(text in "(?s).{0,80}") {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            let read = read(&write(&text)).unwrap_or_default();
            prop_assert_eq!(letters(&read), letters(&text));
        }
    }
}
