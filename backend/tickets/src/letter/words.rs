//! The words of letters. `{…}` stands for what [`fill`](crate::texts::fill) puts there.

/// What a language says in letters.
#[derive(Debug)]
pub(crate) struct Words {
    /// `{name}`.
    pub(crate) dear: &'static str,
    /// When money arrives.
    pub(crate) arrives: &'static str,
    pub(crate) show_order: &'static str,
    pub(crate) goes_back: &'static str,
    pub(crate) not_valid: &'static str,
    pub(crate) your_tickets: &'static str,
    /// `{date}`.
    pub(crate) instead_of: &'static str,

    pub(crate) cancelled: &'static str,
    /// `{event}`, `{date}`.
    pub(crate) cancelled_subject: &'static str,
    pub(crate) cancelled_lead: &'static str,
    /// `{amount}`.
    pub(crate) cancelled_money: &'static str,
    pub(crate) cancelled_free: &'static str,
    pub(crate) nothing_to_do: &'static str,

    pub(crate) postponed: &'static str,
    /// `{event}`, `{date}`.
    pub(crate) postponed_subject: &'static str,
    pub(crate) postponed_lead: &'static str,
    /// `{until}`, `{amount}`.
    pub(crate) postponed_return: &'static str,
    /// `{until}`.
    pub(crate) postponed_return_free: &'static str,
    pub(crate) keep_or_return: &'static str,

    pub(crate) refund: &'static str,
    /// `{event}`, `{amount}`.
    pub(crate) refund_subject: &'static str,
    /// `{amount}`.
    pub(crate) refund_lead: &'static str,
    /// `{event}`.
    pub(crate) withdrawn_subject: &'static str,
    pub(crate) withdrawn_lead: &'static str,
    pub(crate) others_stay: &'static str,
    pub(crate) all_stay: &'static str,
    pub(crate) none_stay: &'static str,

    pub(crate) sorry: &'static str,
    /// `{event}`.
    pub(crate) lost_subject: &'static str,
    pub(crate) lost_lead: &'static str,
    /// `{amount}`.
    pub(crate) lost_money: &'static str,
    pub(crate) lost_again: &'static str,
    pub(crate) lost_rows: &'static str,
}

const EN: Words = Words {
    dear: "Dear {name},",
    arrives: "It goes back the way you paid and usually arrives within five to ten working days.",
    show_order: "Show my order",
    goes_back: "Goes back to you",
    not_valid: "No longer valid",
    your_tickets: "Your tickets",
    instead_of: "instead of {date}",
    cancelled: "Cancelled",
    cancelled_subject: "Cancelled: {event}, {date}",
    cancelled_lead: "We are sorry: this performance does not take place.",
    cancelled_money: "You get back all you paid, {amount}.",
    cancelled_free: "There was nothing to pay for these tickets, so no money has to go back.",
    nothing_to_do: "There is nothing you need to do.",
    postponed: "New date",
    postponed_subject: "New date for {event}: {date}",
    postponed_lead: "This performance has a new date. If you can come, there is nothing to do: your tickets are valid for it as they are.",
    postponed_return: "If you cannot come, return them until {until} and get back all you paid, {amount}.",
    postponed_return_free: "If you cannot come, return them until {until}, so that somebody else can.",
    keep_or_return: "Keep or return my tickets",
    refund: "Refund",
    refund_subject: "Your refund for {event}: {amount}",
    refund_lead: "We are sending {amount} back to you.",
    withdrawn_subject: "Your tickets for {event} were taken back",
    withdrawn_lead: "We have taken these tickets back. There was nothing to pay for them, so no money has to go back.",
    others_stay: "Your other tickets stay valid.",
    all_stay: "Your tickets stay valid.",
    none_stay: "Your tickets are no longer valid.",
    sorry: "We are sorry",
    lost_subject: "We could not give you your tickets for {event}",
    lost_lead: "Your payment reached us after the time to pay had run out, when your seats had already gone back on sale. This should not have happened to you.",
    lost_money: "You get back all of it, {amount}.",
    lost_again: "You have no tickets from this order. If you still want to come, please book again.",
    lost_rows: "What you had chosen",
};

const DE: Words = Words {
    dear: "Guten Tag {name},",
    arrives: "Es kommt auf dem Weg zurück, auf dem Sie bezahlt haben, meist innerhalb von fünf bis zehn Werktagen.",
    show_order: "Meine Bestellung zeigen",
    goes_back: "Geht an Sie zurück",
    not_valid: "Nicht mehr gültig",
    your_tickets: "Ihre Tickets",
    instead_of: "statt {date}",
    cancelled: "Abgesagt",
    cancelled_subject: "Abgesagt: {event}, {date}",
    cancelled_lead: "Es tut uns leid: Diese Vorstellung findet nicht statt.",
    cancelled_money: "Sie bekommen alles zurück, was Sie bezahlt haben: {amount}.",
    cancelled_free: "Für diese Tickets war nichts zu bezahlen, deshalb geht kein Geld zurück.",
    nothing_to_do: "Sie müssen nichts tun.",
    postponed: "Neuer Termin",
    postponed_subject: "Neuer Termin für {event}: {date}",
    postponed_lead: "Diese Vorstellung hat einen neuen Termin. Wenn Sie kommen können, müssen Sie nichts tun: Ihre Tickets gelten dafür, so wie sie sind.",
    postponed_return: "Wenn Sie nicht kommen können, geben Sie sie bis {until} zurück und bekommen alles wieder, was Sie bezahlt haben: {amount}.",
    postponed_return_free: "Wenn Sie nicht kommen können, geben Sie sie bis {until} zurück, damit jemand anders kommen kann.",
    keep_or_return: "Tickets behalten oder zurückgeben",
    refund: "Erstattung",
    refund_subject: "Ihre Erstattung für {event}: {amount}",
    refund_lead: "Wir überweisen Ihnen {amount} zurück.",
    withdrawn_subject: "Ihre Tickets für {event} wurden zurückgenommen",
    withdrawn_lead: "Wir haben diese Tickets zurückgenommen. Für sie war nichts zu bezahlen, deshalb geht kein Geld zurück.",
    others_stay: "Ihre übrigen Tickets bleiben gültig.",
    all_stay: "Ihre Tickets bleiben gültig.",
    none_stay: "Ihre Tickets sind nicht mehr gültig.",
    sorry: "Es tut uns leid",
    lost_subject: "Wir konnten Ihnen Ihre Tickets für {event} nicht geben",
    lost_lead: "Ihre Zahlung kam bei uns an, als die Zeit zum Bezahlen vorbei war und Ihre Plätze schon wieder im Verkauf waren. Das hätte Ihnen nicht passieren dürfen.",
    lost_money: "Sie bekommen alles zurück: {amount}.",
    lost_again: "Aus dieser Bestellung haben Sie keine Tickets. Wenn Sie kommen möchten, buchen Sie bitte noch einmal.",
    lost_rows: "Was Sie gewählt hatten",
};

/// The words of a language by its tag; English where we have no better.
pub(crate) fn words(tag: &str) -> &'static Words {
    if tag == "de" { &DE } else { &EN }
}
