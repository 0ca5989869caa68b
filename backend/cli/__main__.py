"""`python -m backend.cli`, as the command `fleetline`."""

from backend.cli import main

if __name__ == "__main__":
    main()
