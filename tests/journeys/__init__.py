"""One journey per kind of user, through the running program."""
