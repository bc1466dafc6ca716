//! The reference for HTTP: actix alone, answering JSON of the size that the path names.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};

use crate::error::BenchError;

/// The path that answers so many bytes.
pub fn path(bytes: usize) -> String {
    format!("/bytes/{bytes}")
}

/// Serves until killed, with as many threads as the program has.
///
/// # Errors
/// When the port is taken.
pub async fn serve(port: u16) -> Result<(), BenchError> {
    let failed = || BenchError::system("the bare server");
    HttpServer::new(|| {
        App::new()
            .route("/bytes/{bytes}", web::route().to(answer))
            .default_service(web::to(HttpResponse::NotFound))
    })
    .workers(std::thread::available_parallelism().map_or(2, usize::from))
    .backlog(8_192)
    .bind(("127.0.0.1", port))
    .map_err(failed())?
    .run()
    .await
    .map_err(failed())
}

/// Reads the body that was sent, as whoever answers it would.
async fn answer(request: HttpRequest, sent: web::Bytes) -> HttpResponse {
    let bytes =
        request.match_info().get("bytes").and_then(|text| text.parse::<usize>().ok()).unwrap_or_default();
    // Quotes around the letters make it JSON.
    let body = format!("\"{}\"", "x".repeat(bytes.saturating_sub(2)));
    drop(sent);
    HttpResponse::Ok().content_type("application/json").body(body)
}
