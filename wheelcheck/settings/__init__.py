"""What has been decided beforehand: ``[tool.wheelcheck]``, pip's own configuration, the network's variables; nothing is fetched."""

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.settings.keys import KEYS, Key
    from wheelcheck.settings.loading import Settings, load_settings
    from wheelcheck.settings.network import NetworkSettings, network_settings
    from wheelcheck.settings.pip_configuration import PipConfiguration, load_pip_configuration, pip_configuration_files
    from wheelcheck.settings.provenance import Effective, effective

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

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(
        __name__,
        {
            "keys": ("KEYS", "Key"),
            "loading": ("Settings", "load_settings"),
            "network": ("NetworkSettings", "network_settings"),
            "pip_configuration": ("PipConfiguration", "load_pip_configuration", "pip_configuration_files"),
            "provenance": ("Effective", "effective"),
        },
    )
