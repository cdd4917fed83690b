import Foundation
import TestSupport

/// Certificates made for one test run by the `openssl` command, P-256 each, in a directory of their own.
struct TLSCertificates: Sendable {
    /// The authority that signed ``server``.
    let authority: String
    /// A chain for `localhost`, `example.test` and 127.0.0.1: leaf, then intermediate.
    let server: String
    let serverKey: String
    /// A second certificate of the same authority, with another key.
    let renewed: String
    let renewedKey: String
    let directory: URL

    /// One set for all suites of the process.
    static let shared = Result { try TLSCertificates() }

    private init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let directory = directory
        func path(_ name: String) -> String { directory.appending(path: name).path }
        func run(_ arguments: String...) throws {
            let outcome = try ChildProcess.run(["env", "-C", directory.path, "openssl"] + arguments)
            guard outcome.isSuccess else { throw CocoaError(.featureUnsupported) }
        }
        func request(_ name: String, _ subject: String) throws {
            try run(
                "req",
                "-new",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-keyout",
                "\(name).key",
                "-out",
                "\(name).csr",
                "-subj",
                "/CN=\(subject)"
            )
        }
        func sign(_ name: String, by issuer: String, _ extensions: String) throws {
            try extensions.write(toFile: path("\(name).ext"), atomically: true, encoding: .utf8)
            try run(
                "x509",
                "-req",
                "-in",
                "\(name).csr",
                "-CA",
                "\(issuer).pem",
                "-CAkey",
                "\(issuer).key",
                "-CAcreateserial",
                "-days",
                "30",
                "-extfile",
                "\(name).ext",
                "-out",
                "\(name).pem"
            )
        }
        try run(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "60",
            "-keyout",
            "authority.key",
            "-out",
            "authority.pem",
            "-subj",
            "/CN=Test authority"
        )
        try request("middle", "Test intermediate")
        try sign("middle", by: "authority", "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
        for name in ["server", "renewed"] {
            try request(name, "\(name).test")
            try sign(name, by: "middle", "subjectAltName=DNS:localhost,DNS:example.test,IP:127.0.0.1,IP:::1\n")
            let chain = try ["\(name).pem", "middle.pem"].map { try String(contentsOfFile: path($0), encoding: .utf8) }
            try chain.joined().write(toFile: path("\(name)-chain.pem"), atomically: true, encoding: .utf8)
        }
        try run("pkcs8", "-topk8", "-in", "server.key", "-out", "encrypted.key", "-passout", "pass:secret")
        try run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "rsa.key")
        try run(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "60",
            "-keyout",
            "stranger.key",
            "-out",
            "stranger.pem",
            "-subj",
            "/CN=Stranger"
        )
        // The `ca` command alone sets an exact end in every version of OpenSSL 3.
        try "".write(toFile: path("index.txt"), atomically: true, encoding: .utf8)
        try """
        [ca]
        default_ca = it
        [it]
        database = index.txt
        new_certs_dir = .
        policy = any
        default_md = sha256
        rand_serial = yes
        [any]
        commonName = supplied
        """.write(toFile: path("ca.cnf"), atomically: true, encoding: .utf8)
        try run(
            "ca",
            "-batch",
            "-config",
            "ca.cnf",
            "-in",
            "server.csr",
            "-cert",
            "authority.pem",
            "-keyfile",
            "authority.key",
            "-startdate",
            "20260101000000Z",
            "-enddate",
            "20310203040506Z",
            "-notext",
            "-out",
            "dated.pem"
        )
        authority = path("authority.pem")
        server = path("server-chain.pem")
        serverKey = path("server.key")
        renewed = path("renewed-chain.pem")
        renewedKey = path("renewed.key")
    }

    func path(_ name: String) -> String { directory.appending(path: name).path }
}
