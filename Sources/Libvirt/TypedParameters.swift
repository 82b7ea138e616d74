internal import CLibvirt

/// One value of a libvirt typed parameter.
package enum TypedValue: Sendable, Equatable {
    case int(Int32)
    case uint(UInt32)
    case int64(Int64)
    case uint64(UInt64)
    case double(Double)
    case bool(Bool)
    case string(String)

    /// The number as unsigned, when it is one and not negative.
    package var unsigned: UInt64? {
        switch self {
        case .int(let value): UInt64(exactly: value)
        case .uint(let value): UInt64(value)
        case .int64(let value): UInt64(exactly: value)
        case .uint64(let value): value
        case .double, .bool, .string: nil
        }
    }
}

/// A list of typed parameters that libvirt can read; it owns its memory.
///
/// Source: `virTypedParamsAdd*`, `virTypedParamsFree`.
@safe struct TypedParameters: ~Copyable {
    private(set) var raw: virTypedParameterPtr?
    private(set) var count: CInt = 0
    private var capacity: CInt = 0

    init() {
        unsafe raw = nil
    }

    deinit {
        unsafe virTypedParamsFree(raw, count)
    }

    mutating func add(_ name: String, _ value: TypedValue) throws(LibvirtError) {
        let operation = "pass the parameter \(name)"
        switch value {
        case .int(let number):
            try check(operation, unsafe virTypedParamsAddInt(&raw, &count, &capacity, name, number))
        case .uint(let number):
            try check(operation, unsafe virTypedParamsAddUInt(&raw, &count, &capacity, name, number))
        case .int64(let number):
            try check(operation, unsafe virTypedParamsAddLLong(&raw, &count, &capacity, name, number))
        case .uint64(let number):
            try check(operation, unsafe virTypedParamsAddULLong(&raw, &count, &capacity, name, number))
        case .double(let number):
            try check(operation, unsafe virTypedParamsAddDouble(&raw, &count, &capacity, name, number))
        case .bool(let flag):
            try check(operation, unsafe virTypedParamsAddBoolean(&raw, &count, &capacity, name, flag ? 1 : 0))
        case .string(let text):
            try check(operation, unsafe virTypedParamsAddString(&raw, &count, &capacity, name, text))
        }
    }

    /// Copies what a libvirt call answered; the caller keeps owning the C array.
    ///
    /// A parameter of a kind that this build does not know is left out.
    static func read(_ raw: virTypedParameterPtr?, count: CInt) -> [String: TypedValue] {
        guard let raw = unsafe raw else { return [:] }
        var values: [String: TypedValue] = [:]
        for index in 0..<Int(count) {
            let parameter = unsafe raw + index
            let name = unsafe withUnsafeBytes(of: &parameter.pointee.field) { field in
                unsafe String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
            }
            let value = unsafe parameter.pointee.value
            switch unsafe virTypedParameterType(rawValue: UInt32(bitPattern: parameter.pointee.type)) {
            case VIR_TYPED_PARAM_INT: values[name] = unsafe .int(value.i)
            case VIR_TYPED_PARAM_UINT: values[name] = unsafe .uint(value.ui)
            case VIR_TYPED_PARAM_LLONG: values[name] = unsafe .int64(value.l)
            case VIR_TYPED_PARAM_ULLONG: values[name] = unsafe .uint64(value.ul)
            case VIR_TYPED_PARAM_DOUBLE: values[name] = unsafe .double(value.d)
            case VIR_TYPED_PARAM_BOOLEAN: values[name] = unsafe .bool(value.b != 0)
            case VIR_TYPED_PARAM_STRING:
                values[name] = unsafe value.s.map { unsafe .string(String(cString: $0)) }
            default: continue
            }
        }
        return values
    }
}
