"""Turns plans into text for people and tells them how a run goes; decides nothing, and returns text for ``cli/`` to write."""
