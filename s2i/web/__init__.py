"""HTTP: the application factory, one small blueprint per concern, security, the server."""
