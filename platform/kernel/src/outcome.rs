//! What a command answers.

/// The object that a command made or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<T> {
    /// The object after the command.
    pub value: T,
    /// Whether the command had been carried out before, so that this call changed nothing.
    pub replayed: bool,
}

impl<T> Outcome<T> {
    /// The command took effect now.
    pub fn done(value: T) -> Self {
        Self {
            value,
            replayed: false,
        }
    }

    /// The command had taken effect before.
    pub fn replayed(value: T) -> Self {
        Self {
            value,
            replayed: true,
        }
    }
}
