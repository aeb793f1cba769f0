# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_baton_global_optspecs
    string join \n C= workflow= store= json q/quiet v/verbose color= no-progress lock-timeout= no-input allow-nested h/help V/version
end

function __fish_baton_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_baton_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_baton_using_subcommand
    set -l cmd (__fish_baton_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c baton -n "__fish_baton_needs_command" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_needs_command" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_needs_command" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_needs_command" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_needs_command" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_needs_command" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_needs_command" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_needs_command" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_needs_command" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_needs_command" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_needs_command" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_needs_command" -s V -l version -d 'Print version'
complete -c baton -n "__fish_baton_needs_command" -f -a "init" -d 'Write WORKFLOW.md and the store for this repository'
complete -c baton -n "__fish_baton_needs_command" -f -a "run" -d 'Loop all steps until told to stop'
complete -c baton -n "__fish_baton_needs_command" -f -a "status" -d 'Show what is going on, and what needs a person first'
complete -c baton -n "__fish_baton_needs_command" -f -a "poll" -d 'Read the tracker and print what may run, and why the rest may not'
complete -c baton -n "__fish_baton_needs_command" -f -a "dispatch" -d 'Launch eligible issues until the slots are full'
complete -c baton -n "__fish_baton_needs_command" -f -a "reconcile" -d 'End stalled and unwanted workers, clean terminal workspaces'
complete -c baton -n "__fish_baton_needs_command" -f -a "recover" -d 'Put right what a crash left behind'
complete -c baton -n "__fish_baton_needs_command" -f -a "gc" -d 'Let what has been over for long leave the working set'
complete -c baton -n "__fish_baton_needs_command" -f -a "workspace" -d 'Make, find and inspect workspaces'
complete -c baton -n "__fish_baton_needs_command" -f -a "worker" -d 'Launch, watch and stop workers'
complete -c baton -n "__fish_baton_needs_command" -f -a "retry" -d 'Put a waiting or blocked issue back into the queue'
complete -c baton -n "__fish_baton_needs_command" -f -a "pause" -d 'Put an issue aside that is being worked on'
complete -c baton -n "__fish_baton_needs_command" -f -a "resume" -d 'Put a paused issue back into the queue'
complete -c baton -n "__fish_baton_needs_command" -f -a "comment" -d 'Comment on an issue in the tracker'
complete -c baton -n "__fish_baton_needs_command" -f -a "issue" -d 'Read and write the tracker\'s issues'
complete -c baton -n "__fish_baton_needs_command" -f -a "tool-server" -d 'Serve a run\'s tracker tools over the Model Context Protocol'
complete -c baton -n "__fish_baton_needs_command" -f -a "events" -d 'Print the journal as a feed'
complete -c baton -n "__fish_baton_needs_command" -f -a "doctor" -d 'Explain what is configured, and whether it works'
complete -c baton -n "__fish_baton_needs_command" -f -a "migrate-store" -d 'Bring an older store up to date, and take over what other tools left'
complete -c baton -n "__fish_baton_needs_command" -f -a "config" -d 'Show the configuration in force'
complete -c baton -n "__fish_baton_needs_command" -f -a "demo" -d 'Try everything on a small repository made for it'
complete -c baton -n "__fish_baton_needs_command" -f -a "schema" -d 'Print what --json prints, as JSON schemas'
complete -c baton -n "__fish_baton_needs_command" -f -a "man" -d 'Write the manual pages'
complete -c baton -n "__fish_baton_needs_command" -f -a "completions" -d 'Print a shell\'s completion script'
complete -c baton -n "__fish_baton_using_subcommand init" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand init" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand init" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand init" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand init" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand init" -l agent -d 'The agent that works on issues, instead of one found on PATH' -r -f -a "codex\t'Codex, by its app-server'
claude\t'Claude Code, one shot a turn'"
complete -c baton -n "__fish_baton_using_subcommand init" -l agent-command -d 'The command that works on an issue, instead of an agent found on PATH' -r
complete -c baton -n "__fish_baton_using_subcommand init" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand init" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand init" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand init" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand init" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand init" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand init" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand init" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand run" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand run" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand run" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand run" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand run" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand run" -l timeout -d 'End after this time with exit code 21; the workers go on' -r
complete -c baton -n "__fish_baton_using_subcommand run" -l launch-timeout -d 'How long a phase of a launch may take; hooks have their own timeout' -r
complete -c baton -n "__fish_baton_using_subcommand run" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand run" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand run" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand run" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand run" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand run" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand run" -l once -d 'One tick, for cron; silent when another one is under way'
complete -c baton -n "__fish_baton_using_subcommand run" -l until-idle -d 'End when nothing runs, no retry is scheduled and nothing is eligible, for CI'
complete -c baton -n "__fish_baton_using_subcommand run" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand run" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand status" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand status" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand status" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand status" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand status" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand status" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand status" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand status" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand status" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand status" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand status" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand status" -l check -d 'Exit with 8 when something needs a person, and nobody has acknowledged it (`recover --action acknowledge`)'
complete -c baton -n "__fish_baton_using_subcommand status" -l summary -d 'Print the counts alone'
complete -c baton -n "__fish_baton_using_subcommand status" -l why -d 'Say of each issue that nobody works on why that is'
complete -c baton -n "__fish_baton_using_subcommand status" -l watch -d 'Go on, and show it anew each second; with --json a line for each change'
complete -c baton -n "__fish_baton_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand poll" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand poll" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand poll" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand poll" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand poll" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand poll" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand poll" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand poll" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand poll" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand poll" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand poll" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand poll" -l exit-code -d 'Exit with 3 when nothing is to be launched'
complete -c baton -n "__fish_baton_using_subcommand poll" -l dry-run -d 'Write nothing'
complete -c baton -n "__fish_baton_using_subcommand poll" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand dispatch" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l limit -d 'Launch at most N' -r
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l launch-timeout -d 'How long a phase of a launch may take; hooks have their own timeout' -r
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand dispatch" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand dispatch" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l wait -d 'Wait until the launched workers have ended'
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand dispatch" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand dispatch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand reconcile" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand reconcile" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand reconcile" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand reconcile" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand reconcile" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand reconcile" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand reconcile" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand reconcile" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand reconcile" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand reconcile" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand reconcile" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand reconcile" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand reconcile" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand reconcile" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand recover" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand recover" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand recover" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand recover" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand recover" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand recover" -l action -d 'Go on with its conversation, begin anew in its workspace, or only say that it is seen' -r -f -a "resume\t''
restart\t''
acknowledge\t''"
complete -c baton -n "__fish_baton_using_subcommand recover" -l note -d 'What to remember of it' -r
complete -c baton -n "__fish_baton_using_subcommand recover" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand recover" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand recover" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand recover" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand recover" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand recover" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand recover" -l orphans -d 'Archive the directories among the workspaces that belong to no issue'
complete -c baton -n "__fish_baton_using_subcommand recover" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand recover" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand recover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand gc" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand gc" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand gc" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand gc" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand gc" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand gc" -l older-than -d 'How long it must have been over: 30d, 12h [default: store.archive_after]' -r
complete -c baton -n "__fish_baton_using_subcommand gc" -l keep-runs -d 'Ended runs of each issue that stay, however old' -r
complete -c baton -n "__fish_baton_using_subcommand gc" -l max-workspaces -d 'At most so many clean workspaces of issues that are over stay, the last ones, however young they are' -r
complete -c baton -n "__fish_baton_using_subcommand gc" -l limit -d 'At most so many things at a time' -r
complete -c baton -n "__fish_baton_using_subcommand gc" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand gc" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand gc" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand gc" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand gc" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand gc" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand gc" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand gc" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -s h -l help -d 'Print help'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -f -a "ensure" -d 'Make the issue\'s workspace if it is not there, and print its path'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -f -a "path" -d 'Print the path of the issue\'s workspace'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -f -a "list" -d 'List the workspaces'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -f -a "show" -d 'Show one workspace'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -f -a "shell" -d 'Work in the issue\'s workspace by hand'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -f -a "verify" -d 'Look whether workspaces are what the records say'
complete -c baton -n "__fish_baton_using_subcommand workspace; and not __fish_seen_subcommand_from ensure path list show shell verify clean" -f -a "clean" -d 'Remove or archive workspaces'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from ensure" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -l health -d 'Look at each workspace\'s health now; nothing is recorded'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -l size -d 'Count each workspace\'s bytes'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from shell" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l all -d 'Every workspace that should be there, and what lies beside them'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l exit-code -d 'Exit with 3 when one of them is not clean'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -l dry-run -d 'Record nothing'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l policy -d 'Instead of `workspace.cleanup`' -r -f -a "keep_always\t''
remove_on_success\t''
archive_on_failure\t''
archive_always\t''
remove_when_clean_otherwise_archive\t''"
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l terminal -d 'The workspaces of all issues that are done'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand workspace; and __fish_seen_subcommand_from clean" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -s h -l help -d 'Print help'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -f -a "launch" -d 'Claim an issue, start its worker, and print the run\'s id'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -f -a "wait" -d 'Wait for a run to end, and exit with its outcome\'s code'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -f -a "list" -d 'List the live workers'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -f -a "show" -d 'Show one run'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -f -a "stop" -d 'End a worker'
complete -c baton -n "__fish_baton_using_subcommand worker; and not __fish_seen_subcommand_from launch wait list show stop logs" -f -a "logs" -d 'Print what a run\'s agent said'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l launch-timeout -d 'How long a phase of the launch may take; hooks have their own timeout' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l idempotency-key -d 'Launch once: the same request under this key prints the same run ever after' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l wait -d 'Wait for the run\'s end, and exit with its outcome\'s code'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l foreground -d 'Supervise in this process, for CI: a signal ends the agent'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l now -d 'Launch although its retry is not due yet, or it is blocked'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from launch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l reason -d 'Why, for the record' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l timeout -d 'How long to wait before it is killed' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l all -d 'End every worker; a person\'s shell is left alone'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l requeue -d 'Put the issue back into the queue at once'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -s f -l follow -d 'Go on as long as the run lives'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -l supervisor -d 'The supervisor\'s own log instead of the agent\'s'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -l path -d 'Print the file\'s path alone'
complete -c baton -n "__fish_baton_using_subcommand worker; and __fish_seen_subcommand_from logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand retry" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand retry" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand retry" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand retry" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand retry" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand retry" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand retry" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand retry" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand retry" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand retry" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand retry" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand retry" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand retry" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand pause" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand pause" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand pause" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand pause" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand pause" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand pause" -l reason -d 'Why, for the record' -r
complete -c baton -n "__fish_baton_using_subcommand pause" -l timeout -d 'How long to wait before the worker is killed' -r
complete -c baton -n "__fish_baton_using_subcommand pause" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand pause" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand pause" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand pause" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand pause" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand pause" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand pause" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand pause" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand resume" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand resume" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand resume" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand resume" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand resume" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand resume" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand resume" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand resume" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand resume" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand resume" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand resume" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand resume" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand resume" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand comment" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand comment" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand comment" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand comment" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand comment" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand comment" -l idempotency-key -d 'Say it once: the same request under this key says nothing more' -r
complete -c baton -n "__fish_baton_using_subcommand comment" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand comment" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand comment" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand comment" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand comment" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand comment" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand comment" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand comment" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand comment" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -s h -l help -d 'Print help'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -f -a "list" -d 'List issues, the active ones unless --state or --all is given'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -f -a "show" -d 'Show one issue'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -f -a "create" -d 'Make an issue'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -f -a "edit" -d 'Change an issue'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -f -a "comment" -d 'Comment on an issue in the tracker'
complete -c baton -n "__fish_baton_using_subcommand issue; and not __fish_seen_subcommand_from list show create edit comment workpad" -f -a "workpad" -d 'Print or keep the workpad of an issue'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -l state -d 'Issues in this state; may be given several times' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -l all -d 'Issues in every state'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -s d -l description -d 'The description; `-` reads it from standard input' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l state -d 'The state [default: the first active one]' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l priority -d 'The priority; 1 to 4 go first' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l label -d 'A label; may be given several times' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l blocked-by -d 'An issue that must be finished first; may be given several times' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l parent -d 'The issue that this one is a part of' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l assignee -d 'Whose it is' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l idempotency-key -d 'Make it once: the same request under this key prints the same issue ever after' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l state -d 'The new state' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l title -d 'The new title' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -s d -l description -d 'The new description; `-` reads it from standard input' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l priority -d 'The new priority' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l add-label -d 'Add a label; may be given several times' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l remove-label -d 'Take a label away; may be given several times' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l add-blocked-by -d 'Add an issue that must be finished first; may be given several times' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l remove-blocked-by -d 'Take one of those away; may be given several times' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l parent -d 'The issue that it is a part of' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l assignee -d 'Whose it is' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l no-priority -d 'Take the priority away'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l no-parent -d 'It is no part of another issue'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l no-assignee -d 'It is nobody\'s'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l idempotency-key -d 'Say it once: the same request under this key says nothing more' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from comment" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand issue; and __fish_seen_subcommand_from workpad" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand tool-server" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand tool-server" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand tool-server" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand tool-server" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand tool-server" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand tool-server" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand tool-server" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand tool-server" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand tool-server" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand tool-server" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand tool-server" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand tool-server" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand events" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand events" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand events" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand events" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand events" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand events" -l after -d 'Start behind this number or cursor; without it, with the first event that is kept' -r
complete -c baton -n "__fish_baton_using_subcommand events" -l limit -d 'Print at most N, and never more than 500: the cursor leads on [default: 500; with --follow, all]' -r
complete -c baton -n "__fish_baton_using_subcommand events" -l issue -d 'Only the events of this issue: identifier, key, id, or `.` in a workspace' -r
complete -c baton -n "__fish_baton_using_subcommand events" -l run -d 'Only the events of this run' -r
complete -c baton -n "__fish_baton_using_subcommand events" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand events" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand events" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand events" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand events" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand events" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand events" -l follow -d 'Go on as new events come'
complete -c baton -n "__fish_baton_using_subcommand events" -l stream -d 'The run\'s own stream instead of the journal: what its agent said and did'
complete -c baton -n "__fish_baton_using_subcommand events" -l output -d 'Of the stream only what was said, what tools and hooks did, and how it ended'
complete -c baton -n "__fish_baton_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand doctor" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand doctor" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand doctor" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand doctor" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand doctor" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand doctor" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand doctor" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand doctor" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand doctor" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand doctor" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand doctor" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand doctor" -l repair -d 'Cut off the journal\'s torn end, put damaged manifests aside, and write again what the journal has; every byte that is taken out is kept in damaged/'
complete -c baton -n "__fish_baton_using_subcommand doctor" -l dry-run -d 'Print what --repair would do, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l from -d 'Take over the workspaces of this OpenSymphony or Symphony root' -r -F
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l conversations -d 'Sort the OpenHands conversations below this directory' -r -F
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l daemon-stopped -d 'The old daemon is stopped, whatever its files say'
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand migrate-store" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c baton -n "__fish_baton_using_subcommand config; and not __fish_seen_subcommand_from show" -f -a "show" -d 'Print every setting with its value'
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -l origin -d 'Print where each value comes from as well'
complete -c baton -n "__fish_baton_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand demo" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand demo" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand demo" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand demo" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand demo" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand demo" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand demo" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand demo" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand demo" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand demo" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand demo" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand demo" -l no-run -d 'Make the repository, and leave running it to you'
complete -c baton -n "__fish_baton_using_subcommand demo" -l dry-run -d 'Print what would be done, and do nothing'
complete -c baton -n "__fish_baton_using_subcommand demo" -l exit-code -d 'With --dry-run: exit with 3 when something would change'
complete -c baton -n "__fish_baton_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand schema" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand schema" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand schema" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand schema" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand schema" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand schema" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand schema" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand schema" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand schema" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand schema" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand schema" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand man" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand man" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand man" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand man" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand man" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand man" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand man" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand man" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand man" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand man" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand man" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c baton -n "__fish_baton_using_subcommand completions" -s C -d 'Run as if started in DIR' -r -F
complete -c baton -n "__fish_baton_using_subcommand completions" -l workflow -d 'Use this WORKFLOW.md [env: BATON_WORKFLOW] [default: the one here or above]' -r -F
complete -c baton -n "__fish_baton_using_subcommand completions" -l store -d 'Use this store [env: BATON_STORE] [default: .baton beside WORKFLOW.md]' -r -F
complete -c baton -n "__fish_baton_using_subcommand completions" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t''
always\t''
never\t''"
complete -c baton -n "__fish_baton_using_subcommand completions" -l lock-timeout -d 'How long to wait for the store\'s lock: 500ms, 5s, 2m' -r
complete -c baton -n "__fish_baton_using_subcommand completions" -l json -d 'Print one JSON document, or one object per line for streams; errors are JSON as well'
complete -c baton -n "__fish_baton_using_subcommand completions" -s q -l quiet -d 'Say less; twice: no warnings either'
complete -c baton -n "__fish_baton_using_subcommand completions" -s v -l verbose -d 'Say more; twice: details for debugging'
complete -c baton -n "__fish_baton_using_subcommand completions" -l no-progress -d 'Show no progress display'
complete -c baton -n "__fish_baton_using_subcommand completions" -l no-input -d 'For scripts that say so to every tool: nothing here ever asks'
complete -c baton -n "__fish_baton_using_subcommand completions" -l allow-nested -d 'Let an agent use steering commands from inside its own run'
complete -c baton -n "__fish_baton_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
