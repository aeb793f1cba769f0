//! What a page shows, block by block.
//!
//! - `sh`: a script. `console`: lines that begin with `$ ` are commands, the others are what they print, in any order;
//!   `…` stands for more of it. `crontab`: the command behind the five fields.
//! - All blocks of a page are one session of the shell, in order. A comment `<!-- setup … -->` is a part of it that the
//!   reader does not see.
//! - A comment `<!-- not run: why -->` above a block says that it is shown only.

/// One fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// The line of the page on which its text begins.
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To be run; it must succeed.
    Script(String),
    /// Commands, and the lines that they print.
    Console { commands: String, prints: Vec<String>, more: bool },
}

/// What is run, in order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut not_run = false;
    let mut lines = page.lines().enumerate().map(|(at, line)| (at + 2, line));
    while let Some((line, text)) = lines.next() {
        if text.starts_with("<!-- not run:") {
            not_run = true;
        } else if text == "<!-- setup" {
            let script = until(&mut lines, "-->");
            blocks.push(Block { line, kind: Kind::Script(script) });
        } else if let Some(language) = text.strip_prefix("```") {
            let body = until(&mut lines, "```");
            let shown_only = std::mem::take(&mut not_run);
            blocks.extend(kind(language, &body).filter(|_| !shown_only).map(|kind| Block { line, kind }));
        }
    }
    blocks
}

fn until<'p>(lines: &mut impl Iterator<Item = (usize, &'p str)>, end: &str) -> String {
    lines.take_while(|(_, line)| *line != end).map(|(_, line)| format!("{line}\n")).collect()
}

fn kind(language: &str, body: &str) -> Option<Kind> {
    match language {
        "sh" => Some(Kind::Script(body.to_owned())),
        "crontab" => {
            let commands = body.lines().filter(|line| !line.starts_with('#'));
            Some(Kind::Script(
                commands.map(|line| format!("( {} )\n", line.splitn(6, ' ').nth(5).expect("six fields"))).collect(),
            ))
        }
        "console" => {
            let commands = body.lines().filter_map(|line| line.strip_prefix("$ "));
            let prints = body.lines().filter(|line| !line.starts_with("$ ") && *line != "…" && !line.is_empty());
            Some(Kind::Console {
                commands: commands.map(|line| format!("{line}\n")).collect(),
                prints: prints.map(str::to_owned).collect(),
                more: body.lines().any(|line| line == "…"),
            })
        }
        _ => None,
    }
}

#[test]
fn a_page_is_read_block_by_block() {
    let page = "# A page\n\n<!-- setup\na\n-->\n```console\n$ b\nc\n…\n```\n<!-- not run: no network -->\n```sh\nd\n```\n\
                ```yaml\ne\n```\n```crontab\n# every minute\n* * * * * f g\n```\n";
    let found: Vec<(usize, Kind)> = blocks(page).into_iter().map(|block| (block.line, block.kind)).collect();
    let console = Kind::Console { commands: "b\n".to_owned(), prints: vec!["c".to_owned()], more: true };
    let script = |text: &str| Kind::Script(text.to_owned());
    assert_eq!(found, [(4, script("a\n")), (7, console), (19, script("( f g )\n"))]);
}
