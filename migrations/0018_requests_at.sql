-- Requests are forgotten when their key need not count any more: by their time. An empty `request`: a wish that was kept
-- without what it asked.
CREATE INDEX requests_at ON requests (at);
