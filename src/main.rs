//! The program `sluice`.

fn main() -> std::process::ExitCode {
    sluice::cli::main()
}
