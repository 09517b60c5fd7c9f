"""Renders a plan as a software bill of materials (CycloneDX 1.6) through cyclonedx-python-lib; refuses to guess licences.

The same plan gives the same bytes: the serial number is derived from the plan's digest, and the time is that of its newest file.
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from wheelcheck.errors import UsageProblem
from wheelcheck.export.shipment import Shipment, uploaded_at
from wheelcheck.model.judgement import Installability
from wheelcheck.model.plan import Plan, PlannedPackage
from wheelcheck.model.urls import is_default_index, masked
from wheelcheck.plans.documents import refuse_unexecutable

if TYPE_CHECKING:
    from cyclonedx.model import ExternalReference, Property
    from cyclonedx.model.component import Component

_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
_ALGORITHMS = {
    "md5": "MD5",
    "sha1": "SHA-1",
    "sha256": "SHA-256",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "sha3_256": "SHA3-256",
    "sha3_384": "SHA3-384",
    "sha3_512": "SHA3-512",
    "blake2b": "BLAKE2b-512",
}


def render(shipment: Shipment) -> str:
    """The bill of *shipment*'s plan as JSON: every package with purl, hashes and address, and the dependencies.

    Raises ``UsageProblem`` where cyclonedx-python-lib is not installed, and for a plan that cannot be executed.
    """
    plan = shipment.plan
    refuse_unexecutable(plan)
    try:
        from cyclonedx.model.bom import Bom
        from cyclonedx.model.component import Component, ComponentType
        from cyclonedx.output.json import JsonV1Dot6
    except ImportError as missing:
        raise UsageProblem(
            f"--to cyclonedx needs cyclonedx-python-lib: {missing}", hint="pip install 'wheelcheck[cyclonedx]'"
        ) from missing

    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"wheelcheck:{shipment.digest}"), version=1)
    bom.metadata.timestamp = _newest(plan)
    root = Component(
        type=ComponentType.APPLICATION, name=shipment.title, version=shipment.release, bom_ref="application"
    )
    bom.metadata.component = root
    bom.metadata.tools.components.add(Component(type=ComponentType.APPLICATION, name="wheelcheck"))
    bom.metadata.properties.update(_properties({"target": str(plan.target), "plan": shipment.digest}))
    components = {package.name: _component(package) for package in plan.packages}
    bom.components.update(components.values())
    bom.register_dependency(root, [components[package.name] for package in plan.packages if package.requested])
    for package in plan.packages:
        bom.register_dependency(
            components[package.name], [components[name] for name in package.requires if name in components]
        )
    with warnings.catch_warnings():
        # A plan may hold packages that nothing requires any more, by an override; the library would warn of each.
        warnings.simplefilter("ignore", UserWarning)
        return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _component(package: PlannedPackage) -> Component:
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    file = package.file
    qualifiers = {"file_name": file.filename} if file is not None else {}
    if file is not None and file.index and not is_default_index(file.index):
        qualifiers["repository_url"] = masked(file.index)
    purl = PackageURL(type="pypi", name=package.name, version=str(package.version), qualifiers=qualifiers)
    facts = {"installability": package.installability.value}
    if package.installability is not Installability.WHEEL:
        facts["built-once"] = "true"
    return Component(
        type=ComponentType.LIBRARY,
        name=package.name,
        version=str(package.version),
        bom_ref=f"{package.name}=={package.version}",
        purl=purl,
        external_references=_references(package),
        properties=_properties(facts),
    )


def _references(package: PlannedPackage) -> list[ExternalReference]:
    """The address of the file with its hashes: a component's own hashes would be those of what is installed."""
    from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri

    if package.file is None:
        return []
    return [
        ExternalReference(
            type=ExternalReferenceType.DISTRIBUTION,
            url=XsUri(masked(package.file.url)),
            hashes=[
                HashType(alg=HashAlgorithm(_ALGORITHMS[algorithm]), content=digest)
                for algorithm, digest in sorted(package.file.hashes.items())
                if algorithm in _ALGORITHMS
            ],
        )
    ]


def _properties(facts: dict[str, str]) -> list[Property]:
    from cyclonedx.model import Property

    return [Property(name=f"wheelcheck:{name}", value=value) for name, value in sorted(facts.items())]


def _newest(plan: Plan) -> datetime:
    """The upload time of the plan's newest file: the earliest moment at which this plan could have been made."""
    files = (package.file for package in plan.packages if package.file is not None)
    return max([_EPOCH, *(moment for file in files if (moment := uploaded_at(file)) is not None)])
