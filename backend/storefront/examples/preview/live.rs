//! The stream of what changes: the state, then each second some seats that others take.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::rt::time::{Interval, interval};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use crate::api::{Shelf, state};

struct Stream {
    shelf: web::Data<Shelf>,
    id: String,
    tick: Interval,
    beats: u64,
}

impl Stream {
    fn next(&mut self) -> Option<String> {
        self.beats += 1;
        let (show, plan) = self.shelf.show(&self.id)?;
        if self.beats == 1 {
            return Some(format!("event: state\ndata: {}\n\n", state(&self.shelf, show, plan)));
        }
        let mut sections = Vec::new();
        for turn in 0..6 {
            let all = plan?["sections"].as_array()?;
            let section = &all[(self.beats as usize * 7 + turn * 31) % all.len()];
            let ids = section["seats"]["id"].as_array()?;
            let gone: Vec<usize> =
                (0..4).map(|at| (self.beats as usize * 13 + at + turn * 5) % ids.len().max(1)).collect();
            for at in &gone {
                self.shelf.take(show.id, ids[*at].as_str().unwrap_or_default());
            }
            sections.push(json!({ "id": section["id"], "free": [], "gone": gone }));
        }
        let delta: Value = json!({ "version": self.beats, "sections": sections, "price_levels": [] });
        Some(format!("event: delta\ndata: {delta}\n\n"))
    }
}

impl MessageBody for Stream {
    type Error = actix_web::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        match self.tick.poll_tick(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(_) => Poll::Ready(self.next().map(|text| Ok(Bytes::from(text)))),
        }
    }
}

pub async fn live(id: web::Path<String>, shelf: web::Data<Shelf>) -> HttpResponse {
    let stream = Stream { shelf, id: id.into_inner(), tick: interval(Duration::from_millis(1000)), beats: 0 };
    HttpResponse::Ok()
        .insert_header(("content-type", "text/event-stream"))
        .insert_header(("cache-control", "no-store"))
        .insert_header(("content-encoding", "identity"))
        .body(BoxBody::new(stream))
}
