//! Where connections live: one thread of its own drives them.

use tokio::runtime::{Builder, Handle, Runtime};

use super::DbError;

/// A runtime of one thread. It ends with the value, whatever runs on it.
#[derive(Debug)]
pub(super) struct Home {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Home {
    pub(super) fn open() -> Result<Self, DbError> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("database").enable_all().build();
        let runtime = runtime.map_err(|error| DbError::Unavailable(error.to_string()))?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The last to hold it may be a task, which must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
