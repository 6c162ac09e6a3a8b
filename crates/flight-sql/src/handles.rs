//! Things that clients name by a handle: 128 random bits, forgotten when nobody has asked for them for a while, bounded in number.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use tonic::Status;

use crate::caller::random_name;

/// Things under handles.
pub struct Handles<T> {
    /// What they are, for messages.
    what: &'static str,
    most: usize,
    lifetime: Duration,
    entries: Mutex<HashMap<Bytes, Entry<T>>>,
}

struct Entry<T> {
    value: Arc<T>,
    used: Instant,
}

impl<T> Handles<T> {
    /// Room for at most `most` of `what`, each for `lifetime` after its last use.
    pub fn new(what: &'static str, most: usize, lifetime: Duration) -> Self {
        Self { what, most, lifetime, entries: Mutex::default() }
    }

    /// Keeps `value`; gives its handle.
    ///
    /// # Errors
    /// If there are too many.
    pub fn insert(&self, value: T) -> Result<Bytes, Status> {
        let now = Instant::now();
        let mut entries = self.entries.lock();
        if entries.len() >= self.most {
            let is_alive = |entry: &Entry<T>| {
                Arc::strong_count(&entry.value) > 1 || now.duration_since(entry.used) < self.lifetime
            };
            entries.retain(|_, entry| is_alive(entry));
        }
        if entries.len() >= self.most {
            let (what, most) = (self.what, self.most);
            return Err(Status::resource_exhausted(format!(
                "{most} {what}s are open, and no more are allowed: close those that are not needed"
            )));
        }
        let handle = Bytes::from(random_name());
        entries.insert(handle.clone(), Entry { value: Arc::new(value), used: now });
        Ok(handle)
    }

    /// What `handle` names.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn get(&self, handle: &[u8]) -> Result<Arc<T>, Status> {
        let now = Instant::now();
        let mut entries = self.entries.lock();
        match entries.get_mut(handle) {
            Some(entry) if Arc::strong_count(&entry.value) > 1 || now.duration_since(entry.used) < self.lifetime => {
                entry.used = now;
                Ok(Arc::clone(&entry.value))
            }
            _ => Err(self.unknown()),
        }
    }

    /// Forgets what `handle` names, and gives it.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn remove(&self, handle: &[u8]) -> Result<Arc<T>, Status> {
        self.entries.lock().remove(handle).map(|entry| entry.value).ok_or_else(|| self.unknown())
    }

    /// Forgets what nobody has asked for in its lifetime.
    pub fn forget_old(&self) {
        let now = Instant::now();
        self.entries
            .lock()
            .retain(|_, entry| Arc::strong_count(&entry.value) > 1 || now.duration_since(entry.used) < self.lifetime);
    }

    /// Forgets all that `is_meant` says, and gives it.
    pub fn forget(&self, is_meant: impl Fn(&T) -> bool) -> Vec<Arc<T>> {
        let mut entries = self.entries.lock();
        entries.extract_if(|_, entry| is_meant(&entry.value)).map(|(_, entry)| entry.value).collect()
    }

    fn unknown(&self) -> Status {
        let (what, minutes) = (self.what, self.lifetime.as_secs().div_ceil(60));
        Status::not_found(format!("there is no {what} of this handle: it was closed, or not used for {minutes} min"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_bounded_and_expire() {
        let handles = Handles::new("result", 2, Duration::from_millis(50));
        let first = handles.insert(1).unwrap();
        let second = handles.insert(2).unwrap();
        assert_ne!(first, second);
        assert_eq!(handles.insert(3).unwrap_err().code(), tonic::Code::ResourceExhausted);
        let held = handles.get(&first).unwrap();
        std::thread::sleep(Duration::from_millis(60));
        // What is in use stays.
        let third = handles.insert(3).unwrap();
        assert_eq!(handles.get(&second).unwrap_err().code(), tonic::Code::NotFound);
        assert_eq!((*held, *handles.get(&first).unwrap(), *handles.get(&third).unwrap()), (1, 1, 3));
        handles.remove(&third).unwrap();
        assert!(handles.remove(&third).unwrap_err().message().contains("no result"));
        drop(held);
        std::thread::sleep(Duration::from_millis(60));
        handles.forget_old();
        assert!(handles.get(&first).is_err());
        let (fourth, fifth) = (handles.insert(4).unwrap(), handles.insert(5).unwrap());
        assert_eq!(handles.forget(|value| *value == 4).iter().map(|value| **value).collect::<Vec<_>>(), [4]);
        assert!(handles.get(&fourth).is_err() && handles.get(&fifth).is_ok());
    }
}
