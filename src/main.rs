//! The program `nightporter`: reads the command line and calls; nothing else.

fn main() -> std::process::ExitCode {
    nightporter::cli::main()
}
