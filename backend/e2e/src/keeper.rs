//! The one thread that starts processes. The kernel ties a child's life to the thread that started it, and a test's own
//! thread ends with the test; this one ends with the process, and everything it started with it.

use marquee_demo::error::DemoError;
use marquee_demo::process::Program;
use nix::sys::signal::Signal;
use sqlx::Connection as _;
use tokio::process::Child;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

enum Job {
    Spawn(Box<Program>, oneshot::Sender<Result<Child, DemoError>>),
    DropDatabase { admin_url: String, name: String },
}

/// A handle on the thread.
#[derive(Debug, Clone)]
pub struct Keeper(UnboundedSender<Job>);

impl Keeper {
    /// Starts the thread.
    pub fn start() -> Self {
        let (send, mut jobs) = unbounded_channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                while let Some(job) = jobs.recv().await {
                    match job {
                        Job::Spawn(program, answer) => drop(answer.send(program.spawn(Signal::SIGKILL))),
                        Job::DropDatabase { admin_url, name } => {
                            tokio::spawn(drop_database(admin_url, name));
                        }
                    }
                }
            });
        });
        Self(send)
    }

    /// Starts a process that ends with this one.
    ///
    /// # Panics
    /// When it cannot be started.
    pub async fn spawn(&self, program: Program) -> Child {
        let (send, answer) = oneshot::channel();
        self.0.send(Job::Spawn(Box::new(program), send)).ok();
        answer.await.expect("the keeper works").unwrap_or_else(|error| panic!("{error}"))
    }

    /// Drops a database some time soon; what still uses it is cut off.
    pub fn drop_database(&self, admin_url: &str, name: &str) {
        self.0.send(Job::DropDatabase { admin_url: admin_url.to_owned(), name: name.to_owned() }).ok();
    }
}

/// Tidying only: the whole cluster goes when the process ends.
async fn drop_database(admin_url: String, name: String) {
    if let Ok(mut admin) = sqlx::PgConnection::connect(&admin_url).await {
        let sql = sqlx::AssertSqlSafe(format!("drop database if exists {name} with (force)"));
        sqlx::raw_sql(sql).execute(&mut admin).await.ok();
    }
}
