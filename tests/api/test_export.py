from __future__ import annotations

from pathlib import Path

from wheelcheck.api.export import dynamic_imports


def test_names_in_strings_are_found_and_names_in_variables_are_not(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import importlib\nfrom importlib import import_module as load, import_module\n"
        'importlib.import_module("plugins.one")\nimport_module("two", package=None)\n__import__("three")\n'
        'import_module(name)\nimport_module(".relative", "x")\nprint("four")\n',
        encoding="utf-8",
    )
    assert dynamic_imports(tmp_path / "app.py") == ("plugins.one", "three", "two")


def test_environments_hidden_folders_and_broken_code_are_passed_over(tmp_path: Path) -> None:
    call = 'import importlib\nimportlib.import_module("x")\n'
    for folder in ("venv", ".hidden", "node_modules"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "code.py").write_text(call, encoding="utf-8")
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    (tmp_path / "broken.py").write_text("def (", encoding="utf-8")
    (tmp_path / "app.py").write_text("", encoding="utf-8")
    assert dynamic_imports(tmp_path / "app.py") == ()
