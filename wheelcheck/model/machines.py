"""How wheel tags call the machines that binaries name; reads no binary."""

ELF_MACHINES = {
    "EM_X86_64": "x86_64",
    "EM_AARCH64": "aarch64",
    "EM_386": "i686",
    "EM_ARM": "armv7l",
    "EM_PPC64": "ppc64le",
    "EM_S390": "s390x",
    "EM_RISCV": "riscv64",
    "EM_LOONGARCH": "loongarch64",
}
"""The words of an ELF header's ``e_machine``, as the standard's own names, to those of Linux wheel tags."""
