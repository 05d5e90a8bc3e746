-- One text for SQLite and PostgreSQL: TEXT, BIGINT (UTC milliseconds), DOUBLE PRECISION and BOOLEAN only; forward only.

-- The registry (CONTRACT section 6) ---------------------------------------------------------------------------------
CREATE TABLE properties (
    id TEXT PRIMARY KEY,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    timezone TEXT NOT NULL,
    locale TEXT NOT NULL,
    manager_phone TEXT NOT NULL,
    country TEXT,
    address TEXT,
    lat DOUBLE PRECISION,
    lon DOUBLE PRECISION
);
CREATE TABLE units (
    id TEXT PRIMARY KEY,
    property_id TEXT NOT NULL,
    name TEXT NOT NULL,
    floor BIGINT,
    stack TEXT,
    entry_note TEXT
);
CREATE INDEX units_by_stack ON units (property_id, stack);
CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    unit_id TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    locale TEXT NOT NULL,
    from_day TEXT NOT NULL,
    to_day TEXT,
    consent TEXT NOT NULL
);
CREATE INDEX tenants_by_unit ON tenants (unit_id);
CREATE INDEX tenants_by_phone ON tenants (phone);
CREATE TABLE devices (
    key TEXT PRIMARY KEY,
    unit_id TEXT NOT NULL,
    property_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    model TEXT,
    valve_for TEXT,
    chemistry TEXT,
    cells TEXT,
    gateway TEXT
);
CREATE INDEX devices_by_unit ON devices (unit_id);
CREATE INDEX devices_by_gateway ON devices (gateway);
CREATE TABLE housekeepers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    locale TEXT NOT NULL,
    skills TEXT NOT NULL,
    shift TEXT NOT NULL,
    lat DOUBLE PRECISION,
    lon DOUBLE PRECISION
);
CREATE TABLE housekeeper_properties (
    property_id TEXT NOT NULL,
    housekeeper_id TEXT NOT NULL,
    PRIMARY KEY (property_id, housekeeper_id)
);

-- What devices told --------------------------------------------------------------------------------------------------
CREATE TABLE device_states (
    key TEXT PRIMARY KEY,
    seen_at BIGINT NOT NULL,
    due_at BIGINT,
    state TEXT NOT NULL
);
CREATE INDEX device_states_due ON device_states (due_at);
CREATE TABLE rejects (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    topic TEXT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE INDEX rejects_by_time ON rejects (at);

-- Care ---------------------------------------------------------------------------------------------------------------
-- `body` is the whole ticket; the other columns repeat what is searched by.
CREATE TABLE tickets (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    property_id TEXT NOT NULL,
    unit_id TEXT,
    device_key TEXT,
    opened_at BIGINT NOT NULL,
    due_at BIGINT,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX tickets_one_active ON tickets (device_key, kind)
    WHERE status IN ('open', 'offered', 'assigned', 'on_site');
CREATE INDEX tickets_due ON tickets (due_at);
CREATE INDEX tickets_by_property ON tickets (property_id, status);
CREATE INDEX tickets_by_unit ON tickets (unit_id);
CREATE INDEX tickets_by_time ON tickets (opened_at);
CREATE TABLE ticket_devices (
    device_key TEXT NOT NULL,
    ticket_id TEXT NOT NULL,
    PRIMARY KEY (device_key, ticket_id)
);
CREATE TABLE ticket_events (
    ticket_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    actor TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (ticket_id, seq)
);

-- The outbox, and what people sent -------------------------------------------------------------------------------------
CREATE TABLE messages (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    direction TEXT NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    phone_to TEXT NOT NULL,
    phone_from TEXT NOT NULL,
    body TEXT NOT NULL,
    template TEXT,
    locale TEXT,
    ticket_id TEXT,
    severity TEXT NOT NULL,
    status TEXT NOT NULL,
    status_rank BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT,
    lease_owner TEXT,
    tried_at BIGINT,
    expires_at BIGINT NOT NULL,
    sid TEXT UNIQUE,
    error_code BIGINT,
    error TEXT,
    segments BIGINT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    delivered_at BIGINT
);
CREATE INDEX messages_due ON messages (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX messages_by_recipient ON messages (recipient, created_at);
CREATE INDEX messages_by_ticket ON messages (ticket_id);
CREATE INDEX messages_by_number ON messages (phone_to, created_at);
CREATE INDEX messages_by_time ON messages (created_at);
CREATE TABLE opt_outs (
    phone TEXT PRIMARY KEY,
    stopped BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    words TEXT NOT NULL
);

-- Money: only ever added to ---------------------------------------------------------------------------------------------
CREATE TABLE ledger_entries (
    reference TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    tenant_id TEXT NOT NULL,
    device_key TEXT,
    ticket_id TEXT
);
CREATE INDEX ledger_by_tenant ON ledger_entries (tenant_id, at);
CREATE INDEX ledger_by_device ON ledger_entries (device_key, at);
CREATE TABLE ledger_postings (
    reference TEXT NOT NULL,
    account TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    PRIMARY KEY (reference, account)
);

-- Access -----------------------------------------------------------------------------------------------------------------
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    scope TEXT,
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
