"""Cases about what a job leaves: nothing is followed, strange things are refused by name, the rest comes out whole."""

from __future__ import annotations

from tracewright.records.job import MIB, Limits
from tracewright.sandboxes._contract.case import Asked, Case, Ending, program

REFUSED = r"(Operation not permitted|Permission denied|Function not implemented|not supported|cross-device)"
"""What a program prints that was not even let to make such a thing."""


def left(code: str, refusal: str, told: str, *, may_fail: bool = False) -> Asked:
    """Return the job that leaves something, and the refusal that names it; `may_fail`: or the kernel refused it."""
    endings = [Ending("action_error", refusal, told=told, files={})]
    if may_fail:
        endings.append(Ending("nonzero", stderr=REFUSED, files={}))
    return Asked(program(f"import os, socket, stat\n{code}", files={"kept.txt": "kept\n"}), tuple(endings))


NAMES = [
    "CON",
    "nul.txt",
    "a:b",
    "a.",
    "Ä",
    "ä",
    "A",
    "a",
    "a b",
    "...",
    "-rf",
    "x" * 200,
    "$(id)",
    "a;b",
    "\N{SNOWMAN}",
]
DEEP = """
import os
for _ in range(3000):
    os.mkdir('deep'); os.chdir('deep')
open('x', 'w').write('x')
"""

CASES = (
    Case(
        18, "leave a link to /etc/shadow", "", left("os.symlink('/etc/shadow', 'link')", "irregular_file", "link is a")
    ),
    Case(
        18,
        "leave a link in the place of a file",
        "",
        left(
            "os.unlink('kept.txt'); os.symlink('/etc/passwd', 'kept.txt')",
            "irregular_file",
            "kept.txt is a symbolic link",
        ),
    ),
    Case(
        18,
        "leave a link to a folder",
        "",
        left("os.symlink('/usr/lib', 'folder')", "irregular_file", "folder is a symbolic link"),
    ),
    Case(
        18,
        "leave a hard link to a file of the system",
        "",
        Asked(
            program("import os\nos.link('/usr/bin/env', 'mine')"),
            (Ending("nonzero", stderr=REFUSED, files={}), Ending("action_error", "non_utf8_file", files={})),
        ),
    ),
    Case(18, "leave a pipe", "", left("os.mkfifo('pipe')", "irregular_file", "pipe is a pipe", may_fail=True)),
    Case(
        18,
        "leave a socket",
        "",
        left("socket.socket(socket.AF_UNIX).bind('sock')", "irregular_file", "sock is a socket", may_fail=True),
    ),
    Case(
        18,
        "leave a character device",
        "",
        left(
            "os.mknod('null', 0o666 | stat.S_IFCHR, os.makedev(1, 3))",
            "irregular_file",
            "null is a character device",
            may_fail=True,
        ),
    ),
    Case(19, "a name with a line break", "", left("open('a\\nb', 'w')", "unsafe_path", "control character")),
    Case(19, "a name with a backslash", "", left("open('a\\\\..\\\\b', 'w')", "unsafe_path", "backslash")),
    Case(19, "a name that is not UTF-8", "", left("open(b'\\xff', 'w')", "unsafe_path", "not UTF-8")),
    Case(
        19,
        "a path of 4 KB",
        "",
        left(
            "for _ in range(20): os.mkdir('y' * 200); os.chdir('y' * 200)\nopen('x', 'w')",
            "unsafe_path|unreadable_file",
            "path over 1024 bytes|name too long",
        ),
    ),
    Case(
        19,
        "names that other systems forbid, take for one, or take for commands",
        "",
        Asked(
            program(f"for name in {NAMES!r}: open(name, 'w').write(name)"),
            (Ending("ok", files={name: name for name in NAMES}),),
        ),
    ),
    Case(
        0,
        "leave folders in folders, 3,000 deep",
        "",
        Asked(program(DEEP), (Ending("action_error", "unreadable_file"),)),
    ),
    Case(0, "leave bytes that are no text", "", left("open('raw', 'wb').write(b'\\xff')", "non_utf8_file", "byte 0")),
    Case(
        0,
        "leave 5,000 files",
        "",
        left("[open(str(n), 'w').close() for n in range(5000)]", "too_many_files", "files changed"),
    ),
    Case(
        0,
        "leave more than may be brought out",
        "",
        Asked(
            program(
                "for n in range(2): open(str(n), 'w').write('x' * (5 << 20))",
                limits=Limits(wall_seconds=20, file_bytes=8 * MIB),
            ),
            (Ending("action_error", "files_too_large", told="too large", files={}),),
        ),
    ),
    Case(
        0, "leave a folder that nobody may enter", "privileges", left("os.mkdir('shut', 0)", "unreadable_file", "shut")
    ),
    Case(
        0,
        "put a link in the place of the workspace",
        "",
        Asked(
            program(
                """
import os, tempfile
here, other = os.getcwd(), tempfile.mkdtemp()
open(f'{other}/outside', 'w').write('brought out')
os.chdir('/')
for work in (lambda: os.unlink(f'{here}/kept.txt'), lambda: os.rmdir(here), lambda: os.symlink(other, here)):
    try: work()
    except OSError: pass
print('tried')
""",
                files={"kept.txt": "kept\n"},
            ),
            (
                Ending("ok", stdout="tried", files={"kept.txt": None}),
                Ending("action_error", "irregular_file", files={}),
            ),
        ),
    ),
    Case(
        0,
        "print bytes that are no text, and commands for a terminal",
        "",
        Asked(
            program(r"import os; os.write(1, b'\xff\x00\x1b[2J\xf0\x9f end\n')"),
            (Ending("ok", stdout="\\A\ufffd\x00\x1b\\[2J\ufffd end\n\\Z"),),
        ),
    ),
)
