use std::path::Path;
use std::process::Command;

use super::*;
use crate::brand::Brands;
use crate::sample;

fn pdf(theme: &str, change: impl FnOnce(&mut Paper)) -> Vec<u8> {
    let brands = Brands::load().unwrap();
    let mut paper = sample::paper(theme);
    change(&mut paper);
    render(&brands.of(&sample::tenant(theme)).unwrap(), &sample::tenant(theme), &paper).unwrap()
}

/// Pictures of a PDF's pages; nothing where poppler is not installed.
fn pictures(pdf: &[u8], dir: &Path) -> Option<Vec<image::GrayImage>> {
    let file = dir.join("tickets.pdf");
    std::fs::write(&file, pdf).unwrap();
    let run = Command::new("pdftoppm").args(["-r", "110", "-png"]).arg(&file).arg(dir.join("page")).status();
    if !run.is_ok_and(|status| status.success()) {
        return None;
    }
    let mut pages: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
    pages.sort();
    Some(pages.iter().map(|page| image::open(page).unwrap().to_luma8()).collect())
}

struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tickets-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_symbol_on_each_page_reads_as_the_ticket() {
    for theme in ["riverside", "basement", "base"] {
        let folder = Folder::new(theme);
        let paper = sample::paper(theme);
        let Some(pages) = pictures(&pdf(theme, |_| ()), &folder.0) else {
            eprintln!("skipped: pdftoppm is not installed");
            return;
        };
        assert_eq!(pages.len(), paper.tickets.len());
        for (page, ticket) in pages.into_iter().zip(&paper.tickets) {
            let mut prepared = rqrr::PreparedImage::prepare(page);
            let grids = prepared.detect_grids();
            assert_eq!(grids.len(), 1, "{theme}");
            assert_eq!(grids[0].decode().unwrap().1, ticket.code, "{theme}");
        }
    }
}

#[test]
fn properties_name_the_tenant_alone() {
    let bytes = pdf("riverside", |_| ());
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    assert!(text.contains("riverside theatre"));
    for word in ["krilla", "marquee", "typst", "basement", "localhost"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn any_name_can_be_printed() {
    let names = [
        "משה",
        "李小龍",
        "🎭👩‍🚀",
        "Ada 🎭 Lovelace",
        "أحمد",
        "Ольга Ёлкина",
        "Żółć Ŧïñø",
        "a\u{202e}b\u{0}c",
        "",
        " ",
        "()[]{}\\(",
        "a · b · c · d · e · f · g · h · i · j",
        " ·  · ",
    ];
    for name in names.into_iter().map(str::to_owned).chain(["x".repeat(200), "Wolfeschlegel ".repeat(14)]) {
        let bytes = pdf("basement", |paper| {
            paper.order.event_title = name.clone();
            paper.order.venue = name.clone();
            for ticket in &mut paper.tickets {
                ticket.holder = name.clone();
                ticket.label = name.clone();
                ticket.gates = vec![name.clone()];
            }
        });
        assert!(bytes.starts_with(b"%PDF"), "{name}");
    }
}

#[test]
fn other_languages_are_spoken() {
    let bytes = pdf("basement", |paper| paper.order.locale = "de-DE".to_owned());
    let folder = Folder::new("text");
    std::fs::write(folder.0.join("t.pdf"), bytes).unwrap();
    let Ok(run) = Command::new("pdftotext").args(["-layout", "t.pdf", "-"]).current_dir(&folder.0).output()
    else {
        eprintln!("skipped: pdftotext is not installed");
        return;
    };
    let text = String::from_utf8(run.stdout).unwrap();
    for words in ["Freitag, 4. Dezember 2026, 20:00 Uhr", "Einlass 19:15 Uhr", "22,50", "Eingang", "STANDING"]
    {
        assert!(text.contains(words), "{words} in {text}");
    }
}

/// Writes what tests print to the folder `LOOK_AT` names, for people to look at.
#[test]
fn look_at_the_paper() {
    let Some(folder) = std::env::var_os("LOOK_AT") else { return };
    let folder = Path::new(&folder);
    for theme in ["riverside", "basement"] {
        std::fs::write(folder.join(format!("{theme}.pdf")), pdf(theme, |_| ())).unwrap();
    }
    let long = pdf("riverside", |paper| {
        paper.order.event_title =
            "A very long evening with the Chamber Orchestra of the Western Counties".to_owned();
        paper.order.buyer_name = "משה כהן".to_owned();
        for ticket in &mut paper.tickets {
            ticket.holder = "Ada משה (כהן) Wolfeschlegelsteinhausenbergerdorff".to_owned();
            ticket.gates = vec!["North gate, Mill Quay".to_owned(), "River gate".to_owned()];
        }
    });
    std::fs::write(folder.join("long.pdf"), long).unwrap();
}
