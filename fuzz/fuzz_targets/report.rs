#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| flyball_fuzzing::report(data));
