"""Turns a resolution and its findings into the plan that a builder executes, and the plan into JSON and back.

It compares the plans of many targets, and reads and writes the manifests of bundles. It chooses nothing and opens no file.
"""
