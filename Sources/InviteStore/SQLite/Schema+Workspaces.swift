#if SQLite
    extension Schema {
        /// Workspace number 0 stands for the deployment, so that platform keys and their cut-offs have a tenant number
        /// like everything else.
        ///
        /// Lists of workspaces pass over it.
        static let deploymentTenantStep = """
            INSERT INTO workspaces (number, id, slug, name, plan, settings, created_at)
            VALUES (0, zeroblob(16), '', 'deployment', 'enterprise', x'7b7d', 0);
            """
    }
#endif
