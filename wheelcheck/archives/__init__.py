"""The archives room: reads wheels and source archives without running them; fetches and unpacks nothing to disk."""
