#if Postgres
    extension PostgresCluster {
        /// From now on every statement that writes a row of the schema is refused with this SQLSTATE, until
        /// ``accept(schema:)``.
        package func refuse(_ code: String, schema: String) throws {
            try run(
                """
                CREATE TABLE door (id int); INSERT INTO door VALUES (1);
                CREATE SEQUENCE refusals;
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF EXISTS (SELECT FROM \(schema).door) THEN
                        PERFORM nextval('\(schema).refusals');
                        RAISE EXCEPTION USING ERRCODE = '\(code)', MESSAGE = 'made to fail';
                    END IF;
                    RETURN NULL;
                END $$;
                DO $$ DECLARE name text; BEGIN
                    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '\(schema)' AND tablename <> 'door'
                    LOOP
                        EXECUTE format('CREATE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON %I.%I
                            FOR EACH STATEMENT EXECUTE FUNCTION \(schema).refuse()', '\(schema)', name);
                    END LOOP;
                END $$
                """,
                schema: schema
            )
        }

        /// Statements of the schema that were refused so far.
        package func refusals(schema: String) throws -> Int {
            try number("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM refusals", schema: schema)
        }

        /// From now on everything is taken again.
        package func accept(schema: String) throws { try run("DELETE FROM door", schema: schema) }
    }
#endif
