-- The service's login reads which migrations have run, through the roles that it is a member of.
GRANT SELECT ON public.ledger_migrations TO ledger_writer, ledger_projector, ledger_reader;
