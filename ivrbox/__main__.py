"""`python -m ivrbox` is the command line."""

from ivrbox.cli import main

main()
