extension Schema {
    /// Why a host is marked; what the balancer saw and decided, and the loads that it goes by.
    static let version5 = """
        ALTER TABLE mark ADD COLUMN reason TEXT NOT NULL DEFAULT 'drained';
        CREATE TABLE balance_round (
            number INTEGER PRIMARY KEY,
            at REAL NOT NULL,
            imbalance REAL NOT NULL,
            decision TEXT NOT NULL,
            moves TEXT NOT NULL
        );
        CREATE TABLE guest_load (
            guest_uuid TEXT PRIMARY KEY,
            load REAL NOT NULL,
            at REAL NOT NULL
        ) WITHOUT ROWID;
        """
}
