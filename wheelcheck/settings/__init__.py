"""What has been decided beforehand: ``[tool.wheelcheck]``, pip's own configuration, the network's variables; nothing is fetched."""
