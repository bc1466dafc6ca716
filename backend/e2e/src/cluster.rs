//! What the whole test process shares: Postgres, Redis, and the template database.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use marquee_demo::layout::Layout;
use marquee_demo::ports::{self, Ports};
use marquee_demo::postgres::{self, Postgres};
use marquee_demo::process::{Program, on_path};
use marquee_demo::redis;
use marquee_demo::secrets::Secrets;
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;

use crate::database::Database;
use crate::fixtures::{self, Fixtures};
use crate::keeper::Keeper;
use crate::running::Running;

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
/// Redis has so many databases.
const REDIS_DATABASES: usize = 16;

/// Postgres, Redis and the template.
#[derive(Debug)]
pub struct Cluster {
    /// Starts processes that end with this one.
    pub keeper: Keeper,
    /// Passwords and keys, the same in every house.
    pub secrets: Secrets,
    /// What the template has in it.
    pub fixtures: Fixtures,
    ports: Ports,
    folder: PathBuf,
    count: AtomicUsize,
    taken: Mutex<HashSet<u16>>,
    /// Everybody's Postgres: only a test that runs alone may touch it.
    pub postgres: tokio::sync::Mutex<Running>,
    /// Everybody's Redis, likewise.
    pub redis: tokio::sync::Mutex<Running>,
}

/// The cluster, booted by whoever asks first.
pub async fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(Cluster::boot).await
}

/// The folder of the built programs: above the tests' own.
pub fn programs() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().unwrap();
    if folder.ends_with("deps") { folder.parent().unwrap().to_owned() } else { folder.to_owned() }
}

/// A program that the workspace builds.
///
/// # Panics
/// When it is not built.
pub fn program(name: &str) -> PathBuf {
    let path = programs().join(name);
    assert!(path.is_file(), "`{name}` is not built: cargo build -p marquee-server -p stripe-sim");
    path
}

/// The root of the checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

impl Cluster {
    async fn boot() -> Self {
        let folder = programs().join("e2e").join(std::process::id().to_string());
        std::fs::create_dir_all(folder.join("log")).unwrap();
        // Postgres' user needs to be handed its folders alone, whatever the mode of those above.
        sweep(&folder);
        let layout = Layout::new(root(), 0, Some(&folder));
        let ports = Ports::load_or_draw(&layout).unwrap();
        let secrets = Secrets::load_or_draw(&layout).unwrap();
        let keeper = Keeper::start();
        let server = Postgres::prepare(&layout, &ports).unwrap();
        server.create().await.unwrap_or_else(|error| panic!("{error}"));
        let service = server.service().unwrap();
        hurry(&layout);
        let postgres = Running::start(&keeper, service).await;
        server.provision(&secrets).await.unwrap_or_else(|error| panic!("{error}"));
        let redis = Running::start(&keeper, redis::service(&layout, &ports, &secrets).unwrap()).await;
        let template = Database::new(&ports, &secrets, postgres::DATABASE);
        template.migrate().await;
        let fixtures = fixtures::make(&template).await;
        let taken = HashSet::from([ports.postgres, ports.redis]);
        Self {
            keeper,
            secrets,
            fixtures,
            ports,
            folder,
            count: AtomicUsize::new(0),
            taken: Mutex::new(taken),
            postgres: tokio::sync::Mutex::new(postgres),
            redis: tokio::sync::Mutex::new(redis),
        }
    }

    /// A number that nobody else gets.
    pub fn number(&self) -> usize {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    /// The layout of a new house: its folder lies in the cluster's.
    pub fn layout(&self, number: usize) -> Layout {
        let folder = self.folder.join(format!("house-{number}"));
        std::fs::create_dir_all(folder.join("log")).unwrap();
        Layout::new(root(), 0, Some(&folder))
    }

    /// The ports of a new house, none of which another process of this one's has: drawn ports stay free until somebody
    /// listens, so two houses may draw the same. Postgres and Redis are the cluster's.
    pub fn ports(&self, layout: &Layout) -> Ports {
        loop {
            let drawn = Ports::load_or_draw(layout).unwrap();
            let own = [drawn.stripe, drawn.smtp, drawn.mail_web, drawn.server_metrics, drawn.worker_metrics];
            let mut taken = self.taken.lock().unwrap();
            if own.iter().all(|port| !taken.contains(port)) {
                taken.extend(own);
                return Ports { postgres: self.ports.postgres, redis: self.ports.redis, ..drawn };
            }
            std::fs::remove_file(layout.ports()).unwrap();
        }
    }

    /// A port that no process of this one's has.
    pub fn port(&self) -> u16 {
        loop {
            let port = ports::free().unwrap();
            if self.taken.lock().unwrap().insert(port) {
                return port;
            }
        }
    }

    /// The address of Redis for a house.
    pub fn redis_url(&self, number: usize) -> String {
        let url = redis::url(&self.ports, &self.secrets);
        format!("{}/{}", url.trim_end_matches("/0"), number % REDIS_DATABASES)
    }

    /// Says something to Redis, as one line each, and reads as many answers.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn tell_redis(&self, lines: &[String]) -> std::io::Result<()> {
        let stream = TcpStream::connect(("127.0.0.1", self.ports.redis)).await?;
        let mut stream = BufReader::new(stream);
        for line in [format!("AUTH {}", self.secrets.redis)].iter().chain(lines) {
            stream.write_all(format!("{line}\r\n").as_bytes()).await?;
            let mut answer = String::new();
            stream.read_line(&mut answer).await?;
            if !answer.starts_with('+') {
                return Err(std::io::Error::other(format!("{line}: {answer}")));
            }
        }
        Ok(())
    }

    /// Empties what a house of this number finds in Redis: another one had it before.
    pub async fn clear_redis(&self, number: usize) {
        let lines = [format!("SELECT {}", number % REDIS_DATABASES), "FLUSHDB".to_owned()];
        self.tell_redis(&lines).await.unwrap();
    }

    /// Takes the file away from which Redis would load what it knew.
    pub fn delete_redis_file(&self) {
        let data = Layout::new(root(), 0, Some(&self.folder)).data("redis");
        std::fs::remove_dir_all(data.join("appendonlydir")).ok();
    }

    /// A clone of the template.
    pub async fn clone_database(&'static self, number: usize) -> Database {
        let template = Database::new(&self.ports, &self.secrets, postgres::DATABASE);
        template.clone_as(&format!("house_{number}"), &self.keeper).await
    }

    /// An empty database.
    pub async fn empty_database(&'static self) -> Database {
        let template = Database::new(&self.ports, &self.secrets, postgres::DATABASE);
        template.new_beside(&format!("empty_{}", self.number()), &self.keeper).await
    }
}

/// Postgres looks for deadlocks after a second, and after a crash it syncs every file of every house; a test that makes
/// many of either would take long.
fn hurry(layout: &Layout) {
    use std::io::Write as _;
    let settings = layout.data("postgres").join("postgresql.conf");
    let mut file = std::fs::OpenOptions::new().append(true).open(settings).unwrap();
    writeln!(file, "deadlock_timeout = '100ms'\nrecovery_init_sync_method = syncfs").unwrap();
}

/// Every process of a Postgres, its first process first.
pub fn family(first: Pid) -> Vec<Pid> {
    let children = format!("/proc/{first}/task/{first}/children");
    let children = std::fs::read_to_string(children).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|id| id.parse().ok()).map(Pid::from_raw);
    [first].into_iter().chain(children).collect()
}

/// Leaves somebody behind who takes the folder away when this process is gone: its end of the pipe closes then.
fn sweep(folder: &Path) {
    use std::os::unix::process::CommandExt as _;
    let script = "cat >/dev/null; n=0; while [ -e \"$1/postgres/postmaster.pid\" ] && [ $n -lt 50 ]; do \
                  kill -0 \"$(head -1 \"$1/postgres/postmaster.pid\")\" 2>/dev/null || break; n=$((n+1)); sleep 0.1; done; \
                  rm -rf \"$1\"";
    let child = Command::new("sh")
        .args(["-c", script, "sweep"])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    // Forgotten on purpose: the pipe has to stay open for as long as this process lives.
    std::mem::forget(child);
}

/// A program described for [`Keeper::spawn`].
pub fn described(
    name: &'static str,
    path: PathBuf,
    args: &[&str],
    env: Vec<(String, String)>,
    layout: &Layout,
    log: &str,
) -> Program {
    Program {
        name,
        path,
        args: args.iter().map(|one| (*one).into()).collect(),
        env,
        cwd: layout.root().to_owned(),
        owner: None,
        log: layout.log(log),
    }
}

/// Is a program installed?
pub fn installed(name: &str) -> bool {
    on_path(name).is_ok()
}
