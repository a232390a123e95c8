"""`python -m bot` is `npsbot`."""

from bot.cli import main

if __name__ == "__main__":
    main()
