//! Tries again what a registry refuses for the moment.

use std::time::Duration;

use rand::Rng;

use crate::{ImageError, Result};

const ATTEMPTS: u32 = 5;
const FIRST_WAIT_MS: u64 = 100;

/// Does `work` until it succeeds, fails for good, or has been tried [`ATTEMPTS`] times. Waits
/// between grow and differ, so that many who were refused at once do not come back at once.
pub(super) async fn retrying<T, F: Future<Output = Result<T>>>(
    mut work: impl FnMut() -> F,
) -> Result<T> {
    let mut attempt = 0;
    loop {
        match work().await {
            Err(ImageError::Unreachable { doing, source }) => {
                attempt += 1;
                if attempt == ATTEMPTS {
                    return Err(ImageError::Unreachable { doing, source });
                }
            }
            settled => return settled,
        }
        let longest = FIRST_WAIT_MS << attempt;
        let wait = rand::rng().random_range(longest / 2..longest);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}
