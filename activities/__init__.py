"""Activities by subject: the only place where messages and tables meet."""
