//! The panels but the conversation, one function each: a part of the picture into a part of the screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Paragraph};

use super::picture::{Burning, Health, Picture};
use super::story::money;
use super::wrap::{cut, fit, width};
use crate::decide::people::local;
use crate::model::time::{DAY, HOUR, MINUTE};
use crate::model::{Money, TicketKind, UnitId};

/// Columns of one unit in the house.
const UNIT_COLUMNS: usize = 2;
/// Columns of the floor's number and the gap behind a floor.
const FLOOR_COLUMNS: usize = 4;
/// Columns of a gauge of a battery.
const GAUGE_COLUMNS: usize = 10;

/// Says that there is no room.
pub(super) fn too_small(frame: &mut Frame<'_>, area: Rect) {
    frame.render_widget(Paragraph::new("This terminal is too small for the demo; q quits."), area);
}

/// The house, its speed and its time.
pub(super) fn head(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let at = local(&picture.people.property, picture.now).format("%a %-d %b %Y %H:%M");
    let (word, style) = if picture.night {
        ("night", Style::new().fg(Color::White).bg(Color::Blue))
    } else {
        ("day", Style::new().fg(Color::Black).bg(Color::LightYellow))
    };
    let time = format!(" {at} {word} ");
    let name = format!(" Nightporter · {} · {}", picture.people.property.name, pace(picture.speed));
    let columns = usize::from(area.width).saturating_sub(width(&time));
    let line = Line::from(vec![Span::raw(fit(&name, columns)).bold(), Span::styled(time, style)]);
    frame.render_widget(line, area);
}

fn pace(speed: f64) -> String {
    let (n, unit) = if speed >= 3_600.0 { (speed / 3_600.0, "h") } else { (speed / 60.0, "min") };
    let n = (n * 10.0).round() / 10.0;
    format!("1 s = {n} {unit}")
}

/// What is counted, and the keys.
pub(super) fn foot(frame: &mut Frame<'_>, area: Rect, picture: &Picture, held: bool) {
    let c = &picture.counts;
    let batch = c.heard as f64 / (c.commits.max(1)) as f64;
    let open = picture.burning.len();
    let counts = [
        ("heard", c.heard.to_string()),
        ("commits", c.commits.to_string()),
        ("batch", format!("{batch:.1}")),
        ("tickets", format!("{open} of {}", c.tickets)),
        ("texts", c.texts.to_string()),
        ("replies", c.replies.to_string()),
        ("paid", format!("{}.{:02}", c.reward_minor / 100, c.reward_minor % 100)),
    ];
    let spans = counts.into_iter().flat_map(|(what, n)| [Span::raw(format!(" {what} ")).dim(), Span::raw(n)]);
    let hold = if held { "space go on" } else { "space hold picture" };
    let keys = format!(" q quit   {hold}   page ");
    let keys = Line::from(vec![Span::raw(keys).dim(), Span::raw(&picture.page).underlined()]);
    frame.render_widget(Paragraph::new(vec![Line::from_iter(spans), keys]), area);
}

/// A frame with a name.
pub(super) fn block(title: String) -> Block<'static> {
    let title = Span::styled(format!(" {title} "), Style::new().add_modifier(Modifier::BOLD));
    Block::bordered().border_type(BorderType::Rounded).border_style(Style::new().fg(Color::DarkGray)).title(title)
}

/// The colour of a kind of trouble.
pub(super) fn colour(kind: TicketKind) -> Color {
    match kind {
        TicketKind::Leak => Color::LightRed,
        TicketKind::Battery => Color::Yellow,
        TicketKind::Silent => Color::Magenta,
        TicketKind::Tamper | TicketKind::Request => Color::LightCyan,
    }
}

fn glyph(kind: TicketKind) -> &'static str {
    match kind {
        TicketKind::Leak => "≈",
        TicketKind::Battery => "▂",
        TicketKind::Silent => "?",
        TicketKind::Tamper => "!",
        TicketKind::Request => "…",
    }
}

/// Rows that the whole house takes at this width, frame and legend included.
pub(super) fn house_rows(picture: &Picture, columns: u16) -> u16 {
    let floors = picture.people.floors.len();
    let rows = floors.div_ceil(floors_beside(picture, columns)) + 3;
    u16::try_from(rows).unwrap_or(u16::MAX)
}

fn floors_beside(picture: &Picture, columns: u16) -> usize {
    let inner = usize::from(columns).saturating_sub(2);
    (inner / floor_columns(picture)).max(1)
}

fn floor_columns(picture: &Picture) -> usize {
    let units = picture.people.floors.values().map(Vec::len).max().unwrap_or(1);
    FLOOR_COLUMNS + units * UNIT_COLUMNS
}

/// Floors × units, the highest floor first; what has no room is left out from above, unless something is the matter there.
pub(super) fn house(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let block = block("House".to_owned());
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let beside = floors_beside(picture, area.width);
    let rows = usize::from(inner.height.saturating_sub(1)).max(1);
    let floors = shown_floors(picture, rows * beside);
    let rows = floors.len().div_ceil(beside);
    let mut lines: Vec<Line<'_>> = vec![Line::default(); rows];
    for (n, floor) in floors.iter().enumerate() {
        lines[n % rows].spans.extend(floor_spans(picture, *floor));
    }
    lines.push(Line::from(" ≈ water  ▂ battery  ? silent").dim());
    frame.render_widget(Paragraph::new(lines), inner);
}

fn shown_floors(picture: &Picture, most: usize) -> Vec<i32> {
    let mut floors: Vec<i32> = picture.people.floors.keys().copied().collect();
    let quiet = |floor: &i32| picture.people.floors[floor].iter().all(|u| picture.health(&u.id) == Health::Fine);
    floors.sort_by_key(|floor| (quiet(floor), *floor));
    floors.truncate(most);
    floors.sort_by_key(|floor| std::cmp::Reverse(*floor));
    floors
}

fn floor_spans(picture: &Picture, floor: i32) -> Vec<Span<'static>> {
    let units = &picture.people.floors[&floor];
    let mut spans = vec![Span::raw(format!("{floor:>3} ")).dim()];
    spans.extend(units.iter().map(|unit| unit_span(picture, &unit.id)));
    let missing = floor_columns(picture).saturating_sub(FLOOR_COLUMNS + units.len() * UNIT_COLUMNS);
    spans.push(Span::raw(" ".repeat(missing)));
    spans
}

fn unit_span(picture: &Picture, unit: &UnitId) -> Span<'static> {
    match picture.health(unit) {
        Health::Fine => Span::raw("· ").dim(),
        Health::Credited => Span::raw("✓ ").green().bold(),
        Health::Trouble(kind, there) => {
            let mark = if there { "+" } else { " " };
            Span::raw(format!("{}{mark}", glyph(kind))).fg(colour(kind)).bold()
        }
    }
}

/// What burns now.
pub(super) fn now(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let block = block(format!("Now · {}", picture.burning.len()));
    let inner = block.inner(area);
    let columns = usize::from(inner.width);
    let rows = usize::from(inner.height);
    let mut lines: Vec<Line<'_>> = picture.burning.iter().take(rows).map(|b| burning(b, picture, columns)).collect();
    let more = picture.burning.len().saturating_sub(rows);
    if let (Some(last), 1..) = (lines.last_mut(), more) {
        *last = Line::from(format!(" … and {} more", more + 1)).dim();
    }
    if lines.is_empty() {
        lines.push(Line::from(" all is well").dim());
    }
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn burning(b: &Burning, picture: &Picture, columns: usize) -> Line<'static> {
    let since = lasted(picture.now - b.since);
    let head = format!(" {} {} ", glyph(b.kind), fit(&b.unit, 4.max(width(&b.unit))));
    let rest = columns.saturating_sub(width(&head) + width(&since) + 2);
    let middle = fit(&format!("{} · {}", b.device, b.stands), rest);
    Line::from(vec![Span::raw(head).fg(colour(b.kind)).bold(), Span::raw(middle), Span::raw(format!(" {since}")).dim()])
}

fn lasted(ms: i64) -> String {
    match ms.max(0) {
        ms if ms < HOUR => format!("{} min", ms / MINUTE),
        ms if ms < 2 * DAY => format!("{} h", ms / HOUR),
        ms => format!("{} d", ms / DAY),
    }
}

/// What will burn: the batteries that run down next.
pub(super) fn next(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let block = block("Next · batteries".to_owned());
    let inner = block.inner(area);
    let columns = usize::from(inner.width);
    let lines: Vec<Line<'_>> = picture
        .next
        .iter()
        .take(usize::from(inner.height))
        .map(|one| {
            let gauge = if columns >= 34 { gauge(one.percent) } else { String::new() };
            let tail = format!("{gauge}{:>3.0} % ", one.percent);
            let name = fit(&format!(" {} {}", one.unit, one.device), columns.saturating_sub(width(&tail)));
            Line::from(vec![Span::raw(name), Span::raw(tail).yellow()])
        })
        .collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn gauge(percent: f64) -> String {
    let full = ((percent / 100.0 * GAUGE_COLUMNS as f64).round() as usize).min(GAUGE_COLUMNS);
    format!("{}{}", "█".repeat(full), "░".repeat(GAUGE_COLUMNS - full))
}

/// Who was credited, the latest first.
pub(super) fn rewards(frame: &mut Frame<'_>, area: Rect, picture: &Picture) {
    let sum = money(&Money { amount_minor: picture.counts.reward_minor, currency: picture.currency.clone() });
    let block = block(format!("Rewards · {sum}"));
    let inner = block.inner(area);
    let columns = usize::from(inner.width);
    let newest = picture.rewards.iter().rev().take(usize::from(inner.height));
    let lines: Vec<Line<'_>> = newest
        .map(|(unit, tenant, amount)| {
            let tail = format!("+{}.{:02} ", amount.amount_minor / 100, amount.amount_minor % 100);
            let name = fit(&format!(" {unit} {tenant}"), columns.saturating_sub(width(&tail)));
            Line::from(vec![Span::raw(name), Span::raw(tail).green()])
        })
        .collect();
    let none = vec![Line::from(cut(" nobody yet", columns)).dim()];
    frame.render_widget(Paragraph::new(if lines.is_empty() { none } else { lines }).block(block), area);
}
