/// Where a value of an effective policy comes from.
package struct PolicySource: Equatable, Sendable {
    package var layer: PolicyLayer
    /// The version of that layer's policy; 0 for what is built in, or set elsewhere than in a policy.
    package var version: Int64
}

/// A value and the layer that decided it.
package struct Decided<Value: Equatable & Sendable>: Equatable, Sendable {
    package var value: Value
    package var source: PolicySource
}

/// What one layer says, with its name and version.
package struct PolicyEntry: Equatable, Sendable {
    package var source: PolicySource
    package var document: PolicyDocument

    package init(_ layer: PolicyLayer, version: Int64, _ document: PolicyDocument) {
        source = PolicySource(layer: layer, version: version)
        self.document = document
    }
}

/// Bounds of one kind of lifetime, after all layers had their say.
package struct EffectiveBounds: Equatable, Sendable {
    package var min: Decided<Int64>
    package var `default`: Decided<Int64>
    package var max: Decided<Int64>

    /// True where the layers contradict each other: then nothing of this kind is issued.
    package var isEmpty: Bool { min.value > max.value }

    /// - Parameter top: what holds where no entry says anything.
    fileprivate init(_ entries: [PolicyEntry], top: LifetimeBounds, _ rule: (PolicyDocument) -> BoundsRule) {
        let builtIn = PolicySource(layer: .deployment, version: 0)
        var low = Decided(value: top.minSeconds, source: builtIn)
        var high = Decided(value: top.maxSeconds, source: builtIn)
        var usual = Decided(value: top.defaultSeconds, source: builtIn)
        for (index, entry) in entries.enumerated() {
            let bounds = rule(entry.document)
            // The first entry is the deployment's and takes the place of what is built in, even where it is wider.
            let source = entry.source
            if let value = bounds.min, index == 0 || value > low.value { low = Decided(value: value, source: source) }
            if let value = bounds.max, index == 0 || value < high.value { high = Decided(value: value, source: source) }
            if let value = bounds.default { usual = Decided(value: value, source: source) }
        }
        if usual.value > high.value { usual = high }
        if usual.value < low.value { usual = low }
        (min, `default`, max) = (low, usual, high)
    }
}

/// What applies to one request: the intersection of all layers that bind it.
///
/// A class, since one is made when policies change and then handed out with every request.
package final class EffectivePolicy: Sendable {
    package let invite: EffectiveBounds
    package let participant: EffectiveBounds
    package let renewSeconds: Decided<Int64>
    package let maxUses: Decided<Int64>
    /// Nil where no layer has a list; empty where the lists of several layers have nothing in common.
    package let allowedOrigins: Decided<[String]>?
    /// Nil where no layer requires origins.
    package let originsRequired: PolicySource?
    package let emailInToken: Decided<Bool>
    /// Nil where no layer requires bound tokens.
    package let boundTokensRequired: PolicySource?

    /// - Parameter entries: what each layer says, the deployment's first.
    package init(_ entries: [PolicyEntry]) {
        let builtIn = PolicySource(layer: .deployment, version: 0)
        let defaults = LifetimePolicy()
        invite = EffectiveBounds(entries, top: defaults.invite) { $0.invite }
        participant = EffectiveBounds(entries, top: defaults.participant) { $0.participant }
        var renew = Decided(value: defaults.renewSeconds, source: builtIn)
        var uses = Decided(value: ServiceLimits.maxUsesMax, source: builtIn)
        var origins: Decided<[String]>?
        var email: Decided<Bool>?
        var needsOrigins: PolicySource?
        var needsBound: PolicySource?
        for (index, entry) in entries.enumerated() {
            let document = entry.document
            if let value = document.renewSeconds, index == 0 || value < renew.value {
                renew = Decided(value: value, source: entry.source)
            }
            if let value = document.maxUsesMax, value < uses.value {
                uses = Decided(value: value, source: entry.source)
            }
            if let list = document.allowedOrigins {
                let common = origins.map { $0.value.filter(list.contains) } ?? list
                if common != origins?.value { origins = Decided(value: common, source: entry.source) }
            }
            // Where several layers say something, one that forbids wins.
            if let value = document.emailInToken, email?.value != false {
                email = Decided(value: value, source: entry.source)
            }
            if document.originsRequired == true, needsOrigins == nil { needsOrigins = entry.source }
            if document.boundTokensRequired == true, needsBound == nil { needsBound = entry.source }
        }
        renewSeconds = renew
        maxUses = uses
        allowedOrigins = origins
        emailInToken = email ?? Decided(value: false, source: builtIn)
        originsRequired = needsOrigins
        boundTokensRequired = needsBound
    }
}
