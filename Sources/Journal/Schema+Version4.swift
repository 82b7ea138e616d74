extension Schema {
    /// Hosts that nothing is to be placed on, and the guests that were taken away from them.
    static let version4 = """
        CREATE TABLE mark (
            host TEXT PRIMARY KEY,
            since REAL NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE taken (
            number INTEGER PRIMARY KEY,
            host TEXT NOT NULL,
            guest_uuid TEXT NOT NULL,
            guest_name TEXT NOT NULL,
            UNIQUE (host, guest_uuid)
        );
        """
}
