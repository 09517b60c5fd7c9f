"""Renders the grid of platforms and Pythons, one module for each format; judges nothing and writes no file."""
