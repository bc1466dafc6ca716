use marquee_core::db::TenantTx;
use marquee_core::ids::EventId;

use crate::validate::{DESCRIPTION, Faults, NAME, SUMMARY, Text};
use crate::{Credit, Poster, WriteError, store};

/// Entries of a list of facts or credits.
const MAX_ENTRIES: usize = 100;

/// An event to be created. Fans do not see it until it is published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewEvent {
    /// Its name in addresses, unique at the tenant.
    pub slug: String,
    /// The title.
    pub title: String,
    /// Who it is by or who plays; may be empty.
    pub subtitle: String,
    /// One or two sentences; may be empty.
    pub summary: String,
    /// Paragraphs of plain text, separated by blank lines; may be empty.
    pub description: String,
    /// Genre; may be empty.
    pub category: String,
    /// Short practical facts.
    pub facts: Vec<String>,
    /// Cast, crew or running order.
    pub credits: Vec<Credit>,
    /// How its poster is drawn.
    pub poster: Poster,
}

/// Creates an event.
///
/// # Errors
/// `Invalid` with every fault of the texts, `SlugTaken`.
pub async fn create_event(tx: &TenantTx, event: &NewEvent) -> Result<EventId, WriteError> {
    check(event)?;
    let id = EventId::generate();
    if store::write::event(tx, id, event).await? {
        Ok(id)
    } else {
        Err(WriteError::SlugTaken(event.slug.clone()))
    }
}

fn check(event: &NewEvent) -> Result<(), WriteError> {
    let mut faults = Faults::default();
    faults.slug("slug", &event.slug);
    faults.text("title", &event.title, Text::required(NAME));
    faults.text("subtitle", &event.subtitle, Text::optional(NAME));
    faults.text("summary", &event.summary, Text::optional(SUMMARY));
    faults.text("description", &event.description, Text::paragraphs(DESCRIPTION));
    faults.text("category", &event.category, Text::optional(NAME));
    faults.length("facts", event.facts.len(), 0..=MAX_ENTRIES);
    for (at, fact) in event.facts.iter().enumerate() {
        faults.text(format!("facts/{at}"), fact, Text::required(NAME));
    }
    faults.length("credits", event.credits.len(), 0..=MAX_ENTRIES);
    for (at, credit) in event.credits.iter().enumerate() {
        faults.text(format!("credits/{at}/role"), &credit.role, Text::optional(NAME));
        faults.text(format!("credits/{at}/name"), &credit.name, Text::required(NAME));
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b':' | b'-');
    let style = &event.poster.style;
    let fits = style.len() <= 60 && style.bytes().all(plain);
    faults.check(fits, "poster/style", "format", "must be at most 60 of a-z, 0-9, `:` and `-`");
    faults.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_are_told_at_once() {
        let event = NewEvent {
            slug: "No Slug".to_owned(),
            title: String::new(),
            facts: vec!["ok".to_owned(), "a\tb".to_owned()],
            credits: vec![Credit { role: String::new(), name: " ".to_owned() }],
            poster: Poster { style: "../x".to_owned(), seed: 1 },
            ..NewEvent::default()
        };
        let Err(WriteError::Invalid(faults)) = check(&event) else { panic!("it was taken") };
        let fields: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), fault.code)).collect();
        assert_eq!(
            fields,
            [
                ("slug", "format"),
                ("title", "blank"),
                ("facts/1", "control_character"),
                ("credits/0/name", "blank"),
                ("poster/style", "format"),
            ]
        );
    }
}
