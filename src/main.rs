//! The program `sluice`.

use mimalloc::MiMalloc;

// Answers are made of many small values of short life, on all threads.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    sluice::cli::main()
}
