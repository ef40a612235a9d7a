//! Generated pipelines, reviewed as text. `SLUICE_BLESS=1` writes them anew.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::{SAMPLES, generate, module, path, sample};

#[test]
fn pipelines_are_as_reviewed() {
    let bless = std::env::var_os("SLUICE_BLESS").is_some();
    for name in SAMPLES {
        let got = generate(&module(&sample(name)));
        let golden = path(&format!("golden/{name}.yml"));
        if bless {
            std::fs::write(&golden, &got).unwrap();
        }
        let wanted = std::fs::read_to_string(&golden).unwrap_or_default();
        assert!(
            got == wanted,
            "{} is stale; look at the change and write it with SLUICE_BLESS=1:\n{got}",
            golden.display()
        );
    }
}
