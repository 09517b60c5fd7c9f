"""Which shared libraries are found, and which are said to be missing, on each system."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments.verify.looking import look, messages, of_kind
from tests.fakes.environments import FakeEnvironment, embeddable, site_packages
from tests.fakes.libraries import make_elf, make_macho, make_pe, make_universal
from wheelcheck.environments.verify.libraries import iter_lacking_runtimes, judge_libraries
from wheelcheck.environments.verify.library_index import read_library_index
from wheelcheck.environments.verify.locating import locate
from wheelcheck.environments.verify.subject import owners, read_installed
from wheelcheck.knowledge.systems import load_system_libraries
from wheelcheck.model.finding import Severity
from wheelcheck.model.inspection import Problem, ProblemKind
from wheelcheck.model.systems import LibraryKnowledge

WIN = "cp311-cp311-win_amd64"
LINUX = "cp311-cp311-manylinux_2_28_x86_64"
MAC = "cp311-cp311-macosx_11_0_arm64"


@pytest.fixture
def windows(tmp_path: Path) -> FakeEnvironment:
    return embeddable(tmp_path / "env")


@pytest.fixture
def linux(tmp_path: Path) -> FakeEnvironment:
    made = FakeEnvironment(root=tmp_path / "env", site="lib/python3.11/site-packages")
    made.write("bin/python3.11", make_elf(["libc.so.6"], interpreter="/lib64/ld-linux-x86-64.so.2"))
    return made


@pytest.fixture
def macos(tmp_path: Path) -> FakeEnvironment:
    return site_packages(tmp_path / "env")


def judged(made: FakeEnvironment, floor: tuple[int, ...]) -> list[Problem]:
    """The problems with the libraries of *made* for a target whose floor is *floor*."""
    subject = locate(made.root, "env")
    index = read_library_index(subject, owners(subject, read_installed(subject)))
    return list(judge_libraries(subject, index, load_system_libraries(), floor, {}))


def test_embeddable_python_itself_is_clean(windows: FakeEnvironment) -> None:
    assert look(windows.root).problems == ()


def test_missing_runtime_of_visual_cpp_is_named_with_its_remedy(windows: FakeEnvironment) -> None:
    windows.install("kiwi", {"kiwi/_c.pyd": make_pe(["MSVCP140.dll", "python311.dll", "KERNEL32.dll"])}, tag=WIN)
    (problem,) = look(windows.root).errors
    assert problem.kind is ProblemKind.LIBRARY_MISSING
    assert (problem.distribution, problem.library) == ("kiwi", "MSVCP140.dll")
    assert problem.file == "Lib/site-packages/kiwi/_c.pyd"
    assert "msvc-runtime" in str(problem.remedy)


@pytest.mark.parametrize(
    "place",
    [
        "Lib/site-packages/kiwi/msvcp140.dll",
        "Lib/site-packages/kiwi.libs/msvcp140.dll",
        "msvcp140.dll",
        "Library/bin/MSVCP140.dll",
    ],
)
def test_dll_in_the_same_distribution_or_beside_python_is_found(windows: FakeEnvironment, place: str) -> None:
    files: dict[str, bytes | str] = {"kiwi/_c.pyd": make_pe(["MSVCP140.dll"])}
    if place.startswith("Lib/"):
        files[place.removeprefix("Lib/site-packages/")] = make_pe()
    else:
        windows.write(place, make_pe())
    windows.install("kiwi", files, tag=WIN)
    assert look(windows.root).errors == ()


def test_dll_of_another_distribution_is_a_warning_that_names_it(windows: FakeEnvironment) -> None:
    windows.install("taker", {"taker/_c.pyd": make_pe(["shared.dll"])}, tag=WIN)
    windows.install("giver", {"giver/shared.dll": make_pe()}, tag=WIN)
    inspection = look(windows.root)
    assert inspection.errors == ()
    (problem,) = inspection.warnings
    assert problem.kind is ProblemKind.LIBRARY_ELSEWHERE
    assert "giver" in problem.message


def test_runtime_that_another_distribution_has_for_itself_is_missing_all_the_same(windows: FakeEnvironment) -> None:
    windows.install("taker", {"taker/_c.pyd": make_pe(["MSVCP140.dll"])}, tag=WIN)
    windows.install("giver", {"giver/.libs/msvcp140.dll": make_pe()}, tag=WIN)
    (problem,) = look(windows.root).errors
    assert problem.kind is ProblemKind.LIBRARY_MISSING
    assert "giver" in problem.message
    assert "msvc-runtime" in str(problem.remedy)


@pytest.mark.parametrize("place", ["Lib/site-packages/msvcp140.dll", "DLLs/msvcp140.dll", "Scripts/msvcp140.dll"])
def test_dll_that_lies_loose_elsewhere_is_not_found(windows: FakeEnvironment, place: str) -> None:
    windows.install("a", {"a/_c.pyd": make_pe(["MSVCP140.dll"])}, tag=WIN)
    windows.write(place, make_pe())
    (problem,) = look(windows.root).errors
    assert f"lies where nothing looks for it ({place})" in problem.message
    assert "beside python.exe" in str(problem.remedy)


def test_what_a_bundled_runtime_of_visual_cpp_loads_late_is_nobodys_concern(windows: FakeEnvironment) -> None:
    files: dict[str, bytes | str] = {
        "a/_c.pyd": make_pe(["msvcp140-123.dll"]),
        "a.libs/msvcp140-123.dll": make_pe(late=["CONCRT140.dll"]),
    }
    windows.install("a", files, tag=WIN)
    assert look(windows.root).problems == ()


def test_dll_that_nobody_has_is_missing(windows: FakeEnvironment) -> None:
    windows.install("a", {"a/_c.pyd": make_pe(["ghost.dll"], late=["later.dll"])}, tag=WIN)
    inspection = look(windows.root)
    assert messages(inspection) == [
        "Lib/site-packages/a/_c.pyd needs ghost.dll, which neither the environment nor a clean system has"
    ]
    assert [problem.library for problem in inspection.warnings] == ["later.dll"]


def test_graphics_driver_is_a_warning(windows: FakeEnvironment) -> None:
    windows.install("gpu", {"gpu/_c.pyd": make_pe(["nvcuda.dll"])}, tag=WIN)
    (problem,) = look(windows.root).problems
    assert (problem.kind, problem.severity) == (ProblemKind.LIBRARY_OPTIONAL, Severity.WARNING)
    assert "NVIDIA driver" in problem.message


def test_library_for_one_of_several_cards_is_a_warning_whatever_it_lacks(windows: FakeEnvironment) -> None:
    files: dict[str, bytes | str] = {
        "a/lib_plain.dll": make_pe(["KERNEL32.dll"]),
        "a/lib_amd.dll": make_pe(["amdhip64_7.dll", "rocblas.dll", "newer.dll"]),
        "a/lib_intel.dll": make_pe(["sycl9.dll"]),
        "a/__init__.py": "",
    }
    windows.install("a", files, tag=WIN)
    inspection = look(windows.root)
    assert inspection.errors == ()
    found = {problem.library: problem for problem in inspection.warnings}
    assert set(found) == {"amdhip64_7.dll", "rocblas.dll", "newer.dll", "sycl9.dll"}
    assert "AMD's ROCm" in found["rocblas.dll"].message
    assert "Intel's oneAPI" in found["sycl9.dll"].message
    assert "this library also needs what comes with the driver of AMD or Intel cards" in found["newer.dll"].message


def test_what_a_card_does_not_excuse_stays_an_error(windows: FakeEnvironment) -> None:
    # A module cannot do without; the runtime of Visual C++ belongs into the environment; and the driver is there.
    windows.install("a", {"a/_c.pyd": make_pe(["nvcuda.dll", "ghost.dll"]), "a/__init__.py": ""}, tag=WIN)
    windows.install("b", {"b/lib.dll": make_pe(["nvcuda.dll", "MSVCP140.dll"]), "b/__init__.py": ""}, tag=WIN)
    brought: dict[str, bytes | str] = {
        "c/amdhip64_7.dll": make_pe(),
        "c/lib.dll": make_pe(["amdhip64_7.dll", "other.dll"]),
        "c/__init__.py": "",
    }
    windows.install("c", brought, tag=WIN)
    assert {problem.library for problem in look(windows.root).errors} == {"ghost.dll", "MSVCP140.dll", "other.dll"}


def test_library_for_one_of_several_cards_is_a_warning_on_linux_too(linux: FakeEnvironment) -> None:
    files: dict[str, bytes | str] = {
        "a/lib_intel.so": make_elf(["libsvml.so", "libsycl.so.8", "libc.so.6"]),
        "a/lib_amd.so": make_elf(["libhipblas.so.3", "libhipblaslt.so.1", "librocrand.so.1"]),
        "a/__init__.py": "",
    }
    linux.install("a", files, tag=LINUX)
    inspection = look(linux.root)
    assert inspection.errors == ()
    assert {problem.library for problem in inspection.warnings} == {
        "libsvml.so", "libsycl.so.8", "libhipblas.so.3", "libhipblaslt.so.1", "librocrand.so.1",
    }  # fmt: skip


def test_abi3_module_needs_python3_dll(windows: FakeEnvironment) -> None:
    windows.install("c", {"c/_rust.pyd": make_pe(["python3.dll", "bcryptprimitives.dll"])}, tag="cp311-abi3-win_amd64")
    assert look(windows.root).problems == ()
    (windows.root / "python3.dll").unlink()
    (problem,) = look(windows.root).errors
    assert problem.kind is ProblemKind.PYTHON_LIBRARY
    assert "python3.dll" in problem.message
    assert "beside python.exe" in str(problem.remedy)


def test_module_for_another_python_is_an_error(windows: FakeEnvironment) -> None:
    windows.install("a", {"a/_c.pyd": make_pe(["python312.dll"])}, tag=WIN)
    (problem,) = look(windows.root).errors
    assert "is for Python 3.12 (python312.dll), the environment has 3.11" in problem.message


def test_module_with_the_tag_of_another_python_is_passed_over(windows: FakeEnvironment) -> None:
    windows.install("a", {"a/_c.cp312-win_amd64.pyd": make_pe(["python312.dll"]), "a/__init__.py": ""}, tag=WIN)
    assert look(windows.root).problems == ()


def test_vcruntime_that_this_python_lacks_is_missing(windows: FakeEnvironment) -> None:
    (windows.root / "vcruntime140_1.dll").unlink()
    windows.install("a", {"a/_c.pyd": make_pe(["VCRUNTIME140_1.dll"])}, tag=WIN)
    (problem,) = look(windows.root).errors
    assert "msvc-runtime" in str(problem.remedy)


def test_folder_without_a_python_relies_on_what_every_python_has(tmp_path: Path) -> None:
    made = site_packages(tmp_path / "site")
    made.install(
        "a", {"a/_c.cp311-win_amd64.pyd": make_pe(["VCRUNTIME140_1.dll", "python311.dll", "python3.dll"])}, tag=WIN
    )
    assert look(made.root).problems == ()


def test_module_for_another_machine_is_an_error(windows: FakeEnvironment) -> None:
    windows.install("a", {"a/_c.pyd": make_pe(machine="arm64"), "a/helper.dll": make_pe(machine="x86")}, tag=WIN)
    (problem,) = look(windows.root).errors
    assert problem.kind is ProblemKind.MACHINE
    assert problem.message == "Lib/site-packages/a/_c.pyd is for arm64, the environment is amd64"


def test_dll_for_another_machine_does_not_count(windows: FakeEnvironment) -> None:
    windows.install("a", {"a/_c.pyd": make_pe(["b.dll"]), "a/b.dll": make_pe(machine="x86")}, tag=WIN)
    (problem,) = look(windows.root).errors
    assert "for another machine only" in problem.message


def test_damaged_module_is_an_error_and_the_rest_goes_on(windows: FakeEnvironment) -> None:
    windows.install("a", {"a/_c.pyd": b"MZ" + b"\0" * 40, "a/_d.pyd": make_pe(["ghost.dll"])}, tag=WIN)
    assert [problem.kind for problem in look(windows.root).errors] == [
        ProblemKind.LIBRARY_UNREADABLE,
        ProblemKind.LIBRARY_MISSING,
    ]


def test_parts_that_are_known_to_need_more_are_warnings(windows: FakeEnvironment) -> None:
    (exemption,) = [each for each in load_system_libraries().exemptions if "win32uiole" in each.modules]
    windows.install(exemption.project, {"gui/win32uiole.pyd": make_pe(["ghost.dll"])}, tag=WIN)
    inspection = look(windows.root)
    assert inspection.errors == ()
    assert exemption.reason in inspection.warnings[0].message


@pytest.mark.parametrize("module", ["win32ui", "win32uiole", "dde"])
def test_parts_that_miss_what_belongs_into_the_environment_are_errors(windows: FakeEnvironment, module: str) -> None:
    windows.install("pywin32", {f"pythonwin/{module}.pyd": make_pe(["mfc140u.dll"])}, tag=WIN)
    (problem,) = look(windows.root).errors
    assert (problem.kind, problem.library) == (ProblemKind.LIBRARY_MISSING, "mfc140u.dll")
    assert "redistributable" in str(problem.remedy)
    windows.write("Lib/site-packages/pythonwin/mfc140u.dll", make_pe())
    assert look(windows.root).errors == ()


def test_sentence_of_a_part_that_installers_bring_says_what_needs_it_where_that_is_known(
    windows: FakeEnvironment,
) -> None:
    def sentences() -> list[str]:
        return list(iter_lacking_runtimes(locate(windows.root, "env"), load_system_libraries()))

    windows.install("pywin32", {"pythonwin/win32ui.pyd": make_pe(["mfc140u.dll"])}, tag=WIN)
    (alone,) = sentences()
    assert alone.startswith("pywin32 needs mfc140u.dll of the MFC part of the Visual C++ runtime, which")
    assert "does not have (its modules win32ui, win32uiole and dde load mfc140u.dll): let your installer" in alone
    windows.install("b", {"b/_b.pyd": make_pe(["mfc140u.dll"])}, tag=WIN)
    (both,) = sentences()
    assert both.startswith("b, pywin32 need mfc140u.dll")
    assert "win32ui" not in both


def test_library_by_run_path_is_found(linux: FakeEnvironment) -> None:
    linux.install(
        "a",
        {
            "a/_c.cpython-311-x86_64-linux-gnu.so": make_elf(["libx-1.so.1", "libc.so.6"], runpath="$ORIGIN/../b.libs"),
            "a/__init__.py": "",
        },
        tag=LINUX,
    )
    linux.install("b", {"b.libs/libx-1.so.1": make_elf()}, tag=LINUX)
    assert look(linux.root).problems == ()


def test_library_of_the_policy_that_slim_images_lack_names_the_debian_package(linux: FakeEnvironment) -> None:
    linux.install("cv", {"cv/cv.abi3.so": make_elf(["libGL.so.1", "libglib-2.0.so.0", "libm.so.6"])}, tag=LINUX)
    inspection = look(linux.root)
    assert inspection.errors == ()
    remedies = {problem.library: problem.remedy for problem in inspection.warnings}
    assert "libgl1" in str(remedies["libGL.so.1"])
    assert "libglib2.0-0" in str(remedies["libglib-2.0.so.0"])


def test_library_that_linux_lacks_is_an_error(linux: FakeEnvironment) -> None:
    linux.install("a", {"a/_c.so": make_elf(["libghost.so.3"])}, tag=LINUX)
    assert messages(look(linux.root)) == [
        "lib/python3.11/site-packages/a/_c.so needs libghost.so.3, which neither the environment nor a clean system has"
    ]


def test_module_of_a_python_that_its_system_built_is_a_warning(linux: FakeEnvironment) -> None:
    linux.write("lib/python3.11/lib-dynload/_bz2.so", make_elf(["libbz2.so.1.0"]))
    linux.install("a")
    inspection = look(linux.root)
    assert inspection.errors == ()
    assert [problem.library for problem in inspection.warnings] == ["libbz2.so.1.0"]


def test_libraries_of_the_system_around_a_python_are_not_looked_at(linux: FakeEnvironment) -> None:
    linux.write("lib/x86_64-linux-gnu/libother.so.1", make_elf(["libghost.so.1"]))
    linux.write("share/app/plugin.so", make_elf(["libghost.so.1"]))
    linux.install("a")
    assert look(linux.root).problems == ()


def test_symbol_versions_are_held_against_the_floor(linux: FakeEnvironment) -> None:
    versions = {"libc.so.6": ["GLIBC_2.17", "GLIBC_2.34"], "libstdc++.so.6": ["GLIBCXX_3.4.29"]}
    linux.install("a", {"a/_c.so": make_elf(["libc.so.6", "libstdc++.so.6"], versions=versions)}, tag=LINUX)
    found = judged(linux, (2, 28))
    assert [problem.kind for problem in found] == [ProblemKind.SYSTEM_TOO_OLD] * 2
    assert "GLIBC_2.34 of libc.so.6; a target with glibc 2.28 has GLIBC_2.28" in found[0].message
    assert "GLIBCXX_3.4.29" in found[1].message
    assert judged(linux, (2, 34)) == []
    assert judged(linux, ()) == []


def test_versions_of_a_bundled_library_are_not_the_systems(linux: FakeEnvironment) -> None:
    versions = {"libstdc++.so.6": ["GLIBCXX_3.4.33"]}
    linux.install(
        "a",
        {"a/_c.so": make_elf(["libstdc++.so.6"], versions=versions), "a.libs/libstdc++.so.6": make_elf()},
        tag=LINUX,
    )
    assert judged(linux, (2, 17)) == []


def test_glibc_module_on_musl_is_told_to_take_the_other_wheel(tmp_path: Path) -> None:
    made = FakeEnvironment(root=tmp_path / "env", site="lib/python3.11/site-packages")
    made.write("bin/python3.11", make_elf(interpreter="/lib/ld-musl-x86_64.so.1"))
    made.install("a", {"a/_c.so": make_elf(["libc.so.6"])}, tag="cp311-cp311-musllinux_1_2_x86_64")
    (problem,) = look(made.root).errors
    assert "musllinux" in str(problem.remedy)


def test_loader_path_and_rpath_are_followed(macos: FakeEnvironment) -> None:
    loads = ["@loader_path/.dylibs/liba.dylib", "@rpath/libb.dylib", "/usr/lib/libSystem.B.dylib"]
    macos.install(
        "a",
        {
            "a/_c.cpython-311-darwin.so": make_macho(loads, rpaths=["@loader_path/lib"]),
            "a/.dylibs/liba.dylib": make_macho(),
            "a/lib/libb.dylib": make_macho(),
        },
        tag=MAC,
    )
    assert look(macos.root).problems == ()


def test_path_of_the_build_machine_is_an_error(macos: FakeEnvironment) -> None:
    macos.install(
        "a", {"a/_c.cpython-311-darwin.so": make_macho(["/opt/homebrew/lib/libz.dylib", "@rpath/libq.dylib"])}, tag=MAC
    )
    first, second = look(macos.root).errors
    assert "comes with the machine that it was built on" in first.message
    assert "@rpath/libq.dylib" in second.message


def test_weak_library_may_be_absent(macos: FakeEnvironment) -> None:
    macos.install("a", {"a/_c.cpython-311-darwin.so": make_macho(weak=["@rpath/none.dylib"])}, tag=MAC)
    assert look(macos.root).problems == ()


def test_universal_module_serves_both_machines_and_intel_alone_does_not(macos: FakeEnvironment) -> None:
    both = make_universal(("x86_64", make_macho(machine="x86_64")), ("arm64", make_macho()))
    macos.install("a", {"a/_c.cpython-311-darwin.so": make_macho(), "a/_d.cpython-311-darwin.so": both}, tag=MAC)
    assert look(macos.root).problems == ()
    macos.install("b", {"b/_e.cpython-311-darwin.so": make_macho(machine="x86_64")}, tag=MAC)
    assert messages(look(macos.root)) == ["b/_e.cpython-311-darwin.so is for x86_64, the environment is arm64"]


@pytest.mark.parametrize("system", [(14, 0), (13, 4)])
def test_release_of_macos_is_held_against_the_floor(macos: FakeEnvironment, system: tuple[int, int]) -> None:
    """A warning: the loader of macOS does not refuse such libraries, and wheels of this kind are in wide use."""
    macos.install("a", {"a/_c.cpython-311-darwin.so": make_macho(system=system)}, tag=MAC)
    (problem,) = judged(macos, (13, 0))
    assert f"was built for macOS {system[0]}.{system[1]} and newer, the target is macOS 13.0" in problem.message
    assert (problem.kind, problem.severity) == (ProblemKind.SYSTEM_TOO_OLD, Severity.WARNING)
    assert judged(macos, (14, 0)) == []


def test_framework_is_found_though_its_library_has_no_suffix(macos: FakeEnvironment) -> None:
    need = "@rpath/Core.framework/Versions/A/Core"
    files: dict[str, bytes | str] = {
        "a/_c.cpython-311-darwin.so": make_macho([need]),
        "a/lib/Core.framework/Versions/A/Core": make_macho(["@rpath/libghost.dylib"]),
    }
    macos.install("a", files, tag=MAC)
    assert [problem.library for problem in look(macos.root).problems] == ["@rpath/libghost.dylib"]


def test_needs_of_a_plug_in_are_warnings_and_those_of_what_a_module_links_to_are_errors(linux: FakeEnvironment) -> None:
    linux.install(
        "a",
        {
            "a/_c.cpython-311-x86_64-linux-gnu.so": make_elf(["libcore.so"]),
            "a/libcore.so": make_elf(["libghost.so.1"]),
            "a/plugins/libodd.so": make_elf(["libspirit.so.1"]),
        },
        tag=LINUX,
    )
    inspection = look(linux.root)
    assert [problem.library for problem in inspection.errors] == ["libghost.so.1"]
    (warning,) = inspection.warnings
    assert warning.library == "libspirit.so.1"
    assert "it is a plug-in, which no module of Python links to" in warning.message
    assert str(warning.remedy).startswith("nothing, if the program does not use it; else ")


def test_libraries_beside_those_that_modules_of_others_link_to_are_plug_ins(linux: FakeEnvironment) -> None:
    module = make_elf(["libcore.so.6"], runpath="$ORIGIN/../b")
    linux.install("a", {"a/_c.cpython-311-x86_64-linux-gnu.so": module}, tag=LINUX)
    libraries = {"b/libcore.so.6": make_elf(), "b/plugins/libodd.so": make_elf(["libspirit.so.1"])}
    linux.install("b", libraries, tag=LINUX)
    inspection = look(linux.root)
    assert not inspection.errors
    assert "libspirit.so.1" in [problem.library for problem in inspection.warnings]


def test_libraries_of_a_distribution_without_modules_are_what_it_loads(linux: FakeEnvironment) -> None:
    linux.install("a", {"a/__init__.py": "", "a/libmain.so": make_elf(["libghost.so.1"])}, tag=LINUX)
    assert [problem.library for problem in look(linux.root).errors] == ["libghost.so.1"]


def test_library_for_an_older_compiler_beside_one_for_a_newer_is_not_asked_for(windows: FakeEnvironment) -> None:
    old, new = {"a/glut.vc10.dll": make_pe(["MSVCR100.dll"])}, {"a/glut.vc14.dll": make_pe()}
    windows.install("a", {"a/__init__.py": "", **old, **new}, tag=WIN)
    windows.install("b", {"b/__init__.py": "", "b/glut32.vc10.dll": make_pe(["MSVCR100.dll"])}, tag=WIN)
    assert [problem.file for problem in look(windows.root).errors] == [f"{windows.site}/b/glut32.vc10.dll"]


def test_library_that_is_there_a_second_time_and_whole_is_a_warning(windows: FakeEnvironment) -> None:
    module, lacking = {"a/_c.pyd": make_pe(["blosc.dll"])}, {"a/blosc.dll": make_pe(["zstd.dll"])}
    windows.install("a", {**module, **lacking}, tag=WIN)
    windows.install("b", {"b/__init__.py": "", "b/blosc.dll": make_pe()}, tag=WIN)
    assert [problem.library for problem in look(windows.root).errors] == ["zstd.dll"]
    windows.install("a", {**module, **lacking, "a.libs/blosc.dll": make_pe()}, tag=WIN)
    inspection = look(windows.root)
    assert not inspection.errors
    (warning,) = [each for each in inspection.warnings if each.library == "zstd.dll"]
    assert f"{windows.site}/a.libs/blosc.dll is a copy that lacks nothing" in warning.message
    windows.install("a", {**module, **lacking, "a.libs/blosc.dll": make_pe(["zstd.dll"])}, tag=WIN)
    assert len([problem for problem in look(windows.root).errors if problem.library == "zstd.dll"]) == 2


@pytest.mark.parametrize("name", ["VCRUNTIME140D.dll", "MSVCP140D.dll", "ucrtbased.dll"])
def test_plug_in_that_was_built_for_debugging_is_a_warning_and_a_module_an_error(
    windows: FakeEnvironment, name: str
) -> None:
    windows.install("a", {"a/_c.pyd": make_pe(), "a/tcc.dll": make_pe([name])}, tag=WIN)
    inspection = look(windows.root)
    assert not inspection.errors
    assert name in [problem.library for problem in inspection.warnings]
    windows.install("b", {"b/_c.pyd": make_pe([name])}, tag=WIN)
    (error,) = look(windows.root).errors
    assert "the debug runtime of Visual Studio" in error.message


def test_plug_in_for_windows_needs_the_runtime_of_visual_cpp_all_the_same(windows: FakeEnvironment) -> None:
    files: dict[str, bytes | str] = {"a/_c.pyd": make_pe(), "a/sound.dll": make_pe(["MSVCP140.dll"])}
    windows.install("a", files, tag=WIN)
    assert [problem.library for problem in look(windows.root).errors] == ["MSVCP140.dll"]


def test_copy_of_the_runtime_in_the_folder_of_a_declared_requirement_that_must_be_added_is_a_note(
    windows: FakeEnvironment,
) -> None:
    windows.install("front", {"front/_c.pyd": make_pe(["shared.dll", "MSVCP140.dll"])}, tag=WIN, requires=["Back==1.0"])
    windows.install("back", {"back/bin/shared.dll": make_pe(), "back/bin/msvcp140.dll": make_pe()}, tag=WIN)
    assert {problem.severity for problem in look(windows.root).problems} == {Severity.INFO}


def test_copy_of_the_runtime_elsewhere_in_a_declared_requirement_is_not_found(windows: FakeEnvironment) -> None:
    windows.install("front", {"front/_c.pyd": make_pe(["shared.dll", "MSVCP140.dll"])}, tag=WIN, requires=["Back==1.0"])
    windows.install("back", {"back/bin/shared.dll": make_pe(), "back/other/msvcp140.dll": make_pe()}, tag=WIN)
    assert [problem.library for problem in look(windows.root).errors] == ["MSVCP140.dll"]


def test_dll_of_a_declared_requirement_is_a_note(windows: FakeEnvironment) -> None:
    windows.install("front", {"front/_c.pyd": make_pe(["shared.abi3.dll"])}, tag=WIN)
    windows.install("back", {"back/shared.abi3.dll": make_pe()}, tag=WIN)
    assert [problem.severity for problem in look(windows.root).problems] == [Severity.WARNING]
    metadata = windows.root / windows.site / "front-1.0.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text(encoding="utf-8") + "Requires-Dist: Back==1.0\n", encoding="utf-8")
    found = of_kind(look(windows.root), ProblemKind.LIBRARY_ELSEWHERE)
    assert [problem.severity for problem in found] == [Severity.INFO]


def test_what_windows_has_had_since_version_10_is_not_missed(windows: FakeEnvironment) -> None:
    windows.install("a", {"a/_c.pyd": make_pe(["icuuc.dll", "icuin.dll", "icu.dll", "WebServices.dll"])}, tag=WIN)
    assert look(windows.root).problems == ()


def test_file_for_another_system_is_a_warning(windows: FakeEnvironment) -> None:
    windows.install("a", {"a/_c.so": make_elf(["libghost.so"]), "a/libother.dylib": make_macho()}, tag=WIN)
    inspection = look(windows.root)
    assert inspection.errors == ()
    assert [problem.kind for problem in inspection.warnings] == [ProblemKind.MACHINE]


def test_every_problem_says_what_to_do(windows: FakeEnvironment) -> None:
    needs = ["MSVCP140.dll", "ghost.dll", "nvcuda.dll", "python312.dll", "VCOMP140.dll", "mfc140u.dll", "msvcr100.dll"]
    windows.install("a", {"a/_c.pyd": make_pe(needs), "a/_d.pyd": make_pe(machine="arm64")}, tag=WIN)
    problems = look(windows.root).problems
    assert len(of_kind(look(windows.root), ProblemKind.MACHINE)) == 1
    assert len(problems) == len(needs) + 1
    assert all(problem.remedy and problem.file and problem.distribution == "a" for problem in problems)


def test_nothing_is_both_present_and_absent() -> None:
    knowledge: LibraryKnowledge = load_system_libraries()
    for name, system in knowledge.systems.items():
        both = [pattern for entry in system.absent for pattern in entry.patterns if pattern in system.present]
        assert both == [], name
        assert all(pattern == pattern.lower() for pattern in system.present if not system.case)


@pytest.mark.parametrize("place", ["../../Scripts/tool.exe", "tool/bin/tool.exe"])
def test_program_that_misses_a_library_is_a_problem(windows: FakeEnvironment, place: str) -> None:
    windows.install(
        "tool", {place: make_pe(["KERNEL32.dll", "libabsent.dll"]), "tool/__init__.py": ""}, tag="py3-none-win_amd64"
    )
    (problem,) = look(windows.root).errors
    assert (problem.kind, problem.library, problem.distribution) == (
        ProblemKind.LIBRARY_MISSING,
        "libabsent.dll",
        "tool",
    )
    assert str(problem.file).endswith("tool.exe")
    windows.write(f"Lib/site-packages/{place}".replace("tool.exe", "libabsent.dll"), make_pe())
    assert look(windows.root).errors == ()


def test_program_beside_modules_that_misses_a_library_is_a_warning(windows: FakeEnvironment) -> None:
    files = {"a/_c.pyd": make_pe(["python311.dll"]), "a/helper.exe": make_pe(["libabsent.dll"])}
    windows.install("a", files, tag=WIN)
    (warning,) = look(windows.root).warnings
    assert "a program beside the modules" in warning.message


@pytest.mark.parametrize(("place", "mode"), [("../../../bin/tool", 0o755), ("tool/libexec/tool", 0o755)])
def test_program_for_linux_that_misses_a_library_is_a_problem(linux: FakeEnvironment, place: str, mode: int) -> None:
    content = make_elf(["libc.so.6", "libabsent.so.1"], interpreter="/lib64/ld-linux-x86-64.so.2")
    linux.install("tool", {place: content, "tool/__init__.py": ""}, tag="py3-none-manylinux_2_28_x86_64")
    (linux.root / linux.site / place).resolve().chmod(mode)
    (problem,) = look(linux.root).errors
    assert (problem.kind, problem.library, problem.distribution) == (
        ProblemKind.LIBRARY_MISSING,
        "libabsent.so.1",
        "tool",
    )


def test_scripts_and_data_are_no_programs(linux: FakeEnvironment) -> None:
    linux.install(
        "a", {"../../../bin/run": "#!/bin/sh\n", "a/LICENSE": "MIT", "a/data": b"\x7fELF"}, tag="py3-none-any"
    )
    (linux.root / "bin/run").chmod(0o755)
    assert look(linux.root).errors == ()
