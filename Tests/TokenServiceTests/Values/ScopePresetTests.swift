import Testing

@testable import TokenService

@Suite("Scope presets")
struct ScopePresetTests {
    @Test(
        "S33: no preset gives a standard key what needs an admin, and none gives workspaces",
        arguments: ScopePreset.allCases
    )
    func bounds(preset: ScopePreset) {
        let standard = preset.scopes(isAdmin: false, customResources: ["jobs"])
        #expect(!standard.isEmpty && standard.allSatisfy { !$0.needsAdmin })
        for isAdmin in [false, true] {
            let scopes = preset.scopes(isAdmin: isAdmin, customResources: ["jobs"])
            #expect(scopes.allSatisfy { $0.resource != "workspaces" })
        }
    }

    @Test("S33: read only reads, full access holds it all, candidate management goes as far as its name")
    func contents() {
        let read = ScopePreset.readOnly.scopes(isAdmin: true, customResources: ["jobs"])
        #expect(read.allSatisfy { $0.action == .read })
        #expect(read.contains(Scope("keys", .read)) && read.contains(Scope("jobs", .read)))
        let full = ScopePreset.fullAccess.scopes(isAdmin: true, customResources: ["jobs"])
        #expect(full == Set(Scope.allOfWorkspace + Scope.Action.allCases.map { Scope("jobs", $0) }))
        let candidates = ScopePreset.candidateManagement
        #expect(
            Set(candidates.scopes(isAdmin: true, customResources: ["candidates", "jobs"]).map(\.resource))
                == ["candidates", "invites", "participants", "tokens"]
        )
        #expect(
            Set(candidates.scopes(isAdmin: false, customResources: []).map(\.resource))
                == ["invites", "participants", "tokens"]
        )
    }
}
