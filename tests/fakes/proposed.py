"""Sample proposals: repairs of the sample plans, as the search would word them."""

from __future__ import annotations

from msgspec import structs
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelcheck.model.distribution import Status
from wheelcheck.model.repair import (
    Edit,
    EditKind,
    Ground,
    Proposals,
    Repair,
    Risk,
    Suggestion,
    Unrepairable,
    Verification,
    VersionMove,
)

_AV, _NUMPY, _TORCH = (canonicalize_name(name) for name in ("av", "numpy", "torch"))
_BUILT = tuple(canonicalize_name(name) for name in ("antlr4-python3-runtime", "audiocraft", "docopt", "encodec"))
_AV_MOVE = VersionMove(
    name=_AV,
    before=Version("11.0.0"),
    after=Version("12.0.0"),
    before_date="2023-10-22T09:13:03Z",
    after_date="2024-03-17T18:40:11Z",
)
_OVERRIDE_AV = Edit(
    kind=EditKind.OVERRIDE,
    package=_AV,
    before="==11.0.0",
    after="==12.0.0",
    because="audiocraft 1.3.0",
    options=("--override", "av==12.0.0"),
)

OVERRIDE = Repair(
    id="R1",
    edits=(_OVERRIDE_AV,),
    cost=80,
    verified=Verification(status=Status.NEEDS_BUILD, packages=9, built_once=_BUILT, changed=(_AV_MOVE,)),
    risk=Risk.MEDIUM,
    grounds=(
        Ground(
            risk=Risk.LOW,
            text="audiocraft 1.3.0 takes open and AudioFrame from av, and av 12.0.0 has both.",
            file="audiocraft/data/audio.py",
            line=18,
            quote="import av",
        ),
        Ground(
            risk=Risk.MEDIUM,
            text="av 12.0.0 is one major version beyond what audiocraft 1.3.0 declares (==11.0.0), five months younger.",
        ),
    ),
)
PYTHON = Repair(
    id="R2",
    edits=(
        Edit(
            kind=EditKind.PYTHON,
            before="3.11",
            after="3.10",
            because="torch 2.1.0 has wheels there",
            options=("--python", "3.10"),
        ),
        _OVERRIDE_AV,
    ),
    cost=90,
    verified=Verification(
        status=Status.NEEDS_BUILD,
        packages=10,
        built_once=_BUILT,
        changed=(_AV_MOVE,),
        added=((canonicalize_name("exceptiongroup"), Version("1.2.2")),),
    ),
    risk=Risk.MEDIUM,
)
EXCLUDE = Repair(
    id="R3",
    edits=(
        Edit(
            kind=EditKind.EXCLUDE,
            package=_AV,
            before="11.0.0",
            because="only audiocraft 1.3.0 wants it",
            options=("--exclude", "av"),
        ),
    ),
    cost=200,
    verified=Verification(
        status=Status.NEEDS_BUILD, packages=8, built_once=_BUILT, removed=((_AV, Version("11.0.0")),)
    ),
    risk=Risk.HIGH,
    grounds=(
        Ground(
            risk=Risk.HIGH,
            text="audiocraft 1.3.0 imports av when it is loaded: it will fail on `import audiocraft.data` and on "
            "`import audiocraft.models`.",
            file="audiocraft/data/audio.py",
            line=18,
            quote="import av",
        ),
        Ground(
            risk=Risk.MEDIUM,
            text="audiocraft 1.3.0 imports av inside a function.",
            file="audiocraft/data/info_audio_dataset.py",
            line=101,
            quote="from av.error import EOFError",
        ),
        Ground(risk=Risk.LOW, text="Nothing else in the plan wants av."),
        Ground(risk=Risk.LOW, text="audiocraft 1.3.0 was read whole."),
    ),
)
THREE_WAYS = Proposals(repairs=(OVERRIDE, PYTHON, EXCLUDE))

FAILING = structs.replace(
    EXCLUDE, id="F1", grounds=(structs.replace(EXCLUDE.grounds[0], fails=True), *EXCLUDE.grounds[1:])
)
IN_VAIN = Proposals(failing=(FAILING,), unrepairable=(Unrepairable(package=_AV, message="No change of av helps."),))

NO_WAY = Proposals(
    unrepairable=(
        Unrepairable(
            package=_TORCH,
            version=Version("2.9.0"),
            message="No version of torch has a wheel for musllinux_1_2_x86_64, and none is built from source here; it "
            "publishes for manylinux, macOS and Windows.",
            paths=(("peft==0.13.0", "torch==2.9.0"), ("peft==0.13.0", "accelerate==1.0.0", "torch==2.9.0")),
        ),
        *(
            Unrepairable(package=canonicalize_name(name), message=f"No version of {name} has a wheel for the target.")
            for name in ("triton", "bitsandbytes", "xformers")
        ),
        Unrepairable(package=None, message="-e ./tool has no released files to plan with."),
    ),
    suggestions=(
        Suggestion(
            edit=Edit(
                kind=EditKind.INDEX,
                package=_TORCH,
                after="https://download.example/whl/cpu",
                because="the vendor's own index",
                options=("--source", "torch=https://download.example/whl/cpu"),
            ),
            message="The index did not answer, so nothing was resolved with it.",
        ),
    ),
    complete=False,
    unreached="The search stopped after 20 s; pairs of edits on torch and triton were not reached.",
)

BOUND = Repair(
    id="R1",
    edits=(
        Edit(
            kind=EditKind.CONSTRAIN,
            package=_NUMPY,
            after="<2",
            because="torch 2.1.0 was compiled for NumPy 1",
            options=("-c", "numpy<2"),
        ),
    ),
    cost=5,
    verified=Verification(
        status=Status.INSTALLABLE,
        packages=2,
        changed=(VersionMove(name=_NUMPY, before=Version("2.3.4"), after=Version("1.26.4")),),
    ),
    risk=Risk.LOW,
    grounds=(Ground(risk=Risk.LOW, text="Every project of the plan declares that it runs with numpy 1.26.4."),),
)
MENDED_WARNING = Proposals(repairs=(BOUND,))
