//! Photos of a ticket: the same one twice is one, and there is a limit. Pure; what a picture shows is for people.

use serde_json::json;

use super::commands::Refusal;
use super::desk::Desk;
use crate::model::*;

impl Desk<'_> {
    /// Adds a photo to a ticket; one that it has already adds nothing.
    pub(super) fn photo(&mut self, id: &TicketId, actor: &str, photo: &Photo) -> Result<(), Refusal> {
        let digest = photo.digest();
        let photos = &self.ticket(id).photos;
        let n = photos.len();
        if photos.contains(&digest) {
            return Ok(());
        }
        if n >= PHOTOS_MAX {
            return Err(Refusal::TooManyPhotos);
        }
        self.change(id).photos.push(digest);
        self.event(id, "photo", actor, json!({ "n": n, "type": photo.kind().as_str() }));
        let n = i64::try_from(n).expect("a few");
        self.changes.photos.push((id.clone(), n, photo.clone()));
        Ok(())
    }
}
