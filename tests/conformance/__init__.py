"""The promises to outside programs: CloudEvents, C2SP formats, GraphQL over HTTP."""
