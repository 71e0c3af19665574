"""The report of a recorded drive: what is kept while it streams by, and the page that is made of it."""
