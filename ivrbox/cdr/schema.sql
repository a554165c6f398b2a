-- Conversation records: one row a call, written in one transaction, promised once it is committed.
-- What must be forgotten never gets here: the digits of a PII step are dots before they reach the store.

CREATE TABLE IF NOT EXISTS calls (
    id               TEXT PRIMARY KEY,
    line             TEXT NOT NULL,
    caller           TEXT,                          -- number, its keyed hash, or NULL: not known
    started          TEXT NOT NULL,                 -- ISO 8601 with zone
    duration_s       REAL,
    ended            TEXT,                          -- NULL while the call is up
    recording        TEXT NOT NULL CHECK (recording IN ('off', 'open', 'kept', 'discarded', 'lost', 'damaged')),
    recording_detail TEXT,                          -- why it was refused, lost or shredded
    receipt          TEXT,                          -- of a discard, JSON, free of content
    turns            TEXT NOT NULL DEFAULT '[]',    -- JSON: role, text, outcome, at_s
    path             TEXT NOT NULL DEFAULT '[]',    -- JSON: "flow.step", in order
    messages         TEXT NOT NULL DEFAULT '[]',    -- JSON: name, box, length_s, state
    faults           TEXT NOT NULL DEFAULT '[]',    -- JSON: what failed and was survived
    trace            TEXT NOT NULL DEFAULT '[]'     -- JSON: keys and timers, without PII
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS calls_by_start ON calls (julianday(started));

-- The table of states, once more, where a slip in a program cannot pass: open goes anywhere, kept can only be
-- shredded or found damaged, and what is gone stays gone.
CREATE TRIGGER IF NOT EXISTS a_final_recording_stays_final
BEFORE UPDATE OF recording ON calls
WHEN new.recording <> old.recording
 AND NOT (old.recording = 'open' OR (old.recording = 'kept' AND new.recording IN ('discarded', 'damaged')))
BEGIN
    SELECT raise(ABORT, 'a recording cannot go from its final state to another');
END;
