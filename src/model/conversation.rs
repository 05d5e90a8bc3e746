//! A conversation: all texts between the service and one number, and whether a human is awaited.

use super::{ConversationId, E164, PropertyId, TenantId, TicketId, Timestamp, UnitId, digest};

/// What was said with one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Made from the number, so that it names nobody.
    pub id: ConversationId,
    /// With which number.
    pub phone: E164,
    /// Whose number that is.
    pub tenant_id: TenantId,
    /// What they rent.
    pub unit_id: UnitId,
    /// Where.
    pub property_id: PropertyId,
    /// The matter of the last text.
    pub ticket_id: Option<TicketId>,
    /// Who signs.
    pub sender: String,
    /// Since when a human is awaited; nobody is while absent.
    pub waiting_since: Option<Timestamp>,
    /// Why: the word of the meaning that nobody may act upon alone.
    pub why: Option<String>,
    /// When the manager is told that nobody has answered; absent once they were, and while nobody is awaited.
    pub due_at: Option<Timestamp>,
    /// When the person last wrote.
    pub last_at: Timestamp,
}

impl Conversation {
    /// The id of the conversation with a number.
    pub fn id_of(phone: &E164) -> ConversationId {
        ConversationId(format!("c_{}", digest(phone.as_str())))
    }
}
