//! The terminal: opens it, lays the panels out by its size, and gives it back however the demo ends.

use std::io;

use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::{DefaultTerminal, Frame};

use super::keys::{Key, Keys};
use super::panels;
use super::picture::Picture;

/// From this width on, the conversation has a column of its own.
const WIDE_COLUMNS: u16 = 116;
/// Two floors of four units and a gateway beside each other, and their frame.
const LEFT_COLUMNS: u16 = 32;
/// Less than this is too small to draw on.
const COLUMNS_MIN: u16 = 40;
/// See [`COLUMNS_MIN`].
const ROWS_MIN: u16 = 12;

/// The terminal as long as it is ours.
pub(super) struct Screen {
    /// What is to be seen.
    pub(super) picture: Picture,
    terminal: DefaultTerminal,
    keys: Keys,
    held: bool,
}

impl Screen {
    /// Takes the terminal; a panic gives it back.
    pub(super) fn open(picture: Picture) -> io::Result<Self> {
        let terminal = ratatui::try_init()?;
        Ok(Self { picture, terminal, keys: Keys::listen(), held: false })
    }

    /// Draws the picture, unless it is held.
    pub(super) fn draw(&mut self) -> io::Result<()> {
        if !self.held {
            self.terminal.draw(|frame| lay_out(frame, &self.picture, false))?;
        }
        Ok(())
    }

    /// The next key; what concerns the screen alone is done.
    pub(super) async fn key(&mut self) -> Key {
        let key = self.keys.next().await;
        if key == Key::Hold {
            self.held = !self.held;
            // Drawn again with the next tick, or kept.
            let _ = self.terminal.draw(|frame| lay_out(frame, &self.picture, self.held));
        }
        key
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

fn lay_out(frame: &mut Frame<'_>, picture: &Picture, held: bool) {
    let area = frame.area();
    if area.width < COLUMNS_MIN || area.height < ROWS_MIN {
        return panels::too_small(frame, area);
    }
    let rows = Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(2)]);
    let [head, body, foot] = rows.areas(area);
    panels::head(frame, head, picture);
    panels::foot(frame, foot, picture, held);
    if area.width >= WIDE_COLUMNS { wide(frame, body, picture) } else { narrow(frame, body, picture) }
}

/// House, next and rewards at the left; now and conversation at the right.
fn narrow(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let [left, right] = Layout::horizontal([Constraint::Length(LEFT_COLUMNS), Constraint::Fill(1)]).areas(area);
    let house_rows = panels::house_rows(picture, left.width).min(left.height / 2 + 1);
    let column = Layout::vertical([Constraint::Length(house_rows), Constraint::Fill(3), Constraint::Fill(2)]);
    let [house, next, rewards] = column.areas(left);
    let [now, talk] = Layout::vertical([Constraint::Fill(2), Constraint::Fill(3)]).areas(right);
    draw(frame, picture, [house, now, next, rewards, talk]);
}

/// House and rewards, now and next, conversation: three columns.
fn wide(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let columns = Layout::horizontal([Constraint::Length(LEFT_COLUMNS), Constraint::Fill(5), Constraint::Fill(6)]);
    let [left, middle, talk] = columns.areas(area);
    let house_rows = panels::house_rows(picture, left.width).min(left.height * 2 / 3);
    let [house, rewards] = Layout::vertical([Constraint::Length(house_rows), Constraint::Fill(1)]).areas(left);
    let [now, next] = Layout::vertical([Constraint::Fill(3), Constraint::Fill(2)]).areas(middle);
    draw(frame, picture, [house, now, next, rewards, talk]);
}

fn draw(frame: &mut Frame<'_>, picture: &Picture, [house, now, next, rewards, talk]: [Rect; 5]) {
    panels::house(frame, house, picture);
    panels::now(frame, now, picture);
    panels::next(frame, next, picture);
    panels::rewards(frame, rewards, picture);
    super::talk::talk(frame, talk, picture);
}
