#if Postgres
    internal import CPostgres

    /// What an operator may name as the address of a data base.
    package enum PostgresAddress {
        /// What is wrong with the address, in words that do not repeat it; nil where nothing is.
        ///
        /// A password in it is refused: arguments are seen by every user of the machine, and environments land in
        /// reports. libpq takes it from the password file, the service file, or `PGPASSWORD`.
        package static func fault(in address: String) -> String? {
            guard let options = unsafe PQconninfoParse(address, nil) else {
                return "the address can not be understood: postgres://USER@HOST:PORT/NAME?sslmode=verify-full"
            }
            defer { unsafe PQconninfoFree(options) }
            var option = unsafe options
            while let keyword = unsafe option.pointee.keyword {
                let name = unsafe String(cString: keyword)
                if ["password", "sslpassword"].contains(name), unsafe option.pointee.val != nil {
                    return "no password may stand in the address: use a password file (PGPASSFILE), a service file or "
                        + "PGPASSWORD"
                }
                unsafe option += 1
            }
            return nil
        }
    }
#endif
