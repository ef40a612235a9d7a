//! The local provider against real repositories and the real `git`.

mod bench;
mod checkout;
mod diffs;
mod history;
mod http;
mod merging;
mod provisioning;
mod rebasing;
mod refs;
mod staging;
