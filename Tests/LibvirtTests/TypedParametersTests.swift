import Testing

@testable import Libvirt

@Suite("Typed parameters", .timeLimit(.minutes(1)))
struct TypedParametersTests {
    /// libvirt wants to be initialised before any of its calls, also those that need no connection.
    init() { EventLoop.start() }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let value: TypedValue
        let unsigned: UInt64?

        init(_ testDescription: String, _ value: TypedValue, unsigned: UInt64?) {
            self.testDescription = testDescription
            self.value = value
            self.unsigned = unsigned
        }
    }

    static let rows = [
        Row("int", .int(7), unsigned: 7),
        Row("largest int", .int(.max), unsigned: 0x7fff_ffff),
        Row("smallest int", .int(.min), unsigned: nil),
        Row("uint", .uint(.max), unsigned: 0xffff_ffff),
        Row("int64", .int64(.max), unsigned: 0x7fff_ffff_ffff_ffff),
        Row("smallest int64", .int64(.min), unsigned: nil),
        Row("uint64", .uint64(.max), unsigned: .max),
        Row("zero", .uint64(0), unsigned: 0),
        Row("double", .double(-0.25), unsigned: nil),
        Row("true", .bool(true), unsigned: nil),
        Row("false", .bool(false), unsigned: nil),
        Row("string", .string("tcp://[2001:db8::1]"), unsigned: nil),
        Row("string beyond ASCII", .string("Mauersegler — ツバメ"), unsigned: nil),
        Row("empty string", .string(""), unsigned: nil),
    ]

    @Test("come back as they were given", arguments: rows)
    func roundTrip(row: Row) throws {
        #expect(try Self.throughLibvirt([("value", row.value)]) == ["value": row.value])
    }

    @Test("are unsigned when they are whole and not negative", arguments: rows)
    func unsigned(row: Row) {
        #expect(row.value.unsigned == row.unsigned)
    }

    @Test("keep many values apart")
    func many() throws {
        let named = Self.rows.enumerated().map { ("value \($0.offset)", $0.element.value) }
        let read = try Self.throughLibvirt(named)
        #expect(read == Dictionary(uniqueKeysWithValues: named))
    }

    @Test("are empty when nothing was given")
    func empty() throws {
        #expect(try Self.throughLibvirt([]).isEmpty)
        #expect(TypedParameters.read(nil, count: 0).isEmpty)
        #expect(TypedParameters.read(nil, count: 3).isEmpty)
    }

    @Test("take names of up to 79 bytes")
    func longName() throws {
        let longest = String(repeating: "n", count: 79)
        #expect(try Self.throughLibvirt([(longest, .int(1))]) == [longest: .int(1)])
        let error = #expect(throws: LibvirtError.self) {
            _ = try Self.throughLibvirt([("fits", .int(1)), (longest + "n", .int(1))])
        }
        #expect(error?.operation == "pass the parameter \(longest)n")
    }

    private static func throughLibvirt(
        _ values: [(name: String, value: TypedValue)]
    ) throws -> [String: TypedValue] {
        var parameters = TypedParameters()
        for (name, value) in values { try parameters.add(name, value) }
        return TypedParameters.read(parameters.raw, count: parameters.count)
    }
}
