extension Schema {
    /// What crossed the wire of a move whose bytes a relay compressed (`wire_bytes` is what QEMU sent); and what somebody
    /// wants of a move that another process carries out: a bandwidth, 0 for no limit.
    static let version3 = """
        ALTER TABLE move ADD COLUMN relayed_bytes INTEGER;
        ALTER TABLE reservation ADD COLUMN wanted_bytes_per_second INTEGER;
        """
}
