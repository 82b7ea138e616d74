extension Schema {
    /// The story of each move, who holds which guest, and whose an undo record is. The records that are there already
    /// were all noted by checks.
    static let version2 = """
        CREATE TABLE entry (
            move TEXT NOT NULL,
            number INTEGER NOT NULL,
            at_ns INTEGER NOT NULL,
            kind TEXT NOT NULL,
            phase TEXT,
            step TEXT,
            limit_ns INTEGER,
            text TEXT,
            elapsed_ns INTEGER,
            memory_total_bytes INTEGER,
            memory_remaining_bytes INTEGER,
            wire_bytes INTEGER,
            throughput_bytes_per_second INTEGER,
            dirty_rate_bytes_per_second INTEGER,
            round INTEGER,
            downtime_ns INTEGER,
            throttle_percent INTEGER,
            disk_total_bytes INTEGER,
            disk_remaining_bytes INTEGER,
            PRIMARY KEY (move, number)
        ) WITHOUT ROWID;

        -- A story is added to, and goes only together with its move.
        CREATE TRIGGER entry_is_not_reworded BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'a move''s story is only added to'); END;
        CREATE TRIGGER entry_is_not_replaced
        BEFORE INSERT ON entry WHEN EXISTS (SELECT 1 FROM entry WHERE move = NEW.move AND number = NEW.number)
        BEGIN SELECT RAISE(ABORT, 'a move''s story is only added to'); END;
        CREATE TRIGGER entry_is_not_taken_out
        BEFORE DELETE ON entry WHEN EXISTS (SELECT 1 FROM move WHERE id = OLD.move)
        BEGIN SELECT RAISE(ABORT, 'a move''s story is only added to'); END;
        CREATE TRIGGER move_takes_its_story_along AFTER DELETE ON move
        BEGIN DELETE FROM entry WHERE move = OLD.id; END;

        -- The key is what makes two processes at once safe: one guest, one holder.
        CREATE TABLE reservation (
            guest_uuid TEXT PRIMARY KEY,
            guest_name TEXT NOT NULL,
            move TEXT NOT NULL UNIQUE,
            source TEXT NOT NULL,
            destination TEXT NOT NULL,
            memory_bytes INTEGER NOT NULL,
            owner_pid INTEGER NOT NULL,
            owner_started INTEGER NOT NULL,
            owner_boot TEXT NOT NULL,
            since REAL NOT NULL,
            given_up INTEGER NOT NULL DEFAULT 0
        ) WITHOUT ROWID;
        CREATE TRIGGER move_holds_its_guest
        BEFORE DELETE ON move WHEN EXISTS (SELECT 1 FROM reservation WHERE move = OLD.id)
        BEGIN SELECT RAISE(ABORT, 'a move that holds its guest cannot be forgotten'); END;

        CREATE INDEX move_unfinished ON move (id) WHERE outcome IN ('open', 'not-known');

        ALTER TABLE undo ADD COLUMN purpose TEXT NOT NULL DEFAULT 'probe';
        ALTER TABLE undo ADD COLUMN limit_ns INTEGER;
        CREATE INDEX undo_run ON undo (run) WHERE purpose = 'move';
        """
}
