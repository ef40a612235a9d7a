//! What can be watched, and the documents that ask for it.

macro_rules! topics {
    ($($(#[doc = $doc:literal])* $topic:ident = $file:literal;)*) => {
        /// What can be watched.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
        pub(super) enum Topic {
            $($(#[doc = $doc])* $topic,)*
        }

        impl Topic {
            /// The subscription that it is.
            pub(super) fn document(self) -> &'static str {
                match self {
                    $(Self::$topic => include_str!(
                        concat!("../../../schema/operations/", $file, ".graphql")
                    ),)*
                }
            }
        }
    };
}

topics! {
    /// What happens to build results
    Builds = "WatchBuilds";
    /// What happens to releases
    Releases = "WatchReleases";
    /// What happens to promotions and environments
    Promotions = "WatchPromotions";
    /// What happens to pipeline runs and their steps
    Runs = "WatchRuns";
    /// Everything that happens
    Events = "WatchDelivery";
    /// The log of one pipeline run
    Log = "WatchRunLog";
}
