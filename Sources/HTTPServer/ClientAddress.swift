package import Platform

/// Who a request comes from when it came through proxies.
package enum ClientAddress {
    /// Reads `X-Forwarded-For` from right to left and takes the first address that is not a trusted proxy's.
    ///
    /// Each proxy adds the address that it saw on the right, so everything left of the first untrusted address is only
    /// what that client claims. Where all are trusted, the leftmost is taken; where one that counts is not an address,
    /// the peer's own.
    package static func of(_ fields: HTTPRequestFields, peer: IPAddress, trusting proxies: [IPNetwork]) -> IPAddress {
        var client = peer
        for line in fields.values("x-forwarded-for").reversed() {
            for part in line.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).reversed() {
                let text = part.drop { $0 == 0x20 || $0 == 0x09 }
                let end = text.lastIndex { $0 != 0x20 && $0 != 0x09 }
                guard let end, let address = IPAddress(parsing: Array(text[...end])[...]) else { return peer }
                client = address
                if !proxies.contains(where: { $0.contains(address) }) { return client }
            }
        }
        return client
    }
}
