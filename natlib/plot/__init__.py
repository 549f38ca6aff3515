"""nat-plot: a picture of any stream. Takes records of every kind, gives a picture or an HTML page.

command.py      the command
panels.py       what is drawn of each kind of stream, panel by panel
picture.py      panels as a figure, items as PNG, SVG or PDF
report.py       the HTML page
downsample.py   what is kept of an item, however long
"""
