"""What is in bytes that are no sound: text, a web page, a picture, an archive."""

from __future__ import annotations

import re

MAGIC = {
    b"%PDF-": "PDF", b"\x89PNG\r\n": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture",
    b"PK\3\4": "an archive", b"\x1f\x8b": "an archive", b"BZh": "an archive", b"7z\xbc\xaf": "an archive",
    b"\xfd7zXZ\0": "an archive", b"\x7fELF": "a program", b"MZ": "a program",
}  # fmt: skip
CONTROLS = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", re.I | re.DOTALL)


def content(head: bytes) -> str:
    """What begins with `head`: "text", "HTML", "PDF" and so on; "" if not known."""
    if (string := text(head)) is not None:
        return "HTML" if HTML.match(string) else "text"
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "")


def text(head: bytes) -> str | None:
    """The text that begins with `head`: UTF-8, UTF-16 with its mark, or mostly ASCII; None if it is no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        string = head[: len(head) & ~1].decode("utf-16", "replace")
    else:
        try:
            string = head.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            cut = error.reason == "unexpected end of data" and error.start > len(head) - 4
            string = head[: error.start].decode("utf-8-sig") if cut else head.decode("latin-1")
            ascii_only = sum(byte < 128 for byte in head)
            if not cut and (ascii_only < 0.9 * len(head) or not re.search(rb"[A-Za-z]{3}", head)):
                return None
    return None if not string or CONTROLS.search(string) or string.count("\ufffd") > len(string) // 50 else string
