"""The frozen vocabulary of wheelcheck; imports ``packaging`` and nothing else.

Every value is immutable, compares by content, and is made by one validated constructor. Names are
``NormalizedName`` and versions ``packaging.version.Version`` from the first parse on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelcheck.doors import opening

if TYPE_CHECKING:
    from wheelcheck.model.check import Allowance, Check, CheckedTarget, GatePolicy, Judged, Verdict
    from wheelcheck.model.code import CodePlaces, ImportKind, ImportSurvey, ImportUse, ModuleNames, ModuleState
    from wheelcheck.model.compatibility import (
        AbiBreak,
        Advisory,
        PythonLife,
        Remedy,
        RepairKnowledge,
        Substitute,
        VendorIndex,
    )
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
    from wheelcheck.model.plan import BuilderPhase, InputRecord, Options, Plan, PlannedFile, PlannedPackage
    from wheelcheck.model.plan_status import Status
    from wheelcheck.model.repair import (
        Edit,
        EditKind,
        Ground,
        Hopeless,
        Proposals,
        Repair,
        Risk,
        Suggestion,
        Verification,
        VersionMove,
    )
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
        replaced,
    )
    from wheelcheck.model.resolution import Clash, Conflict, Edge, Exemption, OlderPick, Pin, Policy, Resolution
    from wheelcheck.model.target import Fit, MarkerReading, Refusal, RefusalReason, Target

__all__ = [
    "AbiBreak",
    "Advisory",
    "Allowance",
    "Availability",
    "BuilderPhase",
    "CandidateOrigin",
    "Check",
    "CheckedTarget",
    "Clash",
    "Code",
    "CodePlaces",
    "CommandLineOrigin",
    "Conflict",
    "Constraint",
    "CoreMetadata",
    "Distribution",
    "Edge",
    "Edit",
    "EditKind",
    "Exemption",
    "FileOrigin",
    "Finding",
    "Fit",
    "GatePolicy",
    "Ground",
    "HashPin",
    "Hopeless",
    "ImportKind",
    "ImportSurvey",
    "ImportUse",
    "IndexOptions",
    "InputRecord",
    "InputSet",
    "Installability",
    "Judged",
    "Judgement",
    "LinkSkip",
    "MarkerReading",
    "MetadataSource",
    "ModuleNames",
    "ModuleState",
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
    "Proposals",
    "Purity",
    "PythonLife",
    "Refusal",
    "RefusalReason",
    "Remedy",
    "Repair",
    "RepairKnowledge",
    "Requirement",
    "Resolution",
    "Risk",
    "Sdist",
    "Severity",
    "Status",
    "Substitute",
    "Suggestion",
    "Target",
    "UnsupportedRequirement",
    "VendorIndex",
    "Verdict",
    "Verification",
    "VersionMove",
    "Wheel",
    "WheelTag",
    "parse_link",
    "replaced",
]

# Making a hundred dataclasses takes longer than the rest of a start: a run makes those that it names.
_PLACES = {
    "check": (
        "Allowance",
        "Check",
        "CheckedTarget",
        "GatePolicy",
        "Judged",
        "Verdict",
    ),
    "code": (
        "CodePlaces",
        "ImportKind",
        "ImportSurvey",
        "ImportUse",
        "ModuleNames",
        "ModuleState",
    ),
    "compatibility": (
        "AbiBreak",
        "Advisory",
        "PythonLife",
        "Remedy",
        "RepairKnowledge",
        "Substitute",
        "VendorIndex",
    ),
    "distribution": (
        "Availability",
        "CoreMetadata",
        "Distribution",
        "LinkSkip",
        "MetadataSource",
        "ProjectPage",
        "ProjectState",
        "Sdist",
        "Wheel",
        "WheelTag",
        "parse_link",
    ),
    "finding": (
        "Code",
        "Finding",
        "Severity",
    ),
    "judgement": (
        "Installability",
        "Judgement",
        "Purity",
    ),
    "plan": (
        "BuilderPhase",
        "InputRecord",
        "Options",
        "Plan",
        "PlannedFile",
        "PlannedPackage",
    ),
    "plan_status": ("Status",),
    "repair": (
        "Edit",
        "EditKind",
        "Ground",
        "Hopeless",
        "Proposals",
        "Repair",
        "Risk",
        "Suggestion",
        "Verification",
        "VersionMove",
    ),
    "requirement": (
        "CandidateOrigin",
        "CommandLineOrigin",
        "Constraint",
        "FileOrigin",
        "HashPin",
        "IndexOptions",
        "InputSet",
        "Origin",
        "Requirement",
        "UnsupportedRequirement",
        "replaced",
    ),
    "resolution": (
        "Clash",
        "Conflict",
        "Edge",
        "Exemption",
        "OlderPick",
        "Pin",
        "Policy",
        "Resolution",
    ),
    "target": (
        "Fit",
        "MarkerReading",
        "Refusal",
        "RefusalReason",
        "Target",
    ),
}

if not TYPE_CHECKING:  # a checker that sees it would take every misspelt name for an object
    __getattr__ = opening(__name__, _PLACES)
