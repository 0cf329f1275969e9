"""The console of the back office: pages for the browser, Japanese first."""
