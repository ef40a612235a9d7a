//! Figures of delivery: hand-made examples, and random worlds against a recomputation.

mod brute;
mod chain;
mod delivery;
mod examples;
mod graph;
mod random;
mod refusing;
mod source;
