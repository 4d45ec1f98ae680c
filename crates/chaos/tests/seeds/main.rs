//! Seeds hold, the same seed is the same play, and a planted mistake is found and made small.

#[cfg(test)]
mod hold;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod same;
