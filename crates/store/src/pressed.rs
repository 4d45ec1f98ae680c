//! Bytes made small by zstd, and back. What it works with is made once for each thread: for parts as small as ours, making it
//! took longer than using it.

use std::cell::RefCell;
use std::io;
use zstd::bulk::{Compressor, Decompressor};

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Has something done with what this thread has, which is made where there is none.
fn with<T, D>(
    kept: &RefCell<Option<T>>,
    make: impl FnOnce() -> io::Result<T>,
    done: impl FnOnce(&mut T) -> io::Result<D>,
) -> io::Result<D> {
    let mut kept = kept.borrow_mut();
    match &mut *kept {
        Some(it) => done(it),
        none => done(none.insert(make()?)),
    }
}

/// These bytes, made small; `level` is how hard zstd tries.
///
/// # Panics
///
/// Where there is no memory: compressing takes every input.
pub(crate) fn press(bytes: &[u8], level: i32) -> Vec<u8> {
    let pressed = COMPRESSOR.with(|kept| {
        with(
            kept,
            || Compressor::new(level),
            |compressor| {
                compressor.set_compression_level(level)?;
                compressor.compress(bytes)
            },
        )
    });
    pressed.expect("compressing in memory takes every input")
}

/// What was made small, in at most so many bytes.
///
/// # Errors
///
/// When it was something else, or is more.
pub(crate) fn unpress(pressed: &[u8], bytes_max: usize) -> io::Result<Vec<u8>> {
    DECOMPRESSOR.with(|kept| with(kept, Decompressor::new, |decompressor| decompressor.decompress(pressed, bytes_max)))
}
