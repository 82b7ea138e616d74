import DomainXML
import FleetModel

extension GuestPolicy {
    /// - Throws: `ApusError` with `policy-invalid`: a word or a value that Apus does not know might be the one that
    ///   mattered.
    init(_ element: PolicyElement, of guest: String) throws(ApusError) {
        func invalid(_ detail: String, hint: String?) -> ApusError {
            ApusError(
                .policyInvalid, "read the policy of \(guest)", detail,
                hint: hint
                    ?? "See it with virsh metadata \(guest) \(PolicyElement.namespace); set it anew with apus policy set."
            )
        }
        if let mistake = element.mistakes.first {
            throw invalid(
                "the policy of \(guest) has '\(mistake.name)', which Apus does not know",
                hint: Spelling.suggestion(
                    for: mistake.name.filter { $0 != "<" && $0 != ">" }, in: mistake.known))
        }
        self.init()
        for key in Key.allCases {
            let values =
                if let setting = PolicyElement.Setting(rawValue: key.rawValue) {
                    [element.settings[setting]].compactMap(\.self)
                } else {
                    PolicyElement.List(rawValue: key.rawValue).flatMap { element.lists[$0] } ?? []
                }
            do throws(Mistake) { try set(key, to: values) } catch {
                throw invalid("the policy of \(guest): \(error.text)", hint: nil)
            }
        }
    }

    /// As an element for `<metadata>`, with what else stands in the one that is there.
    ///
    /// - Returns: `nil` where nothing is left to be kept.
    func text(over current: Element?) throws(XMLError) -> String? {
        var settings: [PolicyElement.Setting: String] = [:]
        for setting in PolicyElement.Setting.allCases {
            settings[setting] = Key(rawValue: setting.rawValue).flatMap { words($0).first }
        }
        var lists: [PolicyElement.List: [String]] = [:]
        for list in PolicyElement.List.allCases {
            lists[list] = Key(rawValue: list.rawValue).map(words)
        }
        return try PolicyElement.text(settings, lists, over: current)
    }
}
