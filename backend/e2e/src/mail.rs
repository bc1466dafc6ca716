//! The mailbox of a house, and what is in a mail.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::client::Client;
use crate::wait::until;

/// The mail catcher of one house.
#[derive(Debug, Clone)]
pub struct Mailbox(Client);

/// A mail.
#[derive(Debug, Clone)]
pub struct Mail {
    /// As the catcher tells it.
    pub body: Value,
    id: String,
}

impl Mailbox {
    /// The catcher behind `client`.
    pub fn new(client: Client) -> Self {
        Self(client)
    }

    /// Every mail to an address.
    pub async fn to(&self, address: &str) -> Vec<Mail> {
        let Ok(answer) = self.0.get("/api/email").try_send().await else { return Vec::new() };
        let all = answer.json();
        let is_to = |mail: &&Value| {
            mail["to"].as_array().is_some_and(|to| to.iter().any(|one| one["address"] == address))
        };
        let all = all.as_array().map(Vec::as_slice).unwrap_or_default();
        let mail = |body: &Value| Mail {
            body: body.clone(),
            id: body["id"].as_str().unwrap_or_default().to_owned(),
        };
        all.iter().filter(is_to).map(mail).collect()
    }

    /// Waits for the first mail to an address.
    pub async fn wait_for(&self, address: &str, seconds: u64) -> Mail {
        until(&format!("a mail to {address}"), seconds, async || self.to(address).await.into_iter().next())
            .await
    }

    /// The PDF of a mail.
    ///
    /// # Panics
    /// When it has none.
    pub async fn pdf(&self, mail: &Mail) -> Vec<u8> {
        let attachments =
            mail.body["attachments"].as_array().unwrap_or_else(|| panic!("no attachment: {}", mail.body));
        let pdf = attachments.iter().find(|one| one["contentType"] == "application/pdf").expect("a PDF");
        let name = pdf["generatedFileName"].as_str().unwrap();
        let answer = self.0.get(&format!("/api/email/{}/attachment/{name}", mail.id)).send().await;
        assert_eq!(answer.status, 200);
        answer.bytes
    }
}

/// The QR codes in a PDF's pictures: printed by poppler, read by a decoder that knows nothing of us.
///
/// # Panics
/// When the PDF cannot be printed.
pub fn qr_codes(pdf: &[u8], folder: &Path) -> Vec<String> {
    std::fs::create_dir_all(folder).unwrap();
    let file = folder.join("tickets.pdf");
    std::fs::write(&file, pdf).unwrap();
    let done =
        Command::new("pdftoppm").args(["-r", "150", "-png"]).arg(&file).arg(folder.join("page")).status();
    assert!(done.expect("poppler-utils are installed").success());
    let mut pages: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|one| one == "png"))
        .collect();
    pages.sort();
    pages.iter().flat_map(|page| read_qr(page)).collect()
}

/// The QR codes in a picture.
///
/// # Panics
/// When it is no picture.
pub fn read_qr(picture: &Path) -> Vec<String> {
    let picture = image::open(picture).unwrap().to_luma8();
    let (width, height) = picture.dimensions();
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width as usize, height as usize, |x, y| {
            picture.get_pixel(x as u32, y as u32).0[0]
        });
    prepared.detect_grids().iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect()
}
