"""`python -m powerwall` is the command line."""

from powerwall.cli import main

main()
