"""Projects with settings of uv, Poetry, PDM and Hatch, answered as these tools answer them."""
