"""How a build under a fault may end, and what the next one must make."""

from analysis.torture.project import Project, unlike


def refused(what: str, code: int, said: str, *, may_succeed: bool = False, words: tuple[str, ...] = ()) -> str:
    """Return what is wrong with the end of a build that was to fail, or "": it ended by itself, and said why in a line."""
    if code == 0:
        return "" if may_succeed else f"{what}: it succeeded"
    if code == 127 and "cannot allocate memory" in said:
        return ""  # the system's loader ends a program by itself where a library finds no room: Python is not asked
    if code not in (1, 2):
        return f"{what}: exit code {code}: {said[-2000:]}"
    if "Traceback" in said:
        return f"{what}: a traceback: {said[-2000:]}"
    lines = [line for line in said.splitlines() if line.startswith("analysis: ") or " failed: " in line]
    if not lines or not all(word in said for word in words):
        return f"{what}: no line says what is wrong: {said[-2000:]}"
    return ""


def recovered(project: Project, whole: Project) -> str:
    """Return what is wrong with the next build, without the fault, or "": it makes what an undisturbed one makes."""
    code, said = project.build()
    return f"the next build ended with {code}: {said[-2000:]}" if code else "; ".join(unlike(whole, project)[:5])
