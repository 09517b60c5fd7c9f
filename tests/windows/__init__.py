"""What a Windows Python does with what wheelcheck made on this machine; skipped where there is none (see CONTRIBUTING.md)."""
