"""Plans and programs with hostile texts: what is made of them is refused, or does what it says and nothing else."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import structs
from packaging.utils import NormalizedName

from tests.export.test_builders import bundled, exporter, planned_for, program
from tests.fakes import samples
from tests.fakes.checks import HOSTILE_TEXTS
from wheelcheck.errors import UsageProblem
from wheelcheck.export.formats import EXPORTERS, Exporter
from wheelcheck.export.shipment import Shipment
from wheelcheck.model.plan import Plan, PlannedFile

TOOLS_OF_SHELLS = ("pip-sh", "pip-powershell", "pip-cmd", "dockerfile")
EVIL = ("x\ntouch pwned", "$(touch pwned)", "`touch pwned`", '"; touch pwned; "', "\u2028x", "a b", "x'y", "%PATH%")
FAST = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=30)
ADDRESSES = TEXTS.map(lambda text: f"https://index.example/{text}")


def sample(form: str) -> Plan:
    linux = ("dockerfile", "deb", "oci", "container-dockerfile", "appimage", "flatpak")
    if form == "macos-app":
        return planned_for("macos")
    return planned_for("linux") if form in linux else samples.needs_build_plan()


def shipped(each: Exporter, plan: Plan, **more: str) -> str:
    entry = ("demo.py" if each.name in ("cx-freeze", "nuitka") else "demo:main") if "entry" in each.uses else ""
    bundle = "out/bundle" if "bundle" in each.uses else ""
    url = "https://files.example" if "url" in each.uses and not bundle else ""
    return each.render(Shipment(plan=plan, **{"entry": entry, "bundle": bundle, "url": url, **more}))  # type: ignore[arg-type]


def with_file(plan: Plan, change: Callable[[PlannedFile], PlannedFile], *, direct: bool = False) -> Plan:
    """*plan* with the file of its first package changed."""
    first, *rest = plan.packages
    assert first.file is not None
    changed = structs.replace(first, file=change(first.file), direct=direct)
    return structs.replace(plan, packages=(changed, *rest))


@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize("each", EXPORTERS, ids=lambda each: each.name)
def test_texts_that_no_name_tag_or_hash_has_are_refused(each: Exporter, evil: str) -> None:
    plan = sample(each.name)
    target = plan.target
    package = structs.replace(plan.packages[0], name=NormalizedName(evil))
    for hostile in (
        structs.replace(plan, target=structs.replace(target, platform=evil)),
        structs.replace(plan, target=structs.replace(target, python=evil)),
        structs.replace(plan, target=structs.replace(target, markers={**target.markers, "platform_machine": evil})),
        structs.replace(plan, packages=(package, *plan.packages[1:])),
        with_file(plan, lambda file: structs.replace(file, hashes={"sha256": evil}, sha256=evil)),
    ):
        with pytest.raises(UsageProblem, match="which no script should hold"):
            shipped(each, hostile)


@pytest.mark.parametrize("each", EXPORTERS, ids=lambda each: each.name)
def test_file_names_and_addresses_with_line_breaks_are_refused(each: Exporter) -> None:
    plan = sample(each.name)
    for change in (
        lambda file: structs.replace(file, url="https://x.example/a\nRUN evil"),
        lambda file: structs.replace(file, index="https://x.example/\u2028"),
        lambda file: structs.replace(file, filename="../../x-1-py3-none-any.whl"),
        lambda file: structs.replace(file, filename="x\r\n[Command evil]"),
    ):
        with pytest.raises(UsageProblem, match="which no script should hold"):
            shipped(each, with_file(plan, change))


def test_phase_of_a_package_that_is_not_there_is_refused() -> None:
    plan = samples.installable_plan()
    phase = structs.replace(plan.phases[0], packages=("ghost",))
    with pytest.raises(UsageProblem, match="a phase of the plan has ghost"):
        shipped(exporter("pip-sh"), structs.replace(plan, phases=(phase,)))


@pytest.mark.parametrize("form", ["pip-sh", "pip-powershell", "pip-cmd", "dockerfile", "github-actions", "pynsist"])
def test_file_without_a_hash_is_refused_where_it_would_be_fetched(form: str) -> None:
    plan = with_file(
        planned_for("linux" if form == "dockerfile" else "win_amd64"),
        lambda file: structs.replace(file, sha256=None, hashes={}),
    )
    with pytest.raises(UsageProblem, match="gives no usable hash"):
        shipped(exporter(form), plan)


@pytest.mark.parametrize("each", EXPORTERS, ids=lambda each: each.name)
def test_empty_plan_is_rendered(each: Exporter) -> None:
    plan = structs.replace(sample(each.name), packages=(), phases=())
    assert shipped(each, plan)


@pytest.mark.parametrize("each", EXPORTERS, ids=lambda each: each.name)
def test_options_that_an_exporter_names_change_what_it_renders(each: Exporter) -> None:
    """An option that is taken and does nothing would be believed to do something."""
    plan = sample(each.name)
    url = "" if "bundle" in each.uses else "https://files.example"
    entry = "demo.py" if each.name in ("cx-freeze", "nuitka") else "demo:main"
    given = Shipment(plan=plan, entry=entry, bundle="out/bundle", manifest=None, url=url)
    others = {
        "name": structs.replace(given, name="other"),
        "app-version": structs.replace(given, version="9.7"),
        "entry": structs.replace(given, entry="other.py"),
        "bundle": structs.replace(given, bundle="elsewhere"),
        "url": structs.replace(given, url="https://x.example", manifest=bundled(("a.zip",))),
        "icon": structs.replace(given, icon="other.png"),
        "publisher": structs.replace(given, publisher="Somebody"),
        "scope": structs.replace(given, scope="machine"),
        "public-key": structs.replace(given, public_key="eA=="),
    }
    for option in each.uses:
        if (each.name, option) != (
            "pyinstaller",
            "bundle",
        ):  # it tells the sizes of what a bundle holds, and this one is empty
            assert each.render(given) != each.render(others[option]), option


def echoed(script: str, folder: Path) -> list[list[str]]:
    """The words of each call of Python in *script*, which a shell reads with a Python that prints them."""
    spy = folder / "spy"
    spy.write_text(
        '#!/bin/sh\nif [ "$1" = -c ]; then exit 0; fi\nfor word in "$@"; do printf "%s\\0" "$word"; done >> "$SPY"\n'
        'for last in "$@"; do :; done\ncat "$last" >> "$SPY"; printf "\\0\\0" >> "$SPY"\n',
        encoding="utf-8",
    )
    spy.chmod(0o755)
    out = folder / "words"
    out.unlink(missing_ok=True)
    path = folder / "install.sh"
    path.write_text(script, encoding="utf-8")
    environ = {"PATH": "/usr/bin:/bin", "PYTHON": str(spy), "SPY": str(out), "TMPDIR": str(folder)}
    done = subprocess.run(["sh", str(path)], env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [call.split("\0") for call in out.read_text(encoding="utf-8").split("\0\0") if call]


@FAST
@example(reason="'; touch pwned #", index="https://index.example/$(touch pwned)/${HOME}/'\"`")
@example(reason="\nEND\ntouch pwned", index="https://index.example/a b\\")
@given(reason=TEXTS, index=ADDRESSES)
def test_sh_says_what_the_plan_says_and_runs_nothing_else(tmp_path: Path, reason: str, index: str) -> None:
    plan = with_file(planned_for("linux"), lambda file: structs.replace(file, index=index))
    plan = structs.replace(plan, phases=(structs.replace(plan.phases[0], reason=reason),))
    try:
        script = shipped(exporter("pip-sh"), plan)
    except UsageProblem:
        assert not index.isprintable() or "\ufffd" in index
        return
    ((*words, lines),) = echoed(script, tmp_path)
    assert words[:4] == ["-m", "pip", "--disable-pip-version-check", "install"]
    place = words[words.index("--index-url") + 1]
    assert place.isascii()
    assert not re.search(r"[\s{}\"`<>\\^|]", place)
    assert lines == f"click==8.1.7 --hash=sha256:{plan.packages[0].file.sha256}\n"  # type: ignore[union-attr]
    assert not list(tmp_path.glob("**/pwned"))


@FAST
@given(path=TEXTS)
@example(path="${HOME} --index-url https://evil.example/ #;x")
def test_direct_address_is_one_word_of_the_requirements_file(path: str) -> None:
    plan = with_file(
        planned_for("linux"),
        lambda file: structs.replace(file, url=f"https://user:secret@files.example/{path}"),
        direct=True,
    )
    for form in ("pip-sh", "requirements"):
        try:
            text = shipped(exporter(form), plan)
        except UsageProblem:
            continue
        assert "secret" not in text.replace(path, "")
        (line,) = (line for line in text.splitlines() if line.startswith("click @ "))
        first, *rest = line.removeprefix("click @ ").split(" ", 1)
        assert first.startswith("https://files.example/")
        assert "{" not in first  # pip would put a variable of the environment in
        assert rest in (["\\"], [f"--hash=sha256:{plan.packages[0].file.sha256}"])  # type: ignore[union-attr]


@FAST
@example(reason="\u2019; Remove-Item x; \u2018")
@given(reason=TEXTS)
def test_powershell_reads_the_title_as_one_string(reason: str) -> None:
    tree_sitter = pytest.importorskip("tree_sitter", reason="pip install -e '.[builders]'")
    grammar = pytest.importorskip("tree_sitter_powershell", reason="pip install -e '.[builders]'")
    plan = samples.installable_plan()
    plan = structs.replace(plan, phases=(structs.replace(plan.phases[0], reason=reason),))
    (line,) = (line for line in shipped(exporter("pip-powershell"), plan).split("\r\n") if "Write-Host 'Inst" in line)
    literal = line.strip().removeprefix("Write-Host '").removesuffix("'")
    # Every quote that PowerShell knows stands twice, so none ends the string.
    assert re.fullmatch("(?:[^'\u2018\u2019\u201a\u201b]|(['\u2018\u2019\u201a\u201b])\\1)*", literal)
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    assert parser.parse(b"").root_node is not None


@FAST
@example(reason='a" & calc & "')
@example(reason="\r\ncalc\r\n")
@given(reason=TEXTS)
def test_command_prompt_reads_the_title_outside_quotes_with_every_operator_escaped(reason: str) -> None:
    plan = samples.installable_plan()
    plan = structs.replace(plan, phases=(structs.replace(plan.phases[0], reason=reason),))
    text = shipped(exporter("pip-cmd"), plan)
    (line,) = (line for line in text.split("\r\n") if line.startswith("echo Inst"))
    assert re.fullmatch(r'(?:[^&|<>^()"%]|\^[&|<>^()"]|%%)*', line.removeprefix("echo "))
    assert "\n" not in line


@FAST
@given(reason=TEXTS)
@example(reason="\nRUN evil")
def test_dockerfile_has_no_instruction_of_the_plans_own(reason: str) -> None:
    plan = planned_for("linux")
    usual = shipped(exporter("dockerfile"), plan).count("\n")
    plan = structs.replace(plan, phases=(structs.replace(plan.phases[0], reason=reason),))
    text = shipped(exporter("dockerfile"), plan)
    assert len(text.splitlines()) == usual
    assert [line.split(" ", 1)[0] for line in text.splitlines() if line.startswith("RUN")] == ["RUN", "RUN"]


@FAST
@example(name="\U0001f600 'x' #\x85\u2028")
@given(name=TEXTS)
def test_workflow_gives_back_every_name(name: str) -> None:
    yaml = pytest.importorskip("yaml", reason="pip install -e '.[hooks]'")
    shipment = Shipment(plan=planned_for("linux"), name=name, plan_path=f"plans/{name}.json")
    try:
        text = exporter("github-actions").render(shipment)
    except UsageProblem:
        assert "${{" in name or not re.search("[A-Za-z0-9]", name)
        return
    table = yaml.safe_load(text)
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._+-]*[A-Za-z0-9])?", table["env"]["NAME"])  # as bundle --name wants it
    assert table["env"]["PLAN"] == f"plans/{name}.json"
    assert table["name"] == f"bundle {name}"


def test_name_that_github_would_evaluate_is_refused() -> None:
    with pytest.raises(UsageProblem, match="which GitHub would evaluate"):
        shipped(exporter("github-actions"), planned_for("linux"), name="${{ secrets.TOKEN }}")


@FAST
@given(name=TEXTS, entry=TEXTS)
@example(name="a'b\"", entry="x'\n)")
def test_spec_is_python_with_the_very_name_and_entry(name: str, entry: str) -> None:
    try:
        text = shipped(exporter("pyinstaller"), planned_for("linux"), name=name, entry=entry)
    except UsageProblem:
        return
    compile(text, "app.spec", "exec")
    values: dict[str, object] = {}
    exec(text[: text.index("import argparse")], values)  # noqa: S102 - the constants that were written just now
    assert (values["NAME"], values["ENTRY"]) == (name, entry)


@FAST
@given(name=TEXTS)
def test_briefcase_name_is_one_that_it_takes(name: str) -> None:
    try:
        text = shipped(exporter("briefcase"), planned_for("linux"), name=name)
    except UsageProblem:
        assert not re.search("[a-z0-9]", name.lower())
        return
    (app,) = tomllib.loads(text)["tool"]["briefcase"]["app"]
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", app)


@pytest.mark.parametrize(
    "name", ["It's 100% $5 & more", "caf\u00e9 \U0001f600", "$INSTDIR", "a`b", "$(^Name)", "semi;colon #1"]
)
def test_makensis_shows_the_very_name(tmp_path: Path, name: str) -> None:
    makensis = program("makensis")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "python.exe").write_bytes(b"MZ")
    (tmp_path / "it's me.py").write_text("", encoding="utf-8")
    text = shipped(
        exporter("nsis"), planned_for("win_amd64"), name=name, version="1.0", bundle="bundle", entry="it's me.py"
    )
    (tmp_path / "installer.nsi").write_text(text, encoding="utf-8")
    command = [makensis, "-V4", "-WX", "installer.nsi"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    shown = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, shown
    assert "it's me.py" in shown
    assert (tmp_path / f"{name}-1.0-setup.exe").exists()


@pytest.mark.parametrize("name", ["${NSISDIR}", "a/b", "con", "x\ny", 'quote"', "dot."])
def test_names_that_no_installer_can_have_are_refused(name: str) -> None:
    for form in ("nsis", "pynsist"):
        with pytest.raises(UsageProblem):
            shipped(exporter(form), planned_for("win_amd64"), name=name)


def test_address_with_a_password_is_refused_and_not_shown() -> None:
    shipment = Shipment(
        plan=planned_for("win_amd64"),
        bundle="out",
        url="https://me:secret@files.example",
        manifest=bundled(("demo.zip",)),
    )
    with pytest.raises(UsageProblem, match="which everybody could read") as refused:
        exporter("nsis").render(shipment)
    assert "secret" not in str(refused.value)


def test_hostile_address_is_encoded_for_nsis() -> None:
    shipment = Shipment(
        plan=planned_for("win_amd64"),
        bundle="out",
        url="https://files.example/a'b\" $PLUGINSDIR ${X}",
        manifest=bundled(("demo+cpu.zip",)),
    )
    text = exporter("nsis").render(shipment)
    assert '"https://files.example/a%27b%22%20%24PLUGINSDIR%20%24%7BX%7D/demo%2Bcpu.zip" "demo+cpu.zip"' in text


def test_percent_of_an_address_is_kept_as_it_is() -> None:
    plan = with_file(
        planned_for("linux"),
        lambda file: structs.replace(file, url="https://files.example/torch-2.1.0%2Bcpu-py3-none-any.whl"),
        direct=True,
    )
    assert "click @ https://files.example/torch-2.1.0%2Bcpu-py3-none-any.whl --hash" in shipped(
        exporter("pip-sh"), plan
    )
    assert "torch-2.1.0%%2Bcpu-py3" in shipped(exporter("pip-cmd"), plan)


def test_folder_of_windows_does_not_escape_the_quote_behind_it() -> None:
    plan = with_file(planned_for("win_amd64"), lambda file: structs.replace(file, index="C:\\my wheels\\"))
    plan = structs.replace(plan, options=structs.replace(plan.options, find_links=("C:\\my wheels\\",)))
    assert '--find-links "C:\\my wheels" ' in shipped(exporter("pip-cmd"), plan)


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_reasons_of_phases_may_say_anything(tmp_path: Path, text: str) -> None:
    plan = planned_for("linux")
    plan = structs.replace(plan, phases=(structs.replace(plan.phases[0], reason=text),))
    for form in TOOLS_OF_SHELLS:
        assert shipped(exporter(form), plan)
    assert shlex.split(sys.executable)
    assert echoed(shipped(exporter("pip-sh"), plan), tmp_path)
