internal import CXML2

/// The C edge: libxml2 reads, ``Document`` owns what was read, and nothing of C is left when `parse` returns.
enum Parser {
    /// - Throws: `tooDeep`, `tooMany`, `valueTooLong`, `doctype`, `malformed`.
    static func parse(_ text: String, limits: Limits) throws(XMLError) -> Document {
        guard let context = ParserContext() else {
            throw .refused(.malformed, "libxml2 could not be started: out of memory")
        }
        let watch = ParseWatch(limits: limits)
        let tree = context.read(text, watchedBy: watch)
        if let fault = watch.fault { throw fault }
        guard let tree else { throw .refused(.malformed, "the document is not well-formed") }
        return try tree.document(limits: limits)
    }
}

/// The owner of a parser's state. Each document gets a new one.
@safe private struct ParserContext: ~Copyable {
    private let raw: xmlParserCtxtPtr

    /// Once per process and before any thread parses, as libxml2's documentation asks.
    private static let isInitialised: Bool = {
        xmlInitParser()
        return true
    }()

    /// No network, and none of `NOENT`, `DTDLOAD`, `RECOVER`, `HUGE`. The text is UTF-8, whatever it
    /// declares.
    private static let options = CInt(XML_PARSE_NONET.rawValue | XML_PARSE_IGNORE_ENC.rawValue)

    init?() {
        guard Self.isInitialised, let raw = unsafe xmlNewParserCtxt() else { return nil }
        unsafe self.raw = raw
    }

    deinit { unsafe xmlFreeParserCtxt(raw) }

    /// The tree, or nil when the text is not well-formed. Ask the watch before believing the tree.
    borrowing func read(_ text: String, watchedBy watch: ParseWatch) -> Tree? {
        unsafe raw.pointee._private = Unmanaged.passUnretained(watch).toOpaque()
        unsafe ParseWatch.install(on: raw.pointee.sax)
        let count = CInt(clamping: text.utf8.count)
        return withExtendedLifetime(watch) {
            let tree = unsafe text.withCString {
                unsafe xmlCtxtReadMemory(raw, $0, count, nil, nil, Self.options)
            }
            return unsafe Tree(adopting: tree)
        }
    }
}

/// Looks over libxml2's shoulder: stops it at a limit or a DOCTYPE, and keeps the first fault.
///
/// It also takes libxml2's messages, which would otherwise be printed to stderr.
private final class ParseWatch {
    private let limits: Limits
    /// How many namespaces each open element declares.
    private var open: [Int] = []
    private var namespaces = 0
    private var nodes = 0
    private(set) var fault: XMLError?

    init(limits: Limits) {
        self.limits = limits
    }

    /// Called by libxml2's callbacks, which pass the parser context as their first argument.
    private static func watching(_ context: UnsafeMutableRawPointer?) -> ParseWatch? {
        let parser = unsafe context?.assumingMemoryBound(to: xmlParserCtxt.self)
        guard let watch = unsafe parser?.pointee._private else { return nil }
        return unsafe Unmanaged<ParseWatch>.fromOpaque(watch).takeUnretainedValue()
    }

    private func stop(_ context: UnsafeMutableRawPointer?, _ code: XMLError.Code, _ detail: String) {
        let line = unsafe Int(xmlSAX2GetLineNumber(context))
        let column = unsafe Int(xmlSAX2GetColumnNumber(context))
        fault = fault ?? .refused(code, detail, at: .init(line: line, column: column))
        unsafe xmlStopParser(context?.assumingMemoryBound(to: xmlParserCtxt.self))
    }

    /// Whether one more node is within bounds; otherwise the parser has been stopped.
    private func admits(_ context: UnsafeMutableRawPointer?) -> Bool {
        nodes += 1
        guard nodes <= limits.nodes else {
            unsafe stop(context, .tooMany, "the document has more than \(limits.nodes) nodes")
            return false
        }
        return true
    }

    private func enters(_ context: UnsafeMutableRawPointer?, declaring count: CInt) -> Bool {
        open.append(Int(count))
        namespaces += Int(count)
        guard open.count <= limits.depth else {
            unsafe stop(context, .tooDeep, "elements are nested more than \(limits.depth) deep")
            return false
        }
        // libxml2 goes through all of them for each element.
        guard namespaces <= limits.attributes else {
            unsafe stop(
                context, .tooMany, "more than \(limits.attributes) namespaces are declared in one place")
            return false
        }
        return unsafe admits(context)
    }

    private func leaves() {
        namespaces -= open.popLast() ?? 0
    }

    /// Fatal errors, and prefixes without a namespace. A namespace that is no valid URI is libvirt's to
    /// refuse, not ours.
    private func record(_ error: xmlError) {
        let (level, domain, code) = unsafe (error.level, error.domain, error.code)
        let isNamespace = domain == CInt(XML_FROM_NAMESPACE.rawValue) && code != CInt(XML_WAR_NS_URI.rawValue)
        guard fault == nil, level == XML_ERR_FATAL || level == XML_ERR_ERROR && isNamespace else { return }
        let message = unsafe error.message.map { unsafe Element.trim(String(cString: $0)) }
        let position = unsafe XMLError.Position(line: Int(error.line), column: Int(error.int2))
        fault = .refused(.malformed, message ?? "the document is not well-formed", at: position)
    }

    /// Puts the watch before the handlers that build the tree.
    static func install(on handlers: UnsafeMutablePointer<xmlSAXHandler>) {
        unsafe handlers.pointee.serror = { context, error in
            guard let error = unsafe error else { return }
            unsafe ParseWatch.watching(context)?.record(error.pointee)
        }
        unsafe handlers.pointee.internalSubset = { context, _, _, _ in
            unsafe ParseWatch.watching(context)?.stop(context, .doctype, "the document has a DOCTYPE")
        }
        unsafe handlers.pointee.startElementNs = {
            context, name, prefix, uri, namespaceCount, namespaces, attributeCount, defaultedCount, attributes
            in
            guard unsafe ParseWatch.watching(context)?.enters(context, declaring: namespaceCount) == true
            else { return }
            unsafe xmlSAX2StartElementNs(
                context, name, prefix, uri, namespaceCount, namespaces, attributeCount, defaultedCount,
                attributes)
        }
        unsafe handlers.pointee.endElementNs = { context, name, prefix, uri in
            unsafe ParseWatch.watching(context)?.leaves()
            unsafe xmlSAX2EndElementNs(context, name, prefix, uri)
        }
        unsafe handlers.pointee.comment = { context, text in
            guard unsafe ParseWatch.watching(context)?.admits(context) == true else { return }
            unsafe xmlSAX2Comment(context, text)
        }
        unsafe handlers.pointee.cdataBlock = { context, text, length in
            guard unsafe ParseWatch.watching(context)?.admits(context) == true else { return }
            unsafe xmlSAX2CDataBlock(context, text, length)
        }
        unsafe handlers.pointee.processingInstruction = { context, target, content in
            guard unsafe ParseWatch.watching(context)?.admits(context) == true else { return }
            unsafe xmlSAX2ProcessingInstruction(context, target, content)
        }
    }
}
