"""Pure or native, with evidence that names the member; in doubt never pure."""

# ruff: noqa: E501 -- scripts are data here, one to a line

from __future__ import annotations

import pytest

from tests.archives.readers import judge
from tests.fakes.archives import Content
from wheelcheck.model.distribution import Installability, Purity

HEAD = "import os, sys, platform\nfrom setuptools import setup, Extension\n"
C = {"demo/_fast.c": "", "demo/__init__.py": ""}


def backend(module: str, *requires: str) -> str:
    return f'[build-system]\nrequires = [{", ".join(repr(each) for each in requires)}]\nbuild-backend = "{module}"\n'


def verdict(files: dict[str, Content]) -> Purity:
    judgement = judge(files)
    assert judgement.evidence, "every verdict stands on evidence"
    return judgement.purity


NATIVE_SCRIPTS = {
    "literal": "setup(ext_modules=[Extension('a', ['a.c'])])",
    "through a name": "exts = []\nexts.append(Extension('a', ['a.c']))\nsetup(ext_modules=exts)",
    "cythonize": "from Cython.Build import cythonize\nsetup(ext_modules=cythonize('demo/*.pyx'))",
    "through a mapping": "kw = {}\nkw['ext_modules'] = [Extension('a', ['a.c'])]\nsetup(**kw)",
    "through an unknown function": "from demo_build import exts\nsetup(ext_modules=exts())",
    "only on this interpreter": "e = [Extension('a', [])] if platform.python_implementation() == 'CPython' else []\nsetup(ext_modules=e)",
    "switched off by a variable that is not set": "e = [] if os.environ.get('NO_EXT') else [Extension('a', [])]\nsetup(ext_modules=e)",
    "in a function": "def main(native):\n    setup(ext_modules=[Extension('a', [])] if native else [])\nif __name__ == '__main__':\n    main(True)",
    "through a function of any keywords": "def run(**kw):\n    setup(**kw)\nrun(ext_modules=[Extension('a', [])])",
    "through a keyword with a default": "def run(*, exts=[Extension('a', [])]):\n    setup(ext_modules=exts)\nrun()",
    "cffi": "setup(cffi_modules=['demo_build.py:ffi'])",
    "rust": "from setuptools_rust import RustExtension\nsetup(rust_extensions=[RustExtension('a')])",
    "a loop": "e = []\nfor n in ['a', 'b']:\n    e.append(Extension(n, [n + '.c']))\nsetup(ext_modules=e)",
    "a comprehension": "setup(ext_modules=[Extension(n, []) for n in names()])",
    "a platform wheel": "from setuptools import Distribution\nclass Binary(Distribution):\n    def has_ext_modules(self):\n        return True\nsetup(distclass=Binary)",
    "an impure wheel": "class W(bdist_wheel):\n    def finalize_options(self):\n        self.root_is_pure = False\nsetup(cmdclass={'bdist_wheel': W})",
}


@pytest.mark.parametrize("script", NATIVE_SCRIPTS.values(), ids=NATIVE_SCRIPTS)
def test_a_setup_py_that_builds_extensions_is_native(script: str) -> None:
    judgement = judge({"setup.py": HEAD + script, "demo/__init__.py": ""})
    assert judgement.purity is Purity.NATIVE
    assert "setup.py" in judgement.evidence[0]


PURE_SCRIPTS = {
    "plain": "setup(packages=['demo'])",
    "empty": "setup(ext_modules=[])",
    "only if asked by a variable": "e = []\nif os.environ.get('WITH_EXT') == '1':\n    e = [Extension('a', ['a.c'])]\nsetup(ext_modules=e)",
    "only if asked by an argument": "e = []\nif '--native' in sys.argv:\n    sys.argv.remove('--native')\n    e = [Extension('a', [])]\nsetup(ext_modules=e)",
    "only if asked by one of the rest of the arguments": "args = sys.argv[1:]\nif '--with-c' in args:\n    args.remove('--with-c')\n    e = [Extension('a', [])]\nelse:\n    e = []\nsetup(ext_modules=e, script_args=args)",
    "a platform wheel that is not asked for": "class B(Distribution):\n    def has_ext_modules(self):\n        return True\nsetup()",
    "through a function of any keywords": "def run(**kw):\n    setup(**kw)\nrun(packages=['demo'])",
    "by a default that is no": "e = [Extension('a', [])] if os.getenv('EXT', '0') == '1' else []\nsetup(ext_modules=e)",
}


@pytest.mark.parametrize("script", PURE_SCRIPTS.values(), ids=PURE_SCRIPTS)
def test_a_setup_py_that_builds_none_unless_asked_is_pure(script: str) -> None:
    assert verdict({"setup.py": HEAD + script, "demo/__init__.py": ""}) is Purity.PURE


REFUSING = {
    "by an exception": "if 'sdist' not in sys.argv:\n    raise Exception('ask for the other project')\nsetup()",
    "by an exit": "if not 'sdist' in sys.argv:\n    sys.exit('ask for the other project')\nsetup()",
    "in a function": "def refuse():\n    if os.environ.get('ALLOW', 'unset').lower() == 'true':\n        return\n    raise SystemExit('no')\nrefuse()\nsetup()",
}


@pytest.mark.parametrize("script", REFUSING.values(), ids=REFUSING)
def test_a_setup_py_that_ends_an_ordinary_build_is_not_said_to_build(script: str) -> None:
    judgement = judge({"setup.py": HEAD + script})
    assert judgement.purity is Purity.UNKNOWN
    assert "ends an ordinary build before setup() is called" in judgement.evidence[0]


MAYBE_REFUSING = {
    "behind what is not known": "if not os.path.exists('x'):\n    sys.exit('no x')\nsetup()",
    "caught": "try:\n    raise ImportError\nexcept ImportError:\n    pass\nsetup()",
    "after it was called": "setup()\nsys.exit()",
    "by a command that no build gives": "if sys.argv[1] == 'publish':\n    sys.exit()\nsetup()",
    "in a function that may return before": (
        "def version():\n    if unknown():\n        return '1'\n    raise RuntimeError('no version')\nsetup(version=version())"
    ),
    "in a function behind what is not known": (
        "def refuse():\n    raise SystemExit('no')\nif unknown():\n    refuse()\nsetup()"
    ),
    "in a function whose failure is caught": (
        "def version():\n    raise RuntimeError('no version')\ntry:\n    v = version()\nexcept RuntimeError:\n    v = '1'\nsetup(version=v)"
    ),
}


@pytest.mark.parametrize("script", MAYBE_REFUSING.values(), ids=MAYBE_REFUSING)
def test_a_setup_py_that_need_not_end_an_ordinary_build_is_judged_as_ever(script: str) -> None:
    assert verdict({"setup.py": HEAD + script}) is Purity.PURE


def test_extensions_from_a_module_of_the_same_tree_are_found() -> None:
    helper = "from setuptools import Extension\nEXTS = [Extension('a', ['a.c'])]\n"
    files: dict[str, Content] = {
        "setup.py": "from setuptools import setup\nfrom ext import EXTS\nsetup(ext_modules=EXTS)\n"
    }
    assert verdict({**files, "ext.py": helper}) is Purity.NATIVE
    assert verdict({**files, "ext.py": "EXTS = []\n"}) is Purity.PURE


def test_a_function_of_a_module_of_the_same_tree_is_followed() -> None:
    script = "from setuptools import setup\nfrom ext import build\nsetup(ext_modules=build())\n"
    assert verdict({"setup.py": script, "ext.py": "def build():\n    return []\n"}) is Purity.PURE
    assert verdict({"setup.py": script, "ext.py": "def build():\n    return [Extension('a', [])]\n"}) is Purity.NATIVE
    assert verdict({"setup.py": script, "ext.py": "def build():\n    return elsewhere()\n"}) is Purity.NATIVE


@pytest.mark.parametrize(
    "module", ["maturin", "scikit_build_core.build", "mesonpy", "sipbuild.api", "py_build_cmake.build"]
)
def test_backends_that_compile_are_native(module: str) -> None:
    assert verdict({"pyproject.toml": backend(module)}) is Purity.NATIVE


def test_flit_is_pure_whatever_lies_about() -> None:
    assert verdict({"pyproject.toml": backend("flit_core.buildapi"), **C}) is Purity.PURE


def test_hatchling_without_hooks_is_pure() -> None:
    assert verdict({"pyproject.toml": backend("hatchling.build")}) is Purity.PURE
    hooked = backend("hatchling.build") + "[tool.hatch.build.hooks.vcs]\nversion-file = 'v.py'\n"
    assert verdict({"pyproject.toml": hooked}) is Purity.PURE


def test_hatchling_with_a_compiling_hook_is_native() -> None:
    hook = backend("hatchling.build") + "[tool.hatch.build.targets.wheel.hooks.cython]\n"
    assert verdict({"pyproject.toml": hook, "demo/a.pyx": ""}) is Purity.NATIVE
    assert verdict({"pyproject.toml": hook + "enable-by-default = false\n", "demo/a.pyx": ""}) is Purity.PURE


def test_a_custom_hook_is_read() -> None:
    hook = backend("hatchling.build") + "[tool.hatch.build.hooks.custom]\n"
    native = "def initialize(self, version, build_data):\n    build_data['pure_python'] = False\n"
    assert verdict({"pyproject.toml": hook, "hatch_build.py": native}) is Purity.NATIVE
    assert verdict({"pyproject.toml": hook, "hatch_build.py": "x = 1\n"}) is Purity.PURE
    assert verdict({"pyproject.toml": hook}) is Purity.UNKNOWN


def test_poetry_is_pure_without_a_script_and_judged_by_it_with_one() -> None:
    plain = backend("poetry.core.masonry.api", "poetry-core")
    scripted = plain + '[tool.poetry]\nname = "demo"\n[tool.poetry.build]\nscript = "build.py"\n'
    assert verdict({"pyproject.toml": plain}) is Purity.PURE
    assert verdict({"pyproject.toml": scripted, "build.py": "e = [Extension('a', [])]"}) is Purity.NATIVE
    assert verdict({"pyproject.toml": scripted, "build.py": "print('icons')"}) is Purity.PURE
    assert verdict({"pyproject.toml": scripted}) is Purity.UNKNOWN


def test_declared_extensions_are_native() -> None:
    setuptools = backend("setuptools.build_meta", "setuptools")
    assert verdict({"pyproject.toml": setuptools + "[[tool.setuptools.ext-modules]]\nname='a'\n"}) is Purity.NATIVE
    assert (
        verdict({"pyproject.toml": setuptools + "[[tool.setuptools-rust.ext-modules]]\ntarget='a'\n"}) is Purity.NATIVE
    )


def test_a_build_requirement_that_only_compiles_is_native() -> None:
    pyproject = backend("setuptools.build_meta", "setuptools", "pybind11>=2")
    assert verdict({"pyproject.toml": pyproject, "setup.py": HEAD + "setup()"}) is Purity.NATIVE


def test_sources_of_tests_and_examples_do_not_count() -> None:
    setup = HEAD + "setup(**arguments())\n# Extension\n"
    assert verdict({"setup.py": setup, "tests/a.c": "", "docs/examples/b.pyx": ""}) is not Purity.NATIVE


def test_hidden_arguments_beside_sources_and_talk_of_extensions_are_native() -> None:
    setup = (
        HEAD + "from elsewhere import arguments\ndef unused():\n    return Extension('a', [])\nsetup(**arguments())\n"
    )
    assert verdict({"setup.py": setup, **C}) is Purity.NATIVE


def test_hidden_arguments_are_pure_only_where_nothing_could_be_compiled() -> None:
    hidden = "from setuptools import setup\nsetup(**decide())\n"
    assert verdict({"setup.py": hidden, "demo/__init__.py": ""}) is Purity.PURE
    assert verdict({"setup.py": hidden, **C}) is Purity.NATIVE
    assert verdict({"setup.py": "from setuptools import Extension\n" + hidden}) is Purity.UNKNOWN
    cython = backend("setuptools.build_meta", "setuptools", "cython")
    assert verdict({"setup.py": hidden, "pyproject.toml": cython}) is Purity.UNKNOWN


def test_hidden_arguments_from_a_module_that_speaks_of_extensions_are_not_pure() -> None:
    setup = "from setuptools import setup\nfrom own import decide\nsetup(**decide())\n"
    own = "import elsewhere\nKEYWORD = 'ext_modules'\ndef decide():\n    return elsewhere.answer(KEYWORD)\n"
    assert verdict({"setup.py": setup, "own.py": own}) is Purity.UNKNOWN


def test_a_setup_function_of_a_tool_that_compiles_is_native() -> None:
    assert verdict({"setup.py": "from skbuild import setup\nsetup(packages=['demo'])\n"}) is Purity.NATIVE
    assert verdict({"setup.py": "import skbuild\nskbuild.setup(packages=['demo'])\n"}) is Purity.NATIVE


def test_sources_that_nothing_builds_are_data() -> None:
    assert verdict({"setup.py": "from setuptools import setup\nsetup(packages=['demo'])", **C}) is Purity.PURE


def test_a_setup_py_of_python_2_is_read_as_text() -> None:
    assert verdict({"setup.py": "print 'hello'\nsetup(packages=['demo'])\n"}) is Purity.PURE
    assert verdict({"setup.py": "print 'hello'\nsetup(ext_modules=[Extension('a', [])])\n"}) is Purity.NATIVE
    assert verdict({"setup.py": "print 'hello'\nsetup()\n", **C}) is Purity.NATIVE


def test_an_unknown_backend_is_unknown_and_native_beside_sources() -> None:
    assert verdict({"pyproject.toml": backend("strange.api")}) is Purity.UNKNOWN
    assert verdict({"pyproject.toml": backend("strange.api"), **C}) is Purity.NATIVE


def test_a_backend_of_its_own_is_judged_by_what_it_wraps() -> None:
    pyproject = backend("own.hooks") + 'backend-path = ["tools"]\n'
    wrapper = "from setuptools.build_meta import *\n"
    assert verdict({"pyproject.toml": pyproject, "tools/own/hooks.py": wrapper}) is Purity.PURE
    assert verdict({"pyproject.toml": pyproject, "tools/own/hooks.py": wrapper, **C}) is Purity.NATIVE
    assert verdict({"pyproject.toml": pyproject, "tools/own/hooks.py": "import magic\n"}) is Purity.UNKNOWN


def test_a_pyproject_that_is_no_toml_is_unknown() -> None:
    assert verdict({"pyproject.toml": "[build-system", "demo/__init__.py": ""}) is Purity.UNKNOWN


def test_a_script_that_never_ends_is_left_and_nothing_is_run() -> None:
    script = "from setuptools import setup\ndef f():\n    return f() + f()\nwhile True:\n    f()\nopen('/tmp/never', 'w')\nsetup()\n"
    assert verdict({"setup.py": script}) in {Purity.PURE, Purity.UNKNOWN}


AVOIDABLE_SCRIPTS = {
    "a switch": "e = [] if os.environ.get('NO_EXT') else [Extension('a', [])]\nsetup(ext_modules=e)",
    "a switch by membership": "e = [Extension('a', [])]\nif 'NO_EXT' in os.environ:\n    e = []\nsetup(ext_modules=e)",
    "two calls of setup": "if fast():\n    setup(ext_modules=[Extension('a', [])])\nelse:\n    setup()",
    "a fall-back for a missing module": "try:\n    setup(ext_modules=[Extension('a', [])])\nexcept ImportError:\n    setup()",
    "an optional extension": "setup(ext_modules=[Extension('a', [], optional=True)])",
}


@pytest.mark.parametrize("script", AVOIDABLE_SCRIPTS.values(), ids=AVOIDABLE_SCRIPTS)
def test_a_native_part_that_can_be_left_out_is_said_to_be_avoidable(script: str) -> None:
    judgement = judge({"setup.py": HEAD + script})
    assert judgement.purity is Purity.NATIVE
    assert judgement.avoidable
    assert any("left out" in sentence or "leaves" in sentence for sentence in judgement.evidence)


OPTIONAL_SCRIPTS = {
    "any failure": "kw = dict(ext_modules=[Extension('a', ['a.c'])])\ntry:\n    setup(**kw)\nexcept:\n    del kw['ext_modules']\n    setup(**kw)",
    "the end that setup() makes of a compiler's error": "def run(e):\n    setup(ext_modules=e)\ntry:\n    run([Extension('a', [])])\nexcept SystemExit:\n    run([])",
    "an error of its own": "class Failed(Exception):\n    pass\ntry:\n    setup(ext_modules=[Extension('a', [])])\nexcept (KeyError, Failed):\n    setup()",
    "on CPython": "fast = not hasattr(sys, 'pypy_version_info')\ndef run(fast):\n    setup(ext_modules=[Extension('a', [])] if fast else [])\ntry:\n    run(fast)\nexcept BaseException:\n    run(False)",
    "by what compiles nothing": "from Cython.Build import cythonize\nclass Failed(Exception):\n    pass\ndef run(fast):\n"
    "    e = [Extension('a', [])] if fast else None\n    setup(ext_modules=cythonize(e))\ntry:\n    run(True)\n"
    "except Failed:\n    run(False)",
}


@pytest.mark.parametrize("script", OPTIONAL_SCRIPTS.values(), ids=OPTIONAL_SCRIPTS)
def test_a_setup_py_that_starts_again_without_extensions_needs_no_compiler(script: str) -> None:
    judgement = judge({"setup.py": HEAD + script, **C})
    assert judgement.purity is Purity.OPTIONAL
    assert "again without extensions" in judgement.evidence[0]


ELSEWHERE_SCRIPTS = {
    "sys.platform": (
        "e = []\nif sys.platform == 'darwin' or os.getenv('FORCE', '0') == '1':\n    e = [Extension('a', [])]",
        ("linux", "win32"),
    ),
    "platform.system": (
        "import platform\ne = [Extension('a', [])] if platform.system() != 'Windows' else None",
        ("win32",),
    ),
    "os.name": ("e = [Extension('a', [])]\nif os.name == 'nt':\n    e = []", ("win32",)),
    "sysconfig": (
        "from sysconfig import get_platform\ne = [Extension('a', [])] if get_platform().startswith('macosx') else []",
        ("linux", "win32"),
    ),
    "each its own": ("e = [Extension('a' if sys.platform == 'win32' else 'b', [])]", ()),
    "nowhere else": ("if sys.platform != 'linux':\n    sys.exit('for Linux')\ne = [Extension('a', [])]", ()),
}


@pytest.mark.parametrize("kind", ELSEWHERE_SCRIPTS)
def test_an_extension_of_one_system_is_told_to_be_none_on_the_others(kind: str) -> None:
    script, pure_on = ELSEWHERE_SCRIPTS[kind]
    judgement = judge({"setup.py": f"import os\n{HEAD}{script}\nsetup(ext_modules=e)", **C})
    assert (judgement.purity, judgement.pure_on) == (Purity.NATIVE, pure_on)
    for system in pure_on:
        installability, evidence = judgement.on(system)
        assert (installability, evidence[0]) == (Installability.SDIST_PURE, f"setup.py makes no extension on {system}")
    assert judgement.on("cygwin")[0] is Installability.SDIST_NATIVE


def test_a_build_requirement_that_compiles_is_never_optional() -> None:
    script = "try:\n    setup(ext_modules=[Extension('a', [])])\nexcept SystemExit:\n    setup()"
    files: dict[str, Content] = {
        "setup.py": HEAD + script,
        "pyproject.toml": backend("setuptools.build_meta", "pybind11"),
    }
    assert verdict(files) is Purity.NATIVE


COMMANDS = "from setuptools.command.build_py import build_py\nfrom setuptools.command.install import install\nfrom distutils.command.build import build\nimport subprocess\n"
COMPILING_COMMANDS = {
    "sets extensions": "class B(build):\n    def finalize_options(self):\n        self.distribution.ext_modules = extensions()\nsetup(cmdclass={'build': B})",
    "adds an extension": "class B(build_py):\n    def run(self):\n        self.distribution.ext_modules.append(made())\nsetup(cmdclass={'build_py': B})",
    "through a function that is defined later": "class B(build_py):\n    def run(self):\n        compile_all()\ndef compile_all():\n    new_compiler().compile(['a.c'])\nsetup(cmdclass={'build_py': B})",
    "through a class in between": "class Mixed:\n    def run(self):\n        self.distribution.ext_modules = e()\nclass B(Mixed, install):\n    pass\nsetup(cmdclass=dict(install=B))",
    "in one of two branches": "class A(build):\n    pass\nclass B(build):\n    def run(self):\n        self.plat_name = 'x'\ndef kw(argv):\n    if any(a for a in argv):\n        return {'cmdclass': {'build': A}}\n    else:\n        return {'cmdclass': {'build': B}}\nsetup(**kw(sys.argv))",
    "in the project's own module": "class B(build_py):\n    def run(self):\n        from demo.models import backends\n        backends()[0].make_model('x')\nsetup(cmdclass={'build_py': B})",
}
DOUBTFUL_COMMANDS = {
    "make": "class B(build_py):\n    def run(self):\n        subprocess.check_call('cd src && ./configure && make', shell=True)\nsetup(cmdclass={'build_py': B})",
    "cmake in a list": "class B(build_py):\n    def run(self):\n        command = ['cmake', '.']\n        subprocess.run(command)\nsetup(cmdclass={'build_py': B})",
    "a download": "class B(build):\n    def run(self):\n        urlretrieve(ADDRESS)\nsetup(cmdclass={'build': B})",
}


@pytest.mark.parametrize("script", COMPILING_COMMANDS.values(), ids=COMPILING_COMMANDS)
def test_a_command_of_the_build_that_compiles_is_native(script: str) -> None:
    models = "class Backend:\n    def make_model(self, path):\n        return StanModel(path)\n"
    judgement = judge({"setup.py": HEAD + COMMANDS + script, "demo/__init__.py": "", "demo/models.py": models})
    assert judgement.purity is Purity.NATIVE
    assert "a command of the build" in judgement.evidence[0]


@pytest.mark.parametrize("script", DOUBTFUL_COMMANDS.values(), ids=DOUBTFUL_COMMANDS)
def test_a_command_of_the_build_that_runs_a_build_tool_or_downloads_is_never_pure(script: str) -> None:
    assert verdict({"setup.py": HEAD + COMMANDS + script, **C}) is Purity.NATIVE
    assert verdict({"setup.py": HEAD + COMMANDS + script, "demo/__init__.py": ""}) is Purity.UNKNOWN


PURE_COMMANDS = {
    "tests": "class T(build):\n    def run(self):\n        self.distribution.ext_modules = e()\nsetup(cmdclass={'test': T})",
    "a generated file": "class B(build_py):\n    def run(self):\n        subprocess.check_call(['protoc', 'a.proto'])\n        build_py.run(self)\nsetup(cmdclass={'build_py': B})",
    "words that are no command line": "class B(build_py):\n    def run(self):\n        print('make sure that you go on')\n        self.run_command('egg_info')\nsetup(cmdclass={'build_py': B})",
    "a class that is not passed": "class B(build):\n    def run(self):\n        self.distribution.ext_modules = e()\nsetup()",
    "no extensions": "class B(build):\n    def run(self):\n        self.distribution.ext_modules = []\n        self.root_is_pure = True\nsetup(cmdclass={'build': B})",
}


@pytest.mark.parametrize("script", PURE_COMMANDS.values(), ids=PURE_COMMANDS)
def test_other_commands_are_pure(script: str) -> None:
    assert verdict({"setup.py": HEAD + COMMANDS + script, "demo/__init__.py": ""}) is Purity.PURE


def test_what_must_be_compiled_is_not_avoidable() -> None:
    assert not judge({"setup.py": HEAD + "setup(ext_modules=[Extension('a', ['a.c'])])"}).avoidable
    assert not judge({"setup.py": HEAD + "setup()"}).avoidable
    assert not judge({"pyproject.toml": backend("maturin")}).avoidable


def test_a_backend_of_its_own_with_a_pure_python_setting_is_avoidable() -> None:
    pyproject = backend("own.hooks") + 'backend-path = ["tools"]\n'
    hooks = "from setuptools.build_meta import *\nSETTING = 'pure-python'\n"
    assert judge({"pyproject.toml": pyproject, "tools/own/hooks.py": hooks, **C}).avoidable


def test_arguments_that_one_branch_adds_do_not_hide_the_others() -> None:
    script = "kw = dict(name='demo')\ntry:\n    import x\n    ok = True\nexcept ImportError:\n    ok = False\nif ok:\n    kw.update(zip_safe=False)\n"
    assert verdict({"setup.py": HEAD + script + "setup(**kw)"}) is Purity.PURE
    assert (
        verdict({"setup.py": HEAD + script + "kw['ext_modules'] = [Extension('a', [])]\nsetup(**kw)"}) is Purity.NATIVE
    )
