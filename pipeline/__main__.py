"""`python -m pipeline`: the same door as the installed command `conclabel`."""

from pipeline.cli import main

main()
