//! The sessions of clients: each is opened at its first call, and ends when it has been idle for long.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use swath_cluster::SqlLimits;
use swath_collections::Session;
use tokio::sync::OnceCell;
use tonic::Status;

use crate::caller::{Caller, SessionId};
use crate::failure;

/// Threads of one session: they plan, and merge the last parts of results.
const SESSION_THREADS: usize = 2;
/// How long a session must have been idle to make room for another one.
const LEAST_IDLE: Duration = Duration::from_secs(60);

/// The session of one client.
#[derive(Debug)]
pub struct ClientSession {
    /// The session, connected to the cluster.
    pub session: Session,
    /// Bytes that its tables in memory may hold.
    pub table_bytes: usize,
    /// Held by whoever fills tables in memory, so that the bytes are counted right.
    pub loading: tokio::sync::Mutex<()>,
}

/// All sessions.
pub struct Sessions {
    /// The scheduler.
    address: String,
    limits: SqlLimits,
    /// By client; all without a name share one.
    open: Mutex<HashMap<Option<SessionId>, Entry>>,
}

struct Entry {
    session: Arc<OnceCell<Arc<ClientSession>>>,
    used: Instant,
}

impl Entry {
    /// Whether nothing of it is in use: no call, no prepared statement, no result.
    fn is_idle(&self) -> bool {
        Arc::strong_count(&self.session) == 1
            && self.session.get().is_none_or(|session| Arc::strong_count(session) == 1)
    }
}

impl Sessions {
    /// Sessions on the cluster whose scheduler is at `address`.
    pub fn new(address: String, limits: SqlLimits) -> Self {
        Self { address, limits, open: Mutex::default() }
    }

    /// The caller's session.
    ///
    /// # Errors
    /// If there are as many as may be, or this one cannot be opened.
    pub async fn of(&self, caller: &Caller) -> Result<Arc<ClientSession>, Status> {
        let name = match caller {
            Caller::Named(id) => Some(id.clone()),
            Caller::Anonymous => None,
        };
        let cell = self.cell(name)?;
        let opened = cell.get_or_try_init(|| self.open_one()).await?;
        Ok(Arc::clone(opened))
    }

    /// Forgets the caller's session, and gives it: its tables, settings and persisted results go with the last who holds it.
    pub fn close(&self, caller: &Caller) -> Option<Arc<ClientSession>> {
        // What all share is nobody's to end.
        let Caller::Named(id) = caller else { return None };
        let closed = self.open.lock().remove(&Some(id.clone()))?;
        closed.session.get().cloned()
    }

    fn cell(&self, name: Option<SessionId>) -> Result<Arc<OnceCell<Arc<ClientSession>>>, Status> {
        let now = Instant::now();
        let mut open = self.open.lock();
        if let Some(entry) = open.get_mut(&name) {
            entry.used = now;
            return Ok(Arc::clone(&entry.session));
        }
        if open.len() >= self.limits.sessions {
            let longest = open.iter().filter(|(_, entry)| entry.is_idle()).min_by_key(|(_, entry)| entry.used);
            let longest = longest.filter(|(_, entry)| now.duration_since(entry.used) >= LEAST_IDLE);
            let Some(longest) = longest.map(|(name, _)| name.clone()) else {
                return Err(Status::resource_exhausted(format!(
                    "{} Flight SQL sessions are open, and no more are allowed: close one, or start the scheduler with a \
                     higher --sql-sessions",
                    open.len()
                )));
            };
            open.remove(&longest);
        }
        let session = Arc::new(OnceCell::new());
        open.insert(name, Entry { session: Arc::clone(&session), used: now });
        Ok(session)
    }

    async fn open_one(&self) -> Result<Arc<ClientSession>, Status> {
        let builder =
            Session::connect(&self.address).threads(SESSION_THREADS).memory_limit(self.limits.session_memory_bytes);
        // It waits for the scheduler's greeting, which this very process gives.
        let opened = tokio::task::spawn_blocking(move || builder.build()).await;
        let session = match opened {
            Ok(session) => session.map_err(|error| failure::status(&error))?,
            Err(_) => return Err(Status::internal("a session could not be opened: the thread that opens it panicked")),
        };
        let table_bytes = self.limits.session_memory_bytes;
        Ok(Arc::new(ClientSession { session, table_bytes, loading: tokio::sync::Mutex::default() }))
    }

    /// Ends what has been idle for too long.
    pub fn end_idle(&self) {
        let now = Instant::now();
        let limit = Duration::from_secs(self.limits.session_idle_seconds);
        let mut open = self.open.lock();
        open.retain(|_, entry| !entry.is_idle() || now.duration_since(entry.used) < limit);
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.open.lock().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(count: usize) -> Sessions {
        let limits = SqlLimits { sessions: count, session_idle_seconds: 100, ..Default::default() };
        Sessions::new("swath://127.0.0.1:1".to_owned(), limits)
    }

    fn age(sessions: &Sessions, name: &Option<SessionId>, seconds: u64) {
        let mut open = sessions.open.lock();
        let entry = open.get_mut(name).unwrap();
        entry.used = entry.used.checked_sub(Duration::from_secs(seconds)).unwrap();
    }

    #[test]
    fn a_full_house_makes_room_only_for_what_nobody_uses() {
        let sessions = sessions(2);
        let (first, second) = (Some(SessionId::fresh()), Some(SessionId::fresh()));
        let used = sessions.cell(first.clone()).unwrap();
        sessions.cell(second.clone()).unwrap();
        assert_eq!(sessions.cell(None).unwrap_err().code(), tonic::Code::ResourceExhausted);
        age(&sessions, &first, 90);
        assert!(sessions.cell(None).is_err(), "the old one is in use, the idle one is young");
        age(&sessions, &second, 70);
        sessions.cell(None).unwrap();
        assert!(sessions.open.lock().contains_key(&first) && !sessions.open.lock().contains_key(&second));
        drop(used);
        assert_eq!(sessions.count(), 2);
    }

    #[test]
    fn idle_sessions_end() {
        let sessions = sessions(4);
        let name = Some(SessionId::fresh());
        let used = sessions.cell(name.clone()).unwrap();
        age(&sessions, &name, 101);
        sessions.end_idle();
        assert_eq!(sessions.count(), 1, "it is in use");
        drop(used);
        sessions.end_idle();
        assert_eq!(sessions.count(), 0);
    }

    #[tokio::test]
    async fn a_session_that_cannot_be_opened_says_why() {
        let error = sessions(1).of(&Caller::Anonymous).await.unwrap_err();
        assert!(
            error.code() == tonic::Code::Unavailable && error.message().contains("no scheduler answers"),
            "{error}"
        );
    }
}
