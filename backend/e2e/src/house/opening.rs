//! How a house is opened: what the test wants of it, a database and addresses of its own, and everything started in order.

use marquee_demo::environment::{self, Variables};
use marquee_demo::layout::Layout;
use marquee_demo::ports::Ports;
use marquee_demo::{mail, stripe};

use super::House;
use crate::client::{http, http_afresh};
use crate::cluster::{Cluster, cluster, program};
use crate::crash::Points;
use crate::database::Database;
use crate::running::Running;
use crate::skew::Skew;

/// Connections of each pool of each process: several houses share one Postgres.
const POOL: &str = "8";

/// Secret of the provider's events that is about to be replaced, in a house that has one.
pub const OLD_WEBHOOK_SECRET: &str = "whsec_about_to_be_replaced";

/// What a house consists of.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    servers: usize,
    worker: bool,
    mail: bool,
    redis: bool,
    skewed: bool,
    crashing: bool,
    afresh: bool,
    settings: &'static [(&'static str, &'static str)],
    old_secret: bool,
}

/// A house with a server and a worker.
pub fn plan() -> Plan {
    Plan {
        servers: 1,
        worker: true,
        mail: false,
        redis: true,
        skewed: false,
        crashing: false,
        afresh: false,
        settings: &[],
        old_secret: false,
    }
}

impl Plan {
    /// With so many server processes.
    pub fn servers(self, servers: usize) -> Self {
        Self { servers, ..self }
    }

    /// Without a worker: nobody tidies up or recovers.
    pub fn without_worker(self) -> Self {
        Self { worker: false, ..self }
    }

    /// With a mail catcher.
    pub fn with_mail(self) -> Self {
        Self { mail: true, ..self }
    }

    /// With a Redis that does not answer.
    pub fn without_redis(self) -> Self {
        Self { redis: false, ..self }
    }

    /// With a first server whose clock can be set.
    pub fn with_skew(self) -> Self {
        Self { skewed: true, ..self }
    }

    /// With servers and a worker that can be told where to die.
    pub fn with_crashes(self) -> Self {
        Self { crashing: true, ..self }
    }

    /// With a connection for each call: servers close those that nobody used for a while, and a campaign makes so many
    /// calls that one will meet that moment.
    pub fn with_fresh_connections(self) -> Self {
        Self { afresh: true, ..self }
    }

    /// With variables of every process's environment set otherwise than usual.
    pub fn with_settings(self, settings: &'static [(&'static str, &'static str)]) -> Self {
        Self { settings, ..self }
    }

    /// With another secret for the provider's events, the older one, beside its own.
    pub fn with_old_webhook_secret(self) -> Self {
        Self { old_secret: true, ..self }
    }

    /// Builds it and waits until everything is ready.
    pub async fn open(self) -> House {
        self.open_after(async |_| {}).await
    }

    /// Builds it; `prepare` may change the database before any process sees it.
    pub async fn open_after(self, prepare: impl AsyncFnOnce(&Database)) -> House {
        let cluster = cluster().await;
        let number = cluster.number();
        let database = cluster.clone_database(number).await;
        prepare(&database).await;
        cluster.clear_redis(number).await;
        let layout = cluster.layout(number);
        let ports = cluster.ports(&layout);
        let addresses: Vec<u16> = (0..self.servers).map(|_| cluster.port()).collect();
        let mut variables = variables(cluster, &database, number, addresses[0], &ports);
        if !self.redis {
            // Nobody listens there.
            let nobody = format!("redis://127.0.0.1:{}/0", cluster.port());
            variables
                .iter_mut()
                .filter(|(name, _)| name == "MARQUEE_REDIS_URL")
                .for_each(|(_, url)| nobody.clone_into(url));
        }
        for (name, value) in self.settings {
            variables.retain(|(known, _)| known != name);
            variables.push(((*name).to_owned(), (*value).to_owned()));
        }
        if self.old_secret {
            let secrets = variables.iter_mut().filter(|(name, _)| name.ends_with("WEBHOOK_SECRET"));
            secrets.for_each(|(_, secret)| *secret = format!("{OLD_WEBHOOK_SECRET},{secret}"));
        }
        let bin = crate::cluster::programs();
        program("stripe-sim");
        let simulator = stripe::service(
            &layout,
            &bin,
            addresses[0],
            environment::PLATFORM_HOST,
            &["*"],
            &ports,
            &cluster.secrets,
        );
        let simulator = Running::start(&cluster.keeper, simulator.unwrap()).await;
        let catcher = match self.mail {
            true => Some(Running::start(&cluster.keeper, mail::service(&layout, &ports).unwrap()).await),
            false => None,
        };
        let mut house = House {
            database,
            servers: Vec::new(),
            worker: None,
            simulator,
            catcher,
            fixtures: &cluster.fixtures,
            skew: self.skewed.then(|| Skew::new(&layout)),
            points: points(&layout, self),
            number,
            relief: None,
            http: if self.crashing || self.afresh { http_afresh() } else { http() },
            layout,
            ports,
            addresses,
            variables,
        };
        for at in 0..self.servers {
            house.servers.push(Running::start(&cluster.keeper, house.server(at)).await);
        }
        if self.worker {
            house.worker = Some(Running::start(&cluster.keeper, house.background()).await);
        }
        for at in 0..self.servers {
            house.knows_its_tenants(at).await;
        }
        house
    }
}

fn points(layout: &Layout, plan: Plan) -> Vec<Points> {
    let servers = (0..plan.servers).map(|at| format!("server-{at}"));
    let all = servers.chain(["worker".to_owned()]);
    all.filter(|_| plan.crashing).map(|name| Points::new(layout, &name)).collect()
}

fn variables(cluster: &Cluster, database: &Database, number: usize, port: u16, ports: &Ports) -> Variables {
    let own = |name: &str| match name {
        "MARQUEE_DATABASE_URL" => Some(database.app_url.clone()),
        "MARQUEE_DATABASE_PLATFORM_URL" => Some(database.platform_url.clone()),
        "MARQUEE_DATABASE_ADMIN_URL" => Some(database.owner_url.clone()),
        "MARQUEE_REDIS_URL" => Some(cluster.redis_url(number)),
        "MARQUEE_DB_POOL" => Some(POOL.to_owned()),
        _ => None,
    };
    let shared = environment::shared(port, ports, &cluster.secrets);
    shared.into_iter().map(|(name, value)| (name.clone(), own(&name).unwrap_or(value))).collect()
}
