"""HTTP routes other than pages, with their middleware, and the processes of the server."""
