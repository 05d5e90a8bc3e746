//! Scratch.
fn main() {
    nightporter::cli::decode::run(&Default::default(), std::io::stdin().lock(), std::io::stdout().lock()).unwrap();
}
