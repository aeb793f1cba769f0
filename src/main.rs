//! The `baton` program: parse, run, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    baton::cli::main()
}
