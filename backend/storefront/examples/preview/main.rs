//! Shows the pages of both demo sites with made-up data, for work on the themes:
//!
//! ```sh
//! (cd tenant-themes && npm ci && npm run watch) &
//! cargo run -p marquee-storefront --example preview -- --port 8099 --plan plan.json --large-plan bowl.json
//! ```
//!
//! Then open `http://riverside.localhost:8099`, `http://basement.localhost:8099` and `http://arena.localhost:8099`. The
//! plans are in the shape of `GET /api/v1/plans/{hash}`; without them a small one and a bowl are made up. Nothing is kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::panic
)]

mod api;
mod bowl;
mod data;
mod live;

use std::sync::Arc;

use actix_web::{App, HttpRequest, HttpServer, middleware::Compress, web};
use marquee_core::clock::SystemClock;
use marquee_storefront::{PaymentScript, Storefront, configure};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let option =
        |name: &str| arguments.iter().position(|one| one == name).and_then(|at| arguments.get(at + 1));
    let port: u16 = option("--port").map_or(8099, |port| port.parse().expect("a port"));
    let plan = |name: &str| option(name).map(|path| std::fs::read_to_string(path).expect("a plan to read"));
    let world = Arc::new(data::World::load(port, plan("--plan").as_deref(), plan("--large-plan").as_deref()));
    let sites = Arc::clone(&world);
    let site_of = move |request: &HttpRequest| {
        let host = request.connection_info().host().split(':').next().unwrap_or_default().to_lowercase();
        sites.sites.get(host.strip_suffix(".localhost")?).cloned()
    };
    let payment = PaymentScript { url: "/pay/element.js".to_owned(), origins: Vec::new() };
    let pages = Arc::clone(&world) as Arc<dyn marquee_storefront::Pages>;
    let shop =
        Storefront::new(pages, Box::new(site_of), payment, Arc::new(SystemClock)).expect("themes that parse");
    let shop = web::Data::new(shop);
    let shelf = web::Data::new(api::Shelf::new(world));
    println!(
        "http://riverside.localhost:{port}\nhttp://basement.localhost:{port}\nhttp://arena.localhost:{port}"
    );
    HttpServer::new(move || {
        App::new()
            .app_data(shop.clone())
            .app_data(shelf.clone())
            .wrap(Compress::default())
            .configure(api::configure)
            .configure(configure)
    })
    .workers(2)
    .bind(("127.0.0.1", port))?
    .run()
    .await
}
