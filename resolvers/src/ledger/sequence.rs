//! Places in the ledger.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// Numbers up to here are exact in JSON and JavaScript.
pub(crate) const MAX: u64 = (1 << 53) - 1;

/// A place in the tenant's ledger: a whole number, 1 for the first event, one more with each
/// event, without holes; 0 stands before the first. It is a JSON number of up to 53 bits, which
/// every language reads exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence(pub u64);

/// A place in the tenant's ledger: a whole number, 1 for the first event, one more with each
/// event, without holes; 0 stands before the first. It is a JSON number of up to 53 bits, which
/// every language reads exactly.
#[Scalar]
impl ScalarType for Sequence {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => match number.as_u64() {
                Some(number) if number <= MAX => Ok(Self(number)),
                _ => Err("a Sequence must be a whole number of 0 to 2^53 - 1".into()),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_a_number_that_javascript_holds() {
        assert_eq!(Sequence::parse(Value::from(MAX)).ok(), Some(Sequence(MAX)));
        for wrong in [Value::from(MAX + 1), Value::from(-1), Value::from("1")] {
            assert!(Sequence::parse(wrong).is_err());
        }
        assert_eq!(Sequence(7).to_value(), Value::from(7));
    }
}
