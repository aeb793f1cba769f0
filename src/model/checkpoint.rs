//! Where a run was safe to be left, and what doing its next step twice would mean.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Phase, Timestamp};

/// What it means to do a step again that may have been done (FEATURES G24), from harmless to harmful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaySafety {
    /// Nothing: it only looks.
    PureReadonly,
    /// Nothing: done twice is done once.
    IdempotentWrite,
    /// The agent sees in its workspace what was done, and goes on from there.
    CheckpointResumable,
    /// Nobody knows; a person may.
    OperatorGated,
    /// It happens twice, outside of the workspace.
    NonReplayableSideEffect,
}

impl ReplaySafety {
    /// Every class, by rank.
    pub const ALL: [Self; 5] = [
        Self::PureReadonly,
        Self::IdempotentWrite,
        Self::CheckpointResumable,
        Self::OperatorGated,
        Self::NonReplayableSideEffect,
    ];

    /// The name as it is configured and written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PureReadonly => "pure_readonly",
            Self::IdempotentWrite => "idempotent_write",
            Self::CheckpointResumable => "checkpoint_resumable",
            Self::OperatorGated => "operator_gated",
            Self::NonReplayableSideEffect => "non_replayable_side_effect",
        }
    }
}

/// A set of classes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayClasses(u8);

impl ReplayClasses {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Whether the class is one of them.
    #[must_use]
    pub fn contains(self, class: ReplaySafety) -> bool {
        self.0 & (1 << class as u8) != 0
    }
}

impl FromIterator<ReplaySafety> for ReplayClasses {
    fn from_iter<T: IntoIterator<Item = ReplaySafety>>(classes: T) -> Self {
        Self(classes.into_iter().fold(0, |set, class| set | 1 << class as u8))
    }
}

/// How an interrupted run goes on (FEATURES G25).
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResumeDisposition {
    /// With the agent's conversation.
    ResumeFromCheckpoint,
    /// With a new conversation, in the same workspace.
    RestartFromBoundary,
    /// Not by itself: `recovery.block_on` names its class.
    OperatorInterventionRequired,
    /// Not at all: it has its outcome.
    NotApplicable,
}

impl ResumeDisposition {
    /// Of a run that was left at a boundary of this class.
    #[must_use]
    pub fn of(class: ReplaySafety, block_on: ReplayClasses, resumable: bool, result_published: bool) -> Self {
        match (result_published, block_on.contains(class), resumable) {
            (true, ..) => Self::NotApplicable,
            (false, true, _) => Self::OperatorInterventionRequired,
            (false, false, true) => Self::ResumeFromCheckpoint,
            (false, false, false) => Self::RestartFromBoundary,
        }
    }
}

/// One line of `runs/<id>/checkpoints.jsonl`: a boundary between two steps of a run. The last one says where it was left.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Checkpoint {
    /// From 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Where the run was.
    pub stage: Phase,
    /// The boundary, for people: `before tool command`.
    pub boundary: String,
    /// What it means to do again what follows.
    pub replay_safety: ReplaySafety,
    /// The turn, from 1; 0 before the first.
    pub turn: u32,
    /// Uses of tools that were completed so far.
    pub tool_calls: u32,
    /// The agent's conversation, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_run_goes_on_unless_its_class_is_named() {
        use ReplaySafety as R;
        use ResumeDisposition as D;
        let none = ReplayClasses::default();
        let gated: ReplayClasses = [R::OperatorGated].into_iter().collect();
        for (class, block_on, resumable, published, disposition) in [
            (R::CheckpointResumable, none, true, false, D::ResumeFromCheckpoint),
            (R::CheckpointResumable, none, false, false, D::RestartFromBoundary),
            (R::NonReplayableSideEffect, none, true, false, D::ResumeFromCheckpoint),
            (R::OperatorGated, gated, true, false, D::OperatorInterventionRequired),
            (R::NonReplayableSideEffect, gated, true, false, D::ResumeFromCheckpoint),
            (R::OperatorGated, gated, true, true, D::NotApplicable),
        ] {
            assert_eq!(ResumeDisposition::of(class, block_on, resumable, published), disposition, "{class:?}");
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        for class in ReplaySafety::ALL {
            let set: ReplayClasses = [class].into_iter().collect();
            assert!(ReplaySafety::ALL.iter().all(|other| set.contains(*other) == (*other == class)));
            assert_eq!(serde_json::to_value(class).expect("json"), class.as_str());
        }
    }
}
