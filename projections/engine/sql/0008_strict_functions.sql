-- Functions that run as their owner are STRICT: with a null argument they do nothing.

SET LOCAL ROLE ledger_owner;

ALTER FUNCTION views.make_table STRICT;
ALTER FUNCTION views.index_held STRICT;
ALTER FUNCTION views.index_key STRICT;
ALTER FUNCTION views.index_lookup STRICT;
ALTER FUNCTION views.analyze_table STRICT;
ALTER FUNCTION views.drop_shadow STRICT;
ALTER FUNCTION views.swap_table STRICT;
