//! The transport's steps, each one atomic on the server.

use redis::Script;

// Steps that free memory, or must go on to do so, run when it is used up; taking more does not.
macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident: $flags:literal),+ $(,)?) => {
        /// The scripts, by name.
        pub(super) struct Scripts {
            $($(#[$doc])* pub(super) $name: Script,)+
        }

        impl Default for Scripts {
            fn default() -> Self {
                let prelude = include_str!("lua/prelude.lua");
                Self {
                    $($name: Script::new(&format!(
                        "#!lua flags={}\n{prelude}\n{}",
                        $flags,
                        include_str!(concat!("lua/", stringify!($name), ".lua")),
                    )),)+
                }
            }
        }
    };
}

scripts! {
    /// Names the epoch.
    epoch: "allow-oom",
    /// Takes events.
    publish: "",
    /// Tells which events have been handled.
    handled: "no-writes",
    /// Leases deliveries.
    claim: "allow-oom",
    /// Leases the oldest deliveries in one order.
    claim_run: "allow-oom",
    /// Gives back what a claim took whose answer was lost.
    undo: "allow-oom",
    /// Deliveries are handled.
    complete: "allow-oom",
    /// Leases end at once.
    release: "allow-oom",
    /// A delivery failed.
    fail: "allow-oom",
    /// Lists dead letters.
    letters: "no-writes",
    /// Delivers dead letters again.
    redrive: "",
    /// Counts.
    backlog: "no-writes",
}
