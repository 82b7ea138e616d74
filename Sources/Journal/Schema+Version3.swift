extension Schema {
    /// What crossed the wire of a move whose bytes a relay compressed; `wire_bytes` is what QEMU sent.
    static let version3 = """
        ALTER TABLE move ADD COLUMN relayed_bytes INTEGER;
        """
}
