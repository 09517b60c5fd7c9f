"""Reports of the grid."""
