//! The conversation: texts of the service as bubbles at the left, of people at the right, moves of tickets between them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::panels::{block, colour};
use super::people::Person;
use super::picture::Picture;
use super::story::{Happening, What, money};
use super::wrap::{cut, fit, width, wrap};
use crate::decide::people::local;
use crate::model::{Property, TicketKind};

/// The widest bubble, in columns.
const BUBBLE_COLUMNS_MAX: usize = 64;
/// The narrowest, where there is room.
const BUBBLE_COLUMNS_MIN: usize = 16;

/// Draws it, the newest at the bottom.
pub(super) fn talk(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let block = block("Conversation".to_owned());
    let inner = block.inner(area);
    let (columns, rows) = (usize::from(inner.width), usize::from(inner.height));
    let mut lines: Vec<Line<'static>> = Vec::new();
    for one in picture.feed.iter().rev() {
        let mut piece = piece(one, columns, rows, &picture.people.property);
        piece.reverse();
        lines.extend(piece);
        if lines.len() >= rows {
            break;
        }
    }
    lines.truncate(rows);
    lines.reverse();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn piece(one: &Happening, columns: usize, rows: usize, property: &Property) -> Vec<Line<'static>> {
    let at = local(property, one.at).format("%H:%M").to_string();
    match &one.what {
        What::Text { to, body, .. } => {
            let head = format!("{at} to {}", address(to, &one.unit));
            bubble(&head, body, columns, rows, Side::Left(one.kind.map_or(Color::Cyan, colour)))
        }
        What::Reply { from, body } => {
            bubble(&format!("{} {at}", address(from, &one.unit)), body, columns, rows, Side::Right)
        }
        What::Reward { tenant, amount } => {
            vec![note(&format!("{at} ✓ {tenant} · {} is credited {}", one.unit, money(amount)), columns).green()]
        }
        What::Move { says, .. } => {
            let kind = one.kind.map_or("", TicketKind::as_str);
            vec![note(&format!("{at} {} {kind} · {says}", one.unit), columns).dim()]
        }
    }
}

fn address(person: &Person, unit: &str) -> String {
    let place = person.unit.as_deref().unwrap_or(unit);
    if place.is_empty() { person.name.clone() } else { format!("{} · {place}", person.name) }
}

fn note(text: &str, columns: usize) -> Line<'static> {
    Line::from(cut(&format!(" {text}"), columns))
}

#[derive(Clone, Copy)]
enum Side {
    Left(Color),
    Right,
}

fn bubble(head: &str, body: &str, columns: usize, rows: usize, side: Side) -> Vec<Line<'static>> {
    let inner = (columns * 5 / 6).clamp(BUBBLE_COLUMNS_MIN, BUBBLE_COLUMNS_MAX).min(columns.saturating_sub(4));
    let mut lines = wrap(body, inner);
    let most = (rows / 2).max(2);
    if lines.len() > most {
        lines.truncate(most);
        let last = lines.last_mut().expect("at least two lines");
        *last = cut(&format!("{last}…"), inner);
    }
    let wide = lines.iter().map(|line| width(line)).chain([width(head)]).max().unwrap_or(0).min(inner);
    let head = Span::styled(fit(head, wide), Style::new().fg(Color::Gray).bold());
    let body = lines.into_iter().map(|line| Span::raw(fit(&line, wide)));
    let mut out: Vec<Line<'static>> =
        [head].into_iter().chain(body).map(|span| at_side(span, wide, columns, side)).collect();
    out.push(Line::default());
    out
}

fn at_side(span: Span<'static>, wide: usize, columns: usize, side: Side) -> Line<'static> {
    match side {
        Side::Left(colour) => Line::from(vec![Span::raw(" ▌ ").fg(colour), span]),
        Side::Right => {
            let indent = " ".repeat(columns.saturating_sub(wide + 4));
            Line::from(vec![Span::raw(indent), span, Span::raw(" ▐ ").green()])
        }
    }
}
