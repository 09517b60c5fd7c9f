"""Settings of the project (``[tool.wheelcheck]``), of pip and of the network, each with its place; fetches nothing."""
