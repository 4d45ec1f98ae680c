//! A percentage, as the file has it.

use flyball_settings::{Mistake, Node, Take, Value};
use serde::{Serialize, Serializer};

/// `"10%"`: 0 to 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Percent(u32);

impl Percent {
    const MAX: u32 = 50;

    pub(super) const fn new(percent: u32) -> Self {
        Self(percent)
    }

    pub(super) const fn get(self) -> u32 {
        self.0
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{}%", self.0))
    }
}

impl Take for Percent {
    fn expected() -> String {
        format!("a whole percentage from \"0%\" to \"{}%\"", Self::MAX)
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let percent = match &node.value {
            Value::Text(text) => text.trim().strip_suffix('%').and_then(|number| number.trim_end().parse().ok()),
            _ => None,
        };
        let percent = percent.filter(|percent| *percent <= Self::MAX).map(Self);
        if percent.is_none() {
            let label = format!("expected {}", Self::expected());
            mistakes.push(Mistake::new(node.span.clone(), "no such percentage", label));
        }
        percent
    }
}
