//! What a supervisor tells its launcher, one line of JSON each, over a pipe that closes with the supervisor (DESIGN §5).

use std::fs::File;
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::model::Phase;

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The supervisor has taken up its claim.
    Accepted {
        /// Its process.
        pid: u32,
    },
    /// It got to this phase.
    Phase(Phase),
    /// A hook starts or has ended; the launch timeout does not run in between.
    Hook(HookEdge),
    /// The agent works.
    Launched(Launched),
    /// The run has ended before the agent worked; its outcome is committed.
    Failed {
        /// The outcome's code.
        code: String,
        /// Why.
        message: String,
    },
}

/// The agent works.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launched {
    /// `<thread>-<turn>`, for agents that have sessions.
    pub session_id: Option<String>,
    /// The agent's process.
    pub agent_pid: Option<u32>,
    /// The workspace's absolute path.
    pub workspace: Option<String>,
}

/// The two ends of a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookEdge {
    /// It starts.
    Start,
    /// It has ended.
    End,
}

/// The supervisor's end of the pipe. Whether anybody still reads is no concern of the run.
#[derive(Debug, Default)]
pub struct Reporter(Option<File>);

impl Reporter {
    /// Reports into `pipe`.
    #[must_use]
    pub fn to(pipe: File) -> Self {
        Self(Some(pipe))
    }

    /// Reports to nobody.
    #[must_use]
    pub fn silent() -> Self {
        Self(None)
    }

    /// Says it; a reader that has gone is not told again.
    pub fn say(&mut self, report: &Report) {
        let Some(pipe) = &mut self.0 else { return };
        let mut line = serde_json::to_vec(report).unwrap_or_default();
        line.push(b'\n');
        if pipe.write_all(&line).is_err() {
            self.0 = None;
        }
    }

    /// Says the last word, and closes the pipe.
    pub fn conclude(&mut self, report: &Report) {
        self.say(report);
        self.0 = None;
    }

    /// Whether the last word was said, or nobody listens.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::OwnedFd;

    use super::*;

    #[test]
    fn a_line_is_one_object_with_one_name() {
        for (report, line) in [
            (Report::Accepted { pid: 7 }, r#"{"accepted":{"pid":7}}"#),
            (Report::Phase(Phase::BuildingPrompt), r#"{"phase":"building_prompt"}"#),
            (Report::Hook(HookEdge::Start), r#"{"hook":"start"}"#),
            (
                Report::Failed { code: "turn_failed".into(), message: "m".into() },
                r#"{"failed":{"code":"turn_failed","message":"m"}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&report).expect("json"), line);
            assert_eq!(serde_json::from_str::<Report>(line).expect("read back"), report);
        }
    }

    #[test]
    fn a_lost_reader_is_ignored_and_the_last_word_closes() {
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let mut reporter = Reporter::to(OwnedFd::from(writer).into());
        reporter.conclude(&Report::Phase(Phase::Finishing));
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("to its end");
        assert_eq!(text, "{\"phase\":\"finishing\"}\n");

        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut reporter = Reporter::to(OwnedFd::from(writer).into());
        reporter.say(&Report::Phase(Phase::Finishing));
        assert!(reporter.is_closed());
    }
}
