//! What every benchmark stands on: a private Postgres, Redis and payment simulator in a folder of their own, and servers
//! of the program over copies of a prepared database. All of it ends with the value, however the benchmark ends.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use marquee_demo::environment::{self, Variables};
use marquee_demo::files;
use marquee_demo::layout::Layout;
use marquee_demo::ports::{self, Ports};
use marquee_demo::postgres::{self, Postgres};
use marquee_demo::probe::Probe;
use marquee_demo::process::{Program, Service};
use marquee_demo::secrets::Secrets;
use marquee_demo::{redis, stripe};
use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::database::Database;
use crate::error::BenchError;
use crate::process::Running;

/// The tenant's host.
pub const HOST: &str = "bench.localhost";
/// Its account at the payment simulator, one of those that the simulator knows.
pub const ACCOUNT: &str = stripe::ACCOUNTS[0].0;

/// The stage. Fields end in this order.
#[derive(Debug)]
pub struct Stage {
    simulator: Running,
    /// Redis.
    pub redis: Running,
    /// Postgres.
    pub postgres: Running,
    /// Where the simulator answers.
    pub simulator_address: SocketAddr,
    /// Passwords and keys.
    pub secrets: Secrets,
    layout: Layout,
    ports: Ports,
    bin: PathBuf,
    count: Cell<u32>,
    /// Where the simulator's events go.
    events: u16,
    _folder: Folder,
}

/// The stage's folder, removed with the value.
#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now lies under `var`, where it harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How the program is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Claiming {
    /// As it comes: waiting requests are claimed together.
    Batched,
    /// Each request in a transaction of its own.
    Unbatched,
}

/// A server of the program.
#[derive(Debug)]
pub struct Server {
    running: Running,
    _worker: Option<Running>,
    /// Where it serves.
    pub address: SocketAddr,
    /// Where it shows its metrics.
    pub metrics: SocketAddr,
}

impl Server {
    /// Processor time that the server has used, in seconds.
    pub fn spent(&self) -> f64 {
        self.running.spent()
    }
}

impl Stage {
    /// Processor time that the simulator has used, in seconds.
    pub fn simulator_spent(&self) -> f64 {
        self.simulator.spent()
    }

    /// Boots everything but the program, migrates the database and makes the tenant.
    ///
    /// # Errors
    /// When a part does not get ready.
    pub async fn boot(bin: &Path) -> Result<(Self, Database), BenchError> {
        let root = std::env::current_dir().map_err(BenchError::system("cannot tell where this runs"))?;
        let runs = Path::new("var/bench/run");
        sweep(runs);
        let dir = runs.join(std::process::id().to_string());
        let layout = Layout::new(&root, 0, Some(&dir));
        let folder = Folder(layout.dir().to_owned());
        files::make_private_folder(&layout.logs())?;
        let ports = Ports::load_or_draw(&layout)?;
        let secrets = Secrets::load_or_draw(&layout)?;
        let (postgres, redis) = {
            let cluster = Postgres::prepare(&layout, &ports)?;
            cluster.create().await?;
            let postgres = Running::start(cluster.service()?).await?;
            cluster.provision(&secrets).await?;
            (postgres, Running::start(redis::service(&layout, &ports, &secrets)?).await?)
        };
        // Nobody listens where its events would go: a server of one measurement is gone in the next. One that is to hear
        // of them asks for that port.
        let nobody = ports::free()?;
        let host = environment::PLATFORM_HOST;
        let simulator = stripe::service(&layout, bin, nobody, host, &stripe::EVENTS, &ports, &secrets)?;
        let simulator = Running::start(simulator).await?;
        let database = Database::named(postgres::DATABASE, &ports, &secrets);
        let simulator_address = SocketAddr::from(([127, 0, 0, 1], ports.stripe));
        let bin = bin.to_owned();
        let count = Cell::new(0);
        let stage = Self {
            simulator,
            redis,
            postgres,
            simulator_address,
            secrets,
            layout,
            ports,
            bin,
            count,
            events: nobody,
            _folder: folder,
        };
        stage.marquee(&database, &["migrate", "up"]).await?;
        let create = "tenant create --slug bench --name Bench --host bench.localhost --currency EUR \
                      --timezone Europe/Dublin --support-email help@bench.localhost --account";
        let create: Vec<&str> = create.split_ascii_whitespace().chain([ACCOUNT]).collect();
        stage.marquee(&database, &create).await?;
        Ok((stage, database))
    }

    /// A name for one more database.
    pub fn fresh_name(&self) -> String {
        self.count.set(self.count.get() + 1);
        format!("run_{}", self.count.get())
    }

    /// A file of the stage.
    pub fn path(&self, name: &str) -> PathBuf {
        self.layout.data(name)
    }

    /// The environment of the program over `database`.
    pub fn variables(&self, database: &Database, claiming: Claiming) -> Variables {
        let own = |name: &str| match name {
            "MARQUEE_DATABASE_URL" => Some(database.app.clone()),
            "MARQUEE_DATABASE_PLATFORM_URL" => Some(database.platform.clone()),
            "MARQUEE_DATABASE_ADMIN_URL" => Some(database.owner.clone()),
            _ => None,
        };
        let shared = environment::shared(0, &self.ports, &self.secrets);
        let mut variables: Variables =
            shared.into_iter().map(|(name, value)| (name.clone(), own(&name).unwrap_or(value))).collect();
        if claiming == Claiming::Unbatched {
            variables.push(("MARQUEE_CLAIM_BATCH".to_owned(), "1".to_owned()));
        }
        variables
    }

    /// Runs a command of the program; answers the last line of what it printed.
    ///
    /// # Errors
    /// When it fails; the message has what it said.
    pub async fn marquee(&self, database: &Database, args: &[&str]) -> Result<String, BenchError> {
        let mut last = String::new();
        let program = self.program("command", "marquee", args, self.variables(database, Claiming::Batched));
        program.run(None, |line| line.clone_into(&mut last)).await?;
        Ok(last)
    }

    /// Puts a performance on a strategy; the program's own words where it refuses.
    ///
    /// # Errors
    /// What it said last.
    pub async fn choose(&self, database: &Database, performance: &str, strategy: &str) -> Result<(), String> {
        let mut command = tokio::process::Command::new(self.bin.join("marquee"));
        command
            .args(["performance", "set", performance, "--strategy", strategy])
            .env_clear()
            .envs(self.variables(database, Claiming::Batched))
            .kill_on_drop(true);
        let output = command.output().await.map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(said
            .lines()
            .last()
            .unwrap_or("refused without a word")
            .trim_start_matches("marquee: ")
            .to_owned())
    }

    /// Starts a server over `database`, with a worker beside it where asked for.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn serve(
        &self,
        database: &Database,
        claiming: Claiming,
        worker: bool,
    ) -> Result<Server, BenchError> {
        self.serve_on(ports::free()?, database, claiming, worker).await
    }

    /// Starts a server that hears the provider's events. One at a time.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn serve_hearing(&self, database: &Database, claiming: Claiming) -> Result<Server, BenchError> {
        self.serve_on(self.events, database, claiming, false).await
    }

    async fn serve_on(
        &self,
        port: u16,
        database: &Database,
        claiming: Claiming,
        worker: bool,
    ) -> Result<Server, BenchError> {
        let variables = self.variables(database, claiming);
        let (metrics, spare) = (ports::free()?, ports::free()?);
        let variables_of =
            |port, metrics| environment::with_addresses(&variables, &format!("127.0.0.1:{port}"), metrics);
        let running = Running::start(service(
            self.program("server", "marquee", &["serve"], variables_of(port, metrics)),
            Probe::Page(port, "/readyz"),
        ));
        let running = running.await?;
        let worker = match worker {
            true => {
                let program = self.program("worker", "marquee", &["worker"], variables_of(0, spare));
                Some(Running::start(service(program, Probe::Port(spare))).await?)
            }
            false => None,
        };
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Server { running, _worker: worker, address: local(port), metrics: local(metrics) })
    }

    /// Starts this program in another role: `args` name it.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn bare(&self) -> Result<(Running, SocketAddr), BenchError> {
        let port = ports::free()?;
        let program = self.own("bare", &["bare", "--port", &port.to_string()], Variables::new())?;
        let running = Running::start(service(program, Probe::AnyPage(port))).await?;
        Ok((running, SocketAddr::from(([127, 0, 0, 1], port))))
    }

    /// Runs this program in another role to its end; answers the last line that it printed.
    ///
    /// # Errors
    /// When it fails.
    pub async fn own_role(&self, args: &[&str], variables: Variables) -> Result<String, BenchError> {
        let mut last = String::new();
        self.own("engine", args, variables)?.run(None, |line| line.clone_into(&mut last)).await?;
        Ok(last)
    }

    fn own(&self, name: &'static str, args: &[&str], env: Variables) -> Result<Program, BenchError> {
        let path = std::env::current_exe().map_err(BenchError::system("cannot find this program"))?;
        Ok(Program { path, ..self.program(name, "", args, env) })
    }

    fn program(&self, name: &'static str, file: &str, args: &[&str], env: Variables) -> Program {
        Program {
            name,
            path: self.bin.join(file),
            args: args.iter().map(|one| (*one).into()).collect(),
            env,
            cwd: self.layout.root().to_owned(),
            owner: None,
            log: self.layout.log(name),
        }
    }

    /// Empties Redis: copies of one database have the same ids, and none may see what was held in another.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn flush_redis(&self) -> Result<(), BenchError> {
        let failed = BenchError::system("cannot empty Redis");
        let ask = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.ports.redis)).await?;
            stream.write_all(format!("AUTH {}\r\nFLUSHALL\r\n", self.secrets.redis).as_bytes()).await?;
            let mut answer = [0; 10];
            stream.read_exact(&mut answer).await?;
            Ok(answer)
        };
        match ask.await.map_err(failed)? {
            answer if &answer == b"+OK\r\n+OK\r\n" => Ok(()),
            other => Err(BenchError::failed(format!("Redis says {}", String::from_utf8_lossy(&other)))),
        }
    }

    /// Where Postgres listens, for its own tools.
    pub fn postgres_port(&self) -> u16 {
        self.ports.postgres
    }
}

/// Removes the folders of runs that were killed; each is named after its process.
fn sweep(runs: &Path) {
    for entry in std::fs::read_dir(runs).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_gone = |pid: u32| !Path::new("/proc").join(pid.to_string()).exists();
        if name.to_str().and_then(|name| name.parse().ok()).is_some_and(is_gone) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn service(program: Program, probe: Probe) -> Service {
    // What a measured server leaves behind is thrown away, so nobody waits for it to end in order.
    Service { program, stop: Signal::SIGTERM, hurry: Signal::SIGKILL, probe, exclusive: None }
}
