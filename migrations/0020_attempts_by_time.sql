-- How many messages went out lately is counted where the operator has set a limit (`sms.daily_max`). One text for both
-- databases, as 0001.
CREATE INDEX attempts_by_time ON attempts (began_at);
