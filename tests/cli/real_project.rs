//! A project as it is in the world: a bare repository with a submodule and attributes, two issues at once, and branches
//! that merge.

use crate::env::TestEnv;

/// A bare repository `origin.git` with a file for each of two people, a submodule `lib`, and attributes that name no
/// LFS; and the project, which is a clone of it.
fn place() -> TestEnv {
    let env = TestEnv::new();
    env.bash(
        "cd .. && git init -q -b main lib-source && cd lib-source && echo lib > lib.txt && git add . && git commit -qm lib
         cd .. && git init -q -b main source && cd source
         printf '*.txt text eol=lf\\n*.bin binary\\n' > .gitattributes && echo one > one.txt && echo two > two.txt
         git -c protocol.file.allow=always submodule --quiet add ../lib-source lib
         git add . && git commit -qm first
         cd .. && git clone -q --bare source origin.git
         git -c protocol.file.allow=always clone -q --recurse-submodules origin.git clone
         mv clone/.git clone/.gitattributes clone/.gitmodules clone/one.txt clone/two.txt clone/lib p/
         cd p && printf '/WORKFLOW.md\\n/issues/\\n/.baton/\\n' > .git/info/exclude && git status --short",
    )
    .ok();
    env
}

const AGENT: &str = r#"
file=$(echo "$BATON_ISSUE" | tr A-Z a-z).txt
[ -e lib/lib.txt ] || git -c protocol.file.allow=always submodule --quiet update --init
cp lib/lib.txt "$TEST_ROOT/said/$BATON_ISSUE.lib"
echo "by $BATON_ISSUE" >> "$file"
git add "$file" && git commit -qm "work on $BATON_ISSUE"
touch "$TEST_ROOT/said/$BATON_ISSUE.there"
until [ -e "$TEST_ROOT/said/ONE.there" ] && [ -e "$TEST_ROOT/said/TWO.there" ]; do sleep 0.02; done
"#;

/// Runs ONE and TWO at once; `publish` is what the agent does with its commit.
fn run(front_matter: &str, publish: &str) -> TestEnv {
    let env = place();
    env.workflow(front_matter);
    env.agent(&format!("{AGENT}{publish}\nfinish"));
    env.issue("ONE", "");
    env.issue("TWO", "");
    env.baton("run --until-idle").ok();
    assert_eq!((env.state("ONE"), env.state("TWO")), ("Done".to_owned(), "Done".to_owned()));
    assert_eq!(
        (env.said_lines("ONE.lib"), env.said_lines("TWO.lib")),
        (vec!["lib".to_owned()], vec!["lib".to_owned()])
    );
    env
}

fn merges(env: &TestEnv, branches: [&str; 2]) {
    let [one, two] = branches;
    let merged = env.bash(&format!(
        "git checkout -q main && git merge -q --no-edit {one} && git merge -q --no-edit {two} && cat one.txt two.txt && git status --short"
    ));
    assert_eq!(merged.ok().stdout, "one\nby ONE\ntwo\nby TWO\n");
}

#[test]
fn a_real_project_in_worktrees_leaves_branches_that_merge() {
    let env = run("workspace:\n  mode: worktree\n", "");
    merges(&env, ["baton/ONE", "baton/TWO"]);
}

#[test]
fn a_real_project_in_clones_leaves_branches_that_merge() {
    let env = run("workspace:\n  mode: clone\n", "git push -q origin HEAD:work/$BATON_ISSUE");
    env.bash("git fetch -q --all").ok();
    merges(
        &env,
        [
            "$(git rev-parse --verify -q work/ONE || git rev-parse origin/work/ONE)",
            "$(git rev-parse --verify -q work/TWO || git rev-parse origin/work/TWO)",
        ],
    );
}

#[test]
fn a_real_project_cloned_by_its_hook_leaves_branches_that_merge() {
    let hook = "hooks:\n  after_create: git -c protocol.file.allow=always clone -q --recurse-submodules \"$TEST_ROOT/origin.git\" .\n";
    let env = run(hook, "git push -q origin HEAD:work/$BATON_ISSUE");
    env.bash("git fetch -q --all").ok();
    merges(&env, ["origin/work/ONE", "origin/work/TWO"]);
}
