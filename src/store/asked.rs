//! What statements of several tables are asked for: a scope of tickets, a table of the registry.

/// Which tickets a batch may touch; see [`super::Tx::load_tickets`].
#[derive(Clone, Debug, Default)]
pub struct TicketScope<'a> {
    /// Those that a cause names, in any state.
    pub ids: Vec<&'a str>,
    /// Those that these devices are part of, unless over.
    pub devices: Vec<&'a str>,
    /// Leaks of these properties, unless over.
    pub leaks_of: Vec<&'a str>,
}

/// One table of the registry, as the importer has checked it; see [`super::Tx::put`].
#[derive(Clone, Debug)]
pub struct Table<'a> {
    /// The table's name.
    pub name: &'static str,
    /// Its columns; the first `keys` form the key.
    pub columns: &'static [&'static str],
    /// Columns of type BIGINT.
    pub integers: &'static [&'static str],
    /// Columns of type DOUBLE PRECISION.
    pub reals: &'static [&'static str],
    /// How many columns form the key.
    pub keys: usize,
    /// The rows, as text.
    pub rows: &'a [Vec<Option<String>>],
}
