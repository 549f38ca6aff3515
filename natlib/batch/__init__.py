"""What `make batch` and `make all-outputs` need besides the filters; the only folder that may use the others.

jobs.py           which files, where their outputs go, how much of the work is done
outputs.mk        what is made from each file
file_metrics.py   metrics.json
"""
