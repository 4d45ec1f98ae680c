//! What Heroku answered before, so that it can say "as before": conditional requests.
//!
//! Source: Platform API reference, *caching*: an `ETag` on every response, and 304 without a body for `If-None-Match`.

use http::HeaderValue;
use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

/// The most answers that are kept: five looks at each of 400 apps, four times what one account's calls can watch.
const ENTRIES_MAX: usize = 2_000;
/// The most bytes of bodies that are kept answers for; what is kept of them is smaller. A hundred apps with a full
/// page of releases each, at 150 KB, fit.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// One remembered answer.
pub(super) struct Known<T> {
    pub(super) etag: HeaderValue,
    pub(super) value: Arc<T>,
}

struct Entry {
    etag: HeaderValue,
    value: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    used: u64,
}

/// Answers by request; the least recently used goes first.
#[derive(Default)]
pub(super) struct Cache {
    entries: HashMap<String, Entry>,
    bytes: usize,
    uses: u64,
}

impl Cache {
    pub(super) fn get<T: Send + Sync + 'static>(&mut self, key: &str) -> Option<Known<T>> {
        self.uses += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.uses;
        let value = Arc::clone(&entry.value).downcast().ok()?;
        Some(Known { etag: entry.etag.clone(), value })
    }

    pub(super) fn put<T: Send + Sync + 'static>(
        &mut self,
        key: String,
        etag: HeaderValue,
        value: Arc<T>,
        bytes: usize,
    ) {
        self.forget(&key);
        if bytes > BYTES_MAX {
            return;
        }
        while self.entries.len() >= ENTRIES_MAX || self.bytes + bytes > BYTES_MAX {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            self.forget(&oldest.expect("a full cache has an entry, since no single one is larger than all of it"));
        }
        self.uses += 1;
        self.bytes += bytes;
        self.entries.insert(key, Entry { etag, value, bytes, used: self.uses });
    }

    pub(super) fn forget(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(cache: &mut Cache, key: &str, bytes: usize) {
        cache.put(key.to_owned(), HeaderValue::from_static("\"e\""), Arc::new(key.to_owned()), bytes);
    }

    #[test]
    fn the_least_recently_used_answer_goes_first() {
        let mut cache = Cache::default();
        for n in 0..ENTRIES_MAX {
            put(&mut cache, &n.to_string(), 1);
        }
        assert!(cache.get::<String>("0").is_some());
        put(&mut cache, "one more", 1);
        assert!(cache.get::<String>("0").is_some(), "just used");
        assert!(cache.get::<String>("1").is_none());
        assert_eq!(cache.entries.len(), ENTRIES_MAX);
    }

    #[test]
    fn bodies_are_bounded_together_and_an_answer_put_twice_counts_once() {
        let mut cache = Cache::default();
        for n in 0..10 {
            put(&mut cache, &n.to_string(), BYTES_MAX / 4);
            assert!(cache.bytes <= BYTES_MAX);
        }
        assert_eq!(cache.entries.len(), 4);
        put(&mut cache, "9", 10);
        assert_eq!(cache.bytes, BYTES_MAX / 4 * 3 + 10);
        put(&mut cache, "too large", BYTES_MAX + 1);
        assert!(cache.get::<String>("too large").is_none());
    }

    #[test]
    fn an_answer_of_another_type_is_as_good_as_none() {
        let mut cache = Cache::default();
        put(&mut cache, "k", 1);
        assert!(cache.get::<u32>("k").is_none());
        assert_eq!(*cache.get::<String>("k").unwrap().value, "k");
    }
}
