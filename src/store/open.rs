//! Opening a database by its URL, bringing its schema up, and beginning transactions.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgPool, SqlitePool};

use super::Tx;

/// How long a connection is waited for.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long SQLite waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections to PostgreSQL of one process.
const POSTGRES_CONNECTIONS_MAX: u32 = 8;
/// SQLite folds its log into the file after so many pages (64 MB): each time commits wait some 20 ms, so rarely.
const CHECKPOINT_PAGES: &str = "16000";
/// Readers of SQLite beside the one writer.
const SQLITE_READERS_MAX: u32 = 2;
/// What a reader keeps of the file for itself, in KiB (SQLite counts them below zero): the system's cache has it too.
const READER_CACHE: &str = "-512";

/// A writer takes its lock at once, not at its first write.
const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";

/// What can go wrong with a database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database that is known.
    #[error("database.url must begin with sqlite:// or postgres://")]
    Url,
    /// Another process runs on this file.
    #[error("another nightporter is running on {0}; SQLite serves one process (use postgres:// for several)")]
    InUse(PathBuf),
    /// The schema could not be brought up.
    #[error("the schema could not be brought up: {}", of_schema(.0))]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database said no, or nothing.
    #[error("database: {}", in_words(.0))]
    Database(#[from] sqlx::Error),
    /// A file could not be opened.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// What is written now is in no file that anybody finds again.
    #[error(
        "the file of database.url was deleted or replaced while the service runs; put it back, or stop the service, restore it and start again"
    )]
    Replaced,
    /// A row holds what this version cannot read.
    #[error("table {table}, row {id}: {detail}")]
    Row {
        /// Which table.
        table: &'static str,
        /// Which row.
        id: String,
        /// What is wrong.
        detail: String,
    },
}

/// What an operator can do something about, in plain words; the rest as the database says it.
fn in_words(error: &sqlx::Error) -> String {
    let code = match error {
        sqlx::Error::Configuration(why) => {
            return format!(
                "database.url cannot be read ({why}); give sqlite://FILE, or postgres://USER:PASSWORD@HOST/NAME"
            );
        }
        sqlx::Error::PoolTimedOut => return format!("no connection within {} s", ACQUIRE_TIMEOUT.as_secs()),
        sqlx::Error::Io(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => {
            return "nothing listens there; is PostgreSQL running, are host and port of database.url right?".to_owned();
        }
        sqlx::Error::Database(e) => e.code().unwrap_or_default(),
        other => return other.to_string(),
    };
    // SQLite says more than the kind of an error above its lowest eight bits.
    let kind = code.parse::<u32>().ok().filter(|_| code.len() < 5).map(|n| (n & 0xff).to_string());
    let words = match kind.as_deref().unwrap_or(&code) {
        "28P01" | "28000" => "the server does not let this user in; are user and password of database.url right?",
        "3D000" => "there is no database of this name; create it, or mend its name in database.url",
        "5" | "6" => "another program holds the file of database.url locked; stop it, then try again",
        "8" => "the file or its folder may not be written to by this user (readonly); mend its owner, or database.url",
        "10" => "the file of database.url cannot be read or written (I/O error); is the disk full, or broken?",
        "13" => "the disk is full: make room where the file of database.url is",
        "14" => "the file cannot be opened; may this user write to it and to its folder?",
        "26" => "the file is not an SQLite database; mend database.url",
        _ => return error.to_string(),
    };
    words.to_owned()
}

fn of_schema(error: &sqlx::migrate::MigrateError) -> String {
    use sqlx::migrate::MigrateError::{Execute, ExecuteMigration};
    match error {
        Execute(error) | ExecuteMigration(error, _) => in_words(error),
        other => other.to_string(),
    }
}

impl StoreError {
    /// Whether trying again later may help: the database is away, not the statement wrong.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(e)) => {
                // SQLITE_BUSY, _LOCKED, _IOERR, _FULL; PostgreSQL: connection, resources, operator, serialization.
                let code = e.code().unwrap_or_default();
                let sqlite =
                    matches!(code.parse::<i64>(), Ok(n) if [5, 6, 10, 13].contains(&(n & 0xff)) && code.len() < 5);
                sqlite || ["08", "53", "57", "40", "58"].iter().any(|class| code.len() == 5 && code.starts_with(class))
            }
            Self::Database(e) => matches!(
                e,
                sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::WorkerCrashed
                    | sqlx::Error::BeginFailed
                    | sqlx::Error::Protocol(_)
            ),
            Self::Replaced => true,
            _ => false,
        }
    }
}

/// A database. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Store {
    /// One property hub, nothing to install.
    Sqlite {
        /// The one writer.
        writer: SqlitePool,
        /// Readers beside it.
        readers: SqlitePool,
        /// Held while the service runs on the file; absent in memory and for commands.
        claim: Option<Arc<Claim>>,
    },
    /// Many processes share it.
    Postgres(PgPool),
}

impl Store {
    /// Opens the database that the URL names; SQLite creates its file.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            Self::open_sqlite(url).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(url)?.application_name("nightporter");
            let pool = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS_MAX).acquire_timeout(ACQUIRE_TIMEOUT);
            Ok(Self::Postgres(pool.connect_lazy_with(options)))
        } else {
            Err(StoreError::Url)
        }
    }

    /// Tries a server without a pool, which would hide its answer; a file is tried by opening it.
    pub async fn reach(url: &str) -> Result<(), StoreError> {
        if !url.starts_with("postgres") {
            return Ok(());
        }
        let answer = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnectOptions::from_str(url)?.connect()).await;
        answer.map_err(|_| sqlx::Error::PoolTimedOut)??.close().await?;
        Ok(())
    }

    async fn open_sqlite(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
        let pool = || SqlitePoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).idle_timeout(None).max_lifetime(None);
        let writer = pool().min_connections(1).max_connections(1).connect_with(options.clone()).await?;
        let in_memory = url.contains(":memory:");
        let readers = if in_memory {
            writer.clone()
        } else {
            let options = options.pragma("query_only", "on").pragma("cache_size", READER_CACHE);
            pool().max_connections(SQLITE_READERS_MAX).connect_lazy_with(options)
        };
        Ok(Self::Sqlite { writer, readers, claim: None })
    }

    /// Makes this process the one that runs on the database. PostgreSQL is shared; SQLite has one.
    pub fn claim(self, url: &str) -> Result<Self, StoreError> {
        match self {
            Self::Sqlite { writer, readers, claim: None } => {
                let claim = sqlite_path(url).map(Claim::of).transpose()?.map(Arc::new);
                Ok(Self::Sqlite { writer, readers, claim })
            }
            other => Ok(other),
        }
    }

    /// Brings the schema up; forward only.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let migrator = sqlx::migrate!("./migrations");
        match self {
            Self::Sqlite { writer, .. } => migrator.run(writer).await?,
            Self::Postgres(pool) => migrator.run(pool).await?,
        }
        Ok(())
    }

    /// Whether the file that was opened is still the one that stands there: what is written to another one is lost.
    pub fn is_in_place(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { claim: Some(claim), .. } => claim.is_in_place(),
            _ => Ok(()),
        }
    }

    /// Begins a transaction that will write.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.is_in_place()?;
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(begin_sqlite(writer).await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Begins a transaction that only reads; it does not wait for writers.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Whether this user may write to a file: tried by a change that is taken back. Who writes to a server is its own matter.
    pub async fn try_to_write(&self) -> Result<(), StoreError> {
        if let Tx::Sqlite(mut tx) = self.begin().await? {
            sqlx::query("CREATE TABLE never_kept (n INTEGER)").execute(&mut *tx).await?;
            tx.rollback().await?;
        }
        Ok(())
    }

    /// Whether leases of other owners are leases of the dead: SQLite serves one process.
    pub fn is_exclusive(&self) -> bool {
        matches!(self, Self::Sqlite { .. })
    }

    /// Closes all connections; SQLite folds its log into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A full disk makes SQLite roll back by itself, after which the driver still counts the transaction as open and refuses
/// every other: only a new connection is clean.
async fn begin_sqlite(writer: &SqlitePool) -> Result<sqlx::SqliteTransaction<'static>, sqlx::Error> {
    match writer.begin_with(BEGIN_SQLITE).await {
        Err(sqlx::Error::InvalidSavePointStatement) => {
            writer.acquire().await?.close().await?;
            writer.begin_with(BEGIN_SQLITE).await
        }
        other => other,
    }
}

/// A file that this process runs on.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    /// Device and number of the file that was opened.
    id: (u64, u64),
    _lock: File,
}

impl Claim {
    fn of(path: PathBuf) -> Result<Self, StoreError> {
        let lock = lock_file(&path)?;
        let id = file_id(&path).map_err(|e| StoreError::File(path.clone(), e))?;
        Ok(Self { path, id, _lock: lock })
    }

    fn is_in_place(&self) -> Result<(), StoreError> {
        let there = file_id(&self.path).is_ok_and(|id| id == self.id);
        if there { Ok(()) } else { Err(StoreError::Replaced) }
    }
}

fn file_id(path: &Path) -> std::io::Result<(u64, u64)> {
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

fn sqlite_path(url: &str) -> Option<PathBuf> {
    let options = SqliteConnectOptions::from_str(url).ok()?;
    let in_memory = url.contains(":memory:") || url.contains("mode=memory");
    (!in_memory && !options.get_filename().as_os_str().is_empty()).then(|| options.get_filename().to_owned())
}

fn lock_file(database: &Path) -> Result<File, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let file = File::create(&path).map_err(|e| StoreError::File(path.clone(), e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse(database.to_owned())),
        Err(std::fs::TryLockError::Error(e)) => Err(StoreError::File(path, e)),
    }
}
