"""CPU time of `import cvs_async`, and that it brings none of the heavy libraries along."""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median

from benchmarks._tools import print_table, verdict

RUNS = 7
BOUND = 0.25
OURS = "import cvs_async"
PROGRAMS = {"bare Python": "pass", "import httpx": "import httpx", OURS: OURS}
HEAVY = ("PIL", "aiohttp", "click", "httpx", "pypdf", "rich", "starlette", "typer", "uvicorn")


def main() -> None:
    """Measure, and print the table."""
    print_table(("program", "CPU s", ""), *(_row(name, program) for name, program in PROGRAMS.items()))
    print(f"of {', '.join(HEAVY)} it imports: {', '.join(_imported_by(OURS)) or 'none'}")


def _row(name: str, program: str) -> tuple[str, ...]:
    seconds = median(_cpu_seconds(program) for _ in range(RUNS))
    return name, f"{seconds:.3f}", verdict(seconds, BOUND, " s") if program == OURS else ""


def _cpu_seconds(program: str) -> float:
    """User and system time of a Python process from its start to its end."""
    child = subprocess.Popen([sys.executable, "-c", program])
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _imported_by(program: str) -> list[str]:
    listing = f"{program}; import sys; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", listing], check=True, capture_output=True, text=True).stdout.split()
    return sorted({module.partition(".")[0] for module in modules} & set(HEAVY))


if __name__ == "__main__":
    main()
