//! Properties of the aggregate.
