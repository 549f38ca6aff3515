"""What `make batch` and `make all-outputs` need beside the filters; the one room that may use the others.

jobs.py           which files, where their outputs go, how far the work is
outputs.mk        what is made of each file
file_metrics.py   metrics.json
"""
