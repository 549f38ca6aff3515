"""For agents and for whoever chats: the six filters, run as processes, behind a few verbs, an MCP server, a plugin.

command.py      python -m natlib hear, look, sheet, compare, serve
sound.py        which sound is meant: a file, from when to when
work.py         one call: runs filters, keeps the NDJSON of sounds, tells how far it is, can be stopped
heard.py        what the NDJSON of a sound says: header, summary, end
hear.py         words, prompts and lines; also natlib.hear and natlib.lines
index.py        a line for each recording of a folder, for jq and DuckDB
look.py         pictures: of one sound, of many
compare.py      two sounds: what differs
samples.py      the same samples, or the same but for gain or shift?
tools.py        the four tools as agents are told of them
allowed.py      which files agents may read
server.py       the tools over MCP
plugin.py       fragments and the tools for llm

A new tool needs an entry in tools.py, and is then there in both; a new verb, one in natlib/__main__.py and command.py.
"""
