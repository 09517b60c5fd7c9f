"""What has been decided beforehand: ``[tool.wheelcheck]``, pip's own configuration, the network's variables; nothing is fetched."""

from wheelcheck.settings.effective import Effective, effective
from wheelcheck.settings.keys import KEYS, Key
from wheelcheck.settings.loading import Settings, load_settings
from wheelcheck.settings.network import NetworkSettings, network_settings
from wheelcheck.settings.pip_configuration import PipConfiguration, load_pip_configuration, pip_configuration_files

__all__ = [
    "KEYS",
    "Effective",
    "Key",
    "NetworkSettings",
    "PipConfiguration",
    "Settings",
    "effective",
    "load_pip_configuration",
    "load_settings",
    "network_settings",
    "pip_configuration_files",
]
