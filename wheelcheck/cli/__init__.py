"""Arguments, streams, progress and exit statuses; decides nothing about packages."""
