"""The index room: transport, pages, metadata and cache, behind the port ``Projects``; resolves and judges nothing."""
