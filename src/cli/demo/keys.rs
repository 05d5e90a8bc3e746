//! Keys of the terminal, read by a thread of their own because reading them blocks. Decides nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc;

/// How long the thread reads before it looks whether it is to end.
const READ_MAX: Duration = Duration::from_millis(100);
/// Keys that wait; beyond, they are lost.
const KEYS_WAITING_MAX: usize = 64;

/// What a key means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// End the demo.
    Quit,
    /// Hold the picture, or let it go on.
    Hold,
}

/// Reads keys until it is dropped.
pub(super) struct Keys {
    keys: mpsc::Receiver<Key>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Keys {
    /// Begins to read.
    pub(super) fn listen() -> Self {
        let (pressed, keys) = mpsc::channel(KEYS_WAITING_MAX);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::spawn(move || read(&pressed, &stopped));
        Self { keys, stop, thread: Some(thread) }
    }

    /// The next key; without a terminal, none ever.
    pub(super) async fn next(&mut self) -> Key {
        match self.keys.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // A panic of the thread was told by itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn read(pressed: &mpsc::Sender<Key>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match event::poll(READ_MAX) {
            Ok(false) => {}
            Ok(true) => match event::read() {
                Ok(event) => {
                    // A key that nobody has time for is lost.
                    let _ = meaning(&event).map(|key| pressed.try_send(key));
                }
                Err(_) => return,
            },
            Err(_) => return,
        }
    }
}

fn meaning(event: &Event) -> Option<Key> {
    let Event::Key(key) = event else { return None };
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c' | 'd') if control => Some(Key::Quit),
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Key::Quit),
        KeyCode::Char(' ') => Some(Key::Hold),
        _ => None,
    }
}
