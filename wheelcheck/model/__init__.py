"""The frozen vocabulary of wheelcheck; imports ``packaging`` and nothing else.

Every value is immutable, compares by content, and is made by one validated constructor. Names are
``NormalizedName`` and versions ``packaging.version.Version`` from the first parse on.
"""

from wheelcheck.model.distribution import (
    Availability,
    CoreMetadata,
    Distribution,
    LinkSkip,
    MetadataSource,
    ProjectPage,
    ProjectState,
    Sdist,
    Wheel,
    WheelTag,
    parse_link,
)
from wheelcheck.model.finding import Code, Finding, Severity
from wheelcheck.model.judgement import Installability, Judgement, Purity
from wheelcheck.model.plan import BuilderPhase, InputRecord, Options, Plan, PlannedFile, PlannedPackage, Status
from wheelcheck.model.requirement import (
    CandidateOrigin,
    CommandLineOrigin,
    Constraint,
    FileOrigin,
    HashPin,
    IndexOptions,
    InputSet,
    Origin,
    Requirement,
    UnsupportedRequirement,
)
from wheelcheck.model.resolution import Clash, Conflict, Edge, OlderPick, Pin, Policy, Resolution
from wheelcheck.model.target import Fit, MarkerReading, Refusal, RefusalReason, Target

__all__ = [
    "Availability",
    "BuilderPhase",
    "CandidateOrigin",
    "Clash",
    "Code",
    "CommandLineOrigin",
    "Conflict",
    "Constraint",
    "CoreMetadata",
    "Distribution",
    "Edge",
    "FileOrigin",
    "Finding",
    "Fit",
    "HashPin",
    "IndexOptions",
    "InputRecord",
    "InputSet",
    "Installability",
    "Judgement",
    "LinkSkip",
    "MarkerReading",
    "MetadataSource",
    "OlderPick",
    "Options",
    "Origin",
    "Pin",
    "Plan",
    "PlannedFile",
    "PlannedPackage",
    "Policy",
    "ProjectPage",
    "ProjectState",
    "Purity",
    "Refusal",
    "RefusalReason",
    "Requirement",
    "Resolution",
    "Sdist",
    "Severity",
    "Status",
    "Target",
    "UnsupportedRequirement",
    "Wheel",
    "WheelTag",
    "parse_link",
]
