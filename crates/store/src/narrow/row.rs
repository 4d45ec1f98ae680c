//! A reading's numbers in its own row, while its hour runs.

use super::{Measure, Numbers, residual};
use flyball_model::Timestamp;

/// The columns of a row beside when it began: the number of its shape, and the rest.
pub(crate) fn pack(shape: u32, numbers: &Numbers) -> Vec<u8> {
    let left = residual::of(numbers);
    let has = (0..Measure::COUNT).filter(|place| left[*place].is_some()).fold(0_u8, |has, place| has | 1 << place);
    let mut packed = Vec::with_capacity(24);
    packed = put(packed, &(shape, numbers.took_us, has));
    for number in left.into_iter().flatten() {
        packed = put(packed, &number);
    }
    packed
}

fn put<T: serde::Serialize>(packed: Vec<u8>, value: &T) -> Vec<u8> {
    postcard::to_extend(value, packed).expect("numbers serialise, and a vector takes them all")
}

/// The number of its shape, and its numbers.
///
/// # Errors
/// When these bytes are no row's.
pub(crate) fn unpack(begun_at: Timestamp, packed: &[u8]) -> Result<(u32, Numbers), postcard::Error> {
    let ((shape, took_us, has), mut rest) = postcard::take_from_bytes::<(u32, u64, u8)>(packed)?;
    let mut left = [None; Measure::COUNT];
    for (place, number) in left.iter_mut().enumerate() {
        if has & 1 << place != 0 {
            let (value, behind) = postcard::take_from_bytes::<i64>(rest)?;
            (*number, rest) = (Some(value), behind);
        }
    }
    Ok((shape, Numbers { begun_at, took_us, measured: residual::undone(left, took_us) }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::any_reading;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_row_is_read_as_it_was_written(shape: u32, reading in any_reading()) {
            let numbers = Numbers::of(&reading);
            prop_assert_eq!(unpack(numbers.begun_at, &pack(shape, &numbers)), Ok((shape, numbers)));
        }

        #[test]
        fn no_bytes_make_a_row_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = unpack(Timestamp::EPOCH, &bytes);
        }
    }
}
