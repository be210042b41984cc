"""``python -m genwright``: the command line."""

from genwright.cli.main import main

if __name__ == "__main__":
    main()
