//! The numbers of a monitor's readings in an hour, in one compressed block.
//!
//! Number beside number of one kind, each as its distance from the smallest (when a check began: from the usual step after
//! the one before), written as variable-length integers and compressed. What does not change costs nearly nothing then, and
//! what remains is the noise of the times themselves.

use super::{Measure, Numbers, residual};
use crate::pressed::{press, unpress};
use flyball_model::Timestamp;
use serde::{Deserialize, Serialize};

/// No block is longer when it is unpacked: an hour of one reading a second is some 60 KB.
const UNPACKED_MAX: usize = 1 << 20;

/// How hard zstd tries. Blocks are written once an hour and monitor, and kept for a week.
const LEVEL: i32 = 9;

/// One form of the block; another gets another number.
const FORM: u8 = 1;

/// A block before it is compressed.
#[derive(Serialize, Deserialize)]
struct Columns {
    form: u8,
    /// Shapes, each with how many readings in a row have it.
    shapes: Vec<(u32, u32)>,
    /// Which numbers there are, each with how many readings in a row have those.
    has: Vec<(u8, u32)>,
    first_begun_at: i64,
    /// The usual step between two readings.
    step: i64,
    /// How much longer or shorter each step was.
    steps: Vec<i64>,
    took_us: Offsets,
    measured: [Offsets; Measure::COUNT],
}

/// Numbers as what they are above the smallest.
#[derive(Serialize, Deserialize, Default)]
struct Offsets {
    least: i64,
    above: Vec<u64>,
}

impl Offsets {
    fn of(numbers: &[i64]) -> Self {
        let least = numbers.iter().copied().min().unwrap_or_default();
        Self { least, above: numbers.iter().map(|number| number.wrapping_sub(least).cast_unsigned()).collect() }
    }

    fn numbers(&self) -> impl Iterator<Item = i64> {
        self.above.iter().map(|above| self.least.wrapping_add(above.cast_signed()))
    }
}

/// Why bytes are no block.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotABlock {
    /// They cannot be decompressed, or not to what a block can have.
    #[error("it cannot be decompressed")]
    Compressed(#[from] std::io::Error),
    /// What was compressed is no block.
    #[error("it is cut off, or holds something else")]
    Columns(#[from] postcard::Error),
    /// A newer version wrote it.
    #[error("it has form {0}, and this version knows {FORM}")]
    Form(u8),
    /// Its columns do not belong together.
    #[error("its columns are not of one length")]
    Uneven,
}

/// The block of these readings of one monitor, sorted by when they began: of each its shape's number, and its numbers.
pub(crate) fn pack(readings: &[(u32, Numbers)]) -> Vec<u8> {
    let begun: Vec<i64> = readings.iter().map(|(_, numbers)| numbers.begun_at.as_millis()).collect();
    let steps: Vec<i64> = begun.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    let step = median(&steps);
    let left: Vec<_> = readings.iter().map(|(_, numbers)| residual::of(numbers)).collect();
    let column = |place: usize| left.iter().filter_map(|left| left[place]).collect::<Vec<i64>>();
    let has = left.iter().map(|left| (0..Measure::COUNT).fold(0, |has, at| has | u8::from(left[at].is_some()) << at));
    let columns = Columns {
        form: FORM,
        shapes: in_a_row(readings.iter().map(|(shape, _)| *shape)),
        has: in_a_row(has),
        first_begun_at: begun.first().copied().unwrap_or_default(),
        step,
        steps: steps.iter().map(|taken| taken.wrapping_sub(step)).collect(),
        took_us: Offsets::of(&readings.iter().map(|(_, numbers)| numbers.took_us.cast_signed()).collect::<Vec<_>>()),
        measured: std::array::from_fn(|place| Offsets::of(&column(place))),
    };
    let bytes = postcard::to_stdvec(&columns).expect("columns of numbers serialise");
    press(&bytes, LEVEL)
}

/// The readings of a block, sorted by when they began.
///
/// # Errors
/// When these bytes are no block.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<(u32, Numbers)>, NotABlock> {
    let bytes = unpress(packed, UNPACKED_MAX)?;
    match bytes.first() {
        Some(&FORM) => {}
        form => return Err(NotABlock::Form(form.copied().unwrap_or_default())),
    }
    let columns: Columns = postcard::from_bytes(&bytes)?;
    let count = columns.took_us.above.len();
    let (shapes, has) = (each(&columns.shapes, count)?, each(&columns.has, count)?);
    if count != columns.steps.len() + 1 && count != 0 {
        return Err(NotABlock::Uneven);
    }
    let mut begun_at = columns.first_begun_at;
    let steps = columns.steps.iter().map(|more| more.wrapping_add(columns.step));
    let begun = std::iter::once(0).chain(steps).map(|step| {
        begun_at = begun_at.wrapping_add(step);
        begun_at
    });
    let mut measured: Vec<_> = columns.measured.iter().map(Offsets::numbers).collect();
    let rows = shapes.into_iter().zip(has).zip(columns.took_us.numbers()).zip(begun);
    rows.map(|(((shape, has), took_us), begun_at)| {
        let mut left = [None; Measure::COUNT];
        for (place, number) in left.iter_mut().enumerate().filter(|(place, _)| has & 1 << place != 0) {
            *number = Some(measured[place].next().ok_or(NotABlock::Uneven)?);
        }
        let took_us = took_us.cast_unsigned();
        let measured = residual::undone(left, took_us);
        Ok((shape, Numbers { begun_at: Timestamp::from_millis(begun_at), took_us, measured }))
    })
    .collect()
}

fn median(steps: &[i64]) -> i64 {
    let mut sorted = steps.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Equal values that follow one another, each with how often.
fn in_a_row<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<(T, u32)> {
    let mut rows: Vec<(T, u32)> = Vec::new();
    for value in values {
        match rows.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            Some(_) | None => rows.push((value, 1)),
        }
    }
    rows
}

/// The values, one by one. As many as there should be, whatever a damaged block says.
fn each<T: Copy>(rows: &[(T, u32)], count: usize) -> Result<Vec<T>, NotABlock> {
    let sum = rows.iter().fold(0_u64, |sum, (_, times)| sum.saturating_add(u64::from(*times)));
    if usize::try_from(sum).ok() != Some(count) {
        return Err(NotABlock::Uneven);
    }
    Ok(rows.iter().flat_map(|(value, times)| std::iter::repeat_n(*value, *times as usize)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::testing::any_reading;
    use super::*;
    use proptest::prelude::*;

    fn any_hour() -> impl Strategy<Value = Vec<(u32, Numbers)>> {
        let numbers = any_reading().prop_map(|reading| Numbers::of(&reading));
        proptest::collection::vec((0_u32..4, numbers), 0..40).prop_map(|mut readings| {
            readings.sort_by_key(|(_, numbers)| numbers.begun_at);
            readings
        })
    }

    proptest! {
        #[test]
        fn a_block_is_read_as_it_was_written(readings in any_hour()) {
            prop_assert_eq!(unpack(&pack(&readings)).expect("a block"), readings);
        }

        #[test]
        fn no_bytes_make_a_block_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), with_form: bool) {
            let bytes = if with_form { [vec![FORM], bytes].concat() } else { bytes };
            let _ = unpack(&bytes);
            let _ = unpack(&zstd::bulk::compress(&bytes, 1).expect("small"));
        }
    }

    #[test]
    fn an_hour_that_would_not_fit_into_memory_is_refused() {
        let bomb = zstd::bulk::compress(&vec![FORM; 64 << 20], 1).expect("zeros compress");
        assert!(matches!(unpack(&bomb), Err(NotABlock::Compressed(_))));
    }

    #[test]
    fn an_hour_of_a_healthy_page_costs_less_than_eight_bytes_a_reading() {
        // Times as a page in another data centre has them: 80 ms, now and then twice that, each to the microsecond.
        let mut noise = 1_u64;
        let mut next = |below: u64| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (noise >> 33) % below
        };
        let readings: Vec<(u32, Numbers)> = (0..120_i64)
            .map(|nth| {
                let took_us = 60_000 + next(30_000) + if next(10) == 0 { next(80_000) } else { 0 };
                let (name, connect, tls) = (next(2), 9 + next(2), 18 + next(3));
                let (total, read) = (took_us / 1000, next(2));
                let first_byte = total - name - connect - tls - read;
                let measured = [name, connect, tls, first_byte, total, 24_321].map(Some);
                let late = i64::try_from(next(12)).expect("small");
                (1, Numbers { begun_at: Timestamp::from_millis(nth * 30_000 + late), took_us, measured })
            })
            .collect();
        let size = pack(&readings).len();
        assert!(size < 120 * 7, "{size} bytes for 120 readings");
    }
}
